//! Pictures whose every pixel is known.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A picture in which every pixel differs from its neighbours, so that a shift by one or a blur is seen; `seed` makes others.
#[must_use]
pub fn speckled(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed =
            (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663) ^ seed.wrapping_mul(83_492_791)).wrapping_mul(2_654_435_761);
        let [red, green, blue, _] = mixed.to_be_bytes();
        Rgb([red, green, blue])
    })
}

/// A picture as a PNG file.
///
/// # Panics
/// Never: memory takes what is written.
#[must_use]
pub fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("memory takes what is written");
    bytes.into_inner()
}

/// Reads a picture file.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn read(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).expect("a picture").to_rgb8()
}
