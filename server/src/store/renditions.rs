//! Renditions: an asset brought to one geometry, made once and shared by all boards of that geometry.

use playlists::asset::{Fit, Kind};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, Digest};
use sqlx::{FromRow, QueryBuilder};

use super::{Db, StoreError, Tx, boards, on, within};

/// Which rendition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Of this asset.
    pub asset: AssetId,
    /// At exactly these pixels.
    pub geometry: Geometry,
    /// Brought there in this way.
    pub fit: Fit,
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
    },
    /// It cannot be made.
    Failed {
        /// Why, in English.
        error: String,
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
    width: i64,
    height: i64,
    fit: String,
    state: String,
    sha256: Option<String>,
    size_bytes: Option<i64>,
    error: Option<String>,
    attempt: i64,
    changed_ms: i64,
}

impl Row {
    fn read(self) -> Result<Rendition, StoreError> {
        let state = match (self.state.as_str(), self.sha256, self.size_bytes) {
            ("wanted", ..) => State::Wanted,
            ("failed", ..) => State::Failed { error: self.error.unwrap_or_default() },
            ("ready", Some(sha256), Some(size)) => State::Ready {
                sha256: sha256.parse().map_err(|e| StoreError::unreadable("rendition.sha256", &e))?,
                size_bytes: u64::try_from(size).map_err(|e| StoreError::unreadable("rendition.size_bytes", e))?,
            },
            (other, ..) => return Err(StoreError::unreadable("rendition.state", other)),
        };
        Ok(Rendition {
            key: Key {
                asset: self.asset_id.parse().map_err(|e| StoreError::unreadable("rendition.asset_id", e))?,
                geometry: boards::geometry(self.width, self.height)?,
                fit: self.fit.parse().map_err(|e| StoreError::unreadable("rendition.fit", e))?,
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
/// When the database fails, or an asset does not exist.
pub async fn want(tx: &mut Tx, keys: &[Key], now_ms: i64) -> Result<(), StoreError> {
    /// Eight parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 1000;
    for part in keys.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query =
                QueryBuilder::new("insert into rendition (asset_id, width, height, fit, state, attempt, changed_ms, needed_ms) ");
            query.push_values(part, |mut row, key| {
                row.push_bind(key.asset.as_str())
                    .push_bind(i64::from(key.geometry.width()))
                    .push_bind(i64::from(key.geometry.height()))
                    .push_bind(key.fit.as_str())
                    .push_bind("wanted")
                    .push_bind(0_i64)
                    .push_bind(now_ms)
                    .push_bind(now_ms);
            });
            query.push(" on conflict (asset_id, width, height, fit) do nothing");
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("want renditions"))?;
    }
    Ok(())
}

/// Renditions of assets of this kind to be made now, at most `limit`: the newest first, so that what an operator has just asked for does not wait behind
/// a whole library. Within one instant the smallest first and geometry by geometry: the boards of one can then change.
///
/// # Errors
/// When the database fails.
pub async fn wanted(db: &Db, kind: Kind, now_ms: i64, limit: u32) -> Result<Vec<Rendition>, StoreError> {
    const SQL: &str = "select asset_id, width, height, fit, state, sha256, size_bytes, error, attempt, changed_ms from rendition
        where state = 'wanted' and changed_ms <= $1 and asset_id in (select asset_id from asset where kind = $3)
        order by changed_ms desc, width * height, width, asset_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(now_ms).bind(i64::from(limit)).bind(kind.as_str()).fetch_all(pool).await)
        .map_err(StoreError::on("list the renditions to make"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// All renditions of a geometry, of these assets.
///
/// # Errors
/// When the database fails.
pub async fn of_assets(db: &Db, geometry: Geometry, assets: &[AssetId]) -> Result<Vec<Rendition>, StoreError> {
    /// SQLite takes 32,766 parameters in a statement.
    const AT_ONCE: usize = 10_000;
    let mut rows: Vec<Row> = Vec::new();
    for part in assets.chunks(AT_ONCE) {
        rows.extend(
            on!(db, |pool| {
                let mut query = QueryBuilder::new(
                    "select asset_id, width, height, fit, state, sha256, size_bytes, error, attempt, changed_ms from rendition where width = ",
                );
                query.push_bind(i64::from(geometry.width())).push(" and height = ").push_bind(i64::from(geometry.height()));
                let mut list = query.push(" and asset_id in (").separated(", ");
                for asset in part {
                    list.push_bind(asset.as_str());
                }
                query.push(") order by asset_id, fit");
                query.build_query_as::<Row>().fetch_all(pool).await
            })
            .map_err(StoreError::on("load the renditions"))?,
        );
    }
    rows.into_iter().map(Row::read).collect()
}

/// All renditions of one asset, by geometry, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, asset: &AssetId, limit: u32) -> Result<Vec<Rendition>, StoreError> {
    const SQL: &str = "select asset_id, width, height, fit, state, sha256, size_bytes, error, attempt, changed_ms from rendition
        where asset_id = $1 order by width, height, fit limit $2";
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
    const SQL: &str = "select asset_id, width, height, fit, state, sha256, size_bytes, error, attempt, changed_ms from rendition
        where asset_id = $1 and width = $2 and height = $3 and fit = $4";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(key.asset.as_str())
        .bind(i64::from(key.geometry.width()))
        .bind(i64::from(key.geometry.height()))
        .bind(key.fit.as_str())
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

/// Saves how far a rendition is; its bytes' media type with it when it is ready.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx, rendition: &Rendition, media_type: Option<&str>) -> Result<(), StoreError> {
    const SQL: &str = "update rendition set state = $5, sha256 = $6, size_bytes = $7, media_type = $8, error = $9, attempt = $10,
        changed_ms = $11 where asset_id = $1 and width = $2 and height = $3 and fit = $4";
    let (state, sha256, size, error) = match &rendition.state {
        State::Wanted => ("wanted", None, None, None),
        State::Ready { sha256, size_bytes } => {
            ("ready", Some(sha256.to_string()), Some(i64::try_from(*size_bytes).unwrap_or(i64::MAX)), None)
        }
        State::Failed { error } => ("failed", None, None, Some(error.as_str())),
    };
    let key = &rendition.key;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(key.asset.as_str())
        .bind(i64::from(key.geometry.width()))
        .bind(i64::from(key.geometry.height()))
        .bind(key.fit.as_str())
        .bind(state)
        .bind(sha256)
        .bind(size)
        .bind(media_type)
        .bind(error)
        .bind(i64::from(rendition.attempt))
        .bind(rendition.changed_ms)
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
    const SQL: &str = "select asset_id, width, height, fit, state, sha256, size_bytes, error, attempt, changed_ms,
        needed_ms from rendition where (asset_id, width, height, fit) > ($1, $2, $3, $4)
        order by asset_id, width, height, fit limit $5";
    let side = |side: fn(&Geometry) -> u32| after.map_or(0, |key| i64::from(side(&key.geometry)));
    on!(db, |pool| sqlx::query_as::<_, KnownRow>(SQL)
        .bind(after.map_or("", |key| key.asset.as_str()))
        .bind(side(|geometry| geometry.width()))
        .bind(side(|geometry| geometry.height()))
        .bind(after.map_or("", |key| key.fit.as_str()))
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
        query.push_bind(now_ms).push(" where (asset_id, width, height, fit) in (");
        query.push_values(keys, |mut row, key| {
            row.push_bind(key.asset.as_str())
                .push_bind(i64::from(key.geometry.width()))
                .push_bind(i64::from(key.geometry.height()))
                .push_bind(key.fit.as_str());
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
        let mut query =
            QueryBuilder::new("delete from rendition where (asset_id, width, height, fit, changed_ms, needed_ms) in (");
        query.push_values(found, |mut row, Known { rendition, needed_ms }| {
            let key = &rendition.key;
            row.push_bind(key.asset.as_str())
                .push_bind(i64::from(key.geometry.width()))
                .push_bind(i64::from(key.geometry.height()))
                .push_bind(key.fit.as_str())
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
    const SQL: &str = "update rendition set state = 'wanted', error = null, attempt = 0, changed_ms = $2
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
