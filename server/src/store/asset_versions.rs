//! Versions of assets: what is shown of one in one language. A version is never changed; at most it is withdrawn.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use playlists::asset::{AssetKind, Fit, Focus, Language};
use playlists::id::{AssetId, Digest};
use sqlx::{FromRow, QueryBuilder};

use super::of_ids::{IDS_AT_ONCE, of_ids};
use super::{Db, StoreError, Tx, on, within};

/// Which version of which asset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId {
    /// The asset.
    pub asset: AssetId,
    /// In which language.
    pub language: Language,
    /// Its number among those of this language, from 1.
    pub version: u64,
}

/// A version of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetVersion {
    /// In which language; `und`: without words.
    pub language: Language,
    /// Its number among those of this language, from 1.
    pub version: u64,
    /// Media type of the original, such as `image/png`.
    pub media_type: String,
    /// SHA-256 of the original's bytes.
    pub sha256: Digest,
    /// Length of the original in bytes.
    pub size_bytes: u64,
    /// Width and height in pixels as it is seen; none for a document.
    pub pixels: Option<(u32, u32)>,
    /// How it is brought to a board's shape.
    pub fit: Fit,
    /// What stays in sight when it is cut.
    pub focus: Focus,
    /// Of a clip only.
    pub clip: Option<ClipFacts>,
    /// Of a slide that changes with the day: the first and the last day that it has a picture for.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// When it was added, UTC milliseconds.
    pub created_ms: i64,
    /// When its language was taken away, UTC milliseconds; none while it is shown.
    pub withdrawn_ms: Option<i64>,
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
    language: String,
    version: i64,
    media_type: String,
    sha256: String,
    size_bytes: i64,
    width: Option<i64>,
    height: Option<i64>,
    fit: String,
    focus_x: i64,
    focus_y: i64,
    duration_ms: Option<i64>,
    poster_sha256: Option<String>,
    first_day: Option<String>,
    last_day: Option<String>,
    created_ms: i64,
    withdrawn_ms: Option<i64>,
}

impl Row {
    fn read(self) -> Result<(AssetId, AssetVersion), StoreError> {
        let clip = match (self.duration_ms, self.poster_sha256) {
            (Some(duration), Some(poster)) => Some(ClipFacts {
                duration_ms: u64::try_from(duration).map_err(|e| StoreError::unreadable("asset_version.duration_ms", e))?,
                poster: poster.parse().map_err(|e| StoreError::unreadable("asset_version.poster_sha256", e))?,
            }),
            _ => None,
        };
        let side = |side: i64| u32::try_from(side).map_err(|e| StoreError::unreadable("asset_version.width", e));
        let pixels = match (self.width, self.height) {
            (Some(width), Some(height)) => Some((side(width)?, side(height)?)),
            _ => None,
        };
        let day = |text: String| text.parse().map_err(|e| StoreError::unreadable("asset_version.first_day", e));
        let days = match (self.first_day, self.last_day) {
            (Some(first), Some(last)) => Some((day(first)?, day(last)?)),
            _ => None,
        };
        let share = |share: i64| u16::try_from(share).map_err(|e| StoreError::unreadable("asset_version.focus_x", e));
        let version = AssetVersion {
            language: self.language.parse().map_err(|e| StoreError::unreadable("asset_version.language", e))?,
            version: u64::try_from(self.version).map_err(|e| StoreError::unreadable("asset_version.version", e))?,
            media_type: self.media_type,
            sha256: self.sha256.parse().map_err(|e| StoreError::unreadable("asset_version.sha256", e))?,
            size_bytes: u64::try_from(self.size_bytes).map_err(|e| StoreError::unreadable("asset_version.size_bytes", e))?,
            pixels,
            fit: self.fit.parse().map_err(|e| StoreError::unreadable("asset_version.fit", e))?,
            focus: Focus::new(share(self.focus_x)?, share(self.focus_y)?)
                .map_err(|e| StoreError::unreadable("asset_version.focus_x", e))?,
            clip,
            days,
            created_ms: self.created_ms,
            withdrawn_ms: self.withdrawn_ms,
        };
        Ok((self.asset_id.parse().map_err(|e| StoreError::unreadable("asset_version.asset_id", e))?, version))
    }
}

/// Adds a version.
///
/// # Errors
/// When the database fails, or that version exists: somebody else added one at the same time.
pub async fn add(tx: &mut Tx, asset: &AssetId, version: &AssetVersion) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into asset_version (asset_id, language, version, media_type, sha256, size_bytes, width, height, fit, focus_x,
        focus_y, duration_ms, poster_sha256, first_day, last_day, created_ms)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(asset.as_str())
        .bind(version.language.as_str())
        .bind(i64::try_from(version.version).unwrap_or(i64::MAX))
        .bind(&version.media_type)
        .bind(version.sha256.to_string())
        .bind(i64::try_from(version.size_bytes).unwrap_or(i64::MAX))
        .bind(version.pixels.map(|(width, _)| i64::from(width)))
        .bind(version.pixels.map(|(_, height)| i64::from(height)))
        .bind(version.fit.as_str())
        .bind(i64::from(version.focus.x()))
        .bind(i64::from(version.focus.y()))
        .bind(version.clip.map(|clip| i64::try_from(clip.duration_ms).unwrap_or(i64::MAX)))
        .bind(version.clip.map(|clip| clip.poster.to_string()))
        .bind(version.days.map(|(first, _)| first.to_string()))
        .bind(version.days.map(|(_, last)| last.to_string()))
        .bind(version.created_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("add the version of the asset"))
}

/// Takes all versions of a language away that are not yet.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &mut Tx, asset: &AssetId, language: &Language, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update asset_version set withdrawn_ms = $3 where asset_id = $1 and language = $2 and withdrawn_ms is null";
    within!(tx, |conn| sqlx::query(SQL).bind(asset.as_str()).bind(language.as_str()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("withdraw a language of the asset"))
}

/// The current versions of these assets: of each language the newest, unless it was withdrawn; by asset and language.
///
/// # Errors
/// When the database fails.
pub async fn current(db: &Db, assets: &[AssetId]) -> Result<Vec<(AssetId, AssetVersion)>, StoreError> {
    const SQL: &str =
        "select v.asset_id, v.language, v.version, v.media_type, v.sha256, v.size_bytes, v.width, v.height, v.fit, v.focus_x,
        v.focus_y, v.duration_ms, v.poster_sha256, v.first_day, v.last_day, v.created_ms, v.withdrawn_ms
        from asset_version v where v.withdrawn_ms is null
        and v.version = (select max(n.version) from asset_version n where n.asset_id = v.asset_id and n.language = v.language)
        and v.asset_id in";
    let mut rows: Vec<Row> = Vec::new();
    for part in assets.chunks(IDS_AT_ONCE) {
        let found =
            on!(db, |pool| of_ids(SQL, part, "order by v.asset_id, v.language").build_query_as::<Row>().fetch_all(pool).await);
        rows.extend(found.map_err(StoreError::on("load the assets' versions"))?);
    }
    rows.into_iter().map(Row::read).collect()
}

/// The newest number of each language that the asset has or had.
///
/// # Errors
/// When the database fails.
pub async fn newest_numbers(db: &Db, asset: &AssetId) -> Result<BTreeMap<Language, u64>, StoreError> {
    const SQL: &str = "select language, max(version) from asset_version where asset_id = $1 group by language order by language";
    on!(db, |pool| sqlx::query_as::<_, (String, i64)>(SQL).bind(asset.as_str()).fetch_all(pool).await)
        .map_err(StoreError::on("count the asset's versions"))?
        .into_iter()
        .map(|(language, version)| {
            let language = language.parse().map_err(|e| StoreError::unreadable("asset_version.language", e))?;
            let version = u64::try_from(version).map_err(|e| StoreError::unreadable("asset_version.version", e))?;
            Ok((language, version))
        })
        .collect()
}

/// All versions of an asset, the newest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn history(db: &Db, asset: &AssetId, limit: u32) -> Result<Vec<AssetVersion>, StoreError> {
    const SQL: &str =
        "select asset_id, language, version, media_type, sha256, size_bytes, width, height, fit, focus_x, focus_y, duration_ms,
        poster_sha256, first_day, last_day, created_ms, withdrawn_ms
        from asset_version where asset_id = $1 order by created_ms desc, language, version desc limit $2";
    let rows = on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(asset.as_str()).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the asset's versions"))?;
    rows.into_iter().map(|row| row.read().map(|(_, version)| version)).collect()
}

/// One version.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &VersionId) -> Result<Option<AssetVersion>, StoreError> {
    const SQL: &str =
        "select asset_id, language, version, media_type, sha256, size_bytes, width, height, fit, focus_x, focus_y, duration_ms,
        poster_sha256, first_day, last_day, created_ms, withdrawn_ms
        from asset_version where asset_id = $1 and language = $2 and version = $3";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(id.asset.as_str())
        .bind(id.language.as_str())
        .bind(i64::try_from(id.version).unwrap_or(i64::MAX))
        .fetch_optional(pool)
        .await)
    .map_err(StoreError::on("load the version of the asset"))?
    .map(|row| row.read().map(|(_, version)| version))
    .transpose()
}

/// What a composition needs of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// What the asset is.
    pub kind: AssetKind,
    /// How long a clip's renditions play, in whole milliseconds.
    pub clip_ms: Option<u64>,
    /// The first and the last day that it has a picture for, where it changes with the day.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// What compositions need of these versions; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn shown(db: &Db, ids: &[VersionId]) -> Result<Vec<(VersionId, Shown)>, StoreError> {
    /// Three parameters each, of the 32,766 that SQLite takes in a statement.
    const AT_ONCE: usize = 10_000;
    type Row = (String, String, i64, String, Option<i64>, Option<String>, Option<String>);
    let mut rows: Vec<Row> = Vec::new();
    for part in ids.chunks(AT_ONCE) {
        rows.extend(
            on!(db, |pool| {
                let mut query = QueryBuilder::new(
                    "select v.asset_id, v.language, v.version, a.kind, v.duration_ms, v.first_day, v.last_day
                    from asset_version v join asset a on a.asset_id = v.asset_id
                    where (v.asset_id, v.language, v.version) in (",
                );
                query.push_values(part, |mut row, id| {
                    row.push_bind(id.asset.as_str())
                        .push_bind(id.language.as_str())
                        .push_bind(i64::try_from(id.version).unwrap_or(i64::MAX));
                });
                query.push(") order by v.asset_id, v.language, v.version");
                query.build_query_as::<Row>().fetch_all(pool).await
            })
            .map_err(StoreError::on("load the versions that are shown"))?,
        );
    }
    rows.into_iter().map(read_shown).collect()
}

fn read_shown(
    (asset, language, version, kind, duration, first, last): (
        String,
        String,
        i64,
        String,
        Option<i64>,
        Option<String>,
        Option<String>,
    ),
) -> Result<(VersionId, Shown), StoreError> {
    let id = VersionId {
        asset: asset.parse().map_err(|e| StoreError::unreadable("asset_version.asset_id", e))?,
        language: language.parse().map_err(|e| StoreError::unreadable("asset_version.language", e))?,
        version: u64::try_from(version).map_err(|e| StoreError::unreadable("asset_version.version", e))?,
    };
    let day = |text: String| text.parse().map_err(|e| StoreError::unreadable("asset_version.first_day", e));
    let shown = Shown {
        kind: kind.parse().map_err(|e| StoreError::unreadable("asset.kind", e))?,
        clip_ms: duration.map(u64::try_from).transpose().map_err(|e| StoreError::unreadable("asset_version.duration_ms", e))?,
        days: match (first, last) {
            (Some(first), Some(last)) => Some((day(first)?, day(last)?)),
            _ => None,
        },
    };
    Ok((id, shown))
}

/// Digests of documents that are kept as originals (slides and tickers), after this one, at most `limit`: they may name other files.
///
/// # Errors
/// When the database fails.
pub async fn documents(db: &Db, after: Option<&Digest>, limit: u32) -> Result<Vec<Digest>, StoreError> {
    const SQL: &str =
        "select distinct sha256 from asset_version where media_type like '%+json' and sha256 > $1 order by sha256 limit $2";
    let after = after.map(Digest::to_string).unwrap_or_default();
    let rows: Vec<(String,)> = on!(db, |pool| sqlx::query_as(SQL).bind(&after).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the documents"))?;
    rows.into_iter().map(|(digest,)| digest.parse().map_err(|e| StoreError::unreadable("asset_version.sha256", e))).collect()
}
