//! What of a board was otherwise until it was changed: the past of a day's list needs it until the day is over.

use playlists::hours::Hours;
use playlists::id::BoardId;

use super::boards::hours_json;
use super::{Db, StoreError, Tx, on, within};

/// Operating hours that were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedHours {
    /// The board.
    pub board: BoardId,
    /// They counted until here, UTC milliseconds: a whole minute.
    pub ended_ms: i64,
    /// Which they were; none: lit always.
    pub hours: Option<Hours>,
}

/// Notes what a board's operating hours are until an instant. Of several changes within one minute the first counts: what it ended is
/// what had counted.
///
/// # Errors
/// When the database fails, or the board does not exist.
pub async fn end_hours(tx: &mut Tx, ended: &EndedHours) -> Result<(), StoreError> {
    const SQL: &str = "insert into board_hours_ended (board_id, ended_ms, hours) values ($1, $2, $3)
        on conflict (board_id, ended_ms) do nothing";
    let hours = hours_json(ended.hours.as_ref())?;
    within!(tx, |conn| sqlx::query(SQL).bind(ended.board.as_str()).bind(ended.ended_ms).bind(hours).execute(conn).await.map(drop))
        .map_err(StoreError::on("note the board's former hours"))
}

/// Hours that ended after `since_ms`, in the order of board and time, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn hours_ended_since(db: &Db, since_ms: i64, limit: u32) -> Result<Vec<EndedHours>, StoreError> {
    const SQL: &str = "select board_id, ended_ms, hours from board_hours_ended where ended_ms > $1
        order by board_id, ended_ms limit $2";
    on!(db, |pool| sqlx::query_as::<_, (String, i64, Option<String>)>(SQL)
        .bind(since_ms)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load the boards' former hours"))?
    .into_iter()
    .map(|(board, ended_ms, hours)| {
        let board = board.parse().map_err(|e| StoreError::unreadable("board_hours_ended.board_id", e))?;
        let hours = hours.as_deref().map(serde_json::from_str).transpose();
        let hours = hours.map_err(|e| StoreError::unreadable("board_hours_ended.hours", e))?;
        Ok(EndedHours { board, ended_ms, hours })
    })
    .collect()
}

/// Notes that the list of a board's day is made anew from an instant on.
///
/// # Errors
/// When the database fails, or the board does not exist.
pub async fn relist(tx: &mut Tx, board: &BoardId, at_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into board_relisted (board_id, at_ms) values ($1, $2) on conflict (board_id, at_ms) do nothing";
    within!(tx, |conn| sqlx::query(SQL).bind(board.as_str()).bind(at_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("note that the board's day is listed anew"))
}

/// When the list of a board's day was made anew, from an instant to another, in order; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn relisted(db: &Db, board: &BoardId, from_ms: i64, until_ms: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
    const SQL: &str =
        "select at_ms from board_relisted where board_id = $1 and at_ms >= $2 and at_ms < $3 order by at_ms limit $4";
    on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL)
        .bind(board.as_str())
        .bind(from_ms)
        .bind(until_ms)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load when the board's day was listed anew"))
}
