//! What becomes of pictures as cameras and programs write them: turned, in other colours, see-through, moving, of odd shapes.

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, Frame, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};
use moxcms::ColorProfile;
use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;
use playlists::id::Digest;

use super::{MediaError, intake, stills, within};

const RED: [u8; 3] = [220, 20, 20];
const GREEN: [u8; 3] = [20, 200, 20];
const BLUE: [u8; 3] = [20, 20, 220];
const WHITE: [u8; 3] = [240, 240, 240];

fn geometry(text: &str) -> Geometry {
    text.parse().expect("a geometry")
}

fn drawn(original: &[u8], fit: Fit, size: &str) -> RgbImage {
    let made = stills::pixels(original, fit, Focus::MIDDLE, geometry(size)).expect("a picture");
    assert_eq!(format!("{}x{}", made.width(), made.height()), size);
    made
}

fn png(picture: &RgbaImage, profile: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).expect("PNG carries profiles");
    }
    let (width, height) = picture.dimensions();
    encoder.write_image(picture, width, height, ExtendedColorType::Rgba8).expect("encoded");
    bytes
}

/// A JPEG, 32 by 16, whose corners are red, green, blue and white, with an EXIF that says it is to be turned like this (1-8).
fn turned_jpeg(orientation: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(32, 16, |x, y| {
        Rgb(match (x < 16, y < 8) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    });
    let mut plain = Vec::new();
    JpegEncoder::new_with_quality(&mut plain, 95).encode_image(&picture).expect("encoded");
    // APP1: "Exif", a little-endian TIFF with one directory of one entry, tag 0x0112 of type short.
    let mut exif = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let (start, rest) = plain.split_at(2);
    [start, &exif, rest].concat()
}

/// Which of the four colours a pixel is nearest to.
fn name(pixel: Rgb<u8>) -> char {
    let distance = |colour: &[u8; 3]| colour.iter().zip(pixel.0).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>();
    let colours = [('r', RED), ('g', GREEN), ('b', BLUE), ('w', WHITE)];
    colours.into_iter().min_by_key(|(_, colour)| distance(colour)).expect("there are four").0
}

#[test]
fn a_photograph_is_shown_upright_however_the_camera_was_held() {
    // Corners from the top left, line by line, as EXIF 2.32 (4.6.4.A, Orientation) says they are to be seen.
    let expected = [(1, "rgbw"), (2, "grwb"), (3, "wbgr"), (4, "bwrg"), (5, "rbgw"), (6, "brwg"), (7, "wgbr"), (8, "gwrb")];
    for (orientation, corners) in expected {
        let original = turned_jpeg(orientation);
        let found = intake::inspect(&original).expect("a picture");
        let seen = if orientation < 5 { (32, 16) } else { (16, 32) };
        assert_eq!((found.width, found.height), seen, "{orientation}");
        let size = format!("{}x{}", seen.0, seen.1);
        for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
            let made = drawn(&original, fit, &size);
            let (right, bottom) = (made.width() - 4, made.height() - 4);
            let read: String =
                [(3, 3), (right, 3), (3, bottom), (right, bottom)].map(|(x, y)| name(*made.get_pixel(x, y))).iter().collect();
            assert_eq!(read, corners, "{orientation} {fit:?}");
        }
    }
}

fn linear(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
fn srgb(value: f64) -> u8 {
    let value = value.clamp(0.0, 1.0);
    let curved = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    (curved * 255.0).round() as u8
}

/// Display P3 to sRGB: the same curve and white, other primaries (CSS Color 4, 10.3 and 10.5: the product of its matrices).
fn p3_to_srgb(colour: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = colour.map(|value| linear(f64::from(value) / 255.0));
    [1.224_940_2 * r - 0.224_940_2 * g, -0.042_056_9 * r + 1.042_056_9 * g, -0.019_637_6 * r - 0.078_636_1 * g + 1.098_273_6 * b]
        .map(srgb)
}

#[test]
fn colours_are_brought_to_srgb_by_the_pictures_profile() {
    for colour in [[200, 100, 50], [60, 180, 90], [40, 60, 160], [128, 128, 128]] {
        let [r, g, b] = colour;
        let picture = RgbaImage::from_pixel(8, 8, Rgba([r, g, b, 255]));
        let made = |profile: Option<ColorProfile>| {
            let profile = profile.map(|profile| profile.encode().expect("a profile can be written"));
            drawn(&png(&picture, profile), Fit::Stretch, "4x4").get_pixel(2, 2).0
        };
        assert_eq!(made(None), colour);
        assert_eq!(made(Some(ColorProfile::new_srgb())), colour);
        let (found, expected) = (made(Some(ColorProfile::new_display_p3())), p3_to_srgb(colour));
        let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max().expect("three values");
        assert!(off <= 2, "{colour:?}: {found:?}, not {expected:?}");
        let grey = colour == [128, 128, 128];
        assert_eq!(made(Some(ColorProfile::new_adobe_rgb())).iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1), grey);
    }
}

#[test]
fn a_profile_that_cannot_be_read_leaves_the_colours_as_they_are() {
    let picture = RgbaImage::from_pixel(8, 8, Rgba([200, 100, 50, 255]));
    let made = drawn(&png(&picture, Some(b"not a profile".to_vec())), Fit::Stretch, "4x4");
    assert_eq!(made.get_pixel(2, 2).0, [200, 100, 50]);
}

#[test]
fn what_is_half_transparent_lies_on_black() {
    let picture = RgbaImage::from_pixel(8, 8, Rgba([200, 100, 50, 128]));
    for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
        assert_eq!(drawn(&png(&picture, None), fit, "4x4").get_pixel(2, 2).0, [100, 50, 25], "{fit:?}");
    }
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#c86432" fill-opacity=".5"/></svg>"##;
    let found = drawn(svg, Fit::Stretch, "4x4").get_pixel(2, 2).0;
    assert!(found.iter().zip([100, 50, 25]).all(|(a, b)| a.abs_diff(b) <= 1), "{found:?}");
}

#[test]
fn of_a_moving_gif_the_first_frame_is_shown() {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for [r, g, b] in [RED, GREEN, BLUE] {
            let picture = RgbaImage::from_pixel(8, 8, Rgba([r, g, b, 255]));
            encoder.encode_frame(Frame::new(picture)).expect("encoded");
        }
    }
    let made = drawn(&bytes, Fit::Cover, "8x8");
    assert!(made.pixels().all(|pixel| name(*pixel) == 'r'));
}

/// Red at the left, green in the middle, blue at the right, each a third.
fn thirds(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbaImage::from_fn(width, height, |x, _| {
        let [r, g, b] = [RED, GREEN, BLUE][usize::try_from(x * 3 / width).expect("small")];
        Rgba([r, g, b, 255])
    });
    png(&picture, None)
}

fn row(made: &RgbImage) -> String {
    let y = made.height() / 2;
    let mut row: Vec<char> = (0..made.width()).map(|x| name(*made.get_pixel(x, y))).collect();
    row.dedup();
    row.into_iter().collect()
}

#[test]
fn a_landscape_on_a_tall_board_is_cut_to_its_middle_shown_whole_or_stretched() {
    let original = thirds(300, 200);
    assert_eq!(row(&drawn(&original, Fit::Cover, "64x256")), "g", "50 of 300 columns, all within the middle third");
    assert_eq!(row(&drawn(&original, Fit::Stretch, "64x256")), "rgb");
    let contained = drawn(&original, Fit::Contain, "64x256");
    assert_eq!(row(&contained), "rgb");
    // 64x43 of 256 rows, in the middle: above and below lies the darkened copy.
    let bright = |y: u32| contained.get_pixel(32, y).0[1] > 150;
    let rows: Vec<u32> = (0..256).filter(|y| bright(*y)).collect();
    assert_eq!((rows.first(), rows.last(), rows.len()), (Some(&106), Some(&148), 43));
}

#[test]
fn every_fit_holds_at_the_smallest_and_the_longest_boards() {
    for size in ["1x1", "8192x16", "16x8192", "3x4096"] {
        for original in [thirds(300, 200), thirds(1, 1), thirds(7, 333)] {
            for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
                drawn(&original, fit, size);
            }
        }
    }
    assert_eq!(row(&drawn(&thirds(300, 200), Fit::Cover, "8192x16")), "rgb");
    assert_eq!(name(*drawn(&thirds(300, 200), Fit::Stretch, "1x1").get_pixel(0, 0)), 'g');
}

#[test]
fn a_drawing_without_bounds_is_contained_with_what_lies_around_it() {
    let svg = |overflow: &str| {
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" {overflow}><rect x="-900" y="-900" width="1900" height="1900" fill="#1414dc"/><rect x="25" y="25" width="50" height="50" fill="#dc1414"/></svg>"##
        )
    };
    let unbounded = drawn(svg(r#"overflow="visible""#).as_bytes(), Fit::Contain, "300x100");
    assert_eq!((row(&unbounded).as_str(), unbounded.get_pixel(2, 2).0), ("brb", BLUE));
    assert_eq!(unbounded.pixels().filter(|pixel| name(**pixel) == 'r').count(), 50 * 50, "the whole of it, and no larger");
    let bounded = drawn(svg("").as_bytes(), Fit::Contain, "300x100");
    assert_ne!(bounded.get_pixel(2, 2).0, BLUE, "the darkened copy");
}

#[test]
fn the_same_original_gives_the_same_digest() {
    let svg = include_bytes!("../../assets/safe/wide.svg").to_vec();
    for original in [turned_jpeg(6), thirds(300, 200), svg] {
        let digest =
            || Digest::of(&stills::render(&original, Fit::Contain, Focus::MIDDLE, geometry("64x256")).expect("rendered"));
        assert_eq!(digest(), digest());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_made() {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let long = move || {
        let _ = ended.recv();
        Ok(())
    };
    assert!(matches!(within(std::time::Duration::from_millis(20), long).await, Err(MediaError::TooSlow)));
    let next = within(std::time::Duration::from_secs(60), || {
        Ok(stills::render(&thirds(30, 20), Fit::Cover, Focus::MIDDLE, geometry("8x8")).is_ok())
    });
    assert!(next.await.expect("made while the other is still at work"));
    end.send(()).expect("the one that was given up ends by itself");
}

/// One per case: made here, small, and refused without harm.
#[test]
fn hostile_pictures_are_refused_each_for_its_own_reason() {
    let says = |bytes: &[u8]| intake::inspect(bytes).expect_err("refused").to_string();
    let svg = |inner: &str| format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>"#);
    let entities = format!(r#"<!DOCTYPE svg [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>{}"#, svg("&b;"));
    assert_eq!(says(entities.as_bytes()), "the SVG file declares entities; everything it shows must lie within itself");
    let outside = format!(r#"<!DOCTYPE svg SYSTEM "file:///etc/passwd">{}"#, svg(r##"<image href="file:///etc/passwd"/>"##));
    assert!(says(outside.as_bytes()).starts_with("the SVG file names a picture"), "{}", says(outside.as_bytes()));
    let used: String = (1..40).map(|n| format!(r##"<g id="l{n}"><use href="#l{0}"/><use href="#l{0}"/></g>"##, n - 1)).collect();
    assert!(says(svg(&format!(r#"<g id="l0"><path d="M0 0h1"/></g>{used}"#)).as_bytes()).starts_with("the SVG file is too much"));
    let deep = svg(&format!("{}{}", "<g>".repeat(50_000), "</g>".repeat(50_000)));
    assert!(says(deep.as_bytes()).starts_with("the SVG file is "), "{}", says(deep.as_bytes()));
    // A drawing within a drawing is not drawn: it could go on for ever.
    let within = data_encoding::BASE64.encode(svg("<rect/>").as_bytes());
    let within = svg(&format!(r#"<image href="data:image/svg+xml;base64,{within}" width="9" height="9"/>"#));
    assert!(says(within.as_bytes()).starts_with("the SVG file names a picture"));
    let huge = br#"<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1e9"/>"#;
    // Its size is only its shape: a drawing has no pixels until a board asks for its own.
    assert!(intake::inspect(huge).is_err() || stills::pixels(huge, Fit::Cover, Focus::MIDDLE, geometry("8x8")).is_ok());

    // A GIF whose canvas is as large as GIFs can say, with nothing on it.
    let gif = b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;";
    assert!(says(gif).starts_with("the picture has 65535x65535 pixels"), "{}", says(gif));
    // What lies behind a picture's end is no part of it: a picture that is also an archive or a page stays a picture.
    let mut polyglot = png(&RgbaImage::from_pixel(4, 4, Rgba([200, 100, 50, 255])), None);
    polyglot.extend(b"<html><script>alert(1)</script></html>PK\x03\x04");
    assert_eq!(intake::inspect(&polyglot).expect("a picture").form, intake::Form::Png);
    assert_eq!(drawn(&polyglot, Fit::Cover, "4x4").get_pixel(1, 1).0, [200, 100, 50]);
    // A GIF that is a script, too, as far as its first bytes go.
    assert!(intake::inspect(b"GIF89a/*\0\0\0\0*/=1;alert(1)").is_err());
}
