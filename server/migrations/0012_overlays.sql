-- What lies over a board's loop, in its corners.
alter table board add column overlays text; -- JSON: [playlists::overlay::Overlay], a picture by its asset; null: nothing

-- The assets that lie over boards' loops: to find the boards that a change of an asset reaches, and where it is used.
create table board_asset (
    board_id text not null references board (board_id),
    asset_id text not null references asset (asset_id),
    primary key (board_id, asset_id)
);
create index board_asset_by_asset on board_asset (asset_id);

-- What of a version a rendition shows. Empty: the whole picture, the same on all days; YYYY-MM-DD: the picture as it is on that day;
-- overlay-N: the picture as it lies in a corner, N per cent of the board's height.
alter table rendition rename column day to variant;
