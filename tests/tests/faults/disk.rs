//! The disk takes nothing any more: the server's, the board's.

use bangtin_tests::aftermath::Player;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, world};

use super::Story;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disk_is_full_stays_up_says_so_and_loses_nothing() {
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        world.server_process().disk_takes_nothing();
        let stored = ledger::plays(&world.app(), &story.board.id).await.len();
        let told = |line: &str| line.contains("cannot be stored; it is tried again").then_some(());
        world.server_process().line("says that it cannot store", SOON, told).await;
        let picture = story.change(world).await;
        assert!(ledger::plays(&world.app(), &story.board.id).await.len() <= stored + 1, "the disk took something");
        world.server_process().disk_takes_all();
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_whose_disk_is_full_plays_on_says_so_and_takes_the_new_pictures_when_there_is_room() {
    world(Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_apart(&board);
        let (old, new) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&old], &[&board]).await;
        let (old, app) = (world.rendition(&board, &old).await, world.app());
        world.leaves_frame(&board, &old).await;
        world.desired_is_reported(&board).await;

        world.player_process(&board).disk_takes_nothing();
        world.show_instead(&campaign, 1, &[&new], &[&board]).await;
        eventually("the server hears that the board's disk takes nothing", SOON, async || {
            let errors = ledger::status(&app, &board.id).await.expect("it has reported").errors;
            if errors.contains("content-disk") { Ok(()) } else { Err(errors) }
        })
        .await;
        world.player_process(&board).disk_takes_all();
        let new = world.rendition(&board, &new).await;
        world.leaves_frame(&board, &new).await;
        world.desired_is_reported(&board).await;
        world.stop_player(&board).await;
        world.start_player(&board).await;
        world.all_is_well(&board, Player::WasKilled).await;
    })
    .await;
}
