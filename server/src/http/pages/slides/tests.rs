//! What the editor asks: pictures of exactly the board's pixels, faults beside their fields in the operator's language, within bounds.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::app::sign_in;
use crate::testing::{Engine, World};

const PASSWORD: &str = "mười chữ cái đây";

struct Desk {
    world: World,
    cookie: String,
}

impl Desk {
    async fn new() -> Self {
        let world = World::on(Engine::Sqlite).await;
        sign_in::create_account(&world.app, "chi", PASSWORD).await.expect("an account");
        let (secret, _) = sign_in::sign_in(&world.app, "chi", PASSWORD).await.expect("it works").expect("signed in");
        Self { world, cookie: format!("bangtin-session={secret}") }
    }

    async fn ask(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> (StatusCode, String, Vec<u8>) {
        let router = crate::http::router(Arc::clone(&self.world.app), &CancellationToken::new());
        let request = request.header(header::HOST, "localhost").header(header::COOKIE, &self.cookie);
        let response = router.oneshot(request.body(body.into()).expect("a request")).await.expect("the router answers");
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        (status, kind, bytes.to_vec())
    }

    async fn preview(&self, asked: &str, slide: &Value, accept: &str) -> (StatusCode, String, Vec<u8>) {
        let request = Request::post(format!("/slides/preview?{asked}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, accept)
            .header("sec-fetch-site", "same-origin");
        self.ask(request, slide.to_string()).await
    }

    async fn faults(&self, asked: &str, slide: &Value) -> Vec<(String, String, String)> {
        let (status, _, body) = self.preview(asked, slide, "application/json").await;
        assert!(status == StatusCode::OK || status == StatusCode::UNPROCESSABLE_ENTITY, "{status}");
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        let text = |fault: &Value, key: &str| fault[key].as_str().expect("a text").to_owned();
        let faults = answer["faults"].as_array().expect("a list");
        faults.iter().map(|fault| (text(fault, "field"), text(fault, "at"), text(fault, "text"))).collect()
    }
}

fn event() -> Value {
    json!({"template": "event", "content": {
        "texts": {"vi": {"title": "Festival Trà", "place": "Quảng trường Võ Nguyên Giáp"}, "en": {"title": "Tea", "place": "Square"}},
        "dates": {"day": "2026-11-14"}
    }})
}

#[tokio::test]
async fn json_goes_in_and_a_picture_of_exactly_the_boards_pixels_comes_out() {
    let desk = Desk::new().await;
    for (board, width, height) in [("64x256", 64, 256), ("640x320", 640, 320)] {
        let asked = format!("geometry={board}&language=vi");
        let (status, kind, png) = desk.preview(&asked, &event(), "image/png").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "image/png"));
        let picture = image::load_from_memory(&png).expect("a picture").into_rgb8();
        assert_eq!(picture.dimensions(), (width, height));
        let (_, _, json) = desk.preview(&asked, &event(), "application/json").await;
        let answer: Value = serde_json::from_slice(&json).expect("JSON");
        let same = data_encoding::BASE64.decode(answer["picture"].as_str().expect("a picture").as_bytes()).expect("base64");
        assert_eq!((same, &answer["faults"]), (png, &json!([])));
    }
}

#[tokio::test]
async fn each_fault_names_its_field_its_size_and_what_to_do_in_the_operators_language() {
    let desk = Desk::new().await;
    let mut slide = event();
    slide["content"]["texts"]["vi"]["title"] = json!("Ủy ban nhân dân xã trân trọng thông báo ".repeat(6));
    slide["content"]["texts"]["vi"]["place"] = json!("𓀀");
    slide["content"]["dates"] = json!({});
    let faults = desk.faults("geometry=64x256&language=vi", &slide).await;
    let expected = [
        ("texts.vi.title", "64\u{a0}×\u{a0}256", "Chữ không vừa, kể cả ở cỡ nhỏ nhất. Hãy rút ngắn."),
        ("texts.vi.place", "", "Không có phông chữ cho “𓀀” (U+13000). Hãy viết cách khác."),
        ("dates.day", "", "Hãy điền mục này."),
    ];
    for (field, at, text) in expected {
        let told = faults.iter().filter(|fault| (fault.0.as_str(), fault.1.as_str(), fault.2.as_str()) == (field, at, text));
        assert_eq!(told.count(), 1, "{field} once in {faults:?}");
    }
    let english = Request::post("/slides/preview?geometry=64x256&language=en")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, "bangtin-language=en")
        .header("sec-fetch-site", "same-origin");
    let (_, _, body) = desk.ask(english, slide.to_string()).await;
    assert!(String::from_utf8_lossy(&body).contains("Fill this in."), "{}", String::from_utf8_lossy(&body));
}

#[tokio::test]
async fn all_languages_are_checked_at_all_sizes_and_each_thing_is_said_once() {
    let desk = Desk::new().await;
    let mut slide = event();
    slide["content"]["texts"]["en"]["title"] = json!("Incomprehensibilities ".repeat(3));
    let check = |query: &str| {
        let request = Request::post(format!("/slides/check?{query}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin");
        desk.ask(request, slide.to_string())
    };
    let (status, _, body) = check("geometries=64x256,1920x1080&languages=vi,en").await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    let told: Vec<_> = answer["faults"].as_array().expect("a list").iter().map(|fault| (&fault["field"], &fault["at"])).collect();
    assert_eq!(told, [(&json!("texts.en.title"), &json!("64\u{a0}×\u{a0}256"))]);
    assert_eq!(check("geometries=64x256,nothing&languages=vi").await.0, StatusCode::BAD_REQUEST);
    let many = vec!["64x256"; 49].join(",");
    assert_eq!(check(&format!("geometries={many}&languages=vi")).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_no_slide_is_refused_with_what_is_wrong() {
    let desk = Desk::new().await;
    let first = async |slide: Value| desk.faults("geometry=64x256&language=vi", &slide).await.first().cloned().expect("a fault");
    assert_eq!(first(json!({"template": "event", "content": {"levels": {"level": 9}}})).await.0, "levels.level");
    let long = json!({"template": "event", "content": {"texts": {"vi": {"title": "a".repeat(601)}}}});
    let fault = first(long).await;
    assert_eq!((fault.0.as_str(), fault.2.as_str()), ("texts.vi.title", "Tối đa 600 ký tự."));
    assert!(
        first(json!({"template": "event", "content": {"dates": {"day": "2026-02-30"}}})).await.2.contains("content.dates.day")
    );
    let digest = "ab".repeat(32);
    let missing = json!({"template": "place", "content": {"pictures": {"photo": {"file": digest}}}});
    assert!(desk.faults("geometry=64x256&language=vi", &missing).await.iter().any(|fault| fault.0 == "pictures.photo"));
    let unknown = desk.preview("geometry=64x256&language=vi", &json!({"template": "none", "content": {}}), "image/png").await;
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
    assert_eq!(desk.preview("geometry=64x256&language=fr", &event(), "image/png").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_preview_is_bounded_and_asked_for_by_our_own_pages_alone() {
    let desk = Desk::new().await;
    let huge = desk.preview("geometry=3840x2160&language=vi", &event(), "image/png").await;
    assert_eq!(huge.0, StatusCode::PAYLOAD_TOO_LARGE);
    let long = json!({"template": "event", "content": {"texts": {"vi": {"title": "a".repeat(200_000)}}}});
    assert_eq!(desk.preview("geometry=64x256&language=vi", &long, "image/png").await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let asked = "/slides/preview?geometry=64x256&language=vi";
    let json = || Request::post(asked).header(header::CONTENT_TYPE, "application/json");
    assert_eq!(desk.ask(json().header("sec-fetch-site", "cross-site"), event().to_string()).await.0, StatusCode::FORBIDDEN);
    let form = Request::post(asked).header(header::CONTENT_TYPE, "text/plain").header("sec-fetch-site", "same-origin");
    assert_eq!(desk.ask(form, event().to_string()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let stranger = Desk { cookie: "bangtin-session=no".to_owned(), ..desk };
    let (status, _, body) = stranger.preview("geometry=64x256&language=vi", &event(), "image/png").await;
    assert!(status.is_redirection() && body.is_empty(), "{status}");
}

#[tokio::test]
async fn the_editor_of_every_template_escapes_what_it_shows_and_offers_the_fleets_sizes() {
    let desk = Desk::new().await;
    for id in crate::media::slides::library::ids() {
        let (status, _, page) = desk.ask(Request::get(format!("/slides/new/{id}")), Body::empty()).await;
        let page = String::from_utf8_lossy(&page);
        assert_eq!(status, StatusCode::OK, "{id}");
        assert!(page.contains("data-tile=\"64x256\"") && page.contains("data-tile=\"640x320\""), "{id}");
    }
    let (status, _, page) = desk.ask(Request::get("/slides/new"), Body::empty()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(String::from_utf8_lossy(&page).matches("href=\"/slides/new/").count(), crate::media::slides::library::ids().len());
    let (status, kind, png) = desk.ask(Request::get("/slides/templates/event?w=96&h=48&language=vi"), Body::empty()).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "image/png"));
    assert_eq!(image::load_from_memory(&png).expect("a picture").width(), 96);
    assert_eq!(desk.ask(Request::get("/slides/new/none"), Body::empty()).await.0, StatusCode::NOT_FOUND);
}

impl Desk {
    async fn save(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let form: String = fields
            .iter()
            .map(|(name, value)| format!("{}={}&", crate::http::visitor::escape(name), crate::http::visitor::escape(value)))
            .collect();
        let router = crate::http::router(Arc::clone(&self.world.app), &CancellationToken::new());
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        let response = router.oneshot(request.body(Body::from(form)).expect("a request")).await.expect("the router answers");
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        let status = response.status();
        let page = axum::body::to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        (status, to, String::from_utf8_lossy(&page).into_owned())
    }
}

const EVENT: [(&str, &str); 6] = [
    ("template", "event"),
    ("name", "Lễ hội trà"),
    ("texts.vi.title", "Festival <Trà> & \"hoa\""),
    ("texts.vi.place", "Quảng trường"),
    ("dates.day", "2026-12-14"),
    ("do", "save"),
];

#[tokio::test]
async fn a_slide_is_saved_with_a_version_for_each_language_and_opened_as_it_was() {
    let desk = Desk::new().await;
    desk.world.board("b-0001", 1).await;
    let (status, to, _) = desk.save("/slides", &EVENT).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let path = to.strip_suffix("?saved=true").expect("to the slide");
    let (status, _, page) = desk.ask(Request::get(path), Body::empty()).await;
    let page = String::from_utf8_lossy(&page).into_owned();
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Festival &#60;Trà&#62; &#38; &#34;hoa&#34;") && !page.contains("<Trà>"), "what was typed is escaped");
    assert!(page.contains("value=\"2026-12-14\"") && page.contains("value=\"Lễ hội trà\""));
    let more = [("texts.en.title", "Tea"), ("texts.en.place", "Square")];
    assert_eq!(desk.save(path, &[&more[..], &EVENT[..]].concat()).await.0, StatusCode::SEE_OTHER);
    let id = path.strip_prefix("/slides/").expect("an id").parse().expect("an id");
    let asset = crate::app::assets::get(&desk.world.app, &id).await.expect("it works").expect("it is there");
    let languages: Vec<_> = asset.versions.keys().map(|language| language.as_str().to_owned()).collect();
    assert_eq!(languages, ["en", "vi"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_saved_form_stands_beside_its_field_and_nothing_typed_is_lost() {
    let desk = Desk::new().await;
    desk.world.board("b-0001", 1).await;
    let mut fields = EVENT.to_vec();
    fields[3] = ("texts.vi.place", "");
    fields.push(("texts.zh.title", "茶文化节"));
    let (status, _, page) = desk.save("/slides", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["Lễ hội trà", "Festival &#60;Trà&#62;", "茶文化节", "2026-12-14"] {
        assert!(page.contains(kept), "{kept}");
    }
    for field in ["texts.vi.place", "texts.zh.place"] {
        let beside = page.split(&format!("data-fault=\"{field}\"")).nth(1).and_then(|rest| rest.split("</p>").next());
        assert!(beside.is_some_and(|text| text.contains("Hãy điền mục này.") && !text.contains("hidden")), "{field}: {beside:?}");
    }
    // Without a script the same button-driven form shows the pictures.
    let look: Vec<_> = EVENT.iter().copied().filter(|(name, _)| *name != "do").chain([("do", "look")]).collect();
    let (status, _, page) = desk.save("/slides", &look).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.matches("src=\"data:image/png;base64,").count() >= 3, "pictures are on the page");
}
