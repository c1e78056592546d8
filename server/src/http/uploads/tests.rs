//! The protocol as its text has it (tus 1.0), and as its clients use it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::*;
use crate::app::setup::{self, SetupDraft};
use crate::app::sign_in;
use crate::app::units::UnitDraft;
use crate::app::uploads::settle;
use crate::testing::{World, on_both_databases};

on_both_databases![
    the_server_says_what_it_speaks_and_to_whom,
    a_file_is_announced_sent_in_pieces_asked_after_and_becomes_an_asset,
    what_cannot_be_taken_is_refused_with_a_status_and_words,
    a_proxy_that_knows_few_methods_can_be_passed,
];

struct Asked<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Asked<'a> {
    async fn of(world: &'a World) -> Self {
        let link = sign_in::ensure_setup_link(&world.app).await.expect("asked").expect("nobody is there");
        let unit = UnitDraft { name: "Tỉnh".to_owned(), tier: "province".to_owned() };
        let draft = SetupDraft { login: "chi.an".to_owned(), password: "mười chữ cái đây".to_owned(), unit };
        setup::create(&world.app, link.rsplit('/').next().expect("a secret"), &draft).await.expect("made");
        let (secret, _) = sign_in::sign_in(&world.app, &draft.login, &draft.password).await.expect("asked").expect("signed in");
        Self { world, cookie: format!("bangtin-session={secret}; bangtin-language=en") }
    }

    /// The status, a header by its name, and the body.
    async fn ask(&self, what: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, HeaderMap, String) {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let request = Request::builder().method(method).uri(path).header("host", "localhost").header("cookie", &self.cookie);
        let version = if headers.iter().any(|(name, _)| *name == "tus-resumable") { None } else { Some("1.0.0") };
        let request = version.into_iter().fold(request, |request, version| request.header("tus-resumable", version));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_vec())).expect("a request");
        let router = crate::http::router(Arc::clone(&self.world.app), &CancellationToken::new());
        let (parts, body) = router.oneshot(request).await.expect("an answer").into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    async fn begin(&self, size: usize) -> String {
        // "a.png"
        let headers = [("upload-length", &*size.to_string()), ("upload-metadata", "filename YS5wbmc=")];
        let (status, headers, body) = self.ask("POST /uploads", &headers, b"").await;
        assert_eq!(status, 201, "{body}");
        headers[header::LOCATION].to_str().expect("text").to_owned()
    }

    async fn send(&self, place: &str, offset: usize, piece: &[u8]) -> (u16, HeaderMap, String) {
        let headers = [("upload-offset", &*offset.to_string()), ("content-type", PIECE)];
        self.ask(&format!("PATCH {place}"), &headers, piece).await
    }
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 9]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("encoded");
    bytes.into_inner()
}

fn is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found == value)
}

async fn the_server_says_what_it_speaks_and_to_whom(world: World) {
    let asked = Asked::of(&world).await;
    let (status, headers, _) = asked.ask("OPTIONS /uploads", &[], b"").await;
    assert!(status == 204 && is(&headers, "tus-version", "1.0.0") && is(&headers, "tus-max-size", "536870912"));
    assert!(is(&headers, "tus-extension", "creation,expiration,termination"));
    let place = asked.begin(9).await;
    for what in ["POST /uploads", &format!("HEAD {place}"), &format!("PATCH {place}"), &format!("DELETE {place}")] {
        let (status, headers, _) = asked.ask(what, &[("tus-resumable", "0.2.2")], b"").await;
        assert!(status == 412 && is(&headers, "tus-version", "1.0.0"), "{what}: {status}");
    }
    let stranger = Asked { world: &world, cookie: "bangtin-language=en".to_owned() };
    for what in ["POST /uploads", &format!("HEAD {place}"), &format!("PATCH {place}"), &format!("GET {place}"), "GET /uploads"] {
        let (status, headers, body) = stranger.ask(what, &[], b"").await;
        assert!(status == 401 && headers.get(header::LOCATION).is_none(), "{what}: {status}");
        assert!(what.starts_with("HEAD") || body.contains("you were signed out"), "{what}: {body}");
    }
}

async fn a_file_is_announced_sent_in_pieces_asked_after_and_becomes_an_asset(world: World) {
    let (asked, file) = (Asked::of(&world).await, png());
    let place = asked.begin(file.len()).await;
    let stands = async |expected: &str| {
        let (status, headers, _) = asked.ask(&format!("HEAD {place}"), &[], b"").await;
        assert!(status == 200 && is(&headers, "upload-offset", expected), "{status} {headers:?}");
        assert!(is(&headers, "upload-length", &file.len().to_string()) && is(&headers, "cache-control", "no-store"));
    };
    stands("0").await;
    let (status, headers, _) = asked.send(&place, 0, &file[..60]).await;
    assert!(status == 204 && is(&headers, "upload-offset", "60") && is(&headers, "tus-resumable", "1.0.0"));
    stands("60").await;
    let (_, _, under_way) = asked.ask("GET /uploads", &[], b"").await;
    assert!(under_way.contains(r#""name":"a.png""#) && under_way.contains(r#""offset":60"#), "{under_way}");
    let (status, headers, body) = asked.send(&place, 0, &file).await;
    assert!(status == 409 && is(&headers, "upload-offset", "60"), "{status} {body}");
    assert_eq!(asked.send(&place, 60, &file[60..]).await.0, 204);
    assert_eq!(asked.ask("GET /uploads", &[], b"").await.2, "[]");
    // Who asks before it is looked over waits, and hears of it.
    let question = format!("GET {place}");
    let (told, looked_over) = tokio::join!(asked.ask(&question, &[], b""), settle::run_once(&world.app));
    assert_eq!(looked_over.expect("looked over"), 1);
    assert!(told.2.contains(r#""state":"added""#) && told.2.contains(r#""asset":"/assets/"#), "{}", told.2);
    stands(&file.len().to_string()).await;
    assert_eq!(asked.ask(&format!("DELETE {place}"), &[], b"").await.0, 204);
    assert_eq!(asked.ask(&format!("HEAD {place}"), &[], b"").await.0, 404);
}

async fn what_cannot_be_taken_is_refused_with_a_status_and_words(world: World) {
    let asked = Asked::of(&world).await;
    let named = ("upload-metadata", "filename YS5wbmc=");
    for (headers, expected, words) in [
        (vec![named], 400, "cannot be read"),
        (vec![named, ("upload-length", "-1")], 400, "cannot be read"),
        (vec![named, ("upload-defer-length", "1")], 400, "cannot be read"),
        (vec![("upload-metadata", "filename !!"), ("upload-length", "9")], 400, "cannot be read"),
        (vec![named, ("upload-length", "0")], 422, "the file is empty"),
        (vec![("upload-length", "9")], 422, "name is empty"),
        (vec![named, ("upload-length", "536870913")], 413, "too large"),
    ] {
        let (status, _, body) = asked.ask("POST /uploads", &headers, b"").await;
        assert!(status == expected && body.contains(words), "{headers:?}: {status} {body}");
    }
    let place = asked.begin(40).await;
    let plain = [("upload-offset", "0"), ("content-type", "application/octet-stream")];
    assert_eq!(asked.ask(&format!("PATCH {place}"), &plain, b"x").await.0, 415);
    assert_eq!(asked.ask(&format!("PATCH {place}"), &[("content-type", PIECE)], b"x").await.0, 400);
    let hold = world.app.blobs.parts().hold(place.rsplit('/').next().expect("an id")).expect("free");
    assert_eq!(asked.send(&place, 0, b"x").await.0, 423);
    drop(hold);
    assert_eq!(asked.send(&place, 0, &[0; 41]).await.0, 413);
    assert_eq!(asked.send(&place, 0, &[0; 40]).await.0, 204);
    settle::run_once(&world.app).await.expect("looked over");
    let (status, _, body) = asked.ask(&format!("GET {place}"), &[], b"").await;
    assert!(status == 200 && body.contains(r#""state":"refused""#) && body.contains("it is none of"), "{body}");
    assert_eq!(asked.ask(&format!("HEAD {place}"), &[], b"").await.0, 422);
    for path in ["/uploads/0192f0c1-0000-7000-8000-000000000000", "/uploads/..%2f..%2fbangtin.db", "/uploads/x"] {
        assert_eq!(asked.ask(&format!("HEAD {path}"), &[], b"").await.0, 404, "{path}");
    }
}

async fn a_proxy_that_knows_few_methods_can_be_passed(world: World) {
    let (asked, file) = (Asked::of(&world).await, png());
    let place = asked.begin(file.len()).await;
    let post = format!("POST {place}");
    let as_method = |method: &'static str| ("x-http-method-override", method);
    let piece = [as_method("PATCH"), ("upload-offset", "0"), ("content-type", PIECE)];
    assert_eq!(asked.ask(&post, &piece, &file[..9]).await.0, 204);
    let (status, headers, _) = asked.ask(&post, &[as_method("HEAD")], b"").await;
    assert!(status == 200 && is(&headers, "upload-offset", "9"), "{status}");
    assert_eq!(asked.ask(&post, &[as_method("GET")], b"").await.0, 405);
    assert_eq!(asked.ask(&post, &[as_method("DELETE")], b"").await.0, 204);
}
