//! Manifests as they were signed.

use playlists::id::{BoardId, Digest, Revision};

use super::{Db, StoreError, on};

/// A signed manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its revision.
    pub rev: Revision,
    /// SHA-256 of the envelope.
    pub sha256: Digest,
    /// The envelope, byte for byte.
    pub envelope: Vec<u8>,
}

/// The newest manifests of a board, newest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(db: &Db, board: &BoardId, limit: i64) -> Result<Vec<Signed>, StoreError> {
    let rows: Vec<(i64, String, Vec<u8>)> = on!(db, |pool| sqlx::query_as(
        "select rev, sha256, envelope from manifest where board_id = $1 order by rev desc limit $2"
    )
    .bind(board.as_str())
    .bind(limit)
    .fetch_all(pool)
    .await)
    .map_err(StoreError::on("load the board's manifests"))?;
    rows.into_iter()
        .map(|(rev, sha256, envelope)| {
            let sha256 = sha256
                .parse()
                .map_err(|e: playlists::id::IdError| StoreError::Unreadable { what: "manifest.sha256", reason: e.to_string() })?;
            Ok(Signed { rev: Revision(u64::try_from(rev).unwrap_or(0)), sha256, envelope })
        })
        .collect()
}
