//! The library: what was uploaded, with previews; uploading; one asset with its renditions.

use askama::Template;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::asset::{AssetKind, Fit, Language};
use playlists::geometry::Geometry;
use playlists::id::AssetId;
use serde::Deserialize;

use crate::app::assets::{self, AddAssetError, Label, PreviewError};
use crate::app::uploads::{Upload, fault};
use crate::app::{App, units, upkeep};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;
use crate::store::assets::Asset;
use crate::store::renditions::{self, Rendition, State as RenditionState};
use crate::telemetry::chain;

/// Assets of one page.
const PAGE: usize = 48;
/// Renditions named on an asset's page.
const MOST_RENDITIONS: u32 = 100;

/// An asset in the grid.
pub(super) struct Card {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// Its pixels.
    pub(super) geometry: String,
    /// Its bytes.
    pub(super) size: String,
    /// How long it plays; empty for a still.
    pub(super) length: String,
}

/// An asset as a card.
pub(super) fn card(t: Tr, asset: &Asset) -> Card {
    let main = asset.main();
    let pixels = main.and_then(|version| version.pixels);
    Card {
        id: asset.id.to_string(),
        name: asset.name.clone(),
        geometry: pixels.map(|(width, height)| format!("{width} × {height}")).unwrap_or_default(),
        size: t.bytes(i64::try_from(main.map_or(0, |version| version.size_bytes)).unwrap_or(i64::MAX)),
        length: asset.clip_ms().map(|length| t.clip_length(length)).unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "assets.html")]
struct LibraryPage {
    frame: Frame,
    t: Tr,
    cards: Vec<Card>,
    search: String,
    later: Option<String>,
    faults: Vec<String>,
    added: i64,
}

#[derive(Template)]
#[template(path = "asset.html")]
struct AssetPage {
    frame: Frame,
    t: Tr,
    card: Card,
    fit: String,
    media_type: String,
    added: String,
    sha256: String,
    /// Where it is edited, if it is made here; empty where it is a file.
    edit: String,
    renditions: Vec<Made>,
    has_failed: bool,
}

/// A rendition in words.
struct Made {
    geometry: String,
    width: u32,
    height: u32,
    state: String,
    class: &'static str,
    size: String,
    error: String,
}

/// What the list is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    added: i64,
}

/// What a preview is asked for.
#[derive(Deserialize)]
pub(in crate::http) struct Size {
    w: u32,
    h: u32,
    /// Keep the asset's own shape within these pixels, instead of bringing it to exactly these.
    #[serde(default)]
    own: bool,
}

async fn library(site: &Site, visitor: &Visitor, asked: &Asked, faults: Vec<String>) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let after = asked.after.parse::<AssetId>().ok();
    let limit = u32::try_from(PAGE + 1).unwrap_or(u32::MAX);
    let mut found = assets::list(&site.app, &asked.q, after.as_ref(), limit).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let later = found.last().filter(|_| more).map(|last| format!("/assets?q={}&after={}", escape(&asked.q), last.id));
    let cards = found.iter().map(|asset| card(t, asset)).collect();
    let frame = Frame::of(visitor, "assets");
    page(&LibraryPage { frame, t, cards, search: asked.q.clone(), later, faults, added: asked.added })
}

/// `GET /assets`.
pub(in crate::http) async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    library(&site, &visitor, &asked, Vec::new()).await
}

/// `POST /assets`: many files; each is taken or refused on its own. A script that asks for plain text gets one sentence.
pub(in crate::http) async fn upload(
    State(site): State<Site>,
    visitor: Visitor,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, PageError> {
    let t = visitor.t;
    let unit = units::own(&site.app)
        .await?
        .ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit of the province")))?
        .id;
    let (mut fit, mut added, mut faults) = (Fit::default(), 0_i64, Vec::new());
    while let Some(part) = form.next_field().await.map_err(|_| PageError::Unreadable)? {
        match part.name() {
            Some("fit") => {
                fit = part.text().await.map_err(|_| PageError::Unreadable)?.parse().map_err(|_| PageError::Unreadable)?
            }
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    continue; // the form was sent without a file
                }
                let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
                let label = Label { unit: unit.clone(), name: stem, language: Language::undetermined(), fit };
                match receive(&site.app, label, part).await {
                    Ok(_) => added += 1,
                    Err(Unreceived::Refused(error)) => {
                        tracing::info!(error = %chain(&error), "an upload was refused");
                        let fault = fault::of(&error);
                        faults.push(format!("{name}: {}", t.args(&fault.code, &fault.args)));
                    }
                    Err(Unreceived::TooMuch) => {
                        faults.push(t.a("upload-large", "name", &name));
                        break;
                    }
                    Err(Unreceived::CutOff) => return Err(PageError::Unreadable),
                }
            }
            _ => {}
        }
    }
    if added == 0 && faults.is_empty() {
        faults.push(t.s("upload-none"));
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/plain") {
        let said = faults.into_iter().next().unwrap_or_else(|| t.s("upload-done"));
        return Ok(
            (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::VARY, "accept")], said).into_response()
        );
    }
    if faults.is_empty() {
        return Ok(Redirect::to(&format!("/assets?added={added}")).into_response());
    }
    Ok((status, library(&site, &visitor, &Asked { added, ..Asked::default() }, faults).await?).into_response())
}

/// Why a file was not received.
pub(super) enum Unreceived {
    /// It is refused, or cannot be kept.
    Refused(AddAssetError),
    /// The whole form is larger than a form may be.
    TooMuch,
    /// The form ends in the middle.
    CutOff,
}

/// Receives one file piece by piece: what is too large is refused before it is read whole.
pub(super) async fn receive(app: &App, label: Label, mut part: Field<'_>) -> Result<Asset, Unreceived> {
    let mut upload = Upload::begin(app).await.map_err(Unreceived::Refused)?;
    loop {
        match part.chunk().await {
            Ok(Some(piece)) => upload.write(&piece).await.map_err(Unreceived::Refused)?,
            Ok(None) => break,
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(Unreceived::TooMuch),
            Err(_) => return Err(Unreceived::CutOff),
        }
    }
    assets::add_upload(app, label, upload).await.map_err(Unreceived::Refused)
}

/// `GET /assets/{id}`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let (t, id) = (visitor.t, id.parse::<AssetId>().map_err(|_| PageError::Missing)?);
    let asset = assets::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    let main = asset.main().ok_or(PageError::Missing)?;
    let made = renditions::list(&site.app.db, &id, MOST_RENDITIONS).await?;
    page(&AssetPage {
        frame: Frame::of(&visitor, "assets"),
        t,
        card: card(t, &asset),
        fit: fit_name(t, main.fit),
        media_type: main.media_type.clone(),
        added: t.instant_ms(asset.created_ms),
        sha256: main.sha256.to_string(),
        edit: if asset.kind == AssetKind::Slide { format!("/slides/{}", asset.id) } else { String::new() },
        has_failed: made.iter().any(|made| matches!(made.state, RenditionState::Failed { .. })),
        renditions: made.iter().map(|made| in_words(t, made, site.app.live.making.percent(&made.key))).collect(),
    })
}

/// `POST /assets/{id}/retry`: the renditions that failed are made again.
pub(in crate::http) async fn retry(State(site): State<Site>, Path(id): Path<String>) -> Result<Redirect, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let asset = assets::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    upkeep::retry(&site.app, &asset.id).await?;
    Ok(Redirect::to(&format!("/assets/{id}#renditions")))
}

fn fit_name(t: Tr, fit: Fit) -> String {
    match fit {
        Fit::Cover => t.s("fit-cover"),
        Fit::Contain => t.s("fit-contain"),
        Fit::Stretch => t.s("fit-stretch"),
    }
}

fn in_words(t: Tr, rendition: &Rendition, percent: Option<u32>) -> Made {
    let geometry = rendition.key.geometry;
    let (state, class, size, error) = match &rendition.state {
        RenditionState::Ready { size_bytes, .. } => {
            (t.s("rendition-ready"), "live", t.bytes(i64::try_from(*size_bytes).unwrap_or(i64::MAX)), String::new())
        }
        RenditionState::Failed { error } => (t.s("rendition-failed"), "silent", String::new(), error.clone()),
        RenditionState::Wanted => {
            let state = percent.map(|percent| t.a("rendition-making", "percent", percent.to_string()));
            (state.unwrap_or_else(|| t.s("rendition-wanted")), "updating", String::new(), String::new())
        }
    };
    let geometry_name = format!("{} × {}", geometry.width(), geometry.height());
    Made { geometry: geometry_name, width: geometry.width(), height: geometry.height(), state, class, size, error }
}

/// The largest pixels of the asset's own shape within these.
async fn own_shape(site: &Site, id: &AssetId, within: Geometry) -> Result<Geometry, PageError> {
    let asset = assets::get(&site.app, id).await?.ok_or(PageError::Missing)?;
    // A document has no shape of its own: what it becomes has the shape that is asked for.
    let Some((width, height)) = asset.main().and_then(|version| version.pixels) else { return Ok(within) };
    let (width, height) = (u64::from(width), u64::from(height));
    let (w, h) = (u64::from(within.width()), u64::from(within.height()));
    let wider = width * h > height * w;
    let (w, h) = if wider { (w, (height * w / width.max(1)).max(1)) } else { ((width * h / height.max(1)).max(1), h) };
    let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    Geometry::new(side(w), side(h)).map_err(|_| PageError::Unreadable)
}

/// `GET /assets/{id}/preview?w=&h=&own=`.
pub(in crate::http) async fn preview(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(size): Query<Size>,
) -> Result<Response, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let geometry = Geometry::new(size.w, size.h).map_err(|_| PageError::Unreadable)?;
    let geometry = if size.own { own_shape(&site, &id, geometry).await? } else { geometry };
    let bytes = match assets::preview(&site.app, &id, None, geometry).await {
        Err(PreviewError::Unknown(_)) => return Err(PageError::Missing),
        other => other.map_err(PageError::failed)?,
    };
    let kind = if bytes.starts_with(b"\x89PNG") {
        "image/png"
    } else if bytes.starts_with(b"RIFF") {
        "image/webp"
    } else {
        "image/jpeg"
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=86400")], bytes).into_response())
}
