//! Links are cut or half open: between the board and the broker, between the board and the server's HTTP, or both.

use std::time::Duration;

use bangtin_tests::aftermath::Player;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};

use super::Story;

/// Polls as often as a test may wait.
const POLL: Duration = Duration::from_millis(500);

/// How long a batch waits for an answer; twenty seconds on a street.
const ANSWER: Duration = Duration::from_secs(2);

/// Waits until so many more plays are stored than now.
async fn more_plays(world: &World, story: &Story, more: usize) {
    let app = world.app();
    let before = ledger::plays(&app, &story.board.id).await.len();
    eventually(&format!("{more} more plays are stored"), SOON, async || {
        let plays = ledger::plays(&app, &story.board.id).await.len();
        if plays >= before + more { Ok(()) } else { Err(format!("{plays} plays, {before} before")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_broker_out_of_reach_all_is_well_over_http_and_afterwards_too() {
    world(Place::Within, async |world| {
        world.cadence.poll = POLL;
        let mut story = Story::begin(world).await;
        world.mqtt.set(Wire::Cut);
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
        world.mqtt.set(Wire::Whole);
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_http_out_of_reach_the_old_pictures_stay_until_the_new_ones_can_be_fetched() {
    world(Place::Within, async |world| {
        world.cadence.poll = POLL;
        let mut story = Story::begin(world).await;
        world.http.set(Wire::Cut);
        let before = world.manifest(&story.board).await.rev;
        let picture = story.change(world).await;
        world.rendition(&story.board, &picture).await;
        world.desired_is_settled(&story.board).await;
        more_plays(world, &story, 3).await;
        assert_eq!(world.on(&story.board).expect("something is on").rev, before, "a manifest is in force without its pictures");
        world.http.set(Wire::Whole);
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_both_out_of_reach_a_board_plays_on_and_catches_up() {
    world(Place::Within, async |world| {
        world.cadence.poll = POLL;
        let mut story = Story::begin(world).await;
        world.mqtt.set(Wire::Cut);
        world.http.set(Wire::Cut);
        let picture = story.change(world).await;
        world.desired_is_settled(&story.board).await;
        let stored = ledger::plays(&world.app(), &story.board.id).await.len();
        let since = world.on(&story.board).and_then(|on| on.since);
        eventually("the board plays on", SOON, async || {
            let now = world.on(&story.board).and_then(|on| on.since);
            if now > since.map(|since| since + chrono::TimeDelta::seconds(3)) { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
        assert_eq!(ledger::plays(&world.app(), &story.board.id).await.len(), stored, "the links were not cut");
        world.http.set(Wire::Whole);
        world.mqtt.set(Wire::Whole);
        world.shows(&story.board, &picture).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

/// The broker's connection stands, but `wire` swallows; nobody is told.
async fn half_open(wire: Wire) {
    world(Place::Within, async |world| {
        world.cadence.poll = POLL;
        world.cadence.answer = ANSWER;
        let mut story = Story::begin(world).await;
        let before = ledger::status(&world.app(), &story.board.id).await.expect("it has reported");
        world.mqtt.set(wire);
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        assert!(world.mqtt.bytes_swallowed() > 0, "nothing was swallowed");
        more_plays(world, &story, 3).await;
        world.all_is_well(&story.board, Player::Ran).await;
        // The way is mended, but what stood is half open still: only a connection of its own brings the board back.
        world.mqtt.set(Wire::Whole);
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        let app = world.app();
        eventually("the board speaks over another connection, this way or through HTTP's port", SOON, async || {
            let now = ledger::status(&app, &story.board.id).await;
            if now.as_ref().is_some_and(|now| now.sess > before.sess) { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_the_broker_that_swallows_everything_is_given_up_and_http_takes_over() {
    half_open(Wire::Swallowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_the_broker_that_swallows_what_the_board_says_is_given_up() {
    half_open(Wire::UpSwallowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_the_broker_that_swallows_what_the_server_says_is_given_up() {
    half_open(Wire::DownSwallowed).await;
}
