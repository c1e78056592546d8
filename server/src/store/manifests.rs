//! Every manifest ever signed, and the mark that the newest must still reach the broker.

use playlists::id::{BoardId, Digest, Revision};
use sqlx::{FromRow, QueryBuilder};

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

/// Revision and time of signing (UTC milliseconds) of the manifests of a board that were signed before `before_ms`, and of those
/// only the last one before `since_ms` and all later ones; oldest first, the newest `limit` of them.
///
/// # Errors
/// When the database fails.
pub async fn heads(
    db: &Db,
    board: &BoardId,
    since_ms: i64,
    before_ms: i64,
    limit: u32,
) -> Result<Vec<(Revision, i64)>, StoreError> {
    const SQL: &str = "select rev, created_ms from manifest where board_id = $1 and created_ms < $3
        and rev >= coalesce((select max(m.rev) from manifest m where m.board_id = $1 and m.created_ms < $2), 0)
        order by rev desc limit $4";
    let mut heads = on!(db, |pool| sqlx::query_as::<_, (i64, i64)>(SQL)
        .bind(board.as_str())
        .bind(since_ms)
        .bind(before_ms)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the board's manifests"))?
    .into_iter()
    .map(|(rev, created_ms)| Ok((revision(rev)?, created_ms)))
    .collect::<Result<Vec<_>, StoreError>>()?;
    heads.reverse();
    Ok(heads)
}

/// The envelopes of these revisions of a board's manifest.
///
/// # Errors
/// When the database fails.
pub async fn envelopes(db: &Db, board: &BoardId, revs: &[Revision]) -> Result<Vec<(Revision, Vec<u8>)>, StoreError> {
    if revs.is_empty() {
        return Ok(Vec::new());
    }
    on!(db, |pool| {
        let mut query = QueryBuilder::new("select rev, envelope from manifest where board_id = ");
        query.push_bind(board.as_str()).push(" and rev in (");
        let mut list = query.separated(", ");
        for rev in revs {
            list.push_bind(rev.as_i64());
        }
        query.push(") order by rev");
        query.build_query_as::<(i64, Vec<u8>)>().fetch_all(pool).await
    })
    .map_err(StoreError::on("load the board's manifests"))?
    .into_iter()
    .map(|(rev, envelope)| Ok((revision(rev)?, envelope)))
    .collect()
}
