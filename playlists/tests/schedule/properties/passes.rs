//! Passes through a playlist: within a day, and over the days of a block.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use playlists::campaign::Campaign;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::What;
use playlists::window::Window;
use proptest::prelude::*;

use super::{cases, schedule};
use crate::generate::{any_manifest, campaign, digest, id, item, manifest};

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn within_a_day_the_entries_of_a_campaign_differ_by_one_pass_at_most((manifest, date) in any_manifest()) {
        // Entries that are valid all day, in playlists without nested ones.
        let mut manifest = manifest;
        for item in &mut manifest.items {
            (item.from, item.until) = (None, None);
        }
        manifest.languages.clear();
        for playlist in &mut manifest.playlists {
            playlist.entries.retain(|entry| matches!(entry.content, Content::Asset { .. }));
            for (number, entry) in playlist.entries.iter_mut().enumerate() {
                *entry = match &entry.content {
                    Content::Asset { duration, .. } => {
                        Entry::still(id(format!("{}-{number}", playlist.id)), manifest.items[0].sha256, *duration)
                    }
                    Content::Playlist { .. } => continue,
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
    fn nested_playlists_give_what_is_taken_and_their_entries_differ_by_one_pass_at_most(
        outer in 1_usize..5, inner in 1_usize..7, take in prop::option::of(1_u32..9), places in 1_usize..3, day in 0_i64..40_000,
    ) {
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        let still = |name: String| Entry::still(id(name), digest(0), Duration::from_secs(20));
        manifest.playlists.push(Playlist { of: None, id: id("inner"), entries: (0..inner).map(|n| still(format!("i{n}"))).collect() });
        let nested = || Entry { content: Content::Playlist { playlist: id("inner"), take }, from: None, until: None };
        let entries = (0..outer).map(|n| still(format!("o{n}"))).chain((0..places).map(|_| nested())).collect();
        manifest.playlists.push(Playlist { of: None, id: id("c1"), entries });
        manifest.campaigns.push(campaign("c1", 1));
        let day = schedule(&manifest).day(NaiveDate::default() + TimeDelta::days(day));
        let names: Vec<String> = day
            .slots()
            .filter_map(|showing| match showing.what {
                What::Entry(slot) => slot.asset.map(|asset| asset.to_string()),
                What::Dark | What::Notice { .. } => None,
            })
            .collect();
        // Each round of the outer playlist has its own entries once, and `take` slots for each place of use.
        let round = outer + places * take.map_or(inner, |take| take as usize);
        for own in (0..outer).map(|n| format!("o{n}")) {
            let seen: Vec<_> = names.iter().enumerate().filter(|(_, name)| **name == own).map(|(place, _)| place).collect();
            prop_assert!(seen.windows(2).all(|pair| pair[1] - pair[0] == round), "{own} of {names:?}");
        }
        let mut counts = BTreeMap::<&str, usize>::new();
        for name in names.iter().filter(|name| name.starts_with('i')) {
            *counts.entry(name).or_default() += 1;
        }
        // One place for each place of use: each is off by one pass at most.
        let (most, fewest) = (counts.values().max().copied().unwrap_or(0), counts.values().min().copied().unwrap_or(0));
        prop_assert_eq!(counts.len(), inner);
        prop_assert!(most - fewest <= places, "{:?}", counts);
    }

    #[test]
    fn in_an_aligned_block_of_days_a_daily_window_of_any_length_shows_every_entry_equally_often(
        entries in 1_usize..13, window in 60_u64..3000, length in 5_u64..90, block in 0_i64..3000,
    ) {
        let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
        manifest.items.push(item(1));
        let still = |n| Entry::still(id(format!("a{n}")), digest(1), Duration::from_secs(length));
        manifest.playlists.push(Playlist { of: None, id: id("c1"), entries: (0..entries).map(still).collect() });
        let window = Window::new(id("0 12 * * *"), Duration::from_secs(window)).expect("a window");
        manifest.campaigns.push(Campaign { windows: vec![window], ..campaign("c1", 1) });
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
        prop_assert_eq!(plays.values().collect::<BTreeSet<_>>().len(), 1, "{:?}", plays);
    }
}
