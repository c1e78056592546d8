//! A campaign's windows between the form and their stored form, and the next starts of one.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use playlists::lunar::{Day as LunarDay, LunarDate, Months};
use playlists::window::{Starts, Window};

use super::cron_words;
use super::fields::{Errors, Fields};
use crate::app::campaign_draft::{StartsDraft, WindowDraft};
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

/// A choice of a list in the form.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

/// How long a window lasts: a number, and its unit in minutes.
pub(super) struct Length {
    pub(super) number: String,
    pub(super) units: Vec<Choice>,
}

/// A window in the form.
pub(super) struct WindowView {
    pub(super) number: usize,
    /// `form`, `cron` or `lunar`.
    pub(super) kind: &'static str,
    pub(super) days: Vec<Day>,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) cron: String,
    pub(super) months: Vec<Choice>,
    pub(super) lunar_days: Vec<Choice>,
    pub(super) at: String,
    pub(super) length: Length,
    pub(super) except: String,
    pub(super) every: String,
    pub(super) week_of: String,
    /// Whether dates or weeks are taken away: their fields are open.
    pub(super) has_less: bool,
    /// What is wrong: which of its fields, and why.
    pub(super) faults: Vec<(String, String)>,
    /// What it says; empty where only its fields say it.
    pub(super) words: String,
    pub(super) starts: Vec<String>,
    pub(super) empty: bool,
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
pub(super) fn day_name(t: Tr, day: &str) -> String {
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
        let one = |name: &str| fields.one(&format!("window-{number}-{name}"));
        let starts = match one("kind").as_str() {
            "cron" => StartsDraft::Cron { cron: one("cron"), duration_minutes: minutes(&one("minutes"), &one("unit")) },
            "lunar" => StartsDraft::Lunar {
                month: one("month"),
                day: one("day"),
                at: one("at"),
                duration_minutes: minutes(&one("minutes"), &one("unit")),
            },
            _ => StartsDraft::Form { days: fields.all(&format!("window-{number}-day")), from: one("from"), until: one("until") },
        };
        WindowDraft { starts, except: one("except"), every: one("every"), week_of: one("week_of") }
    };
    fields.all("window").iter().map(read).collect()
}

/// Units in which a length is given, in minutes.
const UNITS: [(u32, &str); 3] = [(1, "unit-minutes"), (60, "unit-hours"), (1440, "unit-days")];

/// A length in some unit, in minutes; what is no number stays, for the form to say so.
fn minutes(number: &str, unit: &str) -> String {
    let unit = UNITS.iter().map(|(minutes, _)| *minutes).find(|minutes| minutes.to_string() == unit).unwrap_or(1);
    number
        .trim()
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .map_or_else(|| number.to_owned(), |n| n.to_string())
}

/// Minutes in the largest unit that holds them whole.
fn length(t: Tr, minutes: &str) -> Length {
    let whole = |unit: u32| minutes.parse::<u32>().ok().filter(|minutes| *minutes > 0 && minutes.is_multiple_of(unit));
    let (unit, number) = UNITS
        .iter()
        .rev()
        .find_map(|(unit, _)| Some((*unit, (whole(*unit)? / unit).to_string())))
        .unwrap_or_else(|| (1, minutes.to_owned()));
    let choice = |(value, key): &(u32, &str)| Choice { value: value.to_string(), name: t.s(key), chosen: *value == unit };
    Length { number, units: UNITS.iter().map(choice).collect() }
}

/// A stored window as the form shows it: picked, where the form could have made it.
pub(super) fn from_stored(window: &Window) -> WindowDraft {
    let duration_minutes = (window.duration().as_secs() / 60).to_string();
    let starts = match window.occasion() {
        Starts::Cron(cron) => {
            picked(window).unwrap_or_else(|| StartsDraft::Cron { cron: cron.as_str().to_owned(), duration_minutes })
        }
        Starts::Lunar(date) => StartsDraft::Lunar {
            month: date.month.to_string(),
            day: date.day.to_string(),
            at: date.at.format("%H:%M").to_string(),
            duration_minutes,
        },
    };
    let except: Vec<_> = window.excluded().iter().map(ToString::to_string).collect();
    let (every, week_of) = window.weeks().map(|weeks| (weeks.every.to_string(), weeks.of.to_string())).unwrap_or_default();
    WindowDraft { starts, except: except.join(", "), every, week_of }
}

fn picked(window: &Window) -> Option<StartsDraft> {
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
    Some(StartsDraft::Form { days, from: time(from), until: time(until) })
}

/// A window as the form shows it.
pub(super) fn view(t: Tr, number: usize, draft: &WindowDraft, errors: &Errors, now: DateTime<Utc>) -> WindowView {
    let place = format!("windows.{number}.");
    let fault = |(field, text): &(String, String)| Some((field.strip_prefix(&place)?.to_owned(), text.clone()));
    let faults: Vec<_> = errors.list().iter().filter_map(fault).collect();
    let (words, starts) = told(t, draft, now);
    let mut view = WindowView {
        number,
        kind: "form",
        days: Vec::new(),
        from: String::new(),
        until: String::new(),
        cron: String::new(),
        months: Vec::new(),
        lunar_days: Vec::new(),
        at: String::new(),
        length: length(t, ""),
        except: draft.except.clone(),
        every: draft.every.clone(),
        week_of: draft.week_of.clone(),
        has_less: !draft.except.is_empty() || !matches!(draft.every.as_str(), "" | "1"),
        empty: is_empty(draft) || !faults.is_empty(),
        faults,
        words,
        starts,
    };
    match &draft.starts {
        StartsDraft::Form { days, from, until } => {
            let day = |value: &'static str| Day { value, name: day_name(t, value), ticked: days.iter().any(|day| day == value) };
            view.days = DAYS.into_iter().map(day).collect();
            (view.from, view.until) = (from.clone(), until.clone());
        }
        StartsDraft::Cron { cron, duration_minutes } => {
            view.kind = "cron";
            (view.cron, view.length) = (cron.clone(), length(t, duration_minutes));
        }
        StartsDraft::Lunar { month, day, at, duration_minutes } => {
            view.kind = "lunar";
            (view.at, view.length) = (at.clone(), length(t, duration_minutes));
            let choice = |value: String, name: String, chosen: &str| Choice { chosen: value == chosen, value, name };
            let months = (1..=12).map(|number| choice(number.to_string(), t.n("lunar-month", number), month));
            view.months = [choice("*".to_owned(), t.s("lunar-every-month"), month)].into_iter().chain(months).collect();
            let days = (1..=30).map(|number| choice(number.to_string(), t.n("lunar-day", number), day));
            view.lunar_days = days.chain([choice("last".to_owned(), t.s("lunar-last-day"), day)]).collect();
        }
    }
    view
}

/// Whether nothing is written yet that could be read.
pub(super) fn is_empty(draft: &WindowDraft) -> bool {
    match &draft.starts {
        StartsDraft::Form { days, from, until } => days.is_empty() || from.is_empty() || until.is_empty(),
        StartsDraft::Cron { cron, .. } => cron.trim().is_empty(),
        StartsDraft::Lunar { .. } => false,
    }
}

/// What a window says in words, and its next starts in civil time; nothing where it cannot be read.
pub(super) fn told(t: Tr, draft: &WindowDraft, now: DateTime<Utc>) -> (String, Vec<String>) {
    let Some(window) = draft.read("", &mut Vec::new()) else { return Default::default() };
    let next = |last: &DateTime<Utc>| window.next_start(*last, Ho_Chi_Minh);
    let starts = std::iter::successors(next(&now), next).take(SHOWN).map(|start| start_name(t, start)).collect();
    let words = match &draft.starts {
        StartsDraft::Cron { cron, .. } => cron_words::words(t, cron).unwrap_or_default(),
        StartsDraft::Form { .. } | StartsDraft::Lunar { .. } => String::new(),
    };
    (words, starts)
}

/// A lunar date in words.
fn lunar_words(t: Tr, date: &LunarDate) -> String {
    let (day, month) = (date.day.to_string(), date.month.to_string());
    match (date.day, date.month) {
        (LunarDay::Number(_), Months::Number(_)) => t.args("lunar-date", &[("day", day), ("month", month)]),
        (LunarDay::Number(_), Months::Every) => t.a("lunar-date-every", "day", day),
        (LunarDay::Last, Months::Number(_)) => t.a("lunar-date-last", "month", month),
        (LunarDay::Last, Months::Every) => t.s("lunar-date-last-every"),
    }
}

fn start_name(t: Tr, start: DateTime<Utc>) -> String {
    let local = start.with_timezone(&Ho_Chi_Minh);
    let day = day_name(t, &local.format("%a").to_string());
    let form = if t.language == Language::Vietnamese { "%d/%m/%Y %H:%M" } else { "%-d %b %Y %H:%M" };
    format!("{day} {}", local.format(form))
}

/// What a window says in a sentence, for the lists.
pub(super) fn sentence(t: Tr, window: &Window) -> String {
    let lasts = || t.length(i64::try_from(window.duration().as_millis()).unwrap_or(i64::MAX));
    let draft = from_stored(window);
    let mut said = match (&draft.starts, window.occasion()) {
        (StartsDraft::Form { days, from, until }, _) => {
            let names = if days.len() == DAYS.len() {
                t.s("days-all")
            } else {
                days.iter().map(|day| day_name(t, day)).collect::<Vec<_>>().join(", ")
            };
            format!("{names} {from}–{until}")
        }
        (_, Starts::Cron(cron)) => {
            let words = cron_words::words(t, cron.as_str()).unwrap_or_else(|| cron.as_str().to_owned());
            format!("{words} · {}", lasts())
        }
        (_, Starts::Lunar(date)) => format!("{} {} · {}", lunar_words(t, date), date.at.format("%H:%M"), lasts()),
    };
    if let Some(weeks) = window.weeks().filter(|weeks| weeks.every > 1) {
        said.push_str(&format!(" · {}", t.n("window-weeks", i64::from(weeks.every))));
    }
    if !window.excluded().is_empty() {
        said.push_str(&format!(" · {}", t.n("window-excepts", i64::try_from(window.excluded().len()).unwrap_or(i64::MAX))));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cron: &str, minutes: u64) -> Window {
        Window::new(cron.parse().expect("an expression"), Duration::from_secs(minutes * 60)).expect("a window")
    }

    #[test]
    fn what_the_form_could_have_made_comes_back_as_the_form() {
        let form = |days: &[&str], from: &str, until: &str| {
            let days = days.iter().map(|day| (*day).to_owned()).collect();
            WindowDraft::from(StartsDraft::Form { days, from: from.to_owned(), until: until.to_owned() })
        };
        assert_eq!(from_stored(&window("30 7 * * Mon,Fri", 90)), form(&["Mon", "Fri"], "07:30", "09:00"));
        assert_eq!(from_stored(&window("0 22 * * *", 480)), form(&DAYS, "22:00", "06:00"));
        for other in ["*/5 7 * * *", "0 7 1 * *", "0 7 * * Mon-Fri"] {
            assert!(matches!(from_stored(&window(other, 60)).starts, StartsDraft::Cron { .. }), "{other}");
        }
    }

    #[test]
    fn every_window_comes_back_from_the_form_as_it_was() {
        for json in [
            r#"{"cron":"0 8 * * Mon","duration_ms":3600000,"except":["2026-12-07","2026-12-21"],"weeks":{"every":2,"of":"2026-11-25"}}"#,
            r#"{"lunar":{"month":"*","day":15,"at":"18:30"},"duration_ms":7200000}"#,
            r#"{"lunar":{"month":12,"day":"last","at":"00:00"},"duration_ms":259200000,"except":["2027-02-05"]}"#,
            r#"{"cron":"*/5 7-9 * * *","duration_ms":60000}"#,
        ] {
            let stored: Window = serde_json::from_str(json).expect("a window");
            let mut errors = Vec::new();
            assert_eq!(from_stored(&stored).read("", &mut errors), Some(stored), "{errors:?}");
        }
    }

    #[test]
    fn the_next_five_starts_are_shown_in_civil_time() {
        let now = "2026-11-23T00:30:00Z".parse().expect("an instant");
        let cron =
            |cron: &str| -> WindowDraft { StartsDraft::Cron { cron: cron.to_owned(), duration_minutes: "60".to_owned() }.into() };
        let (words, starts) = told(Tr::new(Language::English), &cron("0 7 * * *"), now);
        assert_eq!(starts.len(), 5);
        assert_eq!(starts.first().map(String::as_str), Some("Tue 24 Nov 2026 07:00"));
        assert_eq!(words, "Daily, at 07:00");
        assert!(told(Tr::default(), &cron("0 7 * *"), now).1.is_empty());
    }

    #[test]
    fn a_window_is_said_in_a_sentence() {
        let read = |json: &str| serde_json::from_str::<Window>(json).expect("a window");
        let (en, vi) = (Tr::new(Language::English), Tr::new(Language::Vietnamese));
        let tet = read(r#"{"lunar":{"month":1,"day":1,"at":"00:00"},"duration_ms":259200000}"#);
        assert_eq!(sentence(en, &tet), "Lunar 1/1 00:00 · 3 days");
        assert_eq!(sentence(vi, &tet), "Ngày 1 tháng 1 âm lịch 00:00 · 3 ngày");
        let weeks =
            read(r#"{"cron":"0 8 * * Mon","duration_ms":3600000,"except":["2026-12-07"],"weeks":{"every":2,"of":"2026-11-25"}}"#);
        assert_eq!(sentence(en, &weeks), "Mon 08:00–09:00 · every 2 weeks · without 1 date");
    }
}
