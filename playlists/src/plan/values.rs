//! Single values of a plan, as they are written: local times, lengths, intervals of a day.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::hours;
use crate::local::{instant_of, wall_clock};

/// A value that is not written as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct ValueError {
    text: String,
    what: &'static str,
}

fn wrong(text: &str, what: &'static str) -> ValueError {
    ValueError { text: text.chars().take(60).collect(), what }
}

macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = ValueError;
            fn try_from(text: String) -> Result<Self, ValueError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

/// A date or time as people write it: local (`2026-02-17`, `2026-02-17T05:30`, seconds and milliseconds where needed), or an instant
/// with its offset (`2026-02-16T22:30:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum When {
    /// A local date: as a beginning its 00:00, as an end the next date's, so that it is included.
    Date(NaiveDate),
    /// A local time.
    Local(NaiveDateTime),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl When {
    /// The instant at which something that is from then begins.
    #[must_use]
    pub fn begins(self, tz: Tz) -> DateTime<Utc> {
        match self {
            Self::Date(date) => instant_of(date.and_time(NaiveTime::MIN), tz),
            Self::Local(local) => instant_of(local, tz),
            Self::Instant(instant) => instant,
        }
    }
    /// The first instant after something that is until then.
    #[must_use]
    pub fn ends(self, tz: Tz) -> DateTime<Utc> {
        match self {
            Self::Date(date) => Self::Date(date.succ_opt().unwrap_or(date)).begins(tz),
            Self::Local(_) | Self::Instant(_) => self.begins(tz),
        }
    }
    /// The shortest way to write a beginning.
    #[must_use]
    pub fn beginning(instant: DateTime<Utc>, tz: Tz) -> Self {
        let date = Self::Date(wall_clock(instant, tz).date());
        if date.begins(tz) == instant { date } else { Self::time(instant, tz) }
    }
    /// The shortest way to write an end.
    #[must_use]
    pub fn end(instant: DateTime<Utc>, tz: Tz) -> Self {
        match wall_clock(instant, tz).date().pred_opt().map(Self::Date) {
            Some(date) if date.ends(tz) == instant => date,
            Some(_) | None => Self::time(instant, tz),
        }
    }
    /// Local, unless the wall clock shows that time twice and this is the second.
    fn time(instant: DateTime<Utc>, tz: Tz) -> Self {
        let local = Self::Local(wall_clock(instant, tz));
        if local.begins(tz) == instant { local } else { Self::Instant(instant) }
    }
}

impl FromStr for When {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected =
            "a date or time; write 2026-02-17, 2026-02-17T05:30 (local) or 2026-02-16T22:30:00Z, to the millisecond at most";
        if text.len() == 10
            && let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        {
            return Ok(Self::Date(date));
        }
        let whole = |nanos: u32| nanos.is_multiple_of(1_000_000);
        let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
        if let Some(local) = local.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
            return if whole(local.nanosecond()) { Ok(Self::Local(local)) } else { Err(wrong(text, expected)) };
        }
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| wrong(text, expected))?.with_timezone(&Utc);
        if whole(instant.nanosecond()) { Ok(Self::Instant(instant)) } else { Err(wrong(text, expected)) }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Local(local) if local.time().num_seconds_from_midnight() % 60 == 0 && local.nanosecond() == 0 => {
                write!(f, "{}", local.format("%Y-%m-%dT%H:%M"))
            }
            Self::Local(local) => write!(f, "{}", local.format("%Y-%m-%dT%H:%M:%S%.f")),
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}
as_text!(When);

/// How long something lasts: `8s`, `2.5s`, `90min`, `18h`, `3d` (24 hours each), `40ms`; whole milliseconds of elapsed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Length(pub Duration);

/// Units, the longest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for Length {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = "a length; write a number and its unit, such as 8s, 2.5s, 90min, 18h or 3d";
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = text.strip_suffix(unit).unwrap_or_default();
        let of_unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms).ok_or_else(|| wrong(text, expected))?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let (Ok(whole), Ok(share)) = (whole.parse::<u64>(), part.parse::<u64>()) else { return Err(wrong(text, expected)) };
        let scale = 10_u64.checked_pow(u32::try_from(part.len()).unwrap_or(u32::MAX)).ok_or_else(|| wrong(text, expected))?;
        let share = share.checked_mul(of_unit).filter(|share| share % scale == 0).map(|share| share / scale);
        let ms = whole.checked_mul(of_unit).zip(share).and_then(|(whole, share)| whole.checked_add(share));
        ms.map(|ms| Self(Duration::from_millis(ms))).ok_or_else(|| wrong(text, expected))
    }
}
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = crate::millis::of(self.0);
        let (unit, of_unit) = UNITS.iter().find(|(_, of_unit)| ms.is_multiple_of(*of_unit) && ms > 0).unwrap_or(&("s", 1_000));
        write!(f, "{}{unit}", ms / of_unit)
    }
}
as_text!(Length);

/// From a local time to another, `05:30-22:00`; an end at or before its beginning lies on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(NaiveTime, NaiveTime);

impl FromStr for Interval {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = "an interval of local times such as 05:30-22:00; midnight is 00:00";
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let times = text.split_once(['-', '–']).and_then(|(from, until)| time(from).zip(time(until)));
        times.map(|(from, until)| Self(from, until)).ok_or_else(|| wrong(text, expected))
    }
}
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.format("%H:%M"), self.1.format("%H:%M"))
    }
}
as_text!(Interval);

impl From<Interval> for hours::Interval {
    fn from(interval: Interval) -> Self {
        Self { from: interval.0, until: interval.1 }
    }
}
impl From<hours::Interval> for Interval {
    fn from(interval: hours::Interval) -> Self {
        Self(interval.from, interval.until)
    }
}

/// Serde form of values that are texts in a plan and more than that elsewhere.
pub(super) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::plan) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
    pub(in crate::plan) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Serde form of values that are written as a number, or as a word where they are none.
pub(super) mod number_or_word {
    use std::fmt::Display;

    use serde::Serializer;

    pub(in crate::plan) use super::text::deserialize;

    pub(in crate::plan) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let text = value.to_string();
        match text.parse::<u64>() {
            Ok(number) => serializer.serialize_u64(number),
            Err(_) => serializer.serialize_str(&text),
        }
    }
}

/// Serde form of a time zone: its IANA name.
pub(super) mod zone {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(in crate::plan) fn serialize<S: Serializer>(zone: &Option<Tz>, serializer: S) -> Result<S::Ok, S::Error> {
        match zone {
            Some(zone) => serializer.serialize_str(zone.name()),
            None => serializer.serialize_none(),
        }
    }
    pub(in crate::plan) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tz>, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let zone = name.parse().map_err(|_| {
            serde::de::Error::custom(format!("{name:?} is no time zone; write an IANA name such as Asia/Ho_Chi_Minh"))
        })?;
        Ok(Some(zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_in_its_largest_unit() {
        for (text, ms, written) in [
            ("8s", 8_000, "8s"),
            ("2.5s", 2_500, "2500ms"),
            ("90min", 5_400_000, "90min"),
            ("24h", 86_400_000, "1d"),
            ("0.5h", 1_800_000, "30min"),
            ("0s", 0, "0s"),
        ] {
            let length: Length = text.parse().expect(text);
            assert_eq!((length.0.as_millis(), length.to_string().as_str()), (ms, written), "{text}");
        }
        for bad in ["", "8", "s", "8 s", "-8s", "1e3s", "0.0001s", "8m", "99999999999999999999s", "1.s", ".5s"] {
            assert!(bad.parse::<Length>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_as_an_end_includes_that_date_and_is_written_as_one() {
        let tz = chrono_tz::Europe::Berlin;
        let day: When = "2026-03-29".parse().expect("a date");
        assert_eq!(day.begins(tz).to_rfc3339(), "2026-03-28T23:00:00+00:00");
        assert_eq!(day.ends(tz).to_rfc3339(), "2026-03-29T22:00:00+00:00");
        assert_eq!((When::beginning(day.begins(tz), tz), When::end(day.ends(tz), tz)), (day, day));
        let twice: DateTime<Utc> = "2026-10-25T01:30:00Z".parse().expect("an instant");
        assert_eq!(When::end(twice, tz).to_string(), "2026-10-25T01:30:00Z", "02:30 for the second time");
        assert_eq!(When::end(twice - chrono::TimeDelta::hours(1), tz).to_string(), "2026-10-25T02:30");
        for good in ["2026-02-17T05:30", "2026-02-17T05:30:01", "2026-02-17T05:30:01.250", "2026-02-16T22:30:00Z"] {
            assert_eq!(good.parse::<When>().expect(good).to_string(), good);
        }
        for bad in ["2026-02-30", "17.02.2026", "2026-02-17 05:30", "2026-02-17T05:30:00.0001", "2026-2-17", "now"] {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_interval_is_two_local_times() {
        let night: Interval = "22:00-02:00".parse().expect("an interval");
        assert_eq!(night.to_string(), "22:00-02:00");
        for bad in ["22:00", "22-23", "24:00-25:00", "22:00-", ""] {
            assert!(bad.parse::<Interval>().is_err(), "{bad}");
        }
    }
}
