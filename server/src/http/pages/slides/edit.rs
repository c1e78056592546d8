//! The editor of a slide: fields in each language side by side, pictures of it at several sizes of board, faults beside their fields.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use data_encoding::BASE64;
use playlists::geometry::Geometry;
use playlists::id::AssetId;

use super::form::Filled;
use super::lines::{Line, Of, lines};
use super::look::{FaultInWords, in_words};
use super::{language_name, page_words};
use crate::app::slides::{self, Draft};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::pages::fields::Errors;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::{Language as PageLanguage, Tr};
use crate::media::slides::language::Language;
use crate::media::slides::library::{self, Loaded};

/// Sizes of the fleet that a slide is shown at while it is filled in.
const SIZES: u32 = 6;
/// Shown where there is no board yet, or beside the fleet's: tall, wide, large.
const USUAL: [(u32, u32); 3] = [(64, 256), (256, 128), (640, 320)];
/// The largest board of the preview, in pixels a side.
pub(super) const LARGEST: u32 = 3840;

/// A language that texts are written in.
struct Tongue {
    code: &'static str,
    name: String,
    /// Whether its texts are open.
    shown: bool,
    /// Whether the pictures are in it.
    seen: bool,
}

/// A picture of the slide.
struct Tile {
    width: u32,
    height: u32,
    geometry: String,
    boards: String,
    /// `data:` address; empty until the script asks for it.
    picture: String,
}

#[derive(Template)]
#[template(path = "slide.html")]
struct EditorPage {
    frame: Frame,
    t: Tr,
    /// Empty for a new one.
    id: String,
    title: String,
    template: String,
    template_name: String,
    name: String,
    lines: Vec<Line>,
    tongues: Vec<Tongue>,
    tiles: Vec<Tile>,
    own_width: u32,
    own_height: u32,
    errors: Errors,
    /// What is wrong, where the page itself has painted the slide.
    faults: Vec<FaultInWords>,
    saved: bool,
}

/// What the editor shows.
pub(super) struct Shown<'a> {
    pub(super) id: Option<&'a AssetId>,
    pub(super) loaded: &'a Loaded,
    pub(super) name: String,
    pub(super) filled: Filled,
    pub(super) language: Option<Language>,
    pub(super) own: Option<Geometry>,
    pub(super) painted: bool,
    pub(super) saved: bool,
}

/// `GET /slides/new/{template}`.
pub(in crate::http) async fn new(
    State(site): State<Site>,
    visitor: Visitor,
    Path(template): Path<String>,
) -> Result<Html<String>, PageError> {
    let loaded = library::shipped(&template).map_err(|_| PageError::Missing)?;
    let filled = Filled::default();
    let shown =
        Shown { id: None, loaded: &loaded, name: String::new(), filled, language: None, own: None, painted: false, saved: false };
    editor(&site, &visitor, shown).await
}

pub(super) async fn editor(site: &Site, visitor: &Visitor, shown: Shown<'_>) -> Result<Html<String>, PageError> {
    let (t, loaded, content) = (visitor.t, shown.loaded, &shown.filled.content);
    let own = shown.own.unwrap_or(Geometry::new(960, 540).map_err(PageError::failed)?);
    let page_language = match t.language {
        PageLanguage::Vietnamese => Language::Vi,
        PageLanguage::English => Language::En,
    };
    let first = content.texts.keys().next().copied();
    let seen = shown.language.or(first).unwrap_or(page_language);
    let mut sizes = slides::sizes(&site.app, SIZES).await?;
    for (width, height) in USUAL {
        let usual = Geometry::new(width, height).map_err(PageError::failed)?;
        if sizes.len() < USUAL.len() && sizes.iter().all(|(size, _)| *size != usual) {
            sizes.push((usual, 0));
        }
    }
    let (mut tiles, mut faults) = (Vec::new(), Vec::new());
    for (size, boards) in sizes.into_iter().map(|(size, boards)| (size, Some(boards))).chain([(own, None)]) {
        let mut picture = String::new();
        if shown.painted && shown.filled.is_sound {
            let draft = Draft { template: loaded.id.clone(), content: content.clone() };
            if let Ok(look) = slides::look(&site.app, &draft, seen, size).await {
                picture = format!("data:image/png;base64,{}", BASE64.encode(&look.png));
                faults.extend(look.faults.iter().map(|fault| in_words(t, fault)));
            }
        }
        tiles.push(Tile {
            width: size.width(),
            height: size.height(),
            geometry: format!("{} × {}", size.width(), size.height()),
            boards: boards.map(|boards| t.n("boards-count", i64::try_from(boards).unwrap_or(i64::MAX))).unwrap_or_default(),
            picture,
        });
    }
    let errors = Errors::of(t, &shown.filled.errors);
    let tongue = |language: Language| Tongue {
        code: language.code(),
        name: language_name(t, language),
        shown: matches!(language, Language::Vi | Language::En) || content.texts.contains_key(&language),
        seen: language == seen,
    };
    page(&EditorPage {
        frame: Frame::of(visitor, "assets"),
        t,
        id: shown.id.map(ToString::to_string).unwrap_or_default(),
        title: if shown.id.is_none() { t.s("slide-new") } else { shown.name.clone() },
        template: loaded.id.clone(),
        template_name: page_words(t, &loaded.template.name),
        name: shown.name.clone(),
        lines: lines(site, t, loaded, content, &errors, &faults).await?,
        tongues: Language::ALL.map(tongue).into(),
        tiles,
        own_width: own.width(),
        own_height: own.height(),
        errors,
        faults,
        saved: shown.saved,
    })
}
