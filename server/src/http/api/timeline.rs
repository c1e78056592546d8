//! `GET /api/v1/boards/{id}/timeline`: what a board plays from an instant to another, as JSON, CSV or a calendar.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::{BoardId, CampaignId};
use playlists::schedule::{Showing, Shows, Stretch};
use serde::{Deserialize, Serialize};

use super::lines::{self, Line, stamp};
use super::problem::Problem;
use super::{calendar, table};
use crate::app::course::{Course, LONGEST, Names, Told, course};
use crate::http::site::Site;
use crate::http::visitor::Visitor;

/// Lines of one answer; more are on the next page.
const PAGE: usize = 5000;
/// Lines of a CSV file: half a million entries of eight seconds are more than a month.
const TABLE: usize = 600_000;

/// What is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
}

/// How finely a timeline is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fine {
    Entry,
    Span,
}

#[derive(Serialize)]
struct Body {
    board: BoardId,
    time_zone: &'static str,
    from: String,
    to: String,
    step: &'static str,
    timeline: Vec<Line>,
    /// Where the rest is.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An instant of an address; none when it is absent.
pub(super) fn instant(name: &str, text: Option<&String>) -> Result<Option<DateTime<Utc>>, Problem> {
    let remedy = "write an instant such as 2026-02-16T17:00:00Z (RFC 3339; a + in an address is written %2B)";
    let read = |text: &String| DateTime::parse_from_rfc3339(text).map_err(|_| Problem::parameter(name, remedy));
    let at = text.map(read).transpose()?.map(|at| at.with_timezone(&Utc));
    let year = |at: &DateTime<Utc>| (1970..2100).contains(&chrono::Datelike::year(at));
    match at {
        Some(at) if !year(&at) => Err(Problem::parameter(name, "the years 1970 to 2099 can be asked for")),
        at => Ok(at),
    }
}

/// The interval of an address: from now on, and for so long, if not said.
pub(super) fn interval(
    from: Option<&String>,
    to: Option<&String>,
    now: DateTime<Utc>,
    length: TimeDelta,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let from = instant("from", from)?.unwrap_or(now);
    let to = instant("to", to)?.unwrap_or(from + length);
    if to <= from {
        return Err(Problem::parameter("to", "it must lie after from"));
    }
    if to - from > LONGEST {
        return Err(Problem::parameter("to", &format!("at most {} days after from", LONGEST.num_days())));
    }
    Ok((from, to))
}

/// A timeline's question, read.
struct Question {
    board: BoardId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    fine: Fine,
}

impl Question {
    fn read(board: &str, asked: &Asked, now: DateTime<Utc>, length: TimeDelta) -> Result<Self, Problem> {
        let board = board.parse().map_err(|_| Problem::no_board(board))?;
        let (from, to) = interval(asked.from.as_ref(), asked.to.as_ref(), now, length)?;
        let fine = match asked.step.as_deref() {
            None | Some("span") => Fine::Span,
            Some("entry") => Fine::Entry,
            Some(_) => return Err(Problem::parameter("step", "entry or span")),
        };
        Ok(Self { board, from, to, fine })
    }

    async fn course(&self, site: &Site) -> Result<Course, Problem> {
        course(&site.app, &self.board, self.from, self.to).await?.ok_or_else(|| Problem::no_board(self.board.as_str()))
    }

    /// At most `most` lines, and where they end before all is told.
    async fn lines(&self, site: &Site, most: usize) -> Result<(Course, Vec<Line>, Option<String>), Problem> {
        let course = self.course(site).await?;
        let geometry = course.geometry;
        let (shown, over_it, course) = match self.fine {
            Fine::Entry => {
                let work = move || (course.entries(most + 1), course.crossings(most + 1), course);
                let (told, running, course) = off_thread(work).await?;
                let known: Vec<&Showing> = told
                    .iter()
                    .filter_map(|told| match told {
                        Told::Known(showing) => Some(showing),
                        Told::Unknown(..) => None,
                    })
                    .collect();
                let names = Names::with_tickers(&site.app, &known, &running, &BTreeSet::new()).await?;
                let over_it: Vec<_> = running.iter().map(|running| lines::crossing(running, &names, geometry)).collect();
                (told.iter().map(|told| lines::entry(told, &names)).collect::<Vec<_>>(), over_it, course)
            }
            Fine::Span => {
                let work = move || (course.stretches(most + 1), course.tickers(most + 1), course);
                let (told, running, course) = off_thread(work).await?;
                let of = told.iter().flat_map(campaigns_of).chain(running.iter().flat_map(|stretch| &stretch.campaigns));
                let names = Names::load(&site.app, &[], &of.cloned().collect()).await?;
                let over_it = running.iter().map(|stretch| lines::tickers(stretch, &names)).collect();
                (told.iter().map(|told| lines::span(told, &names)).collect(), over_it, course)
            }
        };
        let (lines, end) = lines::merged(shown, over_it, most);
        Ok((course, lines, end))
    }
}

/// Those that share the board.
fn campaigns_of(told: &Told<Stretch>) -> impl Iterator<Item = &CampaignId> {
    let (weighted, per_hour) = match told {
        Told::Known(Stretch { shows: Shows::Loop { weighted, per_hour }, .. }) => (&weighted[..], &per_hour[..]),
        Told::Known(_) | Told::Unknown(..) => (&[][..], &[][..]),
    };
    weighted.iter().chain(per_hour)
}

/// Listing days takes a moment and must not hold up others.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let failed = |error: tokio::task::JoinError| {
        tracing::error!(error = %error, "a timeline could not be listed");
        Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "failed", "the timeline could not be listed; report this")
    };
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// `GET /api/v1/boards/{id}/timeline?from&to&step`: JSON, [`PAGE`] lines at a time; one day of spans from now on, if not said.
pub(in crate::http) async fn json(
    State(site): State<Site>,
    Path(board): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let question = Question::read(&board, &asked, site.app.clock.now(), TimeDelta::days(1))?;
    let (course, timeline, end) = question.lines(&site, PAGE).await?;
    let step = if question.fine == Fine::Entry { "entry" } else { "span" };
    let (from, to) = (stamp(question.from), stamp(question.to));
    let rest = end.map(|end| format!("/api/v1/boards/{}/timeline?from={end}&to={to}&step={step}", question.board));
    let time_zone = course.time_zone.name();
    Ok(Json(Body { board: question.board, time_zone, from, to, step, timeline, next: rest }).into_response())
}

/// `GET /api/v1/boards/{id}/timeline.csv?from&to&step`.
pub(in crate::http) async fn csv(
    State(site): State<Site>,
    Path(board): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let question = Question::read(&board, &asked, site.app.clock.now(), TimeDelta::days(1))?;
    let (_, lines, _) = question.lines(&site, TABLE).await?;
    let name = format!("attachment; filename=\"{}-timeline.csv\"", question.board);
    let bytes = off_thread(move || table::write(&lines)).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name.as_str())], bytes).into_response())
}

/// `GET /api/v1/boards/{id}/timeline.ics?from&to`: a month of spans from now on, if not said.
pub(in crate::http) async fn ics(
    State(site): State<Site>,
    visitor: Visitor,
    Path(board): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let asked = Asked { step: None, ..asked };
    let now = site.app.clock.now();
    let question = Question::read(&board, &asked, now, LONGEST)?;
    let (_, lines, _) = question.lines(&site, PAGE).await?;
    let found = crate::app::boards::get(&site.app, &question.board).await?.ok_or_else(|| Problem::no_board(&board))?;
    let text = calendar::write(visitor.t, &found.id, &found.name, &lines, now);
    let name = format!("attachment; filename=\"{}.ics\"", question.board);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CONTENT_DISPOSITION, name.as_str())], text)
        .into_response())
}
