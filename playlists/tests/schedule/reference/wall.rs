//! The wall clock, step by step: a local time's instant is the first at which the clock shows it or has passed it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use playlists::lunar::{Day, Months};
use playlists::window::{Starts, Weeks, Window};

const MINUTE: i64 = 60_000;

/// What the clock shows at an instant.
pub(crate) fn wall(at: i64, tz: Tz) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp_millis(at).expect("an instant within the calendar").with_timezone(&tz).naive_local()
}

/// The first whole minute at which the clock shows `local` or later, found by walking.
pub(crate) fn instant(local: NaiveDateTime, tz: Tz) -> i64 {
    let mut at = local.and_utc().timestamp_millis() - 30 * 60 * MINUTE;
    while wall(at, tz) < local {
        at += MINUTE;
    }
    at
}

/// 03:00 local time.
pub(crate) fn day_start(date: NaiveDate, tz: Tz) -> i64 {
    instant(date.and_time(NaiveTime::from_hms_opt(3, 0, 0).expect("a time")), tz)
}

/// The last broadcast day that has begun.
pub(crate) fn broadcast_day(at: i64, tz: Tz) -> NaiveDate {
    let today = wall(at, tz).date();
    [1, 0, -1, -2]
        .into_iter()
        .map(|days| today + TimeDelta::days(days))
        .find(|date| day_start(*date, tz) <= at)
        .expect("one of these has begun")
}

/// Whether a five-field expression matches this minute of the clock.
pub(crate) fn cron_matches(text: &str, local: NaiveDateTime) -> bool {
    let fields: Vec<_> = text.split(' ').collect();
    let day = field_matches(fields[2], local.day(), 1, 31);
    let weekday = local.weekday().num_days_from_sunday();
    let weekday = field_matches(fields[4], weekday, 0, 7) || (weekday == 0 && field_matches(fields[4], 7, 0, 7));
    let either = fields[2] != "*" && fields[4] != "*";
    field_matches(fields[0], local.minute(), 0, 59)
        && field_matches(fields[1], local.hour(), 0, 23)
        && field_matches(fields[3], local.month(), 1, 12)
        && if either { day || weekday } else { day && weekday }
}

fn field_matches(field: &str, value: u32, lowest: u32, highest: u32) -> bool {
    const NAMES: [&str; 19] = [
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
        "Nov", "Dec",
    ];
    let number = |text: &str| match NAMES.iter().position(|name| *name == text) {
        Some(day @ 0..7) => day as u32,
        Some(month) => month as u32 - 6,
        None => text.parse().expect("a number"),
    };
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().expect("a step")));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (lowest, highest),
            // A range may end with Sunday, but begins with it as day 0.
            Some((first, "Sun")) => (number(first), highest),
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), number(range)),
        };
        (first..=last).contains(&value) && (value - first).is_multiple_of(step)
    })
}

/// The days of the lunar calendar by civil date: month, whether it is a leap month, day, days of the month. The law, row by row.
pub(crate) fn lunar(date: NaiveDate) -> Option<(u8, bool, u8, u8)> {
    static DAYS: LazyLock<BTreeMap<NaiveDate, (u8, bool, u8, u8)>> = LazyLock::new(|| {
        let mut days = BTreeMap::new();
        for row in include_str!("../../../data/lunar_months_1970_2100.csv").lines().skip(1) {
            let fields: Vec<_> = row.split(',').collect();
            let first: NaiveDate = fields[0].parse().expect("a date");
            let number = |field: usize| fields[field].parse::<u8>().expect("a number");
            for day in 1..=number(4) {
                days.insert(first + TimeDelta::days(i64::from(day) - 1), (number(2), fields[3] == "1", day, number(4)));
            }
        }
        days
    });
    DAYS.get(&date).copied()
}

/// Whether a window starts at this minute of the clock.
pub(crate) fn begins(window: &Window, local: NaiveDateTime) -> bool {
    let date = local.date();
    let monday = |date: NaiveDate| date - TimeDelta::days(i64::from(date.weekday().num_days_from_monday()));
    let weeks = |weeks: Weeks| (monday(date) - monday(weeks.of)).num_days() / 7 % i64::from(weeks.every) == 0;
    if window.excluded().contains(&date) || !window.weeks().is_none_or(weeks) {
        return false;
    }
    match window.occasion() {
        Starts::Cron(cron) => cron_matches(cron.as_str(), local),
        Starts::Lunar(wanted) => {
            let Some((month, leap, day, days)) = lunar(date).filter(|_| local.time() == wanted.at) else { return false };
            let in_month = match wanted.month {
                Months::Every => true,
                Months::Number(number) => number == month && !leap,
            };
            in_month && if wanted.day == Day::Last { day == days } else { wanted.day == Day::Number(day) }
        }
    }
}

/// The instants in `[from, until)` at which a window starts, walking minute by minute.
pub(crate) fn starts(window: &Window, from: i64, until: i64, tz: Tz) -> Vec<i64> {
    let mut starts = Vec::new();
    let mut at = from.div_euclid(MINUTE) * MINUTE - 26 * 60 * MINUTE;
    let mut reached = wall(at, tz);
    while at < until {
        let now = wall(at, tz);
        // Every minute that the clock shows for the first time or has just jumped over starts now.
        while reached < now {
            reached += TimeDelta::minutes(1);
            if begins(window, reached) && at >= from && starts.last() != Some(&at) {
                starts.push(at);
            }
        }
        at += MINUTE;
    }
    starts
}
