//! A campaign's windows between the form and their stored form, and the next starts of one.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use playlists::window::{Cron, Window};

use super::fields::{Errors, Fields};
use crate::app::campaign_draft::WindowDraft;
use crate::http::words::{Language, Tr};

/// Weekdays as cron names them, Monday first.
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Starts shown before saving.
const SHOWN: usize = 5;

/// A weekday in the form.
pub(super) struct Day {
    pub(super) value: &'static str,
    pub(super) name: String,
    pub(super) ticked: bool,
}

/// A window in the form.
pub(super) struct WindowView {
    pub(super) number: usize,
    /// Written as five fields; else picked.
    pub(super) cron_kind: bool,
    pub(super) days: Vec<Day>,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) cron: String,
    pub(super) minutes: String,
    /// What is wrong: which of its fields, and why.
    pub(super) faults: Vec<(String, String)>,
    pub(super) starts: Vec<String>,
}

impl WindowView {
    /// Its number as people count.
    pub(super) fn number_for_people(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// Whether something is wrong with this field of it.
    pub(super) fn wrong(&self, field: &str) -> bool {
        self.faults.iter().any(|(name, _)| name == field)
    }
}

/// A weekday's name.
fn day_name(t: Tr, day: &str) -> String {
    match day {
        "Mon" => t.s("day-mon"),
        "Tue" => t.s("day-tue"),
        "Wed" => t.s("day-wed"),
        "Thu" => t.s("day-thu"),
        "Fri" => t.s("day-fri"),
        "Sat" => t.s("day-sat"),
        _ => t.s("day-sun"),
    }
}

/// The windows that a form sent.
pub(super) fn from_fields(fields: &Fields) -> Vec<WindowDraft> {
    let read = |number: &String| {
        let field = |name: &str| format!("window-{number}-{name}");
        if fields.one(&field("kind")) == "cron" {
            return WindowDraft::Cron { cron: fields.one(&field("cron")), duration_minutes: fields.one(&field("minutes")) };
        }
        WindowDraft::Form {
            days: fields.all(&field("day")),
            from: fields.one(&field("from")),
            until: fields.one(&field("until")),
        }
    };
    fields.all("window").iter().map(read).collect()
}

/// A stored window as the form shows it: picked, where the form could have made it.
pub(super) fn from_stored(window: &Window) -> WindowDraft {
    picked(window).unwrap_or_else(|| WindowDraft::Cron {
        cron: window.cron().map(|cron| cron.as_str().to_owned()).unwrap_or_default(),
        duration_minutes: (window.duration().as_secs() / 60).to_string(),
    })
}

fn picked(window: &Window) -> Option<WindowDraft> {
    let fields: Vec<_> = window.cron()?.as_str().split(' ').collect();
    let [minute, hour, "*", "*", days] = fields.as_slice() else { return None };
    let from = NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)?;
    let whole_minutes = window.duration().as_secs().is_multiple_of(60);
    if window.duration() > Duration::from_secs(24 * 3600) || !whole_minutes {
        return None;
    }
    let days: Vec<String> =
        if *days == "*" { DAYS.map(str::to_owned).into() } else { days.split(',').map(str::to_owned).collect() };
    if !days.iter().all(|day| DAYS.contains(&day.as_str())) {
        return None;
    }
    let until = from + TimeDelta::from_std(window.duration()).ok()?;
    let time = |time: NaiveTime| time.format("%H:%M").to_string();
    Some(WindowDraft::Form { days, from: time(from), until: time(until) })
}

/// A window as the form shows it.
pub(super) fn view(t: Tr, number: usize, draft: &WindowDraft, errors: &Errors, now: DateTime<Utc>) -> WindowView {
    let place = format!("windows.{number}.");
    let fault = |(field, text): &(String, String)| Some((field.strip_prefix(&place)?.to_owned(), text.clone()));
    let faults = errors.list().iter().filter_map(fault).collect();
    let (cron_kind, ticked, from, until, cron, minutes) = match draft {
        WindowDraft::Form { days, from, until } => {
            (false, days.clone(), from.clone(), until.clone(), String::new(), String::new())
        }
        WindowDraft::Cron { cron, duration_minutes } => {
            (true, Vec::new(), String::new(), String::new(), cron.clone(), duration_minutes.clone())
        }
    };
    let day = |value: &'static str| Day { value, name: day_name(t, value), ticked: ticked.iter().any(|day| day == value) };
    let starts = if cron_kind { next_starts(t, &cron, now).unwrap_or_default() } else { Vec::new() };
    WindowView { number, cron_kind, days: DAYS.into_iter().map(day).collect(), from, until, cron, minutes, faults, starts }
}

/// The next starts of a five-field expression, in civil time; none when it cannot be read.
pub(super) fn next_starts(t: Tr, text: &str, now: DateTime<Utc>) -> Option<Vec<String>> {
    let cron: Cron = text.parse().ok()?;
    let window = Window::new(cron, Duration::from_secs(60)).ok()?;
    let starts = std::iter::successors(window.next_start(now, Ho_Chi_Minh), |last| window.next_start(*last, Ho_Chi_Minh));
    Some(starts.take(SHOWN).map(|start| start_name(t, start)).collect())
}

fn start_name(t: Tr, start: DateTime<Utc>) -> String {
    let local = start.with_timezone(&Ho_Chi_Minh);
    let day = day_name(t, &local.format("%a").to_string());
    let form = if t.language == Language::Vietnamese { "%d/%m/%Y %H:%M" } else { "%-d %b %Y %H:%M" };
    format!("{day} {}", local.format(form))
}

/// What a window says in a sentence, for the lists.
pub(super) fn sentence(t: Tr, window: &Window) -> String {
    match from_stored(window) {
        WindowDraft::Form { days, from, until } => {
            let names = if days.len() == DAYS.len() {
                t.s("days-all")
            } else {
                days.iter().map(|day| day_name(t, day)).collect::<Vec<_>>().join(", ")
            };
            format!("{names} {from}–{until}")
        }
        WindowDraft::Cron { cron, .. } => {
            let ms = i64::try_from(window.duration().as_millis()).unwrap_or(i64::MAX);
            format!("{cron} · {}", t.length(ms))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cron: &str, minutes: u64) -> Window {
        Window::new(cron.parse().expect("an expression"), Duration::from_secs(minutes * 60)).expect("a window")
    }

    #[test]
    fn what_the_form_could_have_made_comes_back_as_the_form() {
        let form = |days: &[&str], from: &str, until: &str| WindowDraft::Form {
            days: days.iter().map(|day| (*day).to_owned()).collect(),
            from: from.to_owned(),
            until: until.to_owned(),
        };
        assert_eq!(from_stored(&window("30 7 * * Mon,Fri", 90)), form(&["Mon", "Fri"], "07:30", "09:00"));
        assert_eq!(from_stored(&window("0 22 * * *", 480)), form(&DAYS, "22:00", "06:00"));
        for other in ["*/5 7 * * *", "0 7 1 * *", "0 7 * * Mon-Fri"] {
            assert!(matches!(from_stored(&window(other, 60)), WindowDraft::Cron { .. }), "{other}");
        }
    }

    #[test]
    fn the_next_five_starts_are_shown_in_civil_time() {
        let now = "2026-11-23T00:30:00Z".parse().expect("an instant");
        let starts = next_starts(Tr::new(Language::English), "0 7 * * *", now).expect("starts");
        assert_eq!(starts.len(), 5);
        assert_eq!(starts.first().map(String::as_str), Some("Tue 24 Nov 2026 07:00"));
        assert!(next_starts(Tr::default(), "0 7 * *", now).is_none());
    }
}
