//! A cron expression in words, where it is a simple one.

use super::windows::{DAYS, day_name};
use crate::http::words::Tr;

/// What a five-field expression says; none where only its fields say it.
pub(super) fn words(t: Tr, cron: &str) -> Option<String> {
    let fields: Vec<_> = cron.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return None };
    let often = match (*minute, *hour) {
        ("*", "*") => Some(t.s("cron-every-minute")),
        (minute, "*") if minute.starts_with("*/") => Some(t.n("cron-every-minutes", step(minute, 59)?)),
        (minute, "*") => Some(t.n("cron-hourly", number(minute, 0, 59)?)),
        (minute, hour) if hour.starts_with("*/") => {
            let (step, minute) = (step(hour, 23)?.to_string(), number(minute, 0, 59)?.to_string());
            Some(t.args("cron-every-hours", &[("step", step), ("minute", minute)]))
        }
        (minute, hours) => {
            let minute = number(minute, 0, 59)?;
            let hours = hours.split(',').map(|hour| number(hour, 0, 23)).collect::<Option<Vec<_>>>()?;
            let times: Vec<_> = hours.into_iter().map(|hour| format!("{hour:02}:{minute:02}")).collect();
            Some(t.a("cron-at", "times", times.join(", ")))
        }
    }?;
    let on = match (*day, *month, *weekday) {
        ("*", "*", "*") => t.s("days-all"),
        ("*", "*", days) => weekdays(t, days)?,
        (day, "*", "*") => t.n("cron-on-day", number(day, 1, 31)?),
        (day, month, "*") => {
            let (day, month) = (number(day, 1, 31)?.to_string(), number(month, 1, 12)?.to_string());
            t.args("cron-on-date", &[("day", day), ("month", month)])
        }
        _ => return None,
    };
    Some(format!("{on}, {often}"))
}

fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (least..=most).contains(number))
}

fn step(text: &str, most: i64) -> Option<i64> {
    number(text.strip_prefix("*/")?, 1, most)
}

/// Names of weekdays from a list of names, numbers and ranges.
fn weekdays(t: Tr, text: &str) -> Option<String> {
    let place = |word: &str| {
        let by_number = number(word, 0, 7).and_then(|n| usize::try_from((n + 6) % 7).ok());
        by_number.or_else(|| DAYS.iter().position(|day| day.eq_ignore_ascii_case(word)))
    };
    let mut named = [false; 7];
    for part in text.split(',') {
        let (from, until) = match part.split_once('-') {
            Some((from, until)) => (place(from)?, place(until)?),
            None => (place(part)?, place(part)?),
        };
        if from > until {
            return None;
        }
        named.iter_mut().take(until + 1).skip(from).for_each(|day| *day = true);
    }
    let names: Vec<_> = DAYS.iter().zip(named).filter(|(_, named)| *named).map(|(day, _)| day_name(t, day)).collect();
    Some(if names.len() == DAYS.len() { t.s("days-all") } else { names.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::words::Language;

    #[test]
    fn simple_expressions_are_said_in_words_and_no_other() {
        let (en, vi) = (Tr::new(Language::English), Tr::new(Language::Vietnamese));
        for (cron, expected) in [
            ("0 7 * * *", Some("Daily, at 07:00")),
            ("30 7,19 * * Mon-Fri", Some("Mon, Tue, Wed, Thu, Fri, at 07:30, 19:30")),
            ("0 8 * * 0,6", Some("Sat, Sun, at 08:00")),
            ("0 8 1 * *", Some("On day 1 of every month, at 08:00")),
            ("0 8 2 9 *", Some("On 2/9 of every year, at 08:00")),
            ("*/30 * * * *", Some("Daily, every 30 minutes")),
            ("15 */2 * * *", Some("Daily, every 2 hours at minute 15")),
            ("5 * * * *", Some("Daily, every hour at minute 5")),
            ("0 8 1 * Mon", None),
            ("0-5 8 * * *", None),
            ("0 8-17/3 * * *", None),
            ("0 8 * Jan-Mar *", None),
        ] {
            assert_eq!(words(en, cron).as_deref(), expected, "{cron}");
        }
        assert_eq!(words(vi, "0 8 2 9 *").as_deref(), Some("Ngày 2/9 hằng năm, lúc 08:00"));
    }
}
