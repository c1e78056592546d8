//! A board's operating hours, through today, and as a form gives them. Pure.

use std::collections::BTreeMap;

use ::playlists::hours::{Exception, Hours, Interval, MOST_EXCEPTIONS, MOST_INTERVALS, Weekly, changed_at};
use chrono::{DateTime, NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use super::FieldError;
use crate::store::board_changes::EndedHours;

/// Weekdays as forms name them.
pub const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Mon),
    ("Tue", Weekday::Tue),
    ("Wed", Weekday::Wed),
    ("Thu", Weekday::Thu),
    ("Fri", Weekday::Fri),
    ("Sat", Weekday::Sat),
    ("Sun", Weekday::Sun),
];
/// Most lines of a week: each weekday twice, as a manifest allows.
const MOST_LINES: usize = 14;

/// When a board is lit through a day that began at `day_ms`: earlier hours, in the order of their ends, count until then, `now` from
/// the last of them on. A change that cannot be told so counts for the whole day.
#[must_use]
pub fn through_today(former: &[EndedHours], now: Option<&Hours>, day_ms: i64, tz: Tz) -> Option<Hours> {
    let today: Vec<_> = former.iter().filter(|ended| ended.ended_ms > day_ms).collect();
    let later = today.iter().skip(1).map(|ended| ended.hours.as_ref()).chain([now]);
    let mut told = today.first().map_or(now, |first| first.hours.as_ref()).cloned();
    for (ended, next) in today.iter().zip(later) {
        let at = DateTime::from_timestamp_millis(ended.ended_ms).unwrap_or_default();
        told = changed_at(told.as_ref(), next, at, tz).unwrap_or_else(|| next.cloned());
    }
    told
}

/// Operating hours as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoursDraft {
    /// Whether the board is lit at certain times only; else always, whatever the lines say.
    pub limited: bool,
    /// When it is lit.
    pub lines: Vec<HoursLine>,
    /// Dates on which it is lit otherwise.
    pub exceptions: Vec<ExceptionDraft>,
}

/// An interval on some weekdays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoursLine {
    /// `Mon` to `Sun`.
    pub days: Vec<String>,
    /// Local time such as `05:30`.
    pub from: String,
    /// Likewise; at or before `from` it lies on the next day.
    pub until: String,
}

/// What is otherwise on a date; several of one date count together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExceptionDraft {
    /// Such as `2026-11-23`.
    pub date: String,
    /// `lit` from–until, `dark`, or `whole_day`: dark from 00:00 to 24:00 whatever began the day before.
    pub kind: String,
    /// Local time; looked at where it is lit.
    pub from: String,
    /// Likewise.
    pub until: String,
}

impl HoursDraft {
    /// The form of hours as they are stored.
    #[must_use]
    pub fn of(hours: Option<&Hours>) -> Self {
        let Some(hours) = hours else { return Self::default() };
        let time = |time: NaiveTime| time.format("%H:%M").to_string();
        let names =
            |days: &[Weekday]| DAYS.iter().filter(|(_, day)| days.contains(day)).map(|(name, _)| (*name).to_owned()).collect();
        let line = |weekly: &Weekly, interval: &Interval| HoursLine {
            days: names(&weekly.days),
            from: time(interval.from),
            until: time(interval.until),
        };
        let lines = hours.weekly.iter().flat_map(|weekly| weekly.intervals.iter().map(move |interval| line(weekly, interval)));
        let exceptions = hours.exceptions.iter().flat_map(|exception| {
            let date = exception.date.to_string();
            let dark = if exception.whole_day { "whole_day" } else { "dark" };
            let dark = (exception.whole_day || exception.intervals.is_empty()).then(|| ExceptionDraft {
                date: date.clone(),
                kind: dark.to_owned(),
                ..ExceptionDraft::default()
            });
            let lit = exception.intervals.iter().filter(|_| !exception.whole_day).map(move |interval| ExceptionDraft {
                date: date.clone(),
                kind: "lit".to_owned(),
                from: time(interval.from),
                until: time(interval.until),
            });
            dark.into_iter().chain(lit)
        });
        Self { limited: true, lines: lines.collect(), exceptions: exceptions.collect() }
    }

    /// The hours that the form describes; the inner none: lit always. The outer none, and what is wrong, where it describes none; fields
    /// are named `hours`, `hours.N.days`, `.from`, `.until` and `exceptions.N.date`, `.kind`, `.from`, `.until`.
    pub fn check(&self, errors: &mut Vec<FieldError>) -> Option<Option<Hours>> {
        if !self.limited {
            return Some(None);
        }
        let before = errors.len();
        if self.lines.is_empty() {
            errors.push(FieldError::new("hours", "error-hours-none"));
        }
        let mut weekly: Vec<Weekly> = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let days: Vec<Weekday> =
                DAYS.iter().filter(|(name, _)| line.days.iter().any(|day| day == name)).map(|(_, day)| *day).collect();
            if days.is_empty() {
                errors.push(FieldError::new(format!("hours.{number}.days"), "error-window-days-none"));
            }
            let Some(interval) = interval(&format!("hours.{number}"), &line.from, &line.until, errors) else { continue };
            match weekly.iter_mut().find(|known| known.days == days) {
                Some(known) => known.intervals.push(interval),
                None => weekly.push(Weekly { days, intervals: vec![interval] }),
            }
        }
        let exceptions = self.check_exceptions(errors);
        let too_many = weekly.len() > MOST_LINES
            || exceptions.len() > MOST_EXCEPTIONS
            || weekly.iter().any(|weekly| weekly.intervals.len() > MOST_INTERVALS)
            || exceptions.iter().any(|exception| exception.intervals.len() > MOST_INTERVALS);
        if too_many {
            errors.push(FieldError::new("hours", "error-hours-many").with("most", MOST_INTERVALS.to_string()));
        }
        (errors.len() == before).then_some(Some(Hours { weekly, exceptions }))
    }

    fn check_exceptions(&self, errors: &mut Vec<FieldError>) -> Vec<Exception> {
        let mut exceptions: BTreeMap<NaiveDate, Exception> = BTreeMap::new();
        for (number, draft) in self.exceptions.iter().enumerate() {
            let place = format!("exceptions.{number}");
            let date = draft.date.trim().parse::<NaiveDate>();
            let date = date.map_err(|_| errors.push(FieldError::new(format!("{place}.date"), "error-date-form")));
            let lit = match draft.kind.trim() {
                "lit" => match interval(&place, &draft.from, &draft.until, errors) {
                    Some(interval) => Some(interval),
                    None => continue,
                },
                "dark" | "whole_day" => None,
                _ => {
                    errors.push(FieldError::new(format!("{place}.kind"), "error-hours-kind"));
                    continue;
                }
            };
            let Ok(date) = date else { continue };
            let empty = Exception { date, intervals: Vec::new(), whole_day: false };
            let exception = exceptions.entry(date).or_insert(empty);
            exception.intervals.extend(lit);
            exception.whole_day |= draft.kind.trim() == "whole_day";
        }
        exceptions.into_values().collect()
    }
}

fn interval(place: &str, from: &str, until: &str, errors: &mut Vec<FieldError>) -> Option<Interval> {
    let mut read = |field: &str, text: &str| {
        let time = NaiveTime::parse_from_str(text.trim(), "%H:%M");
        time.map_err(|_| errors.push(FieldError::new(format!("{place}.{field}"), "error-time-form"))).ok()
    };
    let (from, until) = (read("from", from), read("until", until));
    Some(Interval { from: from?, until: until? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> Hours {
        serde_json::from_str(json).expect("hours")
    }

    const TYPICAL: &str = r#"{"weekly":[
        {"days":["Mon","Tue","Wed","Thu","Fri"],"intervals":[{"from":"05:30","until":"11:30"},{"from":"13:00","until":"22:00"}]},
        {"days":["Sat","Sun"],"intervals":[{"from":"06:00","until":"01:00"}]}],
        "exceptions":[{"date":"2027-02-06","intervals":[{"from":"00:00","until":"03:00"}]},{"date":"2027-02-10","intervals":[],"whole_day":true}]}"#;

    #[test]
    fn hours_come_back_from_the_form_as_they_were() {
        let typical = hours(TYPICAL);
        let draft = HoursDraft::of(Some(&typical));
        assert_eq!((draft.lines.len(), draft.exceptions.len()), (3, 2));
        let mut errors = Vec::new();
        assert_eq!(draft.check(&mut errors), Some(Some(typical)));
        assert_eq!(HoursDraft::of(None).check(&mut errors), Some(None));
        assert_eq!(errors, Vec::new());
    }

    #[test]
    fn all_that_is_wrong_is_said_with_its_place() {
        let wrong = HoursDraft {
            limited: true,
            lines: vec![HoursLine { days: Vec::new(), from: "7".to_owned(), until: "08:00".to_owned() }],
            exceptions: vec![
                ExceptionDraft { date: "soon".to_owned(), kind: "dark".to_owned(), ..ExceptionDraft::default() },
                ExceptionDraft { date: "2026-11-23".to_owned(), kind: "dim".to_owned(), ..ExceptionDraft::default() },
            ],
        };
        let mut errors = Vec::new();
        assert_eq!(wrong.check(&mut errors), None);
        let said: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect();
        let expected = [
            "hours.0.days error-window-days-none",
            "hours.0.from error-time-form",
            "exceptions.0.date error-date-form",
            "exceptions.1.kind error-hours-kind",
        ];
        assert_eq!(said, expected);
        errors.clear();
        assert_eq!(HoursDraft { limited: true, ..HoursDraft::default() }.check(&mut errors), None);
        assert_eq!(errors.first().map(|error| error.code), Some("error-hours-none"));
    }

    #[test]
    fn hours_changed_twice_today_count_one_after_the_other() {
        let board: ::playlists::id::BoardId = "b-0001".parse().expect("an id");
        let tz = chrono_tz::Asia::Ho_Chi_Minh;
        let at = |text: &str| text.parse::<DateTime<chrono::Utc>>().expect("an instant");
        let day = |from: &str, until: &str| {
            hours(&format!(r#"{{"weekly":[{{"days":["Mon"],"intervals":[{{"from":"{from}","until":"{until}"}}]}}]}}"#))
        };
        let ended = |hours: Option<Hours>, at: DateTime<chrono::Utc>| EndedHours {
            board: board.clone(),
            ended_ms: at.timestamp_millis(),
            hours,
        };
        // Lit always until 08:00, then from 06:00 to 12:00 until 10:00, then from 20:00 to 22:00; on Monday, 23 November.
        let former = [ended(None, at("2026-11-23T01:00:00Z")), ended(Some(day("06:00", "12:00")), at("2026-11-23T03:00:00Z"))];
        let now = day("20:00", "22:00");
        let told = through_today(&former, Some(&now), at("2026-11-22T20:00:00Z").timestamp_millis(), tz).expect("not always");
        for (hour, lit) in [("20:30", true), ("00:59", true), ("01:00", true), ("02:59", true), ("03:00", false), ("13:00", true)]
        {
            let day = if hour == "20:30" { "2026-11-22" } else { "2026-11-23" };
            assert_eq!(told.is_lit(at(&format!("{day}T{hour}:00Z")), tz), lit, "{hour} UTC");
        }
        assert_eq!(through_today(&former, Some(&now), at("2026-11-23T20:00:00Z").timestamp_millis(), tz), Some(now), "tomorrow");
    }
}
