//! What boards show by what is in force: which campaigns, which playlists, and which renditions that takes. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::asset::{AssetKind, Language};
use playlists::campaign::{Period, StandDown};
use playlists::compose::shown_of;
use playlists::geometry::Geometry;
use playlists::hours::Hours;
use playlists::id::{AssetId, BoardId, Digest};
use playlists::local::{broadcast_day, day_start};
use playlists::window::Window;

use super::defaults::{self, Stretch, Versioned};
use super::{hours, tickers};
use crate::store::asset_versions::{Shown, VersionId};
use crate::store::assets::Asset;
use crate::store::board_changes::EndedHours;
use crate::store::board_defaults::EndedDefault;
use crate::store::boards::Board;
use crate::store::campaign_versions::{CampaignVersion, VersionPlays};
use crate::store::playlists::{Shows, StoredEntry};
use crate::store::renditions::Key;
use crate::store::stand_downs::StandDownVersion;

/// How far ahead renditions are made before others that were asked for at the same time.
const SOON: TimeDelta = TimeDelta::days(1);

/// The bytes of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Their SHA-256.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
    /// Of a ticker: the width of its strip in pixels.
    pub strip_width: Option<u32>,
}

/// All that manifests are composed from, for many boards at once.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Versions of campaigns that are in force or were so today.
    pub campaigns: Vec<CampaignVersion>,
    /// What playlists play, by id and version, with all those within them.
    pub playlists: BTreeMap<Versioned, Vec<StoredEntry>>,
    /// When each of these versions was made, UTC milliseconds: as a default playlist it plays until the next one is.
    pub made_ms: BTreeMap<Versioned, i64>,
    /// What boards' default playlists were earlier today, in the order of their ends.
    pub former_defaults: BTreeMap<BoardId, Vec<EndedDefault>>,
    /// What boards' operating hours were earlier today, in the order of their ends.
    pub former_hours: BTreeMap<BoardId, Vec<EndedHours>>,
    /// Versions of stand-downs that are in force or were so today.
    pub stand_downs: Vec<StandDownVersion>,
    /// What is known of the versions of assets that these playlists show and these campaigns run.
    pub versions: BTreeMap<VersionId, Shown>,
    /// The assets that lie over boards' loops.
    pub overlaid: BTreeMap<AssetId, Asset>,
    /// The renditions that are made.
    pub renditions: BTreeMap<Key, Ready>,
    /// Those that are being made; the rest cannot be, or lapsed.
    pub pending: BTreeSet<Key>,
    /// Those that are not made any more: what needs them was over before they were made, see [`Sources::wants`].
    pub lapsed: BTreeSet<Key>,
}

/// The versions of assets that these entries show themselves on a board with this language mix.
fn versions_on(entries: &[StoredEntry], mix: &BTreeMap<Language, u32>) -> Vec<VersionId> {
    let shown = |entry: &StoredEntry| {
        let versions: Vec<VersionId> = versions_of(std::slice::from_ref(entry)).collect();
        shown_of(&versions, mix, |of| &of.language).into_iter().cloned().collect::<Vec<_>>()
    };
    entries.iter().flat_map(shown).collect()
}

/// The versions of assets that these entries show themselves.
pub(super) fn versions_of(entries: &[StoredEntry]) -> impl Iterator<Item = VersionId> {
    entries.iter().flat_map(|entry| match &entry.shows {
        Shows::Asset { asset_id, pinned, .. } => {
            let of = |(language, version): (&Language, &u64)| VersionId {
                asset: asset_id.clone(),
                language: language.clone(),
                version: *version,
            };
            pinned.versions.iter().map(of).collect()
        }
        Shows::Playlist { .. } => Vec::new(),
    })
}

impl Sources {
    /// The versions of campaigns that a manifest of this board carries at `now`.
    pub(super) fn campaigns_of<'a>(
        &'a self,
        board: &'a Board,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (&'a CampaignVersion, Period)> {
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
    pub(super) fn stand_downs_of(&self, board: &Board, now: DateTime<Utc>) -> Vec<StandDown> {
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

    /// These versions of playlists and all those within them.
    pub(super) fn inside(&self, lists: impl IntoIterator<Item = Versioned>) -> BTreeSet<Versioned> {
        let (mut found, mut open) = (BTreeSet::new(), lists.into_iter().collect::<Vec<_>>());
        while let Some(list) = open.pop() {
            let inner = self.playlists.get(&list).into_iter().flatten().filter_map(StoredEntry::playlist);
            open.extend(inner.filter(|inner| !found.contains(inner)));
            found.insert(list);
        }
        found
    }

    /// The renditions of a version at these pixels: one; or one for each day from `today`, and where all are past the last day's.
    pub(super) fn keys(&self, of: &VersionId, geometry: Geometry, today: NaiveDate) -> Vec<Key> {
        let key = |day: Option<NaiveDate>| Key { of: of.clone(), geometry, variant: day.into() };
        match self.versions.get(of) {
            None => Vec::new(),
            Some(Shown { days: None, .. }) => vec![key(None)],
            Some(Shown { days: Some((first, last)), .. }) => {
                let from = today.max(*first).min(*last);
                from.iter_days().take_while(|day| day <= last).map(|day| key(Some(day))).collect()
            }
        }
    }

    /// The renditions for this board of all that a version of a playlist shows, and those within it.
    fn keys_of(&self, list: &Versioned, board: &Board, today: NaiveDate) -> BTreeSet<Key> {
        let lists = self.inside([list.clone()]);
        let entries = lists.iter().filter_map(|list| self.playlists.get(list));
        let shown = entries.flat_map(|entries| versions_on(entries, &board.rules.languages));
        let in_loop = |of: &VersionId| self.versions.get(of).is_some_and(|shown| shown.kind != AssetKind::Ticker);
        shown.filter(in_loop).flat_map(|of| self.keys(&of, board.geometry, today)).collect()
    }

    /// The renditions for this board of what a version of a campaign plays; of a ticker, its strips in all languages that the board shows.
    pub(super) fn keys_played(&self, plays: &VersionPlays, board: &Board, today: NaiveDate) -> BTreeSet<Key> {
        match plays {
            VersionPlays::Playlist(list, version) => self.keys_of(&(list.clone(), *version), board, today),
            VersionPlays::Ticker(ticker) => {
                let is_strip = |of: &VersionId| self.versions.get(of).is_some_and(|shown| shown.kind == AssetKind::Ticker);
                let strips = tickers::strips(ticker, &board.rules.languages).into_iter().map(|strip| strip.of).filter(is_strip);
                strips.flat_map(|of| self.keys(&of, board.geometry, today)).collect()
            }
        }
    }

    /// Whether a rendition of what is played here is still being made for this board.
    pub(super) fn waits(&self, board: &Board, plays: &VersionPlays, now: DateTime<Utc>) -> bool {
        let today = broadcast_day(now, board.time_zone);
        !self.pending.is_empty() && !self.keys_played(plays, board, today).is_disjoint(&self.pending)
    }

    /// Whether what is played here was over before it was made for this board.
    pub(super) fn lapsed(&self, board: &Board, plays: &VersionPlays, now: DateTime<Utc>) -> bool {
        let today = broadcast_day(now, board.time_zone);
        !self.lapsed.is_empty() && !self.keys_played(plays, board, today).is_disjoint(&self.lapsed)
    }

    /// Every rendition that a manifest of this board names, made or not: of what plays, will play, and has played today.
    #[must_use]
    pub fn needs(&self, board: &Board, now: DateTime<Utc>) -> BTreeSet<Key> {
        let played = self.campaigns_of(board, now).map(|(version, _)| &version.plays);
        let by_default = self.defaults_of(board, now).into_iter().filter_map(|stretch| stretch.plays);
        self.keys_of_all(board, &played.collect::<Vec<_>>(), by_default, now)
    }

    /// Those of them that are worth making: of what plays or will play. What was over before it was made never played, and making it now
    /// would change the past.
    #[must_use]
    pub fn wants(&self, board: &Board, now: DateTime<Utc>) -> BTreeSet<Key> {
        let goes_on = |period: &Period| period.until.is_none_or(|until| until > now);
        let played = self.campaigns_of(board, now).filter(|(_, period)| goes_on(period)).map(|(version, _)| &version.plays);
        let still = self.defaults_of(board, now).into_iter().filter(|stretch| stretch.until_ms.is_none());
        self.keys_of_all(board, &played.collect::<Vec<_>>(), still.filter_map(|stretch| stretch.plays), now)
    }

    fn keys_of_all(
        &self,
        board: &Board,
        played: &[&VersionPlays],
        by_default: impl Iterator<Item = Versioned>,
        now: DateTime<Utc>,
    ) -> BTreeSet<Key> {
        let today = broadcast_day(now, board.time_zone);
        let lists: BTreeSet<Versioned> = played.iter().filter_map(|plays| plays.playlist()).chain(by_default).collect();
        let in_loop = lists.iter().flat_map(|list| self.keys_of(list, board, today));
        let running = played.iter().filter(|plays| plays.ticker().is_some());
        let over = self.keys_over(board);
        in_loop.chain(running.flat_map(|plays| self.keys_played(plays, board, today))).chain(over).collect()
    }

    /// The renditions that this board needs first, without which it shows nothing of its own: those of its default playlist, and of what
    /// lies over it.
    pub(super) fn needs_first(&self, board: &Board, now: DateTime<Utc>) -> BTreeSet<Key> {
        let today = broadcast_day(now, board.time_zone);
        let lists = self.defaults_of(board, now).into_iter().filter_map(|stretch| stretch.plays);
        lists.flat_map(|list| self.keys_of(&list, board, today)).chain(self.keys_over(board)).collect()
    }

    /// The renditions of what may be on this board soon; all others can be made later.
    pub(super) fn needs_soon(&self, board: &Board, now: DateTime<Utc>) -> BTreeSet<Key> {
        let today = broadcast_day(now, board.time_zone);
        let soon = self.campaigns_of(board, now).filter(|(version, period)| is_soon(version, *period, board, now));
        soon.flat_map(|(version, _)| self.keys_played(&version.plays, board, today)).collect()
    }
}

/// Whether a version may play within [`SOON`] from `now`, by its period and windows.
fn is_soon(version: &CampaignVersion, period: Period, board: &Board, now: DateTime<Utc>) -> bool {
    let from = period.from.map_or(now, |from| from.max(now));
    let until = period.until.map_or(now + SOON, |until| until.min(now + SOON));
    let zone = board.time_zone;
    let opens = |window: &Window| window.contains(from, zone) || window.starts(from, until, zone).next().is_some();
    from < until && (version.windows.is_empty() || version.windows.iter().any(opens))
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
