//! Assets: uploads looked over and kept, listed, previewed.

use playlists::asset::{Fit, Kind};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, UnitId};

use super::uploads::{Received, Seen, Upload};
use super::{App, checked_name, new_id};
use crate::live::Change;
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::{in_time, stills};
pub use crate::store::assets::{Asset, ClipFacts};
use crate::store::renditions::{Key, Rendition, State};
use crate::store::{StoreError, assets, renditions};

/// Most renditions of one asset that are listed: one for each geometry of the fleet.
const MOST_RENDITIONS: u32 = 1000;

/// What an upload is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The unit that will own it.
    pub unit: UnitId,
    /// Its name as people read it; empty: there is none, which is refused.
    pub name: String,
    /// How it is brought to a board's shape.
    pub fit: Fit,
}

/// An upload that lies in the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset {
    /// The unit that will own it.
    pub unit: UnitId,
    /// Its name as people read it; empty: there is none, which is refused.
    pub name: String,
    /// How it is brought to a board's shape.
    pub fit: Fit,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why an upload is refused.
#[derive(Debug, thiserror::Error)]
pub enum AddAssetError {
    /// It needs a name.
    #[error("an asset needs a name of 1 to 200 characters")]
    Name,
    /// The file is refused.
    #[error("the file is refused")]
    Media(#[source] MediaError),
    /// The file cannot be kept.
    #[error("the file cannot be kept")]
    Blob(#[source] BlobError),
    /// The system gives no random bytes for its id.
    #[error("the system gives no random bytes for an id")]
    Random(#[source] getrandom::Error),
    /// The database failed.
    #[error("the asset cannot be stored")]
    Store(#[source] StoreError),
}

/// Adds an asset. The same bytes in a unit twice are the one asset, which is given back as it is.
///
/// # Errors
/// When the file is refused, or it cannot be kept.
pub async fn add(app: &App, new: NewAsset) -> Result<Asset, AddAssetError> {
    let id = new_asset_id(app)?;
    add_as(app, id, new).await
}

/// Adds an asset of a file that was received.
///
/// # Errors
/// When the file is refused, or it cannot be kept.
pub async fn add_upload(app: &App, label: Label, upload: Upload) -> Result<Asset, AddAssetError> {
    let id = new_asset_id(app)?;
    add_received(app, id, label, upload).await
}

fn new_asset_id(app: &App) -> Result<AssetId, AddAssetError> {
    let id = new_id(app.clock.now_ms()).map_err(AddAssetError::Random)?;
    id.parse().map_err(|e| AddAssetError::Store(StoreError::unreadable("new id", e)))
}

/// Adds an asset under this id, or gives back the unit's asset of the same bytes.
pub(super) async fn add_as(app: &App, id: AssetId, new: NewAsset) -> Result<Asset, AddAssetError> {
    let mut upload = Upload::begin(app).await?;
    upload.write(&new.bytes).await?;
    add_received(app, id, Label { unit: new.unit, name: new.name, fit: new.fit }, upload).await
}

/// Adds an asset of a file that was looked over.
pub(super) async fn add_looked_over(app: &App, label: Label, received: Received) -> Result<Asset, AddAssetError> {
    let id = new_asset_id(app)?;
    add_received_as(app, id, label, received).await
}

async fn add_received(app: &App, id: AssetId, label: Label, upload: Upload) -> Result<Asset, AddAssetError> {
    checked_label(&label)?;
    let received = upload.look_over(app).await?;
    add_received_as(app, id, label, received).await
}

fn checked_label(label: &Label) -> Result<String, AddAssetError> {
    let mut faults = Vec::new();
    let name = checked_name(&label.name, &mut faults);
    if faults.is_empty() { Ok(name) } else { Err(AddAssetError::Name) }
}

async fn add_received_as(app: &App, id: AssetId, label: Label, received: Received) -> Result<Asset, AddAssetError> {
    let name = checked_label(&label)?;
    let size_bytes = received.size_bytes;
    let (media_type, width, height, clip) = match &received.seen {
        Seen::Still(found) => (found.form.media_type(), found.width, found.height, None),
        Seen::Clip(container, clip) => {
            let poster = app.blobs.put(clip.poster.clone()).await.map_err(AddAssetError::Blob)?;
            let duration_ms = playlists::millis::of(clip.length);
            (container.media_type(), clip.found.width, clip.found.height, Some(ClipFacts { duration_ms, poster }))
        }
    };
    let sha256 = received.keep().await?;
    let asset = Asset {
        id,
        unit: label.unit,
        name,
        kind: if clip.is_some() { Kind::Clip } else { Kind::Still },
        media_type: media_type.to_owned(),
        sha256,
        size_bytes,
        width,
        height,
        fit: label.fit,
        clip,
        created_ms: app.clock.now_ms(),
    };
    if assets::add(&app.db, &asset).await.map_err(AddAssetError::Store)? {
        app.live.tell(Change::Asset(asset.id.clone()));
        return Ok(asset);
    }
    let kept = assets::by_content(&app.db, &asset.unit, &asset.sha256).await.map_err(AddAssetError::Store)?;
    kept.ok_or_else(|| AddAssetError::Store(StoreError::unreadable("asset", format!("{} is taken by another file", asset.id))))
}

/// The asset of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &AssetId) -> Result<Option<Asset>, StoreError> {
    assets::get(&app.db, id).await
}

/// Assets whose name contains `search` (tone marks do not matter), newest first, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, search: &str, after: Option<&AssetId>, limit: u32) -> Result<Vec<Asset>, StoreError> {
    assets::list(&app.db, search, after, limit).await
}

/// The assets of these ids, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(app: &App, ids: &[AssetId]) -> Result<Vec<Asset>, StoreError> {
    assets::many(&app.db, ids).await
}

/// How far an asset's renditions are, by geometry.
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
pub async fn of_rendition(app: &App, sha256: &playlists::id::Digest) -> Result<Option<Asset>, StoreError> {
    match renditions::asset_of(&app.db, sha256).await? {
        Some(id) => assets::get(&app.db, &id).await,
        None => Ok(None),
    }
}

/// Why a preview cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// There is no such asset.
    #[error("there is no asset {0}")]
    Unknown(AssetId),
    /// The picture cannot be made.
    #[error("the preview cannot be made")]
    Media(#[source] MediaError),
    /// Its bytes cannot be read.
    #[error("the asset's file cannot be read")]
    Blob(#[source] BlobError),
    /// The database failed.
    #[error("the asset cannot be loaded")]
    Store(#[source] StoreError),
}

/// The asset at exactly these pixels, as a PNG: the rendition that boards get where it is made, else made for this once. A clip is
/// shown by its poster.
///
/// # Errors
/// When there is no such asset, or its picture cannot be made.
pub async fn preview(app: &App, id: &AssetId, geometry: Geometry) -> Result<Vec<u8>, PreviewError> {
    let asset = assets::get(&app.db, id).await.map_err(PreviewError::Store)?.ok_or_else(|| PreviewError::Unknown(id.clone()))?;
    let key = Key { asset: asset.id, geometry, fit: asset.fit };
    let picture = match asset.clip {
        Some(clip) => clip.poster,
        None => {
            let made = renditions::get(&app.db, &key).await.map_err(PreviewError::Store)?;
            if let Some(State::Ready { sha256, .. }) = made.map(|rendition| rendition.state) {
                return app.blobs.read(&sha256).await.map_err(PreviewError::Blob);
            }
            asset.sha256
        }
    };
    let picture = app.blobs.read(&picture).await.map_err(PreviewError::Blob)?;
    in_time(move || stills::render(&picture, key.fit, key.geometry)).await.map_err(PreviewError::Media)
}
