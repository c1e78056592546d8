//! Running text, from the manifest to the screen and into the proof of play.

use std::io::Cursor;

use bangtin_player::frame::Frame;
use image::{ImageFormat, Rgba, RgbaImage};
use playlists::asset::Kind;
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Ticker, Weight};
use playlists::id::Digest;
use playlists::trust::manifest::{Item, Manifest};
use playlists::unit::Tier;

use crate::server::lock;
use crate::world::{World, eventually, geometry, picture, shows};

/// A strip 20 pixels wide and 2 high, all of this colour.
const INK: u32 = 0x00C8_1E32;
const WIDTH: u32 = 20;
/// Boards here are 8 pixels wide: a crossing takes 1.4 s.
const SPEED: u32 = 20;

/// Puts a ticker into the manifest, whose strip is served from now on.
fn with_ticker(world: &World, manifest: &mut Manifest) -> Digest {
    let [_, red, green, blue] = INK.to_be_bytes();
    let mut strip = Cursor::new(Vec::new());
    let pixels = RgbaImage::from_pixel(WIDTH, 2, Rgba([red, green, blue, 255]));
    pixels.write_to(&mut strip, ImageFormat::Png).expect("encoded");
    let strip = strip.into_inner();
    let item = Digest::of(&strip);
    let like = manifest.items.first().cloned().expect("a picture");
    manifest.items.push(Item { sha256: item, size: strip.len() as u64, kind: Kind::Still, ..like });
    lock(&world.served).content.insert(item.to_string(), strip);
    manifest.campaigns.push(Campaign {
        id: "tin".parse().expect("an id"),
        unit: "tinh".parse().expect("an id"),
        tier: Tier::Province,
        level: Level::Normal,
        theme: None,
        plays: Plays::Ticker(Ticker { item, width: WIDTH, speed: SPEED }),
        period: Period::default(),
        windows: Vec::new(),
        share: Share::Weight(Weight::new(1).expect("a weight")),
    });
    item
}

/// Rows of which every pixel is the strip's.
fn inked_rows(frame: &Frame) -> Vec<bool> {
    frame.pixels().chunks(geometry().width() as usize).map(|row| row.iter().all(|pixel| *pixel == INK)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_text_crosses_the_lowest_rows_over_the_loop_and_each_crossing_is_proven() {
    let world = World::new().await;
    lock(&world.served).acknowledge = true;
    let (mut manifest, _) = world.manifest(1, &[&picture(0)]);
    let item = with_ticker(&world, &mut manifest);
    world.serve(&manifest);
    let running = world.player("data").await;
    eventually("the picture", || shows(&running, &picture(0))).await;
    let screen = running.screen();
    let covered = || screen.seen().is_some_and(|seen| inked_rows(&seen) == [false, false, true, true]);
    eventually("the strip covers the two lowest rows", covered).await;
    assert!(shows(&running, &picture(0)), "the loop goes on under it");
    let proven = || lock(&world.served).over_loop.iter().filter(|played| played.sha256 == item).count() >= 2;
    eventually("two crossings are proven", proven).await;
    let of = lock(&world.served).over_loop.first().and_then(|played| played.campaign.clone());
    assert_eq!(of, Some("tin".parse().expect("an id")), "each is told as its campaign's");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strip_of_another_width_than_the_manifest_says_is_told_and_the_loop_goes_on_without() {
    let world = World::new().await;
    let (mut manifest, _) = world.manifest(1, &[&picture(0)]);
    let item = with_ticker(&world, &mut manifest);
    for campaign in &mut manifest.campaigns {
        campaign.plays = Plays::Ticker(Ticker { item, width: WIDTH + 1, speed: SPEED });
    }
    world.serve(&manifest);
    let running = world.player("data").await;
    let told = || lock(&world.served).events.iter().any(|event| event.code == "item-unplayable");
    eventually("it is told", told).await;
    eventually("the picture", || shows(&running, &picture(0))).await;
    assert_eq!(running.screen().seen().map(|seen| inked_rows(&seen)), Some(vec![false; 4]));
    running.stop().await;
}
