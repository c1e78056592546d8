-- Files on their way in (tus 1.0). Their bytes lie beside the blobs under the upload's id; a row outlives a restart of the server.
create table upload (
    upload_id   text   not null primary key,
    account_id  text   not null references account (account_id),
    unit_id     text   not null references unit (unit_id),
    name        text   not null, -- of the file
    fit         text   not null,
    asset_id    text,            -- the file becomes a version of this asset; null: an asset of its own
    language    text   not null, -- BCP 47, und: without words
    size_bytes  bigint not null, -- as announced
    synced      bigint not null, -- so many bytes are surely on the disk
    state       text   not null, -- open | whole | added | refused
    added_id    text,            -- the asset that it became
    fault       text,            -- JSON: {"code", "args"}: why it was refused
    attempt     bigint not null, -- how often looking it over failed for want of the machine
    look_ms     bigint not null, -- a whole one is not looked over before
    until_ms    bigint not null, -- an open or settled one is forgotten then
    created_ms  bigint not null
);
create index upload_by_account on upload (account_id, state);
create index upload_by_state on upload (state, look_ms);
create index upload_by_end on upload (until_ms);

-- What was ever presented on a board, by digest: it stays as long as its proof, although no plan needs it any more.
create table presented (
    sha256   text   not null primary key,
    first_ms bigint not null -- when it was first reported
);
insert into presented (sha256, first_ms) select item, min(started_ms) from play group by item;

-- When a board's plan last needed a rendition, noted once a day: a month later it goes.
alter table rendition add column needed_ms bigint not null default 0;
update rendition set needed_ms = changed_ms;
