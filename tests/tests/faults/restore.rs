//! The server's database is put back to what it was some time ago.

use bangtin_tests::aftermath::Player;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, world};

use super::Story;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_of_an_old_backup_boards_go_on_and_what_was_lost_is_told_in_figures() {
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        world.all_is_well(&story.board, Player::Ran).await;
        world.back_up().await;
        let in_backup = ledger::plays(&world.app(), &story.board.id).await.len();
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        let app = world.app();
        eventually("plays are stored that the backup does not hold", SOON, async || {
            let plays = ledger::plays(&app, &story.board.id).await.len();
            if plays >= in_backup + 3 { Ok(()) } else { Err(plays) }
        })
        .await;
        world.all_is_well(&story.board, Player::Ran).await;
        let ahead = world.manifest(&story.board).await.rev;
        world.kill_server();
        world.restore().await;
        world.start_server(Place::Apart).await;

        let app = world.app();
        let lost = eventually("the server tells what the restore has lost", SOON, async || {
            let events = ledger::events(&app, &story.board.id).await;
            let lost = events.iter().find(|event| event.code == "plays-lost-to-restore").cloned();
            lost.ok_or_else(|| format!("{events:#?}"))
        })
        .await;
        assert!(lost.detail.contains("backup"), "{lost:?}");
        // What operators had changed since is gone with the database; what is wanted now is what the backup says, under a number
        // above all that the board has seen.
        world.desired_is_reported(&story.board).await;
        assert!(world.manifest(&story.board).await.rev > ahead, "the board would refuse it");
        world.all_is_well(&story.board, Player::Ran).await;
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}
