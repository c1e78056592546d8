//! Playlists: ordered entries, as a manifest carries them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::asset::Language;
use crate::id::{AssetId, Digest, PlaylistId};

/// Shortest time an entry is on the screen.
pub const SHORTEST_ENTRY: Duration = Duration::from_secs(1);
/// Longest time an entry is on the screen.
pub const LONGEST_ENTRY: Duration = Duration::from_secs(24 * 3600);
/// How deep playlists may lie within one another in a manifest.
pub const DEEPEST_NESTING: usize = 8;
/// How deep those of people may, on pages and in plans. A manifest may need two levels more: the default playlists of a day lie in one of
/// their own, and a slide that changes with the day is a playlist of its days.
pub const DEEPEST_PLANNED: usize = DEEPEST_NESTING - 2;

/// An ordered list of entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playlist {
    /// Its id, unique within the manifest.
    pub id: PlaylistId,
    /// The playlist of which this is a version: as the default playlist or within another it starts each day by that id, so that its
    /// number of versions moves nothing. Its own id, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<PlaylistId>,
    /// What it plays, in order.
    pub entries: Vec<Entry>,
}

impl Playlist {
    /// One that is a version of no other.
    #[must_use]
    pub const fn new(id: PlaylistId, entries: Vec<Entry>) -> Self {
        Self { id, of: None, entries }
    }

    /// The id by which it starts the day.
    #[must_use]
    pub fn starts_by(&self) -> &PlaylistId {
        self.of.as_ref().unwrap_or(&self.id)
    }
}

/// One line of a playlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is shown.
    #[serde(flatten)]
    pub content: Content,
    /// Not shown before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Not shown at or after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Entry {
    /// An entry that shows one asset without words for `duration`, always valid.
    #[must_use]
    pub fn still(asset: AssetId, item: Digest, duration: Duration) -> Self {
        let versions = BTreeMap::from([(Language::undetermined(), item)]);
        Self { content: Content::Asset { asset, versions, duration }, from: None, until: None }
    }
}

/// What an entry shows: an asset in one of its language versions, or another playlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// An asset: a slide for a duration, or a clip for its length.
    Asset {
        /// The asset; with a language it names the credit of the fair pick.
        asset: AssetId,
        /// Its renditions for this board by language; `und` for content without words.
        versions: BTreeMap<Language, Digest>,
        /// How long it is on the screen: [`SHORTEST_ENTRY`] to [`LONGEST_ENTRY`].
        #[serde(rename = "duration_ms", with = "crate::millis::duration")]
        duration: Duration,
    },
    /// A playlist within this one.
    Playlist {
        /// Which one.
        playlist: PlaylistId,
        /// How many slots it gets each time it is reached; as many as it has valid entries when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<u32>,
    },
}
