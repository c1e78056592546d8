//! Signed documents: the manifest wanted, roots, and the answer that is authenticated contact.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::problem::Refusal;
use super::token::Caller;
use crate::app::fresh::FreshError;
use crate::app::{App, fresh as contact, publish};

const JSON: &str = "application/json";

/// `GET manifest`: the newest envelope, byte for byte; its ETag is the revision.
pub(super) async fn manifest(
    State(app): State<Arc<App>>,
    Caller(board): Caller,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let newest = publish::envelope(&app, &board).await.map_err(|e| Refusal::within(&e))?;
    let Some((rev, _, envelope)) = newest else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "manifest-none", "there is no manifest for this board yet"));
    };
    let etag = format!("\"{rev}\"");
    let held = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if held.is_some_and(|held| names(held, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    Ok(([(header::ETAG, etag), (header::CONTENT_TYPE, JSON.to_owned())], Body::from(envelope)).into_response())
}

/// `GET root/{n}`: the envelope of the root of this version.
pub(super) async fn root(State(app): State<Arc<App>>, _: Caller, Path(version): Path<u64>) -> Result<Response, Refusal> {
    if version != app.keys.root.version.0 {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "root-unknown", "there is no root of this version"));
    }
    Ok(([(header::CONTENT_TYPE, JSON)], Body::from(app.keys.root_envelope.clone())).into_response())
}

#[derive(Deserialize)]
pub(super) struct FreshQuery {
    nonce: String,
}

/// `GET fresh?nonce=`: time and newest versions, signed over the board's nonce.
pub(super) async fn fresh(
    State(app): State<Arc<App>>,
    Caller(board): Caller,
    Query(query): Query<FreshQuery>,
) -> Result<Response, Refusal> {
    let envelope = contact::fresh(&app, &board, &query.nonce).await.map_err(|error| match &error {
        FreshError::Nonce => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "nonce-form", error.to_string()),
        FreshError::Store(_) => Refusal::within(&error),
    })?;
    Ok(([(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, "no-store")], envelope.to_json()).into_response())
}

/// Whether an `If-None-Match` list names this tag, by the weak comparison.
pub(in crate::http) fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
