//! What manifests are composed from, loaded for many boards at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use playlists::geometry::Geometry;
use playlists::id::AssetId;

use super::compose::{Ready, Sources};
use super::{App, safe_item};
use crate::store::boards::Board;
use crate::store::renditions::{Key, State};
use crate::store::{
    StoreError, assets, board_changes, board_defaults, campaign_versions, playlists as stored_playlists, renditions, stand_downs,
};

/// Most versions of campaigns in force at once.
const MOST_CAMPAIGNS: u32 = 20_000;
/// Most versions of playlists in use at once.
const MOST_PLAYLISTS: u32 = 20_000;
/// Most changes of boards' default playlists, of their hours, or of stand-downs within a day.
const MOST_CHANGES: u32 = 100_000;
/// A broadcast day is at most this long, wherever its board stands.
const LONGEST_DAY: TimeDelta = TimeDelta::hours(26);

/// Campaigns, playlists and fits; no renditions yet.
pub(super) async fn load(app: &App, now: DateTime<Utc>) -> Result<Sources, StoreError> {
    let since_ms = (now - LONGEST_DAY).timestamp_millis();
    let campaigns = campaign_versions::live_since(&app.db, since_ms, MOST_CAMPAIGNS).await?;
    let in_use = stored_playlists::in_use(&app.db, since_ms, MOST_PLAYLISTS).await?;
    let shown: BTreeSet<AssetId> =
        in_use.iter().flat_map(|version| version.entries.iter().map(|entry| entry.asset_id.clone())).collect();
    let shown: Vec<AssetId> = shown.into_iter().collect();
    let mut sources = Sources { campaigns, ..Sources::default() };
    for asset in assets::many(&app.db, &shown).await? {
        sources.add_asset(asset);
    }
    for version in in_use {
        sources.made_ms.insert((version.id.clone(), version.version), version.created_ms);
        sources.playlists.insert((version.id, version.version), version.entries);
    }
    for ended in board_defaults::ended_since(&app.db, since_ms, MOST_CHANGES).await? {
        sources.former_defaults.entry(ended.board.clone()).or_default().push(ended);
    }
    for ended in board_changes::hours_ended_since(&app.db, since_ms, MOST_CHANGES).await? {
        sources.former_hours.entry(ended.board.clone()).or_default().push(ended);
    }
    sources.stand_downs = stand_downs::live_since(&app.db, since_ms, MOST_CHANGES).await?;
    Ok(sources)
}

/// Adds the renditions for these boards' geometries, made and pending; answers those that nobody has asked for yet.
pub(super) async fn load_renditions(
    app: &App,
    boards: &[Board],
    sources: &mut Sources,
    now: DateTime<Utc>,
) -> Result<Vec<Key>, StoreError> {
    let mut needed = BTreeMap::<Geometry, BTreeSet<Key>>::new();
    for board in boards {
        let keys = needed.entry(board.geometry).or_default();
        keys.extend(sources.needs(board, now));
        keys.insert(safe_item::of(board.geometry));
    }
    let mut missing = Vec::new();
    for (geometry, mut keys) in needed {
        let of: BTreeSet<AssetId> = keys.iter().map(|key| key.asset.clone()).collect();
        for found in renditions::of_assets(&app.db, geometry, &of.into_iter().collect::<Vec<_>>()).await? {
            keys.remove(&found.key);
            match found.state {
                State::Ready { sha256, size_bytes } => {
                    sources.renditions.insert(found.key, Ready { sha256, size: size_bytes });
                }
                State::Wanted => {
                    sources.pending.insert(found.key);
                }
                State::Failed { .. } => {}
            }
        }
        sources.pending.extend(keys.iter().cloned());
        missing.extend(keys);
    }
    Ok(missing)
}
