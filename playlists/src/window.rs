//! Windows: recurring dayparts, by five-field cron in local time.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use crate::crontab::{Cron, CronError};
use crate::local::{instant, instant_of, wall_clock};
use crate::span::Span;

/// Shortest window.
pub const SHORTEST_WINDOW: Duration = Duration::from_secs(60);
/// Longest window.
pub const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 3600);
/// How far a wall clock may be set back in one go, in hours.
const FOLD_HOURS: i64 = 3;
/// Days within which a window's next start lies: nine years, since 29 February may be eight years away (2096 to 2104).
const SEARCH_DAYS: u64 = 9 * 366;

/// Why a window is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Outside one minute to 31 days.
    #[error("a window lasts one minute to 31 days, not {0:?}")]
    Duration(Duration),
    /// Not a cron expression.
    #[error(transparent)]
    Cron(CronError),
}

/// A recurring daypart: it starts at each local instant that its cron expression matches and lasts `duration` of elapsed time,
/// across midnight too.
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
    cron: Cron,
    duration: Duration,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    cron: Cron,
    #[serde(rename = "duration_ms", with = "crate::millis::duration")]
    duration: Duration,
}

impl Window {
    /// A window of one minute to 31 days after each start.
    ///
    /// # Errors
    /// When the duration is outside that range.
    pub fn new(cron: Cron, duration: Duration) -> Result<Self, WindowError> {
        if duration < SHORTEST_WINDOW || duration > LONGEST_WINDOW {
            return Err(WindowError::Duration(duration));
        }
        Ok(Self { cron, duration })
    }
    /// Its starts.
    #[must_use]
    pub const fn cron(&self) -> &Cron {
        &self.cron
    }
    /// How long it lasts.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// The starts in `[from, until)`, in order, each once.
    pub fn starts(&self, from: DateTime<Utc>, until: DateTime<Utc>, tz: Tz) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let limit = wall_clock(until, tz) + TimeDelta::days(1);
        let mut local = Some(wall_clock(from, tz) - TimeDelta::days(1));
        let mut last = None;
        std::iter::from_fn(move || {
            loop {
                let found = self.cron.first_from(local?, limit)?;
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
        self.next_within(after, tz, wall.checked_add_days(Days::new(SEARCH_DAYS))?)
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
            let found = self.cron.last_until(local, limit)?;
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
            let found = self.cron.first_from(local, limit)?;
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
        Self::new(fields.cron, fields.duration)
    }
}
impl From<Window> for Fields {
    fn from(window: Window) -> Self {
        Self { cron: window.cron, duration: window.duration }
    }
}
