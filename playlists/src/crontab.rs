//! Five-field cron expressions, valid by construction, on the local wall clock.
//!
//! The `cron` crate reads each field (one wrapper, here); its own search is not used, because it wants both day fields to match
//! where crontab takes either, counts weekdays from 1 and loses its way in the hour that a clock shows twice.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use cron::{Schedule, TimeUnitSpec};
use serde::{Deserialize, Serialize};

/// Longest expression, in characters.
const LONGEST: usize = 500;
const NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Why a text is not a five-field cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not five fields.
    #[error("{0:?} must have five fields: minute, hour, day of month, month, day of week")]
    Fields(String),
    /// A field that cannot be read.
    #[error("{field} {text:?}: {reason}")]
    Field {
        /// Which of the five.
        field: &'static str,
        /// The field given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No date has this day, such as 30 February.
    #[error("{0:?} never matches: no such month has that day")]
    Never(String),
}

/// A five-field crontab expression, read on the local wall clock: minute, hour, day of month, month, day of week.
///
/// Fields take `*`, numbers, lists, ranges, steps after `*` or a range, and three-letter names of months and weekdays; 0 and 7
/// are Sunday. Where day of month and day of week are both restricted (other than `*`), either is enough. There is no `L`, `W`,
/// `#`, `?`, no seconds and no year; a date that never comes is refused.
///
/// ```
/// use playlists::window::Cron;
/// assert!("30 7 * * Mon-Fri".parse::<Cron>().is_ok());
/// assert!("0 0 30 2 *".parse::<Cron>().is_err());
/// let error = "0 25 * * *".parse::<Cron>().expect_err("there is no hour 25");
/// assert!(error.to_string().starts_with("hour \"25\""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u32,
    days: u32,
    months: u16,
    weekdays: u8,
    either_day: bool,
}

impl Cron {
    /// The expression as written, one space between fields.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches this minute of the wall clock; seconds are not looked at.
    #[must_use]
    pub fn matches(&self, local: NaiveDateTime) -> bool {
        self.on(local.date()) && self.hours >> local.hour() & 1 == 1 && self.minutes >> local.minute() & 1 == 1
    }

    /// The first match at or after `local` that is before `limit`.
    pub(crate) fn first_from(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        let up = u32::from(local.second() > 0 || local.nanosecond() > 0);
        let mut minute_of_day = local.hour() * 60 + local.minute() + up;
        let mut date = local.date();
        while date <= limit.date() {
            if self.on(date)
                && let Some((hour, minute)) = self.time_from(minute_of_day)
            {
                return date.and_hms_opt(hour, minute, 0).filter(|found| *found < limit);
            }
            minute_of_day = 0;
            date = date.succ_opt()?;
        }
        None
    }

    /// The last match at or before `local` that is not before `limit`.
    pub(crate) fn last_until(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut minute_of_day = local.hour() * 60 + local.minute();
        let mut date = local.date();
        while date >= limit.date() {
            if self.on(date)
                && let Some((hour, minute)) = self.time_until(minute_of_day)
            {
                return date.and_hms_opt(hour, minute, 0).filter(|found| *found >= limit);
            }
            minute_of_day = 24 * 60 - 1;
            date = date.pred_opt()?;
        }
        None
    }

    fn on(&self, date: NaiveDate) -> bool {
        let day = self.days >> date.day() & 1 == 1;
        let weekday = self.weekdays >> date.weekday().num_days_from_sunday() & 1 == 1;
        let either = if self.either_day { day || weekday } else { day && weekday };
        either && self.months >> date.month() & 1 == 1
    }

    fn time_from(&self, minute_of_day: u32) -> Option<(u32, u32)> {
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        if hour < 24
            && self.hours >> hour & 1 == 1
            && let Some(minute) = first_bit(self.minutes >> minute << minute)
        {
            return Some((hour, minute));
        }
        let later = if hour >= 23 { 0 } else { u64::from(self.hours) >> (hour + 1) << (hour + 1) };
        Some((first_bit(later)?, first_bit(self.minutes)?))
    }

    fn time_until(&self, minute_of_day: u32) -> Option<(u32, u32)> {
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        if self.hours >> hour & 1 == 1
            && let Some(minute) = last_bit(self.minutes & ((1 << (minute + 1)) - 1))
        {
            return Some((hour, minute));
        }
        Some((last_bit(u64::from(self.hours) & ((1 << hour) - 1))?, last_bit(self.minutes)?))
    }

    /// Whether any date at all matches: a weekday always comes, a day of a month only where a month of the list has it.
    fn comes(&self) -> bool {
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let day = (1_u32..).zip(longest).any(|(month, longest)| {
            self.months >> month & 1 == 1 && first_bit(u64::from(self.days)).is_some_and(|first| first <= longest)
        });
        day || self.either_day
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl FromStr for Cron {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        let shown = || text.chars().take(80).collect::<String>();
        let fields: Vec<_> = text.split_ascii_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else { return Err(CronError::Fields(shown())) };
        if text.len() > LONGEST {
            return Err(CronError::Fields(shown()));
        }
        let cron = Self {
            minutes: bits(&read("minute", minute, |f| format!("0 {f} * * * *"))?, Schedule::minutes),
            hours: narrow(bits(&read("hour", hour, |f| format!("0 0 {f} * * *"))?, Schedule::hours)),
            days: narrow(bits(&read("day of month", day, |f| format!("0 0 0 {f} * *"))?, Schedule::days_of_month)),
            months: (narrow(bits(&read("month", month, |f| format!("0 0 0 1 {f} *"))?, Schedule::months)) & 0x1fff) as u16,
            weekdays: weekdays(weekday)?,
            either_day: day != "*" && weekday != "*",
            text: fields.join(" "),
        };
        if cron.comes() { Ok(cron) } else { Err(CronError::Never(shown())) }
    }
}
impl TryFrom<String> for Cron {
    type Error = CronError;
    fn try_from(text: String) -> Result<Self, CronError> {
        text.parse()
    }
}
impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

fn fault(field: &'static str, text: &str, reason: impl Into<String>) -> CronError {
    CronError::Field { field, text: text.chars().take(80).collect(), reason: reason.into() }
}

/// Reads one field with the `cron` crate, as the only restriction of an expression of its own.
fn read(field: &'static str, text: &str, expression: impl Fn(&str) -> String) -> Result<Schedule, CronError> {
    for part in text.split(',') {
        let stepped = part.split_once('/').map(|(range, _)| range);
        if stepped.is_some_and(|range| range != "*" && !range.contains('-')) {
            return Err(fault(field, text, "a step follows * or a range"));
        }
        if part.split(|c: char| !c.is_ascii_alphabetic()).any(|name| !name.is_empty() && name.len() != 3) {
            return Err(fault(field, text, "names have three letters"));
        }
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b',' | b'-' | b'/')) {
        return Err(fault(field, text, "only digits, names, * , - and / are allowed"));
    }
    expression(text).parse().map_err(|error: cron::error::Error| {
        let reason = error.to_string();
        let short = reason.lines().last().unwrap_or_default().trim();
        fault(field, text, if short.is_empty() { "not understood" } else { short })
    })
}

/// Weekdays as bits, Sunday = 0. The crate counts from 1 = Sunday and knows no 0, so numbers are resolved here.
fn weekdays(text: &str) -> Result<u8, CronError> {
    let wrong = |reason: &str| fault("day of week", text, reason);
    let number = |day: &str| match day.parse::<u8>() {
        Ok(number @ 0..=7) if day.len() == 1 => Ok(number),
        _ => NAMES
            .iter()
            .zip(0..)
            .find_map(|(name, number)| name.eq_ignore_ascii_case(day).then_some(number))
            .ok_or_else(|| wrong("days are 0 to 7 or Mon to Sun")),
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|step| (1..=7).contains(step)))),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => (number(first)?, number(last)?),
            None if step.is_some() => return Err(wrong("a step follows * or a range")),
            None => (number(range)?, number(range)?),
        };
        // `Sat-Sun` ends the week: Sunday as an end is 7.
        let last = if last == 0 && first > 0 { 7 } else { last };
        if first > last {
            return Err(wrong("a range runs upwards"));
        }
        let step = step.unwrap_or(Some(1)).ok_or_else(|| wrong("a step is 1 to 7"))?;
        bits |= (first..=last).step_by(step).fold(0, |bits, day| bits | 1 << (day % 7));
    }
    Ok(bits)
}

fn bits<'a, U: TimeUnitSpec + 'a>(schedule: &'a Schedule, unit: impl Fn(&'a Schedule) -> &'a U) -> u64 {
    unit(schedule).iter().fold(0, |bits, ordinal| bits | 1 << ordinal)
}

/// Hours, days and months have at most 32 bits.
fn narrow(bits: u64) -> u32 {
    u32::try_from(bits).unwrap_or(u32::MAX)
}

fn first_bit(bits: u64) -> Option<u32> {
    (bits != 0).then(|| bits.trailing_zeros())
}

fn last_bit(bits: u64) -> Option<u32> {
    (bits != 0).then(|| 63 - bits.leading_zeros())
}
