//! The guarantee behind MQTT: the server is asked over HTTP what is newest, and what is newer than ours is fetched.

use std::sync::Arc;

use playlists::id::{BoardId, Revision};
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError};
use playlists::trust::manifest::MAX_ENVELOPE_BYTES;
use playlists::trust::roles::{Role, Root, RootError};
use playlists::wire::messages::{Ack, Command, Fresh};
use serde::de::DeserializeOwned;

use crate::api::{Api, ApiError};

/// Most roots fetched in one poll; the next poll goes on.
const MOST_ROOTS: u64 = 16;

/// What is asked with.
#[derive(Debug, Clone)]
pub struct Question {
    /// The board.
    pub board: BoardId,
    /// The root held.
    pub root: Root,
    /// Drawn for this poll.
    pub nonce: String,
    /// The newest revision held or accepted; one above it is fetched.
    pub rev: Revision,
    /// The tag under which the manifest was last fetched.
    pub etag: Option<String>,
    /// Fetch the manifest whatever the answer names.
    pub insist: bool,
}

/// What was heard.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Time and newest versions: verified, over our nonce, for this board.
    pub fresh: Fresh,
    /// The envelopes of roots that follow ours, verified in order.
    pub roots: Vec<(Arc<[u8]>, Root)>,
    /// The envelope of a manifest, not yet judged, and its tag.
    pub manifest: Option<(Arc<[u8]>, Option<String>)>,
}

/// Why a poll brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// A call failed.
    #[error("the server could not be asked")]
    Api(#[source] ApiError),
    /// The answer is not signed by `time`.
    #[error("the server's answer is refused")]
    Signed(#[source] SignedError),
    /// The answer is to another question.
    #[error("the server's answer is for another nonce or board")]
    Mismatch,
    /// A root does not follow ours.
    #[error("the next root is refused")]
    Root(#[source] RootError),
    /// The manifest is longer than any may be.
    #[error("the manifest is longer than any may be")]
    TooLong,
}

/// Why a signed message is not believed.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The envelope does not open.
    #[error("the envelope is refused")]
    Envelope(#[source] EnvelopeError),
    /// The document cannot be read.
    #[error("the signed document cannot be read: {0}")]
    Form(String),
}

/// Asks what is newest and fetches what is newer.
///
/// # Errors
/// When a call fails, or what comes back is not signed by whom it must be.
pub async fn poll(api: &Api, question: &Question) -> Result<Answer, PollError> {
    let answer = api.get(&format!("fresh?nonce={}", question.nonce)).await.map_err(PollError::Api)?;
    let fresh: Fresh = open(&answer, &question.root, Role::Time, DocumentType::Fresh).map_err(PollError::Signed)?;
    if fresh.nonce != question.nonce || fresh.board != question.board {
        return Err(PollError::Mismatch);
    }
    let roots = roots(api, &question.root, fresh.root.0).await?;
    let manifest = if fresh.rev > question.rev || question.insist { manifest(api, question).await? } else { None };
    Ok(Answer { fresh, roots, manifest })
}

async fn roots(api: &Api, held: &Root, newest: u64) -> Result<Vec<(Arc<[u8]>, Root)>, PollError> {
    let mut roots: Vec<(Arc<[u8]>, Root)> = Vec::new();
    let first = held.version.0.saturating_add(1);
    for version in first..=newest.min(held.version.0.saturating_add(MOST_ROOTS)) {
        let envelope = api.get(&format!("root/{version}")).await.map_err(PollError::Api)?;
        let last = roots.last().map_or(held, |(_, root)| root);
        let next = last.succeeded_by(&envelope).map_err(PollError::Root)?;
        roots.push((Arc::from(&*envelope), next));
    }
    Ok(roots)
}

type Fetched = Option<(Arc<[u8]>, Option<String>)>;

async fn manifest(api: &Api, question: &Question) -> Result<Fetched, PollError> {
    let etag = question.etag.as_deref().filter(|_| !question.insist);
    let Some((bytes, etag)) = api.get_unless("manifest", etag).await.map_err(PollError::Api)? else { return Ok(None) };
    if bytes.len() > MAX_ENVELOPE_BYTES {
        return Err(PollError::TooLong);
    }
    Ok(Some((Arc::from(&*bytes), etag)))
}

/// Opens an acknowledgement for this board.
///
/// # Errors
/// When it is not signed by `time`, or cannot be read.
pub fn ack(bytes: &[u8], root: &Root) -> Result<Ack, SignedError> {
    open(bytes, root, Role::Time, DocumentType::Ack)
}

/// Opens a command.
///
/// # Errors
/// When it is not signed by `publish`, or cannot be read.
pub fn command(bytes: &[u8], root: &Root) -> Result<Command, SignedError> {
    open(bytes, root, Role::Publish, DocumentType::Command)
}

fn open<T: DeserializeOwned>(bytes: &[u8], root: &Root, role: Role, document: DocumentType) -> Result<T, SignedError> {
    let envelope = Envelope::parse(bytes).map_err(SignedError::Envelope)?;
    let payload = root.open(role, document, &envelope).map_err(SignedError::Envelope)?;
    serde_json::from_slice(&payload).map_err(|e| SignedError::Form(e.to_string()))
}
