//! A board's pixels: width × height.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest side of a board, in pixels (the widest sending cards drive 8 K).
pub const MAX_SIDE: u32 = 8192;

/// Most pixels of a board: one 4 K picture.
pub const MAX_PIXELS: u64 = 3840 * 2160;

/// Why a size is not a board's geometry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// A side is 0 or above [`MAX_SIDE`], or there are more than [`MAX_PIXELS`].
    #[error("{width}x{height} is outside 1x1 to {MAX_SIDE}x{MAX_SIDE} with at most {MAX_PIXELS} pixels")]
    Range {
        /// Width given, in pixels.
        width: u32,
        /// Height given, in pixels.
        height: u32,
    },
    /// Not of the form `640x320`.
    #[error("{0:?} is not of the form 640x320")]
    Form(String),
}

/// Width and height of a board in pixels; any size an LED cabinet can have, odd ones too.
///
/// ```
/// use playlists::geometry::Geometry;
/// let board: Geometry = "64x256".parse()?;
/// assert_eq!((board.width(), board.height()), (64, 256));
/// # Ok::<(), playlists::geometry::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Sides", into = "Sides")]
pub struct Geometry {
    width: u32,
    height: u32,
}

#[derive(Serialize, Deserialize)]
struct Sides {
    width: u32,
    height: u32,
}

impl Geometry {
    /// A geometry of this width and height in pixels.
    ///
    /// # Errors
    /// When a side is 0 or too long, or the area too large.
    pub fn new(width: u32, height: u32) -> Result<Self, GeometryError> {
        let pixels = u64::from(width) * u64::from(height);
        if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
            return Err(GeometryError::Range { width, height });
        }
        Ok(Self { width, height })
    }
    /// Width in pixels.
    #[must_use]
    pub const fn width(self) -> u32 {
        self.width
    }
    /// Height in pixels.
    #[must_use]
    pub const fn height(self) -> u32 {
        self.height
    }
    /// Number of pixels.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}
impl FromStr for Geometry {
    type Err = GeometryError;
    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let form = || GeometryError::Form(text.chars().take(40).collect());
        let (width, height) = text.trim().split_once(['x', '×']).ok_or_else(form)?;
        Self::new(width.parse().map_err(|_| form())?, height.parse().map_err(|_| form())?)
    }
}
impl TryFrom<Sides> for Geometry {
    type Error = GeometryError;
    fn try_from(sides: Sides) -> Result<Self, GeometryError> {
        Self::new(sides.width, sides.height)
    }
}
impl From<Geometry> for Sides {
    fn from(geometry: Geometry) -> Self {
        Self { width: geometry.width, height: geometry.height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_geometry_has_pixels_and_a_bound() {
        for good in ["1x1", "64x256", "640×320", "3840x2160", "1920x160"] {
            assert!(good.parse::<Geometry>().is_ok(), "{good}");
        }
        for bad in ["", "640", "0x1", "1x0", "8193x1", "8192x8192", "-1x5", "640x320x2"] {
            assert!(bad.parse::<Geometry>().is_err(), "{bad}");
        }
    }
}
