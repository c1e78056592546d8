//! What a call answers when it refuses (RFC 9457): a code that stays the same, and a sentence that says what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;
use crate::telemetry::chain;

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }
    /// A value in the address that cannot be read.
    pub(super) fn parameter(name: &str, remedy: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parameter-wrong", format!("{name}: {remedy}"))
    }
    /// There is no such board.
    pub(super) fn no_board(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "board-unknown", format!("there is no board {id:?}"))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %chain(&error), "a call failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server cannot answer now; try again")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let body = Body { title, status: self.status.as_u16(), code: self.code, detail: &self.detail };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
