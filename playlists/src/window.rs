//! Windows: recurring dayparts in local time, by five-field cron or by the lunar calendar.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use crate::crontab::{Cron, CronError};
use crate::local::{day_number, instant, instant_of, wall_clock};
pub use crate::lunar::LunarDate;
use crate::span::Span;

/// Shortest window.
pub const SHORTEST_WINDOW: Duration = Duration::from_secs(60);
/// Longest window.
pub const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 3600);
/// How far a wall clock may be set back in one go, in hours.
const FOLD_HOURS: i64 = 3;
/// Days within which a window's next start lies: nine years, since 29 February may be eight years away (2096 to 2104).
const SEARCH_DAYS: u64 = 9 * 366;
/// The same where weeks are taken away, or the date is a lunar one: a 30th of the 12th month may be nine years away.
const LONG_SEARCH_DAYS: u64 = 60 * 366;

/// Most excluded dates of one window.
pub const MOST_EXCEPT: usize = 366;
/// Most weeks of which a window takes one.
pub const MOST_WEEKS: u8 = 52;

/// Why a window is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Outside one minute to 31 days.
    #[error("a window lasts one minute to 31 days, not {0:?}")]
    Duration(Duration),
    /// Not a cron expression.
    #[error(transparent)]
    Cron(CronError),
    /// Both or neither.
    #[error("a window has either cron or lunar")]
    Starts,
    /// More excluded dates than [`MOST_EXCEPT`].
    #[error("a window excludes at most {MOST_EXCEPT} dates, not {0}")]
    Except(usize),
    /// Outside 1 to [`MOST_WEEKS`].
    #[error("a window takes one of 1 to {MOST_WEEKS} weeks, not of {0}")]
    Weeks(u8),
}

/// When a window starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starts {
    /// At each local time that the expression matches.
    Cron(Cron),
    /// On a date of the lunar calendar.
    Lunar(LunarDate),
}

impl Starts {
    fn first_from(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Cron(cron) => cron.first_from(local, limit),
            Self::Lunar(date) => date.first_from(local, limit),
        }
    }
    fn last_until(&self, local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Cron(cron) => cron.last_until(local, limit),
            Self::Lunar(date) => date.last_until(local, limit),
        }
    }
}

/// One week of every so many, Monday to Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weeks {
    /// Of how many weeks one counts: 1 to [`MOST_WEEKS`].
    pub every: u8,
    /// A date in a week that counts; weeks before it count likewise.
    pub of: NaiveDate,
}

impl Weeks {
    fn holds(self, date: NaiveDate) -> bool {
        // 1970-01-01 was a Thursday, so its week began three days before.
        let week = |date| (day_number(date) + 3).div_euclid(7);
        (week(date) - week(self.of)).rem_euclid(i64::from(self.every.max(1))) == 0
    }
}

/// A recurring daypart: it starts at each local instant of its [`Starts`], less excluded dates and weeks, and lasts `duration` of
/// elapsed time, across midnight too.
///
/// ```
/// use std::time::Duration;
/// use playlists::window::Window;
/// let night = Window::new("0 22 * * Mon".parse()?, Duration::from_secs(8 * 3600))?;
/// let tuesday = "2026-11-23T17:30:00Z".parse()?; // 00:30 in Hanoi
/// assert!(night.contains(tuesday, chrono_tz::Asia::Ho_Chi_Minh));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Window {
    starts: Starts,
    duration: Duration,
    except: BTreeSet<NaiveDate>,
    weeks: Option<Weeks>,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cron: Option<Cron>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lunar: Option<LunarDate>,
    #[serde(rename = "duration_ms", with = "crate::millis::duration")]
    duration: Duration,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    except: BTreeSet<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weeks: Option<Weeks>,
}

impl Window {
    /// A window of one minute to 31 days after each start.
    ///
    /// # Errors
    /// When the duration is outside that range.
    pub fn new(cron: Cron, duration: Duration) -> Result<Self, WindowError> {
        Self::starting(Starts::Cron(cron), duration)
    }
    /// A window of one minute to 31 days after each of these starts.
    ///
    /// # Errors
    /// When the duration is outside that range.
    pub fn starting(starts: Starts, duration: Duration) -> Result<Self, WindowError> {
        if duration < SHORTEST_WINDOW || duration > LONGEST_WINDOW {
            return Err(WindowError::Duration(duration));
        }
        Ok(Self { starts, duration, except: BTreeSet::new(), weeks: None })
    }
    /// The same without the starts on these local dates.
    ///
    /// # Errors
    /// When they are more than [`MOST_EXCEPT`].
    pub fn except(self, except: BTreeSet<NaiveDate>) -> Result<Self, WindowError> {
        if except.len() > MOST_EXCEPT { Err(WindowError::Except(except.len())) } else { Ok(Self { except, ..self }) }
    }
    /// The same with the starts of some weeks only.
    ///
    /// # Errors
    /// When `every` is outside 1 to [`MOST_WEEKS`].
    pub fn in_weeks(self, weeks: Weeks) -> Result<Self, WindowError> {
        if (1..=MOST_WEEKS).contains(&weeks.every) {
            Ok(Self { weeks: Some(weeks), ..self })
        } else {
            Err(WindowError::Weeks(weeks.every))
        }
    }
    /// When it starts, before dates and weeks are taken away.
    #[must_use]
    pub const fn occasion(&self) -> &Starts {
        &self.starts
    }
    /// Its starts as an expression; none for a lunar date.
    #[must_use]
    pub const fn cron(&self) -> Option<&Cron> {
        match &self.starts {
            Starts::Cron(cron) => Some(cron),
            Starts::Lunar(_) => None,
        }
    }
    /// How long it lasts.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }
    /// Local dates on which it does not start.
    #[must_use]
    pub const fn excluded(&self) -> &BTreeSet<NaiveDate> {
        &self.except
    }
    /// In which weeks it starts; in all, when absent.
    #[must_use]
    pub const fn weeks(&self) -> Option<Weeks> {
        self.weeks
    }

    fn allows(&self, date: NaiveDate) -> bool {
        !self.except.contains(&date) && self.weeks.is_none_or(|weeks| weeks.holds(date))
    }

    /// The first start at or after `local` that is before `limit`, on the wall clock.
    fn first_from(&self, mut local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        loop {
            let found = self.starts.first_from(local, limit)?;
            if self.allows(found.date()) {
                return Some(found);
            }
            local = found.date().succ_opt()?.and_time(NaiveTime::MIN);
        }
    }

    /// The last start at or before `local` that is not before `limit`, on the wall clock.
    fn last_until(&self, mut local: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
        loop {
            let found = self.starts.last_until(local, limit)?;
            if self.allows(found.date()) {
                return Some(found);
            }
            local = found.date().and_time(NaiveTime::MIN) - TimeDelta::minutes(1);
        }
    }

    /// Days within which the next start lies, if there is one.
    const fn search_days(&self) -> u64 {
        match (&self.starts, self.weeks) {
            (Starts::Cron(_), None) => SEARCH_DAYS,
            (Starts::Cron(_) | Starts::Lunar(_), _) => LONG_SEARCH_DAYS,
        }
    }

    /// The starts in `[from, until)`, in order, each once.
    pub fn starts(&self, from: DateTime<Utc>, until: DateTime<Utc>, tz: Tz) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let limit = wall_clock(until, tz) + TimeDelta::days(1);
        let mut local = Some(wall_clock(from, tz) - TimeDelta::days(1));
        let mut last = None;
        std::iter::from_fn(move || {
            loop {
                let found = self.first_from(local?, limit)?;
                local = found.checked_add_signed(TimeDelta::minutes(1));
                let start = instant_of(found, tz);
                if start >= until {
                    return None;
                }
                if start >= from && last != Some(start) {
                    last = Some(start);
                    return last;
                }
            }
        })
    }

    /// The first start after `after`; none where the calendar of chrono ends.
    #[must_use]
    pub fn next_start(&self, after: DateTime<Utc>, tz: Tz) -> Option<DateTime<Utc>> {
        let wall = wall_clock(after, tz);
        self.next_within(after, tz, wall.checked_add_days(Days::new(self.search_days()))?)
    }

    /// Whether `now` lies in the window.
    #[must_use]
    pub fn contains(&self, now: DateTime<Utc>, tz: Tz) -> bool {
        self.last_start(now.timestamp_millis(), tz).is_some_and(|start| now.timestamp_millis() < start + self.length())
    }

    /// The union of the window's occurrences within `range`.
    pub(crate) fn spans(&self, range: Span, tz: Tz) -> Vec<Span> {
        let mut spans = Vec::new();
        let last_wall = wall_clock(instant(range.until), tz) + TimeDelta::days(1);
        let mut at = range.from;
        while at < range.until {
            if let Some(mut end) = self.end_after(at, tz) {
                while end < range.until
                    && let Some(later) = self.end_after(end, tz)
                {
                    end = later;
                }
                spans.push(Span { from: at, until: end.min(range.until) });
                at = end;
            }
            match self.next_within(instant(at), tz, last_wall) {
                Some(next) => at = next.timestamp_millis(),
                None => break,
            }
        }
        spans
    }

    /// When the last occurrence that has begun at `at` ends, if that is after `at`.
    fn end_after(&self, at: i64, tz: Tz) -> Option<i64> {
        let end = self.last_start(at, tz)? + self.length();
        (end > at).then_some(end)
    }

    /// The last start at or before `at`, if an occurrence that began there may still last.
    fn last_start(&self, at: i64, tz: Tz) -> Option<i64> {
        let now = instant(at);
        let back = TimeDelta::hours(FOLD_HOURS);
        // Where the clock was set back a moment ago, later wall times have already been.
        let mut local = wall_clock(now, tz).max(wall_clock(now - back, tz) + back);
        let limit = local - TimeDelta::milliseconds(self.length()) - TimeDelta::days(2);
        loop {
            let found = self.last_until(local, limit)?;
            let start = instant_of(found, tz);
            if start <= now {
                return Some(start.timestamp_millis());
            }
            local = found - TimeDelta::minutes(1);
        }
    }

    /// The first start after `after` with a wall time before `limit`.
    fn next_within(&self, after: DateTime<Utc>, tz: Tz, limit: NaiveDateTime) -> Option<DateTime<Utc>> {
        let mut local = wall_clock(after, tz);
        loop {
            let found = self.first_from(local, limit)?;
            let start = instant_of(found, tz);
            if start > after {
                return Some(start);
            }
            local = found + TimeDelta::minutes(1);
        }
    }

    fn length(&self) -> i64 {
        i64::try_from(self.duration.as_millis()).unwrap_or(i64::MAX)
    }
}

impl TryFrom<Fields> for Window {
    type Error = WindowError;
    fn try_from(fields: Fields) -> Result<Self, WindowError> {
        let starts = match (fields.cron, fields.lunar) {
            (Some(cron), None) => Starts::Cron(cron),
            (None, Some(date)) => Starts::Lunar(date),
            (Some(_), Some(_)) | (None, None) => return Err(WindowError::Starts),
        };
        let window = Self::starting(starts, fields.duration)?.except(fields.except)?;
        match fields.weeks {
            Some(weeks) => window.in_weeks(weeks),
            None => Ok(window),
        }
    }
}
impl From<Window> for Fields {
    fn from(window: Window) -> Self {
        let Window { starts, duration, except, weeks } = window;
        let (cron, lunar) = match starts {
            Starts::Cron(cron) => (Some(cron), None),
            Starts::Lunar(date) => (None, Some(date)),
        };
        Self { cron, lunar, duration, except, weeks }
    }
}
