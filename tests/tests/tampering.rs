//! The promise that nobody on the way can put anything on a screen: brokers, caches, disks and databases are couriers. Whatever
//! they bring that is not right, the picture stays, and the board says what it refused.

use bangtin::app::publish;
use bangtin::traffic::Message;
use bangtin_tests::boards::Board;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger::{self, StoredEvent};
use bangtin_tests::world::{Place, World, world};
use chrono::TimeDelta;
use playlists::id::{Digest, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::wire::messages::{Desired, V};
use playlists::wire::pack::pack;
use playlists::wire::topics::Down;

/// Brings an envelope to the board as the newest that is wanted there, over the broker.
fn bring(world: &World, board: &Board, envelope: &[u8]) {
    let rev = Revision(u64::try_from((world.app().clock.now() + TimeDelta::hours(1)).timestamp_millis()).unwrap());
    let (zero, manifest) = (Version(0), pack(envelope));
    let sha256 = Digest::of(envelope);
    let desired = Desired { v: V, rev, sha256, root: Version(1), recall: zero, notices: zero, window_s: 0, manifest };
    let payload = serde_json::to_vec(&desired).unwrap();
    world.app().live.traffic.send(Message { topic: Down::Desired.topic(&board.id), payload, expiry: None }).unwrap();
}

async fn newest(world: &World, board: &Board) -> Vec<u8> {
    publish::envelope(&world.app(), &board.id).await.unwrap().unwrap().2
}

/// Waits until the server knows that the board refused something of this digest.
async fn refusal(world: &World, board: &Board, code: &str, about: Digest) -> StoredEvent {
    let app = world.app();
    eventually(&format!("the server hears of {code} about {about}"), SOON, async || {
        let events = ledger::events(&app, &board.id).await;
        let found = events.iter().find(|event| event.code == code && event.facts.contains(&about.to_string()));
        found.cloned().ok_or_else(|| format!("{events:#?}"))
    })
    .await
}

/// The newest manifest, changed and signed anew.
async fn resigned(world: &World, board: &Board, key: &SecretKey) -> Vec<u8> {
    let mut manifest = world.manifest(board).await;
    manifest.rev = Revision(manifest.rev.0 + 1);
    manifest.brightness = 1;
    Envelope::sign(DocumentType::Manifest, &serde_json::to_vec(&manifest).unwrap(), &[key]).to_json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_that_a_broker_forged_changes_nothing_and_is_told_to_the_server() {
    world(Place::Within, async |world| {
        let (own, other) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        world.start_player(&own).await;
        let (old, new, others) = (world.upload_speckled(1).await, world.upload_speckled(2).await, world.upload_speckled(3).await);
        let campaign = world.show(1, &[&old], &[&own]).await;
        world.show(1, &[&others], &[&other]).await;
        world.shows(&own, &old).await;
        world.rendition(&other, &others).await;
        let older = newest(world, &own).await;
        world.show_instead(&campaign, 1, &[&new], &[&own]).await;
        world.shows(&own, &new).await;
        world.desired_is_reported(&own).await;
        world.desired_is_settled(&other).await;

        let good = newest(world, &own).await;
        let mut changed = good.clone();
        // Within the base64 of the payload.
        let place = changed.len() / 3;
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let strangers = resigned(world, &own, &SecretKey::from_seed(&[9; 32])).await;
        let time = resigned(world, &own, &world.app().keys.time).await;
        let cases = [
            ("manifest-signature", changed),
            ("manifest-signature", strangers),
            ("manifest-signature", time),
            ("manifest-other-board", newest(world, &other).await),
            ("manifest-rollback", older),
        ];
        for (code, envelope) in cases {
            bring(world, &own, &envelope);
            let event = refusal(world, &own, code, Digest::of(&envelope)).await;
            assert!(!event.detail.is_empty(), "{event:?}");
            world.shows(&own, &new).await;
            assert_eq!(world.on(&own).unwrap().rev, world.manifest(&own).await.rev, "{code}");
        }
        // What is right is still taken: the board was not talked out of anything.
        world.show_instead(&campaign, 1, &[&old], &[&own]).await;
        world.shows(&own, &old).await;
        world.desired_is_reported(&own).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_laid_into_the_database_by_a_thief_is_refused() {
    world(Place::Within, async |world| {
        world.cadence.poll = std::time::Duration::from_millis(500);
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let old = world.upload_speckled(1).await;
        world.show(1, &[&old], &[&board]).await;
        world.shows(&board, &old).await;
        world.desired_is_reported(&board).await;

        let forged = resigned(world, &board, &SecretKey::from_seed(&[9; 32])).await;
        let rev = Revision(world.manifest(&board).await.rev.0 + 1);
        ledger::smuggle(&world.app(), &board.id, rev, &forged).await;
        refusal(world, &board, "manifest-signature", Digest::of(&forged)).await;
        world.shows(&board, &old).await;
        assert_eq!(world.on(&board).unwrap().rev.0 + 1, rev.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_with_other_bytes_than_its_digest_is_refused_until_it_is_right() {
    world(Place::Within, async |world| {
        let (board, spare) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        world.start_player(&board).await;
        let (old, new) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&old], &[&board]).await;
        world.show(1, &[&new], &[&spare]).await;
        world.shows(&board, &old).await;
        // It is made for a board of the same pixels, and lies on the disk before this one wants it.
        let (item, _) = world.rendition(&spare, &new).await;
        let place = world.app().blobs.path(&item);
        let good = std::fs::read(&place).unwrap();
        let mut wrong = good.clone();
        *wrong.last_mut().unwrap() ^= 1;
        std::fs::write(&place, &wrong).unwrap();

        world.show_instead(&campaign, 1, &[&new], &[&board]).await;
        refusal(world, &board, "content-digest", item).await;
        world.shows(&board, &old).await;
        std::fs::write(&place, &good).unwrap();
        world.shows(&board, &new).await;
        world.desired_is_reported(&board).await;
    })
    .await;
}
