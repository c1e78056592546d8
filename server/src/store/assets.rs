//! Assets: what belongs to all language versions of one.

use std::collections::BTreeMap;

use playlists::asset::{AssetKind, Language};
use playlists::id::{AssetId, Digest, ThemeId, UnitId};
use sqlx::FromRow;

pub use super::asset_versions::{AssetVersion, ClipFacts};
use super::of_ids::{IDS_AT_ONCE, of_ids};
use super::search::{fold, pattern};
use super::{Db, StoreError, Tx, asset_versions, on, within};

/// An asset with its current versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Its name as people read it.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// What it is about.
    pub theme: Option<ThemeId>,
    /// Who made it, as people read it; may be empty.
    pub source: String,
    /// By which right it may be shown, as people read it; may be empty.
    pub rights: String,
    /// Not shown before this, UTC milliseconds.
    pub from_ms: Option<i64>,
    /// Not shown at or after this, UTC milliseconds.
    pub until_ms: Option<i64>,
    /// When it was added, UTC milliseconds.
    pub created_ms: i64,
    /// Its current versions, by language; none when all were withdrawn.
    pub versions: BTreeMap<Language, AssetVersion>,
}

impl Asset {
    /// The version that stands for it on pages: without words, else Vietnamese, else the first language.
    #[must_use]
    pub fn main(&self) -> Option<&AssetVersion> {
        let of = |language: &str| self.versions.values().find(|version| version.language.as_str() == language);
        of("und").or_else(|| of("vi")).or_else(|| self.versions.values().next())
    }

    /// How long it plays, in milliseconds, where it is a clip: the longest of its languages.
    #[must_use]
    pub fn clip_ms(&self) -> Option<u64> {
        self.versions.values().filter_map(|version| version.clip).map(|clip| clip.duration_ms).max()
    }
}

#[derive(FromRow)]
struct Row {
    asset_id: String,
    unit_id: String,
    name: String,
    kind: String,
    theme: Option<String>,
    source: String,
    rights: String,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    created_ms: i64,
}

impl Row {
    fn read(self) -> Result<Asset, StoreError> {
        Ok(Asset {
            id: self.asset_id.parse().map_err(|e| StoreError::unreadable("asset.asset_id", e))?,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("asset.unit_id", e))?,
            name: self.name,
            kind: self.kind.parse().map_err(|e| StoreError::unreadable("asset.kind", e))?,
            theme: self.theme.map(|theme| theme.parse()).transpose().map_err(|e| StoreError::unreadable("asset.theme", e))?,
            source: self.source,
            rights: self.rights,
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            created_ms: self.created_ms,
            versions: BTreeMap::new(),
        })
    }
}

/// Assets of kind ticker, in the order of name and id, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn tickers(db: &Db, limit: u32) -> Result<Vec<Asset>, StoreError> {
    const SQL: &str = "select asset_id, unit_id, name, kind, theme, source, rights, from_ms, until_ms, created_ms from asset
        where kind = 'ticker' order by name_search, asset_id limit $1";
    let rows = on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the tickers"))?;
    with_versions(db, rows).await
}

/// These rows, with the current versions.
async fn with_versions(db: &Db, rows: Vec<Row>) -> Result<Vec<Asset>, StoreError> {
    let mut assets = rows.into_iter().map(Row::read).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<AssetId> = assets.iter().map(|asset| asset.id.clone()).collect();
    let mut versions: BTreeMap<AssetId, BTreeMap<Language, AssetVersion>> = BTreeMap::new();
    for (id, version) in asset_versions::current(db, &ids).await? {
        versions.entry(id).or_default().insert(version.language.clone(), version);
    }
    for asset in &mut assets {
        asset.versions = versions.remove(&asset.id).unwrap_or_default();
    }
    Ok(assets)
}

/// Adds an asset, without its versions, or changes the properties of one that is there; its unit and kind stay.
///
/// # Errors
/// When the database fails, or the unit does not exist.
pub async fn save(tx: &mut Tx, asset: &Asset) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into asset (asset_id, unit_id, name, name_search, kind, theme, source, rights, from_ms, until_ms, created_ms)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (asset_id) do update set name = excluded.name, name_search = excluded.name_search, theme = excluded.theme,
        source = excluded.source, rights = excluded.rights, from_ms = excluded.from_ms, until_ms = excluded.until_ms";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(asset.id.as_str())
        .bind(asset.unit.as_str())
        .bind(&asset.name)
        .bind(fold(&asset.name))
        .bind(asset.kind.as_str())
        .bind(asset.theme.as_ref().map(ThemeId::as_str))
        .bind(&asset.source)
        .bind(&asset.rights)
        .bind(asset.from_ms)
        .bind(asset.until_ms)
        .bind(asset.created_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("save the asset"))
}

/// The asset of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &AssetId) -> Result<Option<Asset>, StoreError> {
    Ok(many(db, std::slice::from_ref(id)).await?.pop())
}

/// The unit's oldest asset of which a current version has these bytes.
///
/// # Errors
/// When the database fails.
pub async fn by_content(db: &Db, unit: &UnitId, sha256: &Digest) -> Result<Option<Asset>, StoreError> {
    const SQL: &str = "select a.asset_id from asset a join asset_version v on v.asset_id = a.asset_id
        where a.unit_id = $1 and v.sha256 = $2 and v.withdrawn_ms is null
        and v.version = (select max(n.version) from asset_version n where n.asset_id = v.asset_id and n.language = v.language)
        order by a.created_ms, a.asset_id limit 1";
    let found = on!(db, |pool| sqlx::query_as::<_, (String,)>(SQL)
        .bind(unit.as_str())
        .bind(sha256.to_string())
        .fetch_optional(pool)
        .await)
    .map_err(StoreError::on("find the asset of these bytes"))?;
    match found {
        Some((id,)) => get(db, &id.parse().map_err(|e| StoreError::unreadable("asset.asset_id", e))?).await,
        None => Ok(None),
    }
}

/// The assets of these ids, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(db: &Db, ids: &[AssetId]) -> Result<Vec<Asset>, StoreError> {
    const SQL: &str = "select asset_id, unit_id, name, kind, theme, source, rights, from_ms, until_ms, created_ms
        from asset where asset_id in";
    let mut rows: Vec<Row> = Vec::new();
    for part in ids.chunks(IDS_AT_ONCE) {
        let found = on!(db, |pool| of_ids(SQL, part, "order by asset_id").build_query_as::<Row>().fetch_all(pool).await);
        rows.extend(found.map_err(StoreError::on("load the assets"))?);
    }
    with_versions(db, rows).await
}

/// What is looked for among assets; what is empty or none rules nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of the name; case and tone marks do not matter.
    pub text: String,
    /// What it is.
    pub kind: Option<AssetKind>,
    /// What it is about.
    pub theme: Option<ThemeId>,
    /// It has this language.
    pub language: Option<Language>,
    /// How its renditions are.
    pub state: Option<Renditions>,
    /// No playlist shows it.
    pub unused: bool,
}

/// How the renditions of an asset's current versions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renditions {
    /// Some are still to be made.
    Wanted,
    /// Some cannot be made.
    Failed,
}

impl Renditions {
    /// The word used in addresses and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Failed => "failed",
        }
    }
}

/// Assets that a search finds, newest first, after this one, at most `limit`; the built-in ones are left out.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, search: &Search, after: Option<&AssetId>, limit: u32) -> Result<Vec<Asset>, StoreError> {
    const SQL: &str = "select asset_id, unit_id, name, kind, theme, source, rights, from_ms, until_ms, created_ms from asset
        where name_search like $1 escape '\\' and unit_id <> 'built-in'
        and ($2 = '' or (created_ms, asset_id) < (select a.created_ms, a.asset_id from asset a where a.asset_id = $2))
        and ($3 = '' or kind = $3) and ($4 = '' or theme = $4)
        and ($5 = '' or exists (select 1 from asset_version v where v.asset_id = asset.asset_id and v.language = $5
            and v.withdrawn_ms is null))
        and ($6 = '' or exists (select 1 from rendition r where r.asset_id = asset.asset_id and r.state = $6
            and r.version = (select max(n.version) from asset_version n where n.asset_id = r.asset_id and n.language = r.language)))
        and (not $7 or not exists (select 1 from playlist_asset p where p.asset_id = asset.asset_id)
            and not exists (select 1 from campaign c where c.ticker_asset_id = asset.asset_id)
            and not exists (select 1 from board_asset b where b.asset_id = asset.asset_id))
        order by created_ms desc, asset_id desc limit $8";
    let rows = on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(pattern(&search.text))
        .bind(after.map_or("", AssetId::as_str))
        .bind(search.kind.map_or("", AssetKind::as_str))
        .bind(search.theme.as_ref().map_or("", ThemeId::as_str))
        .bind(search.language.as_ref().map_or("", Language::as_str))
        .bind(search.state.map_or("", Renditions::as_str))
        .bind(search.unused)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the assets"))?;
    with_versions(db, rows).await
}

/// Puts other bytes into the first version of a built-in asset, where they are other ones; its renditions are then made anew.
///
/// # Errors
/// When the database fails.
pub async fn renew_built_in(tx: &mut Tx, id: &AssetId, sha256: &Digest, size_bytes: u64) -> Result<(), StoreError> {
    const BYTES: &str = "update asset_version set sha256 = $2, size_bytes = $3 where asset_id = $1 and sha256 <> $2";
    const RENDITIONS: &str = "update rendition set state = 'wanted', attempt = 0 where asset_id = $1";
    let size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    let changed = within!(tx, |conn| sqlx::query(BYTES)
        .bind(id.as_str())
        .bind(sha256.to_string())
        .bind(size_bytes)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(StoreError::on("renew the built-in asset"))?;
    if changed {
        within!(tx, |conn| sqlx::query(RENDITIONS).bind(id.as_str()).execute(conn).await.map(drop))
            .map_err(StoreError::on("want the built-in asset's renditions anew"))?;
    }
    Ok(())
}
