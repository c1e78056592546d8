//! From the server to the screen and back, with everything in order or tampered with.

use std::sync::Arc;
use std::time::Duration;

use bangtin_player::Cadence;
use bangtin_player::api::Api;
use bangtin_player::cache::Cache;
use bangtin_player::clock::SystemClock;
use bangtin_player::download::{DownloadError, download};
use bangtin_player::frame::Frame;
use bangtin_player::stage::decode;
use playlists::id::{Digest, Revision};
use playlists::trust::envelope::{DocumentType, Envelope};

use crate::samples::{board_key, manifest};
use crate::server::lock;
use crate::world::{World, eventually, geometry, picture, shows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_picture_is_on_the_screen_pixel_by_pixel_and_again_without_a_network() {
    let world = World::new().await;
    let picture = Frame::filled(geometry(), 0x0012_3456);
    world.publish(1, &[&picture]);
    let running = world.player("data").await;
    eventually("the picture", || shows(&running, &picture)).await;
    eventually("its snapshot", || lock(&world.served).snapshots > 0).await;
    running.stop().await;
    let written = std::fs::read(world.folder.path().join("data-frames/latest.png")).expect("a frame");
    assert_eq!(decode::still(&written, geometry()).expect("decoded"), picture);
    lock(&world.served).offline = true;
    let running = world.player("data").await;
    eventually("the picture without a network", || shows(&running, &picture)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampered_manifests_and_content_leave_the_old_picture() {
    let world = World::new().await;
    let (old, new) = (Frame::filled(geometry(), 0x0011_2233), Frame::filled(geometry(), 0x0044_5566));
    world.publish(1, &[&old]);
    let running = world.player("data").await;
    eventually("the old picture", || shows(&running, &old)).await;
    let forged = Envelope::sign(DocumentType::Manifest, &serde_json::to_vec(&manifest(2, &[])).expect("json"), &[&board_key()]);
    lock(&world.served).manifest = Some((Revision(2), forged.to_json()));
    eventually("the forged manifest is fetched", || world.asked("manifest") >= 2).await;
    let items = world.publish(3, &[&new]);
    let name = items.first().expect("an item").to_string();
    let good = lock(&world.served).content.insert(name.clone(), vec![7; 20]).expect("the good bytes");
    eventually("the wrong bytes are fetched", || world.asked(&format!("content/{name}")) > 0).await;
    assert!(shows(&running, &old));
    lock(&world.served).content.insert(name, good);
    eventually("the new picture once its bytes are right", || shows(&running, &new)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_revision_is_reported_at_once_however_far_apart_states_are() {
    let world = World::new().await;
    world.clock.flow();
    world.publish(1, &[&picture(0)]);
    let (hurry, hour) = (Duration::from_millis(50), Duration::from_secs(3600));
    let cadence = Cadence { poll: hurry, state: hour, state_apart: hour, batch: hurry, ..Cadence::default() };
    let running = world.player_with("data", cadence, Arc::new(SystemClock::start())).await;
    let told = |rev| lock(&world.served).states.iter().any(|state| state.rev == Revision(rev));
    eventually("the first revision is told", || told(1)).await;
    world.publish(2, &[&picture(1)]);
    eventually("the second revision is told", || told(2)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_are_sent_again_until_the_server_has_signed_for_them() {
    let world = World::new().await;
    world.publish(1, &[&picture(0)]);
    let running = world.player("data").await;
    eventually("a picture", || running.screen().on().is_some_and(|on| on.item.is_some())).await;
    running.stop().await;
    let running = world.player("data").await;
    eventually("the play of the first run", || lock(&world.served).batches > 0).await;
    running.stop().await;
    lock(&world.served).acknowledge = true;
    let before = lock(&world.served).batches;
    let running = world.player("data").await;
    eventually("the same play once more", || lock(&world.served).batches > before).await;
    running.stop().await;
    assert!(lock(&world.served).plays.keys().any(|(_, number)| *number == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_broke_off_goes_on_where_it_stopped() {
    let world = World::new().await;
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
    {
        let mut served = lock(&world.served);
        served.content.insert(digest.to_string(), bytes.clone());
        served.cut = Some(150_000);
    }
    let (cache, _) = Cache::open(world.folder.path().join("content"));
    let api = Api::new(&world.address, None).expect("a client");
    let first = download(&api, &cache, digest, size).await;
    assert!(matches!(first, Err(DownloadError::Broken { .. })), "{first:?}");
    assert!(!cache.path(&digest).exists());
    download(&api, &cache, digest, size).await.expect("the rest");
    assert_eq!(std::fs::read(cache.path(&digest)).expect("read"), bytes);
    assert_eq!(lock(&world.served).ranges.len(), 1);
    let wrong = Digest::of(b"other bytes");
    lock(&world.served).content.insert(wrong.to_string(), bytes);
    let refused = download(&api, &cache, wrong, size).await;
    assert!(matches!(refused, Err(DownloadError::Digest { .. })), "{refused:?}");
    assert!(matches!(download(&api, &cache, wrong, 10).await, Err(DownloadError::TooLong { .. })));
    assert!(!cache.path(&wrong).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_soonest_is_fetched_first() {
    let world = World::new().await;
    let pictures: Vec<_> = (0..12).map(picture).collect();
    let (manifest, items) = world.manifest(1, &pictures.iter().collect::<Vec<_>>());
    let soonest = playlists::schedule::Schedule::new(&manifest).expect("a schedule").items_from(world.clock.time());
    world.serve(&manifest);
    let running = world.player_by_hand("data", Duration::from_secs(60)).await;
    eventually("everything", || items.iter().all(|item| world.asked(&format!("content/{item}")) > 0)).await;
    running.stop().await;
    let fetched: Vec<_> = lock(&world.served).content_asked.clone();
    let place = |item: &Digest| fetched.iter().position(|asked| *asked == item.to_string()).expect("fetched");
    assert!(place(&manifest.safe_item) < 2, "the safe item first");
    let coming = soonest.iter().filter(|item| **item != manifest.safe_item);
    for (expected, item) in (1..).zip(coming) {
        assert!(place(item).abs_diff(expected) <= 4, "two are fetched at a time, so that one may be overtaken a little");
    }
}
