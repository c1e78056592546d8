//! Random windows.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use playlists::window::{LunarDate, Starts, Weeks, Window};
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::id;
use super::manifests::{Focus, ZONES};
use crate::reference::wall;

/// A random window; some are longer than their period.
pub(crate) fn window() -> impl Strategy<Value = Window> {
    let minute = select(vec!["0", "30", "*/20", "15,45", "10-40/7", "59"]);
    let hour = select(vec!["*", "2", "3", "0-4", "7,12,22", "*/5", "23"]);
    let day = select(vec!["*", "*", "1", "25,29", "1-31/3"]);
    let month = select(vec!["*", "*", "Mar-Nov", "2-4,10-12"]);
    let weekday = select(vec!["*", "*", "0", "7", "Sat,Sun", "5-7", "Mon-Fri", "*/2"]);
    let cron = (minute, hour, day, month, weekday)
        .prop_map(|(minute, hour, day, month, weekday)| Starts::Cron(id(format!("{minute} {hour} {day} {month} {weekday}"))));
    let starts = prop_oneof![4 => cron, 1 => lunar(select(vec!["*", "*", "1", "2", "8", "10", "12"]), select(vec!["1", "9", "14", "15", "16", "last", "30"]))];
    let minutes = prop_oneof![1_u64..90, 90_u64..600, 600_u64..4000];
    let except = prop_oneof![3 => Just(BTreeSet::new()), 1 => btree_set(named_day(), 1..6)];
    let weeks = option::weighted(0.25, (1_u8..4, named_day()).prop_map(|(every, of)| Weeks { every, of }));
    (starts, minutes, except, weeks).prop_map(made)
}

/// A window that has to do with this day, where the focus lies on what windows can do; else any window.
pub(super) fn window_about(day: NaiveDate, focus: Focus) -> BoxedStrategy<Window> {
    if !(focus.lunar || focus.weeks || focus.except) {
        return window().boxed();
    }
    let daily = select(vec!["0 0 * * *", "30 2 * * *", "0 3 * * *", "0 4,12,20 * * *", "0 */7 * * *", "15 7 * * Mon-Sun"]);
    let daily = daily.prop_map(|cron| Starts::Cron(id(cron)));
    let starts = if focus.lunar {
        let days = (-1_i64..2).filter_map(|by| wall::lunar(day + TimeDelta::days(by)));
        let dates: Vec<(String, String)> = days
            .flat_map(|(month, leap, date, days)| {
                let month = if leap { "*".to_owned() } else { month.to_string() };
                let last = if date == days { "last".to_owned() } else { date.to_string() };
                [(month, date.to_string()), ("*".to_owned(), last)]
            })
            .collect();
        let near = select(dates).prop_flat_map(|(month, day)| lunar(Just(month), Just(day)));
        prop_oneof![4 => near, 1 => daily].boxed()
    } else {
        daily.boxed()
    };
    let minutes = 200_u64..1400;
    let except = btree_set((-1_i64..2).prop_map(move |by| day + TimeDelta::days(by)), 1..4);
    let except = option::weighted(if focus.except { 0.95 } else { 0.1 }, except).prop_map(Option::unwrap_or_default);
    let weeks = (2_u8..5, -14_i64..15).prop_map(move |(every, by)| Weeks { every, of: day + TimeDelta::days(by) });
    let weeks = option::weighted(if focus.weeks { 0.85 } else { 0.1 }, weeks);
    (starts, minutes, except, weeks).prop_map(made).boxed()
}

fn lunar<M: AsRef<str>, D: AsRef<str>>(
    month: impl Strategy<Value = M>,
    day: impl Strategy<Value = D>,
) -> impl Strategy<Value = Starts> {
    (month, day, 0_u32..24, select(vec![0_u32, 30])).prop_map(|(month, day, hour, minute)| {
        let at = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        Starts::Lunar(LunarDate { month: id(month), day: id(day), at })
    })
}

fn made((starts, minutes, except, weeks): (Starts, u64, BTreeSet<NaiveDate>, Option<Weeks>)) -> Window {
    let window = Window::starting(starts, Duration::from_secs(minutes * 60)).expect("a window");
    let window = window.except(except).expect("few dates");
    weeks.map_or(window.clone(), |weeks| window.in_weeks(weeks).expect("few weeks"))
}

/// A date on or about one on which manifests are looked at.
fn named_day() -> impl Strategy<Value = NaiveDate> {
    let days: Vec<_> = ZONES.iter().flat_map(|(_, days)| days.iter().copied()).collect();
    (select(days), -3_i64..4).prop_map(|((y, m, d), by)| NaiveDate::from_ymd_opt(y, m, d).expect("a date") + TimeDelta::days(by))
}
