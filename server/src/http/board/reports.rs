//! `POST hello|bye|state|plays|event`: the same JSON as over MQTT. Plays and events are answered with the signed acknowledgement.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use playlists::id::BoardId;
use playlists::wire::topics::Up;

use super::problem::Refusal;
use super::token::Caller;
use crate::app::App;
use crate::app::reports::{self, Refused};
use crate::telemetry::chain;

pub(super) async fn hello(State(app): State<Arc<App>>, Caller(board): Caller, body: Bytes) -> Result<Response, Refusal> {
    taken(&app, &board, Up::Hello, &body).await
}
pub(super) async fn bye(State(app): State<Arc<App>>, Caller(board): Caller, body: Bytes) -> Result<Response, Refusal> {
    taken(&app, &board, Up::Bye, &body).await
}
pub(super) async fn state(State(app): State<Arc<App>>, Caller(board): Caller, body: Bytes) -> Result<Response, Refusal> {
    taken(&app, &board, Up::State, &body).await
}
pub(super) async fn plays(State(app): State<Arc<App>>, Caller(board): Caller, body: Bytes) -> Result<Response, Refusal> {
    taken(&app, &board, Up::Plays, &body).await
}
pub(super) async fn event(State(app): State<Arc<App>>, Caller(board): Caller, body: Bytes) -> Result<Response, Refusal> {
    taken(&app, &board, Up::Event, &body).await
}

async fn taken(app: &App, board: &BoardId, up: Up, body: &[u8]) -> Result<Response, Refusal> {
    match reports::take(app, board, up, body).await {
        Ok(Some(ack)) => Ok(([(header::CONTENT_TYPE, "application/json")], ack.to_json()).into_response()),
        Ok(None) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(refused) => Err(refusal(board, up, &refused)),
    }
}

fn refusal(board: &BoardId, up: Up, refused: &Refused) -> Refusal {
    if refused.may_pass_later() {
        return Refusal::within(refused);
    }
    tracing::warn!(board.id = %board, error = %chain(refused), "a report ({}) was refused", up.as_str());
    let status = match refused {
        Refused::Signature(_) | Refused::OtherBoard(_) => StatusCode::FORBIDDEN,
        Refused::Unknown => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Refusal::new(status, refused.code(), refused.to_string())
}
