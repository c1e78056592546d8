//! The Vietnamese lunar calendar at UTC+7: which civil date a lunar date falls on.
//!
//! The months are a table, not astronomy: sines differ from one machine's mathematics to another's, and two months come within a
//! minute of midnight. The table was computed by Hồ Ngọc Đức's method; for 1970 to 2100 it is what
//! `data/lunar_months_1970_2100.csv` says, which is the law (a test holds them together).

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Serialize};

/// The first lunar year known.
pub const FIRST_YEAR: i32 = 1900;
/// The last lunar year known: it ends on 28 January 2101.
pub const LAST_YEAR: i32 = 2100;

/// Every lunar year from [`FIRST_YEAR`]: bits 17–22 how many days after 1 January it begins, 13–16 the month after which a leap
/// month of the same number follows (0: none), 0–12 for each month in order whether it has 30 days, else 29.
const YEARS: [u32; 201] = [
    0x3d16d2, 0x620752, 0x4c06a5, 0x36b64b, 0x5c064b, 0x440c9b, 0x30955a, 0x56056a, 0x400b69, 0x2a5752, 0x500b52, 0x3adb25,
    0x600b25, 0x480a4b, 0x32b4ab, 0x5802ad, 0x42056d, 0x2c6b69, 0x520da9, 0x3efd92, 0x640e92, 0x4c0d25, 0x36da4d, 0x5c0a56,
    0x4602b6, 0x2e95b5, 0x5606d4, 0x400ea9, 0x2c5e92, 0x500e92, 0x3acd26, 0x5e052b, 0x480a57, 0x32b4d6, 0x58035a, 0x4206d5,
    0x2e76c9, 0x520749, 0x3d1693, 0x620a95, 0x4c052b, 0x34ca5b, 0x5a0aad, 0x46056a, 0x309b55, 0x560ba4, 0x400b49, 0x2a5a95,
    0x500a95, 0x38f52d, 0x5e0556, 0x480ab5, 0x34b5aa, 0x5805d2, 0x420da5, 0x2e7d4a, 0x540e4a, 0x3d0c96, 0x600a97, 0x4c0556,
    0x36cab5, 0x5a0ad9, 0x4606d2, 0x308ea5, 0x560725, 0x3e064b, 0x286c97, 0x4e049b, 0x38e55b, 0x5c056b, 0x480b69, 0x34b752,
    0x5a0b52, 0x420b25, 0x2c9a4b, 0x520a4d, 0x3d14ab, 0x6002ad, 0x4a05ad, 0x36cb6a, 0x5c0da9, 0x460d92, 0x309d25, 0x560d25,
    0x400a55, 0x2854ad, 0x4e04b6, 0x38e5b5, 0x5e06d5, 0x480ec9, 0x34be92, 0x5a0e92, 0x440d26, 0x2c6a56, 0x500a57, 0x3d1556,
    0x62056a, 0x4a0b55, 0x36b6c9, 0x5c0749, 0x460693, 0x2e952b, 0x54052b, 0x3e0a5b, 0x2a555a, 0x4e056a, 0x38eb65, 0x5e0ba5,
    0x4a0d49, 0x32ba95, 0x580a95, 0x42052d, 0x2c8aad, 0x500ab5, 0x3d35aa, 0x6205d2, 0x4c0da5, 0x36dd4a, 0x5c0e4a, 0x460c96,
    0x30992e, 0x540556, 0x3e0ab5, 0x2a55b2, 0x5006d2, 0x38cea5, 0x5e0725, 0x48064b, 0x32ac97, 0x5604ab, 0x40055b, 0x2c6ada,
    0x520b6a, 0x3d7752, 0x620b92, 0x4c0b25, 0x36da4b, 0x5a0a4d, 0x4404ad, 0x2ea95b, 0x5405ad, 0x3e0baa, 0x2a5b52, 0x500d92,
    0x3afd25, 0x5e0d25, 0x480a55, 0x32b4ad, 0x5804b6, 0x4006b5, 0x2c6daa, 0x520eca, 0x3f0e92, 0x600e93, 0x4c0d26, 0x36ca56,
    0x5a0a5b, 0x44055a, 0x2e8ad5, 0x540b55, 0x40074a, 0x286e93, 0x4e0a93, 0x38f52b, 0x5e052b, 0x460a9b, 0x32b55a, 0x58056a,
    0x420b65, 0x2c974a, 0x520d4a, 0x3d1a95, 0x620a95, 0x4a092d, 0x34caad, 0x5a0ab5, 0x4605aa, 0x2e8ba5, 0x540ea5, 0x400d4a,
    0x2a7d15, 0x4e0c96, 0x38f956, 0x5e0556, 0x480ab5, 0x32b6b4, 0x5806d4, 0x420ea5, 0x2e8e8a, 0x50068b, 0x3b1497, 0x6004ab,
    0x4a095b, 0x34cada, 0x5a0b6a, 0x460754, 0x309725, 0x540b45, 0x3e0a8b, 0x28552b, 0x4e04ad,
];

/// One lunar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// The lunar year: that in which it began.
    pub year: i32,
    /// 1 to 12.
    pub number: u8,
    /// Whether it repeats the number of the month before.
    pub leap: bool,
    /// The civil date of its first day.
    pub first_day: NaiveDate,
    /// 29 or 30.
    pub days: u8,
    /// Its place in the year, from 0.
    place: u8,
}

impl Month {
    /// The month that holds a civil date; none outside the years known.
    ///
    /// ```
    /// use playlists::lunar::Month;
    /// let tet = chrono::NaiveDate::from_ymd_opt(2030, 2, 2).expect("a date");
    /// let month = Month::of(tet).expect("within the table");
    /// assert_eq!((month.year, month.number, month.first_day), (2030, 1, tet));
    /// ```
    #[must_use]
    pub fn of(date: NaiveDate) -> Option<Self> {
        let year = if first_of(date.year()).is_some_and(|first| first <= date) { date.year() } else { date.year() - 1 };
        let mut month = Self::first(year)?;
        while date.signed_duration_since(month.first_day).num_days() >= i64::from(month.days) {
            month = month.next()?;
        }
        Some(month)
    }

    /// The month after this one; none at the end of the years known.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let (row, place) = (row(self.year)?, self.place + 1);
        if place >= months(row) {
            return Self::first(self.year + 1);
        }
        Some(Self::at(self.year, row, place, self.first_day.checked_add_days(Days::new(u64::from(self.days)))?))
    }

    /// The month before this one; none at the beginning of the years known.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Self::of(self.first_day.pred_opt()?)
    }

    fn first(year: i32) -> Option<Self> {
        Some(Self::at(year, row(year)?, 0, first_of(year)?))
    }

    fn at(year: i32, row: u32, place: u8, first_day: NaiveDate) -> Self {
        let after = leap_after(row);
        let past_leap = after > 0 && place >= after;
        let number = if past_leap { place } else { place + 1 };
        Self { year, number, leap: after > 0 && place == after, first_day, days: 29 + u8::from(row >> place & 1 == 1), place }
    }
}

fn row(year: i32) -> Option<u32> {
    YEARS.get(usize::try_from(year.checked_sub(FIRST_YEAR)?).ok()?).copied()
}

/// The civil date on which a lunar year begins: Tết.
fn first_of(year: i32) -> Option<NaiveDate> {
    let days = u64::from(row(year)? >> 17 & 0x3f);
    NaiveDate::from_ymd_opt(year, 1, 1)?.checked_add_days(Days::new(days))
}

const fn leap_after(row: u32) -> u8 {
    (row >> 13 & 0xf) as u8
}

const fn months(row: u32) -> u8 {
    if leap_after(row) > 0 { 13 } else { 12 }
}

/// A day within a lunar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DayForm", into = "DayForm")]
pub enum Day {
    /// The 1st to the 30th; a month of 29 days has no 30th.
    Number(u8),
    /// The 29th or the 30th.
    Last,
}

/// Which lunar months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MonthForm", into = "MonthForm")]
pub enum Months {
    /// Every one, leap months too: mùng 1, rằm.
    Every,
    /// The one of this number, 1 to 12; a leap month does not repeat it.
    Number(u8),
}

/// A date that recurs by the lunar calendar, at a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LunarDate {
    /// In which months.
    pub month: Months,
    /// On which day of them.
    pub day: Day,
    /// When on that day, local time of the board.
    #[serde(with = "crate::hours::hour_minute")]
    pub at: NaiveTime,
}

/// Why a lunar date is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LunarError {
    /// No month of this number.
    #[error("{0:?} is no lunar month; there are 1 to 12, and * for every month")]
    Month(String),
    /// No day of this number.
    #[error("{0:?} is no day of a lunar month; there are 1 to 30, and last")]
    Day(String),
}

impl LunarDate {
    fn in_month(&self, month: Month) -> Option<NaiveDateTime> {
        let named = match self.month {
            Months::Every => true,
            Months::Number(number) => number == month.number && !month.leap,
        };
        let day = match self.day {
            Day::Number(day) => day,
            Day::Last => month.days,
        };
        let days = Days::new(u64::from(day.checked_sub(1)?));
        (named && day <= month.days).then(|| month.first_day.checked_add_days(days))?.map(|date| date.and_time(self.at))
    }

    /// The first at or after `local` that is before `limit`.
    pub(crate) fn first_from(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        // A clock that shows seconds is past the minute.
        let local = if local.second() > 0 || local.nanosecond() > 0 { local + TimeDelta::minutes(1) } else { local };
        let local = local.with_second(0)?.with_nanosecond(0)?;
        let mut month =
            Month::of(local.date()).or_else(|| Month::first(FIRST_YEAR).filter(|first| first.first_day > local.date()))?;
        while month.first_day <= limit.date() {
            if let Some(found) = self.in_month(month).filter(|found| *found >= local) {
                return (found < limit).then_some(found);
            }
            month = month.next()?;
        }
        None
    }

    /// The last at or before `local` that is not before `limit`.
    pub(crate) fn last_until(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        let last = || Month::first(LAST_YEAR).and_then(|first| std::iter::successors(Some(first), |month| month.next()).last());
        let mut month = Month::of(local.date()).or_else(|| last().filter(|last| last.first_day < local.date()))?;
        loop {
            if let Some(found) = self.in_month(month).filter(|found| *found <= local) {
                return (found >= limit).then_some(found);
            }
            if month.first_day < limit.date() {
                return None;
            }
            month = month.before()?;
        }
    }
}

impl FromStr for Months {
    type Err = LunarError;
    fn from_str(text: &str) -> Result<Self, LunarError> {
        match text.parse() {
            _ if text == "*" => Ok(Self::Every),
            Ok(number @ 1..=12) => Ok(Self::Number(number)),
            _ => Err(LunarError::Month(text.chars().take(40).collect())),
        }
    }
}
impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("*"),
            Self::Number(number) => number.fmt(f),
        }
    }
}
impl FromStr for Day {
    type Err = LunarError;
    fn from_str(text: &str) -> Result<Self, LunarError> {
        match text.parse() {
            _ if text == "last" => Ok(Self::Last),
            Ok(number @ 1..=30) => Ok(Self::Number(number)),
            _ => Err(LunarError::Day(text.chars().take(40).collect())),
        }
    }
}
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// On the wire: a number, or a word.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(u64),
    Word(String),
}
type MonthForm = Form;
type DayForm = Form;

impl Form {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Word(word) => word,
        }
    }
}
impl TryFrom<Form> for Months {
    type Error = LunarError;
    fn try_from(form: Form) -> Result<Self, LunarError> {
        form.text().parse()
    }
}
impl From<Months> for Form {
    fn from(months: Months) -> Self {
        match months {
            Months::Every => Self::Word("*".to_owned()),
            Months::Number(number) => Self::Number(u64::from(number)),
        }
    }
}
impl TryFrom<Form> for Day {
    type Error = LunarError;
    fn try_from(form: Form) -> Result<Self, LunarError> {
        form.text().parse()
    }
}
impl From<Day> for Form {
    fn from(day: Day) -> Self {
        match day {
            Day::Last => Self::Word("last".to_owned()),
            Day::Number(number) => Self::Number(u64::from(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Day 1 of a month, lunar year and month, whether it is a leap month, number of days.
    fn law() -> Vec<(NaiveDate, i32, u8, bool, u8)> {
        let rows = include_str!("../data/lunar_months_1970_2100.csv").lines().skip(1);
        rows.map(|row| {
            let fields: Vec<_> = row.split(',').collect();
            let &[first, year, month, leap, days] = fields.as_slice() else { panic!("{row}") };
            let number = |text: &str| text.parse().expect("a number");
            (first.parse().expect("a date"), year.parse().expect("a year"), number(month), leap == "1", number(days))
        })
        .collect()
    }

    #[test]
    fn every_month_from_1970_to_2100_is_the_one_of_the_law() {
        let law = law();
        assert_eq!(law.len(), 1622);
        for (first, year, number, leap, days) in law {
            for day in [0, 1, days - 1] {
                let month = Month::of(first + Days::new(u64::from(day))).expect("within the table");
                let found = (month.first_day, month.year, month.number, month.leap, month.days);
                assert_eq!(found, (first, year, number, leap, days));
            }
        }
    }

    #[test]
    fn months_follow_one_another_from_the_first_to_the_last() {
        let mut month = Month::first(FIRST_YEAR).expect("the first");
        assert_eq!((month.before(), month.first_day), (None, NaiveDate::from_ymd_opt(1900, 1, 31).expect("a date")));
        while let Some(next) = month.next() {
            assert_eq!(next.first_day, month.first_day + Days::new(u64::from(month.days)));
            assert_eq!(next.before(), Some(month));
            month = next;
        }
        let end = month.first_day + Days::new(u64::from(month.days));
        assert_eq!(end, NaiveDate::from_ymd_opt(2101, 1, 29).expect("a date"));
        assert_eq!(Month::of(end), None);
    }

    #[test]
    fn a_month_or_day_that_is_none_is_refused() {
        for bad in ["0", "13", "", "-1", "Giêng", "**", "1.5"] {
            assert!(bad.parse::<Months>().is_err(), "{bad}");
        }
        for bad in ["0", "31", "*", "Last", ""] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        for json in [r#"{"month":13,"day":1,"at":"07:00"}"#, r#"{"month":1,"day":0,"at":"07:00"}"#, r#"{"month":1,"day":1}"#] {
            assert!(serde_json::from_str::<LunarDate>(json).is_err(), "{json}");
        }
        let date = r#"{"month":"*","day":"last","at":"07:00"}"#;
        let read: LunarDate = serde_json::from_str(date).expect("a lunar date");
        assert_eq!(serde_json::to_string(&read).expect("it is written"), date);
    }
}
