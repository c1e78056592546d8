//! DSSE envelopes: a signature covers the document's type and its exact bytes, so no canonical JSON is needed and a document
//! cannot be passed off as one of another type. (Source: the DSSE specification v1, `secure-systems-lab/dsse`.)

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::key::{PublicKey, SecretKey};
use crate::id::Digest;

/// What a signed document is; part of what the signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// The keys of all roles.
    Root,
    /// What one board is to show.
    Manifest,
    /// Plays or events stored up to a number.
    Ack,
    /// Time and newest versions over a board's nonce.
    Fresh,
    /// An order to a board.
    Command,
    /// A batch of proof of play, signed by the board.
    Plays,
    /// Events, signed by the board.
    Event,
    /// A board's answer to the server's nonce, for a token.
    TokenRequest,
}

impl DocumentType {
    /// The media type that stands in the envelope.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Root => "application/vnd.bangtin.root.v1+json",
            Self::Manifest => "application/vnd.bangtin.manifest.v1+json",
            Self::Ack => "application/vnd.bangtin.ack.v1+json",
            Self::Fresh => "application/vnd.bangtin.fresh.v1+json",
            Self::Command => "application/vnd.bangtin.command.v1+json",
            Self::Plays => "application/vnd.bangtin.plays.v1+json",
            Self::Event => "application/vnd.bangtin.event.v1+json",
            Self::TokenRequest => "application/vnd.bangtin.token-request.v1+json",
        }
    }
}

/// Most signatures an envelope may carry.
pub const MOST_SIGNATURES: usize = 16;

/// A document with its signatures, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The document's bytes, base64.
    pub payload: String,
    /// Its media type.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Who signed it.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The key's name: SHA-256 of the public key.
    pub keyid: Digest,
    /// 64 bytes, base64.
    pub sig: String,
}

/// Why an envelope cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The bytes are not an envelope.
    #[error("the envelope cannot be read: {0}")]
    Form(String),
    /// It holds a document of another type.
    #[error("the envelope holds a {found:?} where a {expected:?} is needed")]
    Type {
        /// The type needed.
        expected: &'static str,
        /// The type found.
        found: String,
    },
    /// The payload is not base64.
    #[error("the envelope's payload is not base64")]
    Payload,
    /// Too few of the allowed keys signed it.
    #[error("{valid} of the {needed} signatures needed are valid")]
    Signatures {
        /// Valid signatures by distinct allowed keys.
        valid: usize,
        /// How many are needed.
        needed: usize,
    },
}

/// What DSSE signs: `"DSSEv1" SP len(type) SP type SP len(body) SP body`.
#[must_use]
pub fn signed_bytes(media_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {media_type} {} ", media_type.len(), payload.len());
    let mut bytes = Vec::with_capacity(head.len() + payload.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Signs `payload` as a document of this type with each of `keys`.
    #[must_use]
    pub fn sign(document: DocumentType, payload: &[u8], keys: &[&SecretKey]) -> Self {
        let bytes = signed_bytes(document.media_type(), payload);
        let signatures =
            keys.iter().map(|key| Signature { keyid: key.public().id(), sig: STANDARD.encode(key.sign(&bytes)) }).collect();
        Self { payload: STANDARD.encode(payload), payload_type: document.media_type().to_owned(), signatures }
    }

    /// Reads an envelope from JSON; nothing is verified yet.
    ///
    /// # Errors
    /// When the bytes are not an envelope, or carry more than [`MOST_SIGNATURES`].
    pub fn parse(json: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = serde_json::from_slice(json).map_err(|e| EnvelopeError::Form(e.to_string()))?;
        if envelope.signatures.len() > MOST_SIGNATURES {
            return Err(EnvelopeError::Form(format!("{} signatures are too many", envelope.signatures.len())));
        }
        Ok(envelope)
    }

    /// The envelope as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The payload, once its type is `document` and `threshold` distinct keys of `allowed` have signed it. A threshold of 0 is
    /// read as 1: an unsigned envelope opens for nobody.
    ///
    /// # Errors
    /// When the type is another, the payload is not base64, or too few signatures are valid.
    pub fn open(&self, document: DocumentType, allowed: &[PublicKey], threshold: usize) -> Result<Vec<u8>, EnvelopeError> {
        if self.payload_type != document.media_type() {
            let found = self.payload_type.chars().take(80).collect();
            return Err(EnvelopeError::Type { expected: document.media_type(), found });
        }
        let payload = STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Payload)?;
        let bytes = signed_bytes(document.media_type(), &payload);
        let distinct: BTreeSet<_> = allowed.iter().collect();
        let valid = distinct.into_iter().filter(|key| self.is_signed_by(key, &bytes)).count();
        let needed = threshold.max(1);
        if valid < needed {
            return Err(EnvelopeError::Signatures { valid, needed });
        }
        Ok(payload)
    }

    /// The payload before any signature was looked at: only for documents that name their own keys, such as the root.
    pub(crate) fn payload_unverified(&self) -> Result<Vec<u8>, EnvelopeError> {
        STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Payload)
    }

    fn is_signed_by(&self, key: &PublicKey, bytes: &[u8]) -> bool {
        let id = key.id();
        self.signatures.iter().filter(|signature| signature.keyid == id).any(|signature| {
            STANDARD
                .decode(&signature.sig)
                .ok()
                .and_then(|sig| <[u8; 64]>::try_from(sig).ok())
                .is_some_and(|sig| key.verifies(bytes, &sig))
        })
    }
}
