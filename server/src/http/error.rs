//! What a page answers when it cannot: said in the visitor's language, with what to do and a code.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::frame::Frame;
use super::visitor::Visitor;
use super::words::Tr;
use crate::app::sign_in::SignInError;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Why a page cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nothing has this address or id.
    #[error("there is no such page")]
    Missing,
    /// The request cannot be read.
    #[error("the request cannot be read")]
    Unreadable,
    /// The machine failed.
    #[error("the page could not be made")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PageError {
    /// For `map_err` on failures of the machine.
    pub fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}
impl From<SignInError> for PageError {
    fn from(error: SignInError) -> Self {
        Self::failed(error)
    }
}
impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::failed(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Missing => StatusCode::NOT_FOUND.into_response(),
            Self::Unreadable => StatusCode::BAD_REQUEST.into_response(),
            Self::Failed(error) => {
                tracing::error!(error = chain(error.as_ref()), "a page could not be made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The page of an error.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    t: Tr,
    title: String,
    text: String,
    code: u16,
    request: String,
}

/// Gives bare answers of failure a page, in the visitor's language; a script that asks for plain text has its own words.
pub(super) async fn dress(visitor: Visitor, request: Request, next: Next) -> Response {
    let is_for_script = request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "text/plain");
    let whole = !is_for_script && !request.headers().contains_key("hx-request");
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    if !(status.is_client_error() || status.is_server_error()) || !media_type.starts_with("text/plain") || !whole {
        return response;
    }
    let t = visitor.t;
    let (title, text) = match status {
        StatusCode::NOT_FOUND => (t.s("fail-missing-title"), t.s("fail-missing-text")),
        StatusCode::FORBIDDEN => (t.s("fail-forbidden-title"), t.s("fail-forbidden-text")),
        StatusCode::PAYLOAD_TOO_LARGE => (t.s("fail-large-title"), t.s("fail-large-text")),
        StatusCode::TOO_MANY_REQUESTS => (t.s("fail-often-title"), t.s("fail-often-text")),
        status if status.is_client_error() => (t.s("fail-request-title"), t.s("fail-request-text")),
        _ => (t.s("fail-server-title"), t.s("fail-server-text")),
    };
    let page = ErrorPage { frame: Frame::of(&visitor, ""), t, title, text, code: status.as_u16(), request: id };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page.render().unwrap_or_default()))
}

/// A rendered page.
pub(super) fn page(template: &impl Template) -> Result<Html<String>, PageError> {
    Ok(Html(template.render()?))
}
