//! What only time brings about, by a clock moved by hand.

use std::time::Duration;

use bangtin_player::Running;
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Weight};
use playlists::id::{Digest, Revision};
use playlists::playlist::{Entry, Playlist};
use playlists::schedule::{Schedule, What};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::Manifest;
use playlists::unit::Tier;

use crate::server::{key, lock, root};
use crate::world::{World, eventually, picture, shows};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn item_on(running: &Running) -> Option<Digest> {
    running.screen().on().and_then(|on| on.item)
}

fn scheduled(world: &World, manifest: &Manifest) -> Option<Digest> {
    match Schedule::new(manifest).expect("a schedule").resolve(world.clock.time()).what {
        What::Entry(slot) => Some(slot.item),
        What::Dark | What::Notice { .. } => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_is_alone_grows_stale_then_safe_and_plays_again_when_it_is_heard() {
    let world = World::new().await;
    let (safe, plain, evergreen) = (picture(1), picture(2), picture(3));
    let (mut manifest, items) = world.manifest(1, &[&safe, &plain, &evergreen]);
    let [safe, plain, evergreen] = [items[0], items[1], items[2]];
    (manifest.fresh_s, manifest.max_offline_s) = (1000, 5000);
    manifest.items[2].evergreen = true;
    manifest.playlists[0].entries.remove(0);
    world.serve(&manifest);
    let mut running = world.player_by_hand("data", MINUTE).await;
    let expect = |mode: &'static str| {
        let due = scheduled(&world, &manifest).expect("lit");
        match mode {
            "play" => due,
            "stale" if due == evergreen => due,
            _ => safe,
        }
    };
    eventually("the first picture", || item_on(&running) == Some(expect("play"))).await;
    let mut seen = std::collections::BTreeSet::new();
    for (mode, wait) in [("play", 0), ("stale", 1001), ("safe", 4001)] {
        lock(&world.served).offline = mode != "play";
        world.clock.advance(SECOND * wait);
        for _ in 0..3 {
            let expected = expect(mode);
            seen.insert((mode, expected));
            eventually(mode, || item_on(&running) == Some(expected)).await;
            world.clock.advance(SECOND * 10);
        }
    }
    assert!(seen.contains(&("play", plain)) && seen.contains(&("stale", safe)) && seen.contains(&("stale", evergreen)));
    running.stop().await;
    running = world.player_by_hand("data", MINUTE).await;
    eventually("the safe item from the start, as the time alone is kept", || item_on(&running).is_some()).await;
    assert_eq!(item_on(&running), Some(safe));
    lock(&world.served).offline = false;
    eventually("it plays again", || {
        world.clock.advance(SECOND);
        item_on(&running) == Some(plain)
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_is_sent_every_quarter_of_an_hour() {
    let world = World::new().await;
    world.publish(1, &[&picture(1)]);
    let running = world.player_by_hand("data", MINUTE).await;
    eventually("the first picture's snapshot", || lock(&world.served).snapshots == 1).await;
    for round in 1..3 {
        for step in [890, 1] {
            let polls = world.asked("fresh");
            world.clock.advance(SECOND * step);
            eventually("a poll", || {
                world.clock.advance(if step == 1 { SECOND } else { Duration::ZERO });
                step == 1 && lock(&world.served).snapshots > round || step != 1 && world.asked("fresh") > polls
            })
            .await;
            assert_eq!(lock(&world.served).snapshots, if step == 1 { round + 1 } else { round });
        }
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_root_is_fetched_believed_and_kept() {
    let world = World::new().await;
    world.publish(1, &[&picture(1)]);
    let running = world.player("data").await;
    eventually("the first picture", || shows(&running, &picture(1))).await;
    let publish = SecretKey::from_seed(&[2; 32]);
    let sign = |rev, frame: &bangtin_player::frame::Frame, key: &SecretKey| {
        let manifest = serde_json::to_vec(&world.manifest(rev, &[frame]).0).expect("json");
        world.serve_envelope(rev, Envelope::sign(DocumentType::Manifest, &manifest, &[key]).to_json());
    };
    sign(2, &picture(2), &publish);
    eventually("the new key is refused", || {
        let served = lock(&world.served);
        served.events.iter().any(|event| event.code == "manifest-signature")
    })
    .await;
    lock(&world.served).roots.push(root(2, &publish));
    eventually("root 2", || world.asked("root/2") > 0).await;
    sign(3, &picture(3), &publish);
    eventually("the picture under the new root", || shows(&running, &picture(3))).await;
    let fetched = world.asked("manifest");
    sign(4, &picture(4), &key());
    eventually("the old key's manifest is fetched", || world.asked("manifest") > fetched).await;
    running.stop().await;
    lock(&world.served).offline = true;
    let running = world.player("data").await;
    eventually("the picture under the new root, from disk", || shows(&running, &picture(3))).await;
    assert_eq!(running.screen().on().map(|on| on.rev), Some(Revision(3)));
    running.stop().await;
}

/// Three pictures by default, and two campaigns of three and two more, of different weight.
fn campaigns(world: &World) -> Manifest {
    let pictures: Vec<_> = (0..8).map(picture).collect();
    let (mut manifest, items) = world.manifest(1, &pictures.iter().collect::<Vec<_>>());
    let entry = |item: &Digest, seconds| Entry::still("a".parse().expect("an id"), *item, SECOND * seconds);
    manifest.playlists[0].entries.truncate(3);
    for (name, range, weight) in [("one", 3..6, 2), ("two", 6..8, 1)] {
        let entries = items[range].iter().zip([7, 11, 5]).map(|(item, seconds)| entry(item, seconds)).collect();
        manifest.playlists.push(Playlist { of: None, id: name.parse().expect("an id"), entries });
        manifest.campaigns.push(Campaign {
            id: name.parse().expect("an id"),
            unit: "u".parse().expect("an id"),
            tier: Tier::Commune,
            level: Level::Normal,
            theme: None,
            plays: Plays::Playlist(name.parse().expect("an id")),
            period: Period::default(),
            windows: Vec::new(),
            share: Share::Weight(Weight::new(weight).expect("a weight")),
        });
    }
    manifest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_started_at_different_moments_show_the_same_item_at_the_same_time() {
    let world = World::new().await;
    let manifest = campaigns(&world);
    world.serve(&manifest);
    let early = world.player_by_hand("early", MINUTE * 600).await;
    eventually("the early one", || item_on(&early) == scheduled(&world, &manifest)).await;
    world.clock.advance(Duration::from_millis(37_400));
    let late = world.player_by_hand("late", MINUTE * 600).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let due = scheduled(&world, &manifest);
        seen.insert(due);
        eventually("both show what is due", || item_on(&early) == due && item_on(&late) == due).await;
        world.clock.advance(Duration::from_millis(6_700));
    }
    assert!(seen.len() > 3, "the item changed meanwhile");
    early.stop().await;
    late.stop().await;
}
