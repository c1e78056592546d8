//! Content comes slowly, or breaks off: the old picture stays whole until the new one is, and what came is not fetched again.

use bangtin_tests::aftermath::Player;
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, world};

use super::Story;

/// Enough for an answer's head and a part of a picture, never for a whole one.
const A_PART: u32 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_always_breaks_off_is_resumed_until_it_is_whole() {
    world(Place::Within, async |world| {
        let mut story = Story::begin(world).await;
        world.http.set(Wire::Truncated(A_PART));
        let connections = world.http.connections();
        let picture = story.change(world).await;
        let item = world.shows(&story.board, &picture).await;
        let size = world.app().blobs.read(&item).await.expect("it is there").len() as u64;
        assert!(size > u64::from(A_PART), "{size} bytes come whole");
        assert!(world.http.connections() > connections + 2, "nothing was truncated");
        world.http.set(Wire::Whole);
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_download_disturbs_neither_the_picture_on_the_screen_nor_the_plays() {
    world(Place::Within, async |world| {
        let mut story = Story::begin(world).await;
        world.http.set(Wire::Slow(8_000));
        let picture = story.change(world).await;
        world.shows(&story.board, &picture).await;
        world.http.set(Wire::Whole);
        world.all_is_well(&story.board, Player::Ran).await;
    })
    .await;
}
