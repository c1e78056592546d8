//! Tokens: `POST nonce`, `POST token`, and the bearer that every other call carries.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use playlists::id::BoardId;
use playlists::wire::messages::{Nonce, NonceRequest, Token};

use super::problem::Refusal;
use crate::app::App;
use crate::app::tokens::{self, TokenError};

/// Longest bearer token worth looking up.
const LONGEST_BEARER: usize = 256;

/// The board that calls, by its bearer token.
pub(super) struct Caller(pub(super) BoardId);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let refused =
            || Refusal::new(StatusCode::UNAUTHORIZED, "token-refused", "a token that holds is needed; POST token gives one");
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|bearer| bearer.len() <= LONGEST_BEARER)
            .ok_or_else(refused)?;
        let board = tokens::bearer(app, bearer).await.map_err(|e| Refusal::within(&e))?;
        board.map(Self).ok_or_else(refused)
    }
}

/// `POST nonce`: something to sign. It says nothing about whether there is such a board.
pub(super) async fn nonce(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Nonce>, Refusal> {
    let request: NonceRequest = serde_json::from_slice(&body)
        .map_err(|e| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "nonce-form", format!("the request cannot be read: {e}")))?;
    tokens::nonce(&app, &request.board).map(Json).map_err(|e| Refusal::within(&e))
}

/// `POST token`: the signed nonce for a token.
pub(super) async fn token(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Token>, Refusal> {
    let refused = |error: TokenError| match &error {
        TokenError::Random(_) | TokenError::Store(_) => Refusal::within(&error),
        TokenError::Form(_) | TokenError::Request(_) => {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "token-form", error.to_string())
        }
        TokenError::Nonce => Refusal::new(StatusCode::FORBIDDEN, "token-nonce", error.to_string()),
        TokenError::Unknown | TokenError::Signature(_) => {
            tracing::warn!(error = %crate::telemetry::chain(&error), "a request for a token was refused");
            Refusal::new(StatusCode::FORBIDDEN, "token-signature", "the request is not signed by the key of a known board")
        }
    };
    tokens::issue(&app, &body).await.map(Json).map_err(refused)
}
