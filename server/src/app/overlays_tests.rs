//! What lies over a board's loop: from the form and the plan to the manifest, and what becomes of it.

use std::time::Duration;

use ::playlists::asset::{Fit, Language};
use ::playlists::id::{AssetId, BoardId, Digest};
use ::playlists::overlay::{Clock, Corner, Overlay, OverlaySize, Shows};

use super::assets::{self, Asset, Label, NewAsset, PropertiesDraft, Search};
use super::board_settings::{SettingsDraft, save as save_settings};
use super::overlay_draft::OverlayDraft;
use super::tests::{asset, board, furnished, manifest, settle, unit};
use super::{App, boards, publish, upkeep};
use crate::store::renditions::{self, State, Variant};
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_logo_lies_over_the_loop_in_its_own_shape_with_its_transparency,
    a_new_logo_reaches_its_boards_once_it_is_made,
    a_logo_is_shown_in_the_language_of_the_board_and_in_its_time,
    a_board_of_other_pixels_gets_a_logo_of_its_own,
    what_lies_over_a_loop_is_found_as_used_and_kept_as_proof,
];

/// A disc on nothing, twice as wide as high.
fn disc(colour: &str) -> Vec<u8> {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><ellipse cx="100" cy="50" rx="90" ry="40" fill="{colour}"/></svg>"#
    )
    .into_bytes()
}

async fn logo(app: &App, colour: &str) -> Asset {
    let new = NewAsset { unit: unit(), name: colour.to_owned(), fit: Fit::Cover, bytes: disc(colour) };
    assets::add(app, new).await.expect("an asset")
}

async fn lay(app: &App, board: &BoardId, shows: &[(Corner, &str, &str)]) {
    let of = boards::get(app, board).await.expect("loaded").expect("there");
    let draft = |(corner, shows, size): &(Corner, &str, &str)| OverlayDraft {
        corner: *corner,
        shows: (*shows).to_owned(),
        size: (*size).to_owned(),
    };
    let draft = SettingsDraft { overlays: shows.iter().map(draft).collect(), ..SettingsDraft::of(&of) };
    save_settings(app, board, &draft).await.expect("asked").expect("valid");
}

async fn lies_over(app: &App, board: &BoardId) -> Vec<Overlay> {
    manifest(app, board).await.overlays
}

async fn picture(app: &App, board: &BoardId) -> Option<Digest> {
    lies_over(app, board).await.iter().find_map(|overlay| overlay.picture().copied())
}

async fn pixels(app: &App, picture: &Digest) -> image::RgbaImage {
    let bytes = app.blobs.read(picture).await.expect("its bytes are there");
    image::load_from_memory(&bytes).expect("a picture").into_rgba8()
}

fn language(tag: &str) -> Language {
    tag.parse().expect("a language")
}

fn picture_of(asset: &Asset) -> String {
    OverlayDraft::choice(&asset.id)
}

async fn a_logo_lies_over_the_loop_in_its_own_shape_with_its_transparency(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, logo) = (board(app, "b-0001").await, logo(app, "red").await);
    lay(app, &board, &[(Corner::TopLeft, "time", ""), (Corner::BottomRight, &picture_of(&logo), "40")]).await;
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let [clock, over] = manifest.overlays.as_slice() else { panic!("{:?}", manifest.overlays) };
    assert_eq!(*clock, Overlay { corner: Corner::TopLeft, size: OverlaySize::default(), shows: Shows::Clock(Clock::Time) });
    assert_eq!((over.corner, over.size.get()), (Corner::BottomRight, 40));
    let digest = *over.picture().expect("a picture");
    let item = manifest.item(&digest).expect("among the items");
    assert!(item.evergreen && item.until.is_none(), "{item:?}");
    assert!(publish::may_fetch(app, &board, &digest).await.expect("asked"));
    // 40 per cent of 32 rows are 12; twice as wide.
    let pixels = pixels(app, &digest).await;
    assert_eq!(pixels.dimensions(), (24, 12));
    assert_eq!((pixels.get_pixel(0, 0).0[3], pixels.get_pixel(12, 6).0), (0, [255, 0, 0, 255]));
    // The form shows what is saved, and saving it again changes nothing.
    let stored = boards::get(app, &board).await.expect("loaded").expect("there");
    let form = OverlayDraft::of(&stored.overlays);
    let told: Vec<_> = form.iter().map(|line| (line.shows.as_str(), line.size.as_str())).collect();
    assert_eq!(told, [("time", "12"), ("", "12"), ("", "12"), (picture_of(&logo).as_str(), "40")]);
    save_settings(app, &board, &SettingsDraft::of(&stored)).await.expect("asked").expect("valid");
    assert_eq!(settle(app).await, 0, "nothing has changed");
    lay(app, &board, &[]).await;
    settle(app).await;
    assert_eq!(lies_over(app, &board).await, []);
}

async fn a_new_logo_reaches_its_boards_once_it_is_made(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (one, other, logo) = (board(app, "b-0001").await, board(app, "b-0002").await, logo(app, "red").await);
    lay(app, &one, &[(Corner::TopLeft, &picture_of(&logo), "40")]).await;
    settle(app).await;
    let (red, untouched) = (picture(app, &one).await.expect("a picture"), manifest(app, &other).await.rev);
    world.clock.pass(Duration::from_secs(60));
    let label = Label { unit: unit(), name: "-".to_owned(), language: language("und"), fit: Fit::Cover };
    assets::add_bytes(app, &logo.id, label, &disc("blue")).await.expect("added");
    let published = publish::run_once(app).await.expect("published");
    assert_eq!((published.looked_at, published.signed), (1, 0), "one board shows it, and waits");
    assert_eq!(picture(app, &one).await, Some(red), "the old one stays until the new one is made");
    settle(app).await;
    let blue = picture(app, &one).await.expect("a picture");
    assert_eq!(pixels(app, &blue).await.get_pixel(12, 6).0, [0, 0, 255, 255]);
    assert_eq!(manifest(app, &other).await.rev, untouched);
    assets::withdraw(app, &logo.id, &language("und")).await.expect("asked").expect("withdrawn");
    settle(app).await;
    assert_eq!(lies_over(app, &one).await, [], "nothing is left to be shown");
}

async fn a_logo_is_shown_in_the_language_of_the_board_and_in_its_time(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, logo) = (board(app, "b-0001").await, logo(app, "red").await);
    let label = Label { unit: unit(), name: "-".to_owned(), language: language("en"), fit: Fit::Cover };
    assets::add_bytes(app, &logo.id, label, &disc("blue")).await.expect("added");
    lay(app, &board, &[(Corner::TopLeft, &picture_of(&logo), "40")]).await;
    let of = boards::get(app, &board).await.expect("loaded").expect("there");
    let mix = SettingsDraft { languages: vec![("en".to_owned(), "3".to_owned())], ..SettingsDraft::of(&of) };
    settle(app).await;
    let shown = |picture: image::RgbaImage| picture.get_pixel(12, 6).0;
    let colour = || async { shown(pixels(app, &picture(app, &board).await.expect("a picture")).await) };
    assert_eq!(colour().await, [255, 0, 0, 255], "any language alike: without words first");
    save_settings(app, &board, &mix).await.expect("asked").expect("valid");
    settle(app).await;
    assert_eq!(colour().await, [0, 0, 255, 255]);
    let draft = PropertiesDraft { name: "Logo".to_owned(), until: "2026-12-24".to_owned(), ..PropertiesDraft::default() };
    assets::set_properties(app, &logo.id, &draft).await.expect("asked").expect("valid");
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let item = manifest.item(manifest.overlays[0].picture().expect("a picture")).expect("an item");
    assert_eq!(item.until.map(|until| until.to_rfc3339()).as_deref(), Some("2026-12-24T17:00:00+00:00"));
}

async fn a_board_of_other_pixels_gets_a_logo_of_its_own(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, logo) = (board(app, "b-0001").await, logo(app, "red").await);
    lay(app, &board, &[(Corner::TopLeft, &picture_of(&logo), "20")]).await;
    settle(app).await;
    let small = pixels(app, &picture(app, &board).await.expect("a picture")).await.dimensions();
    assert!(boards::resize(app, &board, "640x320".parse().expect("a geometry")).await.expect("asked"));
    settle(app).await;
    let large = pixels(app, &picture(app, &board).await.expect("a picture")).await.dimensions();
    assert_eq!((small, large), ((22, 11), (128, 64)), "never lower than letters are");
    let made = renditions::list(&app.db, &logo.id, 9).await.expect("listed");
    let size = OverlaySize::new(20).expect("a size");
    assert!(made.iter().all(|made| made.key.variant == Variant::Overlay(size)), "the whole board never shows it: {made:?}");
    assert_eq!(made.len(), 2);
}

async fn what_lies_over_a_loop_is_found_as_used_and_kept_as_proof(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, logo, other) = (board(app, "b-0001").await, logo(app, "red").await, asset(app, "blue").await);
    lay(app, &board, &[(Corner::TopLeft, &picture_of(&logo), "20"), (Corner::TopRight, &picture_of(&logo), "20")]).await;
    settle(app).await;
    let unused = Search { unused: true, ..Search::default() };
    let found: Vec<AssetId> =
        assets::find(app, &unused, None, 9).await.expect("found").into_iter().map(|asset| asset.id).collect();
    assert_eq!(found, [other.id]);
    let uses = assets::uses(app, &logo.id).await.expect("told");
    assert_eq!(uses.boards, [(board.clone(), "Bảng b-0001".to_owned())]);
    assert!(!uses.is_none());
    // No play tells of it: it is kept as what was presented is, long after the last board has let go of it.
    let made = picture(app, &board).await.expect("a picture");
    lay(app, &board, &[]).await;
    settle(app).await;
    for seconds in [1, 2] {
        lay(app, &board, &[(Corner::TopLeft, if seconds == 1 { "time" } else { "" }, "")]).await;
        world.clock.pass(Duration::from_secs(60));
        settle(app).await;
    }
    world.clock.pass(upkeep::REST * 2);
    upkeep::tend(app).await.expect("tended");
    upkeep::sweep(app).await.expect("swept");
    assert!(app.blobs.read(&made).await.is_ok(), "its bytes stay");
    let state = renditions::list(&app.db, &logo.id, 9).await.expect("listed").pop().expect("it stays").state;
    assert!(matches!(state, State::Ready { sha256, .. } if sha256 == made), "{state:?}");
}
