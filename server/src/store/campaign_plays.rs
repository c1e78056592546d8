//! What campaigns play, as it is kept: a playlist in the loop, or a ticker over it.

use std::collections::BTreeMap;

use playlists::asset::Language;
use playlists::id::{AssetId, PlaylistId};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::entries::Pinned;

/// What a campaign plays: one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignPlays {
    /// A playlist, in the loop.
    Playlist(PlaylistId),
    /// An asset of kind ticker, over the loop.
    Ticker(AssetId),
}

impl CampaignPlays {
    /// The playlist, if it is one.
    #[must_use]
    pub const fn playlist(&self) -> Option<&PlaylistId> {
        match self {
            Self::Playlist(playlist) => Some(playlist),
            Self::Ticker(_) => None,
        }
    }
    /// The ticker, if it is one.
    #[must_use]
    pub const fn ticker(&self) -> Option<&AssetId> {
        match self {
            Self::Playlist(_) => None,
            Self::Ticker(asset) => Some(asset),
        }
    }

    pub(super) fn read(playlist: Option<&str>, ticker: Option<&str>) -> Result<Self, StoreError> {
        let playlist = playlist.map(str::parse).transpose().map_err(|e| StoreError::unreadable("campaign.playlist_id", e))?;
        let ticker = ticker.map(str::parse).transpose().map_err(|e| StoreError::unreadable("campaign.ticker_asset_id", e))?;
        match (playlist, ticker) {
            (Some(playlist), None) => Ok(Self::Playlist(playlist)),
            (None, Some(ticker)) => Ok(Self::Ticker(ticker)),
            (Some(_), Some(_)) | (None, None) => Err(neither("campaign.playlist_id or ticker_asset_id")),
        }
    }
}

/// What a version of a campaign plays: what it pins never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionPlays {
    /// A version of a playlist.
    Playlist(PlaylistId, u64),
    /// Versions of a ticker.
    Ticker(PinnedTicker),
}

/// A ticker as it was when the version of the campaign was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedTicker {
    /// The asset.
    pub asset_id: AssetId,
    /// The version of each language, and when the asset may be shown.
    #[serde(flatten)]
    pub pinned: Pinned,
    /// How fast each of these versions runs, in pixels a second: as its document says.
    pub speeds: BTreeMap<Language, u32>,
}

/// A playlist's id and version, or a ticker as JSON.
type Columns<'a> = (Option<&'a str>, Option<i64>, Option<String>);

impl VersionPlays {
    /// The version of a playlist, if it is one.
    #[must_use]
    pub fn playlist(&self) -> Option<(PlaylistId, u64)> {
        match self {
            Self::Playlist(playlist, version) => Some((playlist.clone(), *version)),
            Self::Ticker(_) => None,
        }
    }
    /// The ticker, if it is one.
    #[must_use]
    pub const fn ticker(&self) -> Option<&PinnedTicker> {
        match self {
            Self::Playlist(..) => None,
            Self::Ticker(ticker) => Some(ticker),
        }
    }

    /// The three columns: a playlist with its version, or a ticker as JSON.
    pub(super) fn columns(&self) -> Result<Columns<'_>, StoreError> {
        match self {
            Self::Playlist(playlist, version) => {
                Ok((Some(playlist.as_str()), Some(i64::try_from(*version).unwrap_or(i64::MAX)), None))
            }
            Self::Ticker(ticker) => {
                let json = serde_json::to_string(ticker).map_err(|e| StoreError::unreadable("ticker to be saved", e))?;
                Ok((None, None, Some(json)))
            }
        }
    }

    pub(super) fn read(playlist: Option<&str>, version: Option<i64>, ticker: Option<&str>) -> Result<Self, StoreError> {
        match (playlist, version, ticker) {
            (Some(playlist), Some(version), None) => Ok(Self::Playlist(
                playlist.parse().map_err(|e| StoreError::unreadable("campaign_version.playlist_id", e))?,
                u64::try_from(version).map_err(|e| StoreError::unreadable("campaign_version.playlist_version", e))?,
            )),
            (None, None, Some(ticker)) => {
                serde_json::from_str(ticker).map(Self::Ticker).map_err(|e| StoreError::unreadable("campaign_version.ticker", e))
            }
            _ => Err(neither("campaign_version.playlist_id or ticker")),
        }
    }
}

fn neither(what: &'static str) -> StoreError {
    StoreError::unreadable(what, "there is to be exactly one of the two")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_plays_a_playlist_or_a_ticker_and_is_read_as_it_was_written() {
        let vi: Language = "vi".parse().expect("a language");
        let ticker = PinnedTicker {
            asset_id: "a-1".parse().expect("an id"),
            pinned: Pinned { versions: BTreeMap::from([(vi.clone(), 3)]), from_ms: None, until_ms: Some(7) },
            speeds: BTreeMap::from([(vi, 100)]),
        };
        for plays in [VersionPlays::Playlist("p-1".parse().expect("an id"), 4), VersionPlays::Ticker(ticker)] {
            let (playlist, version, ticker) = plays.columns().expect("written");
            assert_eq!(VersionPlays::read(playlist, version, ticker.as_deref()).expect("read"), plays);
        }
        assert!(VersionPlays::read(None, None, None).is_err());
        assert!(VersionPlays::read(Some("p-1"), None, None).is_err());
        assert!(CampaignPlays::read(Some("p-1"), Some("a-1")).is_err());
        assert!(CampaignPlays::read(None, None).is_err());
    }
}
