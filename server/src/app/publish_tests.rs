//! When a manifest is published: at once for a board that shows nothing, complete for one that shows something.

use std::time::Duration;

use ::playlists::asset::{Kind, Language};
use ::playlists::id::BoardId;

use super::assets::Asset;
use super::boards::{self, SettingsDraft};
use super::campaigns::{CampaignDraft, StartsDraft};
use super::publish::{self, PATIENCE_MS, Published};
use super::tests::{asset, board, campaign, draft, manifest, playlist, settle, unit};
use super::{App, safe_item, units};
use crate::jobs::renditions;
use crate::store::asset_versions::VersionId;
use crate::store::renditions::{Key, Rendition, State, wanted};
use crate::store::units::Unit;
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_board_changes_once_when_all_its_renditions_are_made,
    a_rendition_that_takes_too_long_is_left_out_and_joins_when_it_is_made,
    nobody_waits_for_a_rendition_that_cannot_be_made,
    a_board_that_shows_nothing_yet_gets_what_there_is,
    what_the_disk_refuses_is_tried_again_later_and_later,
    what_cannot_be_decoded_is_not_tried_again,
    what_is_wanted_is_signed_again_above_what_the_board_has_seen,
    a_campaign_whose_pictures_are_made_does_not_wait_for_those_of_another,
    a_changed_campaign_plays_on_as_it_was_until_its_new_pictures_are_made,
    a_board_of_other_pixels_gets_everything_at_them_and_other_boards_keep_what_they_have,
    what_a_board_shows_soon_is_made_before_what_comes_in_months,
];

/// With the safe item, a unit, and a board that shows the safe item.
async fn with_a_board(world: World) -> (World, BoardId) {
    safe_item::ensure(&world.app).await.expect("the safe item is laid down");
    let tier = ::playlists::unit::Tier::Province;
    units::add(&world.app, &Unit { id: unit(), name: "Tỉnh".to_owned(), tier, parent: None }).await.expect("a unit");
    let board = board(&world.app, "b-0001").await;
    settle(&world.app).await;
    (world, board)
}

/// Makes an asset's original unreadable: the disk fails, as it were.
fn break_disk(app: &App, asset: &Asset) {
    let path = app.blobs.path(&asset.main().expect("a version").sha256);
    std::fs::rename(&path, path.with_extension("away")).expect("moved away");
    std::fs::create_dir(&path).expect("a folder cannot be read as a file");
}

fn mend_disk(app: &App, asset: &Asset) {
    let path = app.blobs.path(&asset.main().expect("a version").sha256);
    std::fs::remove_dir(&path).expect("removed");
    std::fs::rename(path.with_extension("away"), &path).expect("moved back");
}

async fn publish(app: &App) -> Published {
    publish::run_once(app).await.expect("published")
}

async fn make_renditions(app: &App) {
    renditions::run_once(app).await.expect("rendered");
}

const fn waited(waiting: usize) -> Published {
    Published { looked_at: waiting, signed: 0, waiting, postponed: 0 }
}

async fn a_board_changes_once_when_all_its_renditions_are_made(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    break_disk(app, &blue);
    let list = playlist(app, None, &[&red, &blue]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    assert_eq!(publish(app).await, waited(1));
    assert_eq!(publish(app).await, Published::default(), "who waits is left alone until something happens");
    make_renditions(app).await;
    assert_eq!(publish(app).await, waited(1), "red is made, blue is not");
    assert_eq!(manifest(app, &board).await.items.len(), 1);

    mend_disk(app, &blue);
    world.clock.pass(Duration::from_secs(3));
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    assert_eq!(manifest(app, &board).await.items.len(), 3);
}

async fn a_rendition_that_takes_too_long_is_left_out_and_joins_when_it_is_made(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    break_disk(app, &blue);
    let list = playlist(app, None, &[&red, &blue]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    assert_eq!(publish(app).await, waited(1));
    make_renditions(app).await;
    world.clock.pass(Duration::from_millis(PATIENCE_MS.unsigned_abs() - 1));
    assert_eq!(publish(app).await, waited(1));
    world.clock.pass(Duration::from_millis(1));
    assert_eq!(publish(app).await.signed, 1, "the red one now");
    assert_eq!(manifest(app, &board).await.items.len(), 2);
    assert_eq!(publish(app).await, Published::default());

    mend_disk(app, &blue);
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1, "and the blue one when it is there");
    assert_eq!(manifest(app, &board).await.items.len(), 3);
    assert_eq!(settle(app).await, 0);
}

async fn nobody_waits_for_a_rendition_that_cannot_be_made(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    std::fs::remove_file(app.blobs.path(&blue.main().expect("a version").sha256)).expect("removed");
    playlist(app, Some(&list), &[&blue, &red]).await;
    assert_eq!(publish(app).await, waited(1));
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    assert_eq!(manifest(app, &board).await.items.len(), 2);
}

async fn a_board_that_shows_nothing_yet_gets_what_there_is(world: World) {
    let (world, first) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let list = playlist(app, None, &[&red]).await;
    let on_all = super::campaigns::CampaignDraft { all_boards: true, ..draft(&list, &[]) };
    campaign(app, None, on_all).await;
    settle(app).await;
    break_disk(app, &blue);
    playlist(app, Some(&list), &[&red, &blue]).await;
    let fresh = board(app, "b-0002").await;
    let published = publish(app).await;
    assert_eq!(
        (published.looked_at, published.signed, published.waiting),
        (2, 1, 1),
        "the old board waits, the new one does not"
    );
    assert_eq!(manifest(app, &fresh).await.items.len(), 2);

    mend_disk(app, &blue);
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 2);
    assert_eq!(manifest(app, &fresh).await.items.len(), 3);
    assert_eq!(manifest(app, &first).await.items.len(), 3);
}

async fn rendition(app: &App, asset: &Asset, board: &BoardId) -> Rendition {
    let geometry = super::boards::get(app, board).await.expect("loaded").expect("there").geometry;
    let of = VersionId { asset: asset.id.clone(), language: Language::undetermined(), version: 1 };
    let key = Key { of, geometry, variant: crate::store::renditions::Variant::Whole };
    crate::store::renditions::get(&app.db, &key).await.expect("loaded").expect("there is one")
}

async fn what_the_disk_refuses_is_tried_again_later_and_later(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let red = asset(app, "red").await;
    break_disk(app, &red);
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    publish(app).await;
    for (attempt, wait_s) in [(1, 2), (2, 4), (3, 8)] {
        assert_eq!(renditions::run_once(app).await.expect("tried"), 1);
        let found = rendition(app, &red, &board).await;
        assert_eq!((found.state, found.attempt), (State::Wanted, attempt));
        assert_eq!(found.changed_ms - app.clock.now_ms(), wait_s * 1000);
        world.clock.pass(Duration::from_millis(wait_s.unsigned_abs() * 1000 - 1));
        assert_eq!(renditions::run_once(app).await.expect("asked"), 0, "not before its time");
        world.clock.pass(Duration::from_millis(1));
    }
    mend_disk(app, &red);
    make_renditions(app).await;
    assert!(matches!(rendition(app, &red, &board).await.state, State::Ready { .. }));
}

async fn what_cannot_be_decoded_is_not_tried_again(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let red = asset(app, "red").await;
    std::fs::write(app.blobs.path(&red.main().expect("a version").sha256), b"something else").expect("damaged");
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    publish(app).await;
    make_renditions(app).await;
    let found = rendition(app, &red, &board).await;
    assert!(matches!(&found.state, State::Failed { error, .. } if error.contains("is damaged")), "{:?}", found.state);
    world.clock.pass(Duration::from_secs(24 * 3600));
    assert_eq!(renditions::run_once(app).await.expect("asked"), 0);
}

async fn what_is_wanted_is_signed_again_above_what_the_board_has_seen(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let before = manifest(app, &board).await;
    let ahead = ::playlists::id::Revision(before.rev.0 + 1000);
    crate::store::fixtures::reported(&app.db, &board, ahead).await;
    publish::overtake(app, &board, ahead).await.expect("compared");
    settle(app).await;
    let after = manifest(app, &board).await;
    assert!(after.rev > ahead, "{} is refused by a board that holds {ahead}", after.rev);
    assert_eq!((after.items, after.campaigns), (before.items, before.campaigns));
    publish::overtake(app, &board, ahead).await.expect("compared");
    assert_eq!(publish(app).await, Published::default(), "once");
}

async fn a_campaign_whose_pictures_are_made_does_not_wait_for_those_of_another(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    break_disk(app, &blue);
    let (of_red, of_blue) = (playlist(app, None, &[&red]).await, playlist(app, None, &[&blue]).await);
    campaign(app, None, draft(&of_blue, &[&board])).await;
    let id = campaign(app, None, draft(&of_red, &[&board])).await;
    assert_eq!(publish(app).await, waited(1), "neither is made");
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    let found: Vec<_> = manifest(app, &board).await.campaigns.into_iter().map(|campaign| campaign.id).collect();
    assert_eq!(found, [id], "the red one is here");
    assert_eq!(publish(app).await, Published::default());

    mend_disk(app, &blue);
    world.clock.pass(Duration::from_secs(3));
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    assert_eq!(manifest(app, &board).await.campaigns.len(), 2);
    assert_eq!(settle(app).await, 0);
}

async fn a_changed_campaign_plays_on_as_it_was_until_its_new_pictures_are_made(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let (red, blue, green) = (asset(app, "red").await, asset(app, "blue").await, asset(app, "green").await);
    let (of_red, of_blue) = (playlist(app, None, &[&red]).await, playlist(app, None, &[&blue]).await);
    let changed = campaign(app, None, draft(&of_red, &[&board])).await;
    settle(app).await;
    let before = manifest(app, &board).await.campaigns;

    break_disk(app, &blue);
    world.clock.pass(Duration::from_secs(60));
    campaign(app, Some(&changed), draft(&of_blue, &[&board])).await;
    let of_green = playlist(app, None, &[&green]).await;
    let new = campaign(app, None, draft(&of_green, &[&board])).await;
    publish(app).await;
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    let campaigns = manifest(app, &board).await.campaigns;
    assert_eq!(campaigns.len(), 2);
    assert!(campaigns.contains(&before[0]), "as it was: {campaigns:#?}");
    assert!(campaigns.iter().any(|campaign| campaign.id == new));

    mend_disk(app, &blue);
    world.clock.pass(Duration::from_secs(3));
    make_renditions(app).await;
    assert_eq!(publish(app).await.signed, 1);
    let campaigns = manifest(app, &board).await.campaigns;
    let of_changed: Vec<_> = campaigns.iter().filter(|campaign| campaign.id == changed).collect();
    assert_eq!(of_changed.len(), 2, "what it was today, and what it is: {campaigns:#?}");
    assert_eq!(of_changed.iter().filter(|campaign| campaign.period.until.is_none()).count(), 1);
}

/// Width and height of what a manifest names, in the order of their digests.
async fn sizes(app: &App, board: &BoardId) -> Vec<(u32, u32)> {
    let mut sizes = Vec::new();
    for item in manifest(app, board).await.items {
        let picture = image::load_from_memory(&app.blobs.read(&item.sha256).await.expect("its bytes are there"));
        let picture = picture.expect("a picture");
        sizes.push((picture.width(), picture.height()));
    }
    sizes
}

async fn a_board_of_other_pixels_gets_everything_at_them_and_other_boards_keep_what_they_have(world: World) {
    let (world, one) = with_a_board(world).await;
    let app = &world.app;
    let other = board(app, "b-0002").await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    campaign(app, None, draft(&playlist(app, None, &[&red]).await, &[&one, &other])).await;
    let by_default = playlist(app, None, &[&blue]).await;
    let stored = super::boards::get(app, &one).await.expect("loaded").expect("there");
    let settings =
        super::boards::SettingsDraft { default_playlist: by_default.to_string(), ..super::boards::SettingsDraft::of(&stored) };
    super::boards::save(app, &one, &settings).await.expect("saved").expect("valid");
    settle(app).await;
    let before = manifest(app, &other).await;
    assert_eq!((sizes(app, &one).await, sizes(app, &other).await), (vec![(64, 32); 3], vec![(64, 32); 2]));

    world.clock.pass(Duration::from_secs(3600));
    let tall = "33x65".parse().expect("a geometry");
    assert!(super::boards::resize(app, &one, tall).await.expect("resized"));
    settle(app).await;
    let after = manifest(app, &one).await;
    assert_eq!((after.geometry, sizes(app, &one).await), (tall, vec![(33, 65); 3]), "safe item, red and blue");
    assert_eq!(after.campaigns.len(), 1);
    assert_eq!(manifest(app, &other).await, before, "the other board has no new manifest");
    assert_eq!(sizes(app, &other).await, [(64, 32); 2], "and what it shows is there");
    assert!(publish::may_fetch(app, &other, &before.items[1].sha256).await.expect("asked"));

    // Back again everything is there already.
    assert!(super::boards::resize(app, &one, "64x32".parse().expect("a geometry")).await.expect("resized"));
    assert_eq!(publish(app).await.signed, 1, "nothing waits");
    assert_eq!(sizes(app, &one).await, [(64, 32); 3]);
    assert!(super::boards::resize(app, &one, "64x32".parse().expect("a geometry")).await.expect("asked"));
    assert_eq!(publish(app).await, Published::default(), "the same pixels are no change");
    let nowhere = "b-9999".parse().expect("an id");
    assert!(!super::boards::resize(app, &nowhere, tall).await.expect("asked"), "there is no such board");
}

async fn what_a_board_shows_soon_is_made_before_what_comes_in_months(world: World) {
    let (world, board) = with_a_board(world).await;
    let app = &world.app;
    let mut expected = Vec::new();
    for (colour, from, cron) in [
        ("red", "2027-02-01", None),
        ("green", "", Some("0 7 * * 1-5")),
        ("blue", "2026-12-25", None),
        ("black", "", Some("0 7 2 9 *")),
        ("white", "2026-11-23T20:00", None),
    ] {
        let asset = asset(app, colour).await;
        let list = playlist(app, None, &[&asset]).await;
        let window = |cron: &str| StartsDraft::Cron { cron: cron.to_owned(), duration_minutes: "60".to_owned() }.into();
        let windows = cron.map(window).into_iter().collect();
        campaign(app, None, CampaignDraft { from: from.to_owned(), windows, ..draft(&list, &[&board]) }).await;
        expected.push((asset.id, u8::from(!["green", "white"].contains(&colour)) + 1));
    }
    let standing = asset(app, "yellow").await;
    let list = playlist(app, None, &[&standing]).await;
    let settings = SettingsDraft {
        name: "B".to_owned(),
        brightness: "100".to_owned(),
        default_playlist: list.to_string(),
        ..SettingsDraft::default()
    };
    boards::save(app, &board, &settings).await.expect("saved").expect("valid");
    expected.push((standing.id, 0));
    expected.sort_by_key(|(id, urgency)| (*urgency, id.clone()));
    publish(app).await;
    let wanted = wanted(&app.db, Kind::Still, app.clock.now_ms(), 10).await.expect("listed");
    let found: Vec<_> = wanted.into_iter().map(|rendition| rendition.key.of.asset).collect();
    assert_eq!(found, expected.into_iter().map(|(id, _)| id).collect::<Vec<_>>());
}
