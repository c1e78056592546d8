//! The rule of acceptance: whether a manifest may become a board's own. Every step has its place here, in the order of
//! `protocol.md`; the first that fails decides, and the last good manifest stays.

use chrono::{DateTime, TimeDelta, Utc};

use super::envelope::{DocumentType, Envelope, EnvelopeError};
use super::key::PublicKey;
use super::manifest::{MAX_BYTES, MAX_DEPTH, MAX_ENVELOPE_BYTES, Manifest, ManifestFault};
use super::roles::{Role, Root};
use crate::id::{BoardId, Digest, KeyEpoch, Revision, Version};

/// How far ahead of trusted time a revision may lie.
pub const MAX_AHEAD: TimeDelta = TimeDelta::hours(48);

/// What a board holds and believes when a manifest arrives.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The board's own id.
    pub board: &'a BoardId,
    /// The board's own key.
    pub board_key: &'a PublicKey,
    /// The current root.
    pub root: &'a Root,
    /// The manifest in force, if there is one.
    pub held: Option<Held>,
    /// Version of the recall document held.
    pub recall: Version,
    /// Trusted time; none when the board doubts its clock.
    pub now: Option<DateTime<Utc>>,
}

/// The manifest in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its generation of keys.
    pub key_epoch: KeyEpoch,
    /// Its revision.
    pub rev: Revision,
    /// SHA-256 of its envelope.
    pub sha256: Digest,
}

/// What acceptance says of a manifest that it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The one already in force: nothing to do.
    Same,
    /// A newer one; next its items are fetched and hashed, then it is staged and activated.
    Newer(Box<Accepted>),
}

/// A manifest that passed every check a document can pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The manifest.
    pub manifest: Manifest,
    /// SHA-256 of its envelope.
    pub sha256: Digest,
}

/// Why a manifest is refused, in the order in which it is looked at.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Too large, or nested too deep.
    #[error("the manifest is too large or too deep: {0}")]
    Size(String),
    /// Not an envelope of this type, or not signed by `publish` of the current root.
    #[error("the manifest's envelope is refused")]
    Envelope(#[source] EnvelopeError),
    /// Signed, but it cannot be read.
    #[error("the manifest cannot be read: {0}")]
    Form(String),
    /// For another board, or for this board under another key.
    #[error("the manifest is for board {found}, not {own}, or for another key")]
    OtherBoard {
        /// This board.
        own: BoardId,
        /// The board it is for.
        found: BoardId,
    },
    /// Of a generation of keys that no root has begun: `publish` alone must not lift itself above all revisions to come.
    #[error("key epoch {found} is above the root's {root}")]
    KeyEpoch {
        /// Key epoch found.
        found: KeyEpoch,
        /// The current root's.
        root: KeyEpoch,
    },
    /// Older than the one in force.
    #[error("revision {found} of key epoch {found_epoch} is not above {held} of {held_epoch}")]
    Rollback {
        /// Revision found.
        found: Revision,
        /// Its key epoch.
        found_epoch: KeyEpoch,
        /// Revision held.
        held: Revision,
        /// Its key epoch.
        held_epoch: KeyEpoch,
    },
    /// As new as the one in force, but another document: somebody signs two truths.
    #[error("revision {rev} is held as {held}, and came as {found}")]
    Fork {
        /// The revision.
        rev: Revision,
        /// Digest held.
        held: Digest,
        /// Digest found.
        found: Digest,
    },
    /// More than [`MAX_AHEAD`] above trusted time.
    #[error("revision {0} is more than 48 hours ahead of trusted time")]
    Ahead(Revision),
    /// It asks for a newer recall document than the board holds.
    #[error("the manifest needs recall version {needed}, held is {held}")]
    Recall {
        /// Version needed.
        needed: Version,
        /// Version held.
        held: Version,
    },
    /// An item lacks approvals.
    #[error("item {0} is not approved as the root demands")]
    Approval(Digest),
    /// Its parts do not fit together.
    #[error("the manifest contradicts itself: {0}")]
    Fault(ManifestFault),
}

impl Refusal {
    /// A short code for events and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Size(_) => "manifest-size",
            Self::Envelope(_) => "manifest-signature",
            Self::Form(_) => "manifest-form",
            Self::OtherBoard { .. } => "manifest-other-board",
            Self::KeyEpoch { .. } => "manifest-key-epoch",
            Self::Rollback { .. } => "manifest-rollback",
            Self::Fork { .. } => "fork",
            Self::Ahead(_) => "manifest-ahead",
            Self::Recall { .. } => "manifest-recall",
            Self::Approval(_) => "manifest-approval",
            Self::Fault(_) => "manifest-fault",
        }
    }
}

/// Decides whether the manifest in this envelope may take the place of the one in force. That its bytes are here and hashed is
/// for the caller to see to before it activates the manifest.
///
/// # Errors
/// The first step that fails.
pub fn accept(envelope_json: &[u8], standing: &Standing<'_>) -> Result<Verdict, Refusal> {
    if envelope_json.len() > MAX_ENVELOPE_BYTES {
        return Err(Refusal::Size(format!("{} bytes", envelope_json.len())));
    }
    let sha256 = Digest::of(envelope_json);
    let envelope = Envelope::parse(envelope_json).map_err(Refusal::Envelope)?;
    if let Ok(unverified) = envelope.payload_unverified() {
        check_size(&unverified)?; // a payload that is not base64 fails below, as an envelope
    }
    let payload = standing.root.open(Role::Publish, DocumentType::Manifest, &envelope).map_err(Refusal::Envelope)?;
    let manifest = read(&payload)?;
    check_recipient(&manifest, standing)?;
    check_epoch(&manifest, standing.root)?;
    if check_revision(&manifest, sha256, standing)? == Order::Same {
        return Ok(Verdict::Same);
    }
    check_ahead(&manifest, standing)?;
    if manifest.recall_min > standing.recall {
        return Err(Refusal::Recall { needed: manifest.recall_min, held: standing.recall });
    }
    check_approvals(&manifest, standing.root)?;
    if let Some(fault) = manifest.faults().into_iter().next() {
        return Err(Refusal::Fault(fault));
    }
    Ok(Verdict::Newer(Box::new(Accepted { manifest, sha256 })))
}

/// Reads a manifest's JSON within the limits of size and depth.
///
/// # Errors
/// When it is too large, too deep, or not a manifest.
pub fn read(payload: &[u8]) -> Result<Manifest, Refusal> {
    check_size(payload)?;
    serde_json::from_slice(payload).map_err(|e| Refusal::Form(e.to_string()))
}

fn check_size(payload: &[u8]) -> Result<(), Refusal> {
    if payload.len() > MAX_BYTES {
        return Err(Refusal::Size(format!("{} bytes", payload.len())));
    }
    let depth = depth(payload);
    if depth > MAX_DEPTH {
        return Err(Refusal::Size(format!("{depth} levels")));
    }
    Ok(())
}

/// Deepest nesting of brackets outside strings.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn check_recipient(manifest: &Manifest, standing: &Standing<'_>) -> Result<(), Refusal> {
    if manifest.board != *standing.board || manifest.board_key != *standing.board_key {
        return Err(Refusal::OtherBoard { own: standing.board.clone(), found: manifest.board.clone() });
    }
    Ok(())
}

fn check_epoch(manifest: &Manifest, root: &Root) -> Result<(), Refusal> {
    if manifest.key_epoch > root.key_epoch {
        return Err(Refusal::KeyEpoch { found: manifest.key_epoch, root: root.key_epoch });
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Order {
    Same,
    Newer,
}

fn check_revision(manifest: &Manifest, sha256: Digest, standing: &Standing<'_>) -> Result<Order, Refusal> {
    let Some(held) = standing.held else {
        return Ok(Order::Newer);
    };
    let found = (manifest.key_epoch, manifest.rev);
    match found.cmp(&(held.key_epoch, held.rev)) {
        std::cmp::Ordering::Greater => Ok(Order::Newer),
        std::cmp::Ordering::Equal if sha256 == held.sha256 => Ok(Order::Same),
        std::cmp::Ordering::Equal => Err(Refusal::Fork { rev: manifest.rev, held: held.sha256, found: sha256 }),
        std::cmp::Ordering::Less => Err(Refusal::Rollback {
            found: manifest.rev,
            found_epoch: manifest.key_epoch,
            held: held.rev,
            held_epoch: held.key_epoch,
        }),
    }
}

fn check_ahead(manifest: &Manifest, standing: &Standing<'_>) -> Result<(), Refusal> {
    let Some(now) = standing.now else {
        return Ok(());
    };
    let limit = now.timestamp_millis().saturating_add(MAX_AHEAD.num_milliseconds());
    if i64::try_from(manifest.rev.0).is_ok_and(|rev| rev <= limit) {
        return Ok(());
    }
    Err(Refusal::Ahead(manifest.rev))
}

/// Approvals by people do not exist yet. A root that asks for one is obeyed all the same: nothing is approved, nothing new is shown.
fn check_approvals(manifest: &Manifest, root: &Root) -> Result<(), Refusal> {
    if root.approve.routine == 0 && root.approve.wide == 0 {
        return Ok(());
    }
    manifest.items.first().map_or(Ok(()), |item| Err(Refusal::Approval(item.sha256)))
}
