//! Which assets lie over which boards' loops.

use playlists::id::{AssetId, BoardId};
use sqlx::QueryBuilder;

use super::boards::Board;
use super::{Db, StoreError, Tx, on, within};

/// Notes which assets lie over a board's loop, in place of those that were noted.
///
/// # Errors
/// When the database fails, or there is no such asset.
pub(super) async fn note(tx: &mut Tx, board: &BoardId, assets: &[&AssetId]) -> Result<(), StoreError> {
    const CLEAR: &str = "delete from board_asset where board_id = $1";
    within!(tx, |conn| sqlx::query(CLEAR).bind(board.as_str()).execute(conn).await.map(drop))
        .map_err(StoreError::on("forget which assets lie over the board's loop"))?;
    if assets.is_empty() {
        return Ok(());
    }
    within!(tx, |conn| {
        let mut query = QueryBuilder::new("insert into board_asset (board_id, asset_id) ");
        query.push_values(assets, |mut row, asset| {
            row.push_bind(board.as_str()).push_bind(asset.as_str());
        });
        query.push(" on conflict (board_id, asset_id) do nothing");
        query.build().execute(conn).await.map(drop)
    })
    .map_err(StoreError::on("note which assets lie over the board's loop"))
}

/// The assets that lie over any board's loop, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn assets(db: &Db) -> Result<Vec<AssetId>, StoreError> {
    const SQL: &str = "select distinct asset_id from board_asset order by asset_id";
    on!(db, |pool| sqlx::query_scalar::<_, String>(SQL).fetch_all(pool).await)
        .map_err(StoreError::on("list the assets that lie over boards' loops"))?
        .into_iter()
        .map(|id| id.parse().map_err(|e| StoreError::unreadable("board_asset.asset_id", e)))
        .collect()
}

/// The boards over whose loop an asset lies, by name, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn boards_under(db: &Db, asset: &AssetId, limit: u32) -> Result<Vec<(BoardId, String)>, StoreError> {
    const SQL: &str = "select b.board_id, b.name from board b join board_asset a on a.board_id = b.board_id
        where a.asset_id = $1 order by b.name_search, b.board_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, (String, String)>(SQL).bind(asset.as_str()).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the boards over whose loop the asset lies"))?
        .into_iter()
        .map(|(id, name)| Ok((id.parse().map_err(|e| StoreError::unreadable("board_asset.board_id", e))?, name)))
        .collect()
}

/// The assets that lie over a board's loop, each once.
pub(super) fn of(board_overlays: &[playlists::overlay::Overlay<AssetId>]) -> Vec<&AssetId> {
    let mut assets: Vec<_> = board_overlays.iter().filter_map(playlists::overlay::Overlay::picture).collect();
    assets.sort();
    assets.dedup();
    assets
}

/// The boards' overlays noted, where they are added with some.
pub(super) async fn note_all(tx: &mut Tx, boards: &[Board]) -> Result<(), StoreError> {
    for board in boards.iter().filter(|board| !board.overlays.is_empty()) {
        note(tx, &board.id, &of(&board.overlays)).await?;
    }
    Ok(())
}
