//! The manifest: everything one board needs to play on its own for months.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::key::PublicKey;
use crate::asset::{Kind, Language};
use crate::campaign::{Campaign, MOST_WINDOWS};
use crate::geometry::Geometry;
use crate::hours::{Hours, MOST_EXCEPTIONS, MOST_INTERVALS};
use crate::id::{BoardId, Digest, KeyEpoch, PlaylistId, Revision, Version};
use crate::playlist::{Content, DEEPEST_NESTING, LONGEST_ENTRY, Playlist, SHORTEST_ENTRY};

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
    /// What plays when nothing else does.
    pub default_playlist: PlaylistId,
    /// What is shown when nothing else may be.
    pub safe_item: Digest,
}

/// Share of the loop by tier, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is wrong within a manifest: where and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct ManifestFault {
    /// Which part.
    pub place: String,
    /// What is wrong with it.
    pub fault: String,
}

impl Manifest {
    /// Every fault, or none: a manifest without faults resolves at any instant.
    #[must_use]
    pub fn faults(&self) -> Vec<ManifestFault> {
        let mut faults = Faults(Vec::new());
        self.check_head(&mut faults);
        self.check_items(&mut faults);
        self.check_playlists(&mut faults);
        self.check_campaigns(&mut faults);
        faults.0
    }

    /// The item of this digest.
    #[must_use]
    pub fn item(&self, digest: &Digest) -> Option<&Item> {
        self.items.iter().find(|item| item.sha256 == *digest)
    }

    fn check_head(&self, faults: &mut Faults) {
        if self.v != 1 {
            faults.add("v", format!("{} is not 1", self.v));
        }
        if self.brightness > 100 {
            faults.add("brightness", format!("{} is above 100 per cent", self.brightness));
        }
        if self.lanes.province > 1000 || self.lanes.commune > 1000 || self.lanes.province + self.lanes.commune == 0 {
            faults.add("lanes", "weights are 0 to 1000 and not both 0".to_owned());
        }
        for (language, weight) in &self.languages {
            if !(1..=1000).contains(weight) {
                faults.add("languages", format!("{language} has the weight {weight}, outside 1 to 1000"));
            }
        }
        let Some(hours) = &self.hours else { return };
        if hours.exceptions.len() > MOST_EXCEPTIONS {
            faults.add("hours", format!("more than {MOST_EXCEPTIONS} exceptions"));
        }
        let lists = hours.weekly.iter().map(|w| &w.intervals).chain(hours.exceptions.iter().map(|e| &e.intervals));
        if hours.weekly.len() > 14 || lists.into_iter().any(|intervals| intervals.len() > MOST_INTERVALS) {
            faults.add("hours", format!("more than {MOST_INTERVALS} intervals in a day"));
        }
    }

    fn check_items(&self, faults: &mut Faults) {
        let mut seen = BTreeSet::new();
        for item in &self.items {
            if !seen.insert(item.sha256) {
                faults.add(format!("item {}", item.sha256), "named twice".to_owned());
            }
        }
        if !seen.contains(&self.safe_item) {
            faults.add("safe_item", format!("{} is not among the items", self.safe_item));
        }
    }

    fn check_playlists(&self, faults: &mut Faults) {
        let items: BTreeSet<_> = self.items.iter().map(|item| item.sha256).collect();
        let mut by_id = BTreeMap::new();
        for playlist in &self.playlists {
            let place = || format!("playlist {}", playlist.id);
            if by_id.insert(&playlist.id, playlist).is_some() {
                faults.add(place(), "named twice".to_owned());
            }
            for (number, entry) in playlist.entries.iter().enumerate() {
                let Content::Asset { versions, duration, .. } = &entry.content else { continue };
                if *duration < SHORTEST_ENTRY || *duration > LONGEST_ENTRY {
                    faults.add(place(), format!("entry {} lasts {duration:?}, outside 1 s to 1 day", number + 1));
                }
                if versions.is_empty() {
                    faults.add(place(), format!("entry {} has no version", number + 1));
                }
                for digest in versions.values().filter(|digest| !items.contains(digest)) {
                    faults.add(place(), format!("entry {} names {digest}, which is not among the items", number + 1));
                }
            }
        }
        for playlist in &self.playlists {
            if let Err(fault) = nesting(&playlist.id, &by_id, 0) {
                faults.add(format!("playlist {}", playlist.id), fault);
                break;
            }
        }
        if !by_id.contains_key(&self.default_playlist) {
            faults.add("default_playlist", format!("{} is not among the playlists", self.default_playlist));
        }
    }

    fn check_campaigns(&self, faults: &mut Faults) {
        let playlists: BTreeSet<_> = self.playlists.iter().map(|playlist| &playlist.id).collect();
        for campaign in &self.campaigns {
            let place = || format!("campaign {}", campaign.id);
            if !playlists.contains(&campaign.playlist) {
                faults.add(place(), format!("plays {}, which is not among the playlists", campaign.playlist));
            }
            if campaign.windows.len() > MOST_WINDOWS {
                faults.add(place(), format!("more than {MOST_WINDOWS} windows"));
            }
            if let (Some(from), Some(until)) = (campaign.period.from, campaign.period.until)
                && until < from
            {
                faults.add(place(), "ends before it begins".to_owned());
            }
        }
        let mut sorted: Vec<_> = self.campaigns.iter().collect();
        sorted.sort_by_key(|campaign| (&campaign.id, campaign.period.from));
        for pair in sorted.windows(2) {
            let [first, second] = pair else { continue };
            let overlap = first.period.until.is_none_or(|until| second.period.from.is_none_or(|from| from < until));
            if first.id == second.id && overlap {
                faults.add(format!("campaign {}", first.id), "two of its versions overlap in time".to_owned());
            }
        }
    }
}

/// Walks a playlist's nested ones; a circle runs into the depth limit.
fn nesting(id: &PlaylistId, by_id: &BTreeMap<&PlaylistId, &Playlist>, depth: usize) -> Result<(), String> {
    if depth > DEEPEST_NESTING {
        return Err(format!("playlists lie more than {DEEPEST_NESTING} deep, or in a circle"));
    }
    let Some(playlist) = by_id.get(id) else {
        return Err(format!("{id} is not among the playlists"));
    };
    for entry in &playlist.entries {
        if let Content::Playlist { playlist, take } = &entry.content {
            if *take == Some(0) {
                return Err(format!("takes 0 entries of {playlist}"));
            }
            nesting(playlist, by_id, depth + 1)?;
        }
    }
    Ok(())
}

struct Faults(Vec<ManifestFault>);

impl Faults {
    fn add(&mut self, place: impl Into<String>, fault: String) {
        self.0.push(ManifestFault { place: place.into(), fault });
    }
}
