//! A manifest's playlists and items: from entries that pin versions to entries that name renditions, each with the time that it may be
//! shown. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use playlists::asset::{AssetKind, Kind, Language};
use playlists::campaign::{Period, Ticker};
use playlists::id::{AssetId, Digest, PlaylistId};
use playlists::local::{broadcast_day, instant_of};
use playlists::playlist::{Content, DEEPEST_NESTING, Entry, Playlist};
use playlists::trust::manifest::Item;

use super::defaults::Versioned;
use super::shown::{Ready, Sources};
use super::tickers;
use crate::store::asset_versions::VersionId;
use crate::store::boards::Board;
use crate::store::campaign_versions::PinnedTicker;
use crate::store::playlists::{Pinned, Shows, StoredEntry};

/// Hexadecimal digits by which the playlist of a slide's days is named.
const DAYS_DIGITS: usize = 32;

/// When an item may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    period: Period,
    /// Also when the board has long heard of nobody.
    evergreen: bool,
}

impl Use {
    /// As safe item or in the default playlist.
    pub(super) const EVERGREEN: Self = Self { period: Period { from: None, until: None }, evergreen: true };

    /// In a campaign, until it ends, if it does.
    pub(super) const fn until(until: Option<DateTime<Utc>>) -> Self {
        Self { period: Period { from: None, until }, evergreen: false }
    }

    /// The same, only within this time.
    fn within(self, valid: Period) -> Self {
        Self { period: cut(self.period, valid), ..self }
    }
}

/// The time that lies in both; it ends before it begins where there is none.
fn cut(one: Period, other: Period) -> Period {
    Period {
        from: one.from.max(other.from),
        until: match (one.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    }
}

fn period(from_ms: Option<i64>, until_ms: Option<i64>) -> Period {
    let instant = |ms: Option<i64>| ms.and_then(DateTime::from_timestamp_millis);
    Period { from: instant(from_ms), until: instant(until_ms) }
}

fn is_never(period: Period) -> bool {
    matches!((period.from, period.until), (Some(from), Some(until)) if until <= from)
}

/// The id under which a manifest carries one version of a playlist.
pub(super) fn versioned(id: &PlaylistId, version: u64) -> PlaylistId {
    // An id of 64 characters leaves no room: then the version alone, which the manifest's check would find if it were not unique.
    format!("{id}-v{version}").parse().unwrap_or_else(|_| id.clone())
}

/// A manifest's playlists, as they are put together.
pub(super) struct Lists<'a> {
    sources: &'a Sources,
    board: &'a Board,
    today: NaiveDate,
    made: BTreeMap<PlaylistId, Vec<Entry>>,
    /// What they show.
    pub(super) items: Items,
}

impl<'a> Lists<'a> {
    /// None yet.
    pub(super) fn new(sources: &'a Sources, board: &'a Board, now: DateTime<Utc>) -> Self {
        let today = broadcast_day(now, board.time_zone);
        Self { sources, board, today, made: BTreeMap::new(), items: Items::default() }
    }

    /// Adds one as it is.
    pub(super) fn put(&mut self, playlist: Playlist) {
        self.made.insert(playlist.id, playlist.entries);
    }

    /// Adds a version of a playlist, those within it, and what they show; its id, or none where it has nothing to show.
    pub(super) fn add(&mut self, list: &Versioned, shown: Use) -> Option<PlaylistId> {
        self.add_at(list, shown, 0)
    }

    /// Adds the strip of a ticker that the board runs during this time; with the part of it in which the asset may be shown. None where
    /// there is none, or no strip is made.
    pub(super) fn strip(&mut self, ticker: &PinnedTicker, during: Period) -> Option<(Ticker, Period)> {
        let sources = self.sources;
        let period = cut(during, period(ticker.pinned.from_ms, ticker.pinned.until_ms));
        if is_never(period) {
            return None;
        }
        for strip in tickers::strips(ticker, &self.board.rules.languages) {
            for key in sources.keys(&strip.of, self.board.geometry, self.today) {
                let Some((ready, width)) = sources.renditions.get(&key).and_then(|ready| Some((ready, ready.strip_width?)))
                else {
                    continue;
                };
                self.items.add(*ready, None, Use::until(period.until));
                return Some((tickers::run(ready.sha256, width, strip.speed, self.board.geometry), period));
            }
        }
        None
    }

    /// All of them, and all that they show.
    pub(super) fn finish(self) -> (Vec<Item>, Vec<Playlist>) {
        (self.items.list(), self.made.into_iter().map(|(id, entries)| Playlist { id, entries }).collect())
    }

    fn add_at(&mut self, list: &Versioned, shown: Use, depth: usize) -> Option<PlaylistId> {
        if depth > DEEPEST_NESTING {
            return None;
        }
        let sources = self.sources;
        let stored = sources.playlists.get(list)?;
        let entries: Vec<Entry> = stored.iter().filter_map(|entry| self.entry(entry, shown, depth)).collect();
        if entries.is_empty() {
            return None;
        }
        let id = versioned(&list.0, list.1);
        self.made.insert(id.clone(), entries);
        Some(id)
    }

    /// An entry that is not valid any more stays: how many there are says with which one a day begins.
    fn entry(&mut self, entry: &StoredEntry, shown: Use, depth: usize) -> Option<Entry> {
        let own = period(entry.from_ms, entry.until_ms);
        let (valid, content) = match &entry.shows {
            Shows::Asset { asset_id, duration_ms, pinned } => {
                let valid = cut(own, period(pinned.from_ms, pinned.until_ms));
                if is_never(valid) {
                    return None;
                }
                (valid, self.asset(asset_id, Duration::from_millis(*duration_ms), pinned, shown.within(valid))?)
            }
            Shows::Playlist { playlist_id, version, take } => {
                if is_never(own) {
                    return None;
                }
                let playlist = self.add_at(&(playlist_id.clone(), *version), shown.within(own), depth + 1)?;
                (own, Content::Playlist { playlist, take: *take })
            }
        };
        Some(Entry { content, from: valid.from, until: valid.until })
    }

    /// What shows an asset: its renditions by language, or where it changes with the day a playlist of its days.
    fn asset(&mut self, asset: &AssetId, duration: Duration, pinned: &Pinned, shown: Use) -> Option<Content> {
        let sources = self.sources;
        let mut always: BTreeMap<Language, Digest> = BTreeMap::new();
        let mut by_day: BTreeMap<NaiveDate, BTreeMap<Language, Digest>> = BTreeMap::new();
        for (language, version) in &pinned.versions {
            let of = VersionId { asset: asset.clone(), language: language.clone(), version: *version };
            let Some(known) = sources.versions.get(&of).filter(|known| known.kind != AssetKind::Ticker) else { continue };
            for key in sources.keys(&of, self.board.geometry, self.today) {
                let Some(ready) = sources.renditions.get(&key) else { continue };
                let shown = key.day.map_or(shown, |day| shown.within(self.whole_day(day)));
                self.items.add(*ready, known.clip_ms.map(Duration::from_millis), shown);
                let versions = key.day.map_or(&mut always, |day| by_day.entry(day).or_default());
                versions.insert(language.clone(), ready.sha256);
            }
        }
        if by_day.is_empty() {
            return (!always.is_empty()).then(|| Content::Asset { asset: asset.clone(), versions: always, duration });
        }
        let playlist = days_id(asset, duration, pinned);
        let mut entries = Vec::with_capacity(by_day.len());
        for (day, mut versions) in by_day {
            versions.extend(always.clone());
            let Period { from, until } = self.whole_day(day);
            entries.push(Entry { content: Content::Asset { asset: asset.clone(), versions, duration }, from, until });
        }
        self.made.insert(playlist.clone(), entries);
        // One slot, as an asset gets: only one of the entries is valid at a time.
        Some(Content::Playlist { playlist, take: Some(1) })
    }

    /// From midnight to midnight on the board's wall clock.
    fn whole_day(&self, day: NaiveDate) -> Period {
        let start = |day: NaiveDate| instant_of(day.and_time(NaiveTime::MIN), self.board.time_zone);
        Period { from: Some(start(day)), until: day.succ_opt().map(start) }
    }
}

/// The id of the playlist of an asset's days: the same for the same versions at the same length, and no other's.
fn days_id(asset: &AssetId, duration: Duration, pinned: &Pinned) -> PlaylistId {
    use std::fmt::Write as _;
    let mut text = format!("days|{asset}|{}", duration.as_millis());
    for (language, version) in &pinned.versions {
        let _ = write!(text, "|{language}:{version}");
    }
    let digits: String = Digest::of(text.as_bytes()).to_string().chars().take(DAYS_DIGITS).collect();
    format!("days-{digits}").parse().expect("hexadecimal digits are letters of an id")
}

/// Items by digest.
#[derive(Default)]
pub(super) struct Items(BTreeMap<Digest, Item>);

impl Items {
    /// Adds a rendition; `clip` is how long it plays, none for a still. It begins with the earliest of what shows it, and ends with the
    /// latest.
    pub(super) fn add(&mut self, ready: Ready, clip: Option<Duration>, shown: Use) {
        let Use { period: Period { from, until }, evergreen } = shown;
        let item = self.0.entry(ready.sha256).or_insert_with(|| Item {
            sha256: ready.sha256,
            size: ready.size,
            kind: if clip.is_some() { Kind::Clip } else { Kind::Still },
            duration: clip,
            from,
            until,
            approvals: Vec::new(),
            evergreen,
            strict_time: false,
        });
        item.from = item.from.zip(from).map(|(one, other)| one.min(other));
        item.until = item.until.zip(until).map(|(one, other)| one.max(other));
        item.evergreen |= evergreen;
    }

    fn list(self) -> Vec<Item> {
        self.0.into_values().collect()
    }
}
