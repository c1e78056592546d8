//! What a server has stored, read with SQL of the tests' own: a proof is not judged by the code that stored it.

use bangtin::app::App;
use bangtin::store::Db;
use playlists::id::{BoardId, Digest, Revision};
use sqlx::SqlitePool;

/// A play as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredPlay {
    /// Its number within its epoch.
    pub number: i64,
    /// The life of the queue it came from.
    pub epoch: String,
    /// Digest of what was shown.
    pub item: String,
    /// Who asked for it.
    pub campaign_id: Option<String>,
    /// When it appeared, UTC milliseconds.
    pub started_ms: i64,
    /// How long it was shown, milliseconds.
    pub shown_ms: i64,
    /// Flags as on the wire.
    pub flags: i64,
    /// The manifest in force.
    pub rev: i64,
}

/// A signed batch of plays as it came.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredBatch {
    /// Number of its first play.
    pub first: i64,
    /// How many plays it holds.
    pub row_count: i64,
    /// As it was signed.
    pub envelope: Vec<u8>,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredEvent {
    /// Its number within its epoch.
    pub number: i64,
    /// What happened.
    pub code: String,
    /// In words.
    pub detail: String,
    /// Further facts, JSON.
    pub facts: String,
}

/// What a board said of itself last.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Status {
    /// Its session.
    pub sess: i64,
    /// The number of its last document in that session.
    pub seq: i64,
    /// Whether it is connected.
    pub connected: bool,
    /// The revision in force.
    pub rev: i64,
    /// Rows of its queue that are not acknowledged.
    pub queued: i64,
    /// What is wrong, a JSON list of codes.
    pub errors: String,
}

/// All plays of a board, in the order of their numbers.
///
/// # Panics
/// When the database does not answer.
pub async fn plays(app: &App, board: &BoardId) -> Vec<StoredPlay> {
    sqlx::query_as(
        "select number, epoch, item, campaign_id, started_ms, shown_ms, flags, rev from play where board_id = $1 order by epoch, number",
    )
    .bind(board.as_str())
    .fetch_all(pool(app))
    .await
    .expect("the plays are read")
}

/// All batches of a board, as they came.
///
/// # Panics
/// When the database does not answer.
pub async fn batches(app: &App, board: &BoardId) -> Vec<StoredBatch> {
    sqlx::query_as("select first, row_count, envelope from play_batch where board_id = $1 order by received_ms, first, row_count")
        .bind(board.as_str())
        .fetch_all(pool(app))
        .await
        .expect("the batches are read")
}

/// All events of a board.
///
/// # Panics
/// When the database does not answer.
pub async fn events(app: &App, board: &BoardId) -> Vec<StoredEvent> {
    sqlx::query_as("select number, code, detail, facts from event where board_id = $1 order by epoch, number")
        .bind(board.as_str())
        .fetch_all(pool(app))
        .await
        .expect("the events are read")
}

/// What a board said of itself last; none when it never did.
///
/// # Panics
/// When the database does not answer.
pub async fn status(app: &App, board: &BoardId) -> Option<Status> {
    sqlx::query_as("select sess, seq, connected, rev, queued, errors from board_status where board_id = $1")
        .bind(board.as_str())
        .fetch_optional(pool(app))
        .await
        .expect("the status is read")
}

/// Lays a manifest into the database behind the server's back, as who has broken into it would.
///
/// # Panics
/// When the database does not take it.
pub async fn smuggle(app: &App, board: &BoardId, rev: Revision, envelope: &[u8]) {
    sqlx::query(
        "insert into manifest (board_id, rev, sha256, content_sha256, envelope, created_ms) values ($1, $2, $3, $3, $4, 0)",
    )
    .bind(board.as_str())
    .bind(rev.as_i64())
    .bind(Digest::of(envelope).to_string())
    .bind(envelope)
    .execute(pool(app))
    .await
    .expect("the manifest is laid down");
}

/// Copies the database into a file, as SQLite's own backup does.
///
/// # Panics
/// When it cannot be copied.
pub async fn back_up(app: &App, into: &std::path::Path) {
    sqlx::query("vacuum into $1").bind(into.to_str().expect("a path of text")).execute(pool(app)).await.expect("it is copied");
}

fn pool(app: &App) -> &SqlitePool {
    match &app.db {
        Db::Sqlite(pool) => pool,
        Db::Postgres(_) => panic!("worlds live on SQLite; `databases` compares the two"),
    }
}
