//! Overlays, from the manifest to the screen and the picture of it.

use std::io::Cursor;
use std::path::Path;

use bangtin_player::frame::Frame;
use bangtin_player::stage::decode;
use image::{ImageFormat, Rgba, RgbaImage};
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};
use playlists::overlay::{Clock, Corner, Overlay, OverlaySize, Shows};
use playlists::trust::manifest::{Item, Manifest};
use serde_json::Value;

use crate::server::lock;
use crate::world::{World, eventually};

/// A logo of 4 by 3 pixels, all of this colour.
const INK: u32 = 0x00C8_1E32;
const GROUND: u32 = 0x0010_2030;
/// Where the logo lies: a margin of one pixel from the left and lower edge.
const LOGO: (usize, usize) = (1, 28);

/// The smallest board here that has room for a clock.
fn board() -> Geometry {
    Geometry::new(64, 32).expect("a geometry")
}

/// A manifest with a clock above on the right, and below on the left a logo of so many columns, whose picture is served from now on.
fn overlaid(world: &World, columns: u32) -> (Manifest, Digest) {
    let (mut manifest, _) = world.manifest(1, &[&Frame::filled(board(), GROUND)]);
    let [_, red, green, blue] = INK.to_be_bytes();
    let mut logo = Cursor::new(Vec::new());
    let pixels = RgbaImage::from_pixel(columns, 3, Rgba([red, green, blue, 255]));
    pixels.write_to(&mut logo, ImageFormat::Png).expect("encoded");
    let logo = logo.into_inner();
    let item = Digest::of(&logo);
    let like = manifest.items.first().cloned().expect("a picture");
    manifest.geometry = board();
    manifest.items.push(Item { sha256: item, size: logo.len() as u64, kind: Kind::Still, evergreen: true, ..like });
    lock(&world.served).content.insert(item.to_string(), logo);
    let overlay = |corner, shows| Overlay { corner, size: OverlaySize::default(), shows };
    manifest.overlays =
        vec![overlay(Corner::TopRight, Shows::Clock(Clock::Time)), overlay(Corner::BottomLeft, Shows::Picture(item))];
    (manifest, item)
}

/// How many pixels of a frame are the logo's, and whether they lie where the logo does.
fn logo(frame: &Frame) -> (usize, bool) {
    let (left, top) = LOGO;
    let inked = |row: usize, column: usize| frame.pixels().get(row * 64 + column) == Some(&INK);
    let lies = (top..top + 3).all(|row| (left..left + 4).all(|column| inked(row, column)));
    (frame.pixels().iter().filter(|pixel| **pixel == INK).count(), lies)
}

/// How many white pixels there are in the upper right corner.
fn letters(frame: &Frame) -> usize {
    frame.pixels().chunks(64).take(14).flat_map(|row| row.iter().skip(30)).filter(|pixel| **pixel == 0x00FF_FFFF).count()
}

fn latest(folder: &Path) -> Option<(Frame, Value)> {
    let picture = decode::still(&std::fs::read(folder.join("latest.png")).ok()?, board()).ok()?;
    Some((picture, serde_json::from_slice(&std::fs::read(folder.join("latest.json")).ok()?).ok()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_and_a_logo_lie_over_the_loop_and_latest_png_shows_both() {
    let world = World::of(board()).await;
    let (manifest, item) = overlaid(&world, 4);
    world.serve(&manifest);
    let running = world.player("data").await;
    let screen = running.screen();
    let seen = || screen.seen().is_some_and(|frame| logo(&frame) == (12, true) && letters(&frame) > 20);
    eventually("the logo and the clock", seen).await;
    assert!(screen.on().is_some_and(|on| *on.frame == Frame::filled(board(), GROUND)), "the picture itself is as it was");
    running.stop().await;
    let (picture, about) = latest(&world.path("data-frames")).expect("a picture");
    assert_eq!((logo(&picture), letters(&picture) > 20), ((12, true), true));
    let overlays = about.get("overlays").and_then(Value::as_array).expect("a list");
    let [clock, logo] = overlays.as_slice() else { panic!("two overlays: {about}") };
    assert_eq!(clock.get("corner"), Some(&Value::from("top-right")));
    let time = clock.get("clock").and_then(Value::as_str).expect("a time");
    assert!(chrono::NaiveTime::parse_from_str(time, "%H:%M").is_ok(), "{time}");
    assert_eq!(*logo, serde_json::json!({"corner": "bottom-left", "picture": item}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlays_that_the_next_manifest_does_not_name_go_with_the_former_one() {
    let world = World::of(board()).await;
    let (mut manifest, _) = overlaid(&world, 4);
    world.serve(&manifest);
    let running = world.player("data").await;
    let screen = running.screen();
    eventually("the logo", || screen.seen().is_some_and(|frame| logo(&frame).1)).await;
    manifest.rev = Revision(2);
    manifest.overlays.retain(|overlay| overlay.picture().is_none());
    world.serve(&manifest);
    let seen = || screen.seen().is_some_and(|frame| logo(&frame).0 == 0 && letters(&frame) > 20);
    eventually("the clock alone", seen).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_that_has_no_room_is_told_and_the_loop_goes_on_without() {
    let world = World::of(board()).await;
    let (manifest, item) = overlaid(&world, 40);
    world.serve(&manifest);
    let running = world.player("data").await;
    let told = || lock(&world.served).events.iter().any(|event| event.code == "item-unplayable");
    eventually("it is told", told).await;
    let screen = running.screen();
    let seen = || screen.seen().is_some_and(|frame| letters(&frame) > 20);
    eventually("the clock", seen).await;
    assert_eq!(screen.seen().map(|frame| logo(&frame).0), Some(0));
    assert!(screen.on().is_some_and(|on| on.item.is_some_and(|on| on != item)));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_whose_bytes_were_lost_is_fetched_again_and_appears() {
    let world = World::of(board()).await;
    let (manifest, item) = overlaid(&world, 4);
    world.serve(&manifest);
    let running = world.player("data").await;
    eventually("the logo", || running.screen().seen().is_some_and(|frame| logo(&frame).1)).await;
    running.stop().await;
    let name = item.to_string();
    let file = world.path("data").join("content").join(name.get(..2).expect("a digest")).join(&name);
    let length = std::fs::read(&file).expect("it is kept").len();
    std::fs::write(&file, vec![7; length]).expect("written");
    let running = world.player("data").await;
    eventually("the logo again", || running.screen().seen().is_some_and(|frame| logo(&frame).1)).await;
    // Once more where the stage is told anew of what it lacks while that is on its way.
    assert!(world.asked(&format!("content/{item}")) >= 2);
    running.stop().await;
}
