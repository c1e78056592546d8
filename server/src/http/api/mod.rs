//! JSON, CSV and calendars for machines, nested under `/api/v1`. Who is signed in may read; there are no keys for machines yet.

mod calendar;
mod explain;
mod forecast;
mod lines;
mod problem;
mod renditions;
mod table;
mod timeline;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::timeout::TimeoutLayer;

use self::problem::Problem;
use super::site::Site;
use super::visitor::Visitor;

/// Longest until an answer begins.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes. The prefix is that of the caller.
pub(super) fn router() -> Router<Site> {
    Router::new()
        .route("/boards/{id}/timeline", get(timeline::json))
        .route("/boards/{id}/timeline.csv", get(timeline::csv))
        .route("/boards/{id}/timeline.ics", get(timeline::ics))
        .route("/boards/{id}/explain", get(explain::json))
        .route("/boards/{id}/forecast", get(forecast::json))
        .route("/assets/{id}/renditions", get(renditions::json))
        .route("/assets/{id}/renditions/retry", post(renditions::retry))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "path-unknown", "there is nothing at this path"))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(from_fn(signed_in_only))
}

async fn signed_in_only(visitor: Visitor, request: Request, next: Next) -> Response {
    if visitor.account.is_some() {
        return next.run(request).await;
    }
    Problem::new(StatusCode::UNAUTHORIZED, "signed-out", "sign in on the pages first; the session's cookie counts here too")
        .into_response()
}
