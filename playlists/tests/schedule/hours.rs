//! Hours that are changed during a day leave its past as it was.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::hours::{Hours, changed_at};
use playlists::local::{broadcast_day, day_start};
use proptest::option;
use proptest::prelude::*;

use crate::cases::hanoi;
use crate::generate::hours;

fn lit(hours: Option<&Hours>, at: DateTime<Utc>, tz: Tz) -> bool {
    hours.is_none_or(|hours| hours.is_lit(at, tz))
}

/// The first minute from the start of the day to four days later in which the changed hours are wrong.
fn wrong(old: Option<&Hours>, new: Option<&Hours>, at: DateTime<Utc>, tz: Tz) -> Option<DateTime<Utc>> {
    let changed = changed_at(old, new, at, tz)?;
    let start = day_start(broadcast_day(at, tz), tz);
    let minutes = (0..5 * 1440).map(|minute| start + TimeDelta::minutes(minute));
    let expected = |minute| if minute < at { lit(old, minute, tz) } else { lit(new, minute, tz) };
    minutes.into_iter().find(|minute| lit(changed.as_ref(), *minute, tz) != expected(*minute))
}

fn read(json: &str) -> Hours {
    serde_json::from_str(json).expect("hours")
}

#[test]
fn hours_changed_at_noon_count_from_noon_on() {
    let tz = chrono_tz::Asia::Ho_Chi_Minh;
    let day = read(r#"{"weekly":[{"days":["Mon","Tue"],"intervals":[{"from":"06:00","until":"22:00"}]}]}"#);
    let night = read(r#"{"weekly":[{"days":["Mon","Tue"],"intervals":[{"from":"18:00","until":"02:00"}]}]}"#);
    let noon = hanoi("2026-11-23T12:00:00");
    let changed = changed_at(Some(&day), Some(&night), noon, tz).expect("it can be told").expect("not always");
    let at = |time: &str| changed.is_lit(hanoi(time), tz);
    assert!(at("2026-11-23T06:00:00") && at("2026-11-23T11:59:59") && !at("2026-11-23T12:00:00"));
    assert!(at("2026-11-23T18:00:00") && at("2026-11-24T01:59:59") && !at("2026-11-24T02:00:00") && !at("2026-11-24T06:00:00"));
    assert_eq!(changed_at(Some(&day), Some(&day), noon, tz), Some(Some(day.clone())), "unchanged, nothing is added");
    assert_eq!(wrong(Some(&day), None, noon, tz), None);
    assert_eq!(wrong(None, Some(&night), noon, tz), None);
    let later = hanoi("2026-11-24T01:00:00");
    assert_eq!(wrong(Some(&night), None, later, tz), None, "after midnight, on the same broadcast day");
}

proptest! {
    #[test]
    fn the_past_stays_and_the_future_is_the_new_one(
        old in option::of(hours(NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date"))),
        new in option::of(hours(NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date"))),
        minute in 0_i64..1440,
    ) {
        let tz = chrono_tz::Asia::Ho_Chi_Minh;
        let at = hanoi("2026-11-23T03:00:00") + TimeDelta::minutes(minute);
        // Hours named beside a date that is dark as a whole begin on it and show on the next one only: that cannot be told.
        let odd = new.as_ref().is_some_and(|new| new.exceptions.iter().any(|e| e.whole_day && !e.intervals.is_empty()));
        prop_assert!(odd || changed_at(old.as_ref(), new.as_ref(), at, tz).is_some());
        prop_assert_eq!(wrong(old.as_ref(), new.as_ref(), at, tz), None);
    }

    #[test]
    fn where_clocks_change_it_is_right_or_not_told(
        old in hours(NaiveDate::from_ymd_opt(2026, 10, 25).expect("a date")),
        new in hours(NaiveDate::from_ymd_opt(2026, 10, 25).expect("a date")),
        minute in 0_i64..1500,
    ) {
        let tz = chrono_tz::Europe::Berlin;
        let start = day_start(NaiveDate::from_ymd_opt(2026, 10, 24).expect("a date"), tz);
        prop_assert_eq!(wrong(Some(&old), Some(&new), start + TimeDelta::minutes(minute), tz), None);
    }
}
