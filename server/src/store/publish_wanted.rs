//! Boards whose manifest must be composed anew; marked in the transaction that changes what they show.

use playlists::geometry::Geometry;
use playlists::id::{AssetId, BoardId, PlaylistId};
use sqlx::QueryBuilder;

use super::{Db, StoreError, Tx, on, within};

/// A board that waits, and since when (UTC milliseconds); the second names this wish, so that a later one is not lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The board.
    pub board: BoardId,
    /// When it was marked.
    pub since_ms: i64,
    /// When its patience with renditions that are being made ends; none: it waits for none yet.
    pub wait_until_ms: Option<i64>,
}

/// Marks these boards.
///
/// # Errors
/// When the database fails, or a board does not exist.
pub async fn mark(tx: &mut Tx, boards: &[BoardId], now_ms: i64) -> Result<(), StoreError> {
    /// Two parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 10_000;
    for part in boards.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query = QueryBuilder::new("insert into publish_wanted (board_id, since_ms) ");
            query.push_values(part, |mut row, board| {
                row.push_bind(board.as_str()).push_bind(now_ms);
            });
            query.push(" on conflict (board_id) do update set since_ms = publish_wanted.since_ms + 1, look_ms = 0");
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("mark boards for publishing"))?;
    }
    Ok(())
}

/// Marks every board.
///
/// # Errors
/// When the database fails.
pub async fn mark_all(tx: &mut Tx, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into publish_wanted (board_id, since_ms) select board_id, $1 from board where true
        on conflict (board_id) do update set since_ms = publish_wanted.since_ms + 1, look_ms = 0";
    within!(tx, |conn| sqlx::query(SQL).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("mark all boards for publishing"))
}

/// Wakes the boards of a geometry that wait: one of its renditions was made, or cannot be.
///
/// # Errors
/// When the database fails.
pub async fn wake_geometry(tx: &mut Tx, geometry: Geometry) -> Result<(), StoreError> {
    const SQL: &str = "update publish_wanted set since_ms = since_ms + 1, look_ms = 0
        where board_id in (select board_id from board where width = $1 and height = $2)";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(i64::from(geometry.width()))
        .bind(i64::from(geometry.height()))
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("wake the boards of a geometry"))
}

/// Marks the boards for which this playlist is the default one.
///
/// # Errors
/// When the database fails.
pub async fn mark_default(tx: &mut Tx, playlist: &PlaylistId, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into publish_wanted (board_id, since_ms) select board_id, $2 from board where default_playlist_id = $1
        on conflict (board_id) do update set since_ms = publish_wanted.since_ms + 1, look_ms = 0";
    within!(tx, |conn| sqlx::query(SQL).bind(playlist.as_str()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("mark the boards of a default playlist for publishing"))
}

/// Marks the boards over whose loop an asset lies.
///
/// # Errors
/// When the database fails.
pub async fn mark_under(tx: &mut Tx, asset: &AssetId, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into publish_wanted (board_id, since_ms) select board_id, $2 from board_asset where asset_id = $1
        on conflict (board_id) do update set since_ms = publish_wanted.since_ms + 1, look_ms = 0";
    within!(tx, |conn| sqlx::query(SQL).bind(asset.as_str()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("mark the boards under an asset for publishing"))
}

/// Boards to be looked at now, longest waiting first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, now_ms: i64, limit: u32) -> Result<Vec<Wanted>, StoreError> {
    const SQL: &str = "select board_id, since_ms, wait_until_ms from publish_wanted where look_ms <= $1
        order by since_ms, board_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, (String, i64, Option<i64>)>(SQL).bind(now_ms).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the boards to publish"))?
        .into_iter()
        .map(|(board, since_ms, wait_until_ms)| {
            let board = board.parse().map_err(|e| StoreError::unreadable("publish_wanted.board_id", e))?;
            Ok(Wanted { board, since_ms, wait_until_ms })
        })
        .collect()
}

/// Leaves a board alone until `wait_until_ms`, or (none) until it is woken; one that was marked again meanwhile is looked at.
///
/// # Errors
/// When the database fails.
pub async fn rest(tx: &mut Tx, wanted: &Wanted, wait_until_ms: Option<i64>) -> Result<(), StoreError> {
    const SQL: &str = "update publish_wanted set look_ms = $3, wait_until_ms = $4 where board_id = $1 and since_ms = $2";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(wanted.board.as_str())
        .bind(wanted.since_ms)
        .bind(wait_until_ms.unwrap_or(i64::MAX))
        .bind(wait_until_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("let the board's publishing rest"))
}

/// Takes these wishes away; a board that was marked again meanwhile stays. At most a few hundred at once.
///
/// # Errors
/// When the database fails.
pub async fn fulfil(tx: &mut Tx, fulfilled: &[&Wanted]) -> Result<(), StoreError> {
    if fulfilled.is_empty() {
        return Ok(());
    }
    within!(tx, |conn| {
        let mut query = QueryBuilder::new("delete from publish_wanted where ");
        for (at, wanted) in fulfilled.iter().enumerate() {
            query.push(if at == 0 { "(board_id = " } else { " or (board_id = " }).push_bind(wanted.board.as_str());
            query.push(" and since_ms = ").push_bind(wanted.since_ms).push(")");
        }
        query.build().execute(conn).await.map(drop)
    })
    .map_err(StoreError::on("take the boards off the list to publish"))
}

/// Puts a wish that could not be fulfilled behind all others.
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, wanted: &Wanted, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update publish_wanted set since_ms = $3 where board_id = $1 and since_ms = $2";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(wanted.board.as_str())
        .bind(wanted.since_ms)
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("postpone the board's publishing"))
}
