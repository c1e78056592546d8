//! PURE: manifest × time × mode → what is on the screen, until when, and what comes next.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::asset::Kind;
use playlists::id::{AssetId, CampaignId, Digest, Revision};
use playlists::overlay::{Overlay, Shows};
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
    /// Whether overlays may lie over it: over entries of the schedule, not over a notice, which has the whole board, nor over what stands in
    /// for an entry.
    pub overlaid: bool,
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
    let (picture, overlaid) = match what {
        What::Dark => (Picture::Dark, false),
        // A notice's picture is not the manifest's: whatever the circumstances, it is shown if it is here.
        What::Notice { item, .. } => match manifest.item(&item) {
            Some(item) => (Picture::Item(plain(item)), false),
            None => (safe(manifest), false),
        },
        What::Entry(slot) => match manifest.item(&slot.item) {
            Some(item) if may_show(item, circumstances) => {
                (Picture::Item(Shown { asset: slot.asset, campaign: slot.campaign, ..plain(item) }), true)
            }
            _ => (safe(manifest), false),
        },
    };
    Scene { picture, since, until, rev: manifest.rev, overlaid }
}

/// What may lie over the loop: nothing while only the safe item plays, a picture where it may be shown, and no clock while the board doubts
/// its own.
#[must_use]
pub fn overlays(manifest: &Manifest, circumstances: Circumstances) -> Vec<&Overlay> {
    let may_lie = |overlay: &&Overlay| match &overlay.shows {
        Shows::Clock(_) => {
            !matches!(circumstances.mode, Mode::Safe | Mode::Fault) && circumstances.quality != ClockQuality::Floor
        }
        Shows::Picture(item) => manifest.item(item).is_some_and(|item| may_show(item, circumstances)),
    };
    manifest.overlays.iter().filter(may_lie).collect()
}

/// Whether an item lies over the loop: a strip of running text, or an overlay's picture.
#[must_use]
pub fn lies_over(manifest: &Manifest, item: &Digest) -> bool {
    let is_strip = manifest.campaigns.iter().any(|one| one.plays.ticker().is_some_and(|ticker| ticker.item == *item));
    is_strip || manifest.overlays.iter().any(|overlay| overlay.picture() == Some(item))
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
    manifest.item(&manifest.safe_item).map_or(Picture::Resident, |item| Picture::Item(plain(item)))
}

/// An item that nobody asked for.
const fn plain(item: &Item) -> Shown {
    Shown { item: item.sha256, size: item.size, kind: item.kind, asset: None, campaign: None }
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
    use playlists::asset::Language;
    use playlists::campaign::{Campaign, Level, Period, Plays, Share, Ticker, Weight};
    use playlists::overlay::{Clock, Corner, OverlaySize};
    use playlists::schedule::Slot;
    use playlists::unit::Tier;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + seconds, 0).expect("in range")
    }
    fn shown(item: Digest) -> Scene {
        let shown = Shown { item, size: 1, kind: Kind::Still, asset: None, campaign: None };
        Scene { picture: Picture::Item(shown), since: at(0), until: at(10), rev: Revision(1), overlaid: true }
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
    fn a_clock_lies_over_the_loop_while_the_board_knows_the_time_and_a_picture_while_it_may_be_shown() {
        let (logo, plain) = (Digest::of(b"logo"), Digest::of(b"plain"));
        let mut manifest = manifest(1, &[(Digest::of(b"a"), 1), (logo, 1), (plain, 1)]);
        manifest.items.iter_mut().for_each(|item| item.evergreen = item.sha256 == logo);
        let overlay = |corner, shows| Overlay { corner, size: OverlaySize::default(), shows };
        manifest.overlays = vec![
            overlay(Corner::TopLeft, Shows::Clock(Clock::Time)),
            overlay(Corner::TopRight, Shows::Picture(logo)),
            overlay(Corner::BottomLeft, Shows::Picture(plain)),
            overlay(Corner::BottomRight, Shows::Picture(Digest::of(b"gone"))),
        ];
        let there = |mode, quality| {
            let overlays = overlays(&manifest, Circumstances { mode, quality });
            overlays.iter().map(|overlay| overlay.corner.as_str()).collect::<Vec<_>>().join(" ")
        };
        for (mode, quality, expected) in [
            (Mode::Boot, ClockQuality::Rtc, "top-left top-right bottom-left"),
            (Mode::Play, ClockQuality::Signed, "top-left top-right bottom-left"),
            (Mode::Play, ClockQuality::Floor, "top-right bottom-left"),
            (Mode::Stale, ClockQuality::Ntp, "top-left top-right"),
            (Mode::Stale, ClockQuality::Floor, "top-right"),
            (Mode::Safe, ClockQuality::Signed, ""),
            (Mode::Fault, ClockQuality::Signed, ""),
        ] {
            assert_eq!(there(mode, quality), expected, "{mode:?} {quality:?}");
        }
    }

    #[test]
    fn strips_and_pictures_of_overlays_lie_over_the_loop_and_entries_do_not() {
        let (entry, strip, logo) = (Digest::of(b"a"), Digest::of(b"strip"), Digest::of(b"logo"));
        let mut manifest = manifest(1, &[(entry, 1), (strip, 1), (logo, 1)]);
        manifest.overlays = vec![Overlay { corner: Corner::TopLeft, size: OverlaySize::default(), shows: Shows::Picture(logo) }];
        manifest.campaigns = vec![Campaign {
            id: "tin".parse().expect("an id"),
            unit: "tinh".parse().expect("an id"),
            tier: Tier::Province,
            level: Level::Normal,
            theme: None,
            plays: Plays::Ticker(Ticker { item: strip, width: 100, speed: 50 }),
            period: Period::default(),
            windows: Vec::new(),
            share: Share::Weight(Weight::new(1).expect("a weight")),
        }];
        assert_eq!([entry, strip, logo].map(|item| lies_over(&manifest, &item)), [false, true, true]);
    }

    #[test]
    fn overlays_may_lie_over_an_entry_not_over_a_notice_black_or_what_stands_in() {
        let (item, gone) = (Digest::of(b"a"), Digest::of(b"gone"));
        let manifest = manifest(1, &[(item, 1)]);
        let entry = |item| What::Entry(Slot { campaign: None, asset: None, item, language: Language::undetermined(), due: None });
        let notice = |item| What::Notice { notice: "n".parse().expect("an id"), item };
        for (what, mode, expected) in [
            (entry(item), Mode::Play, true),
            (entry(gone), Mode::Play, false),
            (entry(item), Mode::Safe, false),
            (entry(item), Mode::Stale, false),
            (notice(item), Mode::Play, false),
            (notice(gone), Mode::Play, false),
            (What::Dark, Mode::Play, false),
        ] {
            let showing = Showing { what: what.clone(), since: at(0), until: at(10) };
            let scene = scene(&manifest, showing, Circumstances { mode, quality: ClockQuality::Signed });
            assert_eq!(scene.overlaid, expected, "{what:?} {mode:?}");
        }
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
