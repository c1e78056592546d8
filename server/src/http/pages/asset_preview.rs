//! An asset's preview at any pixels; a browser that holds it is told that it is still the same.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use playlists::asset::{AssetKind, Language};
use playlists::geometry::Geometry;
use playlists::id::AssetId;
use playlists::overlay::OverlaySize;
use serde::Deserialize;

use crate::app::assets::{self, PreviewError, preview};
use crate::http::board::names;
use crate::http::error::PageError;
use crate::http::site::Site;

/// A slide has any shape: it is seen as on a usual board, for which it is often made already. On fewer pixels its letters would not fit.
const SLIDE: (u32, u32) = (640, 320);
/// Browsers keep a preview and ask each time whether it is still the same: an asset may be replaced.
const KEPT: &str = "private, no-cache";

/// What a preview is asked for.
#[derive(Deserialize)]
pub(in crate::http) struct Size {
    w: u32,
    h: u32,
    /// In this language; in the one that stands for the asset where nothing is said.
    #[serde(default)]
    language: String,
    /// Keep the asset's own shape within these pixels, instead of bringing it to exactly these; of a slide, that of a usual board.
    #[serde(default)]
    own: bool,
    /// As it lies in a corner of a board of these pixels, so many per cent of it high; transparent where it is.
    over: Option<u8>,
}

/// `GET /assets/{id}/preview?w=&h=&own=&over=`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(size): Query<Size>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let geometry = Geometry::new(size.w, size.h).map_err(|_| PageError::Unreadable)?;
    let geometry = if size.own { own_shape(&site, &id, geometry).await? } else { geometry };
    let language = match size.language.as_str() {
        "" => None,
        tag => Some(tag.parse::<Language>().map_err(|_| PageError::Missing)?),
    };
    let over = size.over.map(OverlaySize::new).transpose().map_err(|_| PageError::Unreadable)?;
    let found = match over {
        Some(over) => preview::find_over(&site.app, &id, geometry, over).await,
        None => preview::find(&site.app, &id, language.as_ref(), geometry).await,
    };
    let found = found.map_err(refused)?;
    let etag = format!("\"{}\"", found.mark);
    let held = headers.get(header::IF_NONE_MATCH).and_then(|held| held.to_str().ok());
    let head = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, KEPT.to_owned())];
    if held.is_some_and(|held| names(held, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let picture = preview::make(&site.app, found).await.map_err(refused)?;
    let kind = if picture.starts_with(b"\x89PNG") {
        "image/png"
    } else if picture.starts_with(b"RIFF") {
        "image/webp"
    } else {
        "image/jpeg"
    };
    Ok((head, [(header::CONTENT_TYPE, kind)], picture).into_response())
}

fn refused(error: PreviewError) -> PageError {
    match error {
        PreviewError::Unknown(_) => PageError::Missing,
        other => PageError::failed(other),
    }
}

/// The largest pixels of the asset's own shape within these.
async fn own_shape(site: &Site, id: &AssetId, within: Geometry) -> Result<Geometry, PageError> {
    let asset = assets::get(&site.app, id).await?.ok_or(PageError::Missing)?;
    if asset.kind == AssetKind::Slide {
        return Geometry::new(SLIDE.0, SLIDE.1).map_err(|_| PageError::Unreadable);
    }
    // A running text has no shape of its own: it is a strip of the height that boards of these pixels have.
    let Some((width, height)) = asset.main().and_then(|version| version.pixels) else { return Ok(within) };
    let (width, height) = (u64::from(width), u64::from(height));
    let (w, h) = (u64::from(within.width()), u64::from(within.height()));
    let wider = width * h > height * w;
    let (w, h) = if wider { (w, (height * w / width.max(1)).max(1)) } else { ((width * h / height.max(1)).max(1), h) };
    let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    Geometry::new(side(w), side(h)).map_err(|_| PageError::Unreadable)
}
