//! A picture with transparency that lies over others: a strip of running text, or an overlay in a corner.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use image::{ImageDecoder, ImageReader};
use playlists::geometry::Geometry;
use playlists::id::Digest;

use super::compose;
use super::decode::{DecodeError, Source};
use crate::frame::Frame;

/// Most pixels of a strip: 32 MB in memory, as 65,536 pixels of 128 rows.
pub const MOST_PIXELS: u64 = 1 << 23;

/// A picture with transparency as it is drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Sprite {
    width: usize,
    height: usize,
    /// Row by row, `0xAARRGGBB`, colours multiplied by their opacity.
    pixels: Vec<u32>,
}

impl std::fmt::Debug for Sprite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sprite({}x{})", self.width, self.height)
    }
}

impl Sprite {
    /// Decodes a strip of this width for a board of this geometry: PNG, whose colours are not multiplied by their opacity.
    ///
    /// # Errors
    /// When it is no picture, has another width than the manifest says, is higher than the board, or has more than [`MOST_PIXELS`].
    pub fn strip(bytes: &[u8], said: u32, geometry: Geometry) -> Result<Self, DecodeError> {
        Self::decode(bytes, |(width, height)| {
            if width != said || height > geometry.height() {
                return Err(DecodeError::Strip { width, height, said, geometry });
            }
            if u64::from(width) * u64::from(height) > MOST_PIXELS {
                return Err(DecodeError::Form(format!("{width}x{height} pixels are more than {MOST_PIXELS}")));
            }
            Ok(())
        })
    }

    /// Decodes the picture of an overlay that has room for so many columns and rows: PNG as for a strip.
    ///
    /// # Errors
    /// When it is no picture, or has more columns or rows.
    pub fn overlay(bytes: &[u8], room: (u32, u32)) -> Result<Self, DecodeError> {
        Self::decode(bytes, |(width, height)| {
            let fits = width <= room.0 && height <= room.1;
            if fits { Ok(()) } else { Err(DecodeError::Overlay { width, height, room }) }
        })
    }

    /// Decodes a picture whose width and height are looked at before its pixels are.
    fn decode(bytes: &[u8], look: impl FnOnce((u32, u32)) -> Result<(), DecodeError>) -> Result<Self, DecodeError> {
        let form = |e: &dyn std::fmt::Display| DecodeError::Form(e.to_string());
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| form(&e))?;
        let decoder = reader.into_decoder().map_err(|e| form(&e))?;
        let (width, height) = decoder.dimensions();
        look((width, height))?;
        let picture = image::DynamicImage::from_decoder(decoder).map_err(|e| form(&e))?.into_rgba8();
        let pixels = picture.pixels().map(|pixel| compose::premultiplied(pixel.0)).collect();
        Ok(Self { width: width as usize, height: height as usize, pixels })
    }

    /// So many columns and rows of one pixel, `[red, green, blue, opacity]`.
    pub(super) fn filled(width: usize, height: usize, pixel: [u8; 4]) -> Self {
        Self { width, height, pixels: vec![compose::premultiplied(pixel); width * height] }
    }

    /// Pixels of a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Its rows, to be drawn on: `0xAARRGGBB`, colours multiplied by their opacity.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u32]> {
        self.pixels.chunks_exact_mut(self.width.max(1))
    }

    /// Draws it over the frame with its upper left corner in column `left` and row `top`, on none but these rows of the frame; what lies
    /// outside is left out.
    pub fn draw(&self, frame: &mut Frame, (left, top): (i64, i64), rows: Range<usize>) {
        let width = frame.geometry().width() as usize;
        let (before, column) = parted(left);
        let (above, row) = parted(top);
        let skipped = rows.start.saturating_sub(row);
        let first = row.max(rows.start);
        let out = frame.pixels_mut().chunks_exact_mut(width.max(1)).take(rows.end).skip(first);
        let own = self.pixels.chunks_exact(self.width.max(1)).skip(above.saturating_add(skipped));
        for (out, own) in out.zip(own) {
            compose::lay_over(out.get_mut(column..).unwrap_or_default(), own.get(before..).unwrap_or_default());
        }
    }

    /// Draws it over the frame's lowest rows; its left edge lies in column `left`, which may be outside.
    pub fn draw_lowest(&self, frame: &mut Frame, left: i64) {
        let rows = frame.geometry().height() as usize;
        let top = i64::try_from(rows).unwrap_or(i64::MAX) - i64::try_from(self.height).unwrap_or(i64::MAX);
        self.draw(frame, (left, top), 0..rows);
    }
}

/// How much of what begins at this place lies before the first one, and where the rest begins.
fn parted(place: i64) -> (usize, usize) {
    let part = |length: i64| usize::try_from(length).unwrap_or(0);
    (part(place.saturating_neg()), part(place))
}

/// Sprites that were decoded, by their items, and the items that gave none.
#[derive(Debug, Default)]
pub(super) struct Sprites {
    held: Vec<(Digest, Arc<Sprite>)>,
    /// What gave none, and whether it may when its bytes have come again.
    broken: Vec<(Digest, bool)>,
}

impl Sprites {
    /// With none.
    pub(super) const fn new() -> Self {
        Self { held: Vec::new(), broken: Vec::new() }
    }

    /// What `is_wanted` was said again: nothing else is kept, and bytes that were gone may have come.
    pub(super) fn order(&mut self, is_wanted: impl Fn(&Digest) -> bool) {
        self.held.retain(|(item, _)| is_wanted(item));
        self.broken.retain(|(item, may_come)| !may_come && is_wanted(item));
    }

    /// Of these the first that is to be decoded.
    pub(super) fn lacking<'a>(&self, sources: impl Iterator<Item = &'a Source>) -> Option<&'a Source> {
        let lacks = |source: &&Source| {
            !self.held.iter().any(|(item, _)| *item == source.item) && !self.broken.iter().any(|(item, _)| *item == source.item)
        };
        { sources }.find(lacks)
    }

    /// One was decoded.
    pub(super) fn take(&mut self, item: Digest, sprite: Sprite) {
        self.held.push((item, Arc::new(sprite)));
    }

    /// An item gives none: it is not asked for again, or not until it is ordered again where its bytes `may_come`.
    pub(super) fn broken(&mut self, item: Digest, may_come: bool) {
        self.broken.push((item, may_come));
    }

    /// The item's, if it is decoded.
    pub(super) fn get(&self, item: &Digest) -> Option<&Arc<Sprite>> {
        self.held.iter().find(|(held, _)| held == item).map(|(_, sprite)| sprite)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file of these straight pixels `[red, green, blue, opacity]`.
    pub(crate) fn file(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(pixel(x, y)))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("encoded");
        bytes.into_inner()
    }

    const INK: u32 = 0x00C8_6428;

    /// The frame's rows, inked pixels as x.
    fn drawn(geometry: Geometry, draw: impl FnOnce(&mut Frame)) -> Vec<String> {
        let mut frame = Frame::filled(geometry, 0x0001_0203);
        draw(&mut frame);
        let row = |row: &[u32]| row.iter().map(|p| if *p == INK { 'x' } else { '.' }).collect();
        frame.pixels().chunks(geometry.width() as usize).map(row).collect()
    }

    #[test]
    fn a_strip_is_drawn_over_the_lowest_rows_and_what_hangs_out_is_left_out() {
        let geometry = Geometry::new(4, 3).expect("a geometry");
        let strip = file(3, 2, |x, _| if x == 1 { [0; 4] } else { [200, 100, 40, 255] });
        let strip = Sprite::strip(&strip, 3, geometry).expect("decoded");
        for (left, row) in
            [(4, "...."), (3, "...x"), (1, ".x.x"), (0, "x.x."), (-1, ".x.."), (-2, "x..."), (-3, "...."), (i64::MIN, "....")]
        {
            let drawn = drawn(geometry, |frame| strip.draw_lowest(frame, left));
            assert_eq!(drawn, ["....", row, row], "left edge in column {left}");
        }
    }

    #[test]
    fn a_sprite_is_drawn_where_it_lies_and_on_no_other_rows_than_are_asked_for() {
        let geometry = Geometry::new(4, 4).expect("a geometry");
        // An L.
        let sprite = file(2, 3, |x, y| if x == 0 || y == 2 { [200, 100, 40, 255] } else { [0; 4] });
        let sprite = Sprite::overlay(&sprite, (2, 3)).expect("decoded");
        for (place, rows, expected) in [
            ((1, 1), 0..4, ["....", ".x..", ".x..", ".xx."]),
            ((1, 1), 2..4, ["....", "....", ".x..", ".xx."]),
            ((1, 1), 0..3, ["....", ".x..", ".x..", "...."]),
            ((3, -1), 0..4, ["...x", "...x", "....", "...."]),
            ((3, -1), 1..4, ["....", "...x", "....", "...."]),
            ((-1, 3), 0..4, ["....", "....", "....", "...."]),
            ((-1, 1), 0..4, ["....", "....", "....", "x..."]),
            ((0, i64::MAX), 0..4, ["...."; 4]),
            ((0, i64::MIN), 0..4, ["...."; 4]),
        ] {
            let drawn = drawn(geometry, |frame| sprite.draw(frame, place, rows.clone()));
            assert_eq!(drawn, expected, "{place:?} {rows:?}");
        }
    }

    #[test]
    fn a_strip_of_another_width_or_higher_than_the_board_is_refused() {
        let geometry = Geometry::new(4, 3).expect("a geometry");
        let opaque = |_, _| [1, 2, 3, 255];
        assert!(Sprite::strip(&file(9, 3, opaque), 9, geometry).is_ok());
        assert!(matches!(Sprite::strip(&file(9, 3, opaque), 8, geometry), Err(DecodeError::Strip { .. })));
        assert!(matches!(Sprite::strip(&file(9, 4, opaque), 9, geometry), Err(DecodeError::Strip { .. })));
        assert!(matches!(Sprite::strip(b"no picture", 9, geometry), Err(DecodeError::Form(_))));
    }

    #[test]
    fn the_picture_of_an_overlay_has_no_more_columns_and_rows_than_its_room() {
        let opaque = |_, _| [1, 2, 3, 255];
        assert!(Sprite::overlay(&file(5, 3, opaque), (5, 3)).is_ok());
        assert!(Sprite::overlay(&file(1, 1, opaque), (5, 3)).is_ok());
        assert!(matches!(Sprite::overlay(&file(6, 3, opaque), (5, 3)), Err(DecodeError::Overlay { .. })));
        assert!(matches!(Sprite::overlay(&file(5, 4, opaque), (5, 3)), Err(DecodeError::Overlay { .. })));
        assert!(matches!(Sprite::overlay(b"no picture", (5, 3)), Err(DecodeError::Form(_))));
    }
}
