//! What a campaign is to play, as it is now: looked up by what its form names, and pinned by its next version.

use ::playlists::asset::AssetKind;
use ::playlists::id::{AssetId, PlaylistId};

use super::campaign_draft::{CampaignDraft, Shown};
use super::{App, FieldError, tickers};
use crate::store::campaign_versions::{PinnedTicker, VersionPlays};
use crate::store::campaigns::CampaignPlays;
use crate::store::playlists::StoredPlaylist;
use crate::store::{StoreError, assets, playlists};

/// What a campaign is to play.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A playlist.
    Playlist(StoredPlaylist),
    /// A ticker.
    Ticker(PinnedTicker),
}

impl Content {
    /// As the campaign names it.
    pub(super) fn plays(&self) -> CampaignPlays {
        match self {
            Self::Playlist(playlist) => CampaignPlays::Playlist(playlist.id.clone()),
            Self::Ticker(ticker) => CampaignPlays::Ticker(ticker.asset_id.clone()),
        }
    }

    /// As the campaign's next version pins it.
    pub(super) fn pinned(&self) -> VersionPlays {
        match self {
            Self::Playlist(playlist) => VersionPlays::Playlist(playlist.id.clone(), playlist.version),
            Self::Ticker(ticker) => VersionPlays::Ticker(ticker.clone()),
        }
    }

    /// The playlist, if it is one.
    pub(super) const fn playlist(&self) -> Option<&StoredPlaylist> {
        match self {
            Self::Playlist(playlist) => Some(playlist),
            Self::Ticker(_) => None,
        }
    }
}

/// What a campaign plays, as it is now; none where it is not there any more.
///
/// # Errors
/// When the database fails, or a ticker's document cannot be read.
pub(super) async fn of(app: &App, plays: &CampaignPlays) -> Result<Option<Content>, StoreError> {
    match plays {
        CampaignPlays::Playlist(playlist) => Ok(playlists::get(&app.db, playlist).await?.map(Content::Playlist)),
        CampaignPlays::Ticker(ticker) => match assets::get(&app.db, ticker).await? {
            Some(asset) => tickers::pinned(app, &asset).await.map(|pinned| Some(Content::Ticker(pinned))),
            None => Ok(None),
        },
    }
}

/// What a form names; or what is wrong with that.
///
/// # Errors
/// When the database fails, or a ticker's document cannot be read.
pub(super) async fn named(
    app: &App,
    draft: &CampaignDraft,
    shown: Shown,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Content>, StoreError> {
    let (found, field, code) = match shown {
        Shown::Playlist => {
            let found = match draft.playlist_id.trim().parse::<PlaylistId>() {
                Ok(id) => playlists::get(&app.db, &id).await?,
                Err(_) => None,
            };
            (found.map(Content::Playlist), "playlist_id", "error-playlist-unknown")
        }
        Shown::Ticker => {
            let found = match draft.ticker_asset_id.trim().parse::<AssetId>() {
                Ok(id) => assets::get(&app.db, &id).await?.filter(|asset| asset.kind == AssetKind::Ticker),
                Err(_) => None,
            };
            let code = if found.is_some() { "error-ticker-empty" } else { "error-ticker-unknown" };
            let pinned = match found.filter(|asset| !asset.versions.is_empty()) {
                Some(asset) => Some(tickers::pinned(app, &asset).await?),
                None => None,
            };
            (pinned.map(Content::Ticker), "ticker_asset_id", code)
        }
    };
    if found.is_none() {
        errors.push(FieldError::new(field, code));
    }
    Ok(found)
}
