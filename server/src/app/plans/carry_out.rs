//! Carries a decided import out, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{CampaignId, PlaylistId};
use ::playlists::unit::Tier;

use super::PlanError;
use super::decide::Decision;
use crate::app::{App, board_settings, campaigns as rules, contents};
use crate::live::Change;
use crate::store::campaigns::StoredCampaign;
use crate::store::{self, StoreError, Tx, boards, campaign_versions, campaigns, manifests, publish_wanted, stand_downs, units};

/// Changes everything that was decided; false when others changed the contents since: then nothing was changed.
pub(super) async fn carry_out(app: &App, decision: &Decision) -> Result<bool, PlanError> {
    let now_ms = decision.now.timestamp_millis();
    let mut reached = contents::reach(app, &decision.contents, now_ms).await?;
    // Campaigns of the plan get their new version with everything else that is new of them.
    let named: BTreeSet<&CampaignId> = decision.campaigns.iter().map(|(campaign, _)| &campaign.id).collect();
    reached.campaigns.retain(|campaign| !named.contains(&campaign.id));
    let versions = versions(app, decision, &reached).await?;
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
        let playlist_version = versions.get(&campaign.playlist).copied().unwrap_or_default();
        save_campaign(&mut tx, campaign, playlist_version, newest.get(&campaign.id)).await?;
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

/// The version in which each campaign's playlist will be.
async fn versions(app: &App, decision: &Decision, reached: &contents::Reached) -> Result<BTreeMap<PlaylistId, u64>, StoreError> {
    let ids: BTreeSet<PlaylistId> = decision.campaigns.iter().map(|(campaign, _)| campaign.playlist.clone()).collect();
    let ids: Vec<PlaylistId> = ids.into_iter().collect();
    let stored = store::playlists::many(&app.db, &ids).await?;
    let mut versions: BTreeMap<PlaylistId, u64> = stored.into_iter().map(|playlist| (playlist.id, playlist.version)).collect();
    versions.extend(reached.playlists.iter().map(|(playlist, _)| (playlist.id.clone(), playlist.version)));
    Ok(versions)
}

async fn save_campaign(
    tx: &mut Tx,
    campaign: &StoredCampaign,
    playlist_version: u64,
    newest: Option<&campaign_versions::CampaignVersion>,
) -> Result<(), StoreError> {
    let tier = newest.map_or(Tier::Commune, |newest| newest.tier);
    let next = rules::version_of(campaign, playlist_version, tier, newest.map_or(1, |newest| newest.version + 1));
    let next = Some(next).filter(|_| campaign.approved && !campaign.paused);
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
