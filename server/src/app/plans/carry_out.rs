//! Carries a decided import out, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{CampaignId, PlaylistId};
use ::playlists::unit::Tier;

use super::PlanError;
use super::decide::Decision;
use crate::app::{App, board_settings, campaign_content, campaigns as rules, contents};
use crate::live::Change;
use crate::store::campaign_versions::VersionPlays;
use crate::store::campaigns::{CampaignPlays, StoredCampaign};
use crate::store::{self, StoreError, Tx, boards, campaign_versions, campaigns, manifests, publish_wanted, stand_downs, units};

/// Changes everything that was decided; false when others changed the contents since: then nothing was changed.
pub(super) async fn carry_out(app: &App, decision: &Decision) -> Result<bool, PlanError> {
    let now_ms = decision.now.timestamp_millis();
    let mut reached = contents::reach(app, &decision.contents, now_ms).await?;
    // Campaigns of the plan get their new version with everything else that is new of them.
    let named: BTreeSet<&CampaignId> = decision.campaigns.iter().map(|(campaign, _)| &campaign.id).collect();
    reached.campaigns.retain(|campaign| !named.contains(&campaign.id));
    let mut played = played(app, decision, &reached).await?;
    let mut newest = BTreeMap::new();
    for (campaign, _) in &decision.campaigns {
        if let Some(version) = campaign_versions::newest(&app.db, &campaign.id).await? {
            newest.insert(&campaign.id, version);
        }
    }
    let mut with_past = BTreeSet::new();
    for change in &decision.boards {
        // Before its first manifest a board showed nothing, so there is no past to keep.
        if manifests::newest_revision(&app.db, &change.old.id).await?.is_some() {
            with_past.insert(&change.old.id);
        }
    }
    let mut tx = app.db.write().await?;
    for unit in &decision.units {
        units::insert(&mut tx, unit, now_ms).await?;
    }
    if !contents::save_in(app, &mut tx, decision.revision, &decision.contents, &reached, now_ms).await? {
        return Ok(false);
    }
    for (campaign, _) in &decision.campaigns {
        let plays = played.remove(&campaign.id);
        save_campaign(&mut tx, campaign, plays, newest.get(&campaign.id)).await?;
    }
    for stand_down in &decision.stand_downs {
        stand_downs::end(&mut tx, &stand_down.id, now_ms).await?;
        stand_downs::begin(&mut tx, stand_down).await?;
        stand_downs::rename(&mut tx, &stand_down.id, &stand_down.name).await?;
    }
    for change in &decision.boards {
        if with_past.contains(&change.old.id) {
            board_settings::keep_past(&mut tx, &change.old, &change.new, now_ms).await?;
        }
        boards::save_settings(&mut tx, &change.old.id, &change.new).await?;
    }
    publish_wanted::mark_all(&mut tx, now_ms).await?;
    tx.commit().await?;
    tell(app, decision);
    Ok(true)
}

/// What each campaign will play: its playlist in the version in which that will be, its ticker as that will be.
pub(super) async fn played(
    app: &App,
    decision: &Decision,
    reached: &contents::Reached,
) -> Result<BTreeMap<CampaignId, VersionPlays>, StoreError> {
    let lists: BTreeSet<PlaylistId> =
        decision.campaigns.iter().filter_map(|(campaign, _)| campaign.plays.playlist().cloned()).collect();
    let stored = store::playlists::many(&app.db, &lists.into_iter().collect::<Vec<_>>()).await?;
    let mut versions: BTreeMap<PlaylistId, u64> = stored.into_iter().map(|playlist| (playlist.id, playlist.version)).collect();
    versions.extend(reached.playlists.iter().map(|(playlist, _)| (playlist.id.clone(), playlist.version)));
    let mut played = BTreeMap::new();
    for (campaign, _) in &decision.campaigns {
        let plays = match &campaign.plays {
            CampaignPlays::Playlist(list) => versions.get(list).map(|version| VersionPlays::Playlist(list.clone(), *version)),
            CampaignPlays::Ticker(asset) => match reached.tickers.get(asset) {
                Some(ticker) => Some(VersionPlays::Ticker(ticker.clone())),
                None => campaign_content::of(app, &campaign.plays).await?.map(|content| content.pinned()),
            },
        };
        played.extend(plays.map(|plays| (campaign.id.clone(), plays)));
    }
    Ok(played)
}

async fn save_campaign(
    tx: &mut Tx,
    campaign: &StoredCampaign,
    plays: Option<VersionPlays>,
    newest: Option<&campaign_versions::CampaignVersion>,
) -> Result<(), StoreError> {
    let tier = newest.map_or(Tier::Commune, |newest| newest.tier);
    let number = newest.map_or(1, |newest| newest.version + 1);
    let plays = plays.filter(|_| campaign.approved && !campaign.paused);
    let next = plays.map(|plays| rules::version_of(campaign, plays, tier, number));
    let unchanged = matches!((&next, newest), (Some(next), Some(newest)) if rules::same_content(next, newest));
    let version = next.as_ref().filter(|_| !unchanged).map_or(campaign.version, |next| next.version);
    campaigns::save(tx, &StoredCampaign { version, ..campaign.clone() }).await?;
    campaigns::clear_boards(tx, &campaign.id).await?;
    campaigns::add_boards(tx, &campaign.id, &campaign.boards).await?;
    if !unchanged {
        campaign_versions::end(tx, &campaign.id, campaign.changed_ms).await?;
        if let Some(next) = &next {
            campaign_versions::begin(tx, next).await?;
        }
    }
    Ok(())
}

fn tell(app: &App, decision: &Decision) {
    for asset in &decision.contents.assets {
        app.live.tell(Change::Asset(asset.id.clone()));
    }
    for (campaign, _) in &decision.campaigns {
        app.live.tell(Change::Campaign(campaign.id.clone()));
    }
    for board in &decision.boards {
        app.live.tell(Change::Board(board.old.id.clone()));
    }
    app.live.publish.notify_one();
}
