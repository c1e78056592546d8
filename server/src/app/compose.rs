//! A board's manifest, composed from what is in force by the one composition that there is ([`playlists::compose`]). Pure: the same
//! sources give the same manifest, byte for byte.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use playlists::asset::AssetKind;
use playlists::campaign::Period;
use playlists::compose::{self, Contents, Frame, Line, Listed, Picture, Safe, Shows, Standing, Strip, Text, Wanted, Wants};
use playlists::id::{AssetId, KeyEpoch, Revision};
use playlists::local::broadcast_day;
use playlists::trust::manifest::Manifest;

use super::defaults::{Stretch, Versioned};
use super::shown::{Ready, Sources};
use super::tickers;
use crate::store::asset_versions::VersionId;
use crate::store::boards::Board;
use crate::store::campaign_versions::{PinnedTicker, VersionPlays};
use crate::store::playlists::{self as stored, Pinned, StoredEntry};

/// Without authenticated contact for this long a board is STALE: two weeks.
const FRESH: Duration = Duration::from_secs(14 * 24 * 3600);
/// And after this long it shows only the safe item: half a year.
const MAX_OFFLINE: Duration = Duration::from_secs(180 * 24 * 3600);

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
    let now = head.issued;
    let shelf = Shelf { sources, board, today: broadcast_day(now, board.time_zone) };
    let wanted = sources.campaigns_of(board, now).map(|(version, period)| Wanted {
        id: version.campaign.clone(),
        unit: version.unit.clone(),
        tier: version.tier,
        level: version.level,
        theme: version.theme.clone(),
        plays: match &version.plays {
            VersionPlays::Playlist(list, number) => Wants::Playlist(listed(&(list.clone(), *number))),
            VersionPlays::Ticker(ticker) => Wants::Text(shelf.text(ticker)),
        },
        period,
        windows: version.windows.clone(),
        share: version.share,
    });
    let frame = Frame {
        board: board.id.clone(),
        board_key: board.public_key,
        key_epoch: head.key_epoch,
        rev: head.rev,
        issued: now,
        fresh: FRESH,
        max_offline: MAX_OFFLINE,
        time_zone: board.time_zone,
        geometry: board.geometry,
        hours: sources.hours_of(board, now),
        brightness: board.brightness,
        overlays: sources.overlays_of(board),
        lanes: board.rules.lanes,
        languages: board.rules.languages.clone(),
        ranks: board.rules.ranks.clone(),
        stand_downs: sources.stand_downs_of(board, now),
    };
    let defaults: Vec<_> = sources.defaults_of(board, now).iter().map(standing).collect();
    let safe = Safe { asset: safe.0.clone(), sha256: safe.1.sha256, size: safe.1.size };
    compose::compose(frame, &shelf, wanted, &defaults, &safe)
}

fn listed((id, version): &Versioned) -> Listed {
    Listed { id: id.clone(), version: Some(*version) }
}

fn instant(ms: Option<i64>) -> Option<DateTime<Utc>> {
    ms.and_then(DateTime::from_timestamp_millis)
}

fn period(from_ms: Option<i64>, until_ms: Option<i64>) -> Period {
    Period { from: instant(from_ms), until: instant(until_ms) }
}

fn standing(stretch: &Stretch) -> Standing {
    let Period { from, until } = period(stretch.from_ms, stretch.until_ms);
    Standing { list: stretch.plays.as_ref().map(listed), from, until }
}

/// What there is for a board: versions of playlists, and the renditions that are made.
struct Shelf<'a> {
    sources: &'a Sources,
    board: &'a Board,
    today: NaiveDate,
}

impl Contents for Shelf<'_> {
    fn lines(&self, list: &Listed) -> Option<Vec<Line>> {
        let stored = self.sources.playlists.get(&(list.id.clone(), list.version?))?;
        Some(stored.iter().map(|entry| self.line(entry)).collect())
    }
}

impl Shelf<'_> {
    fn line(&self, entry: &StoredEntry) -> Line {
        let shows = match &entry.shows {
            stored::Shows::Asset { asset_id, duration_ms, pinned } => Shows::Asset {
                asset: asset_id.clone(),
                duration: Duration::from_millis(*duration_ms),
                period: period(pinned.from_ms, pinned.until_ms),
                pictures: self.pictures(asset_id, pinned),
            },
            stored::Shows::Playlist { playlist_id, version, take } => {
                Shows::Playlist { list: listed(&(playlist_id.clone(), *version)), take: *take }
            }
        };
        Line { shows, period: period(entry.from_ms, entry.until_ms) }
    }

    /// The renditions that are made of the pinned versions of an asset: of one that changes with the day those from today on.
    fn pictures(&self, asset: &AssetId, pinned: &Pinned) -> Vec<Picture> {
        let mut pictures = Vec::new();
        for (language, version) in &pinned.versions {
            let of = VersionId { asset: asset.clone(), language: language.clone(), version: *version };
            let known = self.sources.versions.get(&of).filter(|known| known.kind != AssetKind::Ticker);
            let Some(clip) = known.map(|known| known.clip_ms.map(Duration::from_millis)) else { continue };
            for key in self.sources.keys(&of, self.board.geometry, self.today) {
                let Some(Ready { sha256, size, .. }) = self.sources.renditions.get(&key).copied() else { continue };
                let (language, version) = (language.clone(), Some(*version));
                pictures.push(Picture { language, version, sha256, size, clip, day: key.variant.day() });
            }
        }
        pictures
    }

    /// A ticker by its strips that are made.
    fn text(&self, ticker: &PinnedTicker) -> Text {
        let mut made = Vec::new();
        for strip in tickers::strips(ticker, &self.board.rules.languages) {
            let mut keys = self.sources.keys(&strip.of, self.board.geometry, self.today).into_iter();
            let ready =
                keys.find_map(|key| self.sources.renditions.get(&key).and_then(|ready| Some((ready, ready.strip_width?))));
            if let Some((Ready { sha256, size, .. }, width)) = ready {
                let (language, speed) = (strip.of.language, strip.speed);
                made.push(Strip { language, sha256: *sha256, size: *size, width, speed });
            }
        }
        Text { strips: made, period: period(ticker.pinned.from_ms, ticker.pinned.until_ms) }
    }
}
