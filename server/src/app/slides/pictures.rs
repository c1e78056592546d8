//! Pictures of slides that are being filled in: decoded and brought to a moderate size once, and kept at hand for the next look.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use playlists::asset::AssetKind;
use playlists::geometry::Geometry;
use playlists::id::Digest;

use super::SlideFault;
use crate::app::assets::{self, Asset};
use crate::app::{App, FieldError};
use crate::media::at_the_bench;
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::slides::Pictures;
use crate::media::slides::content::Content;
use crate::media::slides::picture::Decoded;
use crate::store::StoreError;

/// Longest side of a picture that is kept at hand, in pixels: as much as the largest slide that is looked at shows.
const LONGEST: u32 = 2048;
/// What pictures kept at hand take together at most, in bytes.
const MOST_KEPT: u64 = 96 << 20;

/// Why a picture is not there.
#[derive(Debug, thiserror::Error)]
pub enum Decoding {
    /// Its bytes cannot be read.
    #[error("the picture cannot be read")]
    Blob(#[source] BlobError),
    /// It is none.
    #[error("the picture cannot be shown")]
    Media(#[source] MediaError),
}

/// The pictures last looked at, the newest at the end.
type Kept = VecDeque<(Digest, Arc<Decoded>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// The picture of these bytes, of moderate size.
///
/// # Errors
/// When it cannot be read, or is none.
pub async fn decoded(app: &App, digest: &Digest) -> Result<Arc<Decoded>, Decoding> {
    if let Some(kept) = kept(digest) {
        return Ok(kept);
    }
    let bytes = app.blobs.read(digest).await.map_err(Decoding::Blob)?;
    let made = at_the_bench(move || Decoded::of(&bytes).and_then(|picture| picture.reduced(LONGEST))).await;
    let picture = Arc::new(made.map_err(Decoding::Media)?);
    keep(*digest, Arc::clone(&picture));
    Ok(picture)
}

/// A picture whole within these pixels, as a PNG.
///
/// # Errors
/// When it cannot be read, or is none.
pub async fn small(app: &App, digest: &Digest, within: Geometry) -> Result<Vec<u8>, Decoding> {
    let picture = decoded(app, digest).await?;
    at_the_bench(move || picture.small(within)).await.map_err(Decoding::Media)
}

/// Pictures of the library whose name contains `search`, the newest first, at most `limit`: digest and name.
///
/// # Errors
/// When the database fails.
pub async fn offered(app: &App, search: &str, limit: u32) -> Result<Vec<(Digest, String)>, StoreError> {
    let found = assets::list(app, search, None, limit).await?;
    Ok(found.iter().filter_map(|asset| Some((picture_of(asset)?, asset.name.clone()))).collect())
}

/// The picture that an asset is; none where it is something else.
#[must_use]
pub fn picture_of(asset: &Asset) -> Option<Digest> {
    asset.main().filter(|_| asset.kind == AssetKind::Still).map(|version| version.sha256)
}

fn kept(digest: &Digest) -> Option<Arc<Decoded>> {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = all.iter().position(|(known, _)| known == digest)?;
    let found = all.remove(place)?;
    let picture = Arc::clone(&found.1);
    all.push_back(found);
    Some(picture)
}

fn keep(digest: Digest, picture: Arc<Decoded>) {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(known, _)| *known != digest);
    all.push_back((digest, picture));
    let mut weight: u64 = all.iter().map(|(_, picture)| picture.weight()).sum();
    while weight > MOST_KEPT && all.len() > 1 {
        weight -= all.pop_front().map_or(0, |(_, picture)| picture.weight());
    }
}

/// A slide's pictures, and the fields whose picture cannot be had.
pub(super) async fn of(app: &App, content: &Content) -> (Pictures, Vec<SlideFault>) {
    let (mut pictures, mut faults) = (Pictures::new(), Vec::new());
    for (field, named) in &content.pictures {
        let fault = |code| SlideFault::everywhere(FieldError::new(format!("pictures.{field}"), code));
        let Ok(digest) = named.file.parse::<Digest>() else {
            faults.push(fault("error-picture-unknown"));
            continue;
        };
        match decoded(app, &digest).await {
            Ok(picture) => {
                pictures.insert(field.clone(), (picture, named.focus));
            }
            Err(Decoding::Blob(BlobError::Missing(_))) => faults.push(fault("error-picture-unknown")),
            Err(error) => {
                tracing::info!(error = %crate::telemetry::chain(&error), "a picture of a slide cannot be shown");
                faults.push(fault("error-picture-unseen"));
            }
        }
    }
    (pictures, faults)
}
