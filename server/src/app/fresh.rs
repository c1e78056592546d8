//! Authenticated contact: the time and the newest versions, signed over the board's nonce.

use playlists::id::{BoardId, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::wire::messages::{Fresh, V};

use super::{App, publish};
use crate::store::StoreError;

/// Why no answer is signed.
#[derive(Debug, thiserror::Error)]
pub enum FreshError {
    /// The nonce is not of the form asked for.
    #[error("the nonce must have 8 to 64 characters of A-Z, a-z, 0-9, - and _")]
    Nonce,
    /// The database does not answer.
    #[error("what is wanted on the board cannot be told")]
    Store(#[source] StoreError),
}

/// The signed answer to this board's nonce.
///
/// # Errors
/// When the nonce is malformed, or the database does not answer.
pub async fn fresh(app: &App, board: &BoardId, nonce: &str) -> Result<Envelope, FreshError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !(8..=64).contains(&nonce.len()) || !nonce.bytes().all(good) {
        return Err(FreshError::Nonce);
    }
    let rev = publish::revision(app, board).await.map_err(FreshError::Store)?.unwrap_or(Revision(0));
    let fresh = Fresh {
        v: V,
        nonce: nonce.to_owned(),
        t: app.clock.now(),
        board: board.clone(),
        rev,
        recall: Version(0),
        notices: Version(0),
        root: app.keys.root.version,
    };
    let payload = serde_json::to_vec(&fresh).unwrap_or_default();
    Ok(Envelope::sign(DocumentType::Fresh, &payload, &[&app.keys.time]))
}
