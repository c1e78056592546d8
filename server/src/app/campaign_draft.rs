//! A campaign's form: from raw text to values, or everything that is wrong with it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use playlists::campaign::{Level, MOST_WINDOWS, PerHour, Period, Share, Weight};
use playlists::id::ThemeId;
use playlists::local::instant_of;
use playlists::theme;
use playlists::window::Window;

pub use super::window_draft::{StartsDraft, WindowDraft};
use super::{FieldError, checked_name};

/// The zone in which operators write times: that of the province's units.
pub const OPERATORS_ZONE: Tz = chrono_tz::Asia::Ho_Chi_Minh;

/// A campaign as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignDraft {
    /// Its name.
    pub name: String,
    /// What is shown: `playlist` or `ticker`; empty: a playlist.
    pub shown: String,
    /// The playlist; not looked at where a ticker is shown.
    pub playlist_id: String,
    /// The asset of kind ticker; not looked at where a playlist is shown.
    pub ticker_asset_id: String,
    /// `normal` or `priority`.
    pub level: String,
    /// `weight` or `per_hour`: which of the two counts; empty: the weight.
    pub share: String,
    /// 1 to 1,000; not looked at where plays per hour count.
    pub weight: String,
    /// Plays in every hour, 1 to 3,600; not looked at where the weight counts.
    pub per_hour: String,
    /// An id of `playlists::theme::THEMES`; empty: none.
    pub theme: String,
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

/// Which of the two a campaign shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A playlist, in the loop.
    Playlist,
    /// A ticker, over it.
    Ticker,
}

/// What a form says once it holds; playlist, ticker and boards are still to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub shown: Shown,
    /// How it ranks.
    pub level: Level,
    /// How much of the loop it gets.
    pub share: Share,
    /// What it is about.
    pub theme: Option<ThemeId>,
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
        let shown = match self.shown.trim() {
            "" | "playlist" => Shown::Playlist,
            "ticker" => Shown::Ticker,
            _ => {
                errors.push(FieldError::new("shown", "error-shown-unknown"));
                Shown::Playlist
            }
        };
        let share = self.check_share(shown, errors);
        let theme = match self.theme.trim() {
            "" => None,
            id => theme::known(id).or_else(|| {
                errors.push(FieldError::new("theme", "error-theme-unknown"));
                None
            }),
        };
        let period = self.check_period(now, errors);
        if self.windows.len() > MOST_WINDOWS {
            errors.push(FieldError::new("windows", "error-windows-many").with("most", MOST_WINDOWS.to_string()));
        }
        let windows = (0..)
            .zip(self.windows.iter().take(MOST_WINDOWS))
            .filter_map(|(number, window): (usize, _)| window.check(&format!("windows.{number}."), &period, now, errors))
            .collect();
        if !self.all_boards && self.boards.iter().all(|board| board.trim().is_empty()) {
            errors.push(FieldError::new("boards", "error-boards-none"));
        }
        Checked { name, shown, level, share, theme, period, windows }
    }

    fn check_share(&self, shown: Shown, errors: &mut Vec<FieldError>) -> Share {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let (share, field, code) = match self.share.trim() {
            "per_hour" if shown == Shown::Ticker => (None, "share", "error-ticker-per-hour"),
            "per_hour" => {
                let plays = number(&self.per_hour).and_then(|plays| PerHour::new(plays).ok());
                (plays.map(Share::PerHour), "per_hour", "error-per-hour-range")
            }
            "" | "weight" => {
                let weight = number(&self.weight).and_then(|weight| Weight::new(weight).ok());
                (weight.map(Share::Weight), "weight", "error-weight-range")
            }
            _ => (None, "share", "error-share-unknown"),
        };
        share.unwrap_or_else(|| {
            errors.push(FieldError::new(field, code));
            Share::Weight(Weight::ONE)
        })
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
pub(crate) fn written(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let time = time.with_timezone(&OPERATORS_ZONE).naive_local();
    let form = if time.and_utc().timestamp() % 60 == 0 && ms % 1000 == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S%.f" };
    time.format(form).to_string()
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
                StartsDraft::Form { days: Vec::new(), from: "25:00".to_owned(), until: "08:00".to_owned() }.into(),
                StartsDraft::Cron { cron: "0 7 * *".to_owned(), duration_minutes: "0".to_owned() }.into(),
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
    fn a_share_is_a_weight_or_plays_per_hour() {
        let read = |share: &str, weight: &str, per_hour: &str| {
            let (share, weight, per_hour) = (share.to_owned(), weight.to_owned(), per_hour.to_owned());
            let mut errors = Vec::new();
            let checked = CampaignDraft { share, weight, per_hour, ..draft() }.check(now(), &mut errors);
            errors.first().map_or(Ok(checked.share), |error| Err((error.field.clone(), error.code)))
        };
        let plays = |n| Share::PerHour(PerHour::new(n).expect("plays"));
        assert_eq!(read("", "7", "x"), Ok(Share::Weight(Weight::new(7).expect("a weight"))));
        assert_eq!(read("per_hour", "", "12"), Ok(plays(12)));
        assert_eq!(read("per_hour", "7", "3601"), Err(("per_hour".to_owned(), "error-per-hour-range")));
        assert_eq!(read("seconds", "7", "12"), Err(("share".to_owned(), "error-share-unknown")));
        let wrong = codes(&CampaignDraft { theme: "weather".to_owned(), shown: "clock".to_owned(), ..draft() });
        let told = [("shown", "error-shown-unknown"), ("theme", "error-theme-unknown")];
        assert_eq!(wrong, told.map(|(field, code)| (field.to_owned(), code)));
        let hourly =
            CampaignDraft { shown: "ticker".to_owned(), share: "per_hour".to_owned(), per_hour: "6".to_owned(), ..draft() };
        assert_eq!(codes(&hourly), [("share".to_owned(), "error-ticker-per-hour")]);
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
        let days = vec!["Sat".to_owned(), "Mon".to_owned()];
        let window = StartsDraft::Form { days, from: "22:05".to_owned(), until: "02:00".to_owned() }.into();
        let mut errors = Vec::new();
        let checked = CampaignDraft { windows: vec![window], ..draft() }.check(now(), &mut errors);
        assert_eq!(errors, Vec::new());
        assert_eq!(checked.windows[0].cron().map(|cron| cron.as_str()), Some("5 22 * * Mon,Sat"));
        assert_eq!(checked.windows[0].duration().as_secs(), 235 * 60);
    }

    #[test]
    fn a_window_that_never_opens_is_refused() {
        let never = StartsDraft::Cron { cron: "0 7 30 2 *".to_owned(), duration_minutes: "60".to_owned() }.into();
        assert_eq!(
            codes(&CampaignDraft { windows: vec![never], ..draft() }),
            [("windows.0.cron".to_owned(), "error-window-never")]
        );
        let sunday =
            StartsDraft::Form { days: vec!["Sun".to_owned()], from: "07:00".to_owned(), until: "08:00".to_owned() }.into();
        let monday_only =
            CampaignDraft { windows: vec![sunday], from: "2026-11-30".to_owned(), until: "2026-11-30".to_owned(), ..draft() };
        assert_eq!(codes(&monday_only), [("windows.0.from".to_owned(), "error-window-never")]);
    }
}
