//! A board's manifest, composed from what is in force. Pure: the same sources give the same manifest, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::campaign::{Campaign, Plays};
use playlists::id::{AssetId, CampaignId, KeyEpoch, PlaylistId, Revision, Version};
use playlists::playlist::{Content, Entry, Playlist};
use playlists::trust::manifest::Manifest;

use super::items::{Lists, Use, versioned};
use super::shown::{Ready, Sources};
use crate::store::boards::Board;
use crate::store::campaign_versions::VersionPlays;

/// Without authenticated contact for this long a board is STALE: two weeks.
const FRESH: Duration = Duration::from_secs(14 * 24 * 3600);
/// And after this long it shows only the safe item: half a year.
const MAX_OFFLINE: Duration = Duration::from_secs(180 * 24 * 3600);
/// Id of the playlist of today's default playlists, where they changed.
const DEFAULTS: &str = "defaults-of-today";
/// How long the safe item is on the screen at a time.
const SAFE_ENTRY: Duration = Duration::from_secs(10);

/// What stands at the head of a manifest.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Generation of keys.
    pub key_epoch: KeyEpoch,
    /// The manifest's revision.
    pub rev: Revision,
    /// When it is signed.
    pub issued: DateTime<Utc>,
}

/// Composes the manifest of a board. Entries whose rendition is not made yet are left out; `safe` is shown when nothing else may be.
#[must_use]
pub fn compose(board: &Board, sources: &Sources, safe: (&AssetId, Ready), head: Head) -> Manifest {
    let mut lists = Lists::new(sources, board, head.issued);
    lists.items.add(safe.1, None, Use::EVERGREEN);
    let mut campaigns = Vec::new();
    for (version, period) in sources.campaigns_of(board, head.issued) {
        let played = match &version.plays {
            VersionPlays::Playlist(list, number) => {
                lists.add(&(list.clone(), *number), Use::until(period.until)).map(|id| (Plays::Playlist(id), period))
            }
            VersionPlays::Ticker(ticker) => lists.strip(ticker, period).map(|(ticker, period)| (Plays::Ticker(ticker), period)),
        };
        let Some((plays, period)) = played else { continue };
        campaigns.push(Campaign {
            id: version.campaign.clone(),
            unit: version.unit.clone(),
            tier: version.tier,
            level: version.level,
            theme: version.theme.clone(),
            plays,
            period,
            windows: version.windows.clone(),
            share: version.share,
        });
    }
    let default_playlist = add_defaults(board, sources, safe, head.issued, &mut lists);
    let (items, playlists) = lists.finish();
    Manifest {
        v: 1,
        board: board.id.clone(),
        board_key: board.public_key,
        key_epoch: head.key_epoch,
        rev: head.rev,
        issued: head.issued,
        fresh_s: FRESH.as_secs(),
        max_offline_s: MAX_OFFLINE.as_secs(),
        recall_min: Version(0),
        time_zone: board.time_zone,
        tz_data: chrono_tz::IANA_TZDB_VERSION.to_owned(),
        geometry: board.geometry,
        hours: sources.hours_of(board, head.issued),
        brightness: board.brightness,
        lanes: board.rules.lanes,
        languages: board.rules.languages.clone(),
        items,
        playlists,
        ranks: ranks(board, &campaigns),
        campaigns,
        stand_downs: sources.stand_downs_of(board, head.issued),
        default_playlist,
        safe_item: safe.1.sha256,
    }
}

/// The owner's ranks of campaigns that the manifest carries.
fn ranks(board: &Board, campaigns: &[Campaign]) -> BTreeMap<CampaignId, u32> {
    let carried: BTreeSet<_> = campaigns.iter().map(|campaign| &campaign.id).collect();
    board.rules.ranks.iter().filter(|(id, _)| carried.contains(id)).map(|(id, rank)| (id.clone(), *rank)).collect()
}

/// Adds what plays when nothing else does; answers the playlist's id. A default that was changed today is a playlist of
/// playlists, each valid while it was the default, so that the past of the day's list never changes: a playlist within another
/// plays as it does alone, since it keeps a place of its own and starts the day by its own id.
fn add_defaults(
    board: &Board,
    sources: &Sources,
    safe: (&AssetId, Ready),
    now: DateTime<Utc>,
    lists: &mut Lists<'_>,
) -> PlaylistId {
    let instant = |ms: Option<i64>| ms.and_then(DateTime::from_timestamp_millis);
    let mut stretches = Vec::new();
    for stretch in sources.defaults_of(board, now) {
        let (from, until) = (instant(stretch.from_ms), instant(stretch.until_ms));
        let shown = if until.is_none() { Use::EVERGREEN } else { Use::until(until) };
        let id = stretch.plays.as_ref().and_then(|version| lists.add(version, shown)).unwrap_or_else(|| {
            let id = versioned(&safe_playlist(safe.0), 1);
            lists.put(Playlist { id: id.clone(), entries: vec![Entry::still(safe.0.clone(), safe.1.sha256, SAFE_ENTRY)] });
            id
        });
        stretches.push((id, from, until));
    }
    if let [(id, ..)] = stretches.as_slice() {
        return id.clone();
    }
    let id: PlaylistId = DEFAULTS.parse().expect("a short word is an id");
    let entry = |(playlist, from, until)| Entry { content: Content::Playlist { playlist, take: None }, from, until };
    lists.put(Playlist { id: id.clone(), entries: stretches.into_iter().map(entry).collect() });
    id
}

/// The safe item's asset id is a playlist id as well: both are short words of the same letters.
fn safe_playlist(asset: &AssetId) -> PlaylistId {
    asset.as_str().parse().expect("a built-in asset's id is a playlist id")
}
