//! What properties and comparisons have found, each as a case of its own: a seed means something only with the generator that drew it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::campaign::{Campaign, Period, Plays, Ticker};
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Notice, NoticeShows, Overrides, Reader, Refusal, Severity, What};
use playlists::window::Window;

use crate::cases::{add, hanoi, vietnam};
use crate::generate::{campaign, digest, id, manifest};
use crate::rules::{per_hour, schedule};

fn window(cron: &str) -> Window {
    Window::new(id(cron), Duration::from_secs(60)).expect("a window")
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// Found by `under_overrides_answers_follow_one_another`: merging such answers walked through centuries.
#[test]
fn a_recall_that_leaves_nothing_to_show_stays_dark_slot_by_slot() {
    let manifest = vietnam();
    let overrides = Overrides { recalled_items: BTreeSet::from([digest(0), digest(1)]), ..Overrides::default() };
    let showing = schedule(&manifest).resolve_under(&overrides, hanoi("2026-11-23T12:00:05"));
    assert_eq!((showing.what, showing.until - showing.since), (What::Dark, TimeDelta::seconds(10)));
}

/// Found by `tickers_follow_one_another_without_gap`: in the dark a pause reached back over the lit hours before it.
#[test]
fn a_pause_of_tickers_in_the_dark_begins_when_it_gets_dark() {
    let mut manifest = vietnam();
    manifest.hours = serde_json::from_str(
        r#"{"weekly":[{"days":["Mon","Tue","Wed","Thu","Fri","Sat","Sun"],"intervals":[{"from":"06:00","until":"22:00"}]}]}"#,
    )
    .ok();
    let strip = Ticker { item: digest(1), width: 900, speed: 60 };
    let notice = Notice {
        id: id("flood"),
        severity: Severity::Severe,
        effective: hanoi("2026-11-23T20:00:00"),
        expires: hanoi("2026-11-24T12:00:00"),
        lights: false,
        shows: NoticeShows::Ticker(strip),
    };
    let overrides = Overrides { notices: vec![notice], ..Overrides::default() };
    let mut reader = Reader::new(schedule(&manifest));
    let dark = reader.ticker_under(&overrides, hanoi("2026-11-23T23:00:00"));
    assert_eq!((dark.since, dark.until), (hanoi("2026-11-23T22:00:00"), hanoi("2026-11-24T03:00:00")));
    assert_eq!(reader.ticker_under(&overrides, dark.since), dark);
    assert_eq!(reader.ticker_under(&overrides, hanoi("2026-11-24T04:00:00")).until, hanoi("2026-11-24T06:00:00"));
}

/// Found by the comparison with the reference: a place beyond the end of a shorter playlist.
#[test]
fn a_place_is_kept_modulo_the_entries_of_another_playlist() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("long", 1), 7, 10);
    let changed = hanoi("2026-11-23T12:00:00");
    let still = |n| Entry::still(id(format!("short-{n}")), digest(1), Duration::from_secs(10));
    manifest.playlists.push(Playlist { of: None, id: id("short"), entries: (0..3).map(still).collect() });
    manifest.campaigns[0].period.until = Some(changed);
    let after = Campaign {
        plays: Plays::Playlist(id("short")),
        period: Period { from: Some(changed), until: None },
        ..campaign("long", 1)
    };
    manifest.campaigns.push(after);
    let number = |at: DateTime<Utc>| match schedule(&manifest).resolve(at).what {
        What::Entry(slot) => {
            let asset = slot.asset.expect("an asset").to_string();
            asset.rsplit_once('-').and_then(|(_, number)| number.parse::<usize>().ok()).expect("a number")
        }
        What::Dark | What::Notice { .. } => panic!("lit"),
    };
    let last = number(changed - TimeDelta::seconds(1));
    assert_eq!(number(changed), (last + 1) % 7 % 3);
}

/// Found by the comparison with the reference: `take` counts slots, each time the playlist is reached.
#[test]
fn a_nested_playlist_gives_more_slots_than_it_has_entries_if_it_is_told_to() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("one", 1), 1, 10);
    manifest.playlists.push(Playlist {
        of: None,
        id: id("inner"),
        entries: vec![Entry::still(id("inner"), digest(1), Duration::from_secs(10))],
    });
    let nested = Entry { content: Content::Playlist { playlist: id("inner"), take: Some(3) }, from: None, until: None };
    manifest.playlists[1].entries.push(nested);
    let list = schedule(&manifest).day(chrono::NaiveDate::default());
    let text: String = list
        .slots()
        .map(|showing| match showing.what {
            What::Entry(slot) if slot.asset == Some(id("inner")) => 'i',
            What::Entry(_) | What::Dark | What::Notice { .. } => 'o',
        })
        .collect();
    assert!(text.contains("oiiioiiioiii"), "{}", text.chars().take(40).collect::<String>());
}

/// Found by the walk minute by minute: a library of cron expressions wanted both day fields, and lost its way in a doubled hour.
#[test]
fn a_window_starts_once_in_a_doubled_hour_and_after_a_gap_and_on_either_day() {
    let starts = |cron: &str, from: &str, until: &str| {
        window(cron).starts(utc(from), utc(until), Tz::Europe__Berlin).map(|at| at.to_rfc3339()).collect::<Vec<_>>()
    };
    let doubled = starts("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    assert_eq!(doubled, ["2026-10-25T00:30:00+00:00"]);
    let missing = starts("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
    assert_eq!(missing, ["2026-03-29T01:00:00+00:00"]);
    let either = starts("0 12 1 * Mon", "2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z");
    assert_eq!(either, ["2026-11-01T11:00:00+00:00", "2026-11-02T11:00:00+00:00", "2026-11-09T11:00:00+00:00"]);
}

/// Found by the comparison with the reference, which was wrong: a week may end with Sunday by its name.
#[test]
fn a_range_of_weekdays_may_end_with_sunday() {
    let week = window("15 7 * * Mon-Sun").starts(utc("2026-11-23T00:00:00Z"), utc("2026-11-30T00:00:00Z"), Tz::UTC).count();
    let weekend = window("15 7 * * Fri-Sun").starts(utc("2026-11-23T00:00:00Z"), utc("2026-11-30T00:00:00Z"), Tz::UTC).count();
    assert_eq!((week, weekend), (7, 3));
}

/// Found by comparing whole days: a lane of no weight that is alone has all turns, and goes on fairly when another comes.
#[test]
fn a_lane_of_no_weight_that_is_alone_has_all_turns() {
    let mut manifest = manifest(Tz::Asia__Ho_Chi_Minh);
    manifest.lanes.commune = 0;
    add(&mut manifest, campaign("only", 1), 2, 10);
    let list = schedule(&manifest).day(chrono::NaiveDate::default());
    assert!(list.slots().all(|showing| matches!(showing.what, What::Entry(slot) if slot.campaign == Some(id("only")))));
}

/// Found by the mix of random manifests, in which all plays per hour seemed to be too many: what lay before the range counted.
#[test]
fn plays_per_hour_that_asked_too_much_before_are_not_refused_afterwards() {
    let mut manifest = vietnam();
    for name in ["a", "b"] {
        let morning = Window::new(id("0 8 * * *"), Duration::from_secs(3600)).expect("a window");
        add(&mut manifest, Campaign { share: per_hour(300), windows: vec![morning], ..campaign(name, 1) }, 1, 10);
    }
    let refusals = |from: &str, until: &str| schedule(&manifest).refusals(&manifest, hanoi(from), hanoi(until));
    assert_eq!(refusals("2026-11-23T10:00:00", "2026-11-23T12:00:00"), []);
    assert_eq!(refusals("2026-11-23T05:00:00", "2026-11-23T08:00:00"), []);
    let too_much =
        |from: &str| Refusal::TooMuch { since: hanoi(from), asked_s: 6000, most_s: 3240, campaigns: vec![id("a"), id("b")] };
    assert_eq!(refusals("2026-11-23T05:00:00", "2026-11-23T08:00:01"), [too_much("2026-11-23T08:00:00")]);
    assert_eq!(refusals("2026-11-23T08:30:00", "2026-11-23T12:00:00"), [too_much("2026-11-23T08:30:00")]);
}
