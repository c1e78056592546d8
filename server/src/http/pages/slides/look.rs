//! What the editor asks while a slide is filled in: how it looks on a board of some pixels, and everything that is wrong with it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use playlists::geometry::Geometry;
use serde::{Deserialize, Serialize};

use crate::app::FieldError;
use crate::app::slides::{self, Draft, LookError, SlideFault};
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::media::slides::content::{Content, ContentError};
use crate::media::slides::language::Language;
use crate::telemetry::chain;

/// Seconds after which a busy server may be asked again.
const AGAIN: &str = "1";

/// A slide as it stands in the editor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Sent {
    template: String,
    content: Content,
}

/// For which board it is to be painted.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Asked {
    /// Width and height in pixels, such as `640x320`.
    geometry: String,
    /// `vi`, `en`, `zh` or `ko`.
    language: Language,
}

/// At which boards all of it is to be checked.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct AskedCheck {
    /// Sizes with commas between them.
    geometries: String,
    /// Languages with commas between them.
    languages: String,
}

/// One thing that is wrong, in words.
#[derive(Debug, Serialize)]
pub(super) struct FaultInWords {
    /// The field it stands beside.
    pub(super) field: String,
    /// What is wrong and what to do.
    pub(super) text: String,
    /// `64 × 256`: the size of board where it is so; empty where it is so at all.
    pub(super) at: String,
    /// Whether the field is only not filled in yet.
    pub(super) empty: bool,
}

#[derive(Serialize)]
struct Answer {
    /// PNG in base64; none where there can be no picture.
    picture: Option<String>,
    faults: Vec<FaultInWords>,
}

pub(super) fn in_words(t: Tr, fault: &SlideFault) -> FaultInWords {
    FaultInWords {
        field: fault.error.field.clone(),
        text: t.args(fault.error.code, &fault.error.args),
        at: fault.at.map(|at| format!("{}\u{a0}×\u{a0}{}", at.width(), at.height())).unwrap_or_default(),
        empty: fault.is_of_empty_field(),
    }
}

/// `POST /slides/preview?geometry=640x320&language=vi`: the slide as a PNG; to who asks for `application/json` with the faults beside it.
pub(in crate::http) async fn preview(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    sent: Result<Json<Sent>, JsonRejection>,
) -> Response {
    let t = visitor.t;
    let draft = match draft_of(sent) {
        Ok(draft) => draft,
        Err(refusal) => return refusal.respond(t),
    };
    let Ok(geometry) = asked.geometry.parse::<Geometry>() else {
        return (StatusCode::BAD_REQUEST, t.s("fail-request-text")).into_response();
    };
    let look = match slides::look(&site.app, &draft, asked.language, geometry).await {
        Ok(look) => look,
        Err(error) => return fail(t, &error),
    };
    let faults: Vec<_> = look.faults.iter().map(|fault| in_words(t, fault)).collect();
    let is_json = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    let mut response = if is_json {
        let picture = (!look.png.is_empty()).then(|| BASE64.encode(&look.png));
        Json(Answer { picture, faults }).into_response()
    } else if faults.is_empty() {
        ([(header::CONTENT_TYPE, "image/png")], look.png).into_response()
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(Answer { picture: None, faults })).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// `POST /slides/check?geometries=64x256,640x320&languages=vi,en`: everything that is wrong in these languages at these sizes.
pub(in crate::http) async fn check(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<AskedCheck>,
    sent: Result<Json<Sent>, JsonRejection>,
) -> Response {
    let t = visitor.t;
    let draft = match draft_of(sent) {
        Ok(draft) => draft,
        Err(refusal) => return refusal.respond(t),
    };
    let (Some(geometries), Some(languages)) = (list(&asked.geometries), list(&asked.languages)) else {
        return (StatusCode::BAD_REQUEST, t.s("fail-request-text")).into_response();
    };
    match slides::check(&site.app, &draft, &languages, &geometries).await {
        Ok(faults) => {
            let faults = faults.iter().map(|fault| in_words(t, fault)).collect();
            Json(Answer { picture: None, faults }).into_response()
        }
        Err(error) => fail(t, &error),
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    let wanted = text.split(',').filter(|part| !part.is_empty());
    wanted.map(|part| part.parse().ok()).collect()
}

/// Why what was sent is no slide.
enum Refusal {
    /// Not read at all.
    Request(JsonRejection),
    /// One of its fields.
    Field(FieldError),
}

impl Refusal {
    fn respond(self, t: Tr) -> Response {
        match self {
            Self::Request(JsonRejection::JsonDataError(fault)) => {
                let error = FieldError::new("template", "error-slide-form").with("reason", fault.body_text());
                Self::Field(error).respond(t)
            }
            Self::Request(rejection) => (rejection.status(), t.s("fail-request-text")).into_response(),
            Self::Field(error) => {
                let faults = vec![in_words(t, &SlideFault { error, at: None })];
                (StatusCode::UNPROCESSABLE_ENTITY, Json(Answer { picture: None, faults })).into_response()
            }
        }
    }
}

fn draft_of(sent: Result<Json<Sent>, JsonRejection>) -> Result<Draft, Refusal> {
    let Json(sent) = sent.map_err(Refusal::Request)?;
    let content = sent.content.checked().map_err(|fault: ContentError| Refusal::Field(slides::of_content(&fault)))?;
    Ok(Draft { template: sent.template, content })
}

fn fail(t: Tr, error: &LookError) -> Response {
    let (status, words) = match error {
        LookError::Template(_) => (StatusCode::NOT_FOUND, t.s("error-template-unknown")),
        LookError::Large(_) | LookError::Many(_) => (StatusCode::PAYLOAD_TOO_LARGE, t.s("slide-preview-large")),
        LookError::Busy => (StatusCode::SERVICE_UNAVAILABLE, t.s("slide-preview-busy")),
        LookError::Encode(_) => {
            tracing::error!(error = %chain(error), "a preview of a slide could not be made");
            (StatusCode::INTERNAL_SERVER_ERROR, t.s("slide-preview-failed"))
        }
    };
    let mut response = (status, words).into_response();
    if matches!(error, LookError::Busy) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(AGAIN));
    }
    response
}
