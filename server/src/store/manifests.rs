//! Every manifest ever signed, and the mark that the newest must still reach the broker.

use playlists::id::{BoardId, Digest, Revision};
use sqlx::FromRow;

use super::{Db, StoreError, Tx, on, within};

/// A signed manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The board it is for.
    pub board: BoardId,
    /// Its revision.
    pub rev: Revision,
    /// SHA-256 of its envelope.
    pub sha256: Digest,
    /// SHA-256 of the manifest without revision and time of issue.
    pub content_sha256: Digest,
    /// The envelope, byte for byte.
    pub envelope: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    board_id: String,
    rev: i64,
    sha256: String,
    content_sha256: String,
    envelope: Vec<u8>,
}

impl Row {
    fn read(self) -> Result<Signed, StoreError> {
        Ok(Signed {
            board: self.board_id.parse().map_err(|e| StoreError::unreadable("manifest.board_id", e))?,
            rev: revision(self.rev)?,
            sha256: self.sha256.parse().map_err(|e| StoreError::unreadable("manifest.sha256", e))?,
            content_sha256: self.content_sha256.parse().map_err(|e| StoreError::unreadable("manifest.content_sha256", e))?,
            envelope: self.envelope,
        })
    }
}

fn revision(rev: i64) -> Result<Revision, StoreError> {
    u64::try_from(rev).map(Revision).map_err(|e| StoreError::unreadable("manifest.rev", e))
}

/// Adds a manifest.
///
/// # Errors
/// When the database fails, or the board has that revision already.
pub async fn add(tx: &mut Tx, signed: &Signed, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into manifest (board_id, rev, sha256, content_sha256, envelope, created_ms) values ($1, $2, $3, $4, $5, $6)";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(signed.board.as_str())
        .bind(signed.rev.as_i64())
        .bind(signed.sha256.to_string())
        .bind(signed.content_sha256.to_string())
        .bind(signed.envelope.as_slice())
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("store the manifest"))
}

/// Notes that this revision must still reach the broker; it takes the place of an older one.
///
/// # Errors
/// When the database fails.
pub async fn announce(tx: &mut Tx, board: &BoardId, rev: Revision, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into outbox (board_id, rev, since_ms) values ($1, $2, $3)
        on conflict (board_id) do update set rev = excluded.rev, since_ms = excluded.since_ms";
    within!(tx, |conn| sqlx::query(SQL).bind(board.as_str()).bind(rev.as_i64()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("put the manifest into the outbox"))
}

/// The newest manifests of a board, newest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn newest(db: &Db, board: &BoardId, limit: u32) -> Result<Vec<Signed>, StoreError> {
    const SQL: &str =
        "select board_id, rev, sha256, content_sha256, envelope from manifest where board_id = $1 order by rev desc limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(board.as_str()).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("load the board's manifests"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// A board's newest manifest in short, and what the board itself reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads {
    /// Revision and digest of the content of the newest manifest; none before the first.
    pub newest: Option<(Revision, Digest)>,
    /// The revision that the board reported last: above the newest one where the database was put back to an older backup.
    pub reported: Revision,
}

/// Revision and digest of the content of a board's newest manifest, and what the board reports.
///
/// # Errors
/// When the database fails.
pub async fn heads(db: &Db, board: &BoardId) -> Result<Heads, StoreError> {
    const SQL: &str = "select rev from board_status where board_id = $1";
    let newest = newest_head(db, board).await?;
    let reported: Option<(i64,)> = on!(db, |pool| sqlx::query_as(SQL).bind(board.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the revision that the board reports"))?;
    Ok(Heads { newest, reported: reported.map_or(Ok(Revision(0)), |(rev,)| revision(rev))? })
}

/// Revision and digest of the content of a board's newest manifest.
///
/// # Errors
/// When the database fails.
pub async fn newest_head(db: &Db, board: &BoardId) -> Result<Option<(Revision, Digest)>, StoreError> {
    const SQL: &str = "select rev, content_sha256 from manifest where board_id = $1 order by rev desc limit 1";
    on!(db, |pool| sqlx::query_as::<_, (i64, String)>(SQL).bind(board.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the manifest's revision"))?
        .map(|(rev, content)| {
            let content = content.parse().map_err(|e| StoreError::unreadable("manifest.content_sha256", e))?;
            Ok((revision(rev)?, content))
        })
        .transpose()
}
