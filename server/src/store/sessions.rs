//! Sessions of people who signed in, by the SHA-256 of their cookie.

use super::accounts::Account;
use super::{Db, StoreError, on};

/// A session with the account it belongs to.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionRow {
    /// Whose it is.
    #[sqlx(flatten)]
    pub account: Account,
    /// When it was last used, UTC milliseconds.
    pub seen_ms: i64,
}

/// Begins a session.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: &Db, session_sha256: &str, account_id: &str, now_ms: i64, until_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into session (session_sha256, account_id, created_ms, seen_ms, until_ms) values ($1, $2, $3, $3, $4)";
    on!(db, |pool| sqlx::query(SQL).bind(session_sha256).bind(account_id).bind(now_ms).bind(until_ms).execute(pool).await.map(drop))
        .map_err(StoreError::on("begin the session"))
}

/// The session, if it holds at `now_ms` and was used after `idle_since_ms`.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, session_sha256: &str, now_ms: i64, idle_since_ms: i64) -> Result<Option<SessionRow>, StoreError> {
    const SQL: &str = "select a.account_id, a.login, a.role, a.language, s.seen_ms from session s join account a on a.account_id = s.account_id \
        where s.session_sha256 = $1 and s.until_ms > $2 and s.seen_ms > $3";
    on!(db, |pool| sqlx::query_as::<_, SessionRow>(SQL).bind(session_sha256).bind(now_ms).bind(idle_since_ms).fetch_optional(pool).await)
        .map_err(StoreError::on("look up the session"))
}

/// Notes that it was used.
///
/// # Errors
/// When the database fails.
pub async fn touch(db: &Db, session_sha256: &str, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update session set seen_ms = $1 where session_sha256 = $2";
    on!(db, |pool| sqlx::query(SQL).bind(now_ms).bind(session_sha256).execute(pool).await.map(drop)).map_err(StoreError::on("note the session's use"))
}

/// Ends one session.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &Db, session_sha256: &str) -> Result<(), StoreError> {
    const SQL: &str = "delete from session where session_sha256 = $1";
    on!(db, |pool| sqlx::query(SQL).bind(session_sha256).execute(pool).await.map(drop)).map_err(StoreError::on("end the session"))
}

/// Sweeps out the sessions that hold no more.
///
/// # Errors
/// When the database fails.
pub async fn delete_ended(db: &Db, now_ms: i64, idle_since_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "delete from session where until_ms <= $1 or seen_ms <= $2";
    on!(db, |pool| sqlx::query(SQL).bind(now_ms).bind(idle_since_ms).execute(pool).await.map(drop)).map_err(StoreError::on("sweep ended sessions"))
}
