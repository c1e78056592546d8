//! Playlists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AssetId, PlaylistId, UnitId};
use crate::plan::schema::Id;
use crate::plan::values::{Length, When};

/// Entries in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Playlist {
    /// Its id: 1 to 64 of a–z, 0–9 and -.
    #[schemars(with = "Id")]
    pub id: PlaylistId,
    /// Its name, for people.
    pub name: String,
    /// The unit that owns it; the plan's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub unit: Option<UnitId>,
    /// What it plays.
    pub entries: Vec<Entry>,
}

/// A line of a playlist: an asset, or another playlist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// An asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub asset: Option<AssetId>,
    /// How long it is on the screen, 1s to 1d; not for clips, which play their length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Length>,
    /// A playlist within this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub playlist: Option<PlaylistId>,
    /// How many slots that playlist gets each time it is reached; as many as it has valid entries, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub take: Option<u32>,
    /// Not shown before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Not shown after; a date is included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}
