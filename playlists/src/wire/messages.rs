//! Messages to boards, and the documents of the boards' HTTP API. Unknown fields are ignored; every message carries `v`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{BoardId, Digest, QueueEpoch, Revision, Version};

/// Version of every message's form.
pub const V: u32 = 1;
/// Largest message in either direction, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 128 * 1024;

/// `bangtin/1/d/B/desired`, retained: the manifest wanted on the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// 1.
    pub v: u32,
    /// The manifest's revision.
    pub rev: Revision,
    /// SHA-256 of the manifest's envelope.
    pub sha256: Digest,
    /// Version of the root.
    pub root: Version,
    /// Version of the recall document.
    pub recall: Version,
    /// Version of the notice list.
    pub notices: Version,
    /// Seconds over which boards spread their fetching.
    pub window_s: u32,
    /// The manifest's envelope, packed (see [`super::pack`]), where it is small enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

/// `bangtin/1/all/server`, retained: a new epoch asks every board for `hello`, delayed uniformly in `[0, window_s]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerEpoch {
    /// 1.
    pub v: u32,
    /// Drawn anew at each start of the server.
    pub epoch: String,
    /// Seconds over which boards spread their answers.
    pub window_s: u32,
}

/// What a board queues until it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Proof of play.
    Plays,
    /// Events.
    Event,
}

impl Stream {
    /// The word used on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plays => "plays",
            Self::Event => "event",
        }
    }
}

/// `bangtin/1/d/B/ack`, signed by `time` after the commit: all rows below `upto` are stored; the board deletes nothing without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// 1.
    pub v: u32,
    /// The board it is for.
    pub board: BoardId,
    /// Which queue.
    pub stream: Stream,
    /// Which life of the queue's file.
    pub epoch: QueueEpoch,
    /// Number of the first row that is not stored.
    pub upto: u64,
}

/// What a command asks of a board; never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandKind {
    /// Send the frame on the screen.
    Snapshot,
    /// Fetch everything again.
    Resync,
}

/// `bangtin/1/d/B/cmd`, signed by `publish`; carried out once per `cmd_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// 1.
    pub v: u32,
    /// Unique.
    pub cmd_id: String,
    /// The board it is for.
    pub board: BoardId,
    /// What to do.
    pub kind: CommandKind,
    /// When it was given.
    pub issued: DateTime<Utc>,
    /// Not carried out after this.
    pub not_after: DateTime<Utc>,
}

/// `GET /board/v1/fresh?nonce=`, signed by `time`: this answer alone is authenticated contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// 1.
    pub v: u32,
    /// The board's nonce: 8 to 64 characters of `A`–`Z`, `a`–`z`, `0`–`9`, `-`, `_`.
    pub nonce: String,
    /// The server's time.
    pub t: DateTime<Utc>,
    /// The board.
    pub board: BoardId,
    /// Revision of the manifest wanted on it; 0 when there is none yet.
    pub rev: Revision,
    /// Version of the recall document.
    pub recall: Version,
    /// Version of the notice list.
    pub notices: Version,
    /// Version of the root.
    pub root: Version,
}

/// `POST /board/v1/nonce`: asks for a nonce to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceRequest {
    /// 1.
    pub v: u32,
    /// The board that asks.
    pub board: BoardId,
}

/// The server's nonce: only this server can have made it, and it ages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// 1.
    pub v: u32,
    /// To be signed as it is.
    pub nonce: String,
}

/// Body of `POST /board/v1/token`, within an envelope signed by the board's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// 1.
    pub v: u32,
    /// The board.
    pub board: BoardId,
    /// The server's nonce.
    pub nonce: String,
}

/// The answer: a bearer token for HTTP, which is also the password for MQTT.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// 1.
    pub v: u32,
    /// Opaque.
    pub token: String,
    /// When it ends.
    pub until: DateTime<Utc>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(until {})", self.until)
    }
}

/// What the boards' HTTP API answers when it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A code that stays the same.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: String,
}

/// A board's identity file: what `bangtin board add` gives out and the player is started with. It holds the board's private key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// 1.
    pub v: u32,
    /// The board.
    pub board: BoardId,
    /// Its private key, 64 hexadecimal digits.
    pub secret_key: String,
    /// Its geometry.
    pub geometry: crate::geometry::Geometry,
    /// Where the server answers HTTP, such as `http://127.0.0.1:8080`.
    pub server: String,
    /// Where the broker listens: `host:port` for plain text, or a URL with `mqtt`, `mqtts`, `ws` or `wss`.
    pub mqtt: String,
    /// The certificate authorities that the board trusts for TLS, as PEM, and no others; none: those of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ca: Option<String>,
    /// When this was given out: it is never earlier than this on the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<DateTime<Utc>>,
    /// SHA-256 of the root's envelope, believed from the first start.
    pub root_sha256: Digest,
    /// The root's envelope.
    pub root: super::super::trust::envelope::Envelope,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity(of {})", self.board)
    }
}
