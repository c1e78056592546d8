//! The promise that no broker is needed for ever: one that dies comes back empty and is filled again, and behind one that is out of
//! reach everything goes over HTTP.

use std::time::Duration;

use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_reaches_every_board_after_the_server_and_its_broker_were_killed() {
    world(Place::Apart, async |world| {
        let (near, far) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        world.start_player(&near).await;
        world.start_player(&far).await;
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&first], &[&near, &far]).await;
        for board in [&near, &far] {
            world.shows(board, &first).await;
            world.desired_is_reported(board).await;
        }
        world.kill_server();
        world.start_server(Place::Apart).await;
        world.show_instead(&campaign, 1, &[&second], &[&near, &far]).await;
        for board in [&near, &far] {
            world.shows(board, &second).await;
            world.desired_is_reported(board).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_broker_out_of_reach_the_manifest_comes_and_the_plays_go_over_http() {
    world(Place::Within, async |world| {
        world.cadence.poll = Duration::from_millis(500);
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let (first, second, third) =
            (world.upload_speckled(1).await, world.upload_speckled(2).await, world.upload_speckled(3).await);
        let campaign = world.show(1, &[&first], &[&board]).await;
        world.shows(&board, &first).await;
        world.desired_is_reported(&board).await;

        let linked = ledger::status(&world.app(), &board.id).await.expect("it has reported");
        world.mqtt.set(Wire::Cut);
        let passed = (world.mqtt.bytes_up(), world.mqtt.bytes_down());
        let before = ledger::plays(&world.app(), &board.id).await.len();
        world.show_instead(&campaign, 1, &[&second, &third], &[&board]).await;
        world.shows(&board, &second).await;
        world.shows(&board, &third).await;
        world.desired_is_reported(&board).await;
        let app = world.app();
        eventually("three more plays are stored", SOON, async || {
            let plays = ledger::plays(&app, &board.id).await;
            if plays.len() >= before + 3 { Ok(()) } else { Err(format!("{} plays", plays.len())) }
        })
        .await;
        let now = (world.mqtt.bytes_up(), world.mqtt.bytes_down());
        assert_eq!(now, passed, "something went over the wire that was cut");

        world.mqtt.set(Wire::Whole);
        // By the broker's own port, or by HTTP's: only a new connection raises the session.
        eventually("the board speaks over MQTT again", SOON, async || {
            let now = ledger::status(&app, &board.id).await;
            if now.as_ref().is_some_and(|now| now.sess > linked.sess) { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
        world.show_instead(&campaign, 1, &[&first], &[&board]).await;
        world.shows(&board, &first).await;
    })
    .await;
}
