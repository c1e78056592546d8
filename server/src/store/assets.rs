//! Assets: uploaded originals by digest.

use playlists::asset::{Fit, Kind};
use playlists::id::{AssetId, Digest, UnitId};
use sqlx::{FromRow, QueryBuilder};

use super::search::{fold, pattern};
use super::{Db, StoreError, on};

/// An uploaded original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Its name as people read it.
    pub name: String,
    /// Still or clip.
    pub kind: Kind,
    /// Media type of the original, such as `image/png`.
    pub media_type: String,
    /// SHA-256 of the original's bytes.
    pub sha256: Digest,
    /// Length of the original in bytes.
    pub size_bytes: u64,
    /// Width in pixels after its orientation; of an SVG: of its view box.
    pub width: u32,
    /// Height likewise.
    pub height: u32,
    /// How it is brought to a board's shape.
    pub fit: Fit,
    /// Of a clip only.
    pub clip: Option<ClipFacts>,
    /// When it was added, UTC milliseconds.
    pub created_ms: i64,
}

/// What only clips have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFacts {
    /// How long each of its renditions plays, in whole milliseconds.
    pub duration_ms: u64,
    /// SHA-256 of its poster: a PNG of a frame from its middle.
    pub poster: Digest,
}

#[derive(FromRow)]
struct Row {
    asset_id: String,
    unit_id: String,
    name: String,
    kind: String,
    media_type: String,
    sha256: String,
    size_bytes: i64,
    width: i64,
    height: i64,
    fit: String,
    duration_ms: Option<i64>,
    poster_sha256: Option<String>,
    created_ms: i64,
}

impl Row {
    fn read(self) -> Result<Asset, StoreError> {
        let clip = match (self.duration_ms, self.poster_sha256) {
            (Some(duration), Some(poster)) => Some(ClipFacts {
                duration_ms: u64::try_from(duration).map_err(|e| StoreError::unreadable("asset.duration_ms", e))?,
                poster: poster.parse().map_err(|e| StoreError::unreadable("asset.poster_sha256", e))?,
            }),
            _ => None,
        };
        Ok(Asset {
            id: self.asset_id.parse().map_err(|e| StoreError::unreadable("asset.asset_id", e))?,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("asset.unit_id", e))?,
            name: self.name,
            kind: match self.kind.as_str() {
                "still" => Kind::Still,
                "clip" => Kind::Clip,
                other => return Err(StoreError::unreadable("asset.kind", other)),
            },
            media_type: self.media_type,
            sha256: self.sha256.parse().map_err(|e| StoreError::unreadable("asset.sha256", e))?,
            size_bytes: u64::try_from(self.size_bytes).map_err(|e| StoreError::unreadable("asset.size_bytes", e))?,
            width: u32::try_from(self.width).map_err(|e| StoreError::unreadable("asset.width", e))?,
            height: u32::try_from(self.height).map_err(|e| StoreError::unreadable("asset.height", e))?,
            fit: self.fit.parse().map_err(|e| StoreError::unreadable("asset.fit", e))?,
            clip,
            created_ms: self.created_ms,
        })
    }
}

/// Adds an asset; false when the unit has one of the same bytes (or the id is taken), which stays as it is.
///
/// # Errors
/// When the database fails, or the unit does not exist.
pub async fn add(db: &Db, asset: &Asset) -> Result<bool, StoreError> {
    const SQL: &str =
        "insert into asset (asset_id, unit_id, name, name_search, kind, media_type, sha256, size_bytes, width, height,
        fit, duration_ms, poster_sha256, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict do nothing";
    on!(db, |pool| sqlx::query(SQL)
        .bind(asset.id.as_str())
        .bind(asset.unit.as_str())
        .bind(&asset.name)
        .bind(fold(&asset.name))
        .bind(asset.kind.as_str())
        .bind(&asset.media_type)
        .bind(asset.sha256.to_string())
        .bind(i64::try_from(asset.size_bytes).unwrap_or(i64::MAX))
        .bind(i64::from(asset.width))
        .bind(i64::from(asset.height))
        .bind(asset.fit.as_str())
        .bind(asset.clip.map(|clip| i64::try_from(clip.duration_ms).unwrap_or(i64::MAX)))
        .bind(asset.clip.map(|clip| clip.poster.to_string()))
        .bind(asset.created_ms)
        .execute(pool)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(StoreError::on("add the asset"))
}

/// The asset of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &AssetId) -> Result<Option<Asset>, StoreError> {
    const SQL: &str = "select asset_id, unit_id, name, kind, media_type, sha256, size_bytes, width, height, fit, duration_ms, poster_sha256, created_ms
        from asset where asset_id = $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the asset"))?
        .map(Row::read)
        .transpose()
}

/// The unit's asset of these bytes.
///
/// # Errors
/// When the database fails.
pub async fn by_content(db: &Db, unit: &UnitId, sha256: &Digest) -> Result<Option<Asset>, StoreError> {
    const SQL: &str = "select asset_id, unit_id, name, kind, media_type, sha256, size_bytes, width, height, fit, duration_ms, poster_sha256, created_ms
        from asset where unit_id = $1 and sha256 = $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(unit.as_str()).bind(sha256.to_string()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the asset"))?
        .map(Row::read)
        .transpose()
}

/// The assets of these ids, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(db: &Db, ids: &[AssetId]) -> Result<Vec<Asset>, StoreError> {
    /// SQLite takes 32,766 parameters in a statement.
    const AT_ONCE: usize = 10_000;
    let mut rows: Vec<Row> = Vec::new();
    for part in ids.chunks(AT_ONCE) {
        rows.extend(
            on!(db, |pool| {
                let mut query = QueryBuilder::new(
                    "select asset_id, unit_id, name, kind, media_type, sha256, size_bytes, width, height, fit, duration_ms, poster_sha256, created_ms
                    from asset where asset_id in (",
                );
                let mut list = query.separated(", ");
                for id in part {
                    list.push_bind(id.as_str());
                }
                query.push(") order by asset_id");
                query.build_query_as::<Row>().fetch_all(pool).await
            })
            .map_err(StoreError::on("load the assets"))?,
        );
    }
    rows.into_iter().map(Row::read).collect()
}

/// Assets whose name contains `search` (folded; empty: all), newest first, after this one, at most `limit`; the built-in ones are
/// left out.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, search: &str, after: Option<&AssetId>, limit: u32) -> Result<Vec<Asset>, StoreError> {
    const SQL: &str =
        "select asset_id, unit_id, name, kind, media_type, sha256, size_bytes, width, height, fit, duration_ms, poster_sha256, created_ms from asset
        where name_search like $1 escape '\\' and unit_id <> 'built-in'
        and ($2 = '' or (created_ms, asset_id) < (select a.created_ms, a.asset_id from asset a where a.asset_id = $2))
        order by created_ms desc, asset_id desc limit $3";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(pattern(search))
        .bind(after.map_or("", AssetId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the assets"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// Lays a built-in asset down; an older version of it is replaced, and the pictures made of that are to be made anew by the caller.
///
/// # Errors
/// When the database fails.
pub async fn put_built_in(db: &Db, asset: &Asset) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into asset (asset_id, unit_id, name, name_search, kind, media_type, sha256, size_bytes, width, height,
        fit, created_ms) values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (asset_id) do update set sha256 = excluded.sha256, size_bytes = excluded.size_bytes";
    on!(db, |pool| sqlx::query(SQL)
        .bind(asset.id.as_str())
        .bind(asset.unit.as_str())
        .bind(&asset.name)
        .bind(asset.kind.as_str())
        .bind(&asset.media_type)
        .bind(asset.sha256.to_string())
        .bind(i64::try_from(asset.size_bytes).unwrap_or(i64::MAX))
        .bind(i64::from(asset.width))
        .bind(i64::from(asset.height))
        .bind(asset.fit.as_str())
        .bind(asset.created_ms)
        .execute(pool)
        .await
        .map(drop))
    .map_err(StoreError::on("lay the built-in asset down"))
}
