//! `GET /api/v1/boards/{id}/explain?at`: what a board shows at an instant, which rule decided, and why nothing else is on.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use playlists::id::BoardId;
use serde::{Deserialize, Serialize};

use super::lines::stamp;
use super::problem::Problem;
use super::timeline::instant;
use crate::app::explain::explain;
use crate::http::reasons;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::{Language, Tr};

/// What is asked for.
#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    at: Option<String>,
    /// `vi` or `en`; otherwise the language of the session.
    lang: Option<String>,
}

#[derive(Serialize)]
struct Body {
    board: BoardId,
    at: String,
    /// Absent where the board had no manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    showing: Option<On>,
    campaigns: Vec<Part>,
}

#[derive(Serialize)]
struct On {
    since: String,
    until: String,
    rule: &'static str,
    what: String,
    text: String,
}

#[derive(Serialize)]
struct Part {
    id: String,
    name: String,
    why: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The answer as JSON.
pub(in crate::http) async fn json(
    State(site): State<Site>,
    visitor: Visitor,
    Path(board): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let id: BoardId = board.parse().map_err(|_| Problem::no_board(&board))?;
    let at = instant("at", asked.at.as_ref())?.unwrap_or_else(|| site.app.clock.now());
    let t = match asked.lang.as_deref().map(Language::of) {
        None => visitor.t,
        Some(Some(language)) => Tr::new(language),
        Some(None) => return Err(Problem::parameter("lang", "vi or en")),
    };
    let explained = explain(&site.app, &id, at).await?.ok_or_else(|| Problem::no_board(&board))?;
    let on = |explanation: &playlists::schedule::Explanation| On {
        since: stamp(explanation.showing.since),
        until: stamp(explanation.showing.until),
        rule: explanation.rule.as_str(),
        what: reasons::what(t, &explained.names, explanation),
        text: reasons::rule(t, explanation.rule),
    };
    let showing = explained.explanation.as_ref().map(on);
    let part = |(id, because): &(playlists::id::CampaignId, crate::app::explain::Because)| Part {
        id: id.to_string(),
        name: explained.names.campaign(id).to_owned(),
        why: reasons::code(because),
        text: reasons::because(t, &explained, because),
        next: reasons::next(because).map(stamp),
    };
    let campaigns = explained.reasons.iter().map(part).collect();
    Ok(Json(Body { board: id, at: stamp(at), showing, campaigns }).into_response())
}
