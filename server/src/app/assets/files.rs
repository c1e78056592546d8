//! Files as assets: uploads looked over and kept, as a new asset or as a version of one.

use ::playlists::asset::{AssetKind, Fit, Focus, Language};
use ::playlists::id::{AssetId, Digest, UnitId};

use super::{Asset, Decided, blank, decide, new_asset_id, replaced};
use crate::app::contents::ContentChange;
use crate::app::uploads::{Received, Seen, Upload};
use crate::app::{App, FieldError, checked_name, demand};
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::store::assets::{AssetVersion, ClipFacts};
use crate::store::{StoreError, assets};

/// What an upload is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The unit that will own it.
    pub unit: UnitId,
    /// Its name as people read it; empty: there is none, which is refused.
    pub name: String,
    /// In which language; `und`: without words.
    pub language: Language,
    /// How it is brought to a board's shape.
    pub fit: Fit,
}

/// An upload without words that lies in the memory.
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
    /// There is no such asset to add a version to.
    #[error("there is no asset {0}")]
    Unknown(AssetId),
    /// A version is to be what its asset is.
    #[error("the asset is a {}, the file is a {}", asset.as_str(), file.as_str())]
    Kind {
        /// What the asset is.
        asset: AssetKind,
        /// What the file is.
        file: AssetKind,
    },
    /// A clip that is longer than the one before leaves no room beside plays per hour.
    #[error("the clip is too long beside plays per hour: {} {:?}", .0.code, .0.args)]
    Long(FieldError),
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
    let id = new_asset_id(app).map_err(AddAssetError::Store)?;
    let label = Label { unit: new.unit, name: new.name, language: Language::undetermined(), fit: new.fit };
    add_received(app, id, label, in_memory(app, &new.bytes).await?).await
}

/// Adds an asset of a file that was received. The same bytes in a unit twice are the one asset, which is given back as it is.
///
/// # Errors
/// When the file is refused, or it cannot be kept.
pub async fn add_upload(app: &App, label: Label, upload: Upload) -> Result<Asset, AddAssetError> {
    let id = new_asset_id(app).map_err(AddAssetError::Store)?;
    add_received(app, id, label, upload).await
}

/// Makes a file that lies in the memory the asset of this id in the label's language: a new one, or the next version of one that is
/// there, whose name stays.
///
/// # Errors
/// When the file is refused, or it cannot be kept.
pub async fn add_bytes(app: &App, id: &AssetId, label: Label, bytes: &[u8]) -> Result<Asset, AddAssetError> {
    let upload = in_memory(app, bytes).await?;
    if assets::get(&app.db, id).await.map_err(AddAssetError::Store)?.is_some() {
        return add_version(app, id, label.language, Some(label.fit), upload).await;
    }
    let (name, language) = (name_of(&label)?, label.language.clone());
    let (kind, version) = keep(app, upload, language, label.fit).await?;
    decide!(app, AddAssetError::Store, {
        let mut asset = blank(app, id.clone(), label.unit.clone(), name.clone(), kind);
        asset.versions.insert(version.language.clone(), version.clone());
        let change =
            ContentChange { assets: vec![asset.clone()], added: vec![(id.clone(), version.clone())], ..ContentChange::default() };
        Ok(Decided::Change(change, asset))
    })
}

async fn in_memory(app: &App, bytes: &[u8]) -> Result<Upload, AddAssetError> {
    let mut upload = Upload::begin(app).await?;
    upload.write(bytes).await?;
    Ok(upload)
}

fn name_of(label: &Label) -> Result<String, AddAssetError> {
    let mut faults = Vec::new();
    let name = checked_name(&label.name, &mut faults);
    if faults.is_empty() { Ok(name) } else { Err(AddAssetError::Name) }
}

async fn add_received(app: &App, id: AssetId, label: Label, upload: Upload) -> Result<Asset, AddAssetError> {
    let name = name_of(&label)?;
    let (kind, version) = keep(app, upload, label.language, label.fit).await?;
    decide!(app, AddAssetError::Store, {
        let known = assets::by_content(&app.db, &label.unit, &version.sha256).await.map_err(AddAssetError::Store)?;
        if let Some(known) = known {
            return Ok(Decided::Nothing(known));
        }
        let mut asset = blank(app, id.clone(), label.unit.clone(), name.clone(), kind);
        asset.versions.insert(version.language.clone(), version.clone());
        let change =
            ContentChange { assets: vec![asset.clone()], added: vec![(id.clone(), version.clone())], ..ContentChange::default() };
        Ok(Decided::Change(change, asset))
    })
}

/// Adds a language version to an asset, or replaces the one that it has: what is on boards changes when its renditions are made. The
/// same bytes change nothing. Without a `fit` it is brought to boards' shapes as the version before it, or as the asset's others.
///
/// # Errors
/// When there is no such asset, the file is refused, is not what the asset is or too long beside plays per hour, or it cannot be kept.
pub async fn add_version(
    app: &App,
    id: &AssetId,
    language: Language,
    fit: Option<Fit>,
    upload: Upload,
) -> Result<Asset, AddAssetError> {
    let known = assets::get(&app.db, id).await.map_err(AddAssetError::Store)?;
    let known = known.ok_or_else(|| AddAssetError::Unknown(id.clone()))?;
    let (kind, version) = keep_if(app, upload, language, Fit::default(), Some(known.kind)).await?;
    debug_assert_eq!(kind, known.kind);
    decide!(app, AddAssetError::Store, {
        let known = assets::get(&app.db, id).await.map_err(AddAssetError::Store)?;
        let mut asset = known.ok_or_else(|| AddAssetError::Unknown(id.clone()))?;
        let before = asset.versions.get(&version.language).or_else(|| asset.main());
        let (before, focus) = before.map_or((Fit::default(), Focus::MIDDLE), |before| (before.fit, before.focus));
        let version = AssetVersion { fit: fit.unwrap_or(before), focus, ..version.clone() };
        let longest = asset.clip_ms();
        let change = replaced(app, &mut asset, vec![version], true).await.map_err(AddAssetError::Store)?;
        if asset.clip_ms() > longest {
            let faults = demand::contents_errors(app, "file", &change).await.map_err(AddAssetError::Store)?;
            if let Some(fault) = faults.into_iter().next() {
                return Err(AddAssetError::Long(fault));
            }
        }
        Ok(if change.added.is_empty() { Decided::Nothing(asset) } else { Decided::Change(change, asset) })
    })
}

/// Looks a file over and keeps it: the first version of its language as it would be.
pub(in crate::app) async fn keep(
    app: &App,
    upload: Upload,
    language: Language,
    fit: Fit,
) -> Result<(AssetKind, AssetVersion), AddAssetError> {
    keep_if(app, upload, language, fit, None).await
}

/// Looks a file over and keeps it, if it is what it should be; its first version as it would be.
async fn keep_if(
    app: &App,
    upload: Upload,
    language: Language,
    fit: Fit,
    wanted: Option<AssetKind>,
) -> Result<(AssetKind, AssetVersion), AddAssetError> {
    let received = upload.look_over(app).await?;
    let file = match &received.seen {
        Seen::Still(_) => AssetKind::Still,
        Seen::Clip(..) => AssetKind::Clip,
    };
    if let Some(asset) = wanted.filter(|wanted| *wanted != file) {
        return Err(AddAssetError::Kind { asset, file });
    }
    let (media_type, pixels, clip) = facts(app, &received).await?;
    let size_bytes = received.size_bytes;
    let sha256: Digest = received.keep().await?;
    let version = AssetVersion {
        language,
        version: 1,
        media_type: media_type.to_owned(),
        sha256,
        size_bytes,
        pixels: Some(pixels),
        fit,
        focus: Focus::MIDDLE,
        clip,
        days: None,
        created_ms: app.clock.now_ms(),
        withdrawn_ms: None,
    };
    Ok((file, version))
}

async fn facts(app: &App, received: &Received) -> Result<(&'static str, (u32, u32), Option<ClipFacts>), AddAssetError> {
    match &received.seen {
        Seen::Still(found) => Ok((found.form.media_type(), (found.width, found.height), None)),
        Seen::Clip(container, clip) => {
            let poster = app.blobs.put(clip.poster.clone()).await.map_err(AddAssetError::Blob)?;
            let facts = ClipFacts { duration_ms: ::playlists::millis::of(clip.length), poster };
            Ok((container.media_type(), (clip.found.width, clip.found.height), Some(facts)))
        }
    }
}
