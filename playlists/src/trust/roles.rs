//! The root: which keys may do what. Version N+1 needs the old threshold and the new.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::envelope::{DocumentType, Envelope, EnvelopeError};
use super::key::PublicKey;
use crate::id::{Digest, KeyEpoch, Version};

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Name the keys of the other roles.
    Root,
    /// Compose items into manifests.
    Publish,
    /// Take away, black out.
    Recall,
    /// Show an emergency.
    Notice,
    /// Time, freshness, acknowledgements.
    Time,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Root, Self::Publish, Self::Recall, Self::Notice, Self::Time];

    /// The word used in the root.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Publish => "publish",
            Self::Recall => "recall",
            Self::Notice => "notice",
            Self::Time => "time",
        }
    }
}

/// The keys of one role and how many of them must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleKeys {
    /// Public keys.
    pub keys: Vec<PublicKey>,
    /// How many distinct ones must sign: 1 or more.
    pub threshold: u32,
}

/// How many approvals an item needs, by grade. 0 until approvals by people exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveThresholds {
    /// For boards of the author's own unit.
    pub routine: u32,
    /// For boards anywhere else.
    pub wide: u32,
}

/// The document that says which keys a board believes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Version of the form of this document: 1.
    pub v: u32,
    /// Rising by one with each root.
    pub version: Version,
    /// Raised to let revisions start again.
    pub key_epoch: KeyEpoch,
    /// Keys and threshold of each role. Roles that a later version of the program adds are passed over.
    #[serde(deserialize_with = "known_roles")]
    pub roles: BTreeMap<Role, RoleKeys>,
    /// How many approvals an item needs.
    pub approve: ApproveThresholds,
}

/// Why a root is not believed.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The envelope does not open.
    #[error("the root's envelope is refused")]
    Envelope(#[source] EnvelopeError),
    /// The document cannot be read.
    #[error("the root cannot be read: {0}")]
    Form(String),
    /// A role is missing, has too few different keys for its threshold, or a threshold of 0.
    #[error("the root's role {0:?} needs a threshold of at least 1 and as many different keys")]
    Threshold(Role),
    /// Not the next version.
    #[error("the root is version {found} where {expected} is next")]
    Order {
        /// The version needed.
        expected: u64,
        /// The version found.
        found: u64,
    },
    /// It would let revisions fall back.
    #[error("the root's key epoch is {found}, below {held}")]
    KeyEpoch {
        /// The key epoch held.
        held: KeyEpoch,
        /// The key epoch found.
        found: KeyEpoch,
    },
    /// It is not the root that this board was given to begin with.
    #[error("the root is {found}, not the {pinned} this board was made with")]
    Pin {
        /// Digest of the envelope pinned at installation.
        pinned: Digest,
        /// Digest found.
        found: Digest,
    },
}

impl Root {
    /// The keys and threshold of a role; none and 1 where the root does not name it.
    #[must_use]
    pub fn keys(&self, role: Role) -> (&[PublicKey], usize) {
        self.roles.get(&role).map_or((&[], 1), |r| (&r.keys, r.threshold as usize))
    }

    /// Opens a document that `role` must have signed.
    ///
    /// # Errors
    /// Those of [`Envelope::open`].
    pub fn open(&self, role: Role, document: DocumentType, envelope: &Envelope) -> Result<Vec<u8>, EnvelopeError> {
        let (keys, threshold) = self.keys(role);
        envelope.open(document, keys, threshold)
    }

    /// The first root a board believes: the one whose digest it was made with, signed by its own root role.
    ///
    /// # Errors
    /// When it is another one, cannot be read, or is not signed by itself.
    pub fn pinned(envelope_json: &[u8], pinned: &Digest) -> Result<Self, RootError> {
        let found = Digest::of(envelope_json);
        if found != *pinned {
            return Err(RootError::Pin { pinned: *pinned, found });
        }
        Self::signed_by_itself(envelope_json)
    }

    /// A root that its own root role has signed, as a server reads its own.
    ///
    /// # Errors
    /// When it cannot be read, or is not signed by itself.
    pub fn signed_by_itself(envelope_json: &[u8]) -> Result<Self, RootError> {
        let envelope = Envelope::parse(envelope_json).map_err(RootError::Envelope)?;
        let root = Self::read_unverified(&envelope)?;
        root.open(Role::Root, DocumentType::Root, &envelope).map_err(RootError::Envelope)?;
        Ok(root)
    }

    /// The next root: signed by this one's root role and by its own.
    ///
    /// # Errors
    /// When it is not the next version, cannot be read, either threshold is missed, or the key epoch falls.
    pub fn succeeded_by(&self, envelope_json: &[u8]) -> Result<Self, RootError> {
        let envelope = Envelope::parse(envelope_json).map_err(RootError::Envelope)?;
        self.open(Role::Root, DocumentType::Root, &envelope).map_err(RootError::Envelope)?;
        let next = Self::read_unverified(&envelope)?;
        next.open(Role::Root, DocumentType::Root, &envelope).map_err(RootError::Envelope)?;
        let expected = self.version.0.saturating_add(1);
        if next.version.0 != expected {
            return Err(RootError::Order { expected, found: next.version.0 });
        }
        if next.key_epoch < self.key_epoch {
            return Err(RootError::KeyEpoch { held: self.key_epoch, found: next.key_epoch });
        }
        Ok(next)
    }

    fn read_unverified(envelope: &Envelope) -> Result<Self, RootError> {
        let payload = envelope.payload_unverified().map_err(RootError::Envelope)?;
        let root: Self = serde_json::from_slice(&payload).map_err(|e| RootError::Form(e.to_string()))?;
        if root.v != 1 {
            return Err(RootError::Form(format!("its form is version {}, not 1", root.v)));
        }
        for role in Role::ALL {
            let (keys, _) = root.keys(role);
            let threshold = root.roles.get(&role).map_or(0, |r| r.threshold as usize);
            if threshold == 0 || keys.iter().collect::<BTreeSet<_>>().len() < threshold {
                return Err(RootError::Threshold(role));
            }
        }
        Ok(root)
    }
}

fn known_roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Role, RoleKeys>, D::Error> {
    let named = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    let known = Role::ALL.into_iter().filter_map(|role| Some((role, named.get(role.as_str())?)));
    known.map(|(role, keys)| Ok((role, RoleKeys::deserialize(keys).map_err(D::Error::custom)?))).collect()
}
