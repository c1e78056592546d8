//! What machines read of this one: every figure is there under its name, and only for a peer on this machine.

use axum::body::Body;
use tower::ServiceExt;

use super::*;
use crate::store::{fixtures, outbox};
use crate::testing::{World, on_both_databases};
use crate::traffic::Counts;
use playlists::id::Revision;
use tokio_util::sync::CancellationToken;

on_both_databases![
    the_metrics_tell_stock_and_traffic,
    the_metrics_answer_only_a_peer_on_this_machine,
    readiness_needs_the_database_and_the_broker,
];

async fn ask(world: &World, path: &str, peer: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let router = crate::http::router(std::sync::Arc::clone(&world.app), &CancellationToken::new());
    let peer: SocketAddr = peer.parse().expect("an address");
    let request = Request::get(path).extension(ConnectInfo(peer));
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(Body::empty())
        .expect("a request");
    let response = router.oneshot(request).await.expect("the router answers");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

const NEAR: &str = "127.0.0.1:5000";

async fn the_metrics_tell_stock_and_traffic(world: World) {
    let app = &world.app;
    let (board, _) = world.board("b-0001", 1).await;
    fixtures::manifest(&app.db, &board, Revision(7), b"{}").await;
    outbox::put(&app.db, &board, Revision(7), 0).await.expect("it waits");
    let counts = &app.live.traffic.counts;
    for (times, count) in [&counts.accepted, &counts.late, &counts.refused, &counts.given_up, &counts.dropped].iter().enumerate()
    {
        (0..=times).for_each(|_| Counts::raise(count));
    }
    let (status, body) = ask(&world, "/metrics", NEAR, &[]).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "bangtin_boards{state=\"never\"} 1",
        "bangtin_renditions{state=\"wanted\"} 0",
        "bangtin_renditions{state=\"failed\"} 0",
        "bangtin_outbox_rows 1",
        "bangtin_plays_stored 0",
        "bangtin_publish_wanted_rows 0",
        "bangtin_broker_linked 0",
        "bangtin_reports_total{outcome=\"accepted\"} 1",
        "bangtin_reports_total{outcome=\"late\"} 2",
        "bangtin_reports_total{outcome=\"refused\"} 3",
        "bangtin_reports_total{outcome=\"given_up\"} 4",
        "bangtin_messages_dropped_total 5",
    ] {
        assert!(body.lines().any(|found| found == line), "{line} is not among\n{body}");
    }
    assert!(body.contains("bangtin_process_resident_memory_bytes "), "{body}");
    assert!(!body.contains(board.as_str()), "an id is a label:\n{body}");
    assert!(body.ends_with("# EOF\n"));
}

async fn the_metrics_answer_only_a_peer_on_this_machine(world: World) {
    assert_eq!(ask(&world, "/metrics", "192.0.2.1:5000", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&world, "/metrics", NEAR, &[("x-forwarded-for", "192.0.2.1")]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&world, "/metrics", NEAR, &[("forwarded", "for=192.0.2.1")]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&world, "/metrics", "[::1]:5000", &[]).await.0, StatusCode::OK);
}

async fn readiness_needs_the_database_and_the_broker(world: World) {
    let (status, body) = ask(&world, "/readyz", NEAR, &[]).await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "{\"database\":\"ok\",\"broker\":\"down\"}\n"));
    world.app.broker_linked.store(true, Ordering::Release);
    assert_eq!(ask(&world, "/readyz", NEAR, &[]).await.0, StatusCode::OK);
    world.app.db.close().await;
    let (status, body) = ask(&world, "/readyz", NEAR, &[]).await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "{\"database\":\"down\",\"broker\":\"ok\"}\n"));
    assert_eq!(ask(&world, "/healthz", NEAR, &[]).await.0, StatusCode::OK);
}
