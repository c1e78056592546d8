//! Dates and countdowns as each language writes them.

use chrono::{Datelike as _, NaiveDate};

use super::language::Language;
use super::template::DateForm;

/// Most days a countdown counts down: one picture is made for each.
pub const MOST_DAYS: i64 = 60;

const WEEKDAYS: [[&str; 4]; 7] = [
    ["Thứ Hai", "Monday", "星期一", "월요일"],
    ["Thứ Ba", "Tuesday", "星期二", "화요일"],
    ["Thứ Tư", "Wednesday", "星期三", "수요일"],
    ["Thứ Năm", "Thursday", "星期四", "목요일"],
    ["Thứ Sáu", "Friday", "星期五", "금요일"],
    ["Thứ Bảy", "Saturday", "星期六", "토요일"],
    ["Chủ nhật", "Sunday", "星期日", "일요일"],
];

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A day in words or figures. Vietnamese figures follow Decree 30/2020/NĐ-CP, appendix I: days below 10 and the months 1 and 2 take
/// a nought before them.
#[must_use]
pub fn say(date: NaiveDate, form: DateForm, language: Language) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let english = usize::try_from(date.month0()).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    let noughted = if month < 3 { format!("{month:02}") } else { month.to_string() };
    let weekday = weekday(date, language);
    match (form, language) {
        (DateForm::Full, Language::Vi) => format!("{weekday}, {day} tháng {month} năm {year}"),
        (DateForm::Full, Language::En) => format!("{weekday}, {day} {english} {year}"),
        (DateForm::Full, Language::Zh) => format!("{year}年{month}月{day}日 {weekday}"),
        (DateForm::Full, Language::Ko) => format!("{year}년 {month}월 {day}일 {weekday}"),
        (DateForm::Long, Language::Vi) => format!("{day} tháng {month} năm {year}"),
        (DateForm::Long, Language::En) => format!("{day} {english} {year}"),
        (DateForm::Long | DateForm::Short, Language::Zh) => format!("{year}年{month}月{day}日"),
        (DateForm::Long, Language::Ko) => format!("{year}년 {month}월 {day}일"),
        (DateForm::Short, Language::Vi) => format!("{day:02}/{noughted}/{year}"),
        (DateForm::Short, Language::En) => format!("{day} {} {year}", english.get(..3).unwrap_or_default()),
        (DateForm::Short, Language::Ko) => format!("{year}.\u{a0}{month}.\u{a0}{day}."),
        (DateForm::DayMonth, Language::Vi) => format!("{day:02}/{noughted}"),
        (DateForm::DayMonth, Language::En) => format!("{day} {}", english.get(..3).unwrap_or_default()),
        (DateForm::DayMonth, Language::Zh) => format!("{month}月{day}日"),
        (DateForm::DayMonth, Language::Ko) => format!("{month}월 {day}일"),
        (DateForm::Weekday, _) => weekday.to_owned(),
        (DateForm::Day, _) => day.to_string(),
        (DateForm::Month, Language::Vi) => format!("Tháng {month}"),
        (DateForm::Month, Language::En) => english.get(..3).unwrap_or_default().to_owned(),
        (DateForm::Month, Language::Zh) => format!("{month}月"),
        (DateForm::Month, Language::Ko) => format!("{month}월"),
    }
}

/// Whole days from `today` to a date; none when it is past, or more than [`MOST_DAYS`] away.
#[must_use]
pub fn days_left(today: NaiveDate, date: NaiveDate) -> Option<i64> {
    Some((date - today).num_days()).filter(|days| (0..=MOST_DAYS).contains(days))
}

/// What a countdown's number is called; with none left it is the day itself.
#[must_use]
pub const fn days_left_words(days: i64, language: Language) -> &'static str {
    match (days, language) {
        (0, Language::Vi) => "hôm nay",
        (0, Language::En) => "today",
        (0, Language::Zh) => "就是今天",
        (0, Language::Ko) => "바로 오늘",
        (_, Language::Vi) => "ngày nữa",
        (1, Language::En) => "day to go",
        (_, Language::En) => "days to go",
        (_, Language::Zh) => "天后",
        (_, Language::Ko) => "일 남음",
    }
}

fn weekday(date: NaiveDate, language: Language) -> &'static str {
    let day = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
    let place = match language {
        Language::Vi => 0,
        Language::En => 1,
        Language::Zh => 2,
        Language::Ko => 3,
    };
    WEEKDAYS.get(day).and_then(|names| names.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn each_language_writes_a_day_in_its_own_way() {
        let cases = [
            (
                "2026-09-02",
                DateForm::Full,
                ["Thứ Tư, 2 tháng 9 năm 2026", "Wednesday, 2 September 2026", "2026年9月2日 星期三", "2026년 9월 2일 수요일"],
            ),
            ("2026-09-02", DateForm::Short, ["02/9/2026", "2 Sep 2026", "2026年9月2日", "2026.\u{a0}9.\u{a0}2."]),
            ("2027-02-14", DateForm::Short, ["14/02/2027", "14 Feb 2027", "2027年2月14日", "2027.\u{a0}2.\u{a0}14."]),
            ("2026-11-22", DateForm::Weekday, ["Chủ nhật", "Sunday", "星期日", "일요일"]),
        ];
        for (date, form, expected) in cases {
            assert_eq!(Language::ALL.map(|language| say(day(date), form, language)), expected);
        }
    }

    #[test]
    fn a_countdown_ends_on_its_day() {
        assert_eq!(days_left(day("2026-08-31"), day("2026-09-02")), Some(2));
        assert_eq!(days_left(day("2026-09-02"), day("2026-09-02")), Some(0));
        assert_eq!(days_left(day("2026-09-03"), day("2026-09-02")), None);
        assert_eq!(days_left(day("2026-01-01"), day("2026-09-02")), None, "more pictures than are made");
        assert_eq!(days_left_words(1, Language::En), "day to go");
    }
}
