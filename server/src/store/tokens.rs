//! Bearer tokens of boards, by SHA-256 only.

use std::collections::HashSet;

use playlists::id::{BoardId, Digest};

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

/// Which board this token lets in at `now_ms`.
///
/// # Errors
/// When the database does not answer.
pub async fn board_of(db: &Db, token: &Digest, now_ms: i64) -> Result<Option<BoardId>, StoreError> {
    let row: Option<(String,)> =
        on!(db, |pool| sqlx::query_as("select board_id from board_token where token_sha256 = $1 and until_ms > $2")
            .bind(token.to_string())
            .bind(now_ms)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::on("look the token up"))?;
    row.map(|(board,)| {
        board
            .parse()
            .map_err(|e: playlists::id::IdError| StoreError::Unreadable { what: "board_token.board_id", reason: e.to_string() })
    })
    .transpose()
}

/// All tokens that hold at `now_ms`: at most [`MOST_OF_A_BOARD`] a board.
///
/// # Errors
/// When the database does not answer.
pub async fn holding(db: &Db, now_ms: i64) -> Result<HashSet<Digest>, StoreError> {
    let rows: Vec<(String,)> = on!(db, |pool| sqlx::query_as("select token_sha256 from board_token where until_ms > $1")
        .bind(now_ms)
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load the tokens that hold"))?;
    rows.iter().map(|(token,)| digest(token)).collect()
}

/// Takes all tokens of a board away.
///
/// # Errors
/// When the database does not take it.
pub async fn remove_all(db: &Db, board: &BoardId) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query("delete from board_token where board_id = $1").bind(board.as_str()).execute(pool).await.map(drop))
        .map_err(StoreError::on("remove the board's tokens"))
}

fn digest(text: &str) -> Result<Digest, StoreError> {
    text.parse()
        .map_err(|e: playlists::id::IdError| StoreError::Unreadable { what: "board_token.token_sha256", reason: e.to_string() })
}
