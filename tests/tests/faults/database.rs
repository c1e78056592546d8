//! The database does not answer: another process holds it, or its server is gone.

use bangtin::store::Db;
use bangtin_tests::aftermath::Player;
use bangtin_tests::eventually::SOON;
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, world};

use super::Story;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_process_holds_delays_and_loses_nothing() {
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        let picture = story.change(world).await;
        let app = world.app();
        let Db::Sqlite(pool) = &app.db else { panic!("this world lives on SQLite") };
        let lock = pool.begin_with("begin immediate").await.expect("the lock is taken");
        let stored = ledger::plays(&app, &story.board.id).await.len();
        // It is held for longer than the server waits for it.
        let told = |line: &str| line.contains("cannot be stored; it is tried again").then_some(());
        world.server_process().line("says that it cannot store", SOON, told).await;
        assert_eq!(ledger::plays(&app, &story.board.id).await.len(), stored, "the lock holds nobody");
        lock.rollback().await.expect("the lock is given back");
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}
