//! What plays per hour ask of an hour, looked at before a campaign is scheduled.

use playlists::campaign::{Campaign, Level, PerHour, Period, Share};
use playlists::schedule::{Demand, Schedule};
use playlists::trust::manifest::Manifest;
use playlists::window::{LunarDate, Starts, Window};

use crate::cases::{add, hanoi, vietnam, window};
use crate::generate::{campaign, id};

const NOW: &str = "2026-11-23T12:00:00";

fn hourly(name: &str, plays: u32) -> Campaign {
    Campaign { share: Share::PerHour(PerHour::new(plays).expect("plays")), ..campaign(name, 1) }
}

fn demand(manifest: &Manifest, of: &str) -> Option<Demand> {
    Schedule::new(manifest).expect("no faults").demand(&id(of), hanoi(NOW))
}

#[test]
fn the_figures_say_who_asks_for_how_much_and_what_would_fit() {
    let mut manifest = vietnam();
    add(&mut manifest, hourly("a", 200), 2, 9);
    add(&mut manifest, hourly("b", 100), 2, 10);
    add(&mut manifest, hourly("c", 60), 1, 8);
    let asked = demand(&manifest, "c").expect("it asks");
    assert_eq!((asked.since, asked.asked_ms, asked.is_too_much()), (hanoi(NOW), 3_280_000, true));
    assert_eq!(asked.by, [(id("a"), 1_800_000), (id("b"), 1_000_000), (id("c"), 480_000)]);
    assert_eq!(asked.fits, 55, "440 s are left, at 8 s a play");
    add(&mut manifest, campaign("weighted", 1), 1, 50);
    assert_eq!(demand(&manifest, "weighted"), None);
}

#[test]
fn campaigns_whose_windows_never_meet_do_not_add_up() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 7 * * *", 120)], ..hourly("morning", 300) }, 1, 10);
    add(&mut manifest, Campaign { windows: vec![window("0 17 * * *", 120)], ..hourly("evening", 300) }, 1, 10);
    assert_eq!(demand(&manifest, "morning").expect("it asks").by.len(), 1);
    add(&mut manifest, Campaign { windows: vec![window("0 8 * * Sun", 30)], ..hourly("sundays", 30) }, 1, 10);
    let asked = demand(&manifest, "morning").expect("it asks");
    assert_eq!((asked.since, asked.asked_ms), (hanoi("2026-11-29T08:00:00"), 3_300_000));
    let over = Period { from: None, until: Some(hanoi("2026-11-29T08:00:00")) };
    manifest.campaigns[2].period = over;
    assert_eq!(demand(&manifest, "morning").expect("it asks").asked_ms, 3_000_000, "the other ends before they meet");
    assert_eq!(demand(&manifest, "sundays"), None, "it is never on");
}

#[test]
fn campaigns_that_meet_only_on_a_dark_board_do_not_add_up_and_what_is_open_is_asked_by_the_hour() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 21 * * *", 120)], ..hourly("late", 300) }, 1, 10);
    add(&mut manifest, Campaign { windows: vec![window("0 22 * * *", 60)], ..hourly("night", 300) }, 1, 10);
    let asked = demand(&manifest, "night").expect("it asks");
    assert_eq!((asked.since, asked.asked_ms, asked.fits), (hanoi("2026-11-23T22:00:00"), 6_000_000, 24));
    let hours = |until: &str| {
        let all = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        serde_json::json!({ "weekly": [{ "days": all, "intervals": [{ "from": "05:30", "until": until }] }] })
    };
    manifest.hours = serde_json::from_value(hours("22:00")).expect("hours");
    assert_eq!(demand(&manifest, "night"), None, "it is never on");
    let asked = demand(&manifest, "late").expect("it asks");
    assert_eq!((asked.by.len(), asked.asked_ms, asked.is_too_much()), (1, 3_000_000, false));
    // For the ten minutes in which both are on a lit board, fifty plays of each are due: more than nine tenths of ten minutes.
    manifest.hours = serde_json::from_value(hours("22:10")).expect("hours");
    let asked = demand(&manifest, "night").expect("it asks");
    assert_eq!((asked.since, asked.asked_ms, asked.is_too_much()), (hanoi("2026-11-23T22:00:00"), 6_000_000, true));
    // A long picture beside plays per hour does no harm where nobody sees it.
    add(&mut manifest, Campaign { windows: vec![window("30 22 * * *", 60)], ..campaign("long", 1) }, 1, 90);
    let long = |manifest: &Manifest| Schedule::new(manifest).expect("no faults").too_long_beside(&id("long"), hanoi(NOW));
    assert_eq!(long(&manifest), Vec::new());
    manifest.hours = None;
    assert_eq!(long(&manifest).len(), 2);
}

#[test]
fn a_collision_at_the_next_tet_is_found_in_november() {
    let mut manifest = vietnam();
    let at = chrono::NaiveTime::from_hms_opt(7, 0, 0).expect("a time");
    let tet = Starts::Lunar(LunarDate { month: id("1"), day: id("1"), at });
    let tet = Window::starting(tet, std::time::Duration::from_secs(3600)).expect("a window");
    add(&mut manifest, Campaign { windows: vec![tet], ..hourly("tet", 200) }, 1, 10);
    add(&mut manifest, hourly("always", 200), 1, 10);
    assert_eq!(demand(&manifest, "always").expect("it asks").since, hanoi("2027-02-06T07:00:00"));
}

#[test]
fn a_window_that_opens_every_minute_for_ever_is_still_answered() {
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("* * * * *", 1)], ..hourly("a", 10) }, 1, 10);
    assert_eq!(demand(&manifest, "a").expect("it asks").asked_ms, 100_000);
}

#[test]
fn an_entry_of_more_than_a_minute_beside_plays_per_hour_is_named() {
    let long = |manifest: &Manifest, of: &str| {
        let found = Schedule::new(manifest).expect("no faults").too_long_beside(&id(of), hanoi(NOW));
        let name = |of: Option<playlists::id::CampaignId>| of.map_or_else(|| "default".to_owned(), |id| id.to_string());
        found.into_iter().map(|long| format!("{} {} {}", name(long.of), long.beside, long.length_ms)).collect::<Vec<_>>()
    };
    let mut manifest = vietnam();
    add(&mut manifest, Campaign { windows: vec![window("0 7 * * *", 60)], ..hourly("hourly", 10) }, 1, 90);
    add(&mut manifest, campaign("short", 1), 1, 60);
    assert!(long(&manifest, "hourly").is_empty(), "its own entries may be long, and a minute is not too long");
    add(&mut manifest, Campaign { windows: vec![window("0 12 * * *", 60)], ..campaign("noon", 1) }, 1, 61);
    assert!(long(&manifest, "hourly").is_empty(), "they never meet");
    add(&mut manifest, campaign("slow", 1), 2, 61);
    add(&mut manifest, Campaign { level: Level::Priority, ..campaign("first", 1) }, 2, 300);
    assert_eq!(long(&manifest, "hourly"), ["slow hourly 61000"], "beside the priority campaign it does not play");
    assert_eq!(long(&manifest, "slow"), ["slow hourly 61000"]);
    assert!(long(&manifest, "first").is_empty());
    manifest.campaigns[0].level = Level::Priority;
    assert_eq!(long(&manifest, "hourly"), ["first hourly 300000", "slow hourly 61000"]);
}

#[test]
fn a_default_playlist_counts_only_where_nothing_else_plays_beside() {
    let mut manifest = vietnam();
    let mut slow = manifest.playlists[0].entries[0].clone();
    if let playlists::playlist::Content::Asset { duration, .. } = &mut slow.content {
        *duration = std::time::Duration::from_secs(75);
    }
    manifest.playlists[0].entries.push(slow);
    add(&mut manifest, hourly("hourly", 10), 1, 10);
    let found = |manifest: &Manifest| Schedule::new(manifest).expect("no faults").too_long_beside(&id("hourly"), hanoi(NOW));
    assert_eq!(found(&manifest).iter().map(|long| (long.of.clone(), long.length_ms)).collect::<Vec<_>>(), [(None, 75_000)]);
    add(&mut manifest, campaign("weighted", 1), 1, 10);
    assert!(found(&manifest).is_empty());
}
