//! Pictures of assets at exact pixels: what renditions of stills, slides and tickers are made by, and previews.

use std::sync::Arc;

use ::playlists::asset::AssetKind;
use ::playlists::geometry::Geometry;
use chrono::NaiveDate;
use resvg::tiny_skia::Pixmap;

use super::App;
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::slides::document::{DocumentError, SlideDocument, TickerDocument, band_height};
use crate::media::slides::error::SlideError;
use crate::media::slides::language::Language;
use crate::media::slides::library::{self, LibraryError};
use crate::media::slides::picture::Decoded;
use crate::media::slides::ticker::{self, TickerError};
use crate::media::slides::{self, Pictures};
use crate::media::{at_the_bench, in_time, stills};
use crate::store::asset_versions::AssetVersion;

/// A picture, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// A PNG.
    pub png: Vec<u8>,
    /// Of a ticker: the width of its strip in pixels.
    pub strip_width: Option<u32>,
}

/// What becomes of a slide whose words do not fit, or that lacks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is refused: no board shows it.
    Refused,
    /// It is drawn as far as it goes, and what is wrong is framed: for pages.
    Framed,
}

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The original is damaged, or its pixels cannot be made.
    #[error(transparent)]
    Media(MediaError),
    /// The disk.
    #[error(transparent)]
    Blob(BlobError),
    /// The document of a slide or ticker is wrong.
    #[error(transparent)]
    Document(DocumentError),
    /// The template of a slide is not there.
    #[error(transparent)]
    Template(LibraryError),
    /// The slide cannot be made.
    #[error(transparent)]
    Slide(SlideError),
    /// The strip cannot be made.
    #[error(transparent)]
    Ticker(TickerError),
    /// A clip's pictures are made by ffmpeg.
    #[error("a clip is not drawn")]
    Clip,
}

/// Draws a version at these pixels, as it is on `today`; a ticker as the strip for boards of these pixels.
///
/// # Errors
/// When its original cannot be read, or the picture cannot be made.
pub async fn version(
    app: &App,
    kind: AssetKind,
    version: &AssetVersion,
    geometry: Geometry,
    today: NaiveDate,
    unfit: Unfit,
) -> Result<Drawn, DrawError> {
    let original = app.blobs.read(&version.sha256).await.map_err(DrawError::Blob)?;
    let language = language_of(version.language.as_str());
    match kind {
        AssetKind::Still => {
            let (fit, focus) = (version.fit, version.focus);
            let png = in_time(move || stills::render(&original, fit, focus, geometry)).await.map_err(DrawError::Media)?;
            Ok(Drawn { png, strip_width: None })
        }
        AssetKind::Slide => {
            let document = SlideDocument::read(&original).map_err(DrawError::Document)?;
            slide(app, document, language, geometry, today, unfit).await
        }
        AssetKind::Ticker => {
            let document = TickerDocument::read(&original).map_err(DrawError::Document)?;
            strip(document, language, geometry).await
        }
        AssetKind::Clip => Err(DrawError::Clip),
    }
}

/// Draws a still as it lies over a loop: whole, within so many columns and rows, transparent where it is.
///
/// # Errors
/// When its original cannot be read, or the picture cannot be made.
pub async fn overlay(app: &App, version: &AssetVersion, room: (u32, u32)) -> Result<Drawn, DrawError> {
    let original = app.blobs.read(&version.sha256).await.map_err(DrawError::Blob)?;
    let png = in_time(move || stills::within(&original, room)).await.map_err(DrawError::Media)?;
    Ok(Drawn { png, strip_width: None })
}

/// Draws a slide.
///
/// # Errors
/// When one of its pictures cannot be read, or it cannot be made.
async fn slide(
    app: &App,
    document: SlideDocument,
    language: Language,
    geometry: Geometry,
    today: NaiveDate,
    unfit: Unfit,
) -> Result<Drawn, DrawError> {
    let mut files = Vec::new();
    for (field, digest) in document.pictures().map_err(DrawError::Document)? {
        let focus = document.content.pictures.get(&field).and_then(|picture| picture.focus);
        files.push((field, app.blobs.read(&digest).await.map_err(DrawError::Blob)?, focus));
    }
    let made = move || {
        let loaded = library::shipped(&document.template).map_err(DrawError::Template)?;
        let mut pictures = Pictures::new();
        for (field, bytes, focus) in files {
            let decoded =
                Decoded::of(&bytes).map_err(|cause| DrawError::Slide(SlideError::Picture { field: field.clone(), cause }))?;
            pictures.insert(field, (Arc::new(decoded), focus));
        }
        let pixels = match unfit {
            Unfit::Refused => slides::pixels(&loaded, &document.content, &pictures, language, geometry, today),
            Unfit::Framed => {
                slides::proof(&loaded, &document.content, &pictures, language, geometry, today).map(|proof| proof.pixels)
            }
        };
        stills::encode(&pixels.map_err(DrawError::Slide)?).map_err(DrawError::Media)
    };
    Ok(Drawn { png: at_the_bench(made).await?, strip_width: None })
}

/// Draws the strip of a ticker for boards of these pixels.
///
/// # Errors
/// When it cannot be made.
pub async fn strip(document: TickerDocument, language: Language, geometry: Geometry) -> Result<Drawn, DrawError> {
    let made = move || {
        let strip = strip_pixels(&document, language, geometry).map_err(DrawError::Ticker)?;
        let png = strip.encode_png().map_err(|e| DrawError::Media(MediaError::Encode(e.to_string())))?;
        Ok(Drawn { png, strip_width: Some(strip.width()) })
    };
    at_the_bench(made).await
}

/// The pixels of a ticker's strip for boards of these pixels.
///
/// # Errors
/// When it cannot be made.
pub(super) fn strip_pixels(document: &TickerDocument, language: Language, geometry: Geometry) -> Result<Pixmap, TickerError> {
    if geometry.height() < ticker::LEAST_HEIGHT {
        return Err(TickerError::Height(geometry.height()));
    }
    ticker::banded(&document.text, language, band_height(geometry), document.ink, document.band)
}

/// The language that texts are set in: without words, and in a language that slides are not set in, as Vietnamese.
#[must_use]
pub fn language_of(tag: &str) -> Language {
    tag.split('-').next().and_then(|tag| tag.parse().ok()).unwrap_or(Language::Vi)
}
