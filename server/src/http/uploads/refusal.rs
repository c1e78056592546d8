//! Why an upload does not go on: a status that tus clients understand, a code that stays the same, and a sentence for people.

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::uploads::resumable::UploadError;
use crate::http::words::Tr;
use crate::store::faults::Fault;
use crate::telemetry::chain;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    fault: Fault,
    said: String,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct Body {
    code: String,
    said: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str) -> Self {
        Self { status, fault: Fault::plain(code), said: String::new(), offset: None }
    }
    /// Headers that cannot be read.
    pub(super) fn unreadable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "upload-fault-protocol")
    }
    /// In words.
    pub(super) fn say(self, t: Tr) -> Self {
        Self { said: t.args(&self.fault.code, &self.fault.args), ..self }
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        let status = match &error {
            UploadError::Missing => StatusCode::NOT_FOUND,
            UploadError::Busy => StatusCode::LOCKED,
            UploadError::Offset(_) => StatusCode::CONFLICT,
            UploadError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            UploadError::CutOff(_) => StatusCode::REQUEST_TIMEOUT,
            UploadError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            UploadError::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
            UploadError::Refused(fault) if fault.code == "upload-fault-large" => StatusCode::PAYLOAD_TOO_LARGE,
            UploadError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            UploadError::Disk(_) | UploadError::Random(_) | UploadError::Store(_) => {
                tracing::error!(error = %chain(&error), "an upload does not go on");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let offset = if let UploadError::Offset(stands_at) = &error { Some(*stands_at) } else { None };
        Self { status, fault: error.fault(), said: String::new(), offset }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Body { code: self.fault.code, said: self.said })).into_response();
        if let Some(offset) = self.offset {
            response.headers_mut().insert(HeaderName::from_static("upload-offset"), offset.into());
        }
        response
    }
}
