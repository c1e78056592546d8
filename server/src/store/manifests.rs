//! Every manifest ever signed, and the mark that the newest must still reach the broker.

use std::collections::BTreeMap;

use playlists::id::{BoardId, Digest, Revision};
use sqlx::{FromRow, QueryBuilder};

use super::of_ids::of_ids;
use super::{Db, StoreError, Tx, on, within};

/// Rows of one statement: six parameters each, within SQLite's 32,766.
const AT_ONCE: usize = 1000;

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

/// Adds manifests.
///
/// # Errors
/// When the database fails, or a board has that revision already.
pub async fn add(tx: &mut Tx, signed: &[&Signed], now_ms: i64) -> Result<(), StoreError> {
    for part in signed.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query =
                QueryBuilder::new("insert into manifest (board_id, rev, sha256, content_sha256, envelope, created_ms) ");
            query.push_values(part, |mut row, signed| {
                row.push_bind(signed.board.as_str())
                    .push_bind(signed.rev.as_i64())
                    .push_bind(signed.sha256.to_string())
                    .push_bind(signed.content_sha256.to_string())
                    .push_bind(signed.envelope.as_slice())
                    .push_bind(now_ms);
            });
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("store the manifests"))?;
    }
    Ok(())
}

/// Notes that these revisions must still reach the broker; each takes the place of an older one.
///
/// # Errors
/// When the database fails.
pub async fn announce(tx: &mut Tx, signed: &[&Signed], now_ms: i64) -> Result<(), StoreError> {
    for part in signed.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query = QueryBuilder::new("insert into outbox (board_id, rev, since_ms) ");
            query.push_values(part, |mut row, signed| {
                row.push_bind(signed.board.as_str()).push_bind(signed.rev.as_i64()).push_bind(now_ms);
            });
            query.push(" on conflict (board_id) do update set rev = excluded.rev, since_ms = excluded.since_ms");
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("put the manifests into the outbox"))?;
    }
    Ok(())
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

/// The heads of these boards; a board that has no manifest and reported nothing is missing.
///
/// # Errors
/// When the database fails.
pub async fn newest_heads(db: &Db, boards: &[BoardId]) -> Result<BTreeMap<BoardId, Heads>, StoreError> {
    let mut heads: BTreeMap<BoardId, Heads> = BTreeMap::new();
    for part in boards.chunks(AT_ONCE) {
        let rows = on!(db, |pool| {
            let mut query = newest_of("m.board_id, m.rev, m.content_sha256", part);
            query.build_query_as::<(String, i64, String)>().fetch_all(pool).await
        });
        for (board, rev, content) in rows.map_err(StoreError::on("load the manifests' revisions"))? {
            let board = board.parse().map_err(|e| StoreError::unreadable("manifest.board_id", e))?;
            let content = content.parse().map_err(|e| StoreError::unreadable("manifest.content_sha256", e))?;
            heads.entry(board).or_default().newest = Some((revision(rev)?, content));
        }
        let reported = "select board_id, rev from board_status where board_id in";
        let rows = on!(db, |pool| of_ids(reported, part, "").build_query_as::<(String, i64)>().fetch_all(pool).await);
        for (board, rev) in rows.map_err(StoreError::on("load the revisions that boards report"))? {
            let board = board.parse().map_err(|e| StoreError::unreadable("board_status.board_id", e))?;
            heads.entry(board).or_default().reported = revision(rev)?;
        }
    }
    Ok(heads)
}

/// The newest manifest of each of these boards; a board that has none is missing.
///
/// # Errors
/// When the database fails.
pub async fn newest_of_each(db: &Db, boards: &[BoardId]) -> Result<BTreeMap<BoardId, Signed>, StoreError> {
    let mut found = BTreeMap::new();
    for part in boards.chunks(AT_ONCE) {
        let rows = on!(db, |pool| {
            let mut query = newest_of("m.board_id, m.rev, m.sha256, m.content_sha256, m.envelope", part);
            query.build_query_as::<Row>().fetch_all(pool).await
        });
        for row in rows.map_err(StoreError::on("load the boards' manifests"))? {
            let signed = row.read()?;
            found.insert(signed.board.clone(), signed);
        }
    }
    Ok(found)
}

/// Selects these columns of each board's newest manifest.
fn newest_of<DB: sqlx::Database>(columns: &'static str, boards: &[BoardId]) -> QueryBuilder<DB>
where
    String: sqlx::Type<DB> + for<'q> sqlx::Encode<'q, DB>,
{
    let head = format!("select {columns} from manifest m join (select board_id, max(rev) as rev from manifest where board_id in");
    of_ids(&head, boards, "group by board_id) newest on newest.board_id = m.board_id and newest.rev = m.rev")
}

/// The revision of a board's newest manifest; none before its first.
///
/// # Errors
/// When the database fails.
pub async fn newest_revision(db: &Db, board: &BoardId) -> Result<Option<Revision>, StoreError> {
    const SQL: &str = "select max(rev) from manifest where board_id = $1";
    on!(db, |pool| sqlx::query_scalar::<_, Option<i64>>(SQL).bind(board.as_str()).fetch_one(pool).await)
        .map_err(StoreError::on("load the manifest's revision"))?
        .map(revision)
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
