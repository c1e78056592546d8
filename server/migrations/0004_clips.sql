-- Clips: how long each rendition of an asset plays, and a frame from its middle for previews (a PNG in the blobs). Null for stills.
alter table asset add column duration_ms bigint;
alter table asset add column poster_sha256 text;
