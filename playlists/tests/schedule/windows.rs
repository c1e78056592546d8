//! Windows against a walk through time, minute by minute.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::local::day_start;
use playlists::window::{Cron, CronError, Window};
use proptest::prelude::*;

use crate::generate::window;
use crate::properties::cases;
use crate::reference::wall;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("within the calendar")
}

proptest! {
    #![proptest_config(cases(160))]

    #[test]
    fn starts_are_those_of_a_walk_minute_by_minute(
        window in window(),
        (tz, y, m, d) in prop::sample::select(vec![
            (Tz::Asia__Ho_Chi_Minh, 2026, 2, 27), (Tz::Europe__Berlin, 2026, 3, 28), (Tz::Europe__Berlin, 2026, 10, 24),
            (Tz::America__New_York, 2026, 3, 7), (Tz::America__New_York, 2026, 10, 31), (Tz::America__Sao_Paulo, 2018, 2, 16),
            (Tz::America__Sao_Paulo, 2018, 11, 3), (Tz::Australia__Lord_Howe, 2026, 4, 4), (Tz::Australia__Lord_Howe, 2026, 10, 3),
        ]),
        offset in 0_i64..3000,
    ) {
        let from = day_start(NaiveDate::from_ymd_opt(y, m, d).expect("a date"), tz) + TimeDelta::seconds(offset * 20);
        let until = from + TimeDelta::days(4);
        let length = TimeDelta::from_std(window.duration()).expect("at most 31 days");
        let ms = |instant: DateTime<Utc>| instant.timestamp_millis();
        let walked = wall::starts(&window, ms(from - length), ms(until), tz);
        let expected: Vec<_> = walked.iter().copied().filter(|start| *start >= ms(from)).collect();
        let found: Vec<_> = window.starts(from, until, tz).map(ms).collect();
        prop_assert_eq!(&found, &expected);
        for now in (0..2 * 24 * 60).step_by(7).map(|minutes| from + TimeDelta::minutes(minutes)) {
            let inside = walked.iter().any(|start| at(*start) <= now && now < at(*start) + length);
            prop_assert_eq!(window.contains(now, tz), inside, "at {}", now);
            if let Some(next) = walked.iter().find(|start| **start > ms(now)) {
                prop_assert_eq!(window.next_start(now, tz), Some(at(*next)));
            }
        }
    }
}

#[test]
fn an_expression_says_which_field_is_wrong() {
    for (text, word) in [
        ("60 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("5/10 * * * *", "minute"),
        ("? * * * *", "minute"),
        ("@daily * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 22-2 * * *", "hour"),
        ("0 0 0 * *", "day of month"),
        ("0 0 32 * *", "day of month"),
        ("0 0 L * *", "day of month"),
        ("0 0 15W * *", "day of month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * Foo *", "month"),
        ("0 0 * * 8", "day of week"),
        ("0 0 * * Fri#2", "day of week"),
        ("0 0 * * 5L", "day of week"),
        ("0 0 * * ,", "day of week"),
        ("0 0 * * Fri-Mon", "day of week"),
    ] {
        match text.parse::<Cron>() {
            Err(CronError::Field { field, .. }) => assert_eq!(field, word, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in ["", "* * * *", "* * * * * *", "0 0 * * * 2026"] {
        assert!(matches!(text.parse::<Cron>(), Err(CronError::Fields(_))), "{text}");
    }
    for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        assert!(matches!(text.parse::<Cron>(), Err(CronError::Never(_))), "{text}");
    }
    for text in ["0 0 29 2 *", "0 0 30 2 Mon", "* * * * *", "0,30 7-9 1-7 Jan,Mar-May/2 mon", "0 0 * * 0-7"] {
        assert!(text.parse::<Cron>().is_ok(), "{text}");
    }
}

#[test]
fn sunday_is_0_and_7() {
    let sunday = NaiveDate::from_ymd_opt(2026, 11, 22).and_then(|date| date.and_hms_opt(0, 0, 0)).expect("a date");
    for (text, on_sunday) in
        [("0", true), ("7", true), ("Sun", true), ("5-7", true), ("1-6", false), ("0-3", true), ("*/2", true)]
    {
        let cron: Cron = format!("0 0 * * {text}").parse().expect("an expression");
        assert_eq!(cron.matches(sunday), on_sunday, "{text}");
    }
}

#[test]
fn a_window_lasts_a_minute_to_31_days_also_when_it_is_read() {
    let cron = || "0 8 * * *".parse::<Cron>().expect("an expression");
    for (seconds, good) in [(59, false), (60, true), (31 * 86_400, true), (31 * 86_400 + 1, false)] {
        assert_eq!(Window::new(cron(), Duration::from_secs(seconds)).is_ok(), good, "{seconds}");
        let json = format!(r#"{{"cron":"0 8 * * *","duration_ms":{}}}"#, seconds * 1000);
        assert_eq!(serde_json::from_str::<Window>(&json).is_ok(), good, "{json}");
    }
    assert!(serde_json::from_str::<Window>(r#"{"cron":"0 8 30 2 *","duration_ms":60000}"#).is_err());
}

#[test]
fn the_next_29_february_is_found_across_2100() {
    let window = Window::new("0 0 29 2 *".parse().expect("an expression"), Duration::from_secs(60)).expect("a window");
    let next = window.next_start("2096-03-01T00:00:00Z".parse().expect("an instant"), Tz::UTC);
    assert_eq!(next.map(|next| next.to_rfc3339()), Some("2104-02-29T00:00:00+00:00".to_owned()));
}
