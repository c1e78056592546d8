//! `GET /api/v1/boards/{id}/forecast?from&to`: what each campaign gets of a board from an instant to another.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use playlists::id::{BoardId, CampaignId};
use serde::{Deserialize, Serialize};

use super::lines::stamp;
use super::problem::Problem;
use super::timeline::interval;
use crate::app::board_forecast::{BoardForecast, Share, board_forecast};
use crate::app::forecast::AHEAD;
use crate::http::site::Site;

/// Most lines of what is displaced.
const MOST_DISPLACED: usize = 5000;

/// What is asked for.
#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    from: Option<String>,
    to: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    board: BoardId,
    from: String,
    to: String,
    /// How long the board shows something, shows nothing, or had no manifest, in milliseconds.
    lit_ms: i64,
    dark_ms: i64,
    unknown_ms: i64,
    /// What the board keeps of pictures and clips.
    kept_bytes: u64,
    shares: Vec<Share<'a>>,
    displaced: Vec<Displaced<'a>>,
    /// How many more are displaced.
    displaced_more: usize,
}

#[derive(Serialize)]
struct Displaced<'a> {
    campaign: &'a CampaignId,
    name: &'a str,
    by: &'a [CampaignId],
    from: String,
    until: String,
}

/// The answer as JSON.
pub(in crate::http) async fn json(
    State(site): State<Site>,
    Path(board): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let id: BoardId = board.parse().map_err(|_| Problem::no_board(&board))?;
    let (from, to) = interval(asked.from.as_ref(), asked.to.as_ref(), site.app.clock.now(), AHEAD)?;
    let forecast = board_forecast(&site.app, &id, from, to).await?.ok_or_else(|| Problem::no_board(&board))?;
    let body = Body {
        board: id,
        from: stamp(from),
        to: stamp(to),
        lit_ms: forecast.counted.lit_ms(),
        dark_ms: forecast.counted.dark_ms,
        unknown_ms: forecast.unknown.num_milliseconds(),
        kept_bytes: forecast.kept_bytes,
        shares: forecast.shares(),
        displaced: displaced(&forecast),
        displaced_more: forecast.counted.displaced.len().saturating_sub(MOST_DISPLACED),
    };
    Ok(Json(body).into_response())
}

fn displaced(forecast: &BoardForecast) -> Vec<Displaced<'_>> {
    let mut lines = Vec::new();
    for displaced in forecast.counted.displaced.iter().take(MOST_DISPLACED) {
        lines.push(Displaced {
            campaign: &displaced.campaign,
            name: forecast.names.campaign(&displaced.campaign),
            by: &displaced.by,
            from: stamp(displaced.since),
            until: stamp(displaced.until),
        });
    }
    lines
}
