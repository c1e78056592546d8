//! Pictures for a slide: chosen from the library, or uploaded into it, and seen small.

use askama::Template;
use axum::Json;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use playlists::asset::{Fit, Language};
use playlists::geometry::Geometry;
use playlists::id::Digest;
use serde::{Deserialize, Serialize};

use crate::app::assets::Label;
use crate::app::slides::{self, Decoding};
use crate::app::units;
use crate::app::uploads::fault;
use crate::http::error::{PageError, page};
use crate::http::pages::assets::{Unreceived, receive};
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::media::blobs::BlobError;
use crate::telemetry::chain;

/// Pictures offered at a time; a search finds the others.
const OFFERED: u32 = 24;
/// Largest picture shown in the editor, in pixels a side.
const LARGEST: u32 = 640;

/// A picture that is offered.
pub(super) struct Offered {
    pub(super) digest: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

/// The pictures offered for a field: the one that is chosen first, then the newest of the library that are found.
pub(super) struct Offer {
    /// The field.
    pub(super) field: String,
    pub(super) pictures: Vec<Offered>,
}

impl Offer {
    /// For a field, with the digest of what is chosen; empty: nothing.
    pub(super) async fn of(site: &Site, t: Tr, field: &str, search: &str, chosen: &str) -> Result<Self, PageError> {
        let mut pictures = Vec::new();
        for (digest, name) in slides::offered(&site.app, search, OFFERED).await? {
            let digest = digest.to_string();
            let is_known = pictures.iter().any(|offered: &Offered| offered.digest == digest);
            if !is_known {
                pictures.push(Offered { chosen: digest == chosen, digest, name });
            }
        }
        match pictures.iter().position(|offered| offered.chosen) {
            Some(place) => {
                let found = pictures.remove(place);
                pictures.insert(0, found);
            }
            None if chosen.parse::<Digest>().is_ok() => {
                pictures.insert(0, Offered { digest: chosen.to_owned(), name: t.s("slide-picture-chosen"), chosen: true });
            }
            None => {}
        }
        Ok(Self { field: field.to_owned(), pictures })
    }
}

#[derive(Template)]
#[template(path = "parts/slide_pictures.html")]
struct Part {
    t: Tr,
    offer: Offer,
}

/// What is looked for.
#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    field: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    chosen: String,
}

/// `GET /slides/pictures?field=&q=&chosen=`: what the library has.
pub(in crate::http) async fn offer(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let offer = Offer::of(&site, t, &asked.field, &asked.q, &asked.chosen).await?;
    page(&Part { t, offer })
}

#[derive(Serialize)]
struct Added {
    digest: String,
    name: String,
}

/// `POST /slides/pictures`: one file, which joins the library; answers its digest and name, or in words why it is not taken.
pub(in crate::http) async fn upload(
    State(site): State<Site>,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Response, PageError> {
    let t = visitor.t;
    let unit = units::own(&site.app).await?.ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit")))?.id;
    while let Some(part) = form.next_field().await.map_err(|_| PageError::Unreadable)? {
        let name = part.file_name().unwrap_or_default().to_owned();
        if part.name() != Some("file") || name.is_empty() {
            continue;
        }
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
        let refused =
            match receive(&site.app, Label { unit, name: stem, language: Language::undetermined(), fit: Fit::Contain }, part)
                .await
            {
                Ok(asset) => match slides::picture_of(&asset) {
                    Some(digest) => return Ok(Json(Added { digest: digest.to_string(), name: asset.name }).into_response()),
                    None => t.s("slide-picture-clip"),
                },
                Err(Unreceived::Refused(error)) => {
                    tracing::info!(error = %chain(&error), "a picture for a slide was refused");
                    let fault = fault::of(&error);
                    t.args(&fault.code, &fault.args)
                }
                Err(Unreceived::TooMuch) => t.a("upload-large", "name", &name),
                Err(Unreceived::CutOff) => return Err(PageError::Unreadable),
            };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, refused).into_response());
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, t.s("upload-none")).into_response())
}

/// How a picture is to be seen.
#[derive(Deserialize)]
pub(in crate::http) struct Size {
    w: u32,
    h: u32,
}

/// `GET /slides/pictures/{digest}?w=&h=`: whole, within these pixels.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    Path(digest): Path<String>,
    Query(size): Query<Size>,
) -> Result<Response, PageError> {
    let digest = digest.parse::<Digest>().map_err(|_| PageError::Missing)?;
    let within = Geometry::new(size.w.min(LARGEST), size.h.min(LARGEST)).map_err(|_| PageError::Unreadable)?;
    let png = match slides::small(&site.app, &digest, within).await {
        Ok(png) => png,
        Err(Decoding::Blob(BlobError::Missing(_)) | Decoding::Media(_)) => return Err(PageError::Missing),
        Err(error) => return Err(PageError::failed(error)),
    };
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "private, max-age=31536000, immutable")];
    Ok((headers, png).into_response())
}
