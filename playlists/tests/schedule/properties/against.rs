//! The product's answers against the reference's, which steps through the day: slot by slot, and near every boundary.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeDelta, Timelike};
use playlists::hours::Hours;
use playlists::local::day_start;
use playlists::schedule::{Reader, What, resolve};
use playlists::trust::manifest::Manifest;
use proptest::prelude::*;

use super::{at, cases, millisecond, ms, plain, schedule};
use crate::generate::any_manifest;
use crate::reference;
use crate::reference::may::{May, Rules};
use crate::reference::wall;

const MINUTE: i64 = 60_000;

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_day_is_listed_as_the_reference_lists_it((manifest, date) in any_manifest()) {
        let day = schedule(&manifest).day(date);
        let slots: Vec<_> = day.slots().map(|showing| plain(&showing)).collect();
        let list = reference::day::list(&manifest, date);
        let mut expected = list.slots;
        prop_assert_eq!(day.lapses().map(|(id, at)| (id.clone(), ms(at))).collect::<Vec<_>>(), list.lapsed);
        // A dark stretch is whole in the product's answer, and cut at the day's edges in a list.
        for (slot, expected) in slots.iter().zip(&mut expected) {
            if slot.entry.is_none() && expected.entry.is_none() {
                prop_assert!(slot.since <= expected.since && expected.until <= slot.until);
                (expected.since, expected.until) = (slot.since, slot.until);
            }
        }
        // A list is bounded: no slot is shorter than a second but where its segment ends.
        let cut = |slot: &&reference::Shown| slot.until - slot.since < 1000;
        prop_assert!(slots.iter().filter(cut).all(|slot| list.segment_ends.contains(&slot.until)));
        prop_assert_eq!(slots, expected);
    }

    #[test]
    fn tickers_run_as_the_reference_runs_them((manifest, date) in any_manifest()) {
        let list = schedule(&manifest).tickers(date);
        let found = list.crossings().map(|run| (run.what.and_then(|what| what.campaign), ms(run.since), ms(run.until)));
        prop_assert_eq!(found.collect::<Vec<_>>(), reference::day::tickers(&manifest, date));
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn near_every_boundary_the_answer_is_the_references((manifest, date) in any_manifest()) {
        let days = [-1, 0, 1].map(|by| reference::day::list(&manifest, date + TimeDelta::days(by)));
        let slots: Vec<_> = days.iter().flat_map(|day| &day.slots).collect();
        let mut reader = Reader::new(schedule(&manifest));
        let mut instants = boundaries(&manifest, date);
        instants.extend(days.iter().flat_map(|day| day.segment_ends.iter().copied()));
        for now in instants.into_iter().flat_map(|edge| [edge - 1, edge, edge + 1]) {
            let Some(expected) = slots.iter().find(|slot| slot.since <= now && now < slot.until) else { continue };
            let showing = plain(&reader.resolve(at(now)));
            prop_assert_eq!(&showing.entry, &expected.entry, "at {}", at(now));
            if showing.entry.is_some() {
                prop_assert_eq!((showing.since, showing.until), (expected.since, expected.until), "at {}", at(now));
            } else {
                prop_assert!(showing.since <= expected.since && expected.until <= showing.until, "at {}", at(now));
            }
        }
    }

    #[test]
    fn an_instant_is_answered_as_the_reference_answers_it((manifest, date) in any_manifest(), second in -40_000_i64..130_000) {
        let now = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let showing = resolve(&manifest, now).expect("the manifest has no faults");
        prop_assert_eq!(plain(&showing), reference::resolve(&manifest, now));
    }

    #[test]
    fn nothing_plays_outside_its_period_windows_validity_and_hours((manifest, date) in any_manifest()) {
        let list = schedule(&manifest).day(date);
        let mut rules = Rules::new(&manifest, ms(list.start()), ms(list.end()));
        for showing in list.slots() {
            let What::Entry(slot) = &showing.what else { continue };
            for now in [showing.since, showing.until - millisecond()] {
                let (may, hourly) = rules.at(ms(now));
                let of = |active: &[reference::may::Active]| active.iter().any(|one| Some(&one.id) == slot.campaign.as_ref());
                let allowed = match (&may, &slot.campaign) {
                    (May::Dark, _) => false,
                    (_, Some(_)) if slot.due.is_some() => of(&hourly),
                    (May::Campaigns(active), Some(_)) => of(active),
                    (May::Default(_), None) => slot.asset.is_some(),
                    (May::Safe, None) => slot.asset.is_none(),
                    (May::Campaigns(_), None) | (May::Default(_) | May::Safe, Some(_)) => false,
                };
                prop_assert!(allowed, "{showing:?} at {now}");
                let item = manifest.item(&slot.item).expect("the manifest names it");
                let valid = item.from.is_none_or(|from| from <= now) && item.until.is_none_or(|until| now < until);
                prop_assert!(valid || slot.asset.is_none(), "{showing:?} at {now}");
            }
        }
    }
}

/// Instants of three broadcast days at which something may change: the clock itself, midnight and 03:00, hours, windows, periods,
/// stand-downs, and the validity of entries and items.
fn boundaries(manifest: &Manifest, date: NaiveDate) -> BTreeSet<i64> {
    let tz = manifest.time_zone;
    let [from, until] = [-1, 2].map(|by| wall::day_start(date + TimeDelta::days(by), tz));
    let mut edges = BTreeSet::new();
    // Where the clock leaves its pace, and whole local hours.
    let mut now = from;
    while now < until {
        let (here, next) = (wall::wall(now, tz), wall::wall(now + MINUTE, tz));
        if next - here != TimeDelta::minutes(1) || (next.time().minute() == 0 && [0, 3].contains(&next.time().hour())) {
            edges.insert(now + MINUTE);
        }
        now += MINUTE;
    }
    for window in manifest.campaigns.iter().flat_map(|campaign| &campaign.windows) {
        let length = i64::try_from(window.duration().as_millis()).expect("at most 31 days");
        edges.extend(wall::starts(window, from - length, until, tz).iter().flat_map(|start| [*start, start + length]));
    }
    let lit = manifest.hours.iter().flat_map(|hours: &Hours| {
        let weekly = hours.weekly.iter().flat_map(|weekly| &weekly.intervals);
        weekly.chain(hours.exceptions.iter().flat_map(|exception| &exception.intervals))
    });
    let times: BTreeSet<NaiveTime> = lit.flat_map(|interval| [interval.from, interval.until]).collect();
    for by in -1..3 {
        edges.extend(times.iter().map(|time| wall::instant((date + TimeDelta::days(by)).and_time(*time), tz)));
    }
    edges.extend(reference::day::named(manifest));
    edges.retain(|edge| from < *edge && *edge < until);
    edges
}
