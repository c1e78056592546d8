//! Saving a slide, and opening one that was saved.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::geometry::Geometry;
use playlists::id::AssetId;
use serde::Deserialize;

use super::edit::{LARGEST, Shown, editor};
use super::form::{self, Filled};
use crate::app::{assets, units};
use crate::http::error::PageError;
use crate::http::pages::fields::Fields;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::media::slides::document::SlideDocument;
use crate::media::slides::library;

/// Whether the form was just saved.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Saved {
    #[serde(default)]
    saved: bool,
}

/// `GET /slides/{id}`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(saved): Query<Saved>,
) -> Result<Html<String>, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    let asset = assets::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    let document = assets::slide(&site.app, &asset).await.map_err(PageError::failed)?.ok_or(PageError::Missing)?;
    let loaded = library::shipped(&document.template).map_err(PageError::failed)?;
    let filled = Filled { content: document.content, errors: Vec::new(), is_sound: true };
    let shown = Shown {
        id: Some(&id),
        loaded: &loaded,
        name: asset.name.clone(),
        filled,
        language: None,
        own: None,
        painted: false,
        saved: saved.saved,
    };
    editor(&site, &visitor, shown).await
}

/// `POST /slides` and `POST /slides/{id}`: saves, or shows how it looks where no script does that.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = id.map(|Path(id)| id.parse::<AssetId>()).transpose().map_err(|_| PageError::Missing)?;
    let fields = Fields(sent);
    let loaded = library::shipped(&fields.one("template")).map_err(|_| PageError::Missing)?;
    let mut shown = Shown {
        id: id.as_ref(),
        loaded: &loaded,
        name: fields.one("name"),
        filled: form::read(&loaded, &fields),
        language: fields.one("language").parse().ok(),
        own: own_size(&fields),
        painted: true,
        saved: false,
    };
    if fields.one("do") == "look" {
        return Ok(editor(&site, &visitor, shown).await?.into_response());
    }
    let unit = units::own(&site.app).await?.ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit")))?.id;
    if shown.filled.errors.is_empty() {
        let document = SlideDocument { template: loaded.id.clone(), content: shown.filled.content.clone() };
        let draft = assets::SlideDraft { name: shown.name.clone(), document };
        match assets::save_slide(&site.app, &unit, id.as_ref(), &draft).await.map_err(PageError::failed)? {
            Ok(asset) => return Ok(Redirect::to(&format!("/slides/{}?saved=true", asset.id)).into_response()),
            Err(errors) => shown.filled.errors = errors,
        }
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, editor(&site, &visitor, shown).await?).into_response())
}

fn own_size(fields: &Fields) -> Option<Geometry> {
    let side = |name: &str| fields.one(name).parse::<u32>().ok().filter(|side| *side <= LARGEST);
    Geometry::new(side("own_width")?, side("own_height")?).ok()
}
