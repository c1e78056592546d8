//! A picture that is filled in: decoded once, drawn at as many sizes as are asked for.

use image::RgbaImage;
use playlists::geometry::Geometry;
use resvg::tiny_skia::{ColorU8, Pixmap, PixmapPaint, Transform};

use super::qr::Pixels;
use super::template::Meet;
use crate::media::intake::{Form, MediaError, form};
use crate::media::raster::{Part, Picture};
use crate::media::vector::Drawing;

/// A decoded picture.
pub enum Decoded {
    /// A drawing (SVG).
    Drawing(Box<Drawing>),
    /// Pixels.
    Pixels(Picture),
}

impl Decoded {
    /// Decodes a file. Takes up to a second: run it at [`crate::media::at_the_bench`].
    ///
    /// # Errors
    /// When it is none of the accepted forms, too large, or damaged.
    pub fn of(bytes: &[u8]) -> Result<Self, MediaError> {
        match form(bytes)? {
            Form::Svg => Ok(Self::Drawing(Box::new(Drawing::parse(bytes)?))),
            form => Ok(Self::Pixels(Picture::decode(bytes, form)?)),
        }
    }

    /// The same picture with no side longer than this many pixels, to be kept at hand for previews.
    ///
    /// # Errors
    /// When it cannot be resized.
    pub fn reduced(self, longest: u32) -> Result<Self, MediaError> {
        match self {
            Self::Drawing(drawing) => Ok(Self::Drawing(drawing)),
            Self::Pixels(picture) => Ok(Self::Pixels(picture.reduced(longest)?)),
        }
    }

    /// What it takes in memory, about, in bytes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        match self {
            // Nothing tells how much a parsed drawing takes; few are larger than this.
            Self::Drawing(_) => 1 << 20,
            Self::Pixels(picture) => {
                let (width, height) = picture.seen_size();
                u64::from(width) * u64::from(height) * 4
            }
        }
    }

    /// Its own size, in its own units.
    #[must_use]
    pub fn size(&self) -> (f32, f32) {
        match self {
            Self::Drawing(drawing) => drawing.exact_size(),
            Self::Pixels(picture) => {
                let (width, height) = picture.seen_size();
                (single(width), single(height))
            }
        }
    }

    /// Draws it on a sheet of its area's size: where [`meet`] places it.
    ///
    /// # Errors
    /// When it cannot be brought to that size.
    pub fn draw(&self, sheet: &mut Pixmap, area: Pixels, how: Meet, focus: [f32; 2]) -> Result<(), MediaError> {
        let (place, (wide, high)) = meet(self.size(), area, how, focus);
        match self {
            Self::Drawing(drawing) => drawing.draw(sheet, place),
            Self::Pixels(picture) => {
                let (width, height) = picture.seen_size();
                let whole = Part { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) };
                let scaled = picture.part(whole, wide, high)?;
                let pixmap = premultiplied(&scaled)
                    .ok_or_else(|| MediaError::Encode(format!("a picture cannot be {wide}x{high} pixels")))?;
                let here = Transform::from_translate(place.tx.round(), place.ty.round());
                sheet.draw_pixmap(0, 0, pixmap.as_ref(), &PixmapPaint::default(), here, None);
            }
        }
        Ok(())
    }

    /// The picture whole within these pixels, as a PNG.
    ///
    /// # Errors
    /// When it cannot be brought to that size.
    pub fn small(&self, within: Geometry) -> Result<Vec<u8>, MediaError> {
        let (own_width, own_height) = self.size();
        let share = (single(within.width()) / own_width).min(single(within.height()) / own_height);
        let (width, height) = (side(own_width * share, within.width()), side(own_height * share, within.height()));
        let mut sheet = Pixmap::new(width, height).ok_or(MediaError::Size(within))?;
        self.draw(&mut sheet, [0, 0, width, height], Meet::Contain, [0.5, 0.5])?;
        sheet.encode_png().map_err(|e| MediaError::Encode(e.to_string()))
    }
}

/// Where a picture of this size is drawn in an area, in the area's own pixels, and its size there.
pub fn meet((width, height): (f32, f32), [_, _, wide, high]: Pixels, meet: Meet, [x, y]: [f32; 2]) -> (Transform, (u32, u32)) {
    let (wide, high) = (single(wide), single(high));
    let (across, down) = (wide / width, high / height);
    let scale = match meet {
        Meet::Cover => across.max(down),
        Meet::Contain => across.min(down),
    };
    let size = ((width * scale).ceil().max(1.0), (height * scale).ceil().max(1.0));
    let place = |room: f32, taken: f32, focus: f32| match meet {
        // What stays in sight lies as near the middle as the picture's edges allow.
        Meet::Cover => (room / 2.0 - taken * focus).clamp((room - taken).min(0.0), 0.0),
        Meet::Contain => (room - taken).max(0.0) * focus,
    };
    let (left, top) = (place(wide, width * scale, x), place(high, height * scale, y));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a few sides of a board")]
    let whole = (size.0 as u32, size.1 as u32);
    (Transform::from_row(scale, 0.0, 0.0, scale, left, top), whole)
}

fn premultiplied(picture: &RgbaImage) -> Option<Pixmap> {
    let mut pixmap = Pixmap::new(picture.width(), picture.height())?;
    for (to, from) in pixmap.pixels_mut().iter_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0;
        *to = ColorU8::from_rgba(red, green, blue, alpha).premultiply();
    }
    Some(pixmap)
}

#[allow(clippy::cast_precision_loss, reason = "a picture's side is far below 2^24")]
const fn single(length: u32) -> f32 {
    length as f32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut at 1 and at the side there is")]
fn side(length: f32, most: u32) -> u32 {
    (length.round() as u32).clamp(1, most)
}
