//! The server dies, as by a power cut, at every step of publishing and of taking a report.

use std::time::Duration;

use bangtin::failpoint::NAMES;
use bangtin_tests::aftermath::Player;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};

use super::Story;

/// From the change to the signed manifest.
const PUBLISHING: [&str; 3] = ["publish-composed", "publish-before-commit", "publish-committed"];
/// From there to the board's retained message, whose row in the outbox goes.
const ANNOUNCING: [&str; 4] = ["desired-before-publish", "desired-published", "desired-landed", "desired-done"];
/// What a board says of itself.
const STATUS: [&str; 4] = ["state-before-commit", "state-committed", "hello-before-commit", "hello-committed"];
/// From plays to their acknowledgement.
const PLAYS: [&str; 5] = ["plays-before-commit", "plays-committed", "ack-handed-on", "report-acknowledged", "message-landed"];
/// The same of what happened on a board.
const EVENTS: [&str; 2] = ["events-before-commit", "events-committed"];
/// The removal of pictures that nobody needs.
const COLLECTING: [&str; 2] = ["collect-rows-gone", "collect-taken-out"];

#[test]
fn every_place_where_the_server_can_be_made_to_die_is_tried() {
    let tried: Vec<_> =
        PUBLISHING.into_iter().chain(ANNOUNCING).chain(STATUS).chain(PLAYS).chain(EVENTS).chain(COLLECTING).collect();
    let missing: Vec<_> = NAMES.iter().filter(|name| !tried.contains(name)).collect();
    assert!(missing.is_empty() && tried.len() == NAMES.len(), "never tried: {missing:?}");
}

/// Asks for other pictures, and lets the server die at each of these places on the way.
async fn dies_while_it_publishes(places: &[&str]) {
    world(Place::Apart, async |world| {
        // A board out of reach of the broker grows patient; what is watched here is the server.
        world.cadence.poll = Duration::from_millis(500);
        let mut story = Story::begin(world).await;
        world.kill_server();
        for place in places {
            let picture = story.change(world).await;
            world.server_starts_and_dies_at(place).await;
            world.start_server(Place::Apart).await;
            world.shows(&story.board, &picture).await;
            world.kill_server();
        }
        world.start_server(Place::Apart).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_published_although_the_server_died_before_or_after_it_was_signed() {
    dies_while_it_publishes(&PUBLISHING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_reaches_the_broker_although_the_server_died_before_or_after_handing_it_on() {
    dies_while_it_publishes(&ANNOUNCING).await;
}

/// Lets the server die at each of these places, by which reports come.
async fn dies_while_it_takes(places: &[&str]) {
    world(Place::Apart, async |world| {
        let story = Story::begin(world).await;
        for place in places {
            if place.starts_with("hello") {
                // Only a new connection says hello.
                world.kill_server();
                world.arm(place);
                world.start_server(Place::Apart).await;
            } else {
                world.arm(place);
            }
            world.server_died_at(place).await;
            world.start_server(Place::Apart).await;
        }
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_is_known_as_it_is_although_the_server_died_when_the_board_told_it() {
    dies_while_it_takes(&STATUS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_count_once_although_the_server_died_at_any_step_of_taking_them() {
    dies_while_it_takes(&PLAYS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_on_a_board_is_told_once_although_the_server_died_when_it_heard_of_it() {
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        for place in EVENTS {
            world.arm(place);
            // Content that breaks off is an event.
            world.http.set(Wire::Truncated(600));
            let picture = story.change(world).await;
            world.server_died_at(place).await;
            world.http.set(Wire::Whole);
            world.start_server(Place::Apart).await;
            world.shows(&story.board, &picture).await;
        }
        world.all_is_well(&story.board, Player::Ran).await;
        events_are_numbered_without_gap(world, &story).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_nobody_needs_is_removed_although_the_server_died_while_it_did() {
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        world.kill_server();
        for place in COLLECTING {
            // A month old, and no row names it.
            let bytes = place.as_bytes();
            let digest = playlists::id::Digest::of(bytes).to_string();
            let file = world.path("data/blobs").join(&digest[..2]).join(&digest[2..]);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, bytes).unwrap();
            let written = std::fs::metadata(&file).unwrap().modified().unwrap();
            let opened = std::fs::File::options().write(true).open(&file).unwrap();
            opened.set_modified(written - Duration::from_secs(40 * 24 * 60 * 60)).unwrap();
            world.server_starts_and_dies_at(place).await;
            world.start_server(Place::Apart).await;
            let unfinished = world.path("data/blobs/unfinished");
            eventually("the file is removed, and nothing is left of it", SOON, async || {
                let left = std::fs::read_dir(&unfinished).unwrap().count() + usize::from(file.exists());
                if left == 0 { Ok(()) } else { Err(format!("{left} files")) }
            })
            .await;
            let picture = story.change(world).await;
            world.shows(&story.board, &picture).await;
            world.kill_server();
        }
        world.start_server(Place::Apart).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

async fn events_are_numbered_without_gap(world: &World, story: &Story) {
    let events = bangtin_tests::ledger::events(&world.app(), &story.board.id).await;
    assert!(events.iter().any(|event| event.code == "download-failed"), "{events:#?}");
    assert!(events.iter().zip(0..).all(|(event, number)| event.number == number), "{events:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_again_and_again_at_any_moment_loses_and_doubles_nothing() {
    let seed = fastrand::u64(..);
    println!("the moments are drawn from seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    world(Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        let mut picture = None;
        for _ in 0..6 {
            picture = Some(story.change(world).await);
            let moment = Duration::from_millis(random.u64(0..1500));
            let ends = tokio::time::timeout(moment, world.server_process().ended()).await;
            assert!(ends.is_err(), "the server ended of itself: {ends:?}");
            world.kill_server();
            world.start_server(Place::Apart).await;
        }
        world.shows(&story.board, &picture.expect("there were rounds")).await;
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}
