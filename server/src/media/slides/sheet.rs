//! Contact sheets: many slides side by side, to be looked at.

use image::{RgbImage, imageops};

/// Ground between the slides.
const GROUND: [u8; 3] = [70, 74, 80];
/// Pixels between two slides, and around all.
const GAP: u32 = 8;

/// Lays rows of pictures on one sheet; every row is as high as its highest picture.
#[must_use]
pub fn sheet(rows: &[Vec<RgbImage>]) -> RgbImage {
    let wide = |row: &Vec<RgbImage>| GAP + row.iter().map(|picture| picture.width() + GAP).sum::<u32>();
    let high = |row: &Vec<RgbImage>| row.iter().map(RgbImage::height).max().unwrap_or_default();
    let width = rows.iter().map(wide).max().unwrap_or(GAP);
    let height = GAP + rows.iter().map(|row| high(row) + GAP).sum::<u32>();
    let mut sheet = RgbImage::from_pixel(width, height, image::Rgb(GROUND));
    let mut top = GAP;
    for row in rows {
        let mut left = GAP;
        for picture in row {
            imageops::replace(&mut sheet, picture, i64::from(left), i64::from(top));
            left += picture.width() + GAP;
        }
        top += high(row) + GAP;
    }
    sheet
}

/// A picture brought to this height, its shape kept.
///
/// # Errors
/// When it cannot be resized.
pub fn scaled(picture: &RgbImage, height: u32) -> Result<RgbImage, crate::media::intake::MediaError> {
    if picture.height() <= height {
        return Ok(picture.clone());
    }
    let width = (picture.width() * height / picture.height()).max(1);
    let with_alpha = image::DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    let small = crate::media::raster::resize(&with_alpha, None, width, height)?;
    Ok(image::DynamicImage::ImageRgba8(small).into_rgb8())
}
