//! Accounts of people, and the one-time link that makes the first.

use super::{Db, StoreError, Tx, in_transaction, on, within};

/// Someone who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    /// Its id.
    pub account_id: String,
    /// The name typed at sign-in.
    pub login: String,
    /// What it may do: `administrator`.
    pub role: String,
    /// Language of its pages: `vi` or `en`.
    pub language: String,
}

/// An account as it is written.
pub struct NewAccount {
    /// Its id.
    pub account_id: String,
    /// The name typed at sign-in.
    pub login: String,
    /// Argon2id in PHC form; never logged.
    pub password_hash: String,
    /// What it may do.
    pub role: &'static str,
    /// Language of its pages.
    pub language: &'static str,
    /// When, UTC milliseconds.
    pub created_ms: i64,
}

/// How many accounts there are.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &Db) -> Result<i64, StoreError> {
    const SQL: &str = "select cast(count(*) as bigint) from account";
    on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL).fetch_one(pool).await).map_err(StoreError::on("count the accounts"))
}

/// Adds an account; [`StoreError::is_taken`] when the login is.
///
/// # Errors
/// When the login is taken, or the database fails.
pub async fn insert(db: &Db, new: &NewAccount) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query(INSERT)
        .bind(&new.account_id)
        .bind(&new.login)
        .bind(&new.password_hash)
        .bind(new.role)
        .bind(new.language)
        .bind(new.created_ms)
        .execute(pool)
        .await
        .map(drop))
    .map_err(StoreError::on("add the account"))
}

const INSERT: &str =
    "insert into account (account_id, login, password_hash, role, language, created_ms) values ($1, $2, $3, $4, $5, $6)";

/// The account of a login with its password's hash.
///
/// # Errors
/// When the database fails.
pub async fn by_login(db: &Db, login: &str) -> Result<Option<(Account, String)>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        account: Account,
        password_hash: String,
    }
    const SQL: &str = "select account_id, login, role, language, password_hash from account where login = $1";
    let row = on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(login).fetch_optional(pool).await);
    Ok(row.map_err(StoreError::on("load the account"))?.map(|row| (row.account, row.password_hash)))
}

/// Remembers the language an account wants its pages in.
///
/// # Errors
/// When the database fails.
pub async fn set_language(db: &Db, account_id: &str, language: &str) -> Result<(), StoreError> {
    const SQL: &str = "update account set language = $1 where account_id = $2";
    on!(db, |pool| sqlx::query(SQL).bind(language).bind(account_id).execute(pool).await.map(drop))
        .map_err(StoreError::on("save the language"))
}

/// Makes this the only one-time link that holds.
///
/// # Errors
/// When the database fails.
pub async fn set_setup_link(db: &Db, link_sha256: &str, until_ms: i64) -> Result<(), StoreError> {
    in_transaction!(db, "save the set-up link", |tx| {
        sqlx::query("delete from setup_link").execute(&mut *tx).await.map_err(StoreError::on("end older set-up links"))?;
        sqlx::query("insert into setup_link (link_sha256, until_ms) values ($1, $2)")
            .bind(link_sha256)
            .bind(until_ms)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::on("save the set-up link"))?;
        Ok(())
    })
}

/// Whether this one-time link holds at `now_ms`.
///
/// # Errors
/// When the database fails.
pub async fn setup_link_holds(db: &Db, link_sha256: &str, now_ms: i64) -> Result<bool, StoreError> {
    const SQL: &str = "select cast(count(*) as bigint) from setup_link where link_sha256 = $1 and until_ms > $2";
    let found = on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL).bind(link_sha256).bind(now_ms).fetch_one(pool).await);
    Ok(found.map_err(StoreError::on("look up the set-up link"))? == 1)
}

/// Spends the one-time link; false when it does not hold (any more).
///
/// # Errors
/// When the database fails.
pub async fn spend_setup_link(tx: &mut Tx, link_sha256: &str, now_ms: i64) -> Result<bool, StoreError> {
    const SQL: &str = "delete from setup_link where link_sha256 = $1 and until_ms > $2";
    within!(tx, |conn| sqlx::query(SQL).bind(link_sha256).bind(now_ms).execute(conn).await.map(|done| done.rows_affected() == 1))
        .map_err(StoreError::on("spend the set-up link"))
}

/// Adds an account within a transaction.
///
/// # Errors
/// When the login is taken, or the database fails.
pub async fn add(tx: &mut Tx, new: &NewAccount) -> Result<(), StoreError> {
    within!(tx, |conn| sqlx::query(INSERT)
        .bind(&new.account_id)
        .bind(&new.login)
        .bind(&new.password_hash)
        .bind(new.role)
        .bind(new.language)
        .bind(new.created_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("add the account"))
}
