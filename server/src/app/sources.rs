//! What manifests are composed from, loaded for many boards at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use playlists::asset::Language;
use playlists::geometry::Geometry;

use super::defaults::Versioned;
use super::shown::{Ready, Sources, versions_of};
use super::{App, safe_item};
use crate::store::asset_versions::VersionId;
use crate::store::boards::Board;
use crate::store::campaign_versions::PinnedTicker;
use crate::store::playlists::{PlaylistVersion, StoredEntry};
use crate::store::renditions::{Key, State};
use crate::store::{
    StoreError, asset_versions, assets, board_changes, board_defaults, board_overlays, campaign_versions,
    playlists as stored_playlists, renditions, stand_downs,
};

/// Most versions of campaigns in force at once.
const MOST_CAMPAIGNS: u32 = 20_000;
/// Most versions of playlists in use at once.
const MOST_PLAYLISTS: u32 = 20_000;
/// Most changes of boards' default playlists, of their hours, or of stand-downs within a day.
const MOST_CHANGES: u32 = 100_000;
/// A broadcast day is at most this long, wherever its board stands.
const LONGEST_DAY: TimeDelta = TimeDelta::hours(26);

/// Campaigns, playlists and versions of assets; no renditions yet.
pub(super) async fn load(app: &App, now: DateTime<Utc>) -> Result<Sources, StoreError> {
    let since_ms = (now - LONGEST_DAY).timestamp_millis();
    let campaigns = campaign_versions::live_since(&app.db, since_ms, MOST_CAMPAIGNS).await?;
    let mut sources = Sources { campaigns, ..Sources::default() };
    add(app, &mut sources, stored_playlists::in_use(&app.db, since_ms, MOST_PLAYLISTS).await?).await?;
    for ended in board_defaults::ended_since(&app.db, since_ms, MOST_CHANGES).await? {
        sources.former_defaults.entry(ended.board.clone()).or_default().push(ended);
    }
    for ended in board_changes::hours_ended_since(&app.db, since_ms, MOST_CHANGES).await? {
        sources.former_hours.entry(ended.board.clone()).or_default().push(ended);
    }
    let overlaid = assets::many(&app.db, &board_overlays::assets(&app.db).await?).await?;
    sources.overlaid = overlaid.into_iter().map(|asset| (asset.id.clone(), asset)).collect();
    sources.stand_downs = stand_downs::live_since(&app.db, since_ms, MOST_CHANGES).await?;
    Ok(sources)
}

/// Adds versions of playlists, those within them, and what is known of the versions of assets that they show, and that campaigns run.
pub(super) async fn add(app: &App, sources: &mut Sources, mut found: Vec<PlaylistVersion>) -> Result<(), StoreError> {
    // As often as playlists lie within one another, which is a few times at most.
    while !found.is_empty() {
        for version in found {
            let key = (version.id, version.version);
            sources.made_ms.insert(key.clone(), version.created_ms);
            sources.playlists.insert(key, version.entries);
        }
        let inner = sources.playlists.values().flatten().filter_map(StoredEntry::playlist);
        let missing: BTreeSet<Versioned> = inner.filter(|inner| !sources.playlists.contains_key(inner)).collect();
        found = stored_playlists::versions(&app.db, &missing.into_iter().collect::<Vec<_>>()).await?;
    }
    let run = sources.campaigns.iter().filter_map(|version| version.plays.ticker()).flat_map(run_by);
    let shown = sources.playlists.values().flat_map(|entries| versions_of(entries)).chain(run);
    let missing: BTreeSet<VersionId> = shown.filter(|of| !sources.versions.contains_key(of)).collect();
    sources.versions.extend(asset_versions::shown(&app.db, &missing.into_iter().collect::<Vec<_>>()).await?);
    Ok(())
}

/// Adds what is known of the versions of a ticker that no campaign runs yet.
pub(super) async fn add_ticker(app: &App, sources: &mut Sources, ticker: &PinnedTicker) -> Result<(), StoreError> {
    let missing: Vec<VersionId> = run_by(ticker).filter(|of| !sources.versions.contains_key(of)).collect();
    sources.versions.extend(asset_versions::shown(&app.db, &missing).await?);
    Ok(())
}

/// The versions that a ticker consists of.
fn run_by(ticker: &PinnedTicker) -> impl Iterator<Item = VersionId> {
    let of = |(language, version): (&Language, &u64)| VersionId {
        asset: ticker.asset_id.clone(),
        language: language.clone(),
        version: *version,
    };
    ticker.pinned.versions.iter().map(of)
}

/// Renditions by when they are needed: what boards cannot do without, what may be on them soon, and the rest. Pure.
pub(super) fn by_urgency(missing: Vec<Key>, boards: &[Board], sources: &Sources, now: DateTime<Utc>) -> [Vec<Key>; 3] {
    if missing.is_empty() {
        return [Vec::new(), Vec::new(), Vec::new()];
    }
    let (mut first, mut soon) = (BTreeSet::new(), BTreeSet::new());
    for board in boards {
        first.insert(safe_item::of(board.geometry));
        first.extend(sources.needs_first(board, now));
        soon.extend(sources.needs_soon(board, now));
    }
    let (first, rest): (Vec<_>, Vec<_>) = missing.into_iter().partition(|key| first.contains(key));
    let (soon, later) = rest.into_iter().partition(|key| soon.contains(key));
    [first, soon, later]
}

/// Adds the renditions for these boards' geometries, made, pending and lapsed; answers those that nobody has asked for yet.
pub(super) async fn load_renditions(
    app: &App,
    boards: &[Board],
    sources: &mut Sources,
    now: DateTime<Utc>,
) -> Result<Vec<Key>, StoreError> {
    let (mut needed, mut wanted) = (BTreeMap::<Geometry, BTreeSet<Key>>::new(), BTreeSet::new());
    for board in boards {
        let keys = needed.entry(board.geometry).or_default();
        keys.extend(sources.needs(board, now));
        keys.insert(safe_item::of(board.geometry));
        wanted.extend(sources.wants(board, now));
        wanted.insert(safe_item::of(board.geometry));
    }
    let mut missing = Vec::new();
    for (geometry, mut keys) in needed {
        let of: BTreeSet<VersionId> = keys.iter().map(|key| key.of.clone()).collect();
        for found in renditions::of_versions(&app.db, geometry, &of).await? {
            keys.remove(&found.key);
            match found.state {
                State::Ready { sha256, size_bytes, strip_width } => {
                    sources.renditions.insert(found.key, Ready { sha256, size: size_bytes, strip_width });
                }
                State::Wanted if wanted.contains(&found.key) => {
                    sources.pending.insert(found.key);
                }
                State::Wanted => {
                    sources.lapsed.insert(found.key);
                }
                State::Failed { .. } => {}
            }
        }
        let (unmade, lapsed): (Vec<Key>, Vec<Key>) = keys.into_iter().partition(|key| wanted.contains(key));
        sources.lapsed.extend(lapsed);
        sources.pending.extend(unmade.iter().cloned());
        missing.extend(unmade);
    }
    Ok(missing)
}
