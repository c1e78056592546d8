//! The boards' API as a board calls it.

use axum::body::Body;
use axum::http::{Request, Response};
use playlists::id::{BoardId, Digest, Revision};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::wire::messages::{Fresh, Nonce, Problem, Token};
use tower::ServiceExt;

use super::*;
use crate::app::tokens::NONCE_AGE;
use crate::store::{fixtures, snapshots};
use crate::testing::{World, on_both_databases, signed, token_request};

on_both_databases![
    a_board_signs_a_nonce_and_gets_a_token,
    a_token_is_refused_to_a_stranger_and_for_an_old_or_forged_nonce,
    a_board_keeps_its_newest_four_tokens,
    every_call_but_two_needs_a_token,
    the_manifest_comes_byte_for_byte_and_only_when_it_is_new,
    roots_and_fresh_answers_are_signed_documents,
    content_is_given_whole_or_in_part_to_the_board_that_shows_it,
    content_that_no_manifest_of_the_board_names_is_not_there,
    a_snapshot_is_kept_when_it_is_a_small_picture,
    a_report_that_cannot_be_read_is_refused_with_a_code,
];

async fn call(world: &World, request: Request<Body>) -> (StatusCode, Response<()>, Vec<u8>) {
    let response = router(Arc::clone(&world.app)).oneshot(request).await.expect("the router answers");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    (parts.status, Response::from_parts(parts, ()), bytes.to_vec())
}

fn get(path: &str, token: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(Body::empty()).expect("a request")
}

fn send(method: &str, path: &str, token: &str, headers: &[(&str, &str)], body: &[u8]) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(Body::from(body.to_vec()))
        .expect("a request")
}

fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn code(body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).expect("a problem").code
}

async fn with_board(world: &World) -> (BoardId, String) {
    let (board, key) = world.board("b-0001", 1).await;
    let token = world.token(&board, &key).await;
    (board, token)
}

async fn a_board_signs_a_nonce_and_gets_a_token(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let (status, _, body) = call(&world, send("POST", "/nonce", "", &[], br#"{"v":1,"board":"b-0001"}"#)).await;
    assert_eq!(status, StatusCode::OK);
    let nonce = serde_json::from_slice::<Nonce>(&body).expect("a nonce").nonce;
    let (status, _, body) = call(&world, send("POST", "/token", "", &[], &token_request(&board, &key, &nonce))).await;
    assert_eq!(status, StatusCode::OK);
    let token = serde_json::from_slice::<Token>(&body).expect("a token").token;
    assert_eq!(call(&world, get("/manifest", &token, &[])).await.0, StatusCode::NOT_FOUND);
    world.clock.pass(Duration::from_secs(72 * 3600));
    assert_eq!(call(&world, get("/manifest", &token, &[])).await.0, StatusCode::UNAUTHORIZED);
}

async fn a_token_is_refused_to_a_stranger_and_for_an_old_or_forged_nonce(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let (other, other_key) = world.board("b-0002", 2).await;
    let nonce = crate::app::tokens::nonce(&world.app, &board).expect("a nonce").nonce;
    let forged = format!("{nonce}00");
    let ghost: BoardId = "b-0003".parse().expect("a board id");
    let cases = [
        ("token-signature", token_request(&board, &other_key, &nonce)),
        ("token-signature", token_request(&ghost, &key, &nonce)),
        ("token-nonce", token_request(&other, &other_key, &nonce)),
        ("token-nonce", token_request(&board, &key, &forged)),
        ("token-nonce", token_request(&board, &key, "1.2.3")),
        ("token-form", b"{}".to_vec()),
    ];
    for (expected, body) in cases {
        let (_, _, answer) = call(&world, send("POST", "/token", "", &[], &body)).await;
        assert_eq!(code(&answer), expected);
    }
    world.clock.pass(NONCE_AGE + Duration::from_millis(1));
    let (status, _, answer) = call(&world, send("POST", "/token", "", &[], &token_request(&board, &key, &nonce))).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::FORBIDDEN, "token-nonce"));
}

async fn a_board_keeps_its_newest_four_tokens(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let mut tokens = Vec::new();
    for _ in 0..5 {
        tokens.push(world.token(&board, &key).await);
        world.clock.pass(Duration::from_secs(1));
    }
    let mut states = Vec::new();
    for token in &tokens {
        states.push(call(&world, get("/manifest", token, &[])).await.0);
    }
    let (refused, let_in) = (StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND);
    assert_eq!(states, [refused, let_in, let_in, let_in, let_in]);
}

async fn every_call_but_two_needs_a_token(world: World) {
    for path in ["/manifest", "/root/1", "/fresh?nonce=12345678", "/content/aa"] {
        let (status, response, body) = call(&world, get(path, "nonsense", &[])).await;
        assert_eq!((status, code(&body).as_str()), (StatusCode::UNAUTHORIZED, "token-refused"), "{path}");
        assert_eq!(header(&response, "www-authenticate"), "Bearer");
    }
    for path in ["/hello", "/state", "/bye", "/plays", "/event"] {
        assert_eq!(call(&world, send("POST", path, "nonsense", &[], b"{}")).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(code(&call(&world, get("/nowhere", "", &[])).await.2), "path-unknown");
}

async fn the_manifest_comes_byte_for_byte_and_only_when_it_is_new(world: World) {
    let (board, token) = with_board(&world).await;
    fixtures::manifest(&world.app.db, &board, Revision(7), b"old").await;
    fixtures::manifest(&world.app.db, &board, Revision(9), b"the newest").await;
    let (status, response, body) = call(&world, get("/manifest", &token, &[])).await;
    assert_eq!((status, header(&response, "etag"), body.as_slice()), (StatusCode::OK, "\"9\"", b"the newest".as_slice()));
    let held = |tag: &'static str| call(&world, get("/manifest", &token, &[("if-none-match", tag)]));
    assert_eq!(held("\"9\"").await.0, StatusCode::NOT_MODIFIED);
    assert_eq!(held("\"7\", W/\"9\"").await.0, StatusCode::NOT_MODIFIED);
    assert_eq!(held("\"7\"").await.0, StatusCode::OK);
}

async fn roots_and_fresh_answers_are_signed_documents(world: World) {
    let (board, token) = with_board(&world).await;
    assert_eq!(call(&world, get("/root/1", &token, &[])).await.2, world.app.keys.root_envelope);
    assert_eq!(call(&world, get("/root/2", &token, &[])).await.0, StatusCode::NOT_FOUND);
    let (_, _, body) = call(&world, get("/fresh?nonce=abcDEF_-", &token, &[])).await;
    let payload = Envelope::parse(&body)
        .expect("an envelope")
        .open(DocumentType::Fresh, &[world.app.keys.time.public()], 1)
        .expect("signed");
    let fresh: Fresh = serde_json::from_slice(&payload).expect("an answer");
    assert_eq!((fresh.nonce.as_str(), fresh.board, fresh.rev), ("abcDEF_-", board, Revision(0)));
    for bad in ["short", "with%20blank", "with%22quote%22"] {
        assert_eq!(code(&call(&world, get(&format!("/fresh?nonce={bad}"), &token, &[])).await.2), "nonce-form");
    }
}

/// A manifest that names these bytes, in the two fields that matter here, and the file itself.
async fn with_content(world: &World, board: &BoardId, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let path = world.app.blobs.path(&digest);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    std::fs::write(&path, bytes).expect("the blob is written");
    assert!(path.starts_with(world.folder()));
    let manifest = serde_json::json!({
        "v": 1, "board": board, "board_key": world.app.keys.publish.public(), "key_epoch": 1, "rev": 3, "issued": "2026-11-23T00:00:00Z",
        "fresh_s": 1, "max_offline_s": 1, "recall_min": 0, "time_zone": "Asia/Ho_Chi_Minh", "tz_data": "2026b",
        "geometry": {"width": 64, "height": 32}, "brightness": 80, "lanes": {"province": 3, "commune": 2},
        "items": [{"sha256": digest, "size": bytes.len(), "kind": "still"}], "playlists": [], "campaigns": [],
        "default_playlist": "default", "safe_item": digest,
    });
    fixtures::manifest(&world.app.db, board, Revision(3), &signed(DocumentType::Manifest, &manifest, &world.app.keys.publish))
        .await;
    digest
}

async fn content_is_given_whole_or_in_part_to_the_board_that_shows_it(world: World) {
    let (board, token) = with_board(&world).await;
    let digest = with_content(&world, &board, b"0123456789").await;
    let path = format!("/content/{digest}");
    let tag = format!("\"{digest}\"");
    for (headers, status, range, expected) in [
        (vec![], StatusCode::OK, "", "0123456789"),
        (vec![("range", "bytes=2-4")], StatusCode::PARTIAL_CONTENT, "bytes 2-4/10", "234"),
        (vec![("range", "bytes=7-")], StatusCode::PARTIAL_CONTENT, "bytes 7-9/10", "789"),
        (vec![("range", "bytes=-2"), ("if-range", tag.as_str())], StatusCode::PARTIAL_CONTENT, "bytes 8-9/10", "89"),
        (vec![("range", "bytes=-2"), ("if-range", "\"other\"")], StatusCode::OK, "", "0123456789"),
        (vec![("range", "bytes=0-1,3-4")], StatusCode::OK, "", "0123456789"),
        (vec![("if-none-match", tag.as_str())], StatusCode::NOT_MODIFIED, "", ""),
    ] {
        let (found, response, body) = call(&world, get(&path, &token, &headers)).await;
        assert_eq!((found, header(&response, "content-range")), (status, range), "{headers:?}");
        assert_eq!(String::from_utf8_lossy(&body), expected, "{headers:?}");
        assert_eq!(header(&response, "etag"), tag);
    }
    let (status, response, body) = call(&world, get(&path, &token, &[("range", "bytes=10-")])).await;
    assert_eq!((status, header(&response, "content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */10"));
    assert_eq!(code(&body), "range-beyond");
}

async fn content_that_no_manifest_of_the_board_names_is_not_there(world: World) {
    let (board, token) = with_board(&world).await;
    let digest = with_content(&world, &board, b"0123456789").await;
    let (other, key) = world.board("b-0002", 2).await;
    let other_token = world.token(&other, &key).await;
    assert_eq!(call(&world, get(&format!("/content/{digest}"), &other_token, &[])).await.0, StatusCode::NOT_FOUND);
    for name in [Digest::of(b"else").to_string(), "..%2F..%2Fdb".to_owned(), "x".to_owned()] {
        assert_eq!(code(&call(&world, get(&format!("/content/{name}"), &token, &[])).await.2), "content-unknown", "{name}");
    }
}

async fn a_snapshot_is_kept_when_it_is_a_small_picture(world: World) {
    let (board, token) = with_board(&world).await;
    let png = b"\x89PNG\r\n\x1a\nrest";
    let headers = [("content-type", "image/png"), ("x-bangtin-rev", "3"), ("x-bangtin-taken-ms", "1000")];
    assert_eq!(call(&world, send("PUT", "/snapshot", &token, &headers, png)).await.0, StatusCode::NO_CONTENT);
    let kept = snapshots::newest(&world.app.db, &board).await.expect("it loads").expect("it is there");
    assert_eq!((kept.rev, kept.taken_ms, kept.bytes.as_slice()), (Revision(3), 1000, png.as_slice()));
    for (headers, body, status) in [
        (&headers[..], b"GIF89a".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&headers[..1], png.to_vec(), StatusCode::UNPROCESSABLE_ENTITY),
        (&headers[..], [png.as_slice(), &vec![0; LARGEST_REPORT]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(call(&world, send("PUT", "/snapshot", &token, headers, &body)).await.0, status);
    }
}

async fn a_report_that_cannot_be_read_is_refused_with_a_code(world: World) {
    let (_, token) = with_board(&world).await;
    let (status, _, body) = call(&world, send("POST", "/state", &token, &[], b"{}")).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "report-form"));
    let (status, _, body) = call(&world, send("POST", "/plays", &token, &[], b"{}")).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "report-envelope"));
}
