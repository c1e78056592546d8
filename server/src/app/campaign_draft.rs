//! A campaign's form: from raw text to values, or everything that is wrong with it.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use playlists::campaign::{Level, MOST_WINDOWS, Period, Weight};
use playlists::local::instant_of;
use playlists::window::{Cron, CronError, LONGEST_WINDOW, SHORTEST_WINDOW, Window};

use super::{FieldError, checked_name};

/// The zone in which operators write times: that of the province's units.
pub const OPERATORS_ZONE: Tz = chrono_tz::Asia::Ho_Chi_Minh;

/// Weekdays as forms and cron name them.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A campaign as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignDraft {
    /// Its name.
    pub name: String,
    /// What it plays.
    pub playlist_id: String,
    /// `normal` or `priority`.
    pub level: String,
    /// 1 to 1,000.
    pub weight: String,
    /// Local time such as `2026-11-23T07:00`, or a date; empty: from now on.
    pub from: String,
    /// Likewise, and a date is included; empty: without end.
    pub until: String,
    /// Recurring dayparts; none means always.
    pub windows: Vec<WindowDraft>,
    /// Aimed at every board.
    pub all_boards: bool,
    /// Ids of boards, where it is not aimed at all.
    pub boards: Vec<String>,
    /// Whether it may be shown.
    pub approved: bool,
}

/// A window as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowDraft {
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
}

/// What a form says once it holds; playlist and boards are still to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// How it ranks.
    pub level: Level,
    /// Its share.
    pub weight: Weight,
    /// When it may play at all.
    pub period: Period,
    /// Recurring dayparts.
    pub windows: Vec<Window>,
}

impl CampaignDraft {
    /// Reads everything that needs no database; what is wrong is added to `errors`.
    pub fn check(&self, now: DateTime<Utc>, errors: &mut Vec<FieldError>) -> Checked {
        let name = checked_name(&self.name, errors);
        let level = match self.level.trim() {
            "" | "normal" => Level::Normal,
            "priority" => Level::Priority,
            _ => {
                errors.push(FieldError::new("level", "error-level-unknown"));
                Level::Normal
            }
        };
        let weight = self.weight.trim().parse().ok().and_then(|number| Weight::new(number).ok()).unwrap_or_else(|| {
            errors.push(FieldError::new("weight", "error-weight-range"));
            Weight::ONE
        });
        let period = self.check_period(now, errors);
        if self.windows.len() > MOST_WINDOWS {
            errors.push(FieldError::new("windows", "error-windows-many").with("most", MOST_WINDOWS.to_string()));
        }
        let windows =
            self.windows.iter().take(MOST_WINDOWS).enumerate().filter_map(|(n, w)| w.check(n, &period, now, errors)).collect();
        if !self.all_boards && self.boards.iter().all(|board| board.trim().is_empty()) {
            errors.push(FieldError::new("boards", "error-boards-none"));
        }
        Checked { name, level, weight, period, windows }
    }

    fn check_period(&self, now: DateTime<Utc>, errors: &mut Vec<FieldError>) -> Period {
        let mut read = |field: &str, text: &str, end: bool| match local(text, end) {
            Ok(time) => time,
            Err(()) => {
                errors.push(FieldError::new(field, "error-time-form"));
                None
            }
        };
        let period = Period { from: read("from", &self.from, false), until: read("until", &self.until, true) };
        if let Some(until) = period.until {
            if period.from.is_some_and(|from| until <= from) {
                errors.push(FieldError::new("until", "error-period-reversed"));
            } else if until <= now {
                errors.push(FieldError::new("until", "error-period-past"));
            }
        }
        period
    }
}

/// Local time as a form writes it, or a date: its start, or for an end the start of the next.
pub(super) fn local(text: &str, end: bool) -> Result<Option<DateTime<Utc>>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let time = if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let date = if end { date.succ_opt().ok_or(())? } else { date };
        date.and_time(NaiveTime::MIN)
    } else {
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .ok_or(())?
    };
    Ok(Some(instant_of(time, OPERATORS_ZONE)))
}

/// An instant, in UTC milliseconds, as a form writes local time.
pub(super) fn written(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let time = time.with_timezone(&OPERATORS_ZONE).naive_local();
    let form = if time.and_utc().timestamp() % 60 == 0 && ms % 1000 == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S%.f" };
    time.format(form).to_string()
}

impl WindowDraft {
    fn check(&self, number: usize, period: &Period, now: DateTime<Utc>, errors: &mut Vec<FieldError>) -> Option<Window> {
        let field = |name: &str| format!("windows.{number}.{name}");
        let (cron, duration, place) = match self {
            Self::Form { days, from, until } => {
                let from = NaiveTime::parse_from_str(from.trim(), "%H:%M")
                    .map_err(|_| errors.push(FieldError::new(field("from"), "error-time-form")));
                let until = NaiveTime::parse_from_str(until.trim(), "%H:%M")
                    .map_err(|_| errors.push(FieldError::new(field("until"), "error-time-form")));
                let picked: Vec<&str> = DAYS.into_iter().filter(|day| days.iter().any(|d| d == day)).collect();
                if picked.is_empty() {
                    errors.push(FieldError::new(field("days"), "error-window-days-none"));
                    return None;
                }
                let (from, until) = (from.ok()?, until.ok()?);
                (form_cron(&picked, from), form_duration(from, until), "from")
            }
            Self::Cron { cron, duration_minutes } => {
                let minutes =
                    duration_minutes.trim().parse::<u32>().ok().map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
                let duration = minutes.filter(|duration| (SHORTEST_WINDOW..=LONGEST_WINDOW).contains(duration));
                if duration.is_none() {
                    errors.push(FieldError::new(field("duration_minutes"), "error-window-duration"));
                }
                (cron.clone(), duration.unwrap_or(SHORTEST_WINDOW), "cron")
            }
        };
        let cron = match cron.parse::<Cron>() {
            Ok(cron) => cron,
            Err(CronError::Never(_)) => {
                errors.push(FieldError::new(field(place), "error-window-never"));
                return None;
            }
            Err(fault) => {
                errors.push(FieldError::new(field("cron"), "error-cron-form").with("reason", fault.to_string()));
                return None;
            }
        };
        let window = Window::new(cron, duration)
            .map_err(|_| errors.push(FieldError::new(field("duration_minutes"), "error-window-duration")))
            .ok()?;
        if !opens(&window, period, now) {
            errors.push(FieldError::new(field(place), "error-window-never"));
        }
        Some(window)
    }
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

    fn now() -> DateTime<Utc> {
        "2026-11-23T00:00:00Z".parse().expect("an instant")
    }

    fn draft() -> CampaignDraft {
        CampaignDraft { name: "Tết".to_owned(), weight: "1".to_owned(), all_boards: true, ..CampaignDraft::default() }
    }

    fn codes(draft: &CampaignDraft) -> Vec<(String, &'static str)> {
        let mut errors = Vec::new();
        draft.check(now(), &mut errors);
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = CampaignDraft {
            name: "  ".to_owned(),
            level: "emergency".to_owned(),
            weight: "0".to_owned(),
            from: "tomorrow".to_owned(),
            until: "2026-11-01".to_owned(),
            windows: vec![
                WindowDraft::Form { days: Vec::new(), from: "25:00".to_owned(), until: "08:00".to_owned() },
                WindowDraft::Cron { cron: "0 7 * *".to_owned(), duration_minutes: "0".to_owned() },
            ],
            ..CampaignDraft::default()
        };
        let codes: Vec<_> = codes(&wrong).into_iter().map(|(field, code)| format!("{field} {code}")).collect();
        let expected = [
            "name error-name-empty",
            "level error-level-unknown",
            "weight error-weight-range",
            "from error-time-form",
            "until error-period-past",
            "windows.0.from error-time-form",
            "windows.0.days error-window-days-none",
            "windows.1.duration_minutes error-window-duration",
            "windows.1.cron error-cron-form",
            "boards error-boards-none",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn every_code_is_listed() {
        for code in ["error-period-reversed", "error-window-never", "error-windows-many"] {
            assert!(super::super::FIELD_ERROR_CODES.contains(&code), "{code}");
        }
    }

    #[test]
    fn an_end_given_as_a_date_includes_that_date() {
        let mut errors = Vec::new();
        let checked =
            CampaignDraft { from: "2026-11-24".to_owned(), until: "2026-11-24".to_owned(), ..draft() }.check(now(), &mut errors);
        assert_eq!(errors, Vec::new());
        assert_eq!(checked.period.from.map(|t| t.to_rfc3339()).as_deref(), Some("2026-11-23T17:00:00+00:00"));
        assert_eq!(checked.period.until.map(|t| t.to_rfc3339()).as_deref(), Some("2026-11-24T17:00:00+00:00"));
    }

    #[test]
    fn a_picked_window_becomes_cron_and_may_cross_midnight() {
        let window = WindowDraft::Form {
            days: vec!["Sat".to_owned(), "Mon".to_owned()],
            from: "22:05".to_owned(),
            until: "02:00".to_owned(),
        };
        let mut errors = Vec::new();
        let checked = CampaignDraft { windows: vec![window], ..draft() }.check(now(), &mut errors);
        assert_eq!(errors, Vec::new());
        assert_eq!(checked.windows[0].cron().map(Cron::as_str), Some("5 22 * * Mon,Sat"));
        assert_eq!(checked.windows[0].duration(), Duration::from_secs(235 * 60));
    }

    #[test]
    fn a_window_that_never_opens_is_refused() {
        let never = WindowDraft::Cron { cron: "0 7 30 2 *".to_owned(), duration_minutes: "60".to_owned() };
        assert_eq!(
            codes(&CampaignDraft { windows: vec![never], ..draft() }),
            [("windows.0.cron".to_owned(), "error-window-never")]
        );
        let sunday = WindowDraft::Form { days: vec!["Sun".to_owned()], from: "07:00".to_owned(), until: "08:00".to_owned() };
        let monday_only =
            CampaignDraft { windows: vec![sunday], from: "2026-11-30".to_owned(), until: "2026-11-30".to_owned(), ..draft() };
        assert_eq!(codes(&monday_only), [("windows.0.from".to_owned(), "error-window-never")]);
    }
}
