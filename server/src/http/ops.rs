//! For machines that watch this one: `/healthz`, `/readyz`, `/metrics`.
//!
//! `/metrics` answers only a peer on this machine that asks directly: a scraper elsewhere goes through an agent or a tunnel. A
//! request that carries a proxy's `Forwarded` or `X-Forwarded-For` is refused, so a proxy on this machine opens nothing.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::error::PageError;
use super::site::Site;
use crate::app::overview;

/// Longest wait for the database to answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: database and broker link stand; else 503, each with its word.
pub(super) async fn ready(State(site): State<Site>) -> Response {
    let database = matches!(tokio::time::timeout(PATIENCE, site.app.db.ping()).await, Ok(Ok(())));
    let broker = site.app.broker_linked.load(Ordering::Relaxed);
    let word = |stands| if stands { "ok" } else { "down" };
    let status = if database && broker { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = format!("{{\"database\":\"{}\",\"broker\":\"{}\"}}\n", word(database), word(broker));
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// `GET /metrics`, in the text form of OpenMetrics.
pub(super) async fn metrics(State(site): State<Site>, request: Request) -> Result<Response, PageError> {
    let near = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|peer| peer.ip().is_loopback());
    let passed_on = ["forwarded", "x-forwarded-for"].iter().any(|name| request.headers().contains_key(*name));
    if !near || passed_on {
        return Err(PageError::Missing);
    }
    let counts = overview::counts(&site.app).await?;
    let sizes = overview::sizes(&site.app).await?;
    let mut registry = Registry::with_prefix("bangtin");
    let boards = Family::<StateLabel, Gauge>::default();
    for (state, n) in counts {
        boards.get_or_create(&StateLabel { state: state.as_str() }).set(n);
    }
    registry.register("boards", "Boards by state", boards);
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    gauge(&mut registry, "outbox_rows", "Revisions that have not reached the broker", sizes.outbox);
    gauge(&mut registry, "plays_stored", "Plays proven and stored", sizes.plays);
    gauge(&mut registry, "publish_wanted_rows", "Boards whose manifest is to be composed anew", sizes.wanted);
    gauge(&mut registry, "broker_linked", "1 while the link to the broker stands", i64::from(site.app.broker_linked.load(Ordering::Relaxed)));
    if let Some(bytes) = resident_bytes() {
        let resident = Gauge::<i64>::default();
        resident.set(bytes);
        registry.register_with_unit("process_resident_memory", "Memory held by this process", Unit::Bytes, resident);
    }
    registry.register("requests", "Requests answered", site.requests.clone());
    let mut body = String::new();
    encode(&mut body, &registry).map_err(PageError::failed)?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], body).into_response())
}

/// Resident memory by the kernel's count; none where it does not tell.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?; // a few kB from the kernel, never a disk
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok().map(|kib| kib * 1024)
}
