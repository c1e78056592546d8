//! How an asset looks: the rendition that boards get where it is made, else a picture made for this, and kept for a while.

use ::playlists::asset::Language;
use ::playlists::geometry::Geometry;
use ::playlists::id::{AssetId, Digest};
use ::playlists::overlay::OverlaySize;
use bytes::Bytes;
use chrono::NaiveDate;

use crate::app::App;
use crate::app::draw::{self, DrawError, Unfit};
use crate::app::overlays::can_lie_over;
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::{in_time, stills};
use crate::store::asset_versions::{AssetVersion, VersionId};
use crate::store::assets::Asset;
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

/// A preview before it is made.
#[derive(Debug, Clone)]
pub struct Preview {
    /// A digest of all that it is made of: another one where the picture may be another.
    pub mark: Digest,
    from: Of,
}

/// What a preview is made from.
#[derive(Debug, Clone)]
enum Of {
    /// A rendition.
    Made(Digest),
    /// A still as it lies over a loop, within so many columns and rows.
    Over(Box<AssetVersion>, (u32, u32)),
    /// The poster of a clip.
    Poster(Digest, Box<AssetVersion>, Geometry),
    /// An original, as it is on this day.
    Original(Box<(Asset, AssetVersion)>, Geometry, NaiveDate),
}

/// What the asset's preview at exactly these pixels is made from, in this language, or in that which stands for it on pages: the rendition
/// that boards get where it is made; else a clip's poster, or the original, what changes with the day as it is today.
/// On a slide whose words do not fit, these are framed.
///
/// # Errors
/// When there is no such asset, or the database fails.
pub async fn find(app: &App, id: &AssetId, language: Option<&Language>, geometry: Geometry) -> Result<Preview, PreviewError> {
    let asset = assets::get(&app.db, id).await.map_err(PreviewError::Store)?;
    let asset = asset.ok_or_else(|| PreviewError::Unknown(id.clone()))?;
    let version = match language {
        Some(language) => asset.versions.get(language),
        None => asset.main(),
    };
    let version = version.ok_or_else(|| PreviewError::Unknown(id.clone()))?.clone();
    // A picture may be drawn otherwise by another version of this program, a document by other templates.
    let program = (env!("CARGO_PKG_VERSION"), asset.kind.is_document().then_some(app.previews.since_ms));
    let drawn = |day: Option<NaiveDate>| {
        let AssetVersion { sha256, fit, focus, .. } = version;
        Digest::of(format!("{program:?} {sha256} {fit:?} {focus:?} {} {geometry} {day:?}", version.language).as_bytes())
    };
    if let Some(clip) = version.clip {
        return Ok(Preview { mark: drawn(None), from: Of::Poster(clip.poster, Box::new(version), geometry) });
    }
    let now = app.clock.now().with_timezone(&crate::app::campaign_draft::OPERATORS_ZONE).date_naive();
    let today = version.days.map_or(now, |(first, last)| now.max(first).min(last));
    let day = version.days.map(|_| today);
    let of = VersionId { asset: asset.id.clone(), language: version.language.clone(), version: version.version };
    let made = renditions::get(&app.db, &Key { of, geometry, variant: day.into() }).await.map_err(PreviewError::Store)?;
    if let Some(State::Ready { sha256, .. }) = made.map(|rendition| rendition.state) {
        return Ok(Preview { mark: sha256, from: Of::Made(sha256) });
    }
    Ok(Preview { mark: drawn(Some(today)), from: Of::Original(Box::new((asset, version)), geometry, today) })
}

/// What a still looks like in a corner of a board of these pixels, in the language that stands for it on pages.
///
/// # Errors
/// When there is no such still, or the database fails.
pub async fn find_over(app: &App, id: &AssetId, board: Geometry, size: OverlaySize) -> Result<Preview, PreviewError> {
    let asset = assets::get(&app.db, id).await.map_err(PreviewError::Store)?.filter(can_lie_over);
    let version = asset.and_then(|asset| asset.main().cloned()).ok_or_else(|| PreviewError::Unknown(id.clone()))?;
    let room = size.room(board);
    let (program, sha256) = (env!("CARGO_PKG_VERSION"), version.sha256);
    Ok(Preview {
        mark: Digest::of(format!("{program} {sha256} over {room:?}").as_bytes()),
        from: Of::Over(Box::new(version), room),
    })
}

/// Makes a preview, as a PNG, unless it was made lately; a ticker is shown as its strip.
///
/// # Errors
/// When its file cannot be read, or its picture not be made.
pub async fn make(app: &App, Preview { mark, from }: Preview) -> Result<Bytes, PreviewError> {
    if let Some(kept) = app.previews.get(&mark) {
        return Ok(kept);
    }
    let made = match from {
        Of::Made(sha256) => return app.blobs.read(&sha256).await.map(Bytes::from).map_err(PreviewError::Blob),
        Of::Over(version, room) => draw::overlay(app, &version, room).await.map_err(PreviewError::Draw)?.png,
        Of::Poster(poster, version, geometry) => {
            let poster = app.blobs.read(&poster).await.map_err(PreviewError::Blob)?;
            in_time(move || stills::render(&poster, version.fit, version.focus, geometry)).await.map_err(PreviewError::Media)?
        }
        Of::Original(of, geometry, today) => {
            let (asset, version) = &*of;
            draw::version(app, asset.kind, version, geometry, today, Unfit::Framed).await.map_err(PreviewError::Draw)?.png
        }
    };
    let made = Bytes::from(made);
    app.previews.keep(mark, &made);
    Ok(made)
}
