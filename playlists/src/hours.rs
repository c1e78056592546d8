//! Operating hours: when a board is lit, in its own local time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::local::{broadcast_day, day_start, instant, instant_of, midnight_ms, moved, wall_clock};
use crate::span::{Span, union};

/// Most intervals of one weekday or date.
pub const MOST_INTERVALS: usize = 8;
/// Most dated exceptions.
pub const MOST_EXCEPTIONS: usize = 366;

/// Days within which a board that is lit on some weekday is lit again: each exception can take one week's only day away.
const SEARCH_DAYS: i64 = (MOST_EXCEPTIONS as i64 + 3) * 7;
/// The widest a dark stretch can be, 1900 to 2200: a board that is never lit again is dark until then.
const FOREVER: Span = Span { from: -2_208_988_800_000, until: 7_258_118_400_000 };

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

impl Hours {
    /// Whether the board is lit at `now`.
    ///
    /// An interval belongs to the date it starts on, across midnight too; an exception replaces those of its date (several of one
    /// date count together); a `whole_day` exception darkens 00:00 to 24:00 of its date whatever began before or is named beside it.
    #[must_use]
    pub fn is_lit(&self, now: DateTime<Utc>, tz: Tz) -> bool {
        let at = now.timestamp_millis();
        !self.lit(Span { from: at, until: at + 1 }, tz).is_empty()
    }

    /// When the board is lit within `range`: sorted and apart.
    pub(crate) fn lit(&self, range: Span, tz: Tz) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut date = moved(wall_clock(instant(range.from), tz).date(), -1);
        let last = moved(wall_clock(instant(range.until), tz).date(), 1);
        while date <= last {
            spans.extend(self.lit_on(date, tz).into_iter().map(|span| span.and(range)));
            date = moved(date, 1);
        }
        union(spans)
    }

    /// The whole dark stretch around `at`, an instant at which the board is dark: from the last lit instant to the next.
    pub(crate) fn dark_around(&self, at: i64, tz: Tz) -> Span {
        let today = wall_clock(instant(at), tz).date();
        let before = |span: &Span| span.until <= at;
        let after = |span: &Span| span.from > at;
        let near = |sign: i64| (-1..self.search_days()).map(move |days| moved(today, sign * days));
        let mut dates: Vec<_> = self.exceptions.iter().flat_map(|e| [e.date, moved(e.date, 1)]).collect();
        dates.sort_unstable();
        let past = near(-1).chain(dates.iter().rev().copied());
        let future = near(1).chain(dates.iter().copied());
        let since = past.flat_map(|date| self.lit_on(date, tz).into_iter().rev()).find(before).map(|span| span.until);
        let until = future.flat_map(|date| self.lit_on(date, tz)).find(after).map(|span| span.from);
        Span { from: since.unwrap_or(FOREVER.from.min(at)), until: until.unwrap_or(FOREVER.until.max(at)) }
    }

    fn search_days(&self) -> i64 {
        let ever = self.weekly.iter().any(|weekly| !weekly.days.is_empty() && !weekly.intervals.is_empty());
        if ever { SEARCH_DAYS } else { 2 }
    }

    /// When the board is lit within 00:00 to 24:00 of `date`.
    fn lit_on(&self, date: NaiveDate, tz: Tz) -> Vec<Span> {
        if self.exceptions.iter().any(|e| e.whole_day && e.date == date) {
            return Vec::new();
        }
        let day = Span { from: midnight_ms(date, tz), until: midnight_ms(moved(date, 1), tz) };
        let begun_before = self.starting_on(moved(date, -1), tz);
        union(begun_before.into_iter().chain(self.starting_on(date, tz)).map(|span| span.and(day)).collect())
    }

    /// The intervals that belong to `date`, as instants.
    fn starting_on(&self, date: NaiveDate, tz: Tz) -> Vec<Span> {
        let span = |interval: &Interval| {
            let end = if interval.until <= interval.from { moved(date, 1) } else { date };
            let from = instant_of(date.and_time(interval.from), tz).timestamp_millis();
            Span { from, until: instant_of(end.and_time(interval.until), tz).timestamp_millis() }
        };
        if self.exceptions.iter().any(|e| e.date == date) {
            return self.exceptions.iter().filter(|e| e.date == date).flat_map(|e| &e.intervals).map(span).collect();
        }
        self.weekly.iter().filter(|w| w.days.contains(&date.weekday())).flat_map(|w| &w.intervals).map(span).collect()
    }
}

/// Hours that are `old` until an instant and `new` from then on, as far as the broadcast day of that instant and all later ones go:
/// so that the past of the day's list stays when hours are changed. None stands for lit always.
///
/// The days until then are told as exceptions, in whole local minutes. The inner none: lit always. The outer none: the change cannot be
/// told in this way: in the hour that a clock shows twice, within a minute, or where hours are named beside a `whole_day` exception.
#[must_use]
pub fn changed_at(old: Option<&Hours>, new: Option<&Hours>, at: DateTime<Utc>, tz: Tz) -> Option<Option<Hours>> {
    let today = broadcast_day(at, tz);
    let (day_ms, at_ms) = (day_start(today, tz).timestamp_millis(), at.timestamp_millis());
    let lit = |hours: Option<&Hours>, range: Span| hours.map_or_else(|| vec![range], |hours| hours.lit(range, tz));
    let past = Span { from: day_ms, until: at_ms };
    if past.is_empty() || lit(old, past) == lit(new, past) {
        return Some(new.cloned());
    }
    let last = wall_clock(at, tz).date();
    let (dates, after) = ([today, moved(today, 1)].into_iter().filter(|date| *date <= last), midnight_ms(moved(last, 1), tz));
    let mut told = new.cloned().unwrap_or_else(always);
    // What an interval of the last date reaches into the next one stays.
    let reaches = told.starting_on(last, tz).into_iter().map(|span| span.until).filter(|until| *until > after).max();
    told.exceptions.retain(|exception| exception.date < moved(today, -1) || exception.date > last);
    told.exceptions.push(Exception { date: moved(today, -1), intervals: Vec::new(), whole_day: false });
    let old_and_new = |range: Span| {
        let (before, since) = (Span { until: at_ms.min(range.until), ..range }, Span { from: at_ms.max(range.from), ..range });
        union(lit(old, before).into_iter().chain(lit(new, since)).collect())
    };
    for date in dates {
        let day = Span { from: midnight_ms(date, tz), until: midnight_ms(moved(date, 1), tz) };
        let mut spans = old_and_new(day);
        if let Some(span) = spans.last_mut().filter(|span| date == last && span.until == after) {
            span.until = reaches.unwrap_or(after);
        }
        let clock = |ms: i64| wall_clock(instant(ms), tz).time();
        // A span of more than a day is told in two: no interval is longer than a day.
        let cut = day.until - 60_000;
        let whole = |span: &Span| {
            if span.until > day.until { vec![Span { until: cut, ..*span }, Span { from: cut, ..*span }] } else { vec![*span] }
        };
        let parts = spans.iter().flat_map(whole).filter(|span| !span.is_empty());
        let intervals: Vec<_> = parts.map(|s| Interval { from: clock(s.from), until: clock(s.until) }).collect();
        let dark = Exception { date, intervals: Vec::new(), whole_day: false };
        told.exceptions.push(dark.clone());
        told.exceptions
            .extend(intervals.chunks(MOST_INTERVALS).map(|part| Exception { intervals: part.to_vec(), ..dark.clone() }));
    }
    told.exceptions.sort_by_key(|exception| exception.date);
    let future = Span { from: at_ms, until: midnight_ms(moved(last, 3), tz) };
    let holds = told.lit(past, tz) == lit(old, past) && told.lit(future, tz) == lit(new, future);
    (holds && told.exceptions.len() <= MOST_EXCEPTIONS).then_some(Some(told))
}

/// Lit always, as weekly hours.
fn always() -> Hours {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let day = Interval { from: NaiveTime::MIN, until: NaiveTime::MIN };
    Hours { weekly: vec![Weekly { days: vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], intervals: vec![day] }], exceptions: Vec::new() }
}

/// Local times as `05:30`.
pub(crate) mod hour_minute {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a time like 05:30")))
    }
}
