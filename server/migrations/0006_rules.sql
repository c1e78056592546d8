-- Every rule of the schedule reaches operators.

-- A campaign's share: by weight, or so many plays in every hour.
alter table campaign add column per_hour bigint; -- null: by weight; else weight is 0
alter table campaign_version add column per_hour bigint;
create index campaign_by_plays_per_hour on campaign (per_hour);

-- What it is about; stand-downs name themes.
alter table campaign add column theme text; -- an id of playlists::theme; null: none
alter table campaign_version add column theme text;

-- It plays a playlist or runs a ticker: one of the two, so neither column may be required. SQLite takes "not null" from no column,
-- hence the detour.
drop index campaign_by_playlist;
alter table campaign add column list_id text references playlist (playlist_id);
update campaign set list_id = playlist_id;
alter table campaign drop column playlist_id;
alter table campaign rename column list_id to playlist_id;
create index campaign_by_playlist on campaign (playlist_id);
alter table campaign add column ticker_asset_id text references asset (asset_id);
create index campaign_by_ticker on campaign (ticker_asset_id);
alter table campaign_version add column list_id text;
alter table campaign_version add column list_version bigint;
update campaign_version set list_id = playlist_id, list_version = playlist_version;
alter table campaign_version drop column playlist_id;
alter table campaign_version drop column playlist_version;
alter table campaign_version rename column list_id to playlist_id;
alter table campaign_version rename column list_version to playlist_version;
alter table campaign_version add column ticker text; -- JSON: {"asset_id", "versions": {language: number}}; null: a playlist

-- Themes held back on all boards. A change ends one version and begins the next, as with campaigns: what was held back today stays so.
create table stand_down (
    stand_down_id text   not null,
    version       bigint not null, -- from 1
    name          text   not null, -- why, for people
    themes        text   not null, -- JSON list of theme ids
    from_ms       bigint not null, -- the operator's period
    until_ms      bigint,          -- null: until it is ended
    in_force_ms   bigint not null, -- this version counts from here
    ended_ms      bigint,          -- until here; null: still in force
    primary key (stand_down_id, version)
);
create index stand_down_by_end on stand_down (ended_ms);

-- What the owner of a board decides about its loop: lanes, language mix, ranks.
alter table board add column loop_rules text; -- JSON of store::boards::LoopRules; null: as shipped

-- When a board's loop rules changed. A manifest has one value of each a day, so the day's list is made anew from then on; what was
-- before is told by the manifest before.
create table board_relisted (
    board_id text   not null references board (board_id),
    at_ms    bigint not null,
    primary key (board_id, at_ms)
);

-- What a board's operating hours were until they were changed, so that the past of a day's list never changes.
create table board_hours_ended (
    board_id text   not null references board (board_id),
    ended_ms bigint not null,
    hours    text, -- playlists::hours::Hours as JSON; null: lit always
    primary key (board_id, ended_ms)
);
create index board_hours_ended_by_time on board_hours_ended (ended_ms);
