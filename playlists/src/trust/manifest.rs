//! The manifest: everything one board needs to play on its own for months.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::key::PublicKey;
use crate::asset::{Kind, Language};
use crate::campaign::{Campaign, StandDown};
use crate::geometry::Geometry;
use crate::hours::Hours;
use crate::id::{BoardId, CampaignId, Digest, KeyEpoch, PlaylistId, Revision, Version};
use crate::overlay::Overlay;
use crate::playlist::Playlist;

pub use super::faults::{MOST_STAND_DOWNS, ManifestFault};

/// Largest manifest, in bytes of its JSON.
pub const MAX_BYTES: usize = 1 << 20;
/// Largest envelope around a manifest: base64 adds a third, and the signatures.
pub const MAX_ENVELOPE_BYTES: usize = MAX_BYTES / 3 * 4 + 16 * 1024;
/// Deepest JSON nesting of a manifest.
pub const MAX_DEPTH: usize = 16;

/// What one board is to show: rules, not a list of times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the form of this document: 1.
    pub v: u32,
    /// The board it is for.
    pub board: BoardId,
    /// That board's key.
    pub board_key: PublicKey,
    /// Generation of keys under which `rev` rises.
    pub key_epoch: KeyEpoch,
    /// Rises with every manifest of this board.
    pub rev: Revision,
    /// When it was signed.
    pub issued: DateTime<Utc>,
    /// Seconds without authenticated contact after which the board is STALE.
    pub fresh_s: u64,
    /// Seconds without authenticated contact after which only the safe item plays.
    pub max_offline_s: u64,
    /// Version of the recall document that the board must hold first.
    pub recall_min: Version,
    /// The board's IANA zone: hours and windows are local times in it.
    pub time_zone: Tz,
    /// Version of the IANA data that the server computes with.
    pub tz_data: String,
    /// The board's pixels; every item has exactly these.
    pub geometry: Geometry,
    /// When the board is lit; always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Per cent, 0–100.
    pub brightness: u8,
    /// What lies over the loop, at most one in each corner. A picture has less than the board's pixels, and no more than the size's
    /// [room](crate::overlay::OverlaySize::room).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<Overlay>,
    /// Share of the loop by tier.
    pub lanes: Lanes,
    /// The language mix: a weight for each language the board shows; any language, when empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<Language, u32>,
    /// All renditions that may be shown.
    pub items: Vec<Item>,
    /// All playlists.
    pub playlists: Vec<Playlist>,
    /// All campaigns, and the versions of them that ended today.
    pub campaigns: Vec<Campaign>,
    /// How the board's owner ranks `priority` campaigns that collide: 1 comes first; those not named lose to those named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranks: BTreeMap<CampaignId, u32>,
    /// Themes held back for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_downs: Vec<StandDown>,
    /// What plays when nothing else does.
    pub default_playlist: PlaylistId,
    /// What is shown when nothing else may be.
    pub safe_item: Digest,
}

/// Share of the loop by tier, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lanes {
    /// The province's.
    pub province: u32,
    /// The commune's.
    pub commune: u32,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { province: 3, commune: 2 }
    }
}

/// One rendition, named by the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Length in bytes.
    pub size: u64,
    /// Still or clip.
    pub kind: Kind,
    /// A clip's length; absent for a still.
    #[serde(default, rename = "duration_ms", skip_serializing_if = "Option::is_none", with = "opt_duration")]
    pub duration: Option<Duration>,
    /// Not shown before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Not shown at or after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Approvals, by the digest of their envelopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Digest>,
    /// Still shown when the board is STALE although it has no end.
    #[serde(default)]
    pub evergreen: bool,
    /// Not shown while the board doubts its clock.
    #[serde(default)]
    pub strict_time: bool,
}

mod opt_duration {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(crate::millis::of).serialize(serializer)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

impl Manifest {
    /// The item of this digest.
    #[must_use]
    pub fn item(&self, digest: &Digest) -> Option<&Item> {
        self.items.iter().find(|item| item.sha256 == *digest)
    }
}
