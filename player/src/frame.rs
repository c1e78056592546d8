//! A frame: exactly a board's pixels, one `u32` each.

use std::fmt;

use playlists::geometry::Geometry;

/// Exactly a board's pixels, row by row, `0x00RRGGBB`.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    geometry: Geometry,
    pixels: Vec<u32>,
}

/// Ground of the resident picture: dark blue.
const GROUND: u32 = 0x000A_1A3A;
/// Bar of the resident picture: a calmer, lighter blue.
const BAR: u32 = 0x002F_5DA8;

impl Frame {
    /// A frame of one colour, `0x00RRGGBB`.
    #[must_use]
    pub fn filled(geometry: Geometry, colour: u32) -> Self {
        Self { geometry, pixels: vec![colour; geometry.pixels()] }
    }

    /// The frame of a dark board.
    #[must_use]
    pub fn black(geometry: Geometry) -> Self {
        Self::filled(geometry, 0)
    }

    /// The picture that every player carries within itself, for when it holds nothing else that it may show: dark blue with a
    /// bar, no words.
    #[must_use]
    pub fn resident(geometry: Geometry) -> Self {
        let mut frame = Self::filled(geometry, GROUND);
        let (width, height) = (geometry.width() as usize, geometry.height() as usize);
        let (top, bottom) = (height * 9 / 20, (height * 11 / 20).max(height * 9 / 20 + 1));
        let (left, right) = (width / 4, (width * 3 / 4).max(width / 4 + 1));
        for row in frame.pixels.chunks_exact_mut(width).take(bottom).skip(top) {
            row.iter_mut().take(right).skip(left).for_each(|pixel| *pixel = BAR);
        }
        frame
    }

    /// Takes over this many of the lowest rows of another frame of the same geometry.
    pub fn copy_lowest(&mut self, other: &Self, rows: usize) {
        let height = self.geometry.height() as usize;
        let start = height.saturating_sub(rows) * self.geometry.width() as usize;
        if let (Some(to), Some(from)) = (self.pixels.get_mut(start..), other.pixels.get(start..)) {
            to.copy_from_slice(from);
        }
    }

    /// A frame of these pixels; none when their number is not the geometry's.
    #[must_use]
    pub fn from_pixels(geometry: Geometry, pixels: Vec<u32>) -> Option<Self> {
        (pixels.len() == geometry.pixels()).then_some(Self { geometry, pixels })
    }

    /// Width and height.
    #[must_use]
    pub const fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The pixels, to be drawn on.
    pub fn pixels_mut(&mut self) -> &mut [u32] {
        &mut self.pixels
    }

    /// The pixels as bytes, red, green, blue.
    #[must_use]
    pub fn to_rgb(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.pixels.len() * 3);
        for pixel in &self.pixels {
            let [_, red, green, blue] = pixel.to_be_bytes();
            rgb.extend_from_slice(&[red, green, blue]);
        }
        rgb
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({})", self.geometry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_picture_is_never_black_on_any_geometry() {
        for (width, height) in [(1, 1), (64, 256), (1920, 160), (3, 2)] {
            let geometry = Geometry::new(width, height).expect("a geometry");
            let frame = Frame::resident(geometry);
            assert_eq!(frame.pixels().len(), geometry.pixels());
            assert!(frame.pixels().iter().all(|pixel| *pixel != 0), "{geometry}");
        }
    }
}
