//! Pictures whose every pixel is known.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage, RgbaImage};

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

/// A picture with a strip of running text over its lowest rows, the strip's left edge in column `left`, which may lie outside. Both the
/// strip's share of a channel and the picture's are rounded to the nearest whole number.
#[must_use]
pub fn with_strip(picture: &RgbImage, strip: &RgbaImage, left: i64) -> RgbImage {
    let share = |value: u8, of_255: u8| (2 * u32::from(value) * u32::from(of_255) + 255) / 510;
    let (mut seen, top) = (picture.clone(), picture.height().saturating_sub(strip.height()));
    for (x, y, over) in strip.enumerate_pixels() {
        let Ok(column) = u32::try_from(left + i64::from(x)) else { continue };
        let Some(under) = seen.get_pixel_mut_checked(column, top + y) else { continue };
        let [red, green, blue, opacity] = over.0;
        for (value, ink) in under.0.iter_mut().zip([red, green, blue]) {
            *value = u8::try_from(share(ink, opacity) + share(*value, 255 - opacity)).unwrap_or(u8::MAX);
        }
    }
    seen
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
