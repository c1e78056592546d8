//! What there is to be composed of: playlists with their entries, and the pictures of those.

use std::time::Duration;

use chrono::NaiveDate;

use crate::asset::Language;
use crate::campaign::Period;
use crate::id::{AssetId, Digest, PlaylistId};

/// Where what playlists play is looked up: a server's database as far as it was loaded, or a plan.
pub trait Contents {
    /// What a playlist plays, in its order; none where there is no such one.
    fn lines(&self, list: &Listed) -> Option<Vec<Line>>;
}

/// A playlist, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The playlist.
    pub id: PlaylistId,
    /// Its version, where it has versions.
    pub version: Option<u64>,
}

impl Listed {
    /// The id under which a manifest carries it.
    pub(super) fn carried(&self) -> PlaylistId {
        let Some(version) = self.version else { return self.id.clone() };
        // An id of 64 characters leaves no room: then the id alone, which the manifest's check would find if it were not unique.
        format!("{}-v{version}", self.id).parse().unwrap_or_else(|_| self.id.clone())
    }
}

/// One line of a playlist.
#[derive(Debug, Clone)]
pub struct Line {
    /// What is shown.
    pub shows: Shows,
    /// When, by the line's own dates.
    pub period: Period,
}

/// What a line shows.
#[derive(Debug, Clone)]
pub enum Shows {
    /// An asset.
    Asset {
        /// Which one.
        asset: AssetId,
        /// How long it is on the screen.
        duration: Duration,
        /// When it may be shown at all.
        period: Period,
        /// Its pictures that there are: one for each language, or of one that changes with the day one for each day.
        pictures: Vec<Picture>,
    },
    /// A playlist within this one.
    Playlist {
        /// Which one.
        list: Listed,
        /// How many slots it gets each time it is reached; as many as it has valid entries when absent.
        take: Option<u32>,
    },
}

/// A picture of an asset at the board's pixels.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its language; `und` for content without words.
    pub language: Language,
    /// Which version of the asset in this language, where it has versions.
    pub version: Option<u64>,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
    /// How long it plays, of a clip.
    pub clip: Option<Duration>,
    /// The day that it is for; none: all days.
    pub day: Option<NaiveDate>,
}
