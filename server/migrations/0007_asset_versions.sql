-- An asset has language versions: what is shown of it, never changed; the newest of a language is its current one. A playlist version
-- pins the versions that it shows, so that a change of an asset never changes what was shown before.

create table asset_version (
    asset_id      text   not null references asset (asset_id),
    language      text   not null, -- BCP 47, und: without words
    version       bigint not null, -- from 1, by asset and language
    media_type    text   not null, -- of the original; slides and tickers are JSON documents
    sha256        text   not null, -- of the original's bytes
    size_bytes    bigint not null,
    width         bigint,          -- pixels of the original; null: a document
    height        bigint,
    fit           text   not null, -- cover | contain | stretch
    focus_x       bigint not null, -- what stays in sight when it is cut: thousandths from the left and from the top
    focus_y       bigint not null,
    duration_ms   bigint,          -- clips only, as in asset before
    poster_sha256 text,
    first_day     text,            -- slides that change with the day: YYYY-MM-DD, a picture for each day from here
    last_day      text,            -- to here
    created_ms    bigint not null,
    withdrawn_ms  bigint,          -- null: shown, while no newer one of its language is
    primary key (asset_id, language, version)
);
create index asset_version_by_content on asset_version (sha256);
insert into asset_version (asset_id, language, version, media_type, sha256, size_bytes, width, height, fit, focus_x, focus_y,
    duration_ms, poster_sha256, created_ms)
    select asset_id, 'und', 1, media_type, sha256, size_bytes, width, height, fit, 500, 500, duration_ms, poster_sha256, created_ms
    from asset;

-- A version brought to one geometry (and day); made once, shared by all boards of that geometry. How it is brought there is the
-- version's.
create table rendition_of_version (
    asset_id    text   not null,
    language    text   not null,
    version     bigint not null,
    width       bigint not null,
    height      bigint not null,
    day         text   not null, -- YYYY-MM-DD; empty: the same on all days
    state       text   not null, -- wanted | ready | failed
    sha256      text,
    size_bytes  bigint,
    media_type  text,
    strip_width bigint,          -- pixels of a ticker's strip
    error       text,            -- why it failed
    attempt     bigint not null,
    changed_ms  bigint not null,
    primary key (asset_id, language, version, width, height, day),
    foreign key (asset_id, language, version) references asset_version (asset_id, language, version)
);
insert into rendition_of_version (asset_id, language, version, width, height, day, state, sha256, size_bytes, media_type, error,
    attempt, changed_ms)
    select r.asset_id, 'und', 1, r.width, r.height, '', r.state, r.sha256, r.size_bytes, r.media_type, r.error, r.attempt, r.changed_ms
    from rendition r join asset a on a.asset_id = r.asset_id and a.fit = r.fit;
drop table rendition;
alter table rendition_of_version rename to rendition;
create index rendition_by_state on rendition (state, changed_ms);
create index rendition_by_content on rendition (sha256);

-- What stays with the asset is what no board shows, and when it may be shown at all: playlist versions pin that too.
drop index asset_by_content;
alter table asset drop column media_type;
alter table asset drop column sha256;
alter table asset drop column size_bytes;
alter table asset drop column width;
alter table asset drop column height;
alter table asset drop column fit;
alter table asset drop column duration_ms;
alter table asset drop column poster_sha256;
alter table asset add column theme text;
alter table asset add column source text not null default ''; -- who made it, as people read it
alter table asset add column rights text not null default ''; -- by which right it may be shown
alter table asset add column from_ms bigint;
alter table asset add column until_ms bigint;

-- What the newest version of each playlist shows: to find the playlists that a change of an asset reaches, and where it is used.
create table playlist_asset (
    playlist_id text not null references playlist (playlist_id),
    asset_id    text not null references asset (asset_id),
    primary key (playlist_id, asset_id)
);
create index playlist_asset_by_asset on playlist_asset (asset_id);
insert into playlist_asset (playlist_id, asset_id)
    select p.playlist_id, a.asset_id from playlist p
    join playlist_version v on v.playlist_id = p.playlist_id and v.version = p.version
    join asset a on v.entries like '%"' || a.asset_id || '"%';

-- The playlists within the newest version of each.
create table playlist_within (
    playlist_id text not null references playlist (playlist_id),
    inner_id    text not null references playlist (playlist_id),
    primary key (playlist_id, inner_id)
);
create index playlist_within_by_inner on playlist_within (inner_id);

-- One row. Who changes assets or playlists raises it from what he read: two who change at once cannot pin what the other has replaced.
create table content_revision (
    content_revision_id bigint not null primary key,
    revision            bigint not null
);
insert into content_revision (content_revision_id, revision) values (1, 1);
