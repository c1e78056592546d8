//! Operating hours: when a board is lit, in its own local time.

use chrono::{NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// Most intervals of one weekday or date.
pub const MOST_INTERVALS: usize = 8;
/// Most dated exceptions.
pub const MOST_EXCEPTIONS: usize = 366;

/// From a local time to another; `until` at or before `from` lies on the next day. It belongs to the date it starts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    /// First minute, local time.
    #[serde(with = "hour_minute")]
    pub from: NaiveTime,
    /// First minute after it, local time.
    #[serde(with = "hour_minute")]
    pub until: NaiveTime,
}

/// The intervals of some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// `Mon` to `Sun`.
    pub days: Vec<Weekday>,
    /// When the board is lit on those days.
    pub intervals: Vec<Interval>,
}

/// The intervals of one date, instead of its weekday's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Local date.
    pub date: NaiveDate,
    /// When the board is lit instead; none means dark.
    #[serde(default)]
    pub intervals: Vec<Interval>,
    /// Dark from 00:00 to 24:00 of this date whatever began the day before.
    #[serde(default)]
    pub whole_day: bool,
}

/// When a board is lit. A manifest without hours is lit always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// By weekday; a weekday named nowhere is dark.
    pub weekly: Vec<Weekly>,
    /// By date, replacing what the weekday says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// Local times as `05:30`.
mod hour_minute {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| serde::de::Error::custom(format!("{text:?} is not a time like 05:30")))
    }
}
