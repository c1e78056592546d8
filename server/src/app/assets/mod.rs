//! Assets and their language versions: files that were uploaded ([`files`]), slides and tickers made here ([`documents`]), what holds for
//! all versions of one ([`properties`]), and how each looks ([`preview`]).

pub mod documents;
pub mod files;
pub mod preview;
pub mod properties;
pub mod uses;

use std::collections::BTreeMap;

use ::playlists::asset::{AssetKind, Language};
use ::playlists::id::{AssetId, Digest, UnitId};

pub use self::documents::{SlideDraft, TickerDraft, save_slide, save_ticker, slide, ticker};
pub use self::files::{AddAssetError, Label, NewAsset, add, add_bytes, add_upload, add_version};
pub use self::preview::PreviewError;
pub use self::properties::{PropertiesDraft, set_properties, withdraw};
pub use self::uses::{Uses, uses};
use super::contents::ContentChange;
use super::{App, new_id};
use crate::media::blobs::BlobError;
pub use crate::store::assets::{Asset, AssetVersion, ClipFacts, Search};
use crate::store::renditions::Rendition;
use crate::store::{StoreError, asset_versions, assets, renditions};

/// Most renditions of one asset that are listed: one for each geometry of the fleet, language and day.
const MOST_RENDITIONS: u32 = 1000;
/// Most versions of one asset that are listed.
const MOST_VERSIONS: u32 = 500;

/// Why a document or a property cannot be kept, where nothing is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The file cannot be kept.
    #[error("the file cannot be kept")]
    Blob(#[source] BlobError),
    /// The database failed.
    #[error("the asset cannot be stored")]
    Store(#[source] StoreError),
}

/// An asset without versions and properties.
fn blank(app: &App, id: AssetId, unit: UnitId, name: String, kind: AssetKind) -> Asset {
    Asset {
        id,
        unit,
        name,
        kind,
        theme: None,
        source: String::new(),
        rights: String::new(),
        from_ms: None,
        until_ms: None,
        created_ms: app.clock.now_ms(),
        versions: BTreeMap::new(),
    }
}

/// An id that nothing has.
fn new_asset_id(app: &App) -> Result<AssetId, StoreError> {
    let id = new_id(app.clock.now_ms()).map_err(|e| StoreError::unreadable("random bytes for an id", e))?;
    id.parse().map_err(|e| StoreError::unreadable("new id", e))
}

/// Makes these versions the current ones of their languages and takes other languages away, unless `keep_others`; those that are as they
/// were make no new version. Answers what is to be saved; `asset` is as it will be.
pub(in crate::app) async fn replaced(
    app: &App,
    asset: &mut Asset,
    wanted: Vec<AssetVersion>,
    keep_others: bool,
) -> Result<ContentChange, StoreError> {
    let newest = asset_versions::newest_numbers(&app.db, &asset.id).await?;
    let mut change = ContentChange::default();
    let languages: Vec<Language> = wanted.iter().map(|version| version.language.clone()).collect();
    for version in wanted {
        let current = asset.versions.get(&version.language);
        let number = current.map_or(0, |current| current.version);
        if current.is_some_and(|current| same(current, &version)) {
            continue;
        }
        let last = newest.get(&version.language).copied().unwrap_or_default().max(number);
        let version = AssetVersion { version: last + 1, created_ms: app.clock.now_ms(), withdrawn_ms: None, ..version };
        asset.versions.insert(version.language.clone(), version.clone());
        change.added.push((asset.id.clone(), version));
    }
    if !keep_others {
        let gone: Vec<Language> = asset.versions.keys().filter(|language| !languages.contains(language)).cloned().collect();
        for language in gone {
            asset.versions.remove(&language);
            change.withdrawn.push((asset.id.clone(), language));
        }
    }
    change.assets.push(asset.clone());
    Ok(change)
}

/// Whether boards show the same of both.
fn same(one: &AssetVersion, other: &AssetVersion) -> bool {
    (one.sha256, one.fit, one.focus, &one.media_type) == (other.sha256, other.fit, other.focus, &other.media_type)
}

/// Saves a change that is decided on what the contents are at the moment, as often as others change them meanwhile:
/// `decide!(app, of_store_error, { …; Ok(Decided::Change(change, answer)) })`. (A function that takes a closure would give a future that
/// cannot be sent between threads.)
macro_rules! decide {
    ($app:expr, $failed:expr, $decide:block) => {{
        for _ in 0..$crate::app::contents::TRIES {
            let revision = $crate::app::contents::revision($app).await.map_err($failed)?;
            let decided: Result<_, _> = async { $decide }.await;
            match decided? {
                $crate::app::assets::Decided::Nothing(answer) => return Ok(answer),
                $crate::app::assets::Decided::Change(change, answer) => {
                    if $crate::app::contents::save($app, revision, &change).await.map_err($failed)? {
                        return Ok(answer);
                    }
                }
            }
        }
        Err($failed($crate::store::StoreError::Overtaken))
    }};
}
use decide;

/// What was decided, and its answer.
enum Decided<T> {
    /// Nothing is to be changed.
    Nothing(T),
    /// This.
    Change(ContentChange, T),
}

/// The asset of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &AssetId) -> Result<Option<Asset>, StoreError> {
    assets::get(&app.db, id).await
}

/// Assets of kind ticker, by name, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn tickers(app: &App, limit: u32) -> Result<Vec<Asset>, StoreError> {
    assets::tickers(&app.db, limit).await
}

/// Assets that a search finds, newest first, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, search: &Search, after: Option<&AssetId>, limit: u32) -> Result<Vec<Asset>, StoreError> {
    assets::find(&app.db, search, after, limit).await
}

/// Assets whose name contains `search` (tone marks do not matter), newest first, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, search: &str, after: Option<&AssetId>, limit: u32) -> Result<Vec<Asset>, StoreError> {
    find(app, &Search { text: search.to_owned(), ..Search::default() }, after, limit).await
}

/// The assets of these ids, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(app: &App, ids: &[AssetId]) -> Result<Vec<Asset>, StoreError> {
    assets::many(&app.db, ids).await
}

/// All versions that an asset has had, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn history(app: &App, id: &AssetId) -> Result<Vec<AssetVersion>, StoreError> {
    asset_versions::history(&app.db, id, MOST_VERSIONS).await
}

/// How far an asset's renditions are: the newest versions first, by geometry.
///
/// # Errors
/// When the database fails.
pub async fn renditions_of(app: &App, id: &AssetId) -> Result<Vec<Rendition>, StoreError> {
    renditions::list(&app.db, id, MOST_RENDITIONS).await
}

/// Which asset a rendition of these bytes was made of.
///
/// # Errors
/// When the database fails.
pub async fn of_rendition(app: &App, sha256: &Digest) -> Result<Option<Asset>, StoreError> {
    match renditions::asset_of(&app.db, sha256).await? {
        Some(id) => assets::get(&app.db, &id).await,
        None => Ok(None),
    }
}
