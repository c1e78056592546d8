//! Instants and durations as people of the house write them: civil time of Vietnam, which has no clock changes.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;

use super::words::{Language, Tr};

/// The form of a `datetime-local` field.
const FIELD: &str = "%Y-%m-%dT%H:%M";
/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

impl Tr {
    /// A date, with its weekday.
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> String {
        let days = ["day-mon", "day-tue", "day-wed", "day-thu", "day-fri", "day-sat", "day-sun"];
        let day = days.get(date.weekday().num_days_from_monday() as usize).map(|key| self.s(key)).unwrap_or_default();
        let form = match self.language {
            Language::Vietnamese => "%d/%m/%Y",
            Language::English => "%-d %b %Y",
        };
        format!("{day} {}", date.format(form))
    }
    /// Day and time of day.
    #[must_use]
    pub fn instant(&self, instant: DateTime<Utc>) -> String {
        let form = match self.language {
            Language::Vietnamese => "%H:%M %d/%m/%Y",
            Language::English => "%-d %b %Y, %H:%M",
        };
        instant.with_timezone(&Ho_Chi_Minh).format(form).to_string()
    }
    /// Time of day with seconds.
    #[must_use]
    pub fn clock_time(&self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&Ho_Chi_Minh).format("%H:%M:%S").to_string()
    }
    /// Day and time of day with seconds, the same in both languages: for tables.
    #[must_use]
    pub fn stamp(&self, instant: DateTime<Utc>) -> String {
        let form = match self.language {
            Language::Vietnamese => "%d/%m %H:%M:%S",
            Language::English => "%-d %b %H:%M:%S",
        };
        instant.with_timezone(&Ho_Chi_Minh).format(form).to_string()
    }
    /// Milliseconds since 1970, as [`Self::instant`].
    #[must_use]
    pub fn instant_ms(&self, ms: i64) -> String {
        DateTime::from_timestamp_millis(ms).map(|at| self.instant(at)).unwrap_or_default()
    }
    /// How long ago, in the largest whole unit.
    #[must_use]
    pub fn ago(&self, then: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let passed = now - then;
        if passed < TimeDelta::seconds(5) {
            return self.s("ago-now");
        }
        let (key, n) = if passed < TimeDelta::minutes(1) {
            ("ago-seconds", passed.num_seconds())
        } else if passed < TimeDelta::hours(1) {
            ("ago-minutes", passed.num_minutes())
        } else if passed < TimeDelta::days(1) {
            ("ago-hours", passed.num_hours())
        } else {
            ("ago-days", passed.num_days())
        };
        self.n(key, n)
    }
    /// A length such as `1 min 20 s`.
    #[must_use]
    pub fn length(&self, ms: i64) -> String {
        let seconds = ms / 1000;
        // One day is told in hours, as a board's day is.
        let days = if seconds < 2 * DAY_S { 0 } else { seconds / DAY_S };
        let (hours, minutes, rest) = ((seconds - days * DAY_S) / 3600, seconds / 60 % 60, seconds % 60);
        let parts = [("length-days", days), ("length-hours", hours), ("length-minutes", minutes), ("length-seconds", rest)];
        let said: Vec<_> = parts.iter().filter(|(_, n)| *n > 0).map(|(key, n)| self.n(key, *n)).collect();
        if said.is_empty() { self.n("length-seconds", 0) } else { said.join(" ") }
    }
    /// How long a clip plays: below a minute with a decimal, such as `10.4 s`.
    #[must_use]
    pub fn clip_length(&self, ms: u64) -> String {
        if ms >= 60_000 {
            return self.length(i64::try_from(ms).unwrap_or(i64::MAX));
        }
        #[expect(clippy::cast_precision_loss, reason = "below a minute")]
        let seconds = ms as f64 / 1000.0;
        format!("{} {}", self.decimal(seconds), self.s("seconds-short"))
    }
    /// Bytes with a unit, one decimal, the language's decimal sign.
    #[must_use]
    pub fn bytes(&self, bytes: i64) -> String {
        const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
        if bytes < 1000 {
            return format!("{bytes} B");
        }
        let (mut tenths, mut unit) = (bytes / 100, "kB");
        for next in UNITS.iter().skip(1) {
            if tenths < 10_000 {
                break;
            }
            tenths /= 1000;
            unit = next;
        }
        let sign = if self.language == Language::Vietnamese { ',' } else { '.' };
        if tenths >= 1000 { format!("{} {unit}", tenths / 10) } else { format!("{}{sign}{} {unit}", tenths / 10, tenths % 10) }
    }
    /// A number with one decimal and the language's decimal sign.
    #[must_use]
    pub fn decimal(&self, number: f64) -> String {
        let text = format!("{number:.1}");
        if self.language == Language::Vietnamese { text.replace('.', ",") } else { text }
    }
}

/// An instant as a `datetime-local` field shows it.
#[must_use]
pub fn to_field(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&Ho_Chi_Minh).format(FIELD).to_string()
}

/// The instant that a `datetime-local` field names; none when it names none.
#[must_use]
pub fn from_field(text: &str) -> Option<DateTime<Utc>> {
    let civil = NaiveDateTime::parse_from_str(text.trim(), FIELD).ok()?;
    Some(Ho_Chi_Minh.from_local_datetime(&civil).earliest()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_said_in_vietnamese_civil_time() {
        let at = DateTime::from_timestamp(1_795_000_000, 0).expect("an instant");
        assert_eq!(Tr::new(Language::Vietnamese).instant(at), "18:06 18/11/2026");
        assert_eq!(Tr::new(Language::English).instant(at), "18 Nov 2026, 18:06");
        assert_eq!(from_field(&to_field(at)).map(to_field), Some(to_field(at)));
        assert_eq!(from_field("2026-13-01T00:00"), None);
    }

    #[test]
    fn sizes_and_lengths_are_short() {
        let (vietnamese, english) = (Tr::new(Language::Vietnamese), Tr::new(Language::English));
        assert_eq!(vietnamese.bytes(1_234_567), "1,2 MB");
        assert_eq!(english.bytes(123_456_789_000), "123 GB");
        assert_eq!(english.bytes(999), "999 B");
        assert_eq!(english.length(80_000), "1 min 20 s");
        assert_eq!(english.length(86_400_000), "24 h");
        assert_eq!(english.length(7 * 86_400_000 + 3_600_000), "7 days 1 h");
        assert_eq!(vietnamese.length(0), "0 giây");
    }
}
