-- One text for SQLite and PostgreSQL. Times are UTC milliseconds (`_ms`), ids are text made in the program, lists within a
-- document are JSON text. Names are folded for searching (lower case, no tone marks, đ to d) into `…_search`.

create table unit (
    unit_id     text    not null primary key,
    name        text    not null,
    tier        text    not null, -- province | commune
    parent_id   text    references unit (unit_id),
    created_ms  bigint  not null
);

create table board (
    board_id            text    not null primary key,
    name                text    not null,
    name_search         text    not null,
    unit_id             text    not null references unit (unit_id),
    commune_code        text    not null, -- five digits of the statistics office
    lat                 double precision,
    lon                 double precision,
    width               bigint  not null,
    height              bigint  not null,
    time_zone           text    not null,
    hours               text,             -- playlists::hours::Hours as JSON; null: lit always
    brightness          bigint  not null, -- per cent
    default_playlist_id text,             -- null: the safe item
    public_key          text    not null, -- 64 hexadecimal digits
    created_ms          bigint  not null
);
create index board_by_name on board (name_search, board_id);

-- What a board reported last, guarded by (sess, seq): a late or doubled message changes nothing.
create table board_status (
    board_id       text    not null primary key references board (board_id),
    sess           bigint  not null,
    seq            bigint  not null,
    connected      boolean not null, -- false after bye of this sess
    bye_why        text,
    boot           text    not null,
    player         text    not null,
    root           bigint  not null,
    rev            bigint  not null,
    mode           text    not null,
    item           text,
    since_ms       bigint,
    presented_fps  double precision not null,
    black_ms       bigint  not null,
    temp           double precision,
    rss            bigint  not null,
    disk_free      bigint  not null,
    disk_used      bigint  not null,
    queued         bigint  not null,
    clock_quality  text    not null,
    clock_skew_ms  bigint  not null, -- board's clock minus the server's when the message came
    tz_data        text    not null,
    errors         text    not null, -- JSON list of codes
    heard_ms       bigint  not null  -- when the last document was applied
);

-- Bearer tokens of boards, by SHA-256: HTTP bearer and MQTT password.
create table board_token (
    token_sha256 text   not null primary key,
    board_id     text   not null references board (board_id),
    until_ms     bigint not null
);
create index board_token_by_board on board_token (board_id, until_ms);

create table asset (
    asset_id    text    not null primary key,
    unit_id     text    not null references unit (unit_id),
    name        text    not null,
    name_search text    not null,
    kind        text    not null, -- still | clip
    media_type  text    not null,
    sha256      text    not null, -- of the original's bytes
    size_bytes  bigint  not null,
    width       bigint  not null,
    height      bigint  not null,
    fit         text    not null, -- cover | contain | stretch
    created_ms  bigint  not null
);
create unique index asset_by_content on asset (unit_id, sha256);
create index asset_by_age on asset (created_ms, asset_id);

-- An asset brought to one geometry; made once, shared by all boards of that geometry.
create table rendition (
    asset_id   text   not null references asset (asset_id),
    width      bigint not null,
    height     bigint not null,
    fit        text   not null,
    state      text   not null, -- wanted | ready | failed
    sha256     text,
    size_bytes bigint,
    media_type text,
    error      text,            -- why it failed
    attempt    bigint not null,
    changed_ms bigint not null,
    primary key (asset_id, width, height, fit)
);
create index rendition_by_state on rendition (state, changed_ms);
create index rendition_by_content on rendition (sha256);

create table playlist (
    playlist_id text   not null primary key,
    unit_id     text   not null references unit (unit_id),
    name        text   not null,
    name_search text   not null,
    version     bigint not null, -- the newest playlist_version
    created_ms  bigint not null,
    changed_ms  bigint not null
);

-- A playlist as it once was; never changed, so that a day's past can be told.
create table playlist_version (
    playlist_id text   not null references playlist (playlist_id),
    version     bigint not null,
    entries     text   not null, -- JSON: [{"asset_id", "duration_ms"}]
    created_ms  bigint not null,
    primary key (playlist_id, version)
);

create table campaign (
    campaign_id text    not null primary key,
    unit_id     text    not null references unit (unit_id),
    name        text    not null,
    name_search text    not null,
    playlist_id text    not null references playlist (playlist_id),
    level       text    not null, -- normal | priority
    weight      bigint  not null,
    from_ms     bigint,
    until_ms    bigint,
    windows     text    not null, -- JSON: [playlists::window::Window]
    all_boards  boolean not null,
    approved    boolean not null,
    version     bigint  not null, -- the newest campaign_version, 0 when never in force
    created_ms  bigint  not null,
    changed_ms  bigint  not null
);
create index campaign_by_playlist on campaign (playlist_id);

-- The boards a campaign names, where it is not aimed at all.
create table campaign_board (
    campaign_id text not null references campaign (campaign_id),
    board_id    text not null references board (board_id),
    primary key (campaign_id, board_id)
);
create index campaign_board_by_board on campaign_board (board_id);

-- What of a campaign was in force from when until when: a change during a day ends one version and begins the next, so that
-- the list of the day never changes in the past (design/scheduling.md, rule 10).
create table campaign_version (
    campaign_id      text    not null references campaign (campaign_id),
    version          bigint  not null,
    playlist_id      text    not null,
    playlist_version bigint  not null,
    level            text    not null,
    weight           bigint  not null,
    from_ms          bigint,          -- the operator's period
    until_ms         bigint,
    windows          text    not null,
    all_boards       boolean not null,
    boards           text    not null, -- JSON list of board ids, empty when all_boards
    in_force_ms      bigint  not null, -- this version plays from here
    ended_ms         bigint,           -- until here; null: still in force
    primary key (campaign_id, version)
);
create index campaign_version_by_end on campaign_version (ended_ms);

-- Boards whose manifest must be composed anew; written in the transaction that changes what they show.
create table publish_wanted (
    board_id  text   not null primary key references board (board_id),
    since_ms  bigint not null
);

-- Every manifest ever signed.
create table manifest (
    board_id       text   not null references board (board_id),
    rev            bigint not null,
    sha256         text   not null, -- of the envelope
    content_sha256 text   not null, -- of the manifest without rev and issued: unchanged content makes no new revision
    envelope       bytea  not null,
    created_ms     bigint not null,
    primary key (board_id, rev)
);

-- What must still reach the broker; gone at its PubAck. One row a board: only the newest revision matters.
create table outbox (
    board_id  text   not null primary key references board (board_id),
    rev       bigint not null,
    since_ms  bigint not null
);

-- Up to where each life of a board's queue is stored without a gap.
create table queue_position (
    board_id text   not null references board (board_id),
    stream   text   not null, -- plays | event
    epoch    text   not null,
    upto     bigint not null, -- number of the first row not stored
    primary key (board_id, stream, epoch)
);

-- The boards' signed batches as they came: they are the proof. Rows in `play` are an index of them.
create table play_batch (
    board_id    text   not null references board (board_id),
    epoch       text   not null,
    first       bigint not null,
    row_count   bigint not null,
    sha256      text   not null, -- of the envelope
    envelope    bytea  not null,
    received_ms bigint not null,
    primary key (board_id, epoch, first, row_count)
);

create table play (
    board_id      text   not null references board (board_id),
    epoch         text   not null,
    number        bigint not null,
    item          text   not null,
    asset_id      text,
    campaign_id   text,
    started_ms    bigint not null, -- dated from the batch's anchors
    shown_ms      bigint not null,
    flags         bigint not null,
    clock_quality text   not null,
    rev           bigint not null,
    primary key (board_id, epoch, number)
);
create index play_by_time on play (board_id, started_ms);

create table event (
    board_id    text   not null references board (board_id),
    epoch       text   not null,
    number      bigint not null,
    t_ms        bigint not null,
    code        text   not null,
    detail      text   not null,
    facts       text   not null, -- JSON object
    received_ms bigint not null,
    primary key (board_id, epoch, number)
);
create index event_by_time on event (board_id, t_ms);

-- The newest picture that a board sent of its screen.
create table snapshot (
    board_id   text   not null primary key references board (board_id),
    taken_ms   bigint not null,
    rev        bigint not null,
    item       text,
    media_type text   not null,
    bytes      bytea  not null
);

create table account (
    account_id    text   not null primary key,
    login         text   not null unique,
    password_hash text   not null,
    role          text   not null, -- administrator
    language      text   not null, -- vi | en
    created_ms    bigint not null
);

create table session (
    session_sha256 text   not null primary key, -- of the cookie
    account_id     text   not null references account (account_id),
    created_ms     bigint not null,
    seen_ms        bigint not null,
    until_ms       bigint not null
);

-- The one-time link by which the first administrator is made.
create table setup_link (
    link_sha256 text   not null primary key,
    until_ms    bigint not null
);
