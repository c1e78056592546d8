//! The newest picture that a board sent of its screen.

use playlists::id::{BoardId, Digest, Revision};

use super::{Db, StoreError, on};

/// A picture of a board's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was taken, by the board's clock, milliseconds UTC.
    pub taken_ms: i64,
    /// The revision in force.
    pub rev: Revision,
    /// The item on the screen.
    pub item: Option<Digest>,
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// Keeps it in place of the board's last one.
///
/// # Errors
/// When the database does not take it.
pub async fn save(db: &Db, board: &BoardId, snapshot: &Snapshot) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query(
        "insert into snapshot (board_id, taken_ms, rev, item, media_type, bytes) values ($1, $2, $3, $4, $5, $6)
         on conflict (board_id) do update set taken_ms = excluded.taken_ms, rev = excluded.rev, item = excluded.item,
             media_type = excluded.media_type, bytes = excluded.bytes"
    )
    .bind(board.as_str())
    .bind(snapshot.taken_ms)
    .bind(snapshot.rev.as_i64())
    .bind(snapshot.item.map(|item| item.to_string()))
    .bind(&snapshot.media_type)
    .bind(&snapshot.bytes)
    .execute(pool)
    .await
    .map(drop))
    .map_err(StoreError::on("keep the snapshot"))
}

/// The newest picture of this board's screen.
///
/// # Errors
/// When the database does not answer, or holds something unreadable.
pub async fn newest(db: &Db, board: &BoardId) -> Result<Option<Snapshot>, StoreError> {
    type Row = (i64, i64, Option<String>, String, Vec<u8>);
    let row: Option<Row> =
        on!(db, |pool| sqlx::query_as("select taken_ms, rev, item, media_type, bytes from snapshot where board_id = $1")
            .bind(board.as_str())
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::on("load the snapshot"))?;
    let Some((taken_ms, rev, item, media_type, bytes)) = row else { return Ok(None) };
    let item = item
        .map(|item| item.parse())
        .transpose()
        .map_err(|e: playlists::id::IdError| StoreError::Unreadable { what: "snapshot.item", reason: e.to_string() })?;
    Ok(Some(Snapshot { taken_ms, rev: Revision(u64::try_from(rev).unwrap_or(0)), item, media_type, bytes }))
}
