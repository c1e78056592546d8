//! Plays per hour: how many are due, and that each is played in time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level, PerHour, Share};
use playlists::playlist::{Entry, Playlist};
use playlists::schedule::{DayList, What};
use playlists::trust::manifest::Manifest;
use playlists::window::Window;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{at, cases, ms, schedule};
use crate::generate::{any_manifest, campaign, digest, id, manifest};
use crate::reference::dues;

const HOUR: i64 = 3_600_000;

/// Adds a campaign that plays `entries` of these lengths, in seconds.
fn add(manifest: &mut Manifest, campaign: Campaign, lengths: &[u64]) {
    let still = |(n, seconds): (usize, &u64)| Entry::still(id(format!("a{n}")), digest(0), Duration::from_secs(*seconds));
    let playlist = campaign.plays.playlist().expect("it has one").clone();
    manifest.playlists.push(Playlist { of: None, id: playlist, entries: lengths.iter().enumerate().map(still).collect() });
    manifest.campaigns.push(campaign);
}

/// The dues of a day by campaign: when, and when it was played, if it was.
fn dues_of(list: &DayList) -> BTreeMap<String, Vec<(i64, Option<i64>)>> {
    let mut dues = BTreeMap::<_, Vec<_>>::new();
    for showing in list.slots() {
        if let What::Entry(slot) = showing.what
            && let (Some(campaign), Some(due)) = (slot.campaign, slot.due)
        {
            dues.entry(campaign.to_string()).or_default().push((ms(due), Some(ms(showing.since))));
        }
    }
    for (campaign, due) in list.lapses() {
        dues.entry(campaign.to_string()).or_default().push((ms(due), None));
    }
    dues.values_mut().for_each(|dues| dues.sort_unstable());
    dues
}

/// Campaigns with plays per hour, by longest entry: as many plays as fit into a part of nine tenths of an hour.
fn asking(parts: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let whole: u32 = parts.iter().map(|(_, part)| part).sum();
    parts
        .iter()
        .map(|(longest, part)| {
            (*longest, u32::try_from(u64::from(*part) * 3240 / (u64::from(whole) * longest)).expect("few").max(1))
        })
        .collect()
}

fn lone(plays: u32, name: &str) -> Campaign {
    Campaign { share: Share::PerHour(PerHour::new(plays).expect("plays")), ..campaign(name, 1) }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn every_full_hour_has_the_plays_that_are_asked_for_and_each_is_played_in_time(
        parts in vec((1_u64..=60, 1_u32..100), 1..7),
        beside in vec(1_u64..=60, 1..4),
        priority in any::<bool>(),
        offset in 0_i64..82_000_000,
        day in 0_i64..40_000,
    ) {
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        add(&mut manifest, campaign("loop", 1), &beside);
        let asking = asking(&parts);
        prop_assume!(asking.iter().map(|(longest, plays)| longest * u64::from(*plays)).sum::<u64>() <= 3240);
        for (number, (longest, plays)) in asking.iter().enumerate() {
            let level = if priority { Level::Priority } else { Level::Normal };
            add(&mut manifest, Campaign { level, ..lone(*plays, &format!("h{number}")) }, &[*longest, 1]);
        }
        let list = schedule(&manifest).day(NaiveDate::default() + TimeDelta::days(day));
        let longest = *beside.iter().max().expect("one at least");
        let wait = 120.max(longest + asking.iter().map(|(longest, _)| longest).sum::<u64>()) as i64 * 1000;
        let dues = dues_of(&list);
        for (number, (_, plays)) in asking.iter().enumerate() {
            let own = &dues[&format!("h{number}")];
            for hour in (0..24).map(|hour| ms(list.start()) + hour * HOUR).chain([ms(list.start()) + offset]) {
                let within = own.iter().filter(|(due, _)| (hour..hour + HOUR).contains(due)).count();
                prop_assert_eq!(within, *plays as usize, "h{} in the hour from {}", number, at(hour));
            }
            for (due, played) in own {
                let waits = played.map(|played| played - due);
                // What the day no longer covers may lapse.
                let covered = ms(list.end()) - due > wait;
                prop_assert!(!covered || waits.is_some_and(|waits| (0..=wait).contains(&waits)), "h{number}, due {}", at(*due));
                if asking.len() == 1 && covered {
                    prop_assert!(waits.is_some_and(|waits| waits < longest as i64 * 1000), "alone, due {}", at(*due));
                }
            }
            // The last quarter of each hour has its plays, too, where there are enough of them.
            if *plays >= 36 {
                for quarter in (0..24).map(|hour| ms(list.start()) + hour * HOUR + HOUR / 4 * 3) {
                    let within = own.iter().filter(|(due, played)| {
                        (quarter..quarter + HOUR / 4).contains(due) && (played.is_some() || ms(list.end()) - due <= wait)
                    });
                    prop_assert!(within.count() >= (*plays / 4 - 1) as usize, "h{number} in the quarter from {}", at(quarter));
                }
            }
        }
    }

    #[test]
    fn a_priority_play_is_in_time_whatever_normal_ones_ask(
        (longest, plays) in (1_u64..=60, 1_u32..20), (others, often) in (1_u64..=60, 1_u32..40), beside in 1_u64..=60, day in 0_i64..40_000,
    ) {
        prop_assume!(longest * u64::from(plays) + others * u64::from(often) <= 3240);
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        add(&mut manifest, campaign("loop", 1), &[beside]);
        add(&mut manifest, Campaign { level: Level::Priority, ..lone(plays, "urgent") }, &[longest]);
        add(&mut manifest, lone(often, "usual"), &[others]);
        let list = schedule(&manifest).day(NaiveDate::default() + TimeDelta::days(day));
        let wait = (beside.max(others) + longest) as i64 * 1000;
        for (due, played) in &dues_of(&list)["urgent"] {
            let covered = ms(list.end()) - due > wait;
            prop_assert!(!covered || played.is_some_and(|played| played - due <= wait), "due {}", at(*due));
        }
    }

    #[test]
    fn one_play_per_stretch_is_due_in_a_window_of_any_length(
        plays in 1_u32..40, minute in 0_u32..60, minutes in 3_u64..200, length in 1_u64..=60, beside in 1_u64..=60, day in 0_i64..40_000,
    ) {
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        add(&mut manifest, campaign("loop", 1), &[beside]);
        let window = Window::new(id(format!("{minute} 10 * * *")), Duration::from_secs(minutes * 60)).expect("a window");
        add(&mut manifest, Campaign { windows: vec![window], ..lone(plays, "often") }, &[length]);
        let list = schedule(&manifest).day(NaiveDate::default() + TimeDelta::days(day));
        let from = ms(list.start()) + 7 * HOUR + i64::from(minute) * 60_000;
        let until = from + minutes as i64 * 60_000;
        let own = &dues_of(&list)["often"];
        let inside = own.iter().all(|(due, played)| {
            (from..until).contains(due) && played.is_none_or(|played| (from..until).contains(&played))
        });
        prop_assert!(inside, "{own:?}");
        // One is due in the first half already, and the longest wait is shorter than the other half.
        prop_assert!(own.iter().any(|(_, played)| played.is_some()), "{own:?}");
        for (due, played) in own {
            let waits = played.map_or(i64::MAX, |played| played - due);
            // One that is due so late that less than 2 s are left when the entry on the screen ends may lapse: rule 10.
            let late = until - due < beside as i64 * 1000 + 2_000;
            prop_assert!(waits < beside as i64 * 1000 || late, "due {}", at(*due));
        }
    }

    #[test]
    fn what_was_due_was_either_played_or_has_lapsed((manifest, date) in any_manifest()) {
        let list = schedule(&manifest).day(date);
        let found = dues_of(&list).into_iter().flat_map(|(id, dues)| dues.into_iter().map(move |(due, _)| (id.clone(), due)));
        let due: Vec<(String, i64)> = {
            let mut all: Vec<_> = dues::all(&manifest, ms(list.start()), ms(list.end())).into_iter().map(|due| (due.key.id.to_string(), due.at)).collect();
            all.sort_unstable();
            all
        };
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        prop_assert_eq!(found, due);
    }
}

#[test]
fn the_day_on_which_clocks_go_forward_has_its_plays() {
    let mut manifest = manifest(chrono_tz::Europe::Berlin);
    add(&mut manifest, campaign("loop", 1), &[60]);
    add(&mut manifest, lone(36, "often"), &[10]);
    for (date, hours) in [((2026, 3, 28), 23), ((2026, 3, 29), 24), ((2026, 10, 24), 25)] {
        let (y, m, d) = date;
        let list = schedule(&manifest).day(NaiveDate::from_ymd_opt(y, m, d).expect("a date"));
        let start: DateTime<Utc> = list.start();
        assert_eq!(list.end() - start, TimeDelta::hours(hours));
        assert_eq!(dues_of(&list)["often"].len(), 36 * usize::try_from(hours).expect("few"));
    }
}
