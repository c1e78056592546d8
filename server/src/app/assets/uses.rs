//! Where an asset is used: the playlists that show it, those around them, the campaigns that play one of these or run it, and the boards
//! over whose loop it lies.

use ::playlists::id::{AssetId, BoardId, CampaignId, PlaylistId};

use crate::app::{App, contents};
use crate::store::{StoreError, board_overlays, campaigns, playlists};

/// Most campaigns that are named.
const MOST_CAMPAIGNS: u32 = 500;

/// Most boards that are named.
const MOST_BOARDS: u32 = 500;

/// Where an asset is used, each with its name, in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Playlists that show it themselves, or hold one that does.
    pub playlists: Vec<(PlaylistId, String)>,
    /// Campaigns that play one of these, or run it as a ticker.
    pub campaigns: Vec<(CampaignId, String)>,
    /// Boards over whose loop it lies, by name.
    pub boards: Vec<(BoardId, String)>,
}

impl Uses {
    /// Whether it is used nowhere.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.playlists.is_empty() && self.campaigns.is_empty() && self.boards.is_empty()
    }
}

/// Where an asset is used now.
///
/// # Errors
/// When the database fails.
pub async fn uses(app: &App, id: &AssetId) -> Result<Uses, StoreError> {
    let showing = playlists::showing(&app.db, std::slice::from_ref(id)).await?;
    let mut around = contents::nesting(app).await?.around(&showing.into_iter().collect());
    around.sort();
    let lists = playlists::many(&app.db, &around).await?;
    let played = campaigns::playing(&app.db, &around, std::slice::from_ref(id), MOST_CAMPAIGNS).await?;
    Ok(Uses {
        playlists: lists.into_iter().map(|list| (list.id, list.name)).collect(),
        boards: board_overlays::boards_under(&app.db, id, MOST_BOARDS).await?,
        campaigns: played.into_iter().map(|campaign| (campaign.id, campaign.name)).collect(),
    })
}
