//! The promise that every play is stored exactly once: whatever is lost on the way, sent twice, or killed in between.

use bangtin_player::queue::Queue;
use bangtin_tests::boards::Board;
use bangtin_tests::client::{Client, Login};
use bangtin_tests::eventually::{STARTUP, eventually};
use bangtin_tests::ledger::{self, StoredPlay};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};
use chrono::DateTime;
use playlists::id::{AssetId, CampaignId};
use playlists::schedule::{What, resolve};
use playlists::wire::topics::Up;

/// How long after its beginning a play is looked up in the plan, if it lasted twice as long: so that neither a clock that is a
/// little fast nor a machine that is a little slow lands in the slot beside it. Slots last two seconds.
const WITHIN_MS: i64 = 300;

/// A board that shows two pictures in turn, two seconds each.
async fn alternating(world: &mut World) -> (Board, [AssetId; 2], CampaignId) {
    let board = world.add_board("b-05527", "96x48").await;
    world.start_player(&board).await;
    let pictures = [world.upload_speckled(1).await, world.upload_speckled(2).await];
    let campaign = world.show(2, &[&pictures[0], &pictures[1]], &[&board]).await;
    world.shows(&board, &pictures[0]).await;
    world.shows(&board, &pictures[1]).await;
    world.desired_is_reported(&board).await;
    (board, pictures, campaign)
}

/// All plays, once so many of the campaign are stored.
async fn stored(world: &World, board: &Board, at_least: usize) -> Vec<StoredPlay> {
    let app = world.app();
    eventually(&format!("{at_least} plays are stored"), STARTUP, async || {
        let plays = ledger::plays(&app, &board.id).await;
        if of_campaign(&plays) >= at_least { Ok(plays) } else { Err(format!("{} plays", plays.len())) }
    })
    .await
}

/// Whether each play is there once, without a gap, and is what the plan says of its time.
async fn hold(world: &World, board: &Board, campaign: &CampaignId, plays: &[StoredPlay]) {
    for (play, number) in plays.iter().zip(0..) {
        assert_eq!(play.number, number, "a number is missing or doubled: {plays:#?}");
        assert_eq!(play.epoch, plays[0].epoch, "the queue was begun anew");
    }
    let manifest = world.manifest(board).await;
    let of_plan: Vec<_> = plays.iter().filter(|play| play.rev == manifest.rev.as_i64()).collect();
    assert!(of_plan.len() >= 2, "too few to judge by: {plays:#?}");
    for play in of_plan {
        let showing =
            resolve(&manifest, DateTime::from_timestamp_millis(play.started_ms + (play.shown_ms / 2).min(WITHIN_MS)).unwrap())
                .unwrap();
        let What::Entry(slot) = showing.what else { panic!("dark when {play:?}") };
        assert_eq!(play.item, slot.item.to_string(), "{play:?} is not what the plan says since {}", showing.since);
        assert_eq!(play.campaign_id.as_deref(), Some(campaign.as_str()), "{play:?}");
    }
}

/// Holds the wire to the board until at least one more play is stored, of which the board has not heard.
async fn stored_but_not_told(world: &World, board: &Board) -> Vec<StoredPlay> {
    world.all_acknowledged(&board.id).await;
    world.mqtt.set(Wire::DownHeld);
    let before = ledger::plays(&world.app(), &board.id).await;
    let told = world.mqtt.bytes_down();
    let held = stored(world, board, of_campaign(&before) + 1).await;
    assert_eq!(world.mqtt.bytes_down(), told, "the board heard something");
    held
}

fn of_campaign(plays: &[StoredPlay]) -> usize {
    plays.iter().filter(|play| play.campaign_id.is_some()).count()
}

/// Ends the player and looks at its disk: nothing waits that the server has, but what was just on its way.
async fn nothing_waits(world: &mut World, board: &Board) {
    world.all_acknowledged(&board.id).await;
    world.stop_player(board).await;
    let queue = Queue::open(&board.data.join("queue.redb"), || panic!("the queue was begun anew")).unwrap();
    let left = queue.plays(&board.id).unwrap().expect("the play that the end of the player ended");
    let stored = ledger::plays(&world.app(), &board.id).await;
    assert_eq!(left.epoch.as_str(), stored[0].epoch);
    assert!(left.rows.len() <= 2, "{left:?}");
    let next = u64::try_from(stored.len()).unwrap();
    assert!((left.first..=left.first + left.rows.len() as u64).contains(&next), "stored up to {next}, {left:?} waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_are_stored_once_although_their_acknowledgement_was_lost() {
    world(Place::Within, async |world| {
        let (board, _, campaign) = alternating(world).await;
        let held = stored_but_not_told(world, &board).await;
        // What was held is lost with its connection.
        world.mqtt.set(Wire::Cut);
        world.mqtt.set(Wire::Whole);
        let plays = stored(world, &board, of_campaign(&held) + 1).await;
        hold(world, &board, &campaign, &plays).await;
        assert_eq!(plays[..held.len()], held, "what was stored has changed");
        nothing_waits(world, &board).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_comes_again_over_mqtt_is_acknowledged_and_changes_nothing() {
    world(Place::Within, async |world| {
        let (board, _, campaign) = alternating(world).await;
        stored(world, &board, 4).await;
        nothing_waits(world, &board).await;
        let plays = ledger::plays(&world.app(), &board.id).await;
        let batches = ledger::batches(&world.app(), &board.id).await;
        let mut client = Client::connect(world.mqtt.address, &Login::of(&world.app(), &board.identity).await).await.unwrap();
        client.subscribe("bangtin/1/d/b-05527/+").await;
        for batch in &batches {
            client.publish(&Up::Plays.topic(&board.id), batch.envelope.clone()).await;
            client.hear_until("the acknowledgement", |publish| publish.topic == b"bangtin/1/d/b-05527/ack"[..]).await;
        }
        assert_eq!(ledger::plays(&world.app(), &board.id).await, plays);
        assert_eq!(ledger::batches(&world.app(), &board.id).await, batches);
        hold(world, &board, &campaign, &plays).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_are_stored_once_although_the_server_was_killed_before_it_acknowledged_them() {
    world(Place::Apart, async |world| {
        let (board, _, campaign) = alternating(world).await;
        let held = stored_but_not_told(world, &board).await;
        world.kill_server();
        world.mqtt.set(Wire::Cut);
        world.start_server(Place::Apart).await;
        world.mqtt.set(Wire::Whole);
        let plays = stored(world, &board, of_campaign(&held) + 1).await;
        hold(world, &board, &campaign, &plays).await;
        assert_eq!(plays[..held.len()], held, "what was stored has changed");
        nothing_waits(world, &board).await;
    })
    .await;
}
