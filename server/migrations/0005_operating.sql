-- A paused campaign keeps its form and has no version in force until it is resumed.
alter table campaign add column paused boolean not null default false;

-- What a board's default playlist was until it was changed, so that the past of a day's list never changes.
create table board_default_ended (
    board_id    text   not null references board (board_id),
    ended_ms    bigint not null,
    playlist_id text, -- null: the safe item
    primary key (board_id, ended_ms)
);
create index board_default_ended_by_time on board_default_ended (ended_ms);
