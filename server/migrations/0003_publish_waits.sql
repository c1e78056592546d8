-- A board that has a manifest waits until the renditions of its next one are made, so that it changes once and not with each of them.
-- Until when a board is left alone; marking it anew, or a rendition of its geometry made or failed, sets it to 0.
alter table publish_wanted add column look_ms bigint not null default 0;
-- When its patience ends: it is then published with what is made. Null: it waits for nothing.
alter table publish_wanted add column wait_until_ms bigint;
