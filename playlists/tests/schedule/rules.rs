//! Cases of the later rules: lunar windows, ranks, plays per hour, tickers, and what overrules a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level, PerHour, Period, Plays, Share, StandDown, Ticker};
use playlists::lunar::LunarDate;
use playlists::schedule::{
    Blackout, DayList, Notice, NoticeShows, Overrides, Refusal, Rule, Schedule, Severity, Shows, What, Why, explain,
};
use playlists::trust::manifest::Manifest;
use playlists::window::{Starts, Weeks, Window};

use crate::cases::{add, hanoi, on, vietnam, window};
use crate::generate::{campaign, digest, id, item};

pub(crate) fn per_hour(plays: u32) -> Share {
    Share::PerHour(PerHour::new(plays).expect("plays"))
}

pub(crate) fn lunar(month: &str, day: &str, minutes: u64) -> Window {
    let at = NaiveTime::from_hms_opt(7, 0, 0).expect("a time");
    Window::starting(Starts::Lunar(LunarDate { month: id(month), day: id(day), at }), Duration::from_secs(minutes * 60))
        .expect("a window")
}

pub(crate) fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).expect("a date")
}

pub(crate) fn schedule(manifest: &Manifest) -> Schedule {
    Schedule::new(manifest).expect("no faults")
}

pub(crate) fn starts(window: &Window, from: &str, until: &str) -> Vec<String> {
    let tz = chrono_tz::Asia::Ho_Chi_Minh;
    let local = |at: DateTime<Utc>| at.with_timezone(&tz).format("%Y-%m-%dT%H:%M").to_string();
    window.starts(hanoi(from), hanoi(until), tz).map(local).collect()
}

#[test]
fn lunar_dates_of_2026_are_those_of_the_vietnamese_calendar() {
    let year = |month, day| starts(&lunar(month, day, 60), "2026-01-01T00:00:00", "2026-12-31T00:00:00");
    assert_eq!(year("3", "10"), ["2026-04-26T07:00"]);
    assert_eq!(year("8", "15"), ["2026-09-25T07:00"]);
}

#[test]
fn a_leap_month_does_not_repeat_a_date_but_is_one_of_every_month() {
    // 2025 has a leap 6th month, from 25 July to 22 August.
    assert_eq!(starts(&lunar("6", "15", 60), "2025-01-01T00:00:00", "2026-01-01T00:00:00"), ["2025-07-09T07:00"]);
    let full = starts(&lunar("*", "15", 60), "2025-07-01T00:00:00", "2025-10-01T00:00:00");
    assert_eq!(full, ["2025-07-09T07:00", "2025-08-08T07:00", "2025-09-06T07:00"]);
}

#[test]
fn weeks_are_taken_modulo_n_and_dates_are_left_out() {
    let weeks = Weeks { every: 2, of: day(2026, 11, 25) };
    let except = BTreeSet::from([day(2026, 12, 7)]);
    let mondays = window("0 8 * * Mon", 60).in_weeks(weeks).and_then(|w| w.except(except)).expect("a window");
    assert_eq!(starts(&mondays, "2026-11-16T00:00:00", "2026-12-28T00:00:00"), ["2026-11-23T08:00", "2026-12-21T08:00"]);
    let json = serde_json::to_string(&mondays).expect("it is written");
    assert_eq!(
        json,
        r#"{"cron":"0 8 * * Mon","duration_ms":3600000,"except":["2026-12-07"],"weeks":{"every":2,"of":"2026-11-25"}}"#
    );
    assert_eq!(serde_json::from_str::<Window>(&json).expect("it is read"), mondays);
    for bad in [
        r#"{"duration_ms":60000}"#,
        r#"{"cron":"0 8 * * *","lunar":{"month":1,"day":1,"at":"07:00"},"duration_ms":60000}"#,
        r#"{"cron":"0 8 * * *","duration_ms":60000,"weeks":{"every":0,"of":"2026-11-25"}}"#,
        r#"{"cron":"0 8 * * *","duration_ms":60000,"weeks":{"every":53,"of":"2026-11-25"}}"#,
    ] {
        assert!(serde_json::from_str::<Window>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_campaign_has_either_a_weight_or_plays_per_hour_and_either_a_playlist_or_a_ticker() {
    let head = r#""id":"c","unit":"u","tier":"commune""#;
    let ticker = format!(r#""ticker":{{"item":"{}","width":900,"speed":60}}"#, digest(1));
    for (rest, good) in [
        (r#""playlist":"p","weight":1"#.to_owned(), true),
        (r#""playlist":"p","per_hour":20"#.to_owned(), true),
        (format!(r#"{ticker},"weight":1"#), true),
        (r#""playlist":"p""#.to_owned(), false),
        (r#""playlist":"p","weight":1,"per_hour":1"#.to_owned(), false),
        (r#""weight":1"#.to_owned(), false),
        (format!(r#"{ticker},"playlist":"p","weight":1"#), false),
        (r#""playlist":"p","per_hour":3601"#.to_owned(), false),
    ] {
        let read = serde_json::from_str::<Campaign>(&format!("{{{head},{rest}}}"));
        assert_eq!(read.is_ok(), good, "{rest}: {read:?}");
    }
}

#[test]
fn of_colliding_priority_campaigns_only_the_first_in_rank_plays() {
    let mut manifest = vietnam();
    for name in ["a", "b", "c"] {
        add(&mut manifest, Campaign { level: Level::Priority, ..campaign(name, 1) }, 2, 10);
    }
    let playing = |manifest: &Manifest| {
        let list = schedule(manifest).day(day(2026, 11, 23));
        list.slots()
            .filter_map(|s| match s.what {
                What::Entry(slot) => slot.campaign,
                _ => None,
            })
            .map(|c| c.to_string())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(playing(&manifest).len(), 3);
    manifest.ranks = BTreeMap::from([(id("c"), 1), (id("b"), 1)]);
    assert_eq!(playing(&manifest), BTreeSet::from(["b".to_owned()]));
    manifest.ranks = BTreeMap::from([(id("c"), 1), (id("b"), 2)]);
    assert_eq!(playing(&manifest), BTreeSet::from(["c".to_owned()]));
    manifest.ranks = BTreeMap::from([(id("elsewhere"), 1)]);
    assert_eq!(playing(&manifest).len(), 3);
}

#[test]
fn a_theme_that_is_stood_down_plays_nowhere() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { theme: Some(id("festival")), ..campaign("a", 1) }, 2, 10);
    let period = Period { from: Some(hanoi("2026-11-23T12:00:00")), until: Some(hanoi("2026-11-23T13:00:00")) };
    manifest.stand_downs = vec![StandDown { themes: BTreeSet::from([id("festival")]), period }];
    for (now, expected) in [("11:59:59.999", "a"), ("12:00:00", "default"), ("12:59:59.999", "default"), ("13:00:00", "a")] {
        assert_eq!(on(&manifest, &format!("2026-11-23T{now}")), expected, "{now}");
    }
    manifest.stand_downs[0].themes = BTreeSet::from([id("trade")]);
    assert_eq!(on(&manifest, "2026-11-23T12:30:00"), "a");
}

/// The plays of each campaign by the hour since `from` in which they were due.
pub(crate) fn due_by_hour(list: &DayList, from: DateTime<Utc>) -> BTreeMap<(String, i64), usize> {
    let mut plays = BTreeMap::new();
    for showing in list.slots() {
        if let What::Entry(slot) = showing.what
            && let (Some(campaign), Some(due)) = (slot.campaign, slot.due)
        {
            *plays.entry((campaign.to_string(), (due - from).num_milliseconds().div_euclid(3_600_000))).or_default() += 1;
        }
    }
    plays
}

#[test]
fn plays_per_hour_that_ask_too_much_are_refused_and_scaled_down() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("slow", 1), 1, 61);
    for name in ["a", "b"] {
        add(&mut manifest, Campaign { share: per_hour(300), ..campaign(name, 1) }, 1, 10);
    }
    let schedule = schedule(&manifest);
    let (from, until) = (hanoi("2026-11-23T03:00:00"), hanoi("2026-11-24T03:00:00"));
    let refusals = schedule.refusals(&manifest, from, until);
    let too_much = Refusal::TooMuch { since: from, asked_s: 6000, most_s: 3240, campaigns: vec![id("a"), id("b")] };
    let too_long = Refusal::TooLong { campaign: Some(id("slow")), length_s: 61, most_s: 60 };
    assert_eq!(refusals, [too_much, too_long]);
    let list = schedule.day(day(2026, 11, 23));
    let plays = due_by_hour(&list, from);
    // 300 · 3240 s / 6000 s
    assert!((1..23).all(|hour| plays[&("a".to_owned(), hour)] == 162), "{plays:?}");
}

#[test]
fn what_never_comes_and_what_is_over_is_refused() {
    let mut manifest = vietnam();
    let past = Period { from: None, until: Some(hanoi("2026-11-01T00:00:00")) };
    add(&mut manifest, Campaign { period: past, ..campaign("past", 1) }, 1, 10);
    let week = Period { from: Some(hanoi("2026-12-01T00:00:00")), until: Some(hanoi("2026-12-05T00:00:00")) };
    let sundays = vec![window("0 8 * * Sun", 60)];
    add(&mut manifest, Campaign { period: week, windows: sundays.clone(), ..campaign("sundays", 1) }, 1, 10);
    add(&mut manifest, Campaign { windows: sundays, ..campaign("fine", 1) }, 1, 10);
    let now = hanoi("2026-11-23T12:00:00");
    let refusals = schedule(&manifest).refusals(&manifest, now, now + TimeDelta::days(1));
    let over = Refusal::Past { campaign: id("past"), until: hanoi("2026-11-01T00:00:00") };
    assert_eq!(refusals, [over, Refusal::NeverComes(id("sundays"))]);
}

#[test]
fn tickers_take_turns_a_crossing_each_and_none_runs_on_a_dark_board() {
    let mut manifest = vietnam();
    manifest.hours = serde_json::from_str(r#"{"weekly":[{"days":["Mon"],"intervals":[{"from":"08:00","until":"09:00"}]}]}"#).ok();
    for (name, number) in [("a", 1), ("b", 1)] {
        let ticker = Ticker { item: digest(number), width: 360, speed: 100 };
        manifest.campaigns.push(Campaign { plays: Plays::Ticker(ticker), ..campaign(name, 1) });
    }
    let crossings: Vec<_> = schedule(&manifest).tickers(day(2026, 11, 23)).crossings().collect();
    assert_eq!(crossings[0].what, None);
    assert_eq!(crossings[1].since, hanoi("2026-11-23T08:00:00"));
    let (all, after) = crossings[1..].split_at(360);
    // 640 + 360 pixels at 100 a second.
    assert!(all.iter().all(|run| run.until - run.since == TimeDelta::seconds(10)));
    let names: Vec<_> = all.iter().map(|run| run.what.clone().and_then(|what| what.campaign)).collect();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1] && pair[0].is_some()));
    assert_eq!(after.len(), 1);
    assert_eq!((after[0].what.clone(), after[0].since), (None, hanoi("2026-11-23T09:00:00")));
}

fn notice(name: &str, severity: Severity, from: &str, until: &str, shows: NoticeShows) -> Notice {
    Notice { id: id(name), severity, effective: hanoi(from), expires: hanoi(until), lights: false, shows }
}

fn takeover(number: usize) -> NoticeShows {
    NoticeShows::Takeover { item: digest(number) }
}

#[test]
fn the_gravest_takeovers_alternate_the_newest_first_ten_seconds_each() {
    let mut manifest = vietnam();
    add(&mut manifest, campaign("a", 1), 3, 10);
    let overrides = Overrides {
        notices: vec![
            notice("old", Severity::Severe, "2026-11-23T12:00:00", "2026-11-23T13:00:00", takeover(7)),
            notice("new", Severity::Severe, "2026-11-23T12:30:05", "2026-11-23T12:40:00", takeover(8)),
            notice("minor", Severity::Minor, "2026-11-23T11:00:00", "2026-11-23T14:00:00", takeover(9)),
        ],
        ..Overrides::default()
    };
    let schedule = schedule(&manifest);
    let on = |now: &str| match schedule.resolve_under(&overrides, hanoi(now)) {
        showing if matches!(showing.what, What::Notice { .. }) => {
            let What::Notice { notice, .. } = &showing.what else { unreachable!() };
            (notice.to_string(), showing.since, showing.until)
        }
        showing => ("loop".to_owned(), showing.since, showing.until),
    };
    assert_eq!(on("2026-11-23T10:59:59.999").0, "loop");
    assert_eq!(on("2026-11-23T10:59:59.999").2, hanoi("2026-11-23T11:00:00"));
    assert_eq!(on("2026-11-23T11:30:00"), ("minor".to_owned(), hanoi("2026-11-23T11:00:00"), hanoi("2026-11-23T12:00:00")));
    assert_eq!(on("2026-11-23T12:30:00").0, "old");
    assert_eq!(on("2026-11-23T12:30:05"), ("new".to_owned(), hanoi("2026-11-23T12:30:05"), hanoi("2026-11-23T12:30:15")));
    assert_eq!(on("2026-11-23T12:30:15"), ("old".to_owned(), hanoi("2026-11-23T12:30:15"), hanoi("2026-11-23T12:30:25")));
    assert_eq!(on("2026-11-23T12:39:59").2, hanoi("2026-11-23T12:40:00"));
    assert_eq!(on("2026-11-23T12:50:00"), ("old".to_owned(), hanoi("2026-11-23T12:40:00"), hanoi("2026-11-23T13:00:00")));
    assert_eq!(on("2026-11-23T13:30:00").0, "minor");
    // The loop went on beneath.
    let after = schedule.resolve_under(&overrides, hanoi("2026-11-23T14:00:00"));
    assert_eq!((after.what, after.until), {
        let plain = schedule.resolve(hanoi("2026-11-23T14:00:00"));
        (plain.what, plain.until)
    });
}

#[test]
fn a_takeover_lights_a_dark_board_only_if_it_says_so_and_a_blackout_beats_it() {
    let mut manifest = vietnam();
    manifest.hours = serde_json::from_str(r#"{"weekly":[{"days":["Mon"],"intervals":[{"from":"08:00","until":"09:00"}]}]}"#).ok();
    let mut overrides = Overrides {
        notices: vec![notice("storm", Severity::Extreme, "2026-11-23T08:30:00", "2026-11-23T10:00:00", takeover(7))],
        ..Overrides::default()
    };
    let schedule = schedule(&manifest);
    let what = |overrides: &Overrides, now: &str| schedule.resolve_under(overrides, hanoi(now)).what;
    assert!(matches!(what(&overrides, "2026-11-23T08:59:59"), What::Notice { .. }));
    assert_eq!(what(&overrides, "2026-11-23T09:00:00"), What::Dark);
    overrides.notices[0].lights = true;
    assert!(matches!(what(&overrides, "2026-11-23T09:59:59.999"), What::Notice { .. }));
    assert_eq!(what(&overrides, "2026-11-23T10:00:00"), What::Dark);
    let period = Period { from: Some(hanoi("2026-11-23T08:45:00")), until: None };
    overrides.blackouts.push(Blackout { period, safe_item: false });
    let dark = schedule.resolve_under(&overrides, hanoi("2026-11-23T09:30:00"));
    assert_eq!((dark.what, dark.since), (What::Dark, hanoi("2026-11-23T08:45:00")));
    assert_eq!(dark.until.to_rfc3339(), "2200-01-01T00:00:00+00:00");
    overrides.blackouts[0].safe_item = true;
    let safe = what(&overrides, "2026-11-23T08:50:00");
    assert!(matches!(safe, What::Entry(slot) if slot.item == manifest.safe_item && slot.asset.is_none()));
    assert_eq!(what(&overrides, "2026-11-23T09:30:00"), What::Dark);
}

#[test]
fn a_recalled_entry_keeps_its_place_and_the_next_valid_one_is_shown_in_it() {
    let mut manifest = vietnam();
    for number in 2..5 {
        manifest.items.push(item(number));
    }
    let entry =
        |number: usize| playlists::playlist::Entry::still(id(format!("a{number}")), digest(number), Duration::from_secs(10));
    manifest.playlists.push(playlists::playlist::Playlist { of: None, id: id("one"), entries: (2..5).map(entry).collect() });
    manifest.campaigns.push(campaign("one", 1));
    let schedule = schedule(&manifest);
    let recalled = Overrides { recalled_items: BTreeSet::from([digest(3)]), ..Overrides::default() };
    let (from, until) = (hanoi("2026-11-23T12:00:00"), hanoi("2026-11-23T12:05:00"));
    let nothing = Overrides::default();
    let pairs: Vec<_> = schedule.timeline(&nothing, from, until).zip(schedule.timeline(&recalled, from, until)).collect();
    assert_eq!(pairs.len(), 30);
    for (before, after) in pairs {
        assert_eq!((before.since, before.until), (after.since, after.until));
        let (What::Entry(before), What::Entry(after)) = (before.what, after.what) else { panic!("lit") };
        let expected = if before.item == digest(3) { digest(4) } else { before.item };
        assert_eq!((after.item, after.campaign), (expected, before.campaign));
    }
    let all = Overrides { recalled_items: (2..5).map(digest).collect(), ..Overrides::default() };
    assert!(
        matches!(schedule.resolve_under(&all, from).what, What::Entry(slot) if slot.campaign.is_none() && slot.item == digest(1))
    );
    let both = Overrides { recalled_items: (1..5).map(digest).collect(), ..Overrides::default() };
    assert!(
        matches!(schedule.resolve_under(&both, from).what, What::Entry(slot) if slot.asset.is_none() && slot.item == digest(0))
    );
    let none = Overrides { recalled_items: (0..5).map(digest).collect(), ..Overrides::default() };
    assert_eq!(schedule.resolve_under(&none, from).what, What::Dark);
    let campaign = Overrides { recalled_campaigns: BTreeSet::from([id("one")]), ..Overrides::default() };
    assert!(
        matches!(schedule.resolve_under(&campaign, from).what, What::Entry(slot) if slot.campaign.is_none() && slot.item == digest(1))
    );
}

#[test]
fn a_notices_ticker_displaces_others_and_gives_way_to_a_takeover() {
    let mut manifest = vietnam();
    let ticker = |number| Ticker { item: digest(number), width: 360, speed: 100 };
    manifest.campaigns.push(Campaign { plays: Plays::Ticker(ticker(1)), ..campaign("a", 1) });
    let strip = NoticeShows::Ticker(ticker(7));
    let overrides = Overrides {
        notices: vec![
            notice("flood", Severity::Severe, "2026-11-23T12:00:00", "2026-11-23T12:00:25", strip),
            notice("storm", Severity::Minor, "2026-11-23T13:00:00", "2026-11-23T14:00:00", takeover(8)),
        ],
        ..Overrides::default()
    };
    let schedule = schedule(&manifest);
    let run = |now: &str| schedule.ticker_under(&overrides, hanoi(now));
    assert_eq!(run("2026-11-23T11:59:59").until, hanoi("2026-11-23T12:00:00"));
    let flood = run("2026-11-23T12:00:21");
    assert_eq!((flood.since, flood.until), (hanoi("2026-11-23T12:00:20"), hanoi("2026-11-23T12:00:25")));
    assert_eq!(flood.what.and_then(|what| what.notice), Some(id("flood")));
    assert_eq!(run("2026-11-23T12:00:25").what.and_then(|what| what.campaign), Some(id("a")));
    assert_eq!(run("2026-11-23T13:30:00").what, None);
    assert_eq!(
        (run("2026-11-23T13:30:00").since, run("2026-11-23T13:30:00").until),
        (hanoi("2026-11-23T13:00:00"), hanoi("2026-11-23T14:00:00"))
    );
}

#[test]
fn an_explanation_gives_every_campaign_its_reason() {
    let mut manifest = vietnam();
    let noon = vec![window("0 12 * * *", 60)];
    let from = |text: &str| Period { from: Some(hanoi(text)), until: None };
    let until = |text: &str| Period { from: None, until: Some(hanoi(text)) };
    add(&mut manifest, Campaign { level: Level::Priority, windows: noon, ..campaign("a-urgent", 1) }, 1, 10);
    add(&mut manifest, campaign("b-normal", 1), 1, 10);
    add(&mut manifest, Campaign { period: from("2026-12-01T00:00:00"), ..campaign("c-later", 1) }, 1, 10);
    add(&mut manifest, Campaign { period: until("2026-11-01T00:00:00"), ..campaign("d-over", 1) }, 1, 10);
    add(&mut manifest, Campaign { windows: vec![window("0 6 * * Tue", 60)], ..campaign("e-tuesdays", 1) }, 1, 10);
    add(&mut manifest, Campaign { theme: Some(id("festival")), ..campaign("f-festival", 1) }, 1, 10);
    add(&mut manifest, campaign("g-empty", 1), 0, 10);
    let period = until("2026-12-24T00:00:00");
    manifest.stand_downs = vec![StandDown { themes: BTreeSet::from([id("festival")]), period }];
    let nothing = Overrides::default();
    let told = |overrides: &Overrides, now: &str| {
        let explanation = explain(&manifest, overrides, hanoi(now)).expect("no faults");
        let words: Vec<_> = explanation.reasons.iter().map(|reason| reason.why.as_str()).collect();
        (explanation.rule, words.join(" "), explanation)
    };
    let (rule, words, morning) = told(&nothing, "2026-11-23T11:00:00");
    assert_eq!(
        (rule, words.as_str()),
        (Rule::Weight, "outside-windows on not-yet over outside-windows stood-down no-valid-entry")
    );
    assert_eq!(morning.reasons[4].why, Why::OutsideWindows(Some(hanoi("2026-11-24T06:00:00"))));
    assert_eq!(morning.reasons[0].next, Some(hanoi("2026-11-23T12:00:00")));
    let (rule, words, noon) = told(&nothing, "2026-11-23T12:00:00");
    assert_eq!((rule, words.as_str()), (Rule::Priority, "on level not-yet over outside-windows stood-down no-valid-entry"));
    assert_eq!(noon.reasons[1].why, Why::Level(id("a-urgent")));
    assert_eq!(noon.reasons[1].next, Some(hanoi("2026-11-23T13:00:00")));
    let blackout = Blackout { period: Period::default(), safe_item: false };
    let overrides = Overrides { blackouts: vec![blackout], ..Overrides::default() };
    let (rule, words, _) = told(&overrides, "2026-11-23T12:00:00");
    assert_eq!(
        (rule, words.as_str()),
        (
            Rule::Blackout,
            "blackout blackout not-yet over outside-windows stood-down no-valid-entry"
                .replace("no-valid-entry", "blackout")
                .as_str()
        )
    );
}

#[test]
fn stretches_name_who_shares_the_board() {
    let mut manifest = vietnam();
    add(
        &mut manifest,
        Campaign { level: Level::Priority, windows: vec![window("0 12 * * *", 60)], ..campaign("urgent", 1) },
        1,
        10,
    );
    add(&mut manifest, campaign("normal", 1), 1, 10);
    let (from, until) = (hanoi("2026-11-23T11:00:00"), hanoi("2026-11-24T11:00:00"));
    let nothing = Overrides::default();
    let found = schedule(&manifest).stretches(&nothing, from, until);
    let loops = |name: &str| Shows::Loop { weighted: vec![id(name)], per_hour: Vec::new() };
    let shows: Vec<_> = found.iter().map(|stretch| (stretch.shows.clone(), stretch.since, stretch.until)).collect();
    let (noon, one) = (hanoi("2026-11-23T12:00:00"), hanoi("2026-11-23T13:00:00"));
    assert_eq!(shows, [(loops("normal"), from, noon), (loops("urgent"), noon, one), (loops("normal"), one, until)]);
    let displaced = schedule(&manifest).forecast(&nothing, from, until).displaced;
    assert_eq!(displaced.len(), 1);
    assert_eq!((&displaced[0].campaign, displaced[0].since, displaced[0].until), (&id("normal"), noon, one));
}
