//! The fair pick: the three bounds of rule 7 for campaigns, lanes and languages, all day and in stretches of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use playlists::campaign::Campaign;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Overrides, Showing, Shows, What};
use playlists::trust::manifest::{Lanes, Manifest};
use playlists::unit::Tier;
use playlists::window::Window;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{cases, schedule};
use crate::generate::{campaign, digest, id, item, manifest};

/// A manifest in which each campaign has one entry of `seconds`, always.
fn always(shares: &[(u32, Tier)], lanes: Lanes, seconds: u64) -> Manifest {
    let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
    manifest.lanes = lanes;
    for (number, (weight, tier)) in (1..).zip(shares) {
        let name = format!("c{number}");
        let entry = Entry::still(id(&name), digest(number), Duration::from_secs(seconds));
        manifest.items.push(item(number));
        manifest.playlists.push(Playlist { of: None, id: id(&name), entries: vec![entry] });
        manifest.campaigns.push(Campaign { tier: *tier, ..campaign(&name, *weight) });
    }
    manifest
}

/// The three bounds of the fair pick over a sequence of turns.
fn assert_fair(turns: &[usize], weights: &BTreeMap<usize, u32>) -> Result<(), TestCaseError> {
    let total: i64 = weights.values().map(|weight| i64::from(*weight)).sum();
    for (who, weight) in weights {
        let weight = i64::from(*weight);
        // How far the count is ahead of the share, times the total, after each turn.
        let mut ahead = vec![0];
        for turn in turns {
            ahead.push(ahead[ahead.len() - 1] + i64::from(turn == who) * total - weight);
        }
        let spread = ahead.iter().max().expect("one at least") - ahead.iter().min().expect("one at least");
        prop_assert!(spread <= 2 * total, "{who} of {weights:?} is {spread}/{total} slots off its share");
        let places: Vec<_> = turns.iter().enumerate().filter(|(_, turn)| *turn == who).map(|(place, _)| place as i64).collect();
        // It waits from the stretch's start to its first turn, from one turn to the next, and at the end.
        let most = 2 * ((total + weight - 1) / weight);
        let edges: Vec<_> = [-1].into_iter().chain(places.iter().copied()).chain([turns.len() as i64]).collect();
        prop_assert!(
            edges.windows(2).all(|pair| pair[1] - pair[0] - 1 <= most),
            "{who} of {weights:?} waits more than {most} slots in {turns:?}"
        );
        if weight * 2 <= total {
            prop_assert!(places.windows(2).all(|pair| pair[1] > pair[0] + 1), "{who} of {weights:?} comes twice in a row");
        }
    }
    Ok(())
}

fn numbered(weights: &[u32]) -> BTreeMap<usize, u32> {
    weights.iter().copied().enumerate().collect()
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn campaigns_share_the_loop_fairly(
        weights in prop_oneof![vec(1_u32..10, 2..12), vec(1_u32..200, 2..6)],
        day in 0_i64..40_000,
    ) {
        let shares: Vec<_> = weights.iter().map(|weight| (*weight, Tier::Commune)).collect();
        let manifest = always(&shares, Lanes::default(), 30);
        let date = NaiveDate::default() + TimeDelta::days(day);
        let turns: Vec<_> = schedule(&manifest).day(date).slots().map(|showing| number_of(&showing)).collect();
        assert_fair(&turns, &numbered(&weights))?;
    }

    #[test]
    fn lanes_share_the_loop_fairly(province in 1_u32..10, commune in 1_u32..10, each in 1_usize..4, day in 0_i64..40_000) {
        let shares: Vec<_> = (0..each * 2).map(|n| (1, if n % 2 == 0 { Tier::Province } else { Tier::Commune })).collect();
        let manifest = always(&shares, Lanes { province, commune }, 30);
        let date = NaiveDate::default() + TimeDelta::days(day);
        let turns: Vec<_> = schedule(&manifest).day(date).slots().map(|showing| number_of(&showing) % 2).collect();
        assert_fair(&turns, &numbered(&[province, commune]))?;
    }

    #[test]
    fn the_languages_of_an_entry_share_its_turns_fairly(weights in vec(1_u32..9, 2..5), assets in 1_usize..4, day in 0_i64..40_000) {
        let tags = ["en", "ko", "vi", "zh"];
        let mut manifest = always(&vec![(1, Tier::Commune); assets], Lanes::default(), 30);
        manifest.languages = tags.iter().zip(&weights).map(|(tag, weight)| (id(tag), *weight)).collect();
        for playlist in &mut manifest.playlists {
            for entry in &mut playlist.entries {
                if let Content::Asset { versions, .. } = &mut entry.content {
                    *versions = tags.iter().map(|tag| (id(tag), digest(0))).collect();
                }
            }
        }
        let mut shown = BTreeMap::<_, Vec<usize>>::new();
        for showing in schedule(&manifest).day(NaiveDate::default() + TimeDelta::days(day)).slots() {
            let What::Entry(slot) = showing.what else { continue };
            let number = tags.iter().position(|tag| *tag == slot.language.as_str()).expect("one of these");
            shown.entry(slot.asset).or_default().push(number);
        }
        prop_assert_eq!(shown.len(), assets);
        for turns in shown.values() {
            assert_fair(turns, &numbered(&weights))?;
        }
    }

    #[test]
    fn in_any_stretch_in_which_the_same_share_the_loop_the_bounds_hold(
        shares in vec((1_u32..10, any::<bool>(), vec((0_u32..24, 10_u64..700), 0..3)), 2..8),
        (province, commune) in (1_u32..6, 1_u32..6),
        day in 0_i64..40_000,
    ) {
        let tier = |province: bool| if province { Tier::Province } else { Tier::Commune };
        let weights: Vec<_> = shares.iter().map(|(weight, province, _)| (*weight, tier(*province))).collect();
        let mut manifest = always(&weights, Lanes { province, commune }, 30);
        for (campaign, (.., windows)) in manifest.campaigns.iter_mut().zip(&shares) {
            let window = |(hour, minutes): &(u32, u64)| {
                Window::new(id(format!("0 {hour} * * *")), Duration::from_secs(minutes * 60)).expect("a window")
            };
            campaign.windows = windows.iter().map(window).collect();
        }
        let schedule = schedule(&manifest);
        let list = schedule.day(NaiveDate::default() + TimeDelta::days(day));
        for stretch in schedule.stretches(&Overrides::default(), list.start(), list.end()) {
            let Shows::Loop { weighted, .. } = stretch.shows else { continue };
            let own: BTreeMap<usize, Tier> = weighted.iter().map(|name| number(name.as_str())).map(|n| (n, weights[n].1)).collect();
            let within = list.slots().filter(|slot| stretch.since <= slot.since && slot.since < stretch.until);
            let turns: Vec<_> = within.filter(|slot| !own.is_empty() && slot.what != What::Dark).map(|slot| number_of(&slot)).collect();
            let mut lanes = BTreeMap::new();
            for tier in own.values() {
                lanes.insert(usize::from(*tier == Tier::Province), if *tier == Tier::Province { province } else { commune });
            }
            let lane_of = |turn: &usize| usize::from(own[turn] == Tier::Province);
            assert_fair(&turns.iter().map(lane_of).collect::<Vec<_>>(), &lanes)?;
            for lane in lanes.keys() {
                let within: Vec<_> = turns.iter().copied().filter(|turn| lane_of(turn) == *lane).collect();
                let members = own.keys().filter(|n| lane_of(n) == *lane).map(|n| (*n, weights[*n].0)).collect();
                assert_fair(&within, &members)?;
            }
        }
    }
}

fn number(name: &str) -> usize {
    name.trim_start_matches('c').parse::<usize>().expect("campaigns are numbered") - 1
}

/// The number of the campaign that is on, from 0.
fn number_of(showing: &Showing) -> usize {
    let What::Entry(slot) = &showing.what else { panic!("the board is lit all day") };
    number(slot.campaign.as_ref().expect("campaigns play all day").as_str())
}
