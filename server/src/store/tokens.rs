//! Bearer tokens of boards, by SHA-256 only.

use std::collections::{BTreeSet, HashSet};

use playlists::id::{BoardId, Digest};
use sqlx::QueryBuilder;

use super::{Db, StoreError, in_transaction, on};

/// Most tokens that a board may hold at once; the newest stay.
pub const MOST_OF_A_BOARD: i64 = 4;

/// A token that lets a board in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// SHA-256 of the token.
    pub token: Digest,
    /// Until when, milliseconds UTC.
    pub until_ms: i64,
}

/// Stores a token; those that have ended and the oldest beyond [`MOST_OF_A_BOARD`] go.
///
/// # Errors
/// When the database does not take it, or the board does not exist.
pub async fn insert(db: &Db, board: &BoardId, grant: Grant, now_ms: i64) -> Result<(), StoreError> {
    in_transaction!(db, "store the token", |tx| {
        sqlx::query(
            "delete from board_token where board_id = $1 and (until_ms <= $2 or token_sha256 not in (
                 select token_sha256 from board_token where board_id = $1 order by until_ms desc, token_sha256 limit $3))",
        )
        .bind(board.as_str())
        .bind(now_ms)
        .bind(MOST_OF_A_BOARD - 1)
        .execute(&mut *tx)
        .await
        .map_err(StoreError::on("remove old tokens"))?;
        sqlx::query("insert into board_token (token_sha256, board_id, until_ms) values ($1, $2, $3)")
            .bind(grant.token.to_string())
            .bind(board.as_str())
            .bind(grant.until_ms)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::on("store the token"))?;
        Ok(())
    })
}

/// The tokens of a board that still hold at `now_ms`.
///
/// # Errors
/// When the database does not answer.
pub async fn of_board(db: &Db, board: &BoardId, now_ms: i64) -> Result<Vec<Grant>, StoreError> {
    let rows: Vec<(String, i64)> = on!(db, |pool| sqlx::query_as(
        "select token_sha256, until_ms from board_token where board_id = $1 and until_ms > $2 order by until_ms desc, token_sha256 limit $3"
    )
    .bind(board.as_str())
    .bind(now_ms)
    .bind(MOST_OF_A_BOARD)
    .fetch_all(pool)
    .await)
    .map_err(StoreError::on("load the board's tokens"))?;
    rows.into_iter().map(|(token, until_ms)| Ok(Grant { token: digest(&token)?, until_ms })).collect()
}

/// Which board this token lets in at `now_ms`; none once the board was revoked.
///
/// # Errors
/// When the database does not answer.
pub async fn board_of(db: &Db, token: &Digest, now_ms: i64) -> Result<Option<BoardId>, StoreError> {
    let row: Option<(String,)> = on!(db, |pool| sqlx::query_as(
        "select t.board_id from board_token t join board b on b.board_id = t.board_id
         where t.token_sha256 = $1 and t.until_ms > $2 and b.revoked_ms is null"
    )
    .bind(token.to_string())
    .bind(now_ms)
    .fetch_optional(pool)
    .await)
    .map_err(StoreError::on("look the token up"))?;
    row.map(|(board,)| board.parse().map_err(|e| StoreError::unreadable("board_token.board_id", e))).transpose()
}

/// Those of these tokens that hold at `now_ms`.
///
/// # Errors
/// When the database does not answer.
pub async fn holding(db: &Db, of: &[Digest], now_ms: i64) -> Result<HashSet<Digest>, StoreError> {
    /// Within SQLite's 32,766 parameters.
    const AT_ONCE: usize = 10_000;
    let mut holding = HashSet::with_capacity(of.len());
    for part in of.chunks(AT_ONCE) {
        let rows: Vec<(String,)> = on!(db, |pool| {
            let mut query = QueryBuilder::new(
                "select t.token_sha256 from board_token t join board b on b.board_id = t.board_id
                 where b.revoked_ms is null and t.until_ms > ",
            );
            query.push_bind(now_ms).push(" and t.token_sha256 in (");
            let mut list = query.separated(", ");
            for token in part {
                list.push_bind(token.to_string());
            }
            query.push(")");
            query.build_query_as().fetch_all(pool).await
        })
        .map_err(StoreError::on("load the tokens that hold"))?;
        for (token,) in rows {
            holding.insert(digest(&token)?);
        }
    }
    Ok(holding)
}

/// Revokes a board: its tokens go, and it gets no others. False when there is no such board, or it was revoked before.
///
/// # Errors
/// When the database does not take it.
pub async fn revoke(db: &Db, board: &BoardId, now_ms: i64) -> Result<bool, StoreError> {
    in_transaction!(db, "revoke the board", |tx| {
        let changed = sqlx::query("update board set revoked_ms = $2 where board_id = $1 and revoked_ms is null")
            .bind(board.as_str())
            .bind(now_ms)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::on("revoke the board"))?
            .rows_affected();
        sqlx::query("delete from board_token where board_id = $1")
            .bind(board.as_str())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::on("remove the board's tokens"))?;
        Ok(changed > 0)
    })
}

/// The boards that were revoked.
///
/// # Errors
/// When the database fails.
pub async fn revoked(db: &Db) -> Result<BTreeSet<BoardId>, StoreError> {
    const SQL: &str = "select board_id from board where revoked_ms is not null order by board_id";
    on!(db, |pool| sqlx::query_scalar::<_, String>(SQL).fetch_all(pool).await)
        .map_err(StoreError::on("list the boards that were revoked"))?
        .into_iter()
        .map(|id| id.parse().map_err(|e| StoreError::unreadable("board.board_id", e)))
        .collect()
}

fn digest(text: &str) -> Result<Digest, StoreError> {
    text.parse().map_err(|e| StoreError::unreadable("board_token.token_sha256", e))
}
