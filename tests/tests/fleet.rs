//! The promise of the fleet: virtual boards do all that boards do but draw, so that what is measured with them is true of boards.

use bangtin_player::queue::Queue;
use bangtin_tests::boards::Board;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::fleet::end_fleet;
use bangtin_tests::ledger;
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};
use playlists::id::AssetId;
use playlists::wire::reports::INTERRUPTED;
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// These boards show two pictures in turn, a second each.
async fn alternating(world: &World, boards: &[Board]) -> [AssetId; 2] {
    let pictures = [world.upload_speckled(1).await, world.upload_speckled(2).await];
    let all: Vec<_> = boards.iter().collect();
    world.show(1, &[&pictures[0], &pictures[1]], &all).await;
    pictures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_boards_take_a_campaign_report_it_and_their_plays_are_stored_exactly_once() {
    world(Place::Within, async |world| {
        let boards = world.add_boards(30, "96x48").await;
        let mut fleet = world.start_fleet(&boards);
        alternating(world, &boards).await;
        for board in &boards {
            world.desired_is_reported(board).await;
            world.stored_once(&board.id, 3).await;
        }
        fleet
            .line("tells how the boards are", SOON, |line| {
                line.contains("30 boards: 30 running, 30 linked, 30 showing an item").then_some(())
            })
            .await;
        end_fleet(&mut fleet).await;

        let mut kept = Vec::new();
        for board in &boards {
            let file = world.virtual_board(&board.id).join("queue.redb");
            let queue = Queue::open(&file, || panic!("the queue was begun anew")).unwrap();
            let left = queue.plays(&board.id).unwrap().expect("the play that the end of the board ended");
            let last = left.rows.last().unwrap();
            assert_eq!(last.3 & INTERRUPTED, INTERRUPTED, "{left:?}");
            kept.push((left.epoch.to_string(), left.first + left.rows.len() as u64));
        }
        let mut fleet = world.start_fleet(&boards);
        for (board, (epoch, next)) in boards.iter().zip(kept) {
            let plays = world.stored_once(&board.id, usize::try_from(next).unwrap()).await;
            assert_eq!(plays[0].epoch, epoch);
            let last = &plays[usize::try_from(next).unwrap() - 1];
            assert_eq!(last.flags & i64::from(INTERRUPTED), i64::from(INTERRUPTED), "{last:?}");
        }
        end_fleet(&mut fleet).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_was_tampered_with_does_not_count_as_shown() {
    world(Place::Within, async |world| {
        let boards = world.add_boards(2, "96x48").await;
        let mut fleet = world.start_fleet(&boards);
        let pictures = alternating(world, &boards).await;
        let (bad, _) = world.rendition(&boards[0], &pictures[0]).await;
        for board in &boards {
            world.desired_is_reported(board).await;
            world.stored_once(&board.id, 3).await;
        }
        // Nothing heals it: not the server, not the other boards.
        world.http.set(Wire::Cut);
        for path in world.virtual_content(&boards[0].id, &bad) {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, b"other bytes").unwrap();
        }
        let app = world.app();
        eventually("the server hears of it", SOON, async || {
            let events = ledger::events(&app, &boards[0].id).await;
            let told = events.iter().any(|event| event.code == "content-lost" && event.facts.contains(&bad.to_string()));
            if told { Ok(()) } else { Err(format!("{events:#?}")) }
        })
        .await;
        let from_ms = app.clock.now_ms();
        let after =
            |plays: Vec<ledger::StoredPlay>| plays.into_iter().filter(|play| play.started_ms > from_ms).collect::<Vec<_>>();
        eventually("the board goes on with what is right", SOON, async || {
            let later = after(ledger::plays(&app, &boards[0].id).await);
            if later.len() >= 2 { Ok(()) } else { Err(format!("{later:?}")) }
        })
        .await;
        let later = after(ledger::plays(&app, &boards[0].id).await);
        assert!(later.iter().all(|play| play.item != bad.to_string()), "it counts as shown: {later:#?}");
        let other = after(ledger::plays(&app, &boards[1].id).await);
        assert!(other.iter().any(|play| play.item == bad.to_string()), "the other board has its own bytes: {other:#?}");
        world.http.set(Wire::Whole);
        end_fleet(&mut fleet).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_whose_disk_never_answers_does_not_stop_the_others() {
    world(Place::Within, async |world| {
        let boards = world.add_boards(5, "96x48").await;
        let (wedged, others) = boards.split_last().unwrap();
        let folder = world.virtual_board(&wedged.id);
        std::fs::create_dir_all(&folder).unwrap();
        // Who opens it waits for a writer that never comes.
        mknodat(CWD, folder.join("token.json"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let mut fleet = world.start_fleet(&boards);
        alternating(world, &boards).await;
        for board in others {
            world.desired_is_reported(board).await;
            world.stored_once(&board.id, 2).await;
        }
        fleet
            .line("tells that one board does not run", SOON, |line| line.contains("5 boards: 4 running, 4 linked").then_some(()))
            .await;
        assert_eq!(ledger::status(&world.app(), &wedged.id).await, None, "it cannot have said anything");
        end_fleet(&mut fleet).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_that_was_killed_goes_on_where_it_was() {
    world(Place::Within, async |world| {
        let boards = world.add_boards(8, "96x48").await;
        let mut fleet = world.start_fleet(&boards);
        alternating(world, &boards).await;
        let mut before = Vec::new();
        for board in &boards {
            world.desired_is_reported(board).await;
            before.push(world.stored_once(&board.id, 2).await.len());
        }
        fleet.kill();
        let mut fleet = world.start_fleet(&boards);
        for (board, before) in boards.iter().zip(before) {
            world.stored_once(&board.id, before + 2).await;
            world.desired_is_reported(board).await;
        }
        end_fleet(&mut fleet).await;
    })
    .await;
}
