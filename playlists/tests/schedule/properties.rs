//! What must hold of every manifest, at every instant.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::playlist::{Entry, Playlist};
use playlists::schedule::{Overrides, Reader, Schedule, Showing, What, resolve};
use playlists::trust::manifest::{Lanes, Manifest};
use playlists::unit::Tier;
use proptest::prelude::*;

use crate::generate::{any_manifest, any_overrides, campaign, digest, id, item, manifest, shifted};
use crate::reference;
use crate::reference::overrides::Must;

fn schedule(manifest: &Manifest) -> Schedule {
    Schedule::new(manifest).expect("the manifest has no faults")
}

/// An answer in the reference's words.
fn plain(showing: &Showing) -> reference::Shown {
    let entry = match &showing.what {
        What::Dark | What::Notice { .. } => None,
        What::Entry(slot) => Some(reference::Entry {
            campaign: slot.campaign.clone(),
            asset: slot.asset.clone(),
            item: slot.item,
            language: slot.language.to_string(),
        }),
    };
    reference::Shown { since: showing.since.timestamp_millis(), until: showing.until.timestamp_millis(), entry }
}

fn millisecond() -> TimeDelta {
    TimeDelta::milliseconds(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_day_is_listed_as_the_reference_lists_it((manifest, date) in any_manifest()) {
        let day = schedule(&manifest).day(date);
        let slots: Vec<_> = day.slots().map(|showing| plain(&showing)).collect();
        let (mut expected, lapsed) = reference::day::list(&manifest, date);
        prop_assert_eq!(day.lapses().map(|(id, at)| (id.clone(), at.timestamp_millis())).collect::<Vec<_>>(), lapsed);
        // A dark stretch is whole in the product's answer, and cut at the day's edges in a list.
        for (slot, expected) in slots.iter().zip(&mut expected) {
            if slot.entry.is_none() && expected.entry.is_none() {
                prop_assert!(slot.since <= expected.since && expected.until <= slot.until);
                (expected.since, expected.until) = (slot.since, slot.until);
            }
        }
        prop_assert_eq!(slots, expected);
    }

    #[test]
    fn tickers_run_as_the_reference_runs_them((manifest, date) in any_manifest()) {
        let ms = |instant: DateTime<Utc>| instant.timestamp_millis();
        let list = schedule(&manifest).tickers(date);
        let found = list.crossings().map(|run| (run.what.and_then(|what| what.campaign), ms(run.since), ms(run.until)));
        prop_assert_eq!(found.collect::<Vec<_>>(), reference::day::tickers(&manifest, date));
    }

    #[test]
    fn an_instant_is_answered_as_the_reference_answers_it((manifest, date) in any_manifest(), second in -40_000_i64..130_000) {
        let now = playlists::local::day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let showing = resolve(&manifest, now).expect("the manifest has no faults");
        prop_assert_eq!(plain(&showing), reference::resolve(&manifest, now));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_is_on_at_every_instant_of_an_answer((manifest, date) in any_manifest(), second in 0_i64..86_400) {
        let now = playlists::local::day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
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
    fn a_forecast_equals_counting_the_timeline((manifest, date) in any_manifest(), second in -40_000_i64..90_000, hours in 1_i64..40, over in any_overrides()) {
        let from = playlists::local::day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
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
    fn under_overrides_answers_follow_one_another_and_hold_throughout((manifest, date) in any_manifest(), second in 0_i64..86_400, over in any_overrides()) {
        let now = playlists::local::day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
        let overrides = shifted(over, now);
        let schedule = schedule(&manifest);
        let mut reader = Reader::new(schedule.clone());
        let mut plain = Reader::new(schedule.clone());
        let mut showing = reader.resolve_under(&overrides, now);
        for _ in 0..40 {
            prop_assert!(showing.since < showing.until);
            for at in [showing.since, showing.since + (showing.until - showing.since) / 2, showing.until - millisecond()] {
                prop_assert_eq!(&reader.resolve_under(&overrides, at), &showing);
                let must = reference::overrides::at(&manifest, &overrides, at, &plain.resolve(at));
                match &showing.what {
                    What::Dark if matches!(must, Must::Another(_)) => {
                        prop_assert!(overrides.recalled_items.contains(&manifest.safe_item));
                    }
                    What::Dark => prop_assert_eq!(must, Must::Dark),
                    What::Notice { notice, item } => prop_assert_eq!(must, Must::Notice(notice.clone(), *item)),
                    What::Entry(slot) if matches!(must, Must::Another(_)) => {
                        prop_assert!(!overrides.recalled_items.contains(&slot.item));
                        prop_assert!(slot.campaign.as_ref().is_none_or(|id| !overrides.recalled_campaigns.contains(id)));
                        let item = manifest.item(&slot.item).expect("the manifest names it");
                        let valid = item.from.is_none_or(|from| from <= at) && item.until.is_none_or(|until| at < until);
                        prop_assert!(valid || slot.asset.is_none());
                    }
                    What::Entry(slot) => prop_assert_eq!(must, Must::Item(slot.item)),
                }
            }
            if showing.until > now + TimeDelta::days(40) {
                break;
            }
            let next = reader.resolve_under(&overrides, showing.until);
            prop_assert_eq!(next.since, showing.until);
            let emptied = overrides.recalled_items.contains(&manifest.safe_item);
            prop_assert!(emptied || next.what != What::Dark || showing.what != What::Dark, "dark answers are merged");
            showing = next;
        }
    }

    #[test]
    fn answers_follow_one_another_without_gap_across_days((manifest, date) in any_manifest()) {
        let start = playlists::local::day_start(date, manifest.time_zone);
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
    fn nothing_plays_outside_its_period_windows_validity_and_hours((manifest, date) in any_manifest()) {
        for showing in schedule(&manifest).day(date).slots() {
            let What::Entry(slot) = &showing.what else { continue };
            let ends = [showing.since, showing.until - millisecond()];
            if let Some(hours) = &manifest.hours {
                prop_assert!(ends.iter().all(|at| hours.is_lit(*at, manifest.time_zone)));
            }
            if let Some(campaign) = &slot.campaign {
                let versions: Vec<_> = manifest.campaigns.iter().filter(|c| c.id == *campaign).collect();
                let plays = |at: DateTime<Utc>| versions.iter().any(|c| {
                    c.period.contains(at) && (c.windows.is_empty() || c.windows.iter().any(|w| w.contains(at, manifest.time_zone)))
                });
                prop_assert!(ends.iter().all(|at| plays(*at)), "{showing:?}");
            }
            if slot.asset.is_some() {
                let item = manifest.item(&slot.item).expect("the manifest names it");
                prop_assert!(item.from.is_none_or(|from| from <= showing.since), "{showing:?}");
                prop_assert!(item.until.is_none_or(|until| showing.until <= until), "{showing:?}");
            }
        }
    }

    #[test]
    fn any_instant_from_1970_to_2100_is_answered((manifest, _) in any_manifest(), second in 0_i64..4_102_444_800, ms in 0_i64..1000) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(second * 1000 + ms);
        let showing = schedule(&manifest).resolve(now);
        prop_assert!(showing.since <= now && now < showing.until);
    }

    #[test]
    fn the_items_to_fetch_come_in_the_order_of_need((manifest, date) in any_manifest(), second in 0_i64..86_400) {
        let now = playlists::local::day_start(date, manifest.time_zone) + TimeDelta::seconds(second);
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

/// A manifest in which each campaign has one entry of `seconds`, always.
fn always(shares: &[(u32, Tier)], lanes: Lanes, seconds: u64) -> Manifest {
    let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
    manifest.lanes = lanes;
    for (number, (weight, tier)) in (1..).zip(shares) {
        let name = format!("c{number}");
        let entry = Entry::still(id(&name), digest(number), Duration::from_secs(seconds));
        manifest.items.push(item(number));
        manifest.playlists.push(Playlist { id: id(&name), entries: vec![entry] });
        manifest.campaigns.push(playlists::campaign::Campaign { tier: *tier, ..campaign(&name, *weight) });
    }
    manifest
}

/// The three bounds of the fair pick over a sequence of turns.
fn assert_fair(turns: &[usize], weights: &[u32]) -> Result<(), TestCaseError> {
    let total: i64 = weights.iter().map(|w| i64::from(*w)).sum();
    for (who, weight) in weights.iter().enumerate() {
        let weight = i64::from(*weight);
        // How far the count is ahead of the share, times the total, after each turn.
        let mut ahead = vec![0];
        for turn in turns {
            ahead.push(ahead[ahead.len() - 1] + i64::from(*turn == who) * total - weight);
        }
        let spread = ahead.iter().max().expect("one at least") - ahead.iter().min().expect("one at least");
        prop_assert!(spread <= 2 * total, "{who} of {weights:?} is {spread}/{total} slots off its share");
        let places: Vec<_> = turns.iter().enumerate().filter(|(_, turn)| **turn == who).map(|(place, _)| place as i64).collect();
        let most = 2 * ((total + weight - 1) / weight);
        prop_assert!(places.first().is_some_and(|first| *first < most), "{who} of {weights:?} waits too long at first");
        prop_assert!(
            places.windows(2).all(|pair| pair[1] - pair[0] <= most),
            "{who} of {weights:?} waits more than {most} slots"
        );
        if weight * 2 <= total {
            prop_assert!(places.windows(2).all(|pair| pair[1] > pair[0] + 1), "{who} of {weights:?} comes twice in a row");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn campaigns_share_the_loop_fairly(
        weights in prop_oneof![proptest::collection::vec(1_u32..10, 2..12), proptest::collection::vec(1_u32..200, 2..6)],
        day in 0_i64..40_000,
    ) {
        let shares: Vec<_> = weights.iter().map(|weight| (*weight, Tier::Commune)).collect();
        let manifest = always(&shares, Lanes::default(), 30);
        let date = NaiveDate::default() + TimeDelta::days(day);
        let turns: Vec<_> = schedule(&manifest).day(date).slots().map(|showing| number_of(&showing)).collect();
        assert_fair(&turns, &weights)?;
    }

    #[test]
    fn lanes_share_the_loop_fairly(province in 1_u32..10, commune in 1_u32..10, each in 1_usize..4, day in 0_i64..40_000) {
        let shares: Vec<_> = (0..each * 2).map(|n| (1, if n % 2 == 0 { Tier::Province } else { Tier::Commune })).collect();
        let manifest = always(&shares, Lanes { province, commune }, 30);
        let date = NaiveDate::default() + TimeDelta::days(day);
        let turns: Vec<_> = schedule(&manifest).day(date).slots().map(|showing| number_of(&showing) % 2).collect();
        assert_fair(&turns, &[province, commune])?;
    }

    #[test]
    fn within_a_day_the_entries_of_a_campaign_differ_by_one_pass_at_most((manifest, date) in any_manifest()) {
        // Entries that are valid all day, in playlists without nested ones.
        let mut manifest = manifest;
        for item in &mut manifest.items {
            (item.from, item.until) = (None, None);
        }
        manifest.languages.clear();
        for playlist in &mut manifest.playlists {
            playlist.entries.retain(|entry| matches!(entry.content, playlists::playlist::Content::Asset { .. }));
            for (number, entry) in playlist.entries.iter_mut().enumerate() {
                *entry = match &entry.content {
                    playlists::playlist::Content::Asset { duration, .. } => {
                        Entry::still(id(format!("{}-{number}", playlist.id)), manifest.items[0].sha256, *duration)
                    }
                    playlists::playlist::Content::Playlist { .. } => continue,
                };
            }
        }
        manifest.campaigns.dedup_by(|one, other| one.id == other.id);
        let mut plays: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
        for showing in schedule(&manifest).day(date).slots() {
            if let What::Entry(slot) = showing.what && let (Some(campaign), Some(asset)) = (slot.campaign, slot.asset) {
                *plays.entry(campaign).or_default().entry(asset).or_default() += 1;
            }
        }
        for (campaign, counts) in plays {
            let playlist = &manifest.campaigns.iter().find(|c| c.id == campaign).expect("it played").plays;
            let playlist = playlist.playlist();
            let entries = manifest.playlists.iter().find(|p| Some(&p.id) == playlist).map_or(0, |p| p.entries.len());
            let fewest = if counts.len() < entries { 0 } else { counts.values().copied().min().unwrap_or(0) };
            let most = counts.values().copied().max().unwrap_or(0);
            prop_assert!(most - fewest <= 1, "{campaign}: {counts:?}");
        }
    }

    #[test]
    fn in_an_aligned_block_of_days_a_short_daily_window_shows_every_entry_equally_often(
        entries in 1_usize..13, minutes in 1_u64..30, block in 0_i64..3000,
    ) {
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        manifest.items.push(item(1));
        let still = |n| Entry::still(id(format!("a{n}")), digest(1), Duration::from_secs(60));
        manifest.playlists.push(Playlist { id: id("c1"), entries: (0..entries).map(still).collect() });
        let window = playlists::window::Window::new(id("0 12 * * *"), Duration::from_secs(minutes * 60)).expect("a window");
        manifest.campaigns.push(playlists::campaign::Campaign { windows: vec![window], ..campaign("c1", 1) });
        let schedule = schedule(&manifest);
        let mut plays = BTreeMap::<_, u64>::new();
        for day in 0..entries as i64 {
            for showing in schedule.day(NaiveDate::default() + TimeDelta::days(block * entries as i64 + day)).slots() {
                if let What::Entry(slot) = showing.what && slot.campaign.is_some() {
                    *plays.entry(slot.asset).or_default() += 1;
                }
            }
        }
        prop_assert_eq!(plays.len(), entries);
        prop_assert!(plays.values().all(|count| *count == minutes), "{:?}", plays);
    }
}

/// The number of the campaign that is on, from 0.
fn number_of(showing: &Showing) -> usize {
    let What::Entry(slot) = &showing.what else { panic!("the board is lit all day") };
    let name = slot.campaign.as_ref().expect("campaigns play all day").as_str();
    name.trim_start_matches('c').parse::<usize>().expect("campaigns are numbered") - 1
}
