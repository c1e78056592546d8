//! The player's process is killed again and again, at any moment.

use std::time::Duration;

use bangtin_tests::aftermath::Player;
use bangtin_tests::world::{Place, world};

const ROUNDS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_killed_again_and_again_is_right_at_once_and_hands_in_each_play_once() {
    let seed = fastrand::u64(..);
    println!("the moments are drawn from seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    world(Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_apart(&board);
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&first, &second], &[&board]).await;
        let rendition = world.rendition(&board, &first).await;
        world.leaves_frame(&board, &rendition).await;
        let mut newest = first;
        for round in 0..ROUNDS {
            if round % 2 == 1 {
                newest = world.upload_speckled(u32::try_from(round).expect("few") + 10).await;
                world.show_instead(&campaign, 1, &[&newest], &[&board]).await;
            }
            world.kill_player_after(&board, Duration::from_millis(random.u64(0..1500))).await;
            world.start_player_apart(&board);
        }
        let rendition = world.rendition(&board, &newest).await;
        world.leaves_frame(&board, &rendition).await;
        world.kill_player(&board);
        // One in more of a hurry hands in what the killed ones have left.
        world.start_player(&board).await;
        world.shows(&board, &newest).await;
        world.all_is_well(&board, Player::WasKilled).await;
        let plays = bangtin_tests::ledger::plays(&world.app(), &board.id).await;
        assert!(plays.iter().all(|play| play.epoch == plays[0].epoch), "the queue was begun anew: {plays:#?}");
        assert!(plays.len() >= 2, "{plays:#?}");
    })
    .await;
}
