//! What is wrong within a manifest: its parts must fit together, and stay within bounds, before it may resolve.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::manifest::Manifest;
use crate::asset::Kind;
use crate::campaign::{Campaign, FASTEST_STRIP, MOST_WINDOWS, Period, Plays, Share, Ticker, WIDEST_STRIP};
use crate::hours::{MOST_EXCEPTIONS, MOST_INTERVALS};
use crate::id::PlaylistId;
use crate::playlist::{Content, DEEPEST_NESTING, LONGEST_ENTRY, Playlist, SHORTEST_ENTRY};

/// Most entries that a playlist comes to with all that lies within it, counted for each place of use: a place of its own is kept
/// for each, and eight levels of long lists would otherwise come to more than any machine holds.
pub const MOST_UNFOLDED: usize = 10_000;
/// Largest number in a document: 2⁵³ − 1, the largest that every reader of JSON keeps exactly (RFC 8259, section 6).
pub const LARGEST_NUMBER: u64 = (1 << 53) - 1;
/// Longest that a manifest may let a board go without contact, in seconds: ten years.
pub const LONGEST_OFFLINE_S: u64 = 3_650 * 24 * 3_600;
/// Most stand-downs that a manifest carries.
pub const MOST_STAND_DOWNS: usize = 64;
/// Most lines of weekly hours: each weekday twice.
const MOST_WEEKLY: usize = 14;
/// Largest weight of a lane or a language.
const LARGEST_WEIGHT: u32 = 1_000;

/// What is wrong within a manifest: where and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct ManifestFault {
    /// Which part.
    pub place: String,
    /// What is wrong with it.
    pub fault: String,
}

impl Manifest {
    /// Every fault, or none: a manifest without faults resolves at any instant.
    #[must_use]
    pub fn faults(&self) -> Vec<ManifestFault> {
        let mut faults = Faults(Vec::new());
        check_head(self, &mut faults);
        check_hours(self, &mut faults);
        check_items(self, &mut faults);
        check_overlays(self, &mut faults);
        check_playlists(self, &mut faults);
        check_campaigns(self, &mut faults);
        check_versions(self, &mut faults);
        faults.0
    }
}

fn check_head(manifest: &Manifest, faults: &mut Faults) {
    if manifest.v != 1 {
        faults.add("v", format!("{} is not 1", manifest.v));
    }
    let numbers = [("key_epoch", manifest.key_epoch.0), ("rev", manifest.rev.0), ("recall_min", manifest.recall_min.0)];
    for (place, number) in numbers {
        if number > LARGEST_NUMBER {
            faults.add(place, format!("{number} is above {LARGEST_NUMBER}"));
        }
    }
    for (place, seconds) in [("fresh_s", manifest.fresh_s), ("max_offline_s", manifest.max_offline_s)] {
        if seconds > LONGEST_OFFLINE_S {
            faults.add(place, format!("{seconds} s are more than ten years"));
        }
    }
    if manifest.brightness > 100 {
        faults.add("brightness", format!("{} is above 100 per cent", manifest.brightness));
    }
    let lanes = [manifest.lanes.province, manifest.lanes.commune];
    if lanes.iter().any(|weight| *weight > LARGEST_WEIGHT) || lanes.iter().all(|weight| *weight == 0) {
        faults.add("lanes", format!("weights are 0 to {LARGEST_WEIGHT} and not both 0"));
    }
    for (language, weight) in &manifest.languages {
        if !(1..=LARGEST_WEIGHT).contains(weight) {
            faults.add("languages", format!("{language} has the weight {weight}, outside 1 to {LARGEST_WEIGHT}"));
        }
    }
}

fn check_hours(manifest: &Manifest, faults: &mut Faults) {
    let Some(hours) = &manifest.hours else { return };
    if hours.exceptions.len() > MOST_EXCEPTIONS {
        faults.add("hours", format!("more than {MOST_EXCEPTIONS} exceptions"));
    }
    if hours.weekly.len() > MOST_WEEKLY {
        faults.add("hours", format!("more than {MOST_WEEKLY} lines of weekdays"));
    }
    let mut lists = hours.weekly.iter().map(|w| &w.intervals).chain(hours.exceptions.iter().map(|e| &e.intervals));
    if lists.any(|intervals| intervals.len() > MOST_INTERVALS) {
        faults.add("hours", format!("more than {MOST_INTERVALS} intervals in a day"));
    }
}

fn check_items(manifest: &Manifest, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for item in &manifest.items {
        if !seen.insert(item.sha256) {
            faults.add(format!("item {}", item.sha256), "named twice".to_owned());
        }
    }
    if !seen.contains(&manifest.safe_item) {
        faults.add("safe_item", format!("{} is not among the items", manifest.safe_item));
    }
}

fn check_overlays(manifest: &Manifest, faults: &mut Faults) {
    let mut taken = BTreeSet::new();
    for overlay in &manifest.overlays {
        let place = || format!("overlay {}", overlay.corner);
        if !taken.insert(overlay.corner) {
            faults.add(place(), "the corner is named twice".to_owned());
        }
        match overlay.picture() {
            Some(picture) if manifest.item(picture).is_none() => {
                faults.add(place(), format!("shows {picture}, which is not among the items"));
            }
            Some(picture) if manifest.item(picture).is_some_and(|item| item.kind != Kind::Still) => {
                faults.add(place(), format!("shows {picture}, which is no still"));
            }
            _ => {}
        }
    }
}

fn check_playlists(manifest: &Manifest, faults: &mut Faults) {
    let items: BTreeSet<_> = manifest.items.iter().map(|item| item.sha256).collect();
    let mut by_id = BTreeMap::new();
    for playlist in &manifest.playlists {
        let place = || format!("playlist {}", playlist.id);
        if by_id.insert(&playlist.id, playlist).is_some() {
            faults.add(place(), "named twice".to_owned());
        }
        for (number, entry) in (1..).zip(&playlist.entries) {
            let Content::Asset { versions, duration, .. } = &entry.content else {
                continue;
            };
            if *duration < SHORTEST_ENTRY || *duration > LONGEST_ENTRY {
                faults.add(place(), format!("entry {number} lasts {duration:?}, outside 1 s to 1 day"));
            }
            if versions.is_empty() {
                faults.add(place(), format!("entry {number} has no version"));
            }
            for digest in versions.values().filter(|digest| !items.contains(digest)) {
                faults.add(place(), format!("entry {number} names {digest}, which is not among the items"));
            }
        }
    }
    check_nesting(manifest, &by_id, faults);
    if !by_id.contains_key(&manifest.default_playlist) {
        faults.add("default_playlist", format!("{} is not among the playlists", manifest.default_playlist));
    }
}

fn check_nesting(manifest: &Manifest, by_id: &BTreeMap<&PlaylistId, &Playlist>, faults: &mut Faults) {
    let mut measured = BTreeMap::new();
    for playlist in &manifest.playlists {
        if let Err(fault) = measure(&playlist.id, by_id, 0, &mut measured) {
            faults.add(format!("playlist {}", playlist.id), fault);
            return; // those that hold this one would only say it again
        }
    }
}

/// What a playlist comes to with all that lies within it.
#[derive(Clone, Copy)]
struct Size {
    /// Levels below it.
    levels: usize,
    /// Entries in it and below it.
    entries: usize,
}

/// Measures a playlist that lies `depth` levels down, each only once; a circle runs into the limit of depth.
fn measure<'a>(
    id: &'a PlaylistId,
    by_id: &BTreeMap<&PlaylistId, &'a Playlist>,
    depth: usize,
    measured: &mut BTreeMap<&'a PlaylistId, Size>,
) -> Result<Size, String> {
    let known = measured.get(id).copied();
    if depth + known.map_or(0, |size| size.levels) > DEEPEST_NESTING {
        return Err(format!("playlists lie more than {DEEPEST_NESTING} deep, or in a circle"));
    }
    if let Some(size) = known {
        return Ok(size);
    }
    let playlist = by_id.get(id).ok_or_else(|| format!("{id} is not among the playlists"))?;
    let mut size = Size { levels: 0, entries: 0 };
    for entry in &playlist.entries {
        size.entries += 1;
        if let Content::Playlist { playlist, take } = &entry.content {
            if *take == Some(0) {
                return Err(format!("takes 0 entries of {playlist}"));
            }
            let inner = measure(playlist, by_id, depth + 1, measured)?;
            size.levels = size.levels.max(inner.levels + 1);
            size.entries += inner.entries;
        }
        if size.entries > MOST_UNFOLDED {
            return Err(format!("comes to more than {MOST_UNFOLDED} entries with those within it"));
        }
    }
    measured.insert(&playlist.id, size);
    Ok(size)
}

fn check_campaigns(manifest: &Manifest, faults: &mut Faults) {
    let playlists: BTreeSet<_> = manifest.playlists.iter().map(|playlist| &playlist.id).collect();
    for campaign in &manifest.campaigns {
        let place = || format!("campaign {}", campaign.id);
        match &campaign.plays {
            Plays::Playlist(playlist) if !playlists.contains(playlist) => {
                faults.add(place(), format!("plays {playlist}, which is not among the playlists"));
            }
            Plays::Playlist(_) => {}
            Plays::Ticker(ticker) => check_ticker(manifest, campaign, ticker, faults),
        }
        if campaign.windows.len() > MOST_WINDOWS {
            faults.add(place(), format!("more than {MOST_WINDOWS} windows"));
        }
        if is_backwards(campaign.period) {
            faults.add(place(), "ends before it begins".to_owned());
        }
    }
    if manifest.stand_downs.len() > MOST_STAND_DOWNS {
        faults.add("stand_downs", format!("more than {MOST_STAND_DOWNS}"));
    }
    if manifest.stand_downs.iter().any(|stand_down| is_backwards(stand_down.period)) {
        faults.add("stand_downs", "one ends before it begins".to_owned());
    }
    if manifest.ranks.values().any(|rank| !(1..=LARGEST_WEIGHT).contains(rank)) {
        faults.add("ranks", format!("ranks are 1 to {LARGEST_WEIGHT}"));
    }
}

fn check_ticker(manifest: &Manifest, campaign: &Campaign, ticker: &Ticker, faults: &mut Faults) {
    let place = || format!("campaign {}", campaign.id);
    if manifest.item(&ticker.item).is_none() {
        faults.add(place(), format!("runs {}, which is not among the items", ticker.item));
    }
    if !(1..=WIDEST_STRIP).contains(&ticker.width) {
        faults.add(place(), format!("its strip is {} pixels wide, outside 1 to {WIDEST_STRIP}", ticker.width));
    }
    if !(1..=FASTEST_STRIP).contains(&ticker.speed) {
        faults.add(place(), format!("its strip runs {} pixels a second, outside 1 to {FASTEST_STRIP}", ticker.speed));
    }
    let crossing = Duration::from_millis(ticker.crossing_ms(manifest.geometry.width()));
    if crossing < SHORTEST_ENTRY || crossing > LONGEST_ENTRY {
        faults.add(place(), format!("one crossing of its strip takes {crossing:?}, outside 1 s to 1 day"));
    }
    if matches!(campaign.share, Share::PerHour(_)) {
        faults.add(place(), "a ticker has a weight, not per_hour".to_owned());
    }
}

fn is_backwards(period: Period) -> bool {
    matches!((period.from, period.until), (Some(from), Some(until)) if until < from)
}

/// Versions of one campaign follow one another. One that ends as it begins covers no instant, so it overlaps nothing.
fn check_versions(manifest: &Manifest, faults: &mut Faults) {
    let lasts = |from: Option<_>, until: Option<_>| from.is_none() || from != until;
    let mut sorted: Vec<_> = manifest.campaigns.iter().filter(|c| lasts(c.period.from, c.period.until)).collect();
    sorted.sort_by_key(|campaign| (&campaign.id, campaign.period.from));
    for (first, second) in sorted.iter().zip(sorted.iter().skip(1)) {
        let overlap = first.period.until.is_none_or(|until| second.period.from.is_none_or(|from| from < until));
        if first.id == second.id && overlap {
            faults.add(format!("campaign {}", first.id), "two of its versions overlap in time".to_owned());
        }
    }
}

struct Faults(Vec<ManifestFault>);

impl Faults {
    fn add(&mut self, place: impl Into<String>, fault: String) {
        self.0.push(ManifestFault { place: place.into(), fault });
    }
}
