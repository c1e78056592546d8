//! The promise that a board may get other pixels: what it shows is made at them, and other boards notice nothing.

use bangtin_tests::world::{Place, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_of_other_pixels_shows_the_same_pictures_at_them() {
    world(Place::Within, async |world| {
        let (mut board, other) = (world.add_board("b-05527", "64x32").await, world.add_board("b-05530", "64x32").await);
        world.start_player(&board).await;
        world.start_player(&other).await;
        let picture = world.upload_speckled(1).await;
        world.show(2, &[&picture], &[&board, &other]).await;
        let before = world.shows(&board, &picture).await;
        assert_eq!(world.shows(&other, &picture).await, before, "boards of one size share their pictures");
        world.desired_is_reported(&other).await;
        let manifest = world.manifest(&other).await;

        world.stop_player(&board).await;
        world.resize(&mut board, "33x65").await;
        world.start_player(&board).await;
        let after = world.shows(&board, &picture).await;
        assert_ne!(after, before);
        world.desired_is_reported(&board).await;
        assert_eq!(world.manifest(&board).await.geometry, board.geometry);
        assert_eq!(world.manifest(&other).await, manifest, "the other board has no new manifest");
        assert_eq!(world.shows(&other, &picture).await, before);
    })
    .await;
}
