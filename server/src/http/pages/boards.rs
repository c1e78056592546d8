//! One board: its screen, what plays and since when, wanted and reported revision, health, the last events and plays.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::BoardId;
use playlists::schedule::What;
use serde::Deserialize;

use super::board_settings;
use super::overview::{Line, line};
use crate::app::now_showing::now_showing;
use crate::app::overview::{self, BoardState, Judged};
use crate::app::{boards, commands};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::overview as rows;

/// A transition is over by then, and the picture is the whole one.
const SETTLED_AFTER_MS: i64 = 1000;
/// Events and plays shown.
const LAST: i64 = 12;

/// What plays now.
struct Now {
    /// The asset's name, or what else it is.
    what: String,
    /// The asset's page; empty when it is none.
    link: String,
    /// Whose turn it is, in words.
    campaign: String,
    /// Since when.
    since: String,
    /// Since when, in UTC milliseconds.
    since_ms: i64,
    /// Until when.
    until: String,
    /// The page asks again after this many seconds.
    again_in: i64,
}

struct Play {
    at: String,
    what: String,
    campaign: String,
    shown: String,
    interrupted: bool,
}

struct Happened {
    at: String,
    what: String,
    detail: String,
}

/// A figure of health: name, value, whether someone should look.
struct Figure {
    name: String,
    value: String,
    bad: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    t: Tr,
    board: Line,
    unit: String,
    asked: bool,
    refused: bool,
    picture: Option<(i64, String, String)>,
    now: Option<Now>,
    /// No plan was ever made for it.
    never: bool,
    desired: String,
    reported: String,
    errors: Vec<String>,
    figures: Vec<Figure>,
    /// What it is set to: name and value.
    settings: Vec<(String, String)>,
    events: Vec<Happened>,
    plays: Vec<Play>,
    /// This minute, as the field of an instant takes it.
    minute: String,
}

/// How a command just went.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Went {
    #[serde(default)]
    asked: String,
}

fn id(text: &str) -> Result<BoardId, PageError> {
    text.parse().map_err(|_| PageError::Missing)
}

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// A manifest's revision as people read it: the instant of which it is the number.
fn revision(t: Tr, rev: Option<i64>) -> String {
    rev.filter(|rev| *rev > 0).and_then(DateTime::from_timestamp_millis).map_or_else(|| t.s("revision-none"), |at| t.stamp(at))
}

/// `GET /boards/{id}`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(board): Path<String>,
    Query(went): Query<Went>,
) -> Result<Html<String>, PageError> {
    let (t, app, id) = (visitor.t, &site.app, id(&board)?);
    let board = overview::board(app, &id).await?.ok_or(PageError::Missing)?;
    let facts = rows::board_facts(&app.db, id.as_str()).await?.ok_or(PageError::Missing)?;
    let stored = boards::get(app, &id).await?;
    let picture = rows::snapshot_taken_ms(&app.db, id.as_str()).await?;
    let now = now(t, &site, &id).await;
    if let Some(now) = &now {
        ask_when_old(&site, &id, &board, picture, now.since_ms);
    }
    let events = rows::last_events(&app.db, id.as_str(), LAST).await?;
    let plays = rows::last_plays(&app.db, id.as_str(), LAST).await?;
    page(&BoardPage {
        frame: Frame::of(&visitor, "boards"),
        t,
        board: line(t, &site, &board),
        unit: facts.unit_name.clone(),
        asked: went.asked == "yes",
        refused: went.asked == "no",
        picture: picture.map(|ms| (ms, t.ago(time(ms), app.clock.now()), t.instant_ms(ms))),
        now,
        never: board.row.desired.is_none(),
        desired: revision(t, board.row.desired),
        reported: revision(t, board.row.reported),
        errors: errors(t, &board),
        figures: figures(t, &facts),
        settings: match &stored {
            Some(board) => board_settings::summary(&site, t, board).await?,
            None => Vec::new(),
        },
        events: events.into_iter().map(|event| happened(t, event)).collect(),
        plays: plays.into_iter().map(|row| play(t, row)).collect(),
        minute: times::to_field(app.clock.now()),
    })
}

/// What plays now; a manifest that cannot be read costs this line, not the page.
async fn now(t: Tr, site: &Site, id: &BoardId) -> Option<Now> {
    let showing = match now_showing(&site.app, id).await {
        Ok(showing) => showing?,
        Err(error) => {
            tracing::error!(board.id = %id, error = %crate::telemetry::chain(&error), "what plays now cannot be told");
            return None;
        }
    };
    let (what, link, campaign) = match &showing.what {
        What::Dark => (t.s("now-dark"), String::new(), String::new()),
        What::Notice { notice, .. } => (notice.to_string(), String::new(), String::new()),
        What::Entry(slot) => {
            let asset = match &slot.asset {
                Some(asset) => crate::store::assets::get(&site.app.db, asset).await.ok().flatten(),
                None => None,
            };
            let campaign = match &slot.campaign {
                Some(campaign) => crate::store::campaigns::get(&site.app.db, campaign).await.ok().flatten(),
                None => None,
            };
            let link = asset.as_ref().map(|asset| format!("/assets/{}", asset.id)).unwrap_or_default();
            let said = campaign.map_or_else(|| t.s("now-default"), |campaign| t.a("now-campaign", "name", campaign.name));
            (asset.map_or_else(|| t.s("now-safe"), |asset| asset.name), link, said)
        }
    };
    let left = (showing.until - site.app.clock.now()).max(TimeDelta::seconds(1));
    Some(Now {
        what,
        link,
        campaign,
        since: t.clock_time(showing.since),
        since_ms: showing.since.timestamp_millis(),
        until: t.clock_time(showing.until),
        again_in: left.num_seconds() + 1,
    })
}

/// While somebody looks at a board, its picture follows what plays: one from before this turn is asked for anew.
fn ask_when_old(site: &Site, id: &BoardId, board: &Judged, taken_ms: Option<i64>, since_ms: i64) {
    let settled_ms = since_ms + SETTLED_AFTER_MS;
    let old = taken_ms.is_none_or(|taken| taken < settled_ms) && site.app.clock.now_ms() >= settled_ms;
    let answers = matches!(board.state, BoardState::Live | BoardState::Updating | BoardState::Faulty);
    if old
        && answers
        && site.may_ask_picture(id)
        && let Err(error) = commands::ask_snapshot(&site.app, id)
    {
        tracing::debug!(board.id = %id, error = %error, "a snapshot could not be asked for");
    }
}

fn errors(t: Tr, board: &Judged) -> Vec<String> {
    let codes: Vec<String> = board.row.errors.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    codes.into_iter().map(|code| t.known(&format!("fault-{code}")).unwrap_or(code)).collect()
}

fn figures(t: Tr, facts: &rows::BoardFacts) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut add = |name: String, value: Option<String>, bad: bool| {
        if let Some(value) = value {
            figures.push(Figure { name, value, bad });
        }
    };
    let clock =
        facts.clock_quality.as_ref().map(|quality| t.known(&format!("clock-{quality}")).unwrap_or_else(|| quality.clone()));
    add(t.s("health-fps"), facts.presented_fps.map(|fps| t.decimal(fps)), false);
    add(t.s("health-black"), facts.black_ms.map(|ms| t.a("milliseconds", "n", ms)), facts.black_ms.is_some_and(|ms| ms > 0));
    add(t.s("health-temp"), facts.temp.map(|temp| format!("{} °C", t.decimal(temp))), facts.temp.is_some_and(|temp| temp > 80.0));
    add(t.s("health-memory"), facts.rss.map(|bytes| t.bytes(bytes)), false);
    add(
        t.s("health-free"),
        facts.disk_free.map(|bytes| t.bytes(bytes)),
        facts.disk_free.is_some_and(|bytes| bytes < 100_000_000),
    );
    add(t.s("health-used"), facts.disk_used.map(|bytes| t.bytes(bytes)), false);
    add(t.s("health-queued"), facts.queued.map(|n| n.to_string()), facts.queued.is_some_and(|n| n > 100_000));
    add(t.s("health-clock"), clock, facts.clock_quality.as_deref() == Some("floor"));
    add(
        t.s("health-skew"),
        facts.clock_skew_ms.map(|ms| t.a("milliseconds", "n", ms)),
        facts.clock_skew_ms.is_some_and(|ms| ms.abs() > 5000),
    );
    add(t.s("health-player"), facts.player.clone(), false);
    add(t.s("health-brightness"), Some(format!("{} %", facts.brightness)), false);
    figures
}

fn happened(t: Tr, event: rows::EventRow) -> Happened {
    let what = t.known(&format!("event-{}", event.code)).unwrap_or(event.code);
    Happened { at: t.stamp(time(event.t_ms)), what, detail: event.detail }
}

fn play(t: Tr, row: rows::PlayRow) -> Play {
    Play {
        at: t.stamp(time(row.started_ms)),
        what: row.asset.unwrap_or_else(|| t.s("now-safe")),
        campaign: row.campaign.unwrap_or_else(|| t.s("play-default")),
        shown: t.length(row.shown_ms),
        interrupted: row.flags & i64::from(playlists::wire::reports::INTERRUPTED) != 0,
    }
}

/// `GET /boards/{id}/snapshot`: the newest picture of its screen.
pub(in crate::http) async fn snapshot(State(site): State<Site>, Path(board): Path<String>) -> Result<Response, PageError> {
    let (kind, bytes) = rows::snapshot(&site.app.db, id(&board)?.as_str()).await?.ok_or(PageError::Missing)?;
    // What a board says its picture is, is not repeated to browsers unless it is a picture.
    let kind = ["image/png", "image/jpeg", "image/webp"].into_iter().find(|known| *known == kind).ok_or(PageError::Missing)?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=86400")], bytes).into_response())
}

/// `POST /boards/{id}/snapshot`: asks the board for a new one.
pub(in crate::http) async fn ask_snapshot(State(site): State<Site>, Path(board): Path<String>) -> Result<Response, PageError> {
    let id = id(&board)?;
    if overview::board(&site.app, &id).await?.is_none() {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let went = match commands::ask_snapshot(&site.app, &id) {
        Ok(()) => "yes",
        Err(error) => {
            tracing::warn!(board.id = %id, error = %error, "a snapshot could not be asked for");
            "no"
        }
    };
    Ok(Redirect::to(&format!("/boards/{id}?asked={went}")).into_response())
}
