//! The web server's surface: pages for people, files, and what machines watch. The only place that names axum.

mod api;
mod at_work;
pub mod board;
mod door;
pub mod error;
pub mod files;
pub mod frame;
mod guard;
mod mqtt;
mod ops;
mod pages;
pub mod reasons;
pub mod site;
pub mod times;
mod uploads;
pub mod visitor;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use tower::limit::ConcurrencyLimitLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;

use self::at_work::AtWork;
use self::pages::{
    asset, asset_preview, assets, board_forecast, board_settings, boards, campaign_form, campaign_steps, campaigns, forecast,
    language, live, overview, playlists, setup, sign_in, slides, stand_downs, tickers, timeline,
};
use self::site::Site;
use crate::app::App;
use crate::edge::door::Door;

/// Longest answer to a page; a stream counts as answered once it begins.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest upload: 64 MiB over a slow line.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(20 * 60);
/// Longest that requests may be worked on once the server is to end; less than the whole end may take.
const LAST_WORK: Duration = Duration::from_secs(20);
/// Longest that answers may then still go out: a client that does not read must not hold the end up.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Largest form.
const FORM_BYTES: usize = 1 << 20;
/// Largest slide to be looked at: its longest texts in four languages and ten fields.
const SLIDE_BYTES: usize = 128 << 10;
/// Largest upload, all its files together.
const UPLOAD_BYTES: usize = 1 << 30;
/// Uploads at a time: each may hold a still in memory; clips go to the disk piece by piece.
const UPLOADS: usize = 4;

/// Everything this server answers, to be served with the peer's address as connect info. Streams end when `stop` is cancelled.
pub fn router(app: Arc<App>, stop: &CancellationToken) -> Router {
    let boards = board::router(Arc::clone(&app));
    let site = Site::new(app, stop.clone());
    let pages = Router::new()
        .merge(people())
        .merge(uploads::router())
        .nest("/api/v1", api::router())
        .merge(door())
        .layer(CsrfLayer::new())
        .layer(from_fn(error::dress))
        .layer(from_fn_with_state(site.clone(), visitor::recognise));
    let machines = Router::new()
        .route("/static/{mark}/{*path}", get(files::serve))
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE));
    pages
        .merge(machines)
        .nest_service("/board/v1", boards)
        .route("/mqtt", get(mqtt::open))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(site.clone(), guard::note))
        .layer(from_fn_with_state(site.clone(), guard::headers))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(site)
}

/// Serves until told to stop; then takes no more connections and finishes the requests under way: those being worked on within
/// `LAST_WORK`, and their answers go out within `LAST_ANSWERS`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(app: Arc<App>, door: Door, stop: CancellationToken) -> std::io::Result<()> {
    let at_work = AtWork::default();
    let counted = router(app, &stop).layer(from_fn_with_state(at_work.clone(), at_work::count));
    let service = door::with_peers(counted).into_make_service_with_connect_info::<door::Peer>();
    let serving = axum::serve(door, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    let late = async {
        stop.cancelled().await;
        if tokio::time::timeout(LAST_WORK, at_work.none()).await.is_err() {
            tracing::warn!("some requests were worked on for too long and are cut off");
        }
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = late => {
            tracing::info!("some requests did not end in time and were cut off");
            Ok(())
        }
    }
}

/// Pages for people who are signed in.
fn people() -> Router<Site> {
    let quick = Router::new()
        .route("/", get(overview::show))
        .route("/live", get(live::stream))
        .route("/boards/{id}", get(boards::show))
        .route("/boards/{id}/timeline", get(timeline::show))
        .route("/boards/{id}/forecast", get(board_forecast::show))
        .route("/boards/{id}/settings", get(board_settings::edit).post(board_settings::save))
        .route("/boards/{id}/snapshot", get(boards::snapshot).post(boards::ask_snapshot))
        .route("/assets", get(assets::list))
        .route("/assets/{id}", get(asset::show).post(asset::save))
        .route("/assets/{id}/withdraw", post(asset::withdraw))
        .route("/assets/{id}/preview", get(asset_preview::show))
        .route("/tickers", post(tickers::save))
        .route("/tickers/new", get(tickers::new))
        .route("/tickers/preview", post(tickers::preview))
        .route("/tickers/{id}", get(tickers::edit).post(tickers::save))
        .route("/slides", post(slides::save::save))
        .route("/slides/{id}", get(slides::save::edit).post(slides::save::save))
        .route("/slides/new", get(slides::gallery::show))
        .route("/slides/new/{template}", get(slides::edit::new))
        .route("/slides/templates/{id}", get(slides::gallery::picture))
        .route("/slides/pictures", get(slides::pictures::offer))
        .route("/slides/pictures/{digest}", get(slides::pictures::show))
        .route("/assets/{id}/retry", post(assets::retry))
        .route("/playlists", get(playlists::list).post(playlists::save))
        .route("/playlists/new", get(playlists::new))
        .route("/playlists/{id}", get(playlists::edit).post(playlists::save))
        .route("/campaigns", get(campaigns::list).post(campaign_form::save))
        .route("/campaigns/new", get(campaign_form::new))
        .route("/campaigns/next-starts", get(campaign_form::next_starts))
        .route("/campaigns/forecast", post(forecast::show))
        .route("/campaigns/{id}/forecast", post(forecast::show))
        .route("/campaigns/{id}", get(campaign_form::edit).post(campaign_form::save))
        .route("/stand-downs", get(stand_downs::list).post(stand_downs::save))
        .route("/stand-downs/new", get(stand_downs::new))
        .route("/stand-downs/{id}", get(stand_downs::edit).post(stand_downs::save))
        .route("/stand-downs/{id}/end", post(stand_downs::end))
        .route("/campaigns/{id}/{step}", get(campaign_steps::ask).post(campaign_steps::take))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE));
    let looks = Router::new()
        .route("/slides/preview", post(slides::look::preview))
        .route("/slides/check", post(slides::look::check))
        .layer(DefaultBodyLimit::max(SLIDE_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE));
    let uploads_of_forms = Router::new()
        .route("/assets", post(assets::upload))
        .route("/assets/{id}/versions", post(asset::add_version))
        .route("/slides/pictures", post(slides::pictures::upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .layer(ConcurrencyLimitLayer::new(UPLOADS))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, UPLOAD_PATIENCE));
    quick.merge(looks).merge(uploads_of_forms).route_layer(from_fn(visitor::signed_in_only))
}

/// Pages for everybody.
fn door() -> Router<Site> {
    Router::new()
        .route("/setup/{link}", get(setup::show).post(setup::create))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/language", post(language::switch))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
}
