//! What a day's list tells of itself and of what is on it: cases that break where a line of it is wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use playlists::campaign::{Campaign, Level, Period};
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Overrides, What};

use crate::cases::{add, hanoi, vietnam, window};
use crate::generate::{campaign, digest, id, item, manifest};
use crate::rules::{day, per_hour, schedule};

/// The names of the assets of a day, in order.
fn names(manifest: &playlists::trust::manifest::Manifest) -> Vec<String> {
    let list = schedule(manifest).day(day(2026, 11, 23));
    list.slots()
        .filter_map(|showing| match showing.what {
            What::Entry(slot) => slot.asset.map(|asset| asset.to_string()),
            What::Dark | What::Notice { .. } => None,
        })
        .collect()
}

#[test]
fn a_list_knows_its_date_its_length_and_its_ends() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("a", 1), 2, 10);
    let list = schedule(&manifest).day(day(2026, 11, 23));
    assert_eq!(list.date(), day(2026, 11, 23));
    assert_eq!((list.start(), list.end()), (hanoi("2026-11-23T03:00:00"), hanoi("2026-11-24T03:00:00")));
    assert_eq!((list.len(), list.slots().count(), list.is_empty()), (8640, 8640, false));
    assert_eq!(list.at(list.start() - TimeDelta::milliseconds(1)), None);
    assert_eq!(list.at(list.end()), None);
}

#[test]
fn a_date_that_a_zone_left_out_still_has_the_hours_until_three() {
    // Samoa went over the date line at the end of 29 December 2011: its 03:00 of the 30th is the first instant of the 31st.
    let schedule = schedule(&manifest(chrono_tz::Pacific::Apia));
    let left_out = NaiveDate::from_ymd_opt(2011, 12, 30).expect("a date");
    let list = schedule.day(left_out);
    assert_eq!((list.end() - list.start(), list.len(), list.is_empty()), (TimeDelta::hours(3), 1, false));
    assert_eq!(schedule.day(left_out - TimeDelta::days(1)).end(), list.start());
    assert_eq!(schedule.day(left_out + TimeDelta::days(1)).start(), list.end());
}

#[test]
fn plays_per_hour_that_a_priority_campaign_keeps_from_starting_lapse() {
    let mut manifest = vietnam();
    let hour = Period { from: Some(hanoi("2026-11-23T10:00:00")), until: Some(hanoi("2026-11-23T11:00:00")) };
    add(&mut manifest, Campaign { share: per_hour(12), ..campaign("often", 1) }, 1, 10);
    add(&mut manifest, Campaign { level: Level::Priority, period: hour, ..campaign("urgent", 1) }, 1, 10);
    let list = schedule(&manifest).day(day(2026, 11, 23));
    let lapsed: Vec<_> = list.lapses().collect();
    assert!((10..=12).contains(&lapsed.len()), "{lapsed:?}");
    for (campaign, due) in lapsed {
        assert_eq!(campaign.as_str(), "often");
        assert!(hour.contains(due), "{due}");
    }
}

#[test]
fn items_are_fetched_in_the_order_in_which_they_come() {
    let mut manifest = vietnam();
    for (name, cron) in [("late", "0 20 * * *"), ("soon", "0 13 * * *"), ("past", "0 9 * * *")] {
        add(&mut manifest, Campaign { windows: vec![window(cron, 60)], ..campaign(name, 1) }, 1, 10);
    }
    // Items 0 and 1 are the safe item and the default playlist's; then the campaigns' in the order above.
    let items = schedule(&manifest).items_from(hanoi("2026-11-23T12:00:00"));
    assert_eq!(items, [1, 3, 2, 4, 0].map(digest));
    // What is on the screen to its last millisecond is still needed.
    let last = hanoi("2026-11-23T14:00:00") - TimeDelta::milliseconds(1);
    assert_eq!(schedule(&manifest).items_from(last).first(), Some(&digest(3)));
    assert_eq!(schedule(&manifest).items_from(hanoi("2026-11-23T14:00:00")).first(), Some(&digest(1)));
}

#[test]
fn a_recalled_entry_gives_way_to_the_next_of_its_own_playlist() {
    let mut manifest = vietnam();
    manifest.items.extend((2..6).map(item));
    let entry = |number: usize| Entry::still(id(format!("a{number}")), digest(number), Duration::from_secs(10));
    for (name, items) in [("one", [2, 3]), ("two", [4, 5])] {
        manifest.playlists.push(Playlist { of: None, id: id(name), entries: items.map(entry).to_vec() });
        manifest.campaigns.push(campaign(name, 1));
    }
    let overrides = Overrides { recalled_items: BTreeSet::from([digest(2), digest(5)]), ..Overrides::default() };
    let schedule = schedule(&manifest);
    let (from, until) = (hanoi("2026-11-23T12:00:00"), hanoi("2026-11-23T13:00:00"));
    for showing in schedule.timeline(&overrides, from, until) {
        let What::Entry(slot) = showing.what else { panic!("lit") };
        let left = if slot.campaign == Some(id("one")) { 3 } else { 4 };
        assert_eq!(slot.item, digest(left), "{slot:?}");
    }
}

#[test]
fn a_forecast_counts_what_is_on_in_a_part_of_a_day() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("a", 1), 2, 10);
    add(&mut manifest, campaign("b", 1), 2, 10);
    let forecast =
        schedule(&manifest).forecast(&Overrides::default(), hanoi("2026-11-23T12:00:00"), hanoi("2026-11-23T13:00:00"));
    let told: Vec<_> = forecast.campaigns.values().map(|air| (air.plays, air.shown_ms)).collect();
    assert_eq!(told, [(180, 1_800_000), (180, 1_800_000)]);
}

#[test]
fn two_of_equal_weight_take_turns_and_so_do_three() {
    for count in [2, 3] {
        let mut manifest = vietnam();
        for name in ["a", "b", "c"].into_iter().take(count) {
            add(&mut manifest, campaign(name, 1), 1, 10);
        }
        let names = names(&manifest);
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{count}: {:?}", names.iter().take(20).collect::<Vec<_>>());
    }
}

#[test]
fn a_playlist_goes_on_behind_a_nested_one() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("one", 1), 2, 10);
    let inner = (0..2).map(|n| Entry::still(id(format!("inner-{n}")), digest(1), Duration::from_secs(10))).collect();
    manifest.playlists.push(Playlist { of: None, id: id("inner"), entries: inner });
    let nested = Entry { content: Content::Playlist { playlist: id("inner"), take: Some(1) }, from: None, until: None };
    manifest.playlists[1].entries.insert(1, nested);
    let order: String = names(&manifest)
        .iter()
        .map(|name| if name.starts_with("inner") { 'i' } else { name.chars().last().expect("a name") })
        .collect();
    assert!(order.contains("0i10i10i1"), "{}", order.chars().take(30).collect::<String>());
}

#[test]
fn a_version_of_a_playlist_starts_the_day_where_the_playlist_does() {
    let inner: Vec<_> = (0..7).map(|n| Entry::still(id(format!("inner-{n}")), digest(1), Duration::from_secs(10))).collect();
    let with = |name: &str, of: Option<&str>| {
        let mut manifest = vietnam();
        manifest.playlists.push(Playlist { id: id(name), of: of.map(id), entries: inner.clone() });
        let nested = Entry { content: Content::Playlist { playlist: id(name), take: Some(2) }, from: None, until: None };
        manifest.playlists.push(Playlist::new(id("outer"), vec![nested]));
        let within = playlists::trust::manifest::Manifest { default_playlist: id("outer"), ..manifest.clone() };
        let alone = playlists::trust::manifest::Manifest { default_playlist: id(name), ..manifest };
        [alone, within].map(|manifest| names(&manifest))
    };
    assert_eq!(with("list-v7", Some("list")), with("list", None));
    let other = (1..9).any(|version| with(&format!("list-v{version}"), None) != with("list", None));
    assert!(other, "by its own id it starts elsewhere, or nothing is shown by it");
}

#[test]
fn slots_follow_one_another_where_plays_per_hour_come_between() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("loop", 1), 2, 25);
    add(&mut manifest, Campaign { share: per_hour(30), ..campaign("often", 1) }, 1, 10);
    let slots: Vec<_> = schedule(&manifest).day(day(2026, 11, 23)).slots().collect();
    assert!(slots.windows(2).all(|pair| pair[0].until == pair[1].since));
    let mut whole = slots.iter().rev().skip(1);
    let length = |slot: &playlists::schedule::Slot| if slot.due.is_some() { 10 } else { 25 };
    assert!(whole.all(
        |showing| matches!(&showing.what, What::Entry(slot) if showing.until - showing.since == TimeDelta::seconds(length(slot)))
    ));
}
