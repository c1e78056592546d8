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

/// A picture with a strip of running text over its lowest rows, the strip's left edge in column `left`, which may lie outside.
#[must_use]
pub fn with_strip(picture: &RgbImage, strip: &RgbaImage, left: i64) -> RgbImage {
    with_picture(picture, strip, (left, i64::from(picture.height()) - i64::from(strip.height())))
}

/// A picture with another over it, whose left edge lies in column `left` and whose upper one in row `top`; what hangs out is left out. Both
/// pictures' shares of a channel are rounded to the nearest whole number.
#[must_use]
pub fn with_picture(picture: &RgbImage, over: &RgbaImage, (left, top): (i64, i64)) -> RgbImage {
    let share = |value: u8, of_255: u8| (2 * u32::from(value) * u32::from(of_255) + 255) / 510;
    let mut seen = picture.clone();
    for (x, y, over) in over.enumerate_pixels() {
        let (column, row) = (u32::try_from(left + i64::from(x)), u32::try_from(top + i64::from(y)));
        let (Ok(column), Ok(row)) = (column, row) else { continue };
        let Some(under) = seen.get_pixel_mut_checked(column, row) else { continue };
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
