//! Renditions: a version of an asset brought to one geometry, made once and shared by all boards of that geometry.

use std::collections::{BTreeMap, BTreeSet};

use playlists::asset::{Kind, Language};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, Digest};
use sqlx::{FromRow, QueryBuilder};

use super::asset_versions::VersionId;
use super::faults::Fault;
pub use super::variants::Variant;
use super::{Db, StoreError, Tx, boards, on, within};

/// Which rendition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Of this version, which says how it is brought there.
    pub of: VersionId,
    /// At exactly these pixels; of a ticker: for boards of these.
    pub geometry: Geometry,
    /// What of it.
    pub variant: Variant,
}

/// How far a rendition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// To be made, or to be tried again.
    Wanted,
    /// Its bytes lie in the blobs.
    Ready {
        /// SHA-256 of its bytes.
        sha256: Digest,
        /// Length in bytes.
        size_bytes: u64,
        /// Of a ticker: the width of its strip in pixels.
        strip_width: Option<u32>,
    },
    /// It cannot be made.
    Failed {
        /// Why, in English.
        error: String,
        /// Why, as pages say it; none where it failed before pages had words for it.
        fault: Option<Fault>,
    },
}

/// A rendition, made or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which one.
    pub key: Key,
    /// How far it is.
    pub state: State,
    /// How often making it was tried in vain.
    pub attempt: u32,
    /// When its state changed, UTC milliseconds; a wanted one is not tried before.
    pub changed_ms: i64,
}

impl Rendition {
    /// SHA-256 of its bytes, once they are made.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match &self.state {
            State::Ready { sha256, .. } => Some(*sha256),
            State::Wanted | State::Failed { .. } => None,
        }
    }
}

#[derive(FromRow)]
struct Row {
    asset_id: String,
    language: String,
    version: i64,
    width: i64,
    height: i64,
    variant: String,
    state: String,
    sha256: Option<String>,
    size_bytes: Option<i64>,
    strip_width: Option<i64>,
    error: Option<String>,
    fault: Option<String>,
    attempt: i64,
    changed_ms: i64,
}

impl Row {
    fn read(self) -> Result<Rendition, StoreError> {
        let state = match (self.state.as_str(), self.sha256, self.size_bytes) {
            ("wanted", ..) => State::Wanted,
            ("failed", ..) => State::Failed {
                error: self.error.unwrap_or_default(),
                fault: self
                    .fault
                    .map(|fault| serde_json::from_str(&fault))
                    .transpose()
                    .map_err(|e| StoreError::unreadable("rendition.fault", e))?,
            },
            ("ready", Some(sha256), Some(size)) => State::Ready {
                sha256: sha256.parse().map_err(|e| StoreError::unreadable("rendition.sha256", &e))?,
                size_bytes: u64::try_from(size).map_err(|e| StoreError::unreadable("rendition.size_bytes", e))?,
                strip_width: self
                    .strip_width
                    .map(u32::try_from)
                    .transpose()
                    .map_err(|e| StoreError::unreadable("rendition.strip_width", e))?,
            },
            (other, ..) => return Err(StoreError::unreadable("rendition.state", other)),
        };
        Ok(Rendition {
            key: Key {
                of: VersionId {
                    asset: self.asset_id.parse().map_err(|e| StoreError::unreadable("rendition.asset_id", e))?,
                    language: self.language.parse().map_err(|e| StoreError::unreadable("rendition.language", e))?,
                    version: u64::try_from(self.version).map_err(|e| StoreError::unreadable("rendition.version", e))?,
                },
                geometry: boards::geometry(self.width, self.height)?,
                variant: self.variant.parse().map_err(|e: String| StoreError::unreadable("rendition.variant", e))?,
            },
            state,
            attempt: u32::try_from(self.attempt).map_err(|e| StoreError::unreadable("rendition.attempt", e))?,
            changed_ms: self.changed_ms,
        })
    }
}

/// Wants these renditions; those that are known already stay as they are. At most a few thousand at once.
///
/// # Errors
/// When the database fails, or a version does not exist.
pub async fn want(tx: &mut Tx, keys: &[Key], now_ms: i64) -> Result<(), StoreError> {
    /// Ten parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 1000;
    for part in keys.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query = QueryBuilder::new(
                "insert into rendition (asset_id, language, version, width, height, variant, state, attempt, changed_ms, needed_ms) ",
            );
            query.push_values(part, |mut row, key| {
                row.push_bind(key.of.asset.as_str())
                    .push_bind(key.of.language.as_str())
                    .push_bind(number(key.of.version))
                    .push_bind(i64::from(key.geometry.width()))
                    .push_bind(i64::from(key.geometry.height()))
                    .push_bind(key.variant.to_string())
                    .push_bind("wanted")
                    .push_bind(0_i64)
                    .push_bind(now_ms)
                    .push_bind(now_ms);
            });
            query.push(" on conflict (asset_id, language, version, width, height, variant) do nothing");
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("want renditions"))?;
    }
    Ok(())
}

/// Renditions that are of this kind to be made now, at most `limit`: the newest first, so that what an operator has just asked for does not wait behind
/// a whole library; whoever wants many at once wants the more urgent ones a moment later. Within one instant the smallest first and geometry by geometry: the boards of one can then change.
///
/// # Errors
/// When the database fails.
pub async fn wanted(db: &Db, kind: Kind, now_ms: i64, limit: u32) -> Result<Vec<Rendition>, StoreError> {
    const SQL: &str = "select asset_id, language, version, width, height, variant, state, sha256, size_bytes, strip_width, error, fault, attempt, changed_ms from rendition
        where state = 'wanted' and changed_ms <= $1 and asset_id in (select asset_id from asset where (kind = 'clip') = $3)
        order by changed_ms desc, width * height, width, asset_id, language, version, variant limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(now_ms)
        .bind(i64::from(limit))
        .bind(kind == Kind::Clip)
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the renditions to make"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// All renditions of a geometry, of these versions.
///
/// # Errors
/// When the database fails.
pub async fn of_versions(db: &Db, geometry: Geometry, versions: &BTreeSet<VersionId>) -> Result<Vec<Rendition>, StoreError> {
    /// Three parameters each, of the 32,766 that SQLite takes in a statement.
    const AT_ONCE: usize = 10_000;
    let versions: Vec<&VersionId> = versions.iter().collect();
    let mut rows: Vec<Row> = Vec::new();
    for part in versions.chunks(AT_ONCE) {
        rows.extend(
            on!(db, |pool| {
                let mut query = QueryBuilder::new(
                    "select asset_id, language, version, width, height, variant, state, sha256, size_bytes, strip_width, error, fault, attempt, changed_ms
                    from rendition where width = ",
                );
                query.push_bind(i64::from(geometry.width())).push(" and height = ").push_bind(i64::from(geometry.height()));
                query.push(" and (asset_id, language, version) in (");
                query.push_values(part, |mut row, id| {
                    row.push_bind(id.asset.as_str()).push_bind(id.language.as_str()).push_bind(number(id.version));
                });
                query.push(") order by asset_id, language, version, variant");
                query.build_query_as::<Row>().fetch_all(pool).await
            })
            .map_err(StoreError::on("load the renditions"))?,
        );
    }
    rows.into_iter().map(Row::read).collect()
}

fn number(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// All renditions of the versions of one asset, the newest versions first, by geometry, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, asset: &AssetId, limit: u32) -> Result<Vec<Rendition>, StoreError> {
    const SQL: &str = "select asset_id, language, version, width, height, variant, state, sha256, size_bytes, strip_width, error, fault, attempt, changed_ms from rendition
        where asset_id = $1 order by version desc, width, height, language, variant limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(asset.as_str()).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the asset's renditions"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// One rendition.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, key: &Key) -> Result<Option<Rendition>, StoreError> {
    const SQL: &str = "select asset_id, language, version, width, height, variant, state, sha256, size_bytes, strip_width, error, fault, attempt, changed_ms from rendition
        where asset_id = $1 and language = $2 and version = $3 and width = $4 and height = $5 and variant = $6";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(key.of.asset.as_str())
        .bind(key.of.language.as_str())
        .bind(number(key.of.version))
        .bind(i64::from(key.geometry.width()))
        .bind(i64::from(key.geometry.height()))
        .bind(key.variant.to_string())
        .fetch_optional(pool)
        .await)
    .map_err(StoreError::on("load the rendition"))?
    .map(Row::read)
    .transpose()
}

/// Which asset a rendition of these bytes was made of.
///
/// # Errors
/// When the database fails.
pub async fn asset_of(db: &Db, sha256: &Digest) -> Result<Option<AssetId>, StoreError> {
    const SQL: &str = "select asset_id from rendition where sha256 = $1 order by asset_id limit 1";
    on!(db, |pool| sqlx::query_as::<_, (String,)>(SQL).bind(sha256.to_string()).fetch_optional(pool).await)
        .map_err(StoreError::on("find the rendition's asset"))?
        .map(|(id,)| id.parse().map_err(|e| StoreError::unreadable("rendition.asset_id", e)))
        .transpose()
}

/// Of which asset, and in which language, renditions of these bytes were made; of several alike the first.
///
/// # Errors
/// When the database fails.
pub async fn shown_by(db: &Db, digests: &BTreeSet<Digest>) -> Result<BTreeMap<Digest, (AssetId, Language)>, StoreError> {
    /// Within SQLite's 32,766 parameters.
    const AT_ONCE: usize = 10_000;
    let digests: Vec<&Digest> = digests.iter().collect();
    let mut found = BTreeMap::new();
    for part in digests.chunks(AT_ONCE) {
        let rows: Vec<(String, String, String)> = on!(db, |pool| {
            let mut query = QueryBuilder::new("select sha256, asset_id, language from rendition where sha256 in (");
            let mut list = query.separated(", ");
            for digest in part {
                list.push_bind(digest.to_string());
            }
            query.push(") order by sha256, asset_id, language");
            query.build_query_as().fetch_all(pool).await
        })
        .map_err(StoreError::on("find what renditions show"))?;
        for (sha256, asset, language) in rows {
            let sha256 = sha256.parse().map_err(|e| StoreError::unreadable("rendition.sha256", e))?;
            let asset = asset.parse().map_err(|e| StoreError::unreadable("rendition.asset_id", e))?;
            let language = language.parse().map_err(|e| StoreError::unreadable("rendition.language", e))?;
            found.entry(sha256).or_insert((asset, language));
        }
    }
    Ok(found)
}

/// Saves how far a rendition is; its bytes' media type with it when it is ready.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx, rendition: &Rendition, media_type: Option<&str>) -> Result<(), StoreError> {
    const SQL: &str =
        "update rendition set state = $7, sha256 = $8, size_bytes = $9, media_type = $10, strip_width = $11, error = $12,
        attempt = $13, changed_ms = $14, fault = $15
        where asset_id = $1 and language = $2 and version = $3 and width = $4 and height = $5 and variant = $6";
    let (state, sha256, size, strip, error) = match &rendition.state {
        State::Wanted => ("wanted", None, None, None, None),
        State::Ready { sha256, size_bytes, strip_width } => {
            ("ready", Some(sha256.to_string()), Some(i64::try_from(*size_bytes).unwrap_or(i64::MAX)), *strip_width, None)
        }
        State::Failed { error, .. } => ("failed", None, None, None, Some(error.as_str())),
    };
    let fault = match &rendition.state {
        State::Failed { fault, .. } => fault.as_ref().map(serde_json::to_string).transpose(),
        State::Wanted | State::Ready { .. } => Ok(None),
    };
    let fault = fault.map_err(|e| StoreError::unreadable("fault to be saved", e))?;
    let key = &rendition.key;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(key.of.asset.as_str())
        .bind(key.of.language.as_str())
        .bind(number(key.of.version))
        .bind(i64::from(key.geometry.width()))
        .bind(i64::from(key.geometry.height()))
        .bind(key.variant.to_string())
        .bind(state)
        .bind(sha256)
        .bind(size)
        .bind(media_type)
        .bind(strip.map(i64::from))
        .bind(error)
        .bind(i64::from(rendition.attempt))
        .bind(rendition.changed_ms)
        .bind(fault)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("save the rendition"))
}

/// A rendition, and when somebody last needed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The rendition.
    pub rendition: Rendition,
    /// When a board's plan last needed it, UTC milliseconds; noted once a day.
    pub needed_ms: i64,
}

/// All renditions in the order of their keys, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn known(db: &Db, after: Option<&Key>, limit: u32) -> Result<Vec<Known>, StoreError> {
    #[derive(FromRow)]
    struct KnownRow {
        #[sqlx(flatten)]
        row: Row,
        needed_ms: i64,
    }
    const SQL: &str = "select asset_id, language, version, width, height, variant, state, sha256, size_bytes, strip_width, error, fault, attempt, changed_ms,
        needed_ms from rendition where (asset_id, language, version, width, height, variant) > ($1, $2, $3, $4, $5, $6)
        order by asset_id, language, version, width, height, variant limit $7";
    let side = |side: fn(&Geometry) -> u32| after.map_or(0, |key| i64::from(side(&key.geometry)));
    on!(db, |pool| sqlx::query_as::<_, KnownRow>(SQL)
        .bind(after.map_or("", |key| key.of.asset.as_str()))
        .bind(after.map_or("", |key| key.of.language.as_str()))
        .bind(after.map_or(0, |key| number(key.of.version)))
        .bind(side(|geometry| geometry.width()))
        .bind(side(|geometry| geometry.height()))
        .bind(after.map(|key| key.variant.to_string()).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the renditions"))?
    .into_iter()
    .map(|known| Ok(Known { needed_ms: known.needed_ms, rendition: known.row.read()? }))
    .collect()
}

/// Notes that these renditions are needed now. At most a few thousand at once.
///
/// # Errors
/// When the database fails.
pub async fn note_needed(tx: &mut Tx, keys: &[&Key], now_ms: i64) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    within!(tx, |conn| {
        let mut query = QueryBuilder::new("update rendition set needed_ms = ");
        query.push_bind(now_ms).push(" where (asset_id, language, version, width, height, variant) in (");
        query.push_values(keys, |mut row, key| {
            row.push_bind(key.of.asset.as_str())
                .push_bind(key.of.language.as_str())
                .push_bind(number(key.of.version))
                .push_bind(i64::from(key.geometry.width()))
                .push_bind(i64::from(key.geometry.height()))
                .push_bind(key.variant.to_string());
        });
        query.push(")");
        query.build().execute(conn).await.map(drop)
    })
    .map_err(StoreError::on("note which renditions are needed"))
}

/// Forgets these renditions, each only if it is still as it was found; answers how many went. At most a few thousand at once.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, found: &[&Known]) -> Result<usize, StoreError> {
    if found.is_empty() {
        return Ok(0);
    }
    within!(tx, |conn| {
        let mut query = QueryBuilder::new(
            "delete from rendition where (asset_id, language, version, width, height, variant, changed_ms, needed_ms) in (",
        );
        query.push_values(found, |mut row, Known { rendition, needed_ms }| {
            let key = &rendition.key;
            row.push_bind(key.of.asset.as_str())
                .push_bind(key.of.language.as_str())
                .push_bind(number(key.of.version))
                .push_bind(i64::from(key.geometry.width()))
                .push_bind(i64::from(key.geometry.height()))
                .push_bind(key.variant.to_string())
                .push_bind(rendition.changed_ms)
                .push_bind(*needed_ms);
        });
        query.push(")");
        query.build().execute(conn).await.map(|done| usize::try_from(done.rows_affected()).unwrap_or_default())
    })
    .map_err(StoreError::on("forget renditions"))
}

/// Wants an asset's failed renditions again; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn retry(db: &Db, asset: &AssetId, now_ms: i64) -> Result<u64, StoreError> {
    const SQL: &str = "update rendition set state = 'wanted', error = null, fault = null, attempt = 0, changed_ms = $2
        where asset_id = $1 and state = 'failed'";
    on!(db, |pool| sqlx::query(SQL).bind(asset.as_str()).bind(now_ms).execute(pool).await.map(|done| done.rows_affected()))
        .map_err(StoreError::on("want the renditions again"))
}

/// Whether a rendition waits to be made that nobody has needed since this instant, UTC milliseconds.
///
/// # Errors
/// When the database fails.
pub async fn waits_unneeded(db: &Db, since_ms: i64) -> Result<bool, StoreError> {
    const SQL: &str = "select cast(1 as bigint) from rendition where state = 'wanted' and needed_ms < $1 limit 1";
    on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL).bind(since_ms).fetch_optional(pool).await)
        .map(|found| found.is_some())
        .map_err(StoreError::on("look for renditions that wait"))
}
