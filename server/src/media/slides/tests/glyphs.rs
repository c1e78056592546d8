//! The committed strip of the players is the one that the text engine draws.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Largest file, in bytes: it lies in every player.
const MOST_BYTES: usize = 60_000;
/// Most that two strips may differ by in the mean of a tile of 8 × 8 pixels, of 255: as for the pictures of the text engine.
const NEAR: u32 = 2;
const TILE: u32 = 8;
const HOW_TO_ACCEPT: &str = "look at what `bangtin slide glyphs --out FOLDER` writes; if it is right, take it over by\n    \
    BANGTIN_ACCEPT=1 cargo test -p bangtin --lib glyphs";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../player/src/stage")
}

#[allow(clippy::disallowed_methods, reason = "a test asks the one who runs it")]
fn accepts() -> bool {
    std::env::var_os("BANGTIN_ACCEPT").is_some_and(|accept| accept == "1")
}

fn is_near(one: &GrayImage, other: &GrayImage) -> bool {
    let tiles = || (0..one.height()).step_by(8).flat_map(|top| (0..one.width()).step_by(8).map(move |left| (left, top)));
    let off = |(left, top): (u32, u32)| {
        let (right, bottom) = ((left + TILE).min(one.width()), (top + TILE).min(one.height()));
        let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        let sum: u32 = places.map(|(x, y)| u32::from(one.get_pixel(x, y).0[0].abs_diff(other.get_pixel(x, y).0[0]))).sum();
        sum > NEAR * (right - left) * (bottom - top)
    };
    one.dimensions() == other.dimensions() && !tiles().any(off)
}

#[test]
fn the_strip_that_players_hold_is_the_one_drawn_here() {
    let (strip, metrics) = strip().expect("drawn");
    let (picture, json) = (folder().join("glyphs.png"), folder().join("glyphs.json"));
    if accepts() {
        fs::write(&picture, encode(&strip).expect("encoded")).expect("written");
        fs::write(&json, metrics.to_json()).expect("written");
    }
    let bytes = fs::read(&picture).expect("it is committed");
    assert!(bytes.len() < MOST_BYTES, "{} bytes", bytes.len());
    let committed = image::load_from_memory(&bytes).expect("a picture").into_luma8();
    assert!(is_near(&committed, &strip), "{HOW_TO_ACCEPT}");
    assert_eq!(fs::read_to_string(&json).expect("it is committed"), metrics.to_json(), "{HOW_TO_ACCEPT}");
}

#[test]
fn a_glyph_that_moved_by_a_pixel_is_found() {
    let (strip, _) = strip().expect("drawn");
    let mut aside = strip.clone();
    let part = image::imageops::crop_imm(&strip, 8, 9, 16, 11).to_image();
    image::imageops::replace(&mut aside, &part, 9, 9);
    assert!(is_near(&strip, &strip) && !is_near(&aside, &strip));
}

#[test]
fn figures_are_of_one_width_and_reach_from_the_first_row_of_their_size_to_the_last() {
    let (strip, metrics) = strip().expect("drawn");
    let mut top = 0;
    for size in &metrics.sizes {
        let figures: Vec<_> = metrics.glyphs.chars().zip(&size.widths).filter(|(glyph, _)| glyph.is_ascii_digit()).collect();
        assert_eq!(figures.len(), 10);
        for (place, (glyph, width)) in (0..).zip(&figures) {
            assert_eq!(**width, *figures[0].1, "{glyph}");
            let is_inked = |y| (0..u32::from(**width)).any(|x| strip.get_pixel(place * u32::from(**width) + x, y).0[0] > 100);
            let (first, last) = (top, top + u32::from(size.height) - 1);
            assert!(is_inked(first) && is_inked(last), "{glyph} of {} pixels", size.height);
        }
        top += u32::from(size.height);
    }
    assert_eq!(top, strip.height());
}
