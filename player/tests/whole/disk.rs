//! A disk that does not take what a player must keep.

use std::fs;

use playlists::wire::reports::State;

use crate::server::lock;
use crate::world::{World, eventually, picture, shows};

fn told(world: &World, code: &str) -> bool {
    lock(&world.served).states.last().is_some_and(|state| state.errors.iter().any(|error| error == code))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_without_any_folder_starts_and_says_what_it_cannot_keep() {
    let world = World::new().await;
    fs::write(world.path("data"), b"a file where the folder should be").expect("written");
    world.publish(1, &[&picture(1)]);
    let running = world.player("data").await;
    for code in ["content-disk", "notes-disk", "queue-disk", "token-disk"] {
        eventually(code, || told(&world, code)).await;
    }
    let resident = bangtin_player::frame::Frame::resident(crate::world::geometry());
    assert!(shows(&running, &resident), "never dark");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_whose_disk_takes_nothing_keeps_its_picture_and_loses_no_play() {
    let world = World::new().await;
    lock(&world.served).acknowledge = true;
    world.publish(1, &[&picture(1)]);
    let running = world.player("data").await;
    eventually("the picture", || shows(&running, &picture(1))).await;
    running.stop().await;
    let (data, stored) = (world.path("data"), lock(&world.served).plays.len());
    let obstacles = ["bank.a.new", "bank.b.new", "notes.a.new", "notes.b.new", "token.json.new"].map(|name| data.join(name));
    obstacles.iter().for_each(|path| fs::create_dir(path).expect("in the way"));
    fs::rename(data.join("queue.redb"), data.join("queue.kept")).expect("moved");
    fs::create_dir(data.join("queue.redb")).expect("in the way");
    fs::remove_file(data.join("token.json")).expect("removed");
    let running = world.player("data").await;
    eventually("the picture", || shows(&running, &picture(1))).await;
    world.publish(2, &[&picture(2)]);
    for code in ["bank-disk", "notes-disk", "queue-disk", "token-disk"] {
        eventually(code, || told(&world, code)).await;
    }
    assert!(shows(&running, &picture(1)), "a manifest that would be forgotten does not take over");
    obstacles.iter().for_each(|path| fs::remove_dir(path).expect("out of the way"));
    fs::remove_dir(data.join("queue.redb")).expect("out of the way");
    fs::rename(data.join("queue.kept"), data.join("queue.redb")).expect("moved back");
    eventually("the new picture", || shows(&running, &picture(2))).await;
    eventually("the play that waited in memory", || lock(&world.served).plays.len() > stored + 1).await;
    let cured = |state: &State| !state.errors.iter().any(|code| code == "bank-disk" || code == "queue-disk");
    eventually("the end of the trouble", || lock(&world.served).states.last().is_some_and(cured)).await;
    running.stop().await;
}
