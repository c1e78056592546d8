//! The promise that a board needs nobody to play on: not the server, not the network, and not the run before.

use std::collections::BTreeMap;

use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, world};
use chrono::{DateTime, Utc};
use playlists::id::Digest;
use playlists::schedule::{What, resolve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_alternates_by_its_schedule_when_the_server_is_gone_and_reports_it_when_it_is_back() {
    world(Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        world.show(1, &[&first, &second], &[&board]).await;
        let items = [world.shows(&board, &first).await, world.shows(&board, &second).await];
        world.desired_is_reported(&board).await;
        let manifest = world.manifest(&board).await;
        world.stop_server().await;

        let mut seen: BTreeMap<DateTime<Utc>, Digest> = BTreeMap::new();
        eventually("six changes without a server", SOON, async || {
            let on = world.on(&board).expect("something is on the screen");
            seen.extend(on.since.zip(on.item));
            if seen.len() >= 6 { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await;
        for (since, item) in &seen {
            let showing = resolve(&manifest, *since).unwrap();
            let What::Entry(slot) = showing.what else { panic!("dark at {since}") };
            assert_eq!((showing.since, slot.item), (*since, *item), "not what the schedule says");
        }
        assert!(items.iter().all(|item| seen.values().any(|shown| shown == item)), "it does not alternate: {seen:?}");

        world.start_server(Place::Within).await;
        let app = world.app();
        let offline = seen.keys().nth(2).unwrap().timestamp_millis();
        eventually("what was played without a server is known to it", STARTUP, async || {
            let plays = ledger::plays(&app, &board.id).await;
            let found = plays.iter().any(|play| (offline..offline + 1000).contains(&play.started_ms));
            if found { Ok(()) } else { Err(format!("{} plays", plays.len())) }
        })
        .await;
        let plays = ledger::plays(&app, &board.id).await;
        assert!(plays.iter().zip(0..).all(|(play, number)| play.number == number), "a number is missing: {plays:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_that_was_killed_is_right_at_once_with_no_server_and_hands_in_its_plays_later() {
    world(Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_apart(&board);
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        world.show(1, &[&first, &second], &[&board]).await;
        let first = world.rendition(&board, &first).await;
        let second = world.rendition(&board, &second).await;
        world.leaves_frame(&board, &first).await;
        world.leaves_frame(&board, &second).await;
        world.leaves_frame(&board, &first).await;
        world.stop_server().await;
        world.kill_player(&board);
        std::fs::remove_dir_all(&board.frames).unwrap();

        world.start_player_apart(&board);
        world.leaves_frame(&board, &first).await;
        world.leaves_frame(&board, &second).await;
        world.start_server(Place::Within).await;
        let app = world.app();
        eventually("plays of the run that was killed are stored", STARTUP, async || {
            let plays = ledger::plays(&app, &board.id).await;
            if plays.is_empty() { Err(format!("{plays:#?}")) } else { Ok(()) }
        })
        .await;
        let plays = ledger::plays(&app, &board.id).await;
        assert!(plays.iter().zip(0..).all(|(play, number)| play.number == number), "a number is missing: {plays:#?}");
        world.stop_player(&board).await;
    })
    .await;
}
