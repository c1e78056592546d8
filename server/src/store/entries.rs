//! Entries of playlists as they are kept: JSON that pins what is shown, so that a version of a playlist never shows anything else.

use std::collections::BTreeMap;

use playlists::asset::Language;
use playlists::id::{AssetId, PlaylistId};
use serde::{Deserialize, Serialize};

/// One line of a playlist as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// What is shown.
    #[serde(flatten)]
    pub shows: Shows,
    /// Not shown before this, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Not shown at or after this, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

/// What an entry shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shows {
    /// An asset, in one of its languages at a time.
    Asset {
        /// Which one.
        asset_id: AssetId,
        /// How long, in milliseconds.
        duration_ms: u64,
        /// The asset as it was when the version of the playlist was made. Entries from before assets had languages show the one that
        /// there was.
        #[serde(default = "Pinned::only")]
        pinned: Pinned,
    },
    /// Another playlist.
    Playlist {
        /// Which one.
        playlist_id: PlaylistId,
        /// Its version when this one was made.
        version: u64,
        /// How many slots it gets each time it is reached; all of its entries, where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<u32>,
    },
}

/// What of an asset a playlist version shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The version of each language.
    pub versions: BTreeMap<Language, u64>,
    /// The asset is not shown before this, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// The asset is not shown at or after this, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Pinned {
    /// The first version without words.
    fn only() -> Self {
        Self { versions: BTreeMap::from([(Language::undetermined(), 1)]), ..Self::default() }
    }
}

impl StoredEntry {
    /// An asset that is shown for so many milliseconds, always.
    #[must_use]
    pub const fn asset(asset_id: AssetId, duration_ms: u64, pinned: Pinned) -> Self {
        Self { shows: Shows::Asset { asset_id, duration_ms, pinned }, from_ms: None, until_ms: None }
    }
    /// The asset, where it is one.
    #[must_use]
    pub const fn asset_id(&self) -> Option<&AssetId> {
        match &self.shows {
            Shows::Asset { asset_id, .. } => Some(asset_id),
            Shows::Playlist { .. } => None,
        }
    }
    /// The playlist within, and its version, where it is one.
    #[must_use]
    pub fn playlist(&self) -> Option<(PlaylistId, u64)> {
        match &self.shows {
            Shows::Asset { .. } => None,
            Shows::Playlist { playlist_id, version, .. } => Some((playlist_id.clone(), *version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_from_before_languages_are_still_read() {
        let old: StoredEntry = serde_json::from_str(r#"{"asset_id":"a-1","duration_ms":8000}"#).expect("read");
        let Shows::Asset { pinned, duration_ms: 8000, .. } = &old.shows else { panic!("{old:?}") };
        assert_eq!(pinned.versions, BTreeMap::from([(Language::undetermined(), 1)]));
        assert_eq!((old.from_ms, old.until_ms), (None, None));
    }

    #[test]
    fn an_entry_reads_as_it_was_written() {
        let pinned =
            Pinned { versions: BTreeMap::from([("vi".parse().expect("a language"), 3)]), from_ms: Some(1), until_ms: None };
        let asset = StoredEntry { until_ms: Some(7), ..StoredEntry::asset("a-1".parse().expect("an id"), 8000, pinned) };
        let playlist_id = "p-1".parse().expect("an id");
        let list =
            StoredEntry { shows: Shows::Playlist { playlist_id, version: 4, take: Some(2) }, from_ms: None, until_ms: None };
        for entry in [asset, list] {
            let json = serde_json::to_string(&entry).expect("written");
            assert_eq!(serde_json::from_str::<StoredEntry>(&json).expect("read"), entry, "{json}");
        }
    }
}
