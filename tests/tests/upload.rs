//! The promise that what is uploaded is what is shown: from the file to the frame, over real HTTP and MQTT, pixel by pixel.

use bangtin_tests::world::{Place, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photograph_and_a_drawing_are_shown_by_two_boards_pixel_by_pixel() {
    world(Place::Within, async |world| {
        let wide = world.add_board("b-05527", "640x320").await;
        let tall = world.add_board("b-05530", "64x256").await;
        world.start_player(&wide).await;
        world.start_player(&tall).await;
        let photograph = world.upload_sample("media/rocket.jpg").await;
        let drawing = world.upload_sample("slides/tea-wide.svg").await;
        world.show(1, &[&photograph, &drawing], &[&wide, &tall]).await;
        for board in [&wide, &tall] {
            let first = world.shows(board, &photograph).await;
            let second = world.shows(board, &drawing).await;
            assert_ne!(first, second, "two pictures have one rendition on {}", board.id);
            world.desired_is_reported(board).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_campaign_takes_the_screen_and_a_board_that_it_does_not_name_is_left_alone() {
    world(Place::Within, async |world| {
        let (named, other) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        world.start_player(&named).await;
        world.start_player(&other).await;
        let (first, second, third) =
            (world.upload_speckled(1).await, world.upload_speckled(2).await, world.upload_speckled(3).await);
        let campaign = world.show(1, &[&first], &[&named]).await;
        world.show(1, &[&third], &[&other]).await;
        world.shows(&named, &first).await;
        world.shows(&other, &third).await;
        let before = world.manifest(&other).await.rev;

        world.show_instead(&campaign, 1, &[&second], &[&named]).await;
        world.shows(&named, &second).await;
        world.desired_is_reported(&named).await;
        world.shows(&other, &third).await;
        assert_eq!(world.manifest(&other).await.rev, before, "a board whose plan did not change got a new manifest");
    })
    .await;
}
