//! What a manifest may not be: one case for each fault, and the edges of every bound.

use std::time::Duration;

use playlists::asset::Language;
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::playlist::{Content, DEEPEST_NESTING, Playlist};
use playlists::schedule::Schedule;
use playlists::trust::faults::{LARGEST_NUMBER, LONGEST_OFFLINE_S, MOST_UNFOLDED};
use playlists::trust::manifest::{Lanes, Manifest};
use serde_json::{Value, json};

use crate::fixtures::{asset_entry, campaign, item, manifest, nested_entry, parsed};

/// The faults of a manifest changed so, as texts.
fn faults(change: impl FnOnce(&mut Manifest)) -> Vec<String> {
    let mut changed = manifest();
    change(&mut changed);
    changed.faults().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn only(fault: &str, change: impl FnOnce(&mut Manifest)) {
    let found = faults(change);
    assert!(matches!(found.as_slice(), [one] if one.contains(fault)), "wanted only {fault:?}, found {found:?}");
}

#[track_caller]
fn none(change: impl FnOnce(&mut Manifest)) {
    assert_eq!(faults(change), Vec::<String>::new());
}

fn lasting(duration: Duration) -> impl FnOnce(&mut Manifest) {
    move |m| {
        m.playlists.push(Playlist {
            of: None,
            id: parsed("p-long"),
            entries: vec![asset_entry("a-safe", &[("und", "safe")], duration)],
        })
    }
}

fn playlist(id: &str, entries: Vec<playlists::playlist::Entry>) -> Playlist {
    Playlist { of: None, id: parsed(id), entries }
}

/// Playlists p-0 to p-`last`, each holding the next `times` times, the last one an asset.
fn chain(last: usize, times: usize) -> Vec<Playlist> {
    let holding = (0..last).map(|n| playlist(&format!("p-{n}"), vec![nested_entry(&format!("p-{}", n + 1), None); times]));
    let bottom = playlist(&format!("p-{last}"), vec![asset_entry("a-safe", &[("und", "safe")], Duration::from_secs(5)); times]);
    holding.chain([bottom]).collect()
}

fn hours(value: Value) -> impl FnOnce(&mut Manifest) {
    move |m| m.hours = Some(serde_json::from_value(value).expect("hours"))
}

#[test]
fn the_manifest_of_the_tests_has_no_fault() {
    none(|_| {});
}

#[test]
fn a_manifest_has_the_form_that_this_program_knows() {
    only("v: 2 is not 1", |m| m.v = 2);
    only("v: 0 is not 1", |m| m.v = 0);
}

#[test]
fn numbers_are_those_that_every_reader_of_json_keeps() {
    none(|m| m.rev = Revision(LARGEST_NUMBER));
    only("rev: ", |m| m.rev = Revision(LARGEST_NUMBER + 1));
    only("key_epoch: ", |m| m.key_epoch = KeyEpoch(u64::MAX));
    only("recall_min: ", |m| m.recall_min = Version(u64::MAX));
}

#[test]
fn times_without_contact_are_at_most_ten_years() {
    none(|m| (m.fresh_s, m.max_offline_s) = (0, LONGEST_OFFLINE_S));
    only("fresh_s: ", |m| m.fresh_s = LONGEST_OFFLINE_S + 1);
    only("max_offline_s: ", |m| m.max_offline_s = u64::MAX);
}

#[test]
fn brightness_is_at_most_a_hundred_per_cent() {
    none(|m| m.brightness = 100);
    none(|m| m.brightness = 0);
    only("brightness: 101", |m| m.brightness = 101);
}

#[test]
fn lanes_are_weights_up_to_a_thousand_and_one_of_them_plays() {
    for (province, commune) in [(0, 1), (1_000, 0), (1_000, 1_000)] {
        none(|m| m.lanes = Lanes { province, commune });
    }
    for (province, commune) in [(0, 0), (1_001, 1), (0, 1_001), (u32::MAX, u32::MAX)] {
        only("lanes: ", |m| m.lanes = Lanes { province, commune });
    }
}

#[test]
fn languages_have_weights_of_one_to_a_thousand() {
    let mix = |weight| move |m: &mut Manifest| m.languages.extend([(parsed::<Language>("zh"), weight)]);
    none(mix(1));
    none(mix(1_000));
    only("languages: zh", mix(0));
    only("languages: zh", mix(1_001));
}

#[test]
fn hours_are_short_lists() {
    let interval = json!({ "from": "05:30", "until": "22:00" });
    let day = |intervals: usize| json!({ "days": ["Mon"], "intervals": vec![interval.clone(); intervals] });
    none(hours(json!({ "weekly": vec![day(8); 14] })));
    none(hours(json!({ "weekly": [] })));
    only("hours: more than 14 lines", hours(json!({ "weekly": vec![day(1); 15] })));
    only("hours: more than 8 intervals", hours(json!({ "weekly": [day(9)] })));
    let date = |n: u32| {
        let date = chrono::NaiveDate::from_yo_opt(2027 + i32::try_from(n / 365).expect("few years"), n % 365 + 1);
        json!({ "date": date, "intervals": [] })
    };
    none(hours(json!({ "weekly": [day(1)], "exceptions": (0..366).map(date).collect::<Vec<_>>() })));
    only("more than 366", hours(json!({ "weekly": [day(1)], "exceptions": (0..367).map(date).collect::<Vec<_>>() })));
    let long = json!({ "date": "2027-02-06", "intervals": vec![interval.clone(); 9] });
    only("hours: more than 8 intervals", hours(json!({ "weekly": [day(1)], "exceptions": [long] })));
}

#[test]
fn an_item_is_named_once() {
    only("named twice", |m| m.items.push(item("vi")));
}

#[test]
fn the_safe_item_is_among_the_items() {
    only("safe_item: ", |m| m.safe_item = Digest::of(b"missing"));
}

#[test]
fn overlays_lie_one_in_each_corner_and_show_stills_among_the_items() {
    let overlays = |overlays: serde_json::Value| {
        move |m: &mut Manifest| m.overlays = serde_json::from_value(overlays.clone()).expect("overlays")
    };
    let clock = |corner: &str| json!({ "corner": corner, "clock": "time" });
    let picture = |of: &[u8]| json!({ "corner": "bottom-left", "picture": Digest::of(of) });
    none(overlays(json!([clock("top-left"), clock("top-right"), clock("bottom-right"), picture(b"vi")])));
    only("overlay top-left: the corner is named twice", overlays(json!([clock("top-left"), clock("top-left")])));
    only("overlay bottom-left: shows", overlays(json!([picture(b"missing")])));
    only("which is no still", overlays(json!([picture(b"clip")])));
}

#[test]
fn a_playlist_is_named_once() {
    only("playlist p-storm: named twice", |m| m.playlists.push(playlist("p-storm", Vec::new())));
}

#[test]
fn the_default_playlist_is_among_the_playlists() {
    only("default_playlist: p-none", |m| m.default_playlist = parsed("p-none"));
}

#[test]
fn an_entry_lasts_one_second_to_one_day() {
    none(lasting(Duration::from_millis(1_000)));
    none(lasting(Duration::from_millis(86_400_000)));
    only("entry 1 lasts 999ms", lasting(Duration::from_millis(999)));
    only("entry 1 lasts 0ns", lasting(Duration::ZERO));
    only("entry 1 lasts 86400.001s", lasting(Duration::from_millis(86_400_001)));
    only("entry 1 lasts", lasting(Duration::from_millis(u64::MAX)));
}

#[test]
fn an_entry_has_a_version_and_each_is_among_the_items() {
    let entry = |versions: &[(&str, &str)]| asset_entry("a-safe", versions, Duration::from_secs(5));
    let safe = entry(&[("und", "safe")]);
    only("entry 2 has no version", |m| m.playlists.push(playlist("p-x", vec![safe.clone(), entry(&[])])));
    only("entry 1 names", |m| m.playlists.push(playlist("p-x", vec![entry(&[("vi", "vi"), ("en", "missing")])])));
}

#[test]
fn a_playlist_may_be_empty() {
    none(|m| m.playlists.push(playlist("p-x", Vec::new())));
}

#[test]
fn a_nested_playlist_is_among_the_playlists_and_gives_at_least_one_entry() {
    only("playlist p-x: p-none is not", |m| m.playlists.push(playlist("p-x", vec![nested_entry("p-none", None)])));
    only("playlist p-x: takes 0", |m| m.playlists.push(playlist("p-x", vec![nested_entry("p-storm", Some(0))])));
    none(|m| m.playlists.push(playlist("p-x", vec![nested_entry("p-storm", Some(u32::MAX))])));
}

#[test]
fn playlists_lie_at_most_eight_deep_whatever_the_order_they_are_named_in() {
    none(|m| m.playlists.extend(chain(DEEPEST_NESTING, 1)));
    none(|m| m.playlists.extend(chain(DEEPEST_NESTING, 1).into_iter().rev()));
    only("more than 8 deep", |m| m.playlists.extend(chain(DEEPEST_NESTING + 1, 1)));
    only("more than 8 deep", |m| m.playlists.extend(chain(DEEPEST_NESTING + 1, 1).into_iter().rev()));
    only("more than 8 deep", |m| m.playlists.extend(chain(5_000, 1)));
    only("more than 8 deep", |m| m.playlists.extend(chain(5_000, 1).into_iter().rev()));
}

#[test]
fn a_circle_of_playlists_is_refused() {
    only("or in a circle", |m| m.playlists.push(playlist("p-x", vec![nested_entry("p-x", None)])));
    only("or in a circle", |m| {
        m.playlists.push(playlist("p-x", vec![nested_entry("p-y", Some(1)); 50]));
        m.playlists.push(playlist("p-y", vec![nested_entry("p-x", Some(1)); 50]));
    });
}

#[test]
fn playlists_that_unfold_to_more_than_a_machine_holds_are_refused_at_once() {
    none(|m| {
        m.playlists.push(playlist("p-x", vec![asset_entry("a-safe", &[("und", "safe")], Duration::from_secs(5)); MOST_UNFOLDED]))
    });
    none(|m| m.playlists.extend(chain(2, 20)));
    only("more than 10000 entries", |m| m.playlists.extend(chain(2, 22)));
    only("more than 10000 entries", |m| m.playlists.extend(chain(8, 1_000)));
    only("more than 10000 entries", |m| {
        let mut empty = chain(8, 1_000);
        empty.iter_mut().for_each(|p| p.entries.retain(|entry| matches!(entry.content, Content::Playlist { .. })));
        m.playlists.extend(empty);
    });
}

#[test]
fn the_widest_manifest_without_faults_still_resolves() {
    let mut widest = manifest();
    widest.hours = None;
    widest.playlists.extend(chain(2, 20));
    widest.campaigns = (0..500).map(|n| campaign(&format!("c-{n}"), "p-0", None, None)).collect();
    let schedule = Schedule::new(&widest).expect("it has no fault");
    let showing = schedule.resolve(widest.issued);
    assert!(showing.since <= widest.issued && widest.issued < showing.until, "{showing:?}");
}

#[test]
fn a_campaign_plays_a_playlist_that_is_there() {
    only("campaign c-x: plays p-none", |m| m.campaigns.push(campaign("c-x", "p-none", None, None)));
}

#[test]
fn a_campaign_has_at_most_64_windows() {
    let window = json!({ "cron": "0 18 * * *", "duration_ms": 60_000 });
    let with = |count: usize| {
        let mut campaign = campaign("c-x", "p-storm", None, None);
        campaign.windows = serde_json::from_value(json!(vec![window.clone(); count])).expect("windows");
        move |m: &mut Manifest| m.campaigns.push(campaign)
    };
    none(with(64));
    only("campaign c-x: more than 64", with(65));
}

#[test]
fn a_campaign_does_not_end_before_it_begins() {
    let (early, late) = (Some("2026-11-01T00:00:00Z"), Some("2026-11-02T00:00:00Z"));
    only("campaign c-x: ends before", |m| m.campaigns.push(campaign("c-x", "p-storm", late, early)));
    none(|m| m.campaigns.push(campaign("c-x", "p-storm", early, early)));
}

#[test]
fn versions_of_one_campaign_follow_one_another() {
    let at = |hour: u32| format!("2026-11-01T{hour:02}:00:00Z");
    let version =
        |from: Option<u32>, until: Option<u32>| campaign("c-x", "p-storm", from.map(at).as_deref(), until.map(at).as_deref());
    let good = [
        vec![(None, Some(3)), (Some(3), Some(5)), (Some(5), None)],
        vec![(Some(5), None), (None, Some(3)), (Some(3), Some(4))],
        vec![(Some(3), Some(3)), (Some(1), Some(5))],
        vec![(Some(1), Some(5)), (Some(1), Some(1)), (Some(5), Some(5))],
    ];
    for versions in good {
        none(|m| m.campaigns.extend(versions.into_iter().map(|(from, until)| version(from, until))));
    }
    let bad = [
        vec![(None, None), (Some(3), None)],
        vec![(None, Some(3)), (None, Some(5))],
        vec![(Some(1), Some(3)), (Some(2), Some(4))],
        vec![(Some(1), Some(9)), (Some(2), Some(2)), (Some(4), Some(5))],
        vec![(Some(4), None), (Some(1), None)],
    ];
    for versions in bad {
        only("campaign c-x: two of its versions overlap", |m| {
            m.campaigns.extend(versions.into_iter().map(|(from, until)| version(from, until)));
        });
    }
    none(|m| m.campaigns.extend([campaign("c-x", "p-storm", None, None), campaign("c-y", "p-storm", None, None)]));
}

#[test]
fn every_fault_is_told_not_only_the_first() {
    let found = faults(|m| {
        m.brightness = 200;
        m.safe_item = Digest::of(b"missing");
        m.campaigns.push(campaign("c-x", "p-none", None, None));
    });
    assert_eq!(found.len(), 3, "{found:?}");
}
