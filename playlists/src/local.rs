//! Local time: the one place where a wall clock becomes an instant, and the broadcast day.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// When a broadcast day begins, local time.
const DAY_BEGINS: NaiveTime = match NaiveTime::from_hms_opt(3, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// The instant at which the wall clock in `tz` shows `local`.
///
/// A time that the clock shows once is that instant; one that it skips is the first instant after the gap; one that it shows
/// twice is the first of the two. Later local times never give earlier instants.
///
/// ```
/// use chrono::NaiveDate;
/// use playlists::local::instant_of;
/// let gap = NaiveDate::from_ymd_opt(2026, 3, 29).and_then(|d| d.and_hms_opt(2, 30, 0)).expect("a date");
/// assert_eq!(instant_of(gap, chrono_tz::Europe::Berlin).to_rfc3339(), "2026-03-29T01:00:00+00:00");
/// ```
#[must_use]
pub fn instant_of(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    if let Some(instant) = tz.from_local_datetime(&local).earliest() {
        return instant.with_timezone(&Utc);
    }
    let after_gap = GapInfo::new(&local, &tz).and_then(|gap| gap.end);
    after_gap.map_or_else(|| local.and_utc(), |instant| instant.with_timezone(&Utc))
}

/// What the wall clock in `tz` shows at `instant`.
#[must_use]
pub fn wall_clock(instant: DateTime<Utc>, tz: Tz) -> NaiveDateTime {
    instant.with_timezone(&tz).naive_local()
}

/// The broadcast day that `instant` lies in: from 03:00 local time to the next 03:00.
#[must_use]
pub fn broadcast_day(instant: DateTime<Utc>, tz: Tz) -> NaiveDate {
    let mut date = wall_clock(instant, tz).date();
    while day_start(date, tz) > instant {
        let Some(before) = date.pred_opt() else { break };
        date = before;
    }
    while let Some(after) = date.succ_opt() {
        if day_start(after, tz) > instant {
            break;
        }
        date = after;
    }
    date
}

/// The first instant of a broadcast day: 03:00 local time of `date`.
#[must_use]
pub fn day_start(date: NaiveDate, tz: Tz) -> DateTime<Utc> {
    instant_of(date.and_time(DAY_BEGINS), tz)
}

/// The number of a date, counted from 1970-01-01 (0); negative before it.
#[must_use]
pub fn day_number(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

/// Midnight at the beginning of `date`, in whole milliseconds since 1970, UTC.
pub(crate) fn midnight_ms(date: NaiveDate, tz: Tz) -> i64 {
    instant_of(date.and_time(NaiveTime::MIN), tz).timestamp_millis()
}

/// `date` moved by some days; the end of the calendar where it would leave it.
pub(crate) fn moved(date: NaiveDate, days: i64) -> NaiveDate {
    let by = Days::new(days.unsigned_abs());
    if days < 0 {
        date.checked_sub_days(by).unwrap_or(NaiveDate::MIN)
    } else {
        date.checked_add_days(by).unwrap_or(NaiveDate::MAX)
    }
}

/// The instant of some milliseconds since 1970; the calendar's end where there is none.
pub(crate) fn instant(ms: i64) -> DateTime<Utc> {
    let end = if ms < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_millis(ms).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// The first instant, minute by minute, at which the wall clock has reached `local`.
    fn slowly(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
        let mut at = local.and_utc() - TimeDelta::hours(30);
        while wall_clock(at, tz) < local {
            at += TimeDelta::minutes(1);
        }
        at
    }

    #[test]
    fn a_missing_time_is_the_first_after_the_gap_and_a_doubled_one_the_first() {
        use chrono_tz::{America, Australia, Europe, Pacific};
        for (tz, date) in [
            (Europe::Berlin, (2026, 3, 29)),
            (Europe::Berlin, (2026, 10, 25)),
            (America::New_York, (2026, 3, 8)),
            (America::New_York, (2026, 11, 1)),
            (America::Sao_Paulo, (2018, 2, 17)),
            (America::Sao_Paulo, (2018, 11, 4)),
            (Australia::Lord_Howe, (2026, 4, 5)),
            (Australia::Lord_Howe, (2026, 10, 4)),
            (Pacific::Apia, (2011, 12, 30)),
        ] {
            let midnight = NaiveDate::from_ymd_opt(date.0, date.1, date.2).expect("a date").and_time(NaiveTime::MIN);
            for minutes in (0..1500).step_by(10) {
                let local = midnight + TimeDelta::minutes(minutes);
                assert_eq!(instant_of(local, tz), slowly(local, tz), "{local} in {tz}");
            }
        }
    }

    #[test]
    fn broadcast_days_follow_one_another_without_gap() {
        let tz = chrono_tz::Europe::Berlin;
        let mut at = NaiveDate::from_ymd_opt(2026, 3, 28).expect("a date").and_time(NaiveTime::MIN).and_utc();
        for _ in 0..300 {
            let day = broadcast_day(at, tz);
            assert!(day_start(day, tz) <= at && at < day_start(moved(day, 1), tz), "{at}");
            at += TimeDelta::minutes(17);
        }
        let spring = NaiveDate::from_ymd_opt(2026, 3, 29).expect("a date");
        assert_eq!(day_start(spring, tz) - day_start(moved(spring, -1), tz), TimeDelta::hours(23));
        assert_eq!(day_number(NaiveDate::from_ymd_opt(1969, 12, 31).expect("a date")), -1);
    }
}
