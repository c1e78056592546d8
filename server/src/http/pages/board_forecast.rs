//! What each campaign gets of a board over some days, in figures.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use chrono::{Days, NaiveDate};
use playlists::id::BoardId;
use playlists::local::{broadcast_day, day_start};
use playlists::schedule::Displaced;
use serde::Deserialize;

use crate::app::board_forecast::{BoardForecast, Share, board_forecast};
use crate::app::boards;
use crate::app::course::LONGEST;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;

/// Days counted, if not said.
const DAYS: u64 = 7;
/// Most lines of what is displaced.
const MOST_DISPLACED: usize = 60;

/// What somebody gets.
struct Line {
    name: String,
    link: String,
    plays: String,
    per_hour: String,
    shown: String,
    share: String,
    /// Share in per cent, for the bar.
    percent: i64,
    /// Plays that are due and are not started.
    lapses: String,
}

#[derive(Template)]
#[template(path = "board_forecast.html")]
struct ForecastPage {
    frame: Frame,
    t: Tr,
    id: String,
    name: String,
    first: String,
    last: String,
    /// What is wrong with the days asked for.
    wrong: bool,
    most_days: i64,
    range: String,
    times: Vec<(String, String)>,
    lines: Vec<Line>,
    displaced: Vec<String>,
    displaced_more: i64,
}

/// Which broadcast days.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    first: String,
    #[serde(default)]
    last: String,
}

/// `GET /boards/{id}/forecast?first&last`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let (t, app) = (visitor.t, &site.app);
    let id: BoardId = id.parse().map_err(|_| PageError::Missing)?;
    let board = boards::get(app, &id).await?.ok_or(PageError::Missing)?;
    let today = broadcast_day(app.clock.now(), board.time_zone);
    let first = asked.first.parse().unwrap_or(today);
    let last = asked.last.parse().unwrap_or_else(|_| first.checked_add_days(Days::new(DAYS - 1)).unwrap_or(first));
    let mut shown = ForecastPage {
        frame: Frame::of(&visitor, "boards"),
        t,
        id: id.to_string(),
        name: board.name,
        first: first.to_string(),
        last: last.to_string(),
        wrong: false,
        most_days: LONGEST.num_days(),
        range: String::new(),
        times: Vec::new(),
        lines: Vec::new(),
        displaced: Vec::new(),
        displaced_more: 0,
    };
    let Some(after) = days_after(first, last) else {
        shown.wrong = true;
        return page(&shown);
    };
    let (from, until) = (day_start(first, board.time_zone), day_start(after, board.time_zone));
    let forecast = board_forecast(app, &id, from, until).await?.ok_or(PageError::Missing)?;
    shown.range = t.args("board-forecast-range", &[("from", t.instant(from)), ("until", t.instant(until))]);
    shown.times = times(t, &forecast);
    shown.lines = forecast.shares().iter().map(|share| line(t, share)).collect();
    shown.displaced = displaced(t, &forecast);
    shown.displaced_more = whole(shown.displaced.len().saturating_sub(MOST_DISPLACED));
    shown.displaced.truncate(MOST_DISPLACED);
    page(&shown)
}

/// The day after the last; none where these days cannot be counted together.
fn days_after(first: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
    let counted = (last - first).num_days() + 1;
    let known = |day: NaiveDate| (1970..2100).contains(&chrono::Datelike::year(&day));
    let sound = (1..=LONGEST.num_days()).contains(&counted) && known(first) && known(last);
    sound.then(|| last.succ_opt()).flatten()
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// How long it is lit, dark, or without a manifest; and what it keeps.
fn times(t: Tr, forecast: &BoardForecast) -> Vec<(String, String)> {
    let mut times = vec![(t.s("board-forecast-lit"), t.length(forecast.counted.lit_ms()))];
    for (key, ms) in [("now-dark", forecast.counted.dark_ms), ("timeline-unknown", forecast.unknown.num_milliseconds())] {
        if ms > 0 {
            times.push((t.s(key), t.length(ms)));
        }
    }
    times.push((t.s("board-forecast-kept"), t.bytes(i64::try_from(forecast.kept_bytes).unwrap_or(i64::MAX))));
    times
}

fn line(t: Tr, share: &Share<'_>) -> Line {
    let id = share.campaign.map(ToString::to_string).unwrap_or_default();
    let campaign = share.name.map_or_else(|| id.clone(), str::to_owned);
    let name = match share.shows {
        "ticker" => t.a("timeline-ticker", "name", campaign),
        "default" => t.s("now-default"),
        "safe-item" => t.s("now-safe"),
        "notice" => t.s("now-notice"),
        _ => campaign,
    };
    Line {
        name,
        link: if id.is_empty() { String::new() } else { format!("/campaigns/{id}") },
        plays: share.plays.to_string(),
        per_hour: t.decimal(share.plays_per_hour),
        shown: t.length(share.shown_ms),
        share: format!("{} %", t.decimal(share.share * 100.0)),
        percent: (share.share * 100.0).round() as i64,
        lapses: if share.lapses == 0 { String::new() } else { t.n("board-forecast-lapses", whole(share.lapses)) },
    }
}

/// Who is held back, those by the same campaigns for the same time in one sentence.
fn displaced(t: Tr, forecast: &BoardForecast) -> Vec<String> {
    let mut together: Vec<(Vec<&str>, &Displaced)> = Vec::new();
    for displaced in &forecast.counted.displaced {
        let name = forecast.names.campaign(&displaced.campaign);
        let alike = |(_, other): &&mut (Vec<&str>, &Displaced)| {
            (&other.by, other.since, other.until) == (&displaced.by, displaced.since, displaced.until)
        };
        match together.iter_mut().rev().take(MOST_DISPLACED).find(alike) {
            Some((names, _)) => names.push(name),
            None => together.push((vec![name], displaced)),
        }
    }
    let said = |(names, displaced): (Vec<&str>, &Displaced)| {
        let by: Vec<_> = displaced.by.iter().map(|id| forecast.names.campaign(id)).collect();
        let words = [
            ("name", names.join("”, “")),
            ("by", by.join("”, “")),
            ("since", t.instant(displaced.since)),
            ("until", t.instant(displaced.until)),
        ];
        t.args("board-forecast-held", &words)
    };
    together.into_iter().map(said).collect()
}
