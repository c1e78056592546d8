//! The golden cases of the schedule's design, one test each: every one of them is what a known system gets wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use playlists::campaign::Campaign;
use playlists::id::Revision;
use playlists::lunar::Month;
use playlists::schedule::{Overrides, Reader, Schedule, What};
use playlists::trust::manifest::Manifest;

use crate::cases::{add, hanoi, on, vietnam, window};
use crate::generate::campaign;
use crate::rules::{day, due_by_hour, lunar, per_hour, schedule, starts};

#[test]
fn six_campaigns_get_exactly_the_plays_per_hour_they_ask_for() {
    let mut manifest = vietnam();
    let wanted = [200, 40, 20, 20, 60, 20];
    for (number, plays) in wanted.iter().enumerate() {
        add(&mut manifest, Campaign { share: per_hour(*plays), ..campaign(&format!("c{number}"), 1) }, 2, 9);
    }
    let list = schedule(&manifest).day(day(2026, 11, 23));
    let plays = due_by_hour(&list, list.start());
    for (number, wanted) in wanted.iter().enumerate() {
        for hour in 0..24 {
            assert_eq!(plays.get(&(format!("c{number}"), hour)), Some(&(*wanted as usize)), "c{number} in hour {hour}");
        }
    }
    assert_eq!(list.lapses().count(), 0);
}

#[test]
fn a_campaign_beside_entries_of_a_minute_plays_in_the_last_quarter_of_an_hour_too() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("slow", 1), 3, 60);
    add(&mut manifest, Campaign { share: per_hour(36), ..campaign("often", 1) }, 1, 10);
    let list = schedule(&manifest).day(day(2026, 11, 23));
    let mut late = 0;
    for showing in list.slots() {
        let What::Entry(slot) = showing.what else { panic!("lit") };
        if let Some(due) = slot.due {
            // A single campaign's play waits no longer than the entry on the screen lasts.
            assert!(due <= showing.since && showing.since - due < TimeDelta::seconds(60), "{due} at {}", showing.since);
            late += i32::from((showing.since - list.start()).num_minutes() % 60 >= 45);
        }
    }
    assert!(late >= 24 * 8, "{late}");
    assert_eq!(list.lapses().count(), 0);
}

#[test]
fn a_night_window_of_monday_still_plays_on_tuesday_at_half_past_midnight_after_a_reboot() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 22 * * Mon", 480)], ..campaign("monday", 1) }, 3, 10);
    for (now, expected) in [
        ("2026-11-23T21:59:59.999", "default"),
        ("2026-11-23T22:00:00", "monday"),
        ("2026-11-24T00:30:00", "monday"),
        ("2026-11-24T03:00:00", "monday"),
        ("2026-11-24T05:59:59.999", "monday"),
        ("2026-11-24T06:00:00", "default"),
    ] {
        assert_eq!(on(&manifest, now), expected, "{now}");
    }
    // Whoever was on all the while, and whoever has just started, show the same entry of it.
    let mut reader = Reader::new(schedule(&manifest));
    let mut showing = reader.resolve(hanoi("2026-11-23T21:59:00"));
    while showing.until <= hanoi("2026-11-24T00:30:00") {
        showing = reader.resolve(showing.until);
    }
    assert_eq!(schedule(&manifest).resolve(hanoi("2026-11-24T00:30:00")), showing);
}

#[test]
fn a_saturday_window_until_two_gives_way_at_two_on_sunday() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 22 * * Sat", 240)], ..campaign("saturday", 1) }, 3, 10);
    for (now, expected) in [
        ("2026-11-28T21:59:59.999", "default"),
        ("2026-11-28T22:00:00", "saturday"),
        ("2026-11-29T01:59:59.999", "saturday"),
        ("2026-11-29T02:00:00", "default"),
    ] {
        assert_eq!(on(&manifest, now), expected, "{now}");
    }
}

#[test]
fn a_manifest_refreshed_unchanged_every_five_minutes_does_not_restart_the_loop() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("one", 2), 7, 13);
    add(&mut manifest, campaign("two", 1), 5, 11);
    let from = hanoi("2026-11-23T11:00:00");
    let unbroken: Vec<_> = schedule(&manifest).timeline(&Overrides::default(), from, from + TimeDelta::hours(2)).collect();
    let mut showing = schedule(&manifest).resolve(from);
    let mut seen = vec![showing.what.clone()];
    for refresh in 0..24 {
        let issued = from + TimeDelta::minutes(5 * refresh);
        let refreshed = Manifest { rev: Revision(99 + refresh.unsigned_abs()), issued, ..manifest.clone() };
        let mut reader = Reader::new(schedule(&refreshed));
        assert_eq!(reader.resolve(showing.since), showing, "what is on at {issued} goes on");
        while showing.until < issued + TimeDelta::minutes(5) {
            showing = reader.resolve(showing.until);
            seen.push(showing.what.clone());
        }
    }
    assert_eq!(seen, unbroken.into_iter().map(|showing| showing.what).collect::<Vec<_>>());
}

#[test]
fn tet_2030_is_2_february() {
    assert_eq!(starts(&lunar("1", "1", 60), "2030-01-01T00:00:00", "2031-01-01T00:00:00"), ["2030-02-02T07:00"]);
}

#[test]
fn the_last_day_of_the_12th_lunar_month_before_tet_2026_is_the_29th_16_february() {
    let of = |day| starts(&lunar("12", day, 60), "2026-01-01T00:00:00", "2026-12-31T00:00:00");
    assert_eq!(of("last"), ["2026-02-16T07:00"]);
    assert_eq!(of("29"), ["2026-02-16T07:00"]);
    assert!(of("30").is_empty());
}

#[test]
fn the_table_of_lunar_months_is_the_law() {
    for row in include_str!("../../data/lunar_months_1970_2100.csv").lines().skip(1) {
        let fields: Vec<_> = row.split(',').collect();
        let number = |field: usize| fields[field].parse::<i64>().expect("a number");
        let first: NaiveDate = fields[0].parse().expect("a date");
        for day in [0, number(4) - 1] {
            let month = Month::of(first + TimeDelta::days(day)).expect("the calendar is known");
            let told = (month.first_day, i64::from(month.year), i64::from(month.number), month.leap, i64::from(month.days));
            assert_eq!(told, (first, number(1), number(2), fields[3] == "1", number(4)), "{row}");
        }
    }
}

#[test]
fn sixty_entries_in_hourly_ten_minute_windows_are_all_shown_within_two_days() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 * * * *", 10)], ..campaign("many", 1) }, 60, 10);
    add(&mut manifest, campaign("other", 1), 10, 10);
    let schedule = Schedule::new(&manifest).expect("no faults");
    let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date");
    let slots = [0, 1].into_iter().flat_map(|days| schedule.day(day + TimeDelta::days(days)).slots().collect::<Vec<_>>());
    let shown: BTreeSet<_> = slots
        .filter_map(|showing| match showing.what {
            What::Entry(slot) if slot.campaign.as_ref().is_some_and(|id| id.as_str() == "many") => slot.asset,
            What::Entry(_) | What::Dark | What::Notice { .. } => None,
        })
        .collect();
    assert_eq!(shown.len(), 60);
}

#[test]
fn one_more_window_of_somebody_else_starves_nobody() {
    for windows in 0..4 {
        let mut manifest = vietnam();
        for name in ["a", "b", "c"] {
            add(&mut manifest, campaign(name, 1), 1, 10);
        }
        let crons = ["*/5 * * * *", "1-59/5 * * * *", "2-59/5 * * * *", "3-59/5 * * * *"];
        let often = crons.iter().take(windows + 1).map(|cron| window(cron, 1)).collect();
        add(&mut manifest, Campaign { windows: often, ..campaign("often", 1) }, 1, 10);
        let mut counts = BTreeMap::<_, i64>::new();
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date");
        for showing in Schedule::new(&manifest).expect("no faults").day(day).slots() {
            if let What::Entry(slot) = showing.what {
                *counts.entry(slot.campaign.expect("campaigns play all day").to_string()).or_default() += 1;
            }
        }
        let steady: Vec<_> = ["a", "b", "c"].iter().map(|name| counts[*name]).collect();
        assert!(steady.iter().max().expect("three") - steady.iter().min().expect("three") <= 2, "{counts:?}");
    }
}

#[test]
fn one_play_per_hour_in_a_window_of_a_quarter_of_an_hour_plays() {
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let mut manifest = vietnam();
        add(&mut manifest, Campaign { share: per_hour(1), windows: vec![window("30 10 * * *", 15)], ..campaign(name, 1) }, 1, 10);
        let list = schedule(&manifest).day(day(2026, 11, 23));
        let plays: Vec<_> = list.slots().filter(|s| matches!(&s.what, What::Entry(slot) if slot.due.is_some())).collect();
        assert_eq!(plays.len(), 1, "{name}");
        assert!(hanoi("2026-11-23T10:30:00") <= plays[0].since && plays[0].until <= hanoi("2026-11-23T10:45:00"));
    }
}
