//! The templates to choose from, each shown by the slide that it makes.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use playlists::geometry::Geometry;
use serde::Deserialize;

use super::page_words;
use crate::app::slides;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::media::slides::language::Language;
use crate::media::slides::library;

/// Largest picture of a template, in pixels a side.
const LARGEST: u32 = 1280;

/// A template in the gallery.
struct Choice {
    id: String,
    name: String,
    about: String,
    mark: String,
}

#[derive(Template)]
#[template(path = "slides.html")]
struct GalleryPage {
    frame: Frame,
    t: Tr,
    choices: Vec<Choice>,
}

/// `GET /slides/new`.
pub(in crate::http) async fn show(visitor: Visitor) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let mut choices = Vec::new();
    for id in library::ids() {
        let loaded = library::shipped(&id).map_err(PageError::failed)?;
        let (name, about) = (page_words(t, &loaded.template.name), page_words(t, &loaded.template.about));
        choices.push(Choice { id, name, about, mark: loaded.mark.clone() });
    }
    page(&GalleryPage { frame: Frame::of(&visitor, "assets"), t, choices })
}

/// How a template's picture is wanted.
#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    w: u32,
    h: u32,
    language: Language,
    /// The mark of the template's files: the picture is the same while it is.
    #[serde(default)]
    mark: String,
}

/// `GET /slides/templates/{id}?w=&h=&language=&mark=`: the template's own sample.
pub(in crate::http) async fn picture(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let loaded = library::shipped(&id).map_err(|_| PageError::Missing)?;
    let geometry = Geometry::new(asked.w.min(LARGEST), asked.h.min(LARGEST)).map_err(|_| PageError::Unreadable)?;
    let png = slides::sample(&site.app, &loaded, asked.language, geometry).await.map_err(PageError::failed)?;
    let kept = if asked.mark == loaded.mark { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, kept)], png).into_response())
}
