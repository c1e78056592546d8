//! The library: what was uploaded, with previews; uploading; one asset with its renditions.

use askama::Template;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::asset::{AssetKind, Fit, Language};
use playlists::geometry::Geometry;
use playlists::id::AssetId;
use playlists::theme::{self, THEMES};
use serde::Deserialize;

use crate::app::assets::{self, AddAssetError, Label, Search};
use crate::app::uploads::{Upload, fault};
use crate::app::{App, units, upkeep};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;
use crate::store::assets::{Asset, Renditions};
use crate::store::renditions::{Rendition, State as RenditionState, Variant};
use crate::telemetry::chain;

/// Assets of one page.
const PAGE: usize = 48;

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
    /// What it is.
    pub(super) kind: String,
    /// Its languages, where it has any.
    pub(super) languages: String,
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
        kind: kind_name(t, asset.kind),
        languages: asset.versions.keys().filter(|l| !l.is_undetermined()).map(Language::as_str).collect::<Vec<_>>().join(" "),
    }
}

#[derive(Template)]
#[template(path = "assets.html")]
struct LibraryPage {
    frame: Frame,
    t: Tr,
    cards: Vec<Card>,
    search: String,
    filters: Filters,
    /// The part of a preview's address that says its pixels.
    preview: String,
    /// Whether anything is ruled out.
    filtered: bool,
    later: Option<String>,
    faults: Vec<String>,
    added: i64,
}

/// A rendition in words.
pub(super) struct Made {
    pub(super) geometry: String,
    /// Of which language and version, and for which day or corner.
    pub(super) of: String,
    pub(super) language: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Per cent of a board's height, of what lies in a corner.
    pub(super) over: Option<u8>,
    pub(super) state: String,
    pub(super) class: &'static str,
    pub(super) size: String,
    pub(super) error: String,
}

/// The choices above the list: value, words, whether it is chosen.
struct Filters {
    kinds: Vec<(String, String, bool)>,
    themes: Vec<(String, String, bool)>,
    languages: Vec<(String, String, bool)>,
    states: Vec<(String, String, bool)>,
    shapes: Vec<(String, String, bool)>,
    unused: bool,
}

impl Filters {
    async fn of(t: Tr, asked: &Asked, app: &App) -> Result<Self, PageError> {
        let choice = |value: &str, words: String, chosen: &str| (value.to_owned(), words, value == chosen);
        let shapes = super::sizes::of_fleet(app).await?;
        let shapes = shapes.into_iter().map(|g| choice(&g.to_string(), format!("{} × {}", g.width(), g.height()), &asked.shape));
        Ok(Self {
            kinds: AssetKind::ALL.iter().map(|kind| choice(kind.as_str(), kind_name(t, *kind), &asked.kind)).collect(),
            themes: THEMES.iter().map(|id| choice(id, t.theme_of(id), &asked.theme)).collect(),
            languages: ["vi", "en", "zh", "ko", "und"]
                .iter()
                .map(|tag| choice(tag, language_name(t, tag), &asked.language))
                .collect(),
            states: vec![
                choice("wanted", t.s("rendition-wanted"), &asked.state),
                choice("failed", t.s("rendition-failed"), &asked.state),
            ],
            shapes: shapes.collect(),
            unused: !asked.unused.is_empty(),
        })
    }
}

/// What the list is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    unused: String,
    /// At which pixels previews are shown, `640x320`; empty: in their own shapes.
    #[serde(default)]
    shape: String,
    #[serde(default)]
    added: i64,
}

impl Asked {
    fn search(&self) -> Search {
        Search {
            text: self.q.clone(),
            kind: self.kind.parse().ok(),
            theme: theme::known(&self.theme),
            language: self.language.parse().ok(),
            state: match self.state.as_str() {
                "wanted" => Some(Renditions::Wanted),
                "failed" => Some(Renditions::Failed),
                _ => None,
            },
            unused: !self.unused.is_empty(),
        }
    }

    /// The address of the page after this asset.
    fn later(&self, last: &AssetId) -> String {
        let Self { q, kind, theme, language, state, unused, shape, .. } = self;
        let mut address = format!("/assets?after={last}");
        for (name, value) in [
            ("q", q),
            ("kind", kind),
            ("theme", theme),
            ("language", language),
            ("state", state),
            ("unused", unused),
            ("shape", shape),
        ] {
            if !value.is_empty() {
                address.push_str(&format!("&{name}={}", escape(value)));
            }
        }
        address
    }
}

async fn library(site: &Site, visitor: &Visitor, asked: &Asked, faults: Vec<String>) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let after = asked.after.parse::<AssetId>().ok();
    let limit = u32::try_from(PAGE + 1).unwrap_or(u32::MAX);
    let search = asked.search();
    let mut found = assets::find(&site.app, &search, after.as_ref(), limit).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let later = found.last().filter(|_| more).map(|last| asked.later(&last.id));
    let cards = found.iter().map(|asset| card(t, asset)).collect();
    let frame = Frame::of(visitor, "assets");
    let shape = asked.shape.parse::<Geometry>().ok();
    let filters = Filters::of(t, asked, &site.app).await?;
    let preview = shape.map_or_else(|| "w=320&h=200&own=true".to_owned(), |g| format!("w={}&h={}", g.width(), g.height()));
    let filtered = search != Search::default();
    page(&LibraryPage { frame, t, cards, search: asked.q.clone(), filters, preview, filtered, later, faults, added: asked.added })
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

/// Receives one file and makes it an asset.
pub(super) async fn receive(app: &App, label: Label, part: Field<'_>) -> Result<Asset, Unreceived> {
    let upload = receive_all(app, part).await?;
    assets::add_upload(app, label, upload).await.map_err(Unreceived::Refused)
}

/// Receives one file piece by piece: what is too large is refused before it is read whole.
pub(super) async fn receive_all(app: &App, mut part: Field<'_>) -> Result<Upload, Unreceived> {
    let mut upload = Upload::begin(app).await.map_err(Unreceived::Refused)?;
    loop {
        match part.chunk().await {
            Ok(Some(piece)) => upload.write(&piece).await.map_err(Unreceived::Refused)?,
            Ok(None) => return Ok(upload),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(Unreceived::TooMuch),
            Err(_) => return Err(Unreceived::CutOff),
        }
    }
}

/// `POST /assets/{id}/retry`: the renditions that failed are made again.
pub(in crate::http) async fn retry(State(site): State<Site>, Path(id): Path<String>) -> Result<Redirect, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let asset = assets::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    upkeep::retry(&site.app, &asset.id).await?;
    Ok(Redirect::to(&format!("/assets/{id}#renditions")))
}

/// What an asset is.
pub(super) fn kind_name(t: Tr, kind: AssetKind) -> String {
    match kind {
        AssetKind::Still => t.s("kind-still"),
        AssetKind::Clip => t.s("kind-clip"),
        AssetKind::Slide => t.s("kind-slide"),
        AssetKind::Ticker => t.s("kind-ticker"),
    }
}

/// A language by its name; one that pages have no name for by its tag.
pub(super) fn language_name(t: Tr, tag: &str) -> String {
    match tag {
        "und" => t.s("language-und"),
        "vi" => t.s("language-vi"),
        "en" => t.s("language-en"),
        "zh" => t.s("language-zh"),
        "ko" => t.s("language-ko"),
        other => other.to_owned(),
    }
}

/// How far a rendition is, in words.
pub(super) fn in_words(t: Tr, rendition: &Rendition, percent: Option<u32>) -> Made {
    let geometry = rendition.key.geometry;
    let (state, class, size, error) = match &rendition.state {
        RenditionState::Ready { size_bytes, .. } => {
            (t.s("rendition-ready"), "live", t.bytes(i64::try_from(*size_bytes).unwrap_or(i64::MAX)), String::new())
        }
        RenditionState::Failed { error, fault } => {
            let told = fault.as_ref().map(|fault| sentence(&t.args(&fault.code, &fault.args)));
            (t.s("rendition-failed"), "silent", String::new(), told.unwrap_or_else(|| error.clone()))
        }
        RenditionState::Wanted => {
            let state = percent.map(|percent| t.a("rendition-making", "percent", percent.to_string()));
            (state.unwrap_or_else(|| t.s("rendition-wanted")), "updating", String::new(), String::new())
        }
    };
    let geometry_name = format!("{} × {}", geometry.width(), geometry.height());
    let of = &rendition.key.of;
    let variant = match rendition.key.variant {
        Variant::Whole => String::new(),
        Variant::Day(day) => format!(" · {}", day.format("%d/%m/%Y")),
        Variant::Overlay(size) => format!(" · {}", t.a("rendition-overlay", "size", size.get().to_string())),
    };
    Made {
        geometry: geometry_name,
        of: format!("{} · {}{variant}", language_name(t, of.language.as_str()), of.version),
        language: of.language.to_string(),
        width: geometry.width(),
        height: geometry.height(),
        over: if let Variant::Overlay(size) = rendition.key.variant { Some(size.get()) } else { None },
        state,
        class,
        size,
        error,
    }
}

/// Words that stand beside a file's name elsewhere, as a sentence of their own.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
