//! Goldens: pictures of texts and templates that were looked at once, with which those of today are compared.
//!
//! **How near is near enough.** Pictures are compared by tiles of 8 × 8 pixels: in none may the mean of what they differ by, of any of its
//! three colours, be more than 2 of 255.
//!
//! - *Why not bit by bit?* Fonts are shipped and the rasteriser is ours, so on one kind of processor a picture is the same each time; but it
//!   counts in single precision, and another processor may fuse a multiplication with an addition: then single edges of letters differ
//!   by one to three levels, which is less than 0.2 in the mean of any tile. Boards show 8 bits, and one LED module differs from the next by about 5
//!   per cent, which is 12 levels: nobody can see 2.
//! - *Why tiles?* A mark under a letter is four pixels of a slide's thirty thousand: in the mean of a whole picture it is lost, in that of its
//!   tile it is 12 levels. What is wrong on a slide is wrong at some place.
//! - *Why so narrow?* So that each thing somebody would call a mistake is found; the tests below say which: a letter one pixel aside, a mark
//!   that is missing, a colour three levels off.

use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::super::sheet;
use super::*;

/// Side of a tile, in pixels.
const TILE: u32 = 8;
/// Most that a colour of a tile may differ by in the mean, of 255.
const NEAR: f64 = 2.0;

/// The largest mean difference of any colour in any tile; none where the sizes differ.
fn apart(found: &RgbImage, golden: &RgbImage) -> Option<f64> {
    if found.dimensions() != golden.dimensions() {
        return None;
    }
    let (width, height) = found.dimensions();
    let mut most = 0.0_f64;
    for top in (0..height).step_by(TILE as usize) {
        for left in (0..width).step_by(TILE as usize) {
            let (right, bottom) = ((left + TILE).min(width), (top + TILE).min(height));
            let mut sums = [0_u32; 3];
            for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
                let pair = found.get_pixel(x, y).0.iter().zip(golden.get_pixel(x, y).0);
                pair.zip(&mut sums).for_each(|((a, b), sum)| *sum += u32::from(a.abs_diff(b)));
            }
            let count = f64::from((right - left) * (bottom - top));
            most = sums.iter().fold(most, |most, sum| most.max(f64::from(*sum) / count));
        }
    }
    Some(most)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/media/slides/golden")
}

/// Compares pictures with their goldens. Those that differ are written beside one another, and the message has the one command that takes
/// them over.
fn compare(found: &[(String, RgbImage)]) {
    let new = std::env::temp_dir().join("bangtin-goldens");
    let mut wrong = Vec::new();
    for (name, picture) in found {
        let golden = image::open(folder().join(name)).map(|golden| golden.into_rgb8()).unwrap_or_default();
        let apart = apart(picture, &golden);
        if apart.is_some_and(|apart| apart <= NEAR) {
            continue;
        }
        std::fs::create_dir_all(&new).expect("a folder");
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
        picture.write_with_encoder(encoder).expect("encoded");
        std::fs::write(new.join(name), bytes).expect("written");
        wrong.push(format!("{name}: {}", apart.map_or("another size, or none".to_owned(), |apart| format!("{apart:.1} apart"))));
    }
    assert!(
        wrong.is_empty(),
        "look at the new pictures in {0}; if they are right, take them over:\n  cp {0}/*.png {1}/\n{2}",
        new.display(),
        folder().display(),
        wrong.join("\n")
    );
}

fn text(language: Language, body: &str) -> RgbImage {
    let loaded = library::shipped("text").expect("it is shipped");
    let content = content(&serde_json::json!({"texts": {language.code(): {"body": body}}}));
    pixels(&loaded, &content, &Pictures::new(), language, geometry("256x128"), day("2026-01-01")).expect("drawn")
}

/// Capitals with two marks above, and one above and one below.
const STACKED: &str = "ẾỄỘỮ ẰỄẪỢ ẤỆỖ – Nguyễn Ái Quốc, Ướt, Ỹ, Đệ nhất";

#[test]
fn texts_look_as_they_did() {
    let cases = [
        (Language::Vi, "stacked", STACKED),
        (Language::Vi, "long", "Nhiệt liệt chào mừng kỷ niệm 81 năm Cách mạng tháng Tám và Quốc khánh 2/9"),
        (Language::En, "long", "Welcome to Thái Nguyên, capital of the resistance and home of Tân Cương tea"),
        (Language::Zh, "long", "热烈庆祝越南国庆八十一周年——太原省欢迎您"),
        (Language::Ko, "long", "베트남 국경절 81주년을 축하합니다. 타이응우옌에 오신 것을 환영합니다"),
    ];
    let found = cases.map(|(language, name, body)| (format!("{language}-{name}.png"), text(language, body)));
    compare(&found);
}

#[test]
fn a_text_in_pieces_looks_like_its_golden_too() {
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(STACKED).collect();
    assert_ne!(STACKED, decomposed);
    compare(&[("vi-stacked.png".to_owned(), text(Language::Vi, &decomposed))]);
}

#[test]
fn templates_look_as_they_did() {
    let mut found = Vec::new();
    for (number, id) in library::ids().into_iter().enumerate() {
        let loaded = library::shipped(&id).expect("it is shipped");
        let (content, pictures) = loaded.sample().expect("a sample");
        let last = content.dates.values().min().and_then(|day| day.checked_sub_days(chrono::Days::new(30)));
        // Each in two of the four languages, so that all are seen with some templates.
        let one = |board: &str, turn: usize| {
            let language = Language::ALL[(number + turn) % 4];
            pixels(&loaded, &content, &pictures, language, geometry(board), last.unwrap_or_default())
        };
        let (wide, tall) = (one("256x128", 0).expect("drawn"), one("64x256", 1).expect("drawn"));
        found.push((format!("template-{id}.png"), sheet::sheet(&[vec![wide, tall]])));
    }
    compare(&found);
}

#[test]
fn the_tolerance_lets_pass_what_no_eye_sees() {
    let golden = text(Language::Vi, STACKED);
    let mut found = golden.clone();
    // Every edge of a letter three levels off: far more than processors differ by.
    for pixel in found.pixels_mut().filter(|pixel| (60..200).contains(&pixel.0[0])) {
        pixel.0 = pixel.0.map(|value| value + 3);
    }
    assert_ne!(found, golden);
    assert!(apart(&found, &golden).expect("one size") <= NEAR);
}

#[test]
fn the_tolerance_finds_what_somebody_would_call_a_mistake() {
    let golden = text(Language::Vi, STACKED);
    let far = |found: &RgbImage, what: &str| {
        let apart = apart(found, &golden).expect("one size");
        assert!(apart > NEAR, "{what} is found: {apart}");
    };
    far(&text(Language::Vi, &STACKED.replace("Đệ", "Đê")), "a dot below that is missing");
    far(&text(Language::Vi, &STACKED.replace("Ướt", "Uớt")), "a horn that is missing");
    let mut aside = golden.clone();
    let part = image::imageops::crop_imm(&golden, 30, 20, 12, 16).to_image();
    image::imageops::replace(&mut aside, &part, 31, 20);
    far(&aside, "a letter one pixel aside");
    let mut tinted = golden.clone();
    tinted.pixels_mut().for_each(|pixel| pixel.0[2] = pixel.0[2].saturating_add(3));
    far(&tinted, "a colour three levels off");
}
