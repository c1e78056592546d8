//! Rows for tests, and counts of them.

use playlists::id::{BoardId, Digest, Revision};
use playlists::trust::key::PublicKey;

use super::{Db, Tx, on};

/// A board of 64×32 in a unit of its own.
pub(crate) async fn board(db: &Db, board: &BoardId, key: PublicKey) {
    on!(db, |pool| sqlx::query(
        "insert into unit (unit_id, name, tier, created_ms) values ('u', 'U', 'commune', 0) on conflict do nothing"
    )
    .execute(pool)
    .await
    .map(drop))
    .expect("the unit is stored");
    on!(db, |pool| sqlx::query(
        "insert into board (board_id, name, name_search, unit_id, commune_code, width, height, time_zone, brightness, public_key, created_ms)
         values ($1, $1, $1, 'u', '05443', 64, 32, 'Asia/Ho_Chi_Minh', 80, $2, 0)"
    )
    .bind(board.as_str())
    .bind(key.to_string())
    .execute(pool)
    .await
    .map(drop))
    .expect("the board is stored");
}

/// A signed manifest.
pub(crate) async fn manifest(db: &Db, board: &BoardId, rev: Revision, envelope: &[u8]) {
    on!(db, |pool| sqlx::query(
        "insert into manifest (board_id, rev, sha256, content_sha256, envelope, created_ms) values ($1, $2, $3, $3, $4, 0)"
    )
    .bind(board.as_str())
    .bind(rev.as_i64())
    .bind(Digest::of(envelope).to_string())
    .bind(envelope)
    .execute(pool)
    .await
    .map(drop))
    .expect("the manifest is stored");
}

/// A board that says that it holds this revision.
pub(crate) async fn reported(db: &Db, board: &BoardId, rev: Revision) {
    on!(db, |pool| sqlx::query(
        "insert into board_status (board_id, sess, seq, connected, boot, player, root, rev, mode, presented_fps, black_ms, rss,
             disk_free, disk_used, queued, clock_quality, clock_skew_ms, tz_data, errors, heard_ms)
         values ($1, 1, 1, true, '', '', 1, $2, 'play', 0, 0, 0, 0, 0, 0, 'ntp', 0, '', '[]', 0)"
    )
    .bind(board.as_str())
    .bind(rev.as_i64())
    .execute(pool)
    .await
    .map(drop))
    .expect("the status is stored");
}

/// How many rows the outbox has.
pub(crate) async fn outbox_rows(db: &Db) -> i64 {
    on!(db, |pool| sqlx::query_scalar("select count(*) from outbox").fetch_one(pool).await).expect("the outbox is counted")
}

/// How many plays and how many batches are stored.
pub(crate) async fn plays(db: &Db) -> (i64, i64) {
    on!(db, |pool| sqlx::query_as("select (select count(*) from play), (select count(*) from play_batch)").fetch_one(pool).await)
        .expect("the plays are counted")
}

/// How many events are stored.
pub(crate) async fn events(db: &Db) -> i64 {
    on!(db, |pool| sqlx::query_scalar("select count(*) from event").fetch_one(pool).await).expect("the events are counted")
}

/// The events, in the order in which they were kept: code and facts.
pub(crate) async fn told(db: &Db) -> Vec<(String, std::collections::BTreeMap<String, String>)> {
    let rows: Vec<(String, String)> =
        on!(db, |pool| sqlx::query_as("select code, facts from event order by epoch, number").fetch_all(pool).await)
            .expect("the events are read");
    rows.into_iter().map(|(code, facts)| (code, serde_json::from_str(&facts).expect("facts"))).collect()
}

/// What is known of a board: `(sess, seq, connected, mode)`.
pub(crate) async fn status(db: &Db, board: &BoardId) -> Option<(i64, i64, bool, String)> {
    on!(db, |pool| sqlx::query_as("select sess, seq, connected, mode from board_status where board_id = $1")
        .bind(board.as_str())
        .fetch_optional(pool)
        .await)
    .expect("the status is loaded")
}

/// Holds what writers need until it is dropped: the database on SQLite, these tables on PostgreSQL.
pub(crate) async fn hold(db: &Db) -> Tx {
    let mut tx = db.write().await.expect("a transaction");
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("lock table event, play, play_batch, outbox, publish_wanted, manifest in exclusive mode")
            .execute(&mut **tx)
            .await
            .expect("the lock");
    }
    tx
}
