//! The token: bearer for HTTP and password for MQTT. The board signs the server's nonce for it, so no clock of the board's is
//! needed; it is kept on disk, readable by its owner only.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use playlists::id::BoardId;
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::wire::messages::{Nonce, NonceRequest, Token, TokenRequest, V};
use serde::{Deserialize, Serialize};

use crate::api::{Api, ApiError};
use crate::files;

/// A token and when it was given, by the board's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The token.
    pub token: Token,
    /// When it was given.
    pub given: DateTime<Utc>,
}

impl Held {
    /// Whether a new one is to be asked for: less than a third of its life is left.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        let life = self.token.until - self.given;
        self.token.until - now < life / 3
    }
}

/// Reads the token that was kept; none when there is none that can be read.
#[must_use]
pub fn read(path: &Path) -> Option<Held> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Keeps the token. Blocks on the disk.
///
/// # Errors
/// When it cannot be written.
pub fn keep(path: &Path, held: &Held) -> std::io::Result<()> {
    files::replace(path, &serde_json::to_vec(held)?, 0o600)
}

/// Asks for a new token.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn renew(api: &Api, board: &BoardId, key: &SecretKey) -> Result<Token, ApiError> {
    let ask = NonceRequest { v: V, board: board.clone() };
    let nonce: Nonce = parse("POST nonce", &api.post("nonce", json(&ask)).await?)?;
    let request = TokenRequest { v: V, board: board.clone(), nonce: nonce.nonce };
    let envelope = Envelope::sign(DocumentType::TokenRequest, &json(&request), &[key]);
    parse("POST token", &api.post("token", envelope.to_json()).await?)
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse<T: serde::de::DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|e| ApiError::Form { what: what.to_owned(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_when_a_third_of_its_life_is_left() {
        let at = |hours: i64| DateTime::from_timestamp(hours * 3600, 0).expect("in range");
        let held = Held { token: Token { v: 1, token: "t".to_owned(), until: at(72) }, given: at(0) };
        for (hours, due) in [(0, false), (47, false), (49, true), (80, true), (-500_000, false)] {
            assert_eq!(held.is_due(at(hours)), due, "after {hours} h");
        }
    }
}
