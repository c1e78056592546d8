//! What must still reach the broker: one row a board, gone at its PubAck.

use playlists::id::{BoardId, Revision};
use sqlx::QueryBuilder;

use super::{Db, StoreError, on};

/// The boards that wait longest, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(db: &Db, limit: i64) -> Result<Vec<BoardId>, StoreError> {
    let rows: Vec<(String,)> = on!(db, |pool| sqlx::query_as("select board_id from outbox order by since_ms, board_id limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load the outbox"))?;
    rows.into_iter().map(|(board,)| board.parse().map_err(|e| StoreError::unreadable("outbox.board_id", e))).collect()
}

/// Asks for this board's desired state to be published (again).
///
/// # Errors
/// When the database does not take it.
pub async fn put(db: &Db, board: &BoardId, rev: Revision, now_ms: i64) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query(
        "insert into outbox (board_id, rev, since_ms) values ($1, $2, $3)
         on conflict (board_id) do update set rev = excluded.rev where excluded.rev > outbox.rev"
    )
    .bind(board.as_str())
    .bind(rev.as_i64())
    .bind(now_ms)
    .execute(pool)
    .await
    .map(drop))
    .map_err(StoreError::on("put the board into the outbox"))
}

/// Asks for everything to be published again: the broker may have forgotten.
///
/// # Errors
/// When the database does not take it.
pub async fn put_all(db: &Db, now_ms: i64) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query(
        "insert into outbox (board_id, rev, since_ms) select board_id, max(rev), $1 from manifest where true group by board_id
         on conflict (board_id) do update set rev = excluded.rev where excluded.rev > outbox.rev"
    )
    .bind(now_ms)
    .execute(pool)
    .await
    .map(drop))
    .map_err(StoreError::on("put all boards into the outbox"))
}

/// The broker has these revisions: each row goes, unless a newer revision waits in it. At most a few hundred at once.
///
/// # Errors
/// When the database does not take it.
pub async fn done(db: &Db, landed: &[(BoardId, Revision)]) -> Result<(), StoreError> {
    if landed.is_empty() {
        return Ok(());
    }
    on!(db, |pool| {
        let mut query = QueryBuilder::new("delete from outbox where ");
        for (at, (board, rev)) in landed.iter().enumerate() {
            query.push(if at == 0 { "(board_id = " } else { " or (board_id = " }).push_bind(board.as_str());
            query.push(" and rev <= ").push_bind(rev.as_i64()).push(")");
        }
        query.build().execute(pool).await.map(drop)
    })
    .map_err(StoreError::on("take the boards from the outbox"))
}

/// There is no manifest to publish: the row goes whatever it holds.
///
/// # Errors
/// When the database does not take it.
pub async fn drop_row(db: &Db, board: &BoardId) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query("delete from outbox where board_id = $1").bind(board.as_str()).execute(pool).await.map(drop))
        .map_err(StoreError::on("take the board from the outbox"))
}
