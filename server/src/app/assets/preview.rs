//! How an asset looks: the rendition that boards get where it is made, else a picture made for this once.

use ::playlists::asset::{AssetKind, Language};
use ::playlists::geometry::Geometry;
use ::playlists::id::AssetId;

use crate::app::App;
use crate::app::draw::{self, DrawError, Unfit};
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::{in_time, stills};
use crate::store::asset_versions::VersionId;
use crate::store::renditions::{Key, State};
use crate::store::{StoreError, assets, renditions};

/// Why a preview cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// There is no such asset, or it has no such language.
    #[error("there is no asset {0}")]
    Unknown(AssetId),
    /// A clip's picture cannot be made.
    #[error("the preview cannot be made")]
    Media(#[source] MediaError),
    /// The picture cannot be made.
    #[error("the preview cannot be made")]
    Draw(#[source] DrawError),
    /// Its bytes cannot be read.
    #[error("the asset's file cannot be read")]
    Blob(#[source] BlobError),
    /// The database failed.
    #[error("the asset cannot be loaded")]
    Store(#[source] StoreError),
}

/// The asset at exactly these pixels, as a PNG, in this language, or in that which stands for it on pages: the rendition that boards get
/// where it is made, else made for this once. A clip is shown by its poster, what changes with the day as it is today, a ticker as its
/// strip; on a slide whose words do not fit, these are framed.
///
/// # Errors
/// When there is no such asset, or its picture cannot be made.
pub async fn preview(app: &App, id: &AssetId, language: Option<&Language>, geometry: Geometry) -> Result<Vec<u8>, PreviewError> {
    let asset = assets::get(&app.db, id).await.map_err(PreviewError::Store)?;
    let asset = asset.ok_or_else(|| PreviewError::Unknown(id.clone()))?;
    let version = match language {
        Some(language) => asset.versions.get(language),
        None => asset.main(),
    };
    let version = version.ok_or_else(|| PreviewError::Unknown(id.clone()))?;
    if let Some(clip) = version.clip {
        let (fit, focus) = (version.fit, version.focus);
        let poster = app.blobs.read(&clip.poster).await.map_err(PreviewError::Blob)?;
        return in_time(move || stills::render(&poster, fit, focus, geometry)).await.map_err(PreviewError::Media);
    }
    let now = app.clock.now().with_timezone(&crate::app::campaign_draft::OPERATORS_ZONE).date_naive();
    let today = version.days.map_or(now, |(first, last)| now.max(first).min(last));
    let of = VersionId { asset: asset.id.clone(), language: version.language.clone(), version: version.version };
    let key = Key { of, geometry, day: version.days.map(|_| today) };
    let made = renditions::get(&app.db, &key).await.map_err(PreviewError::Store)?;
    if let Some(State::Ready { sha256, .. }) = made.map(|rendition| rendition.state) {
        return app.blobs.read(&sha256).await.map_err(PreviewError::Blob);
    }
    debug_assert_ne!(asset.kind, AssetKind::Clip);
    let drawn = draw::version(app, asset.kind, version, geometry, today, Unfit::Framed).await;
    drawn.map(|drawn| drawn.png).map_err(PreviewError::Draw)
}
