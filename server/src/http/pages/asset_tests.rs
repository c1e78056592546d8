//! What an asset's page tells of its renditions, and gives to look at.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use playlists::asset::{Fit, Language};
use playlists::id::{AssetId, UnitId};
use playlists::unit::Tier;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::app::assets::{self, Asset, Label, NewAsset, TickerDraft};
use crate::app::boards::{self, NewBoard};
use crate::app::campaigns::{self, CampaignDraft};
use crate::app::playlists::{self as lists, EntryDraft, PlaylistDraft};
use crate::app::{publish, safe_item, sign_in, units};
use crate::jobs;
use crate::store::units::Unit;
use crate::testing::{Engine, World};

const PASSWORD: &str = "mười chữ cái đây";

struct Desk {
    world: World,
    session: String,
    unit: UnitId,
}

impl Desk {
    /// An operator of a province with one board of these pixels.
    async fn new(geometry: &str) -> Self {
        let world = World::on(Engine::Sqlite).await;
        let (app, unit): (_, UnitId) = (&world.app, "province".parse().expect("an id"));
        sign_in::create_account(app, "chi", PASSWORD).await.expect("an account");
        let (session, _) = sign_in::sign_in(app, "chi", PASSWORD).await.expect("it works").expect("signed in");
        safe_item::ensure(app).await.expect("the safe item is laid down");
        let own = Unit { id: unit.clone(), name: "Tỉnh".to_owned(), tier: Tier::Province, parent: None };
        units::add(app, &own).await.expect("a unit");
        let (id, geometry) = ("b-0001".parse().expect("an id"), geometry.parse().expect("a geometry"));
        let board = NewBoard::simple(id, "Bảng".to_owned(), unit.clone(), "05443".to_owned(), geometry);
        boards::add(app, board).await.expect("a board");
        Self { world, session, unit }
    }

    async fn ask(&self, what: &str, language: &str, held: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let cookie = format!("bangtin-session={}; bangtin-language={language}", self.session);
        let request =
            Request::builder().method(method).uri(path).header(header::HOST, "localhost").header(header::COOKIE, cookie);
        let request = request.header("sec-fetch-site", "same-origin").header(header::IF_NONE_MATCH, held);
        let router = crate::http::router(Arc::clone(&self.world.app), &CancellationToken::new());
        let response = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, axum::body::to_bytes(body, 8 << 20).await.expect("a body").to_vec())
    }

    async fn page(&self, asset: &AssetId, language: &str) -> String {
        let (status, _, body) = self.ask(&format!("GET /assets/{asset}"), language, "").await;
        assert_eq!(status, StatusCode::OK);
        String::from_utf8(body).expect("text")
    }

    async fn json(&self, what: &str) -> serde_json::Value {
        let (status, _, body) = self.ask(what, "en", "").await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_slice(&body).expect("JSON")
    }

    async fn campaign(&self, draft: CampaignDraft) {
        let draft = CampaignDraft { name: "C".to_owned(), weight: "1".to_owned(), all_boards: true, approved: true, ..draft };
        campaigns::save(&self.world.app, &self.unit, None, draft).await.expect("saved").expect("valid");
    }

    /// Publishes and makes renditions until nothing is left to do.
    async fn settle(&self) {
        let app = &self.world.app;
        while publish::run_once(app).await.expect("published").looked_at > 0
            || jobs::renditions::run_once(app).await.expect("worked") > 0
        {}
    }

    /// A picture of one colour, which a campaign shows.
    async fn picture(&self, colour: &str) -> Asset {
        let new = NewAsset { unit: self.unit.clone(), name: colour.to_owned(), fit: Fit::Cover, bytes: svg(colour) };
        let asset = assets::add(&self.world.app, new).await.expect("an asset");
        let entry = EntryDraft { asset_id: asset.id.to_string(), duration_s: "8".to_owned(), ..EntryDraft::default() };
        let list = PlaylistDraft { name: "L".to_owned(), entries: vec![entry] };
        let list = lists::save(&self.world.app, &self.unit, None, list).await.expect("saved").expect("valid");
        self.campaign(CampaignDraft { playlist_id: list.to_string(), ..CampaignDraft::default() }).await;
        asset
    }
}

fn svg(colour: &str) -> Vec<u8> {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><rect width="64" height="32" fill="{colour}"/></svg>"#
    )
    .into_bytes()
}

#[tokio::test]
async fn why_a_rendition_failed_is_told_in_the_operators_language() {
    let desk = Desk::new("640x1920").await;
    let app = &desk.world.app;
    let text = TickerDraft {
        name: "Dài".to_owned(),
        texts: [("vi".to_owned(), "Xin chào ".repeat(30))].into(),
        ink: "#ffffff".to_owned(),
        band: String::new(),
        pixels_a_frame: "2".to_owned(),
    };
    let text = assets::save_ticker(app, &desk.unit, None, &text).await.expect("kept").expect("valid");
    let shown = CampaignDraft { shown: "ticker".to_owned(), ticker_asset_id: text.id.to_string(), ..CampaignDraft::default() };
    desk.campaign(shown).await;
    let picture = desk.picture("red").await;
    std::fs::remove_file(app.blobs.path(&picture.main().expect("a version").sha256)).expect("removed");
    desk.settle().await;
    for (asset, language, reason) in [
        (&text.id, "vi", "Quá dài với cỡ bảng tin này; hãy rút ngắn hoặc tách ra."),
        (&text.id, "en", "Too long at this size of board; shorten it or split it."),
        (&picture.id, "vi", "Bản gốc không còn hoặc bị hỏng trên máy chủ; hãy tải lên hoặc lưu lại lần nữa."),
        (&picture.id, "en", "The original is missing or damaged on the server; upload or save it again."),
    ] {
        let page = desk.page(asset, language).await;
        assert!(page.contains(&format!("<span class=\"fault\">{reason}</span>")), "{language}: {reason}");
        assert!(!page.contains("8388608") && !page.contains("there is no blob"), "{language}: the log's words");
    }
    let told = desk.json(&format!("GET /api/v1/assets/{}/renditions", text.id)).await;
    assert_eq!((&told[0]["state"], &told[0]["code"]), (&"failed".into(), &"ticker-fault-long".into()));
    assert!(told[0]["error"].as_str().expect("words").contains("at most 8388608 are taken"), "programs get English");
}

#[tokio::test]
async fn what_failed_is_made_again_by_the_pages_button_and_by_programs() {
    let desk = Desk::new("64x32").await;
    let picture = desk.picture("red").await;
    let original = desk.world.app.blobs.path(&picture.main().expect("a version").sha256);
    let button = format!("action=\"/assets/{}/retry\"", picture.id);
    let renditions = format!("/api/v1/assets/{}/renditions", picture.id);
    std::fs::rename(&original, original.with_extension("away")).expect("moved away");
    desk.settle().await;
    assert!(desk.page(&picture.id, "vi").await.contains(&button));

    let (status, headers, _) = desk.ask(&format!("POST /assets/{}/retry", picture.id), "vi", "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(headers[header::LOCATION], format!("/assets/{}#renditions", picture.id));
    assert_eq!(desk.json(&format!("GET {renditions}")).await[0]["state"], "wanted");
    desk.settle().await;
    assert_eq!(desk.json(&format!("GET {renditions}")).await[0]["state"], "failed", "nothing was mended");

    std::fs::rename(original.with_extension("away"), &original).expect("moved back");
    assert_eq!(desk.json(&format!("POST {renditions}/retry")).await["again"], 1);
    desk.settle().await;
    assert_eq!(desk.json(&format!("GET {renditions}")).await[0]["state"], "ready");
    assert!(!desk.page(&picture.id, "vi").await.contains(&button), "nothing failed");
    assert_eq!(desk.json(&format!("POST {renditions}/retry")).await["again"], 0);
}

#[tokio::test]
async fn a_preview_that_a_browser_holds_is_sent_again_only_when_it_is_another() {
    let desk = Desk::new("64x32").await;
    let app = &desk.world.app;
    let new = NewAsset { unit: desk.unit.clone(), name: "red".to_owned(), fit: Fit::Cover, bytes: svg("red") };
    let asset = assets::add(app, new).await.expect("an asset");
    let address = format!("GET /assets/{}/preview?w=40&h=40", asset.id);
    let tag = |headers: &HeaderMap| headers[header::ETAG].to_str().expect("text").to_owned();
    let (status, headers, red) = desk.ask(&address, "vi", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "image/png");
    assert_eq!(headers[header::CACHE_CONTROL], "private, no-cache");
    let (status, again, body) = desk.ask(&address, "vi", &tag(&headers)).await;
    assert_eq!((status, tag(&again), body), (StatusCode::NOT_MODIFIED, tag(&headers), Vec::new()));

    // It is made once: without its original there is still a picture.
    let original = app.blobs.path(&asset.main().expect("a version").sha256);
    std::fs::rename(&original, original.with_extension("away")).expect("moved away");
    assert_eq!(desk.ask(&address, "vi", "").await.2, red);
    let other = desk.ask(&format!("GET /assets/{}/preview?w=41&h=40", asset.id), "vi", "").await;
    assert_eq!(other.0, StatusCode::INTERNAL_SERVER_ERROR, "other pixels are another picture");
    std::fs::rename(original.with_extension("away"), &original).expect("moved back");

    let label = Label { unit: desk.unit.clone(), name: "-".to_owned(), language: Language::undetermined(), fit: Fit::Cover };
    assets::add_bytes(app, &asset.id, label, &svg("blue")).await.expect("replaced");
    let (status, headers, blue) = desk.ask(&address, "vi", &tag(&again)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(blue != red && tag(&headers) != tag(&again));
}
