//! Answers: the same at every instant of theirs, one after the other without gap, and some at any time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use playlists::local::day_start;
use playlists::schedule::{Overrides, Reader, What, explain, resolve};
use playlists::trust::manifest::Manifest;
use proptest::prelude::*;

use super::{cases, millisecond, schedule};
use crate::generate::{Scene, any_manifest, any_overrides, any_scene, shifted};

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn the_same_is_on_at_every_instant_of_an_answer((manifest, date) in any_manifest(), second in 0_i64..86_400) {
        let now = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let schedule = schedule(&manifest);
        let showing = schedule.resolve(now);
        prop_assert!(showing.since <= now && now < showing.until);
        let middle = showing.since + (showing.until - showing.since) / 2;
        for at in [showing.since, middle, showing.until - millisecond(), now] {
            prop_assert_eq!(&schedule.resolve(at), &showing);
        }
        // A manifest that only is newer, and one that has travelled, say the same.
        let json = serde_json::to_vec(&Manifest { rev: playlists::id::Revision(9), ..manifest }).expect("a manifest serialises");
        let refreshed: Manifest = serde_json::from_slice(&json).expect("and is read again");
        prop_assert_eq!(resolve(&refreshed, now).expect("without faults"), showing);
    }

    #[test]
    fn whatever_was_asked_before_the_answer_is_the_same(scene in any_scene(12), again in any::<prop::sample::Index>()) {
        // A clock that jumps to and fro over some days; then a reboot: a reader that was never asked anything.
        let Scene { manifest, overrides, instants, .. } = scene;
        let jumps = [0, -26, 30, -90, 0].map(TimeDelta::hours);
        let mut reader = Reader::new(schedule(&manifest));
        let asked: Vec<_> = instants.iter().zip(jumps.iter().cycle()).map(|(at, by)| *at + *by).collect();
        let answers: Vec<_> =
            asked.iter().map(|at| (reader.resolve_under(&overrides, *at), reader.ticker_under(&overrides, *at))).collect();
        let place = again.index(asked.len());
        let mut rebooted = Reader::new(schedule(&manifest));
        let answer = (rebooted.resolve_under(&overrides, asked[place]), rebooted.ticker_under(&overrides, asked[place]));
        prop_assert_eq!(&answer, &answers[place]);
        prop_assert_eq!(&(reader.resolve_under(&overrides, asked[place]), reader.ticker_under(&overrides, asked[place])), &answer);
    }

    #[test]
    fn answers_follow_one_another_without_gap_across_days((manifest, date) in any_manifest()) {
        let start = day_start(date, manifest.time_zone);
        let mut reader = Reader::new(schedule(&manifest));
        let mut showing = reader.resolve(start - TimeDelta::minutes(5));
        for _ in 0..3000 {
            let next = reader.resolve(showing.until);
            prop_assert_eq!(next.since, showing.until);
            prop_assert!(next.until > next.since);
            prop_assert!(next.what != What::Dark || showing.what != What::Dark, "dark answers are merged");
            prop_assert_eq!(&reader.resolve(next.since - millisecond()), &showing);
            if next.since > start + TimeDelta::hours(26) {
                break;
            }
            showing = next;
        }
    }

    #[test]
    fn tickers_follow_one_another_without_gap(scene in any_scene(1)) {
        let Scene { manifest, overrides, instants, .. } = scene;
        let mut reader = Reader::new(schedule(&manifest));
        let mut running = reader.ticker_under(&overrides, instants[0]);
        prop_assert!(running.since <= instants[0]);
        for _ in 0..60 {
            prop_assert!(running.since < running.until);
            for at in [running.since, running.since + (running.until - running.since) / 2, running.until - millisecond()] {
                prop_assert_eq!(&reader.ticker_under(&overrides, at), &running);
            }
            let next = reader.ticker_under(&overrides, running.until);
            prop_assert_eq!(next.since, running.until);
            running = next;
        }
    }

    #[test]
    fn what_tickers_get_equals_counting_their_crossings((manifest, date) in any_manifest(), second in -40_000_i64..90_000, over in any_overrides()) {
        let from = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let until = from + TimeDelta::minutes(90);
        let schedule = schedule(&manifest);
        for overrides in [Overrides::default(), shifted(over, from)] {
            let stretches = schedule.ticker_stretches(&overrides, from, until);
            let mut reader = Reader::new(schedule.clone());
            let mut counted = BTreeMap::<_, (u64, i64)>::new();
            let mut at = from;
            while at < until {
                let running = reader.ticker_under(&overrides, at);
                let end = running.until.min(until);
                let within = stretches.iter().find(|stretch| stretch.since <= at && at < stretch.until);
                if let Some(campaign) = running.what.and_then(|crossing| crossing.campaign) {
                    prop_assert!(within.is_some_and(|stretch| stretch.campaigns.contains(&campaign) && end <= stretch.until));
                    let own = counted.entry(campaign).or_default();
                    own.0 += u64::from(running.since >= from);
                    own.1 += (end - at).num_milliseconds();
                } else if overrides.is_empty() {
                    prop_assert!(within.is_none());
                }
                at = end;
            }
            let found = schedule.running(&overrides, from, until).into_iter().map(|(id, gets)| (id, (gets.plays, gets.shown_ms)));
            prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), counted);
        }
    }

    #[test]
    fn crossings_are_told_as_at_each_instant_and_lie_within_their_stretches((manifest, date) in any_manifest(), second in -40_000_i64..90_000, over in any_overrides()) {
        let from = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let until = from + TimeDelta::minutes(90);
        let schedule = schedule(&manifest);
        let over = shifted(over, from);
        let none_recalled = Overrides { recalled_items: BTreeSet::new(), recalled_campaigns: BTreeSet::new(), ..over.clone() };
        for overrides in [Overrides::default(), none_recalled, over] {
            let stretches = schedule.ticker_stretches(&overrides, from, until);
            let mut reader = Reader::new(schedule.clone());
            // A recall leaves turns empty; else something runs at every instant of a stretch.
            let recalls = !overrides.recalled_items.is_empty() || !overrides.recalled_campaigns.is_empty();
            for stretch in stretches.iter().filter(|_| !recalls) {
                let middle = stretch.since + (stretch.until - stretch.since) / 2;
                for at in [stretch.since, middle, stretch.until - millisecond()] {
                    prop_assert!(reader.ticker_under(&overrides, at).what.is_some());
                }
            }
            let mut at = from;
            for told in schedule.crossings(&overrides, from, until) {
                prop_assert!(at <= told.since && told.since < told.until && told.until <= until);
                if at < told.since {
                    prop_assert_eq!(reader.ticker_under(&overrides, at).what, None);
                }
                let whole = reader.ticker_under(&overrides, told.since);
                prop_assert_eq!((&whole.what, whole.until.min(until)), (&told.what, told.until));
                let crossing = told.what.expect("pauses are left out");
                let within = stretches.iter().find(|stretch| stretch.since <= told.since && told.until <= stretch.until);
                let within = within.expect("it lies in one");
                let named = match (&crossing.campaign, &crossing.notice) {
                    (Some(campaign), None) => within.campaigns.contains(campaign),
                    (None, Some(notice)) => within.notices.contains(notice),
                    _ => false,
                };
                prop_assert!(named);
                at = told.until;
            }
            if at < until {
                prop_assert_eq!(reader.ticker_under(&overrides, at).what, None);
            }
        }
    }

    #[test]
    fn a_forecast_equals_counting_the_timeline((manifest, date) in any_manifest(), second in -40_000_i64..90_000, hours in 1_i64..40, over in any_overrides()) {
        let from = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let until = from + TimeDelta::hours(hours);
        let schedule = schedule(&manifest);
        for overrides in [Overrides::default(), shifted(over.clone(), from)] {
            let mut reader = Reader::new(schedule.clone());
            let forecast = schedule.forecast(&overrides, from, until);
            let (mut counted, mut dark, mut lit) = (BTreeMap::<_, (u64, i64)>::new(), 0, 0);
            let mut at = from;
            for showing in schedule.timeline(&overrides, from, until) {
                prop_assert_eq!(showing.since, at);
                at = showing.until;
                let ms = (showing.until - showing.since).num_milliseconds();
                let whole = reader.resolve_under(&overrides, showing.since);
                match showing.what {
                    What::Dark => dark += ms,
                    What::Notice { .. } => lit += ms,
                    What::Entry(slot) => {
                        lit += ms;
                        let own = counted.entry(slot.campaign).or_default();
                        own.0 += u64::from(whole.since == showing.since);
                        own.1 += ms;
                    }
                }
            }
            prop_assert_eq!(at, until);
            prop_assert_eq!((forecast.dark_ms, forecast.lit_ms()), (dark, lit));
            let nobody = counted.remove(&None).unwrap_or_default();
            let rest = (forecast.default.plays + forecast.safe_item.plays, forecast.default.shown_ms + forecast.safe_item.shown_ms);
            prop_assert_eq!(rest, nobody);
            let told: BTreeMap<_, _> = forecast.campaigns.into_iter().map(|(id, air)| (Some(id), (air.plays, air.shown_ms))).collect();
            prop_assert_eq!(told, counted);
        }
    }

    #[test]
    fn the_items_to_fetch_come_in_the_order_of_need((manifest, date) in any_manifest(), second in 0_i64..86_400) {
        let now = day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let schedule = schedule(&manifest);
        let items = schedule.items_from(now);
        let mut distinct = items.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), items.len());
        prop_assert!(items.contains(&manifest.safe_item));
        if let What::Entry(slot) = schedule.resolve(now).what {
            prop_assert_eq!(items.first(), Some(&slot.item));
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_instant_from_1970_to_2100_is_answered(
        scene in any_scene(1),
        second in prop_oneof![8 => 0_i64..4_102_444_800, 1 => 0_i64..200_000, 1 => 4_102_200_000_i64..4_102_444_800],
        ms in 0_i64..1000,
    ) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(second * 1000 + ms);
        let (manifest, overrides) = (scene.manifest, shifted(scene.overrides, now - (scene.instants[0] - DateTime::UNIX_EPOCH)));
        let mut reader = Reader::new(schedule(&manifest));
        for overrides in [Overrides::default(), overrides] {
            let showing = reader.resolve_under(&overrides, now);
            prop_assert!(showing.since <= now && now < showing.until);
            let running = reader.ticker_under(&overrides, now);
            prop_assert!(running.since <= now && now < running.until);
        }
        let explained = explain(&manifest, &Overrides::default(), now).expect("without faults");
        prop_assert_eq!(explained.showing, reader.resolve(now));
    }
}
