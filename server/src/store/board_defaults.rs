//! What a board's default playlist was before it was changed: the past of a day's list needs it until the day is over.

use playlists::id::{BoardId, PlaylistId};

use super::{Db, StoreError, Tx, on, within};

/// A default playlist that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedDefault {
    /// The board.
    pub board: BoardId,
    /// It played until here, UTC milliseconds.
    pub ended_ms: i64,
    /// Which it was; none: the safe item.
    pub playlist: Option<PlaylistId>,
}

/// Notes what a board's default playlist was until now. Of several changes in one millisecond the first counts: what it ended
/// is what had played.
///
/// # Errors
/// When the database fails, or the board does not exist.
pub async fn add(tx: &mut Tx, ended: &EndedDefault) -> Result<(), StoreError> {
    const SQL: &str = "insert into board_default_ended (board_id, ended_ms, playlist_id) values ($1, $2, $3)
        on conflict (board_id, ended_ms) do nothing";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(ended.board.as_str())
        .bind(ended.ended_ms)
        .bind(ended.playlist.as_ref().map(PlaylistId::as_str))
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("note the board's former default playlist"))
}

/// Those that ended after `since_ms`, in the order of board and time, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn ended_since(db: &Db, since_ms: i64, limit: u32) -> Result<Vec<EndedDefault>, StoreError> {
    const SQL: &str = "select board_id, ended_ms, playlist_id from board_default_ended where ended_ms > $1
        order by board_id, ended_ms limit $2";
    on!(db, |pool| sqlx::query_as::<_, (String, i64, Option<String>)>(SQL)
        .bind(since_ms)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load the boards' former default playlists"))?
    .into_iter()
    .map(|(board, ended_ms, playlist)| {
        let board = board.parse().map_err(|e| StoreError::unreadable("board_default_ended.board_id", e))?;
        let playlist = playlist.map(|id| id.parse()).transpose();
        let playlist = playlist.map_err(|e| StoreError::unreadable("board_default_ended.playlist_id", e))?;
        Ok(EndedDefault { board, ended_ms, playlist })
    })
    .collect()
}
