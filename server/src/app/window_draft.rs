//! A window as a form gives it: from raw text to a [`Window`], or everything that is wrong with it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use playlists::campaign::Period;
use playlists::lunar::{Day, Months};
use playlists::window::{
    Cron, CronError, LONGEST_WINDOW, LunarDate, MOST_EXCEPT, MOST_WEEKS, SHORTEST_WINDOW, Starts, Weeks, Window,
};

use super::FieldError;
use super::campaign_draft::OPERATORS_ZONE;

/// Weekdays as forms and cron name them.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A window as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowDraft {
    /// When it starts, and how long it lasts.
    pub starts: StartsDraft,
    /// Dates on which it does not start, such as `2026-12-25`, apart by commas or spaces; empty: none.
    pub except: String,
    /// It starts in one of so many weeks, 1 to 52; empty: in all.
    pub every: String,
    /// A date in a week in which it starts, such as `2026-11-23`; not looked at where it starts in all.
    pub week_of: String,
}

/// When a window starts, as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartsDraft {
    /// Days and times, picked.
    Form {
        /// `Mon` to `Sun`.
        days: Vec<String>,
        /// Local time such as `07:00`.
        from: String,
        /// Likewise; at or before `from` it lies on the next day.
        until: String,
    },
    /// Five fields, written.
    Cron {
        /// The expression.
        cron: String,
        /// How long it lasts, in minutes.
        duration_minutes: String,
    },
    /// A date of the lunar calendar.
    Lunar {
        /// `1` to `12`, or `*` for every month.
        month: String,
        /// `1` to `30`, or `last`.
        day: String,
        /// Local time such as `07:00`.
        at: String,
        /// How long it lasts, in minutes.
        duration_minutes: String,
    },
}

impl Default for StartsDraft {
    fn default() -> Self {
        Self::Form { days: Vec::new(), from: String::new(), until: String::new() }
    }
}

impl From<StartsDraft> for WindowDraft {
    fn from(starts: StartsDraft) -> Self {
        Self { starts, ..Self::default() }
    }
}

impl WindowDraft {
    /// The window that the form describes. What is wrong is added to `errors`, fields named `{place}{field}`.
    pub fn read(&self, place: &str, errors: &mut Vec<FieldError>) -> Option<Window> {
        let before = errors.len();
        let mut faults = Faults { place, errors };
        let window = self.starts.read(&mut faults);
        let except = read_dates(&self.except);
        let weeks = self.read_weeks(&mut faults);
        if except.is_none() {
            faults.add("except", "error-window-except");
        }
        if except.as_ref().is_some_and(|dates| dates.len() > MOST_EXCEPT) {
            faults.with("except", "error-window-except-many", ("most", MOST_EXCEPT.to_string()));
        }
        if errors.len() > before {
            return None;
        }
        let window = window?.except(except?).ok()?;
        match weeks {
            Some(weeks) => window.in_weeks(weeks).ok(),
            None => Some(window),
        }
    }

    /// As [`Self::read`]; a window that never opens within the period is wrong, too.
    pub(super) fn check(&self, place: &str, period: &Period, now: DateTime<Utc>, errors: &mut Vec<FieldError>) -> Option<Window> {
        let window = self.read(place, errors)?;
        if !opens(&window, period, now) {
            errors.push(FieldError::new(format!("{place}{}", self.starts.first_field()), "error-window-never"));
        }
        Some(window)
    }

    fn read_weeks(&self, faults: &mut Faults<'_>) -> Option<Weeks> {
        let every = match self.every.trim() {
            "" | "1" => return None,
            text => text.parse::<u8>().ok().filter(|every| (1..=MOST_WEEKS).contains(every)),
        };
        let of = NaiveDate::parse_from_str(self.week_of.trim(), "%Y-%m-%d").ok();
        if every.is_none() {
            faults.with("every", "error-window-weeks", ("most", MOST_WEEKS.to_string()));
        }
        if of.is_none() {
            faults.add("week_of", "error-window-week-of");
        }
        Some(Weeks { every: every?, of: of? })
    }
}

/// Adds faults of one window.
struct Faults<'a> {
    place: &'a str,
    errors: &'a mut Vec<FieldError>,
}

impl Faults<'_> {
    fn add(&mut self, field: &str, code: &'static str) {
        self.errors.push(FieldError::new(format!("{}{field}", self.place), code));
    }
    fn with(&mut self, field: &str, code: &'static str, (name, value): (&'static str, String)) {
        self.errors.push(FieldError::new(format!("{}{field}", self.place), code).with(name, value));
    }
}

impl StartsDraft {
    /// The field in which a window that never opens is told.
    const fn first_field(&self) -> &'static str {
        match self {
            Self::Form { .. } => "from",
            Self::Cron { .. } => "cron",
            Self::Lunar { .. } => "day",
        }
    }

    fn read(&self, faults: &mut Faults<'_>) -> Option<Window> {
        let (starts, duration) = match self {
            Self::Form { days, from, until } => {
                let (from, until) = (read_time("from", from, faults), read_time("until", until, faults));
                let picked: Vec<&str> = DAYS.into_iter().filter(|day| days.iter().any(|d| d == day)).collect();
                if picked.is_empty() {
                    faults.add("days", "error-window-days-none");
                    return None;
                }
                let (from, until) = (from?, until?);
                (Starts::Cron(form_cron(&picked, from).parse().ok()?), form_duration(from, until))
            }
            Self::Cron { cron, duration_minutes } => {
                let duration = read_duration(duration_minutes, faults);
                let cron = match cron.parse::<Cron>() {
                    Ok(cron) => Some(cron),
                    Err(CronError::Never(_)) => {
                        faults.add("cron", "error-window-never");
                        None
                    }
                    Err(fault) => {
                        faults.with("cron", "error-cron-form", ("reason", fault.to_string()));
                        None
                    }
                };
                (Starts::Cron(cron?), duration?)
            }
            Self::Lunar { month, day, at, duration_minutes } => {
                let month = month.trim().parse::<Months>().map_err(|_| faults.add("month", "error-lunar-month")).ok();
                let day = day.trim().parse::<Day>().map_err(|_| faults.add("day", "error-lunar-day")).ok();
                let at = read_time("at", at, faults);
                let duration = read_duration(duration_minutes, faults);
                (Starts::Lunar(LunarDate { month: month?, day: day?, at: at? }), duration?)
            }
        };
        Window::starting(starts, duration).ok()
    }
}

fn read_time(field: &str, text: &str, faults: &mut Faults<'_>) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    if time.is_none() {
        faults.add(field, "error-time-form");
    }
    time
}

fn read_duration(minutes: &str, faults: &mut Faults<'_>) -> Option<Duration> {
    let duration = minutes.trim().parse::<u32>().ok().map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let duration = duration.filter(|duration| (SHORTEST_WINDOW..=LONGEST_WINDOW).contains(duration));
    if duration.is_none() {
        faults.add("duration_minutes", "error-window-duration");
    }
    duration
}

/// Dates apart by commas, semicolons or white space; none when one of them is no date.
fn read_dates(text: &str) -> Option<BTreeSet<NaiveDate>> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty());
    words
        .map(|word| NaiveDate::parse_from_str(word, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(word, "%d/%m/%Y")).ok())
        .collect()
}

fn form_cron(days: &[&str], from: NaiveTime) -> String {
    let days = if days.len() == DAYS.len() { "*".to_owned() } else { days.join(",") };
    format!("{} {} * * {days}", from.format("%-M"), from.format("%-H"))
}

fn form_duration(from: NaiveTime, until: NaiveTime) -> Duration {
    let day = chrono::TimeDelta::days(1);
    let length = until - from;
    let length = if length <= chrono::TimeDelta::zero() { length + day } else { length };
    length.to_std().unwrap_or(SHORTEST_WINDOW)
}

/// Whether a window opens at all between now, or the period's start, and the period's end.
fn opens(window: &Window, period: &Period, now: DateTime<Utc>) -> bool {
    let length = chrono::TimeDelta::from_std(window.duration()).unwrap_or_default();
    let from = period.from.map_or(now, |from| from.max(now));
    // A window that began before still counts for what is left of it.
    window.next_start(from - length, OPERATORS_ZONE).is_some_and(|start| period.until.is_none_or(|until| start < until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(draft: &WindowDraft) -> Result<Window, Vec<String>> {
        let mut errors = Vec::new();
        let window = draft.read("", &mut errors);
        window.ok_or_else(|| errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect())
    }

    fn lunar(month: &str, day: &str) -> WindowDraft {
        StartsDraft::Lunar {
            month: month.to_owned(),
            day: day.to_owned(),
            at: "07:00".to_owned(),
            duration_minutes: "4320".to_owned(),
        }
        .into()
    }

    fn starts(window: &Window, from: &str) -> Vec<String> {
        let from: DateTime<Utc> = from.parse().expect("an instant");
        let all = window.starts(from, from + chrono::TimeDelta::days(380), OPERATORS_ZONE);
        all.map(|start| start.with_timezone(&OPERATORS_ZONE).format("%Y-%m-%d %H:%M").to_string()).take(3).collect()
    }

    #[test]
    fn a_lunar_date_is_a_day_of_one_month_or_of_every_month_or_the_last() {
        let tet = read(&lunar("1", "1")).expect("it holds");
        assert_eq!(
            (starts(&tet, "2026-11-23T00:00:00Z"), tet.duration().as_secs()),
            (vec!["2027-02-06 07:00".to_owned()], 259_200)
        );
        let full = read(&lunar("*", "15")).expect("it holds");
        assert_eq!(starts(&full, "2026-11-20T00:00:00Z"), ["2026-11-23 07:00", "2026-12-23 07:00", "2027-01-22 07:00"]);
        let eve = read(&lunar("12", "last")).expect("it holds");
        assert_eq!(starts(&eve, "2026-11-20T00:00:00Z"), ["2027-02-05 07:00"]);
        assert_eq!(read(&lunar("13", "31")), Err(vec!["month error-lunar-month".to_owned(), "day error-lunar-day".to_owned()]));
    }

    #[test]
    fn some_weeks_count_and_dates_are_left_out() {
        let form = StartsDraft::Form { days: vec!["Mon".to_owned()], from: "08:00".to_owned(), until: "09:00".to_owned() };
        let draft = WindowDraft {
            starts: form,
            except: "2026-12-07, 21/12/2026".to_owned(),
            every: "2".to_owned(),
            week_of: "2026-11-25".to_owned(),
        };
        let window = read(&draft).expect("it holds");
        assert_eq!(starts(&window, "2026-11-20T00:00:00Z"), ["2026-11-23 08:00", "2027-01-04 08:00", "2027-01-18 08:00"]);
        let wrong = WindowDraft { except: "tomorrow".to_owned(), every: "53".to_owned(), week_of: String::new(), ..draft };
        assert_eq!(
            read(&wrong),
            Err(["every error-window-weeks", "week_of error-window-week-of", "except error-window-except"]
                .map(str::to_owned)
                .to_vec())
        );
    }
}
