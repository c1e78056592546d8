//! From the form to the signed manifest, on a database of its own.

use std::cell::Cell;
use std::time::Duration;

use ::playlists::asset::Fit;
use ::playlists::geometry::Geometry;
use ::playlists::id::{BoardId, CampaignId, PlaylistId, UnitId};
use ::playlists::plan;
use ::playlists::trust::envelope::{DocumentType, Envelope};
use ::playlists::trust::manifest::Manifest;
use ::playlists::trust::roles::Role;
use ::playlists::unit::Tier;
use ::playlists::wire::messages::Identity;

use super::assets::{self, AddAssetError, Asset, NewAsset};
use super::boards::{self, AddBoardError, NewBoard, SettingsDraft};
use super::campaigns::{self, CampaignDraft};
use super::playlists::{self, EntryDraft, PlaylistDraft};
use super::{App, FieldError, plans, publish, safe_item, samples, units};
use crate::jobs;
use crate::store::units::Unit;
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_new_board_gets_a_manifest_with_the_safe_item,
    a_campaign_goes_from_the_form_into_the_manifest_of_its_boards_only,
    what_did_not_change_makes_no_version_and_no_revision,
    a_change_during_the_day_ends_one_version_and_begins_the_next,
    the_default_playlist_plays_when_a_board_has_one,
    forms_that_name_what_is_not_there_are_refused,
    the_same_bytes_in_a_unit_twice_are_one_asset,
    a_board_is_added_once_and_lists_are_paged,
    the_province_and_its_plan_are_laid_down_once_and_what_was_changed_since_stays,
];

pub(super) fn unit() -> UnitId {
    "province".parse().expect("a unit id")
}

fn geometry() -> Geometry {
    Geometry::new(64, 32).expect("a geometry")
}

/// With the safe item and a unit.
pub(super) async fn furnished(world: World) -> World {
    safe_item::ensure(&world.app).await.expect("the safe item is laid down");
    let own = Unit { id: unit(), name: "Tỉnh".to_owned(), tier: Tier::Province, parent: None };
    units::add(&world.app, &own).await.expect("a unit");
    world
}

pub(super) async fn board(app: &App, id: &str) -> BoardId {
    let new = NewBoard::simple(id.parse().expect("a board id"), format!("Bảng {id}"), unit(), "05443".to_owned(), geometry());
    boards::add(app, new).await.expect("a board").0
}

pub(super) fn svg(colour: &str) -> Vec<u8> {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><rect width="64" height="32" fill="{colour}"/></svg>"#
    )
    .into_bytes()
}

pub(super) async fn asset(app: &App, colour: &str) -> Asset {
    let new = NewAsset { unit: unit(), name: colour.to_owned(), fit: Fit::Cover, bytes: svg(colour) };
    assets::add(app, new).await.expect("an asset")
}

fn lines(assets: &[&Asset]) -> PlaylistDraft {
    let entries = assets
        .iter()
        .map(|asset| EntryDraft { asset_id: asset.id.to_string(), duration_s: "8".to_owned(), ..EntryDraft::default() })
        .collect();
    PlaylistDraft { name: "Danh sách".to_owned(), entries }
}

pub(super) async fn playlist(app: &App, id: Option<&PlaylistId>, assets: &[&Asset]) -> PlaylistId {
    playlists::save(app, &unit(), id, lines(assets)).await.expect("saved").expect("valid")
}

pub(super) fn draft(playlist: &PlaylistId, boards: &[&BoardId]) -> CampaignDraft {
    CampaignDraft {
        name: "Chiến dịch".to_owned(),
        playlist_id: playlist.to_string(),
        weight: "1".to_owned(),
        boards: boards.iter().map(ToString::to_string).collect(),
        approved: true,
        ..CampaignDraft::default()
    }
}

pub(super) async fn campaign(app: &App, id: Option<&CampaignId>, draft: CampaignDraft) -> CampaignId {
    campaigns::save(app, &unit(), id, draft).await.expect("saved").expect("valid")
}

/// Publishes and makes renditions until nothing is left to do; answers how many manifests were signed.
pub(super) async fn settle(app: &App) -> usize {
    let mut signed = 0;
    for _ in 0..50 {
        let published = publish::run_once(app).await.expect("published");
        signed += published.signed;
        if jobs::renditions::run_once(app).await.expect("rendered") == 0 && published.looked_at == 0 {
            return signed;
        }
    }
    panic!("publishing and making renditions never come to an end");
}

pub(super) async fn manifest(app: &App, board: &BoardId) -> Manifest {
    let (_, sha256, bytes) = publish::envelope(app, board).await.expect("loaded").expect("a manifest");
    assert_eq!(sha256, ::playlists::id::Digest::of(&bytes));
    let payload = app
        .keys
        .root
        .open(Role::Publish, DocumentType::Manifest, &Envelope::parse(&bytes).expect("an envelope"))
        .expect("signed");
    let manifest: Manifest = serde_json::from_slice(&payload).expect("a manifest");
    assert_eq!(manifest.faults(), Vec::new());
    manifest
}

fn codes(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()
}

async fn a_new_board_gets_a_manifest_with_the_safe_item(world: World) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    assert_eq!(settle(&world.app).await, 1);
    let manifest = manifest(&world.app, &board).await;
    assert_eq!((manifest.items.len(), manifest.campaigns.len()), (1, 0));
    assert_eq!(manifest.items[0].sha256, manifest.safe_item);
    let picture = world.app.blobs.read(&manifest.safe_item).await.expect("its bytes are there");
    let picture = image::load_from_memory(&picture).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (64, 32));
    assert!(publish::may_fetch(&world.app, &board, &manifest.safe_item).await.expect("asked"));
    assert!(!publish::may_fetch(&world.app, &board, &::playlists::id::Digest::of(b"x")).await.expect("asked"));
    let desired = publish::desired(&world.app, &board).await.expect("asked").expect("there is one");
    assert_eq!(desired.rev, manifest.rev);
}

async fn a_campaign_goes_from_the_form_into_the_manifest_of_its_boards_only(world: World) {
    let world = furnished(world).await;
    let (one, other) = (board(&world.app, "b-0001").await, board(&world.app, "b-0002").await);
    let red = asset(&world.app, "red").await;
    let list = playlist(&world.app, None, &[&red]).await;
    let id = campaign(&world.app, None, draft(&list, &[&one])).await;
    settle(&world.app).await;
    let shown = manifest(&world.app, &one).await;
    assert_eq!(shown.campaigns.iter().map(|campaign| campaign.id.clone()).collect::<Vec<_>>(), [id]);
    assert_eq!(shown.items.len(), 2);
    assert_eq!(manifest(&world.app, &other).await.campaigns, Vec::new());
}

async fn what_did_not_change_makes_no_version_and_no_revision(world: World) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    let red = asset(&world.app, "red").await;
    let list = playlist(&world.app, None, &[&red]).await;
    let id = campaign(&world.app, None, draft(&list, &[&board])).await;
    settle(&world.app).await;
    let before = manifest(&world.app, &board).await.rev;
    world.clock.pass(Duration::from_secs(60));
    playlist(&world.app, Some(&list), &[&red]).await;
    campaign(&world.app, Some(&id), draft(&list, &[&board])).await;
    campaign(&world.app, Some(&id), CampaignDraft { name: "Tên khác".to_owned(), ..draft(&list, &[&board]) }).await;
    assert_eq!(settle(&world.app).await, 0);
    assert_eq!(manifest(&world.app, &board).await.rev, before);
    assert_eq!(campaigns::get(&world.app, &id).await.expect("loaded").expect("there").version, 1);
    assert_eq!(playlists::get(&world.app, &list).await.expect("loaded").expect("there").version, 1);
}

async fn a_change_during_the_day_ends_one_version_and_begins_the_next(world: World) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    let (red, blue) = (asset(&world.app, "red").await, asset(&world.app, "blue").await);
    let list = playlist(&world.app, None, &[&red]).await;
    let id = campaign(&world.app, None, draft(&list, &[&board])).await;
    settle(&world.app).await;
    world.clock.pass(Duration::from_secs(3600));
    playlist(&world.app, Some(&list), &[&red, &blue]).await;
    settle(&world.app).await;
    let versions = manifest(&world.app, &board).await.campaigns;
    assert_eq!(versions.len(), 2, "what played this morning stays in the manifest");
    assert!(versions.iter().all(|version| version.id == id));
    assert_eq!(versions[0].period.until, versions[1].period.from);
    assert_ne!(versions[0].plays, versions[1].plays);

    world.clock.pass(Duration::from_secs(3600));
    assert!(campaigns::end_now(&world.app, &id).await.expect("ended"));
    assert!(!campaigns::end_now(&world.app, &id).await.expect("asked"), "once");
    settle(&world.app).await;
    let ended = manifest(&world.app, &board).await.campaigns;
    assert!(ended.len() == 2 && ended.iter().all(|version| version.period.until.is_some()));

    world.clock.pass(Duration::from_secs(48 * 3600));
    boards::save(
        &world.app,
        &board,
        &SettingsDraft { name: "B".to_owned(), brightness: "60".to_owned(), ..SettingsDraft::default() },
    )
    .await
    .expect("saved")
    .expect("valid");
    settle(&world.app).await;
    let later = manifest(&world.app, &board).await;
    assert_eq!((later.campaigns.len(), later.brightness), (0, 60), "the day is over");
}

async fn the_default_playlist_plays_when_a_board_has_one(world: World) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    let red = asset(&world.app, "red").await;
    let list = playlist(&world.app, None, &[&red]).await;
    let settings = |default: &str| SettingsDraft {
        name: "B".to_owned(),
        brightness: "100".to_owned(),
        default_playlist: default.to_owned(),
        ..SettingsDraft::default()
    };
    let unknown = boards::save(&world.app, &board, &settings("nowhere")).await.expect("asked").expect_err("refused");
    assert_eq!(codes(unknown), ["default_playlist error-playlist-unknown"]);
    boards::save(&world.app, &board, &settings(list.as_str())).await.expect("saved").expect("valid");
    settle(&world.app).await;
    let shown = manifest(&world.app, &board).await;
    assert_eq!(shown.default_playlist.as_str(), format!("{list}-v1"));
    assert!(shown.items.iter().all(|item| item.evergreen));
}

async fn forms_that_name_what_is_not_there_are_refused(world: World) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    let wrong = PlaylistDraft {
        name: String::new(),
        entries: vec![EntryDraft { asset_id: "no-such".to_owned(), duration_s: "0".to_owned(), ..EntryDraft::default() }],
    };
    let errors = playlists::save(&world.app, &unit(), None, wrong).await.expect("asked").expect_err("refused");
    assert_eq!(
        codes(errors),
        ["name error-name-empty", "entries.0.asset_id error-asset-unknown", "entries.0.duration_s error-duration-range"]
    );
    let missing: PlaylistId = "no-such".parse().expect("an id");
    let mut wrong = draft(&missing, &[&board]);
    wrong.boards.push("b-9999".to_owned());
    let errors = campaigns::save(&world.app, &unit(), None, wrong).await.expect("asked").expect_err("refused");
    assert_eq!(codes(errors), ["playlist_id error-playlist-unknown", "boards error-board-unknown"]);
}

async fn the_same_bytes_in_a_unit_twice_are_one_asset(world: World) {
    let world = furnished(world).await;
    let first = asset(&world.app, "red").await;
    assert_eq!(asset(&world.app, "red").await.id, first.id);
    assert_eq!(assets::list(&world.app, "", None, 10).await.expect("listed").len(), 1);
    let new = NewAsset { unit: unit(), name: "x".to_owned(), fit: Fit::Cover, bytes: b"no picture".to_vec() };
    assert!(matches!(assets::add(&world.app, new).await, Err(AddAssetError::Media(_))));
    let preview =
        assets::preview::find(&world.app, &first.id, None, Geometry::new(10, 20).expect("a geometry")).await.expect("found");
    let preview = assets::preview::make(&world.app, preview).await.expect("a preview");
    assert_eq!(image::load_from_memory(&preview).expect("a picture").height(), 20);
}

async fn a_board_is_added_once_and_lists_are_paged(world: World) {
    let world = furnished(world).await;
    for id in ["b-0001", "b-0002", "b-0003"] {
        board(&world.app, id).await;
    }
    let again = NewBoard::simple("b-0001".parse().expect("an id"), "B".to_owned(), unit(), "05443".to_owned(), geometry());
    assert!(matches!(boards::add(&world.app, again).await, Err(AddBoardError::Taken(_))));
    let homeless = NewBoard::simple(
        "b-0009".parse().expect("an id"),
        "B".to_owned(),
        "no-such".parse().expect("an id"),
        "05443".to_owned(),
        geometry(),
    );
    assert!(matches!(boards::add(&world.app, homeless).await, Err(AddBoardError::NoUnit(_))));
    let first = boards::list(&world.app, "bang", None, 2).await.expect("listed");
    let rest = boards::list(&world.app, "bang", Some(&first[1].id), 2).await.expect("listed");
    let ids: Vec<_> = first.iter().chain(&rest).map(|board| board.id.to_string()).collect();
    assert_eq!(ids, ["b-0001", "b-0002", "b-0003"]);
    assert_eq!(boards::list(&world.app, "%", None, 9).await.expect("listed").len(), 0, "what is typed is no pattern");
}

async fn the_province_and_its_plan_are_laid_down_once_and_what_was_changed_since_stays(world: World) {
    safe_item::ensure(&world.app).await.expect("the safe item is laid down");
    let document = || samples::province().unwrap_or_else(|faults| panic!("{faults:#?}"));
    let words = |error: &FieldError| format!("{error:?}");
    let added = Cell::new(0);
    let keep = |identities: &[Identity]| {
        added.set(identities.len());
        Ok(())
    };
    samples::set_up(&world.app, &document().plan, keep).await.expect("set up");
    assert_eq!(added.take(), 92);
    assert!(samples::lay_down(&world.app, document(), &samples::files(), words).await.expect("laid down"));
    assert_eq!(units::own(&world.app).await.expect("loaded").expect("there").id.as_str(), "thai-nguyen");
    let told = || async { plan::write(&plans::export(&world.app).await.expect("an export").plan) };
    let first = told().await;
    for laid_down in ["campaigns", "tet-midnight", "default_playlist: standing", "greeting-text", "deep-field", "zh"] {
        assert!(first.contains(laid_down), "{laid_down} in\n{first}");
    }
    let mut other = document();
    "Ảnh xấu".clone_into(&mut other.plan.playlists.last_mut().expect("playlists").name);
    plans::import(&world.app, &other, &samples::files(), words).await.expect("an operator's change");
    let changed = told().await;
    assert_ne!(changed, first);
    samples::set_up(&world.app, &document().plan, keep).await.expect("set up again");
    assert_eq!(added.take(), 0, "boards keep their keys");
    assert!(!samples::lay_down(&world.app, document(), &samples::files(), words).await.expect("nothing to do"));
    assert_eq!(told().await, changed);
}
