//! A board's way in: it signs the server's nonce with its key and gets a token that holds 72 hours, for HTTP and MQTT.
//!
//! The nonce is stateless: any replica recognises what any replica of the same secret gave out. A request that is overheard
//! may be repeated while its nonce is young, so outside the local machine the boards' API belongs behind TLS, as tokens do.

use std::time::Duration;

use chrono::TimeDelta;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use playlists::id::{BoardId, Digest};
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError};
use playlists::wire::messages::{Nonce, Token, TokenRequest, V};
use sha2::Sha256;

use super::App;
use crate::store::tokens::Grant;
use crate::store::{StoreError, status, tokens};

/// How long a nonce may be signed.
pub const NONCE_AGE: Duration = Duration::from_secs(5 * 60);
/// How long a token holds, in hours.
pub const TOKEN_HOURS: i64 = 72;

/// Why no token is given.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The envelope cannot be read.
    #[error("the request's envelope cannot be read")]
    Form(#[source] EnvelopeError),
    /// The request within cannot be read.
    #[error("the request cannot be read")]
    Request(#[source] serde_json::Error),
    /// No such board. It answers the same as a wrong signature, so that names of boards cannot be tried out.
    #[error("there is no such board")]
    Unknown,
    /// Not signed by the board's key.
    #[error("the request is not signed by the board's key")]
    Signature(#[source] EnvelopeError),
    /// The nonce is not this server's, is for another board, or is older than [`NONCE_AGE`].
    #[error("the nonce is not this server's, or too old; ask for a new one")]
    Nonce,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The database does not answer.
    #[error("the token cannot be kept")]
    Store(#[source] StoreError),
}

/// A nonce for this board.
///
/// # Errors
/// When the system gives no random bytes.
pub fn nonce(app: &App, board: &BoardId) -> Result<Nonce, TokenError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(TokenError::Random)?;
    let head = format!("{}.{}", app.clock.now_ms(), HEXLOWER.encode(&salt));
    let tag = mac(app, board, &head).finalize().into_bytes();
    Ok(Nonce { v: V, nonce: format!("{head}.{}", HEXLOWER.encode(&tag)) })
}

/// A token for the board that signed this request.
///
/// # Errors
/// When the request is not the board's, its nonce does not hold, or the token cannot be kept.
pub async fn issue(app: &App, envelope: &[u8]) -> Result<Token, TokenError> {
    let envelope = Envelope::parse(envelope).map_err(TokenError::Form)?;
    let request = claimed(&envelope)?;
    let board = status::board_key(&app.db, &request.board).await.map_err(TokenError::Store)?.ok_or(TokenError::Unknown)?;
    envelope.open(DocumentType::TokenRequest, &[board.key], 1).map_err(TokenError::Signature)?;
    let now_ms = app.clock.now_ms();
    if !is_young(app, &request.board, &request.nonce, now_ms) {
        return Err(TokenError::Nonce);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(TokenError::Random)?;
    let token = BASE64URL_NOPAD.encode(&secret);
    let until = app.clock.now() + TimeDelta::hours(TOKEN_HOURS);
    let grant = Grant { token: Digest::of(token.as_bytes()), until_ms: until.timestamp_millis() };
    tokens::insert(&app.db, &request.board, grant, now_ms).await.map_err(TokenError::Store)?;
    tracing::info!(board.id = %request.board, "the board was given a token");
    Ok(Token { v: V, token, until })
}

/// Which board this bearer token lets in now.
///
/// # Errors
/// When the database does not answer.
pub async fn bearer(app: &App, token: &str) -> Result<Option<BoardId>, StoreError> {
    tokens::board_of(&app.db, &Digest::of(token.as_bytes()), app.clock.now_ms()).await
}

/// Revokes a board: from now on it gets no token and what it sends is refused; its connection to the broker ends within the
/// broker's next sweep. False when there is no such board, or it was revoked before.
///
/// # Errors
/// When the database does not take it.
pub async fn revoke(app: &App, board: &BoardId) -> Result<bool, StoreError> {
    let revoked = tokens::revoke(&app.db, board, app.clock.now_ms()).await?;
    if revoked {
        tracing::info!(board.id = %board, "the board was revoked");
    }
    Ok(revoked)
}

/// What the request claims, before its signature was looked at: it names the board whose key decides.
fn claimed(envelope: &Envelope) -> Result<TokenRequest, TokenError> {
    let payload =
        data_encoding::BASE64.decode(envelope.payload.as_bytes()).map_err(|_| TokenError::Form(EnvelopeError::Payload))?;
    serde_json::from_slice(&payload).map_err(TokenError::Request)
}

fn is_young(app: &App, board: &BoardId, nonce: &str, now_ms: i64) -> bool {
    let Some((head, tag)) = nonce.rsplit_once('.') else { return false };
    let Some(given_ms) = head.split_once('.').and_then(|(ms, _)| ms.parse::<i64>().ok()) else { return false };
    let Ok(tag) = HEXLOWER.decode(tag.as_bytes()) else { return false };
    let age_ms = now_ms.saturating_sub(given_ms);
    let oldest = i64::try_from(NONCE_AGE.as_millis()).unwrap_or(i64::MAX);
    mac(app, board, head).verify_slice(&tag).is_ok() && (-1_000..=oldest).contains(&age_ms)
}

fn mac(app: &App, board: &BoardId, head: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.keys.nonce_secret).expect("HMAC takes keys of any length");
    mac.update(board.as_str().as_bytes());
    mac.update(b"/");
    mac.update(head.as_bytes());
    mac
}
