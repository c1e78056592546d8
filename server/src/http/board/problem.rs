//! What the boards' API answers when it refuses: a code that stays the same, and a sentence.

use std::error::Error;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use playlists::wire::messages::Problem;

use crate::telemetry::chain;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    /// Something within the server: logged with its causes; the board is told to come again.
    pub(super) fn within(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a board's call failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server cannot answer now; try again")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem { code: self.code.to_owned(), detail: self.detail };
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("10"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// For paths that are none.
pub(super) async fn no_such_path() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "path-unknown", "there is nothing at this path")
}
