//! Cases that known systems get wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Weight};
use playlists::hours::Hours;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Schedule, What};
use playlists::trust::manifest::Manifest;
use playlists::window::Window;

use crate::generate::{campaign, digest, id, item, manifest};

pub(crate) fn hanoi(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{text}+07:00")).expect("an instant").to_utc()
}

pub(crate) fn window(cron: &str, minutes: u64) -> Window {
    Window::new(id(cron), Duration::from_secs(minutes * 60)).expect("a window")
}

/// Adds a campaign with `entries` entries of `seconds`.
pub(crate) fn add(manifest: &mut Manifest, campaign: Campaign, entries: usize, seconds: u64) {
    let item_number = manifest.items.len();
    manifest.items.push(item(item_number));
    let still = |n| Entry::still(id(format!("{}-{n}", campaign.id)), digest(item_number), Duration::from_secs(seconds));
    manifest.playlists.push(Playlist {
        of: None,
        id: campaign.plays.playlist().expect("it has one").clone(),
        entries: (0..entries).map(still).collect(),
    });
    manifest.campaigns.push(campaign);
}

pub(crate) fn vietnam() -> Manifest {
    let mut manifest = manifest(chrono_tz::Asia::Ho_Chi_Minh);
    manifest.items.push(item(1));
    manifest.playlists[0].entries.push(Entry::still(id("default"), digest(1), Duration::from_secs(10)));
    manifest
}

/// What is on: `dark`, `safe`, `default`, or the campaign's id.
pub(crate) fn on(manifest: &Manifest, now: &str) -> String {
    match Schedule::new(manifest).expect("no faults").resolve(hanoi(now)).what {
        What::Dark => "dark".to_owned(),
        What::Notice { notice, .. } => notice.to_string(),
        What::Entry(slot) => match (slot.campaign, slot.asset) {
            (Some(campaign), _) => campaign.to_string(),
            (None, Some(_)) => "default".to_owned(),
            (None, None) => "safe".to_owned(),
        },
    }
}

#[test]
fn priority_displaces_normal_while_it_is_active() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("normal", 1000), 3, 10);
    let noon = vec![window("0 12 * * *", 60)];
    add(&mut manifest, Campaign { level: Level::Priority, windows: noon, ..campaign("urgent", 1) }, 1, 10);
    for (now, expected) in [
        ("2026-11-23T11:59:59.999", "normal"),
        ("2026-11-23T12:00:00", "urgent"),
        ("2026-11-23T12:59:59.999", "urgent"),
        ("2026-11-23T13:00:00", "normal"),
    ] {
        assert_eq!(on(&manifest, now), expected, "{now}");
    }
}

#[test]
fn hours_cross_midnight_exceptions_replace_a_date_and_a_whole_day_is_dark() {
    let mut manifest = vietnam();
    let hours: Hours = serde_json::from_str(
        r#"{"weekly": [{"days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "intervals": [{"from": "18:00", "until": "02:00"}]}],
            "exceptions": [{"date": "2026-11-24", "intervals": [{"from": "08:00", "until": "08:00"}]},
                           {"date": "2026-11-28", "whole_day": true}]}"#,
    )
    .expect("hours");
    manifest.hours = Some(hours);
    for (now, expected) in [
        ("2026-11-23T17:59:59.999", "dark"),
        ("2026-11-23T18:00:00", "default"),
        ("2026-11-24T01:59:59.999", "default"),
        ("2026-11-24T02:00:00", "dark"),
        ("2026-11-24T08:00:00", "default"),
        ("2026-11-25T07:59:59.999", "default"),
        ("2026-11-25T08:00:00", "dark"),
        ("2026-11-27T23:59:59.999", "default"),
        ("2026-11-28T00:00:00", "dark"),
        ("2026-11-28T20:00:00", "dark"),
        ("2026-11-29T17:59:59.999", "dark"),
        ("2026-11-29T18:00:00", "default"),
    ] {
        assert_eq!(on(&manifest, now), expected, "{now}");
    }
    let schedule = Schedule::new(&manifest).expect("no faults");
    let dark = schedule.resolve(hanoi("2026-11-28T12:00:00"));
    assert_eq!((dark.since, dark.until), (hanoi("2026-11-28T00:00:00"), hanoi("2026-11-29T18:00:00")));
}

#[test]
fn a_board_that_is_never_lit_again_is_dark_to_the_end_of_the_calendar() {
    let mut manifest = vietnam();
    manifest.hours = Some(
        serde_json::from_str(
            r#"{"weekly": [], "exceptions": [{"date": "2026-11-24", "intervals": [{"from": "08:00", "until": "09:00"}]}]}"#,
        )
        .expect("hours"),
    );
    let schedule = Schedule::new(&manifest).expect("no faults");
    let before = schedule.resolve(hanoi("1999-01-01T00:00:00"));
    assert_eq!(before.until, hanoi("2026-11-24T08:00:00"));
    let after = schedule.resolve(hanoi("2099-01-01T00:00:00"));
    assert_eq!((after.what, after.since), (What::Dark, hanoi("2026-11-24T09:00:00")));
    assert_eq!(after.until.to_rfc3339(), "2200-01-01T00:00:00+00:00");
}

#[test]
fn a_board_lit_on_one_weekday_stays_dark_through_seven_years_of_exceptions() {
    let mut manifest = vietnam();
    let sunday = NaiveDate::from_ymd_opt(2026, 11, 29).expect("a date");
    let dark: Vec<_> = (0..366).map(|n| format!(r#"{{"date": "{}"}}"#, sunday + TimeDelta::weeks(n))).collect();
    let json = format!(
        r#"{{"weekly": [{{"days": ["Sun"], "intervals": [{{"from": "08:00", "until": "09:00"}}]}}], "exceptions": [{}]}}"#,
        dark.join(",")
    );
    manifest.hours = Some(serde_json::from_str(&json).expect("hours"));
    let showing = Schedule::new(&manifest).expect("no faults").resolve(hanoi("2026-11-25T00:00:00"));
    assert_eq!(showing.since, hanoi("2026-11-22T09:00:00"));
    assert_eq!(showing.until, hanoi("2033-12-04T08:00:00"));
}

#[test]
fn a_campaign_changed_during_the_day_leaves_the_past_as_it_was() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("one", 2), 7, 13);
    add(&mut manifest, campaign("two", 1), 5, 11);
    let changed_at = hanoi("2026-11-23T12:00:07");
    let mut changed = manifest.clone();
    let heavier = Campaign {
        plays: Plays::Playlist(id("two")),
        period: Period { from: Some(changed_at), until: None },
        share: Share::Weight(Weight::new(9).expect("a weight")),
        ..changed.campaigns[1].clone()
    };
    changed.campaigns[1].period.until = Some(changed_at);
    changed.campaigns.push(heavier);
    let list = |manifest: &Manifest| {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date");
        Schedule::new(manifest).expect("no faults").day(day).slots().collect::<Vec<_>>()
    };
    let (before, after) = (list(&manifest), list(&changed));
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    assert!(before[same].since < changed_at && before[same].until > changed_at);
    assert_eq!(after[same].until, changed_at);
    // The place in the playlist goes on.
    let of_two = |slots: &[playlists::schedule::Showing]| {
        let assets = slots.iter().filter_map(|showing| match &showing.what {
            What::Entry(slot) if slot.campaign.as_ref().is_some_and(|id| id.as_str() == "two") => slot.asset.clone(),
            What::Entry(_) | What::Dark | What::Notice { .. } => None,
        });
        assets.map(|asset| asset.as_str().trim_start_matches("two-").parse::<usize>().expect("a number")).collect::<Vec<_>>()
    };
    assert!(of_two(&after).windows(2).all(|pair| pair[1] == (pair[0] + 1) % 5));
}

#[test]
fn where_less_than_two_seconds_are_left_the_entry_before_stays() {
    let mut manifest = vietnam();
    let until = hanoi("2026-11-23T12:00:11.999");
    add(
        &mut manifest,
        Campaign { period: Period { from: Some(hanoi("2026-11-23T12:00:00")), until: Some(until) }, ..campaign("short", 1) },
        2,
        10,
    );
    let schedule = Schedule::new(&manifest).expect("no faults");
    let showing = schedule.resolve(hanoi("2026-11-23T12:00:05"));
    assert_eq!((showing.since, showing.until), (hanoi("2026-11-23T12:00:00"), until));
    manifest.campaigns[0].period.until = Some(until + TimeDelta::milliseconds(1));
    let schedule = Schedule::new(&manifest).expect("no faults");
    assert_eq!(schedule.resolve(hanoi("2026-11-23T12:00:05")).until, hanoi("2026-11-23T12:00:10"));
    manifest.campaigns[0].period.until = Some(hanoi("2026-11-23T12:00:00.500"));
    assert_eq!(on(&manifest, "2026-11-23T12:00:00.499"), "short");
    assert_eq!(on(&manifest, "2026-11-23T12:00:00.500"), "default");
}

#[test]
fn the_safe_item_shows_when_the_default_playlist_has_nothing_valid() {
    let mut manifest = vietnam();
    manifest.playlists[0].entries[0].until = Some(hanoi("2026-11-23T12:00:00"));
    assert_eq!(on(&manifest, "2026-11-23T11:59:59.999"), "default");
    assert_eq!(on(&manifest, "2026-11-23T12:00:00"), "safe");
}

#[test]
fn an_entry_without_a_language_of_the_board_is_not_valid_and_versions_share_by_the_mix() {
    let mut manifest = vietnam();
    manifest.languages = BTreeMap::from([(id("vi"), 3), (id("en"), 1)]);
    add(&mut manifest, campaign("one", 1), 2, 10);
    let all = |tags: &[&str]| tags.iter().map(|tag| (id(tag), digest(1))).collect::<BTreeMap<_, _>>();
    for (entry, tags) in manifest.playlists[1].entries.iter_mut().zip([["en", "vi", "zh"].as_slice(), &["ko"]]) {
        if let Content::Asset { versions, .. } = &mut entry.content {
            *versions = all(tags);
        }
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for showing in Schedule::new(&manifest).expect("no faults").day(NaiveDate::default()).slots() {
        if let What::Entry(slot) = showing.what {
            assert_eq!(slot.asset, Some(id("one-0")));
            *counts.entry(slot.language.to_string()).or_default() += 1;
        }
    }
    assert_eq!(counts, BTreeMap::from([("en".to_owned(), 2160), ("vi".to_owned(), 6480)]));
}

#[test]
fn a_nested_playlist_gives_what_is_taken_and_goes_on_where_it_stopped() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("one", 1), 2, 10);
    manifest.playlists.push(Playlist {
        of: None,
        id: id("inner"),
        entries: (0..5).map(|n| Entry::still(id(format!("inner-{n}")), digest(1), Duration::from_secs(10))).collect(),
    });
    let nested = Entry { content: Content::Playlist { playlist: id("inner"), take: Some(2) }, from: None, until: None };
    manifest.playlists[1].entries.push(nested);
    let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date");
    let slots: Vec<_> = Schedule::new(&manifest).expect("no faults").day(day).slots().collect();
    let inner: Vec<_> = slots
        .iter()
        .filter_map(|showing| match &showing.what {
            What::Entry(slot) => slot.asset.as_ref().map(|asset| asset.as_str().to_owned()),
            What::Dark | What::Notice { .. } => None,
        })
        .collect();
    let text = inner.iter().skip(4).take(20).map(|name| if name.starts_with("inner") { 'i' } else { 'o' }).collect::<String>();
    assert!(text.contains("iiooiiooiioo"), "{text}");
    let numbers: Vec<usize> = inner.iter().filter_map(|name| name.strip_prefix("inner-")?.parse().ok()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 5));
}
