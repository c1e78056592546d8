//! The editor of running text: texts, colours and speed, with the strip as boards get it.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::asset::AssetKind;
use playlists::geometry::Geometry;
use playlists::id::AssetId;

use super::assets::language_name;
use super::fields::{Errors, Fields};
use crate::app::assets::{self, TickerDraft};
use crate::app::draw::{self, DrawError};
use crate::app::{FieldError, faults, units};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::media::slides::document::{MOST_PIXELS_A_FRAME, MOST_TICKER_CHARACTERS, TickerDocument};
use crate::media::slides::language::Language as SetIn;

/// A new ticker's letters, band and speed.
const NEW: (&str, &str, &str) = ("#ffffff", "#0b3a5d", "2");

/// The text of one language.
struct Text {
    tag: &'static str,
    language: String,
    text: String,
    fault: String,
}

/// A size of board for the preview.
struct Size {
    value: String,
    words: String,
}

#[derive(Template)]
#[template(path = "ticker.html")]
struct TickerPage {
    frame: Frame,
    t: Tr,
    /// Empty for a new one.
    id: String,
    title: String,
    draft: TickerDraft,
    texts: Vec<Text>,
    sizes: Vec<Size>,
    most_characters: usize,
    most_pixels: u32,
    errors: Errors,
}

/// `GET /tickers/new`.
pub(in crate::http) async fn new(State(site): State<Site>, visitor: Visitor) -> Result<Html<String>, PageError> {
    let (ink, band, pixels_a_frame) = NEW;
    let draft = TickerDraft {
        ink: ink.to_owned(),
        band: band.to_owned(),
        pixels_a_frame: pixels_a_frame.to_owned(),
        ..TickerDraft::default()
    };
    form(&site, &visitor, "", draft, &[]).await
}

/// `GET /tickers/{id}`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let asset = assets::get(&site.app, &id).await?.filter(|asset| asset.kind == AssetKind::Ticker).ok_or(PageError::Missing)?;
    let documents = assets::ticker(&site.app, &asset).await.map_err(PageError::failed)?;
    let first = documents.values().next();
    let draft = TickerDraft {
        name: asset.name.clone(),
        texts: documents.iter().map(|(language, document)| (language.to_string(), document.text.clone())).collect(),
        ink: first.map(|document| document.ink.to_string()).unwrap_or_default(),
        band: first.and_then(|document| document.band).map(|band| band.to_string()).unwrap_or_default(),
        pixels_a_frame: first.map(|document| document.pixels_a_frame.to_string()).unwrap_or_default(),
    };
    form(&site, &visitor, id.as_str(), draft, &[]).await
}

/// `POST /tickers` and `POST /tickers/{id}`.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = id.map(|Path(id)| id.parse::<AssetId>()).transpose().map_err(|_| PageError::Missing)?;
    let fields = Fields(sent);
    let draft = TickerDraft {
        name: fields.one("name"),
        texts: SetIn::ALL.iter().map(|language| (language.code().to_owned(), fields.one(&format!("text-{language}")))).collect(),
        ink: fields.one("ink"),
        band: if fields.has("has_band") { fields.one("band") } else { String::new() },
        pixels_a_frame: fields.one("pixels_a_frame"),
    };
    let unit = units::own(&site.app)
        .await?
        .ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit of the province")))?
        .id;
    match assets::save_ticker(&site.app, &unit, id.as_ref(), &draft).await.map_err(PageError::failed)? {
        Ok(asset) => Ok(Redirect::to(&format!("/assets/{}?saved=true", asset.id)).into_response()),
        Err(errors) => {
            let id = id.as_ref().map(ToString::to_string).unwrap_or_default();
            let body = form(&site, &visitor, &id, draft, &errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

/// `POST /tickers/preview`: the strip as boards of these pixels get it, or in words why there is none.
pub(in crate::http) async fn preview(visitor: Visitor, Form(sent): Form<Vec<(String, String)>>) -> Result<Response, PageError> {
    let (t, fields) = (visitor.t, Fields(sent));
    let geometry: Geometry = fields.one("geometry").parse().map_err(|_| PageError::Unreadable)?;
    let language = draw::language_of(&fields.one("language"));
    let band = fields.one("band");
    let band = if band.is_empty() { None } else { Some(band.parse().map_err(|_| PageError::Unreadable)?) };
    let document = TickerDocument {
        text: fields.one("text"),
        ink: fields.one("ink").parse().map_err(|_| PageError::Unreadable)?,
        band,
        pixels_a_frame: 1,
    };
    let refuse = |words: String| {
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        Ok((StatusCode::UNPROCESSABLE_ENTITY, kind, words).into_response())
    };
    let Ok(document) = document.checked() else {
        return refuse(t.a("error-text-long", "most", MOST_TICKER_CHARACTERS));
    };
    match draw::strip(document, language, geometry).await {
        Ok(drawn) => {
            let head = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")];
            Ok((head, drawn.png).into_response())
        }
        Err(DrawError::Ticker(fault)) => {
            let fault = faults::of_ticker(&fault);
            refuse(t.args(&fault.code, &fault.args))
        }
        Err(fault) => Err(PageError::failed(fault)),
    }
}

async fn form(
    site: &Site,
    visitor: &Visitor,
    id: &str,
    draft: TickerDraft,
    errors: &[FieldError],
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let errors = Errors::of(t, errors);
    let text = |language: &SetIn| Text {
        tag: language.code(),
        language: language_name(t, language.code()),
        text: draft.texts.get(language.code()).cloned().unwrap_or_default(),
        fault: errors.at(&format!("texts.{language}")).to_owned(),
    };
    let texts = SetIn::ALL.iter().map(text).collect();
    let size = |size: Geometry| Size { value: size.to_string(), words: format!("{} × {}", size.width(), size.height()) };
    page(&TickerPage {
        frame: Frame::of(visitor, "assets"),
        t,
        id: id.to_owned(),
        title: if id.is_empty() { t.s("ticker-new") } else { draft.name.clone() },
        draft,
        texts,
        sizes: super::sizes::of_fleet(&site.app).await?.into_iter().map(size).collect(),
        most_characters: MOST_TICKER_CHARACTERS,
        most_pixels: MOST_PIXELS_A_FRAME,
        errors,
    })
}
