//! The promise that each play is stored once, whoever loses, repeats or damages what on the way; with `proof`.

use std::time::Duration;

use bangtin_player::queue::Queue;
use bangtin_tests::aftermath::Player;
use bangtin_tests::boards::Board;
use bangtin_tests::client::Login;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger::{self, StoredPlay};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};
use futures_util::future::join_all;

/// A board that shows two pictures in turn, a second each.
async fn playing(world: &mut World) -> Board {
    let board = world.add_board("b-05527", "96x48").await;
    world.start_player(&board).await;
    let (one, other) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
    world.show(1, &[&one, &other], &[&board]).await;
    world.shows(&board, &one).await;
    world.desired_is_reported(&board).await;
    board
}

async fn stored(world: &World, board: &Board, at_least: usize) -> Vec<StoredPlay> {
    let app = world.app();
    eventually(&format!("{at_least} plays are stored"), SOON, async || {
        let plays = ledger::plays(&app, &board.id).await;
        if plays.len() >= at_least { Ok(plays) } else { Err(format!("{} plays", plays.len())) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_whose_acknowledgements_the_broker_loses_are_stored_once_and_acknowledged_over_http() {
    world(Place::Within, async |world| {
        world.cadence.answer = Duration::from_secs(2);
        let board = playing(world).await;
        world.mqtt.set(Wire::WithoutAcks);
        let before = ledger::plays(&world.app(), &board.id).await.len();
        stored(world, &board, before + 6).await;
        assert!(world.mqtt.acks_dropped() > 0, "every acknowledgement came through");
        world.all_is_well(&board, Player::Ran).await;
        world.mqtt.set(Wire::Whole);
        stored(world, &board, before + 8).await;
        world.all_is_well(&board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_comes_sixteen_times_at_once_is_stored_once_and_acknowledged_each_time() {
    world(Place::Within, async |world| {
        let board = playing(world).await;
        stored(world, &board, 4).await;
        let token = Login::of(&world.app(), &board.identity).await.password;
        let (plays, batches) = (ledger::plays(&world.app(), &board.id).await, ledger::batches(&world.app(), &board.id).await);
        let client = reqwest::Client::new();
        let url = format!("http://{}/board/v1/plays", world.http.address);
        for batch in &batches {
            let again = (0..16).map(|_| client.post(&url).bearer_auth(&token).body(batch.envelope.clone()).send());
            for answer in join_all(again).await {
                let answer = answer.expect("the server answers");
                assert!(answer.status().is_success(), "{answer:?}");
            }
        }
        let now = ledger::plays(&world.app(), &board.id).await;
        assert_eq!(now[..plays.len()], plays, "what was stored has changed");
        let batches_now = ledger::batches(&world.app(), &board.id).await;
        assert!(batches.iter().all(|batch| batches_now.iter().filter(|now| now.envelope == batch.envelope).count() == 1));
        world.all_is_well(&board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_whose_queue_is_damaged_begins_another_epoch_and_what_was_stored_stays() {
    world(Place::Within, async |world| {
        let board = playing(world).await;
        stored(world, &board, 3).await;
        world.all_is_well(&board, Player::Ran).await;
        world.stop_player(&board).await;
        let before = ledger::plays(&world.app(), &board.id).await;
        let path = board.data.join("queue.redb");
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 3;
        bytes[..middle].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();

        world.start_player(&board).await;
        let plays = stored(world, &board, before.len() + 3).await;
        let (old, new): (Vec<_>, Vec<_>) = plays.into_iter().partition(|play| play.epoch == before[0].epoch);
        assert_eq!(old, before, "what was stored has changed");
        assert!(new.iter().zip(0..).all(|(play, number)| play.number == number), "{new:#?}");
        let app = world.app();
        eventually("the server hears of the damage", SOON, async || {
            let events = ledger::events(&app, &board.id).await;
            if events.iter().any(|event| event.code == "queue-damaged") { Ok(()) } else { Err(format!("{events:#?}")) }
        })
        .await;
        world.all_is_well(&board, Player::WasKilled).await;
        world.stop_player(&board).await;
        let queue = Queue::open(&path, || panic!("the new queue is damaged as well")).unwrap();
        let (waiting, _) = queue.waiting().unwrap();
        assert!(waiting <= 4, "{waiting} plays wait that the server has");
    })
    .await;
}
