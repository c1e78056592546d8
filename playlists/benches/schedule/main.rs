//! What the schedule costs, and how the cost grows: each input is doubled twice, and each table line says how much longer it takes
//! than with half of it. `cargo bench -p playlists`.
//!
//! The last lines list the same day with the reference that the tests use, in the same run, so that a figure from a slow or busy
//! machine still says something.

#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "a program that prints what it measures")]

mod manifests;
#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../../tests/schedule/reference/mod.rs"]
mod reference;
mod timing;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::id::Revision;
use playlists::local::day_start;
use playlists::schedule::{Forecast, Overrides, Schedule};
use playlists::trust::manifest::Manifest;

use self::manifests::{largest, with_campaigns};
use self::timing::{head, median, plain, rows};

/// Entries of each playlist.
const ENTRIES: usize = 50;
/// Campaigns; 500 of 50 entries are more than a manifest may hold.
const CAMPAIGNS: [usize; 3] = [125, 250, 500];

fn main() {
    head();
    rows("make a manifest ready", "campaigns", &CAMPAIGNS, |count| {
        let manifest = with_campaigns(count, ENTRIES);
        median(1, || schedule(&manifest))
    });
    rows("the list of a day", "campaigns", &CAMPAIGNS, |count| {
        let schedule = schedule(&with_campaigns(count, ENTRIES));
        median(1, || schedule.day(day()))
    });
    rows("the list of a day", "entries in each of 125 playlists", &[25, 50, 100], |entries| {
        let schedule = schedule(&with_campaigns(125, entries));
        median(1, || schedule.day(day()))
    });
    rows("a look-up", "campaigns", &CAMPAIGNS, |count| {
        let list = schedule(&with_campaigns(count, ENTRIES)).day(day());
        let mut second = 0;
        median(10_000, || {
            second = (second + 7919) % 86_400;
            list.at(list.start() + TimeDelta::seconds(second))
        })
    });
    rows("a month's timeline of one board", "campaigns", &[10, 20, 40], |count| {
        let schedule = schedule(&with_campaigns(count, ENTRIES));
        let (from, until) = (start(), start() + TimeDelta::days(30));
        median(1, || schedule.timeline(&Overrides::default(), from, until).count())
    });
    rows("a timeline of one board with 40 campaigns", "days", &[8, 16, 32], |days| {
        let schedule = schedule(&with_campaigns(40, ENTRIES));
        let until = start() + TimeDelta::days(i64::try_from(days).unwrap_or(0));
        median(1, || schedule.timeline(&Overrides::default(), start(), until).count())
    });
    rows("a day's forecast of 92 boards, 40 campaigns", "different rules", &[23, 46, 92], |kinds| {
        let boards = boards(92, kinds);
        median(1, || forecasts(&boards))
    });
    rows("a day's forecast of boards with 8 different rules, 40 campaigns", "boards", &[2_500, 5_000, 10_000], |count| {
        let boards = boards(count, 8);
        median(1, || forecasts(&boards))
    });
    let count = largest();
    let manifest = with_campaigns(count, ENTRIES);
    let made = schedule(&manifest);
    println!(
        "\nThe largest manifest of such campaigns has {count} of them; it is made ready in {}, and a day of it is listed in {}.",
        plain(median(1, || schedule(&manifest))),
        plain(median(1, || made.day(day())))
    );
    against_the_reference();
}

/// The same day listed by the product, all that it takes counted, and by the reference.
fn against_the_reference() {
    println!("\n| the list of a day, 5 entries each | product | reference | reference : product |\n|---|---:|---:|---:|");
    for count in [2, 4, 8] {
        let manifest = with_campaigns(count, 5);
        let ours = schedule(&manifest).day(day());
        let theirs = reference::day::list(&manifest, day());
        assert_eq!(ours.len(), theirs.slots.len(), "both list the same slots");
        let product = median(1, || schedule(&manifest).day(day()));
        let slow = median(1, || reference::day::list(&manifest, day()));
        let ratio = slow.as_secs_f64() / product.as_secs_f64();
        println!("| {count} campaigns | {} | {} | {ratio:.0} : 1 |", plain(product), plain(slow));
    }
}

fn schedule(manifest: &Manifest) -> Schedule {
    Schedule::new(manifest).expect("no faults")
}

/// Boards that show 40 campaigns, less one here and there: so many different rules in turn.
fn boards(count: usize, kinds: usize) -> Vec<Manifest> {
    let whole = with_campaigns(40, ENTRIES);
    let kind = |number: usize| {
        let mut manifest = whole.clone();
        // As many different sets of campaigns as there are pairs.
        let (one, other) = (number % 40, number / 40);
        manifest.campaigns.remove(one);
        manifest.campaigns.truncate(39 - other);
        manifest
    };
    let kinds: Vec<_> = (0..kinds).map(kind).collect();
    let own = |number: usize| Manifest { rev: Revision(number as u64), ..kinds[number % kinds.len()].clone() };
    // Ten thousand manifests in memory would measure that memory; boards beyond a thousand share theirs.
    (0..count.min(1_000)).map(own).collect::<Vec<_>>().into_iter().cycle().take(count).collect()
}

/// A day's forecast for each board. Boards with the same rules share it, and with it their lists.
fn forecasts(boards: &[Manifest]) -> usize {
    let mut known: BTreeMap<String, Forecast> = BTreeMap::new();
    let mut plays = 0;
    for board in boards {
        let forecast = known
            .entry(rules(board))
            .or_insert_with(|| schedule(board).forecast(&Overrides::default(), start(), start() + TimeDelta::days(1)));
        plays += forecast.campaigns.len();
    }
    plays
}

/// What boards must have in common to share their lists; the boards measured differ in nothing else.
fn rules(board: &Manifest) -> String {
    // These boards differ in which campaigns they show.
    board.campaigns.iter().map(|campaign| campaign.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// The day that is listed.
fn day() -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(20_780)
}

/// Its first instant on the boards measured.
fn start() -> DateTime<Utc> {
    day_start(day(), chrono_tz::Asia::Ho_Chi_Minh)
}
