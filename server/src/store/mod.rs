//! The database: one SQL text over two native pools, SQLite and PostgreSQL. The only place that names sqlx; one noun a file.

pub mod accounts;
pub mod asset_versions;
pub mod assets;
pub mod board_changes;
pub mod board_defaults;
pub mod board_overlays;
pub mod boards;
pub mod campaign_plays;
pub mod campaign_versions;
pub mod campaigns;
pub mod contents;
pub mod entries;
pub mod events;
pub mod faults;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod manifests;
mod of_ids;
#[cfg(test)]
mod older_tests;
pub mod outbox;
pub mod overview;
pub mod playlists;
pub mod plays;
pub mod presented;
pub mod publish_wanted;
pub mod queue_position;
pub mod renditions;
pub mod search;
pub mod sessions;
pub mod snapshots;
pub mod stand_downs;
pub mod status;
pub mod tokens;
pub mod units;
pub mod uploads;
mod variants;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use log::LevelFilter;
use sqlx::ConnectOptions as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Longest wait for a connection of the pool, and for another writer's lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A statement that takes longer is told as slow: one that waits for another writer's lock has not lost its patience yet.
const SLOW: Duration = Duration::from_secs(5);

/// Longest for one statement or transaction, whatever the network does; PostgreSQL itself ends a statement at half of it.
const LONGEST: Duration = Duration::from_secs(60);

/// Where the data lie. Shown without what stands before the `@`: there may be a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => write!(f, "postgres://{}", place_of(url)),
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Host and database of a PostgreSQL address, without user, password and options.
fn place_of(url: &str) -> &str {
    let place = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    place.split('?').next().unwrap_or_default()
}

impl FromStr for DatabaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(Path::new(path).to_owned())),
            _ => Err("must be sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned()),
        }
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub enum Db {
    /// One file, write-ahead log.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// What went wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("the database {place} cannot be opened")]
    Open {
        /// Which one; no password.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Its tables cannot be brought to this version.
    #[error("the database's tables cannot be brought to this version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database could not {what}")]
    Statement {
        /// What was attempted, such as `load the board`.
        what: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Others changed what a change was decided by, time and again.
    #[error("others change the same things all the time; try again")]
    Overtaken,
    /// A row holds something that this version cannot read.
    #[error("the database holds an unreadable {what}: {reason}")]
    Unreadable {
        /// Which column of which row.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// A column that this version cannot read.
    pub(crate) fn unreadable(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Unreadable { what, reason: reason.to_string() }
    }
    /// For `map_err`: names what was attempted.
    pub(crate) fn on(what: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |source| Self::Statement { what, source }
    }
    /// Whether a unique key was violated.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Statement { source: sqlx::Error::Database(e), .. } if e.is_unique_violation())
    }
    /// Whether a row names another that does not exist.
    #[must_use]
    pub fn is_dangling(&self) -> bool {
        matches!(self, Self::Statement { source: sqlx::Error::Database(e), .. } if e.is_foreign_key_violation())
    }
}

/// A statement that must end within [`LONGEST`].
async fn in_time<T>(statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(LONGEST, statement).await.map_err(late)?
}

/// Runs one body on whichever pool is open: `on!(db, |pool| sqlx::query(SQL).bind(x).execute(pool).await)`.
macro_rules! on {
    ($db:expr, |$pool:ident| $body:expr) => {
        $crate::store::in_time(async {
            match $db {
                $crate::store::Db::Sqlite($pool) => $body,
                $crate::store::Db::Postgres($pool) => $body,
            }
        })
        .await
    };
}

/// Runs a body in one write transaction: IMMEDIATE on SQLite, so that it never fails half-way for a lock; committed when the
/// body is `Ok`, rolled back otherwise: `in_transaction!(db, "save the campaign", |tx| { … ; Ok(value) })`; statements take
/// `&mut *tx`, each under [`in_time`] by the transaction as a whole.
macro_rules! in_transaction {
    ($db:expr, $what:literal, |$tx:ident| $body:block) => {
        match $db {
            $crate::store::Db::Sqlite(pool) => {
                $crate::store::in_transaction!(@of pool.begin_with("begin immediate"), $what, |$tx| $body)
            }
            $crate::store::Db::Postgres(pool) => $crate::store::in_transaction!(@of pool.begin(), $what, |$tx| $body),
        }
    };
    (@of $begin:expr, $what:literal, |$tx:ident| $body:block) => {
        $crate::store::in_time(async {
            let mut $tx = $begin.await?;
            let done: Result<_, $crate::store::StoreError> = async { $body }.await;
            if done.is_ok() {
                $tx.commit().await?;
            }
            Ok(done)
        })
        .await
        .map_err($crate::store::StoreError::on($what))?
    };
}

/// Runs one body on whichever transaction is open: `within!(tx, |conn| sqlx::query(SQL).bind(x).execute(conn).await)`.
macro_rules! within {
    ($tx:expr, |$conn:ident| $body:expr) => {
        $crate::store::in_time(async {
            match $tx {
                $crate::store::Tx::Sqlite(tx) => {
                    let $conn = &mut **tx;
                    $body
                }
                $crate::store::Tx::Postgres(tx) => {
                    let $conn = &mut **tx;
                    $body
                }
            }
        })
        .await
    };
}
pub(crate) use {in_transaction, on, within};

/// An open write transaction that several nouns share; what is not committed is rolled back when it is dropped.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite: begun IMMEDIATE, so it waits for other writers at its beginning and never fails half-way for a lock.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On PostgreSQL.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Makes everything done within it lasting.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn commit(self) -> Result<(), StoreError> {
        in_time(async {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx) => tx.commit().await,
            }
        })
        .await
        .map_err(StoreError::on("commit"))
    }
}

impl Db {
    /// Opens the database and brings its tables to this version.
    ///
    /// # Errors
    /// When it cannot be opened, or a migration fails.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_with(url, PATIENCE).await
    }

    /// As [`open`](Self::open), with another longest wait for another writer's lock.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(url: &DatabaseUrl, lock: Duration) -> Result<Self, StoreError> {
        let db = match url {
            DatabaseUrl::Sqlite(path) => Self::Sqlite(open_sqlite(path, lock).await?),
            DatabaseUrl::Postgres(url) => Self::Postgres(open_postgres(url, lock).await?),
        };
        match &db {
            Self::Sqlite(pool) => MIGRATIONS.run(pool).await,
            Self::Postgres(pool) => MIGRATIONS.run(pool).await,
        }
        .map_err(StoreError::Migrate)?;
        Ok(db)
    }

    /// Answers when the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on!(self, |pool| sqlx::query("select cast(1 as bigint)").execute(pool).await.map(drop)).map_err(StoreError::on("answer"))
    }

    /// Begins a write transaction.
    ///
    /// # Errors
    /// When none can be begun, such as when another writer holds SQLite for longer than the patience.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        in_time(async {
            match self {
                Self::Sqlite(pool) => pool.begin_with("begin immediate").await.map(Tx::Sqlite),
                Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
            }
        })
        .await
        .map_err(StoreError::on("begin to write"))
    }

    /// Ends all connections; what is committed stays.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &Path, lock: Duration) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(lock)
        .log_slow_statements(LevelFilter::Warn, SLOW);
    SqlitePoolOptions::new()
        .max_connections(8)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|source| StoreError::Open { place: path.display().to_string(), source })
}

async fn open_postgres(url: &str, lock: Duration) -> Result<PgPool, StoreError> {
    let place = place_of(url).to_owned();
    let (lock, statement) = (lock.as_millis().to_string(), (LONGEST / 2).as_millis().to_string());
    let limits = [
        ("lock_timeout", lock.as_str()),
        ("statement_timeout", statement.as_str()),
        ("idle_in_transaction_session_timeout", statement.as_str()),
    ];
    let options = PgConnectOptions::from_str(url).map_err(|source| StoreError::Open { place: place.clone(), source })?;
    let options = options.application_name("bangtin").options(limits).log_slow_statements(LevelFilter::Warn, SLOW);
    PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|source| StoreError::Open { place, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let url: DatabaseUrl = "postgres://bangtin:se:cr@et@db.example/bangtin?password=secret".parse().expect("an address");
        assert_eq!(format!("{url} {url:?}"), "postgres://db.example/bangtin DatabaseUrl(postgres://db.example/bangtin)");
    }
}
