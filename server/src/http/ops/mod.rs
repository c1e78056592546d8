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
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::error::PageError;
use super::site::Site;
use crate::app::{App, overview};
use crate::store::StoreError;

/// Longest wait for the database to answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: database and broker link stand; else 503, each with its word.
pub(super) async fn ready(State(site): State<Site>) -> Response {
    let database = matches!(tokio::time::timeout(PATIENCE, site.app.db.ping()).await, Ok(Ok(())));
    let broker = linked(&site);
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
    let mut registry = Registry::with_prefix("bangtin");
    tell_stock(&site.app, &mut registry).await?;
    tell_traffic(&site.app, &mut registry);
    gauge(&mut registry, "broker_linked", "1 while the link to the broker stands", i64::from(linked(&site)));
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

fn linked(site: &Site) -> bool {
    site.app.broker_linked.load(Ordering::Acquire)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

/// What lies in the database: boards and renditions by state, what waits, what was proven.
async fn tell_stock(app: &App, registry: &mut Registry) -> Result<(), StoreError> {
    let boards = Family::<StateLabel, Gauge>::default();
    for (state, n) in overview::counts(app).await? {
        boards.get_or_create(&StateLabel { state: state.as_str().to_owned() }).set(n);
    }
    registry.register("boards", "Boards by state", boards);
    let renditions = Family::<StateLabel, Gauge>::default();
    for state in ["wanted", "ready", "failed"] {
        renditions.get_or_create(&StateLabel { state: state.to_owned() }).set(0);
    }
    for (state, n) in overview::renditions(app).await? {
        renditions.get_or_create(&StateLabel { state }).set(n);
    }
    registry.register("renditions", "Renditions by state", renditions);
    let sizes = overview::sizes(app).await?;
    gauge(registry, "outbox_rows", "Revisions that have not reached the broker", sizes.outbox);
    gauge(registry, "plays_stored", "Plays proven and stored", sizes.plays);
    gauge(registry, "publish_wanted_rows", "Boards whose manifest is to be composed anew", sizes.wanted);
    Ok(())
}

/// What came from the boards and what could not go to them, since the start of the process.
fn tell_traffic(app: &App, registry: &mut Registry) {
    let counts = &app.live.traffic.counts;
    let reports = Family::<OutcomeLabel, Counter>::default();
    for (outcome, count) in
        [("accepted", &counts.accepted), ("late", &counts.late), ("refused", &counts.refused), ("given_up", &counts.given_up)]
    {
        reports.get_or_create(&OutcomeLabel { outcome }).inc_by(count.load(Ordering::Relaxed));
    }
    registry.register("reports", "Reports of boards by what became of them", reports);
    let dropped = Counter::<u64>::default();
    dropped.inc_by(counts.dropped.load(Ordering::Relaxed));
    registry.register("messages_dropped", "Messages dropped because too many waited, or the link was down", dropped);
}

/// Resident memory by the kernel's count; none where it does not tell.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?; // a few kB from the kernel, never a disk
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests;
