//! PURE: manifest × time × mode → what is on the screen, until when, and what comes next.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::asset::Kind;
use playlists::id::{AssetId, CampaignId, Digest, Revision};
use playlists::schedule::{Crossing, Running, Showing, What};
use playlists::trust::manifest::{Item, Manifest};
use playlists::wire::reports::{ClockQuality, Mode};

/// Longest wait for an entry's end before a new manifest takes over anyway: an entry may last a day.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

/// What is to be on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// Nothing: outside the operating hours.
    Dark,
    /// The picture that every player carries within itself: there is no manifest.
    Resident,
    /// An item.
    Item(Shown),
}

/// An item on the screen and by whom it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The item.
    pub item: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// The asset it is a rendition of; none for the safe item.
    pub asset: Option<AssetId>,
    /// The campaign; none for the default playlist and the safe item.
    pub campaign: Option<CampaignId>,
}

/// A picture and the time it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// What is to be on the screen.
    pub picture: Picture,
    /// Since when it should be; a clip's position is counted from here.
    pub since: DateTime<Utc>,
    /// When to look again.
    pub until: DateTime<Utc>,
    /// The manifest it comes from; 0 when there is none.
    pub rev: Revision,
}

/// What decides besides the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// How long the board has been alone.
    pub mode: Mode,
    /// How well it knows the time.
    pub quality: ClockQuality,
}

/// What is on the screen where the manifest's schedule says `showing`.
#[must_use]
pub fn scene(manifest: &Manifest, showing: Showing, circumstances: Circumstances) -> Scene {
    let Showing { what, since, until } = showing;
    let picture = match what {
        What::Dark => Picture::Dark,
        // A notice's picture is not the manifest's: whatever the circumstances, it is shown if it is here.
        What::Notice { item, .. } => match manifest.item(&item) {
            Some(item) => {
                Picture::Item(Shown { item: item.sha256, size: item.size, kind: item.kind, asset: None, campaign: None })
            }
            None => safe(manifest),
        },
        What::Entry(slot) => match manifest.item(&slot.item) {
            Some(item) if may_show(item, circumstances) => Picture::Item(Shown {
                item: item.sha256,
                size: item.size,
                kind: item.kind,
                asset: slot.asset,
                campaign: slot.campaign,
            }),
            _ => safe(manifest),
        },
    };
    Scene { picture, since, until, rev: manifest.rev }
}

/// The crossing that runs over the picture where the manifest's schedule says `running`, with the strip's length in bytes.
#[must_use]
pub fn crossing(manifest: &Manifest, running: &Running, circumstances: Circumstances) -> Option<(Crossing, u64)> {
    let crossing = running.what.as_ref()?;
    let item = manifest.item(&crossing.ticker.item).filter(|item| may_show(item, circumstances))?;
    Some((crossing.clone(), item.size))
}

/// Whether an item may be shown in these circumstances: a SAFE board shows none but the safe item, a STALE one nothing without
/// an end unless it is evergreen, and one that doubts its clock nothing that depends on the time.
#[must_use]
pub fn may_show(item: &Item, circumstances: Circumstances) -> bool {
    let in_mode = match circumstances.mode {
        Mode::Boot | Mode::Play => true,
        Mode::Stale => item.until.is_some() || item.evergreen,
        Mode::Safe | Mode::Fault => false,
    };
    in_mode && !(item.strict_time && circumstances.quality == ClockQuality::Floor)
}

fn safe(manifest: &Manifest) -> Picture {
    manifest.item(&manifest.safe_item).map_or(Picture::Resident, |item| {
        Picture::Item(Shown { item: item.sha256, size: item.size, kind: item.kind, asset: None, campaign: None })
    })
}

/// When a manifest that is ready takes over: at the end of the entry on the screen, at most [`LONGEST_WAIT`] from when it was
/// ready; at once where nothing is on that could be cut short, or where it no longer names what is on.
#[must_use]
pub fn takeover(on: Option<&Scene>, next: &Manifest, ready: DateTime<Utc>) -> DateTime<Utc> {
    match on {
        Some(Scene { picture: Picture::Item(shown), until, .. }) if next.item(&shown.item).is_some() => {
            (*until).min(ready + LONGEST_WAIT).max(ready)
        }
        _ => ready,
    }
}

/// How long from `now` until `then`, by the time believed; zero when it has passed.
#[must_use]
pub fn wait(now: DateTime<Utc>, then: DateTime<Utc>) -> Duration {
    (then - now).to_std().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::manifest;
    use playlists::campaign::Ticker;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + seconds, 0).expect("in range")
    }
    fn shown(item: Digest) -> Scene {
        let shown = Shown { item, size: 1, kind: Kind::Still, asset: None, campaign: None };
        Scene { picture: Picture::Item(shown), since: at(0), until: at(10), rev: Revision(1) }
    }

    #[test]
    fn a_stale_board_shows_what_has_an_end_or_is_evergreen() {
        let plain = manifest(1, &[(Digest::of(b"a"), 1)]).items.pop().expect("an item");
        let ends = Item { until: Some(at(0)), ..plain.clone() };
        let evergreen = Item { evergreen: true, ..plain.clone() };
        let strict = Item { strict_time: true, ..plain.clone() };
        let table = [
            (&plain, Mode::Play, ClockQuality::Signed, true),
            (&plain, Mode::Stale, ClockQuality::Signed, false),
            (&ends, Mode::Stale, ClockQuality::Signed, true),
            (&evergreen, Mode::Stale, ClockQuality::Rtc, true),
            (&evergreen, Mode::Safe, ClockQuality::Signed, false),
            (&strict, Mode::Play, ClockQuality::Rtc, true),
            (&strict, Mode::Play, ClockQuality::Floor, false),
            (&plain, Mode::Play, ClockQuality::Floor, true),
        ];
        for (number, (item, mode, quality, expected)) in table.into_iter().enumerate() {
            assert_eq!(may_show(item, Circumstances { mode, quality }), expected, "row {number}");
        }
    }

    #[test]
    fn text_runs_only_where_its_strip_may_be_shown() {
        let strip = Digest::of(b"strip");
        let manifest = manifest(1, &[(Digest::of(b"a"), 1), (strip, 77)]);
        let ticker = Ticker { item: strip, width: 100, speed: 50 };
        let what = Crossing { campaign: None, notice: None, ticker };
        let running = |what| Running { what, since: at(0), until: at(3) };
        let there = |what, mode| {
            crossing(&manifest, &running(what), Circumstances { mode, quality: ClockQuality::Signed }).map(|(_, size)| size)
        };
        assert_eq!(there(Some(what.clone()), Mode::Play), Some(77));
        assert_eq!(there(None, Mode::Play), None);
        assert_eq!(there(Some(what.clone()), Mode::Stale), None, "it has no end");
        assert_eq!(there(Some(what.clone()), Mode::Safe), None);
        let gone = Ticker { item: Digest::of(b"gone"), ..ticker };
        assert_eq!(there(Some(Crossing { ticker: gone, ..what }), Mode::Play), None);
    }

    #[test]
    fn a_new_manifest_waits_for_the_entry_unless_it_takes_it_away() {
        let item = Digest::of(b"a");
        let (keeps, drops) = (manifest(2, &[(item, 1)]), manifest(2, &[(Digest::of(b"b"), 1)]));
        let mut long = shown(item);
        long.until = at(86_400);
        let dark = Scene { picture: Picture::Dark, ..shown(item) };
        for (on, next, expected) in [
            (Some(&shown(item)), &keeps, at(10)),
            (Some(&shown(item)), &drops, at(4)),
            (Some(&long), &keeps, at(34)),
            (Some(&dark), &keeps, at(4)),
            (None, &keeps, at(4)),
        ] {
            assert_eq!(takeover(on, next, at(4)), expected);
        }
    }
}
