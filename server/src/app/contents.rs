//! Changes of assets and playlists, and what they reach: each playlist that shows what was changed gets a new version, inner ones first, and
//! each campaign that plays one, or runs a ticker that was changed, is renewed, so that what was shown before stays as it was.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::{AssetKind, Language};
use ::playlists::id::{AssetId, BoardId, PlaylistId};

use super::nesting::Nesting;
use super::{App, pins, tickers};
use crate::live::Change;
use crate::store::assets::{Asset, AssetVersion};
use crate::store::campaign_versions::{PinnedTicker, VersionPlays};
use crate::store::campaigns::{CampaignPlays, StoredCampaign};
use crate::store::playlists::StoredPlaylist;
use crate::store::{StoreError, Tx, asset_versions, assets, campaign_versions, campaigns, contents, playlists, publish_wanted};

/// How often a change is decided anew when others change the contents at the same time.
pub(super) const TRIES: usize = 20;
/// Most pairs of playlists that lie within one another.
const MOST_NESTED: u32 = 200_000;
/// Most campaigns that one change reaches.
const MOST_CAMPAIGNS: u32 = 10_000;

/// What is to be changed at once.
#[derive(Debug, Clone, Default)]
pub struct ContentChange {
    /// Assets as they are to be, with all their current versions.
    pub assets: Vec<Asset>,
    /// Versions that are added to them.
    pub added: Vec<(AssetId, AssetVersion)>,
    /// Languages that are taken away from them.
    pub withdrawn: Vec<(AssetId, Language)>,
    /// Playlists as they are to be. What their entries pin of what else is changed here, and their own versions, do not matter.
    pub playlists: Vec<StoredPlaylist>,
}

/// A change and all that it reaches.
#[derive(Default)]
pub(super) struct Reached {
    /// Playlists that get another name or a new version, inner ones first; true where there is a new version.
    pub(super) playlists: Vec<(StoredPlaylist, bool)>,
    /// Tickers as they are to be.
    pub(super) tickers: BTreeMap<AssetId, PinnedTicker>,
    /// Campaigns that play one of these.
    pub(super) campaigns: Vec<StoredCampaign>,
}

/// The revision that a change is decided by: to be read before all else.
///
/// # Errors
/// When the database fails.
pub async fn revision(app: &App) -> Result<i64, StoreError> {
    contents::revision(&app.db).await
}

/// How playlists lie within one another.
///
/// # Errors
/// When the database fails.
pub async fn nesting(app: &App) -> Result<Nesting, StoreError> {
    playlists::nesting(&app.db, MOST_NESTED).await.map(Nesting)
}

/// Makes a change that was decided by this revision; false when it is not the newest any more: then nothing was changed, and it is to
/// be decided anew.
///
/// # Errors
/// When the database fails.
pub async fn save(app: &App, revision: i64, change: &ContentChange) -> Result<bool, StoreError> {
    let now_ms = app.clock.now_ms();
    let reached = reach(app, change, now_ms).await?;
    let mut tx = app.db.write().await?;
    if !save_in(app, &mut tx, revision, change, &reached, now_ms).await? {
        return Ok(false);
    }
    tx.commit().await?;
    for asset in &change.assets {
        app.live.tell(Change::Asset(asset.id.clone()));
    }
    for campaign in reached.campaigns {
        app.live.tell(Change::Campaign(campaign.id));
    }
    app.live.publish.notify_one();
    Ok(true)
}

/// As [`save`], within a transaction that changes other things as well, and is not committed where this is false.
///
/// # Errors
/// When the database fails.
pub(super) async fn save_in(
    app: &App,
    tx: &mut Tx,
    revision: i64,
    change: &ContentChange,
    reached: &Reached,
    now_ms: i64,
) -> Result<bool, StoreError> {
    if !contents::raise(tx, revision).await? {
        return Ok(false);
    }
    for asset in &change.assets {
        assets::save(tx, asset).await?;
    }
    for (asset, version) in &change.added {
        asset_versions::add(tx, asset, version).await?;
    }
    for (asset, language) in &change.withdrawn {
        asset_versions::withdraw(tx, asset, language, now_ms).await?;
    }
    for asset in change.assets.iter().filter(|asset| asset.kind == AssetKind::Still) {
        publish_wanted::mark_under(tx, &asset.id, now_ms).await?;
    }
    write(app, tx, reached, now_ms).await?;
    Ok(true)
}

/// What a change reaches as it stands now.
///
/// # Errors
/// When the database fails.
pub(super) async fn reach(app: &App, change: &ContentChange, now_ms: i64) -> Result<Reached, StoreError> {
    let changed: BTreeMap<AssetId, Asset> = change.assets.iter().map(|asset| (asset.id.clone(), asset.clone())).collect();
    let mut nesting = nesting(app).await?;
    for playlist in &change.playlists {
        let within = playlist.entries.iter().filter_map(|entry| entry.playlist()).map(|(inner, _)| inner).collect();
        nesting.0.insert(playlist.id.clone(), within);
    }
    let shown = playlists::showing(&app.db, &changed.keys().cloned().collect::<Vec<_>>()).await?;
    let start: BTreeSet<PlaylistId> = shown.into_iter().chain(change.playlists.iter().map(|list| list.id.clone())).collect();
    let order = nesting.around(&start);
    let known = playlists::many(&app.db, &order).await?;
    let known: BTreeMap<PlaylistId, StoredPlaylist> = known.into_iter().map(|list| (list.id.clone(), list)).collect();
    let wanted: BTreeMap<&PlaylistId, &StoredPlaylist> = change.playlists.iter().map(|list| (&list.id, list)).collect();
    let (mut written, mut versions) = (Vec::new(), BTreeMap::new());
    for id in &order {
        let old = known.get(id);
        let Some(new) = wanted.get(id).copied().or(old) else { continue };
        let entries = pins::renewed(&new.entries, &changed, &versions);
        let is_new = old.is_none_or(|old| old.entries != entries);
        if !is_new && old.is_some_and(|old| old.name == new.name) {
            continue;
        }
        let version = old.map_or(0, |old| old.version) + u64::from(is_new);
        let unit = old.map_or(&new.unit, |old| &old.unit).clone();
        let list = StoredPlaylist { id: id.clone(), unit, name: new.name.clone(), version, entries, changed_ms: now_ms };
        if is_new {
            versions.insert(id.clone(), version);
        }
        written.push((list, is_new));
    }
    let renewed: Vec<PlaylistId> = versions.into_keys().collect();
    let mut tickers = BTreeMap::new();
    for asset in change.assets.iter().filter(|asset| asset.kind == AssetKind::Ticker) {
        tickers.insert(asset.id.clone(), tickers::pinned(app, asset).await?);
    }
    let running: Vec<AssetId> = tickers.keys().cloned().collect();
    let campaigns = campaigns::playing(&app.db, &renewed, &running, MOST_CAMPAIGNS).await?;
    Ok(Reached { playlists: written, tickers, campaigns })
}

async fn write(app: &App, tx: &mut Tx, reached: &Reached, now_ms: i64) -> Result<(), StoreError> {
    let mut versions = BTreeMap::new();
    for (playlist, is_new) in &reached.playlists {
        playlists::save(tx, playlist).await?;
        if *is_new {
            playlists::add_version(tx, playlist).await?;
            publish_wanted::mark_default(tx, &playlist.id, now_ms).await?;
            versions.insert(&playlist.id, playlist.version);
        }
    }
    for campaign in &reached.campaigns {
        let plays = match &campaign.plays {
            CampaignPlays::Playlist(list) => versions.get(list).map(|version| VersionPlays::Playlist(list.clone(), *version)),
            CampaignPlays::Ticker(asset) => reached.tickers.get(asset).cloned().map(VersionPlays::Ticker),
        };
        if let Some(plays) = plays {
            renew(app, tx, campaign, plays, now_ms).await?;
        }
    }
    if reached.campaigns.iter().any(|campaign| campaign.all_boards) {
        return publish_wanted::mark_all(tx, now_ms).await;
    }
    let boards: BTreeSet<BoardId> = reached.campaigns.iter().flat_map(|campaign| campaign.boards.iter().cloned()).collect();
    publish_wanted::mark(tx, &boards.into_iter().collect::<Vec<_>>(), now_ms).await
}

/// Ends the version of a campaign that is in force, and begins the next with what it plays now; nothing where
/// that is the same.
async fn renew(app: &App, tx: &mut Tx, campaign: &StoredCampaign, plays: VersionPlays, now_ms: i64) -> Result<(), StoreError> {
    let newest = campaign_versions::newest(&app.db, &campaign.id).await?;
    let Some(newest) = newest.filter(|version| version.ended_ms.is_none() && version.plays != plays) else { return Ok(()) };
    let next =
        campaign_versions::CampaignVersion { version: newest.version + 1, plays, in_force_ms: now_ms, ended_ms: None, ..newest };
    campaign_versions::end(tx, &campaign.id, now_ms).await?;
    campaign_versions::begin(tx, &next).await?;
    let changed = StoredCampaign { version: next.version, changed_ms: now_ms, ..campaign.clone() };
    campaigns::save(tx, &changed).await
}
