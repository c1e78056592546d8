-- A board whose key was taken away: it gets no token, its tokens hold no more, and what it reports is refused.
alter table board add column revoked_ms bigint; -- null: it may report and fetch
