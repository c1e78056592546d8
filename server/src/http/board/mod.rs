//! The boards' own API, nested under `/board/v1`: tokens, what is wanted, content, reports. Every call but `nonce` and `token`
//! carries the board's bearer token.

mod content;
mod documents;
mod problem;
pub mod range;
mod reports;
mod snapshot;
mod token;

pub(super) use self::documents::names;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

/// Largest report, in bytes: twice the largest MQTT message.
const LARGEST_REPORT: usize = 256 * 1024;
/// Largest request for a nonce or a token, in bytes.
const LARGEST_REQUEST: usize = 8 * 1024;
/// Longest until an answer begins.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let small = Router::new()
        .route("/nonce", post(token::nonce))
        .route("/token", post(token::token))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST));
    let rest = Router::new()
        .route("/manifest", get(documents::manifest))
        .route("/root/{version}", get(documents::root))
        .route("/fresh", get(documents::fresh))
        .route("/content/{sha256}", get(content::content))
        .route("/hello", post(reports::hello))
        .route("/bye", post(reports::bye))
        .route("/state", post(reports::state))
        .route("/plays", post(reports::plays))
        .route("/event", post(reports::event))
        .route("/snapshot", put(snapshot::snapshot))
        .layer(DefaultBodyLimit::max(LARGEST_REPORT));
    small
        .merge(rest)
        .fallback(problem::no_such_path)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .with_state(app)
}

#[cfg(test)]
mod tests;
