//! A strip of running text: a picture with transparency, as high as the band at the board's lower edge, that crosses it.

use std::io::Cursor;

use image::{ImageDecoder, ImageReader};
use playlists::geometry::Geometry;

use super::compose;
use super::decode::DecodeError;
use crate::frame::Frame;

/// Most pixels of a strip: 32 MB in memory, as 65,536 pixels of 128 rows.
pub const MOST_PIXELS: u64 = 1 << 23;

/// A strip as it is drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Strip {
    width: usize,
    height: usize,
    /// Row by row, `0xAARRGGBB`, colours multiplied by their opacity.
    pixels: Vec<u32>,
}

impl std::fmt::Debug for Strip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Strip({}x{})", self.width, self.height)
    }
}

impl Strip {
    /// Decodes a strip of this width for a board of this geometry: PNG, whose colours are not multiplied by their opacity.
    ///
    /// # Errors
    /// When it is no picture, has another width than the manifest says, is higher than the board, or has more than [`MOST_PIXELS`].
    pub fn decode(bytes: &[u8], width: u32, geometry: Geometry) -> Result<Self, DecodeError> {
        let form = |e: &dyn std::fmt::Display| DecodeError::Form(e.to_string());
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| form(&e))?;
        let decoder = reader.into_decoder().map_err(|e| form(&e))?;
        let has = decoder.dimensions();
        if has.0 != width || has.1 > geometry.height() {
            return Err(DecodeError::Strip { width: has.0, height: has.1, said: width, geometry });
        }
        if u64::from(has.0) * u64::from(has.1) > MOST_PIXELS {
            return Err(DecodeError::Form(format!("{}x{} pixels are more than {MOST_PIXELS}", has.0, has.1)));
        }
        let picture = image::DynamicImage::from_decoder(decoder).map_err(|e| form(&e))?.into_rgba8();
        let pixels = picture.pixels().map(|pixel| compose::premultiplied(pixel.0)).collect();
        Ok(Self { width: has.0 as usize, height: has.1 as usize, pixels })
    }

    /// Pixels of a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows, from the board's lower edge up.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Draws it over the frame's lowest rows; its left edge lies in column `left`, which may be outside.
    pub fn draw(&self, frame: &mut Frame, left: i64) {
        let (width, height) = (frame.geometry().width() as usize, frame.geometry().height() as usize);
        let before = usize::try_from(left.saturating_neg()).unwrap_or(0);
        let column = usize::try_from(left).unwrap_or(0);
        let rows = frame.pixels_mut().chunks_exact_mut(width.max(1)).skip(height.saturating_sub(self.height));
        for (out, row) in rows.zip(self.pixels.chunks_exact(self.width.max(1))) {
            compose::lay_over(out.get_mut(column..).unwrap_or_default(), row.get(before..).unwrap_or_default());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A strip file of these straight pixels `[red, green, blue, opacity]`.
    pub(crate) fn file(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(pixel(x, y)))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_strip_is_drawn_over_the_lowest_rows_and_what_hangs_out_is_left_out() {
        let geometry = Geometry::new(4, 3).expect("a geometry");
        let strip = file(3, 2, |x, _| if x == 1 { [0; 4] } else { [200, 100, 40, 255] });
        let strip = Strip::decode(&strip, 3, geometry).expect("decoded");
        let (ink, ground) = (0x00C8_6428, 0x0001_0203);
        let drawn = |left| {
            let mut frame = Frame::filled(geometry, ground);
            strip.draw(&mut frame, left);
            frame
                .pixels()
                .chunks(4)
                .map(|row| row.iter().map(|p| if *p == ink { 'x' } else { '.' }).collect())
                .collect::<Vec<String>>()
        };
        for (left, row) in
            [(4, "...."), (3, "...x"), (1, ".x.x"), (0, "x.x."), (-1, ".x.."), (-2, "x..."), (-3, "...."), (i64::MIN, "....")]
        {
            assert_eq!(drawn(left), ["....", row, row], "left edge in column {left}");
        }
    }

    #[test]
    fn a_strip_of_another_width_or_higher_than_the_board_is_refused() {
        let geometry = Geometry::new(4, 3).expect("a geometry");
        let opaque = |_, _| [1, 2, 3, 255];
        assert!(Strip::decode(&file(9, 3, opaque), 9, geometry).is_ok());
        assert!(matches!(Strip::decode(&file(9, 3, opaque), 8, geometry), Err(DecodeError::Strip { .. })));
        assert!(matches!(Strip::decode(&file(9, 4, opaque), 9, geometry), Err(DecodeError::Strip { .. })));
        assert!(matches!(Strip::decode(b"no picture", 9, geometry), Err(DecodeError::Form(_))));
    }
}
