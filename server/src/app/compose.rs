//! A board's manifest, composed from what is in force. Pure: the same sources give the same manifest, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::asset::{Fit, Kind};
use playlists::campaign::{Campaign, Period, Plays, StandDown};
use playlists::hours::Hours;
use playlists::id::{AssetId, BoardId, CampaignId, Digest, KeyEpoch, PlaylistId, Revision, Version};
use playlists::local::{broadcast_day, day_start};
use playlists::playlist::{Content, Entry, Playlist};
use playlists::trust::manifest::{Item, Manifest};

use super::defaults::{self, Stretch};
use super::hours;
use crate::store::assets::Asset;
use crate::store::board_changes::EndedHours;
use crate::store::board_defaults::EndedDefault;
use crate::store::boards::Board;
use crate::store::campaign_versions::CampaignVersion;
use crate::store::playlists::StoredEntry;
use crate::store::renditions::Key;
use crate::store::stand_downs::StandDownVersion;

/// Without authenticated contact for this long a board is STALE: two weeks.
const FRESH: Duration = Duration::from_secs(14 * 24 * 3600);
/// And after this long it shows only the safe item: half a year.
const MAX_OFFLINE: Duration = Duration::from_secs(180 * 24 * 3600);
/// Id of the playlist of today's default playlists, where they changed.
const DEFAULTS: &str = "defaults-of-today";
/// How long the safe item is on the screen at a time.
const SAFE_ENTRY: Duration = Duration::from_secs(10);

/// The bytes of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Their SHA-256.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
}

/// All that manifests are composed from, for many boards at once.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Versions of campaigns that are in force or were so today.
    pub campaigns: Vec<CampaignVersion>,
    /// What playlists play, by id and version.
    pub playlists: BTreeMap<(PlaylistId, u64), Vec<StoredEntry>>,
    /// When each of these versions was made, UTC milliseconds: as a default playlist it plays until the next one is.
    pub made_ms: BTreeMap<(PlaylistId, u64), i64>,
    /// What boards' default playlists were earlier today, in the order of their ends.
    pub former_defaults: BTreeMap<BoardId, Vec<EndedDefault>>,
    /// What boards' operating hours were earlier today, in the order of their ends.
    pub former_hours: BTreeMap<BoardId, Vec<EndedHours>>,
    /// Versions of stand-downs that are in force or were so today.
    pub stand_downs: Vec<StandDownVersion>,
    /// How each asset is brought to a board's shape.
    pub fits: BTreeMap<AssetId, Fit>,
    /// How long each clip plays.
    pub clips: BTreeMap<AssetId, Duration>,
    /// The renditions that are made.
    pub renditions: BTreeMap<Key, Ready>,
    /// Those that are being made; the rest cannot be.
    pub pending: BTreeSet<Key>,
}

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

impl Sources {
    /// Takes over what a composition needs of an asset.
    pub(super) fn add_asset(&mut self, asset: Asset) {
        if let Some(clip) = asset.clip {
            self.clips.insert(asset.id.clone(), Duration::from_millis(clip.duration_ms));
        }
        self.fits.insert(asset.id, asset.fit);
    }

    /// The versions of campaigns that a manifest of this board carries at `now`.
    fn campaigns_of<'a>(&'a self, board: &'a Board, now: DateTime<Utc>) -> impl Iterator<Item = (&'a CampaignVersion, Period)> {
        let today = day_start(broadcast_day(now, board.time_zone), board.time_zone);
        self.campaigns.iter().filter(|version| version.aims_at(&board.id)).filter_map(move |version| {
            let period = period_in_force(version)?;
            period.until.is_none_or(|until| until > today).then_some((version, period))
        })
    }

    /// What plays on the board when nothing else does, through today.
    pub(super) fn defaults_of(&self, board: &Board, now: DateTime<Utc>) -> Vec<Stretch> {
        let today = day_start(broadcast_day(now, board.time_zone), board.time_zone).timestamp_millis();
        let former = self.former_defaults.get(&board.id).map_or(&[][..], Vec::as_slice);
        defaults::stretches(former, board.default_playlist.as_ref(), today, |id| {
            let versions = self.playlists.range((id.clone(), 0)..=(id.clone(), u64::MAX)).map(|(version, _)| version);
            versions.map(|version| (version.clone(), self.made_ms.get(version).copied().unwrap_or_default())).collect()
        })
    }

    /// When the board is lit, through today: earlier hours count until they were changed.
    pub(super) fn hours_of(&self, board: &Board, now: DateTime<Utc>) -> Option<Hours> {
        let today = day_start(broadcast_day(now, board.time_zone), board.time_zone).timestamp_millis();
        let former = self.former_hours.get(&board.id).map_or(&[][..], Vec::as_slice);
        hours::through_today(former, board.hours.as_ref(), today, board.time_zone)
    }

    /// Which themes are held back on the board and when, through today.
    fn stand_downs_of(&self, board: &Board, now: DateTime<Utc>) -> Vec<StandDown> {
        let today_ms = day_start(broadcast_day(now, board.time_zone), board.time_zone).timestamp_millis();
        let instant = DateTime::from_timestamp_millis;
        let holds = |version: &StandDownVersion| {
            let (from_ms, until_ms) = (version.holds_from_ms(), version.holds_until_ms());
            let held = until_ms.is_none_or(|until_ms| from_ms < until_ms && today_ms < until_ms);
            let period = Period { from: instant(from_ms), until: until_ms.and_then(instant) };
            held.then(|| StandDown { themes: version.themes.clone(), period })
        };
        self.stand_downs.iter().filter_map(holds).collect()
    }

    /// The rendition of an asset at the board's pixels.
    pub(super) fn key(&self, board: &Board, asset: &AssetId) -> Option<Key> {
        let fit = *self.fits.get(asset)?;
        Some(Key { asset: asset.clone(), geometry: board.geometry, fit })
    }

    /// Whether a rendition that these entries show is still being made for this board.
    pub(super) fn waits(&self, board: &Board, entries: &[StoredEntry]) -> bool {
        entries.iter().any(|entry| self.key(board, &entry.asset_id).is_some_and(|key| self.pending.contains(&key)))
    }

    /// Every rendition that a manifest of this board names, made or not.
    #[must_use]
    pub fn needs(&self, board: &Board, now: DateTime<Utc>) -> BTreeSet<Key> {
        let played = self
            .campaigns_of(board, now)
            .filter_map(|(version, _)| self.playlists.get(&(version.playlist.clone(), version.playlist_version)));
        let defaults = self.defaults_of(board, now);
        let by_default = defaults.iter().filter_map(|stretch| self.playlists.get(stretch.plays.as_ref()?));
        played.chain(by_default).flatten().filter_map(|entry| self.key(board, &entry.asset_id)).collect()
    }

    fn entries(&self, board: &Board, entries: &[StoredEntry]) -> Vec<Entry> {
        entries
            .iter()
            .filter_map(|entry| {
                let ready = self.renditions.get(&self.key(board, &entry.asset_id)?)?;
                Some(Entry::still(entry.asset_id.clone(), ready.sha256, Duration::from_millis(entry.duration_ms)))
            })
            .collect()
    }
}

/// When a version may play: the operator's period, cut to the time it is in force; none when nothing is left.
fn period_in_force(version: &CampaignVersion) -> Option<Period> {
    let instant = DateTime::from_timestamp_millis;
    let began = instant(version.in_force_ms)?;
    let ended = version.ended_ms.and_then(instant);
    let from = version.period.from.map_or(began, |from| from.max(began));
    let until = match (version.period.until, ended) {
        (Some(until), Some(ended)) => Some(until.min(ended)),
        (until, ended) => until.or(ended),
    };
    until.is_none_or(|until| from < until).then_some(Period { from: Some(from), until })
}

/// The id under which a manifest carries one version of a playlist.
fn versioned(id: &PlaylistId, version: u64) -> PlaylistId {
    // An id of 64 characters leaves no room: then the version alone, which the manifest's check would find if it were not unique.
    format!("{id}-v{version}").parse().unwrap_or_else(|_| id.clone())
}

/// Composes the manifest of a board. Entries whose rendition is not made yet are left out; `safe` is shown when nothing else may be.
#[must_use]
pub fn compose(board: &Board, sources: &Sources, safe: (&AssetId, Ready), head: Head) -> Manifest {
    let mut items = Items::default();
    items.add(safe.1, None, Use::Evergreen);
    let mut playlists = BTreeMap::new();
    let mut campaigns = Vec::new();
    for (version, period) in sources.campaigns_of(board, head.issued) {
        let Some(stored) = sources.playlists.get(&(version.playlist.clone(), version.playlist_version)) else { continue };
        let entries = sources.entries(board, stored);
        if entries.is_empty() {
            continue;
        }
        items.add_all(sources, board, stored, Use::Until(period.until));
        let id = versioned(&version.playlist, version.playlist_version);
        playlists.insert(id.clone(), entries);
        campaigns.push(Campaign {
            id: version.campaign.clone(),
            unit: version.unit.clone(),
            tier: version.tier,
            level: version.level,
            theme: version.theme.clone(),
            plays: Plays::Playlist(id),
            period,
            windows: version.windows.clone(),
            share: version.share,
        });
    }
    let default_playlist = add_defaults(board, sources, safe, head.issued, &mut items, &mut playlists);
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
        items: items.list(),
        playlists: playlists.into_iter().map(|(id, entries)| Playlist { id, entries }).collect(),
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
    items: &mut Items,
    playlists: &mut BTreeMap<PlaylistId, Vec<Entry>>,
) -> PlaylistId {
    let instant = |ms: Option<i64>| ms.and_then(DateTime::from_timestamp_millis);
    let mut stretches = Vec::new();
    for stretch in sources.defaults_of(board, now) {
        let (from, until) = (instant(stretch.from_ms), instant(stretch.until_ms));
        let stored = stretch.plays.as_ref().and_then(|version| Some((version, sources.playlists.get(version)?)));
        let made = stored.map(|(version, stored)| (version, stored, sources.entries(board, stored)));
        let id = match made.filter(|(.., entries)| !entries.is_empty()) {
            Some(((id, version), stored, entries)) => {
                items.add_all(sources, board, stored, if until.is_none() { Use::Evergreen } else { Use::Until(until) });
                let id = versioned(id, *version);
                playlists.insert(id.clone(), entries);
                id
            }
            None => {
                let id = versioned(&safe_playlist(safe.0), 1);
                playlists.insert(id.clone(), vec![Entry::still(safe.0.clone(), safe.1.sha256, SAFE_ENTRY)]);
                id
            }
        };
        stretches.push((id, from, until));
    }
    if let [(id, ..)] = stretches.as_slice() {
        return id.clone();
    }
    let id: PlaylistId = DEFAULTS.parse().expect("a short word is an id");
    let entry = |(playlist, from, until)| Entry { content: Content::Playlist { playlist, take: None }, from, until };
    playlists.insert(id.clone(), stretches.into_iter().map(entry).collect());
    id
}

/// The safe item's asset id is a playlist id as well: both are short words of the same letters.
fn safe_playlist(asset: &AssetId) -> PlaylistId {
    asset.as_str().parse().expect("a built-in asset's id is a playlist id")
}

/// How long an item may be shown.
#[derive(Clone, Copy)]
enum Use {
    /// As safe item or in the default playlist: always, even when the board has long heard of nobody.
    Evergreen,
    /// In a campaign, until it ends, if it does.
    Until(Option<DateTime<Utc>>),
}

/// Items by digest.
#[derive(Default)]
struct Items(BTreeMap<Digest, Item>);

impl Items {
    /// Adds a rendition; `clip` is how long it plays, none for a still. It ends with the latest of what shows it.
    fn add(&mut self, ready: Ready, clip: Option<Duration>, shown: Use) {
        let (until, evergreen) = match shown {
            Use::Evergreen => (None, true),
            Use::Until(until) => (until, false),
        };
        let item = self.0.entry(ready.sha256).or_insert_with(|| Item {
            sha256: ready.sha256,
            size: ready.size,
            kind: if clip.is_some() { Kind::Clip } else { Kind::Still },
            duration: clip,
            from: None,
            until,
            approvals: Vec::new(),
            evergreen,
            strict_time: false,
        });
        item.until = item.until.zip(until).map(|(one, other)| one.max(other));
        item.evergreen |= evergreen;
    }

    fn add_all(&mut self, sources: &Sources, board: &Board, entries: &[StoredEntry], shown: Use) {
        for entry in entries {
            if let Some(ready) = sources.key(board, &entry.asset_id).and_then(|key| sources.renditions.get(&key)) {
                self.add(*ready, sources.clips.get(&entry.asset_id).copied(), shown);
            }
        }
    }

    fn list(self) -> Vec<Item> {
        self.0.into_values().collect()
    }
}
