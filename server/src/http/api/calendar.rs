//! A timeline as a calendar (RFC 5545): one event a span, in UTC, so that no zone has to be described.

use chrono::{DateTime, Utc};
use playlists::id::{BoardId, Digest};

use super::lines::{Line, Named};
use crate::http::words::Tr;

/// Longest line, in bytes without its end.
const LONGEST_LINE: usize = 75;

/// The calendar of a board. Dark spans and those without a manifest make no event.
pub(super) fn write(t: Tr, board: &BoardId, name: &str, lines: &[Line], now: DateTime<Utc>) -> String {
    let mut text = String::new();
    let mut put = |line: &str| fold(line, &mut text);
    put("BEGIN:VCALENDAR");
    put("VERSION:2.0");
    put("PRODID:-//Bangtin//Timeline//EN");
    put("CALSCALE:GREGORIAN");
    put("METHOD:PUBLISH");
    put(&format!("X-WR-CALNAME:{}", escape(name)));
    for line in lines.iter().filter(|line| !matches!(line.shows, "dark" | "unknown")) {
        let names = |named: &[Named]| named.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        let all: Vec<Named> = line.campaigns.iter().chain(&line.per_hour).cloned().collect();
        let summary = match line.shows {
            "safe-item" => t.s("now-safe"),
            "notice" => t.s("now-notice"),
            "ticker" => t.a("timeline-ticker", "name", names(&all)),
            _ if all.is_empty() => t.s("now-default"),
            _ => names(&all),
        };
        // The same span of the same campaigns keeps its id from one reading to the next; two events never share one.
        let ids = all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join("|");
        let uid = Digest::of(format!("{board}|{}|{}|{ids}", line.from, line.shows).as_bytes()).to_string();
        put("BEGIN:VEVENT");
        put(&format!("UID:{}@bangtin", uid.get(..32).unwrap_or(&uid)));
        put(&format!("DTSTAMP:{}", now.format("%Y%m%dT%H%M%SZ")));
        put(&format!("DTSTART:{}", basic(&line.from)));
        put(&format!("DTEND:{}", basic(&line.until)));
        put(&format!("SUMMARY:{}", escape(&summary)));
        put(&format!("LOCATION:{}", escape(name)));
        put("TRANSP:TRANSPARENT");
        put("END:VEVENT");
    }
    put("END:VCALENDAR");
    text
}

/// `2026-02-16T17:00:00.000Z` as calendars write it: whole seconds.
fn basic(stamp: &str) -> String {
    let whole = stamp.split('.').next().unwrap_or(stamp).trim_end_matches('Z');
    whole.chars().filter(|c| !matches!(c, '-' | ':')).chain(['Z']).collect()
}

/// Text as a value: backslash, comma, semicolon and line ends are marked.
fn escape(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Adds a line, cut into pieces of at most [`LONGEST_LINE`] bytes that never split a letter.
fn fold(line: &str, text: &mut String) {
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > LONGEST_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(letter);
        length += letter.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::words::Language;

    fn line(shows: &'static str, names: &[&str]) -> Line {
        let named = |name: &&str| Named { id: "c".to_owned(), name: (*name).to_owned() };
        Line {
            from: "2026-02-16T17:00:00.250Z".to_owned(),
            until: "2026-02-16T18:30:00.000Z".to_owned(),
            shows,
            campaigns: names.iter().map(named).collect(),
            ..Line::default()
        }
    }

    fn written(lines: &[Line]) -> String {
        let now = "2026-02-01T00:00:00Z".parse().expect("an instant");
        write(Tr::new(Language::Vietnamese), &"b-05443".parse().expect("an id"), "Bảng; số 1", lines, now)
    }

    #[test]
    fn an_event_has_its_times_in_utc_and_its_text_marked() {
        let text = written(&[line("loop", &["Tết, \"Bính Ngọ\"", "a\\b;c\nd"]), line("dark", &[]), line("unknown", &[])]);
        assert_eq!(text.matches("BEGIN:VEVENT\r\n").count(), 1, "nothing on the screen is no event");
        for expected in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            "X-WR-CALNAME:Bảng\\; số 1\r\n",
            "DTSTAMP:20260201T000000Z\r\nDTSTART:20260216T170000Z\r\nDTEND:20260216T183000Z\r\n",
            "SUMMARY:Tết\\, \"Bính Ngọ\"\\, a\\\\b\\;c\\nd\r\n",
            "END:VCALENDAR\r\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in {text}");
        }
    }

    #[test]
    fn running_text_is_an_event_of_its_own_and_says_so() {
        let text = written(&[line("loop", &["Tết"]), line("ticker", &["Chào xuân"])]);
        assert_eq!(text.matches("BEGIN:VEVENT\r\n").count(), 2);
        assert!(text.contains("SUMMARY:Chào xuân (chữ chạy)\r\n"), "{text}");
    }

    #[test]
    fn lines_are_folded_between_letters_and_read_back_whole() {
        let long = "Đường dây nóng phòng, chống ma tuý và tệ nạn xã hội ".repeat(9);
        let text = written(&[line("loop", &[&long])]);
        for line in text.split("\r\n") {
            assert!(line.len() <= 75, "{line}");
        }
        assert!(!text.replace("\r\n", "").contains('\n'), "lines end in CRLF");
        let whole = text.replace("\r\n ", "");
        assert!(whole.contains(&format!("SUMMARY:{}\r\n", long.replace(',', "\\,"))), "{whole}");
    }

    #[test]
    fn an_event_keeps_its_id_and_shares_it_with_none() {
        let ids = |text: &str| {
            let ids = text.lines().filter(|line| line.starts_with("UID:"));
            ids.map(str::to_owned).collect::<Vec<_>>()
        };
        let other = Line { from: "2026-02-17T17:00:00.000Z".to_owned(), ..line("loop", &["a"]) };
        let first = ids(&written(&[line("loop", &["a"]), other.clone()]));
        assert_eq!(first.len(), 2);
        assert_ne!(first.first(), first.last());
        assert_eq!(ids(&written(&[other])), first.get(1..).expect("two"));
    }
}
