//! Overlays: what a board shows over its loop, in a corner: a clock, a logo or a seal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::asset::UnknownWord;
use crate::geometry::Geometry;
use crate::id::Digest;

/// Fewest rows of an overlay, where the board has them: letters of 9 pixels within a frame of one.
pub const LEAST_ROWS: u32 = 11;
/// The margin is this part of the board's shorter side.
const MARGIN: u32 = 40;

/// A corner of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corner {
    /// Above, on the left.
    TopLeft,
    /// Above, on the right.
    TopRight,
    /// Below, on the left: above running text, while some runs.
    BottomLeft,
    /// Below, on the right: above running text, while some runs.
    BottomRight,
}

impl Corner {
    /// All of them, as one reads.
    pub const ALL: [Self; 4] = [Self::TopLeft, Self::TopRight, Self::BottomLeft, Self::BottomRight];

    /// The word used on the wire, in SQL and in plans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopLeft => "top-left",
            Self::TopRight => "top-right",
            Self::BottomLeft => "bottom-left",
            Self::BottomRight => "bottom-right",
        }
    }
    /// Whether it lies on the left.
    #[must_use]
    pub const fn is_left(self) -> bool {
        matches!(self, Self::TopLeft | Self::BottomLeft)
    }
    /// Whether it lies above.
    #[must_use]
    pub const fn is_top(self) -> bool {
        matches!(self, Self::TopLeft | Self::TopRight)
    }
}

impl fmt::Display for Corner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Corner {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord { what: "corner", text: text.chars().take(40).collect() };
        Self::ALL.into_iter().find(|corner| corner.as_str() == text).ok_or_else(unknown)
    }
}

/// What a clock says, in the board's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Hours and minutes, 00:00 to 23:59.
    Time,
    /// Below them the day and the month, such as 26/11, where the board has the pixels for it.
    TimeAndDate,
}

/// How high an overlay is, in per cent of the board's height: 5 to 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct OverlaySize(u8);

/// A size outside 5 to 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} per cent of the board's height are outside 5 to 40")]
pub struct OverlaySizeError(pub u8);

impl OverlaySize {
    /// 5 to 40 per cent of the board's height.
    ///
    /// # Errors
    /// When it is outside that range.
    pub const fn new(per_cent: u8) -> Result<Self, OverlaySizeError> {
        if per_cent < 5 || per_cent > 40 { Err(OverlaySizeError(per_cent)) } else { Ok(Self(per_cent)) }
    }
    /// Per cent of the board's height.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
    /// The pixels that an overlay of this size may have on a board, columns and rows: less than half of the board's width beside its
    /// [`margin`], so that two never meet.
    #[must_use]
    pub fn room(self, board: Geometry) -> (u32, u32) {
        let margin = margin(board);
        let columns = (board.width() / 2).saturating_sub(margin).max(1);
        let rows = (board.height() * u32::from(self.0) / 100).max(LEAST_ROWS);
        (columns, rows.min((board.height() / 2).saturating_sub(margin)).max(1))
    }
}
impl Default for OverlaySize {
    fn default() -> Self {
        Self(12)
    }
}
impl TryFrom<u8> for OverlaySize {
    type Error = OverlaySizeError;
    fn try_from(per_cent: u8) -> Result<Self, OverlaySizeError> {
        Self::new(per_cent)
    }
}
impl From<OverlaySize> for u8 {
    fn from(size: OverlaySize) -> Self {
        size.0
    }
}

/// How far an overlay stays from the board's edges, in pixels.
#[must_use]
pub fn margin(board: Geometry) -> u32 {
    (board.width().min(board.height()) / MARGIN).max(1)
}

/// What lies over a board's loop in one corner. `P` is what stands for a picture: in a manifest the digest of its rendition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Overlay<P = Digest> {
    /// Where.
    pub corner: Corner,
    /// How high it is, in per cent of the board's height.
    #[serde(default)]
    pub size: OverlaySize,
    /// What is shown.
    #[serde(flatten)]
    pub shows: Shows<P>,
}

/// What an overlay shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows<P> {
    /// The time of day; nothing while the board doubts its clock.
    Clock(Clock),
    /// A logo or a seal, with transparency.
    Picture(P),
}

impl<P> Overlay<P> {
    /// Its picture; a clock has none.
    pub const fn picture(&self) -> Option<&P> {
        match &self.shows {
            Shows::Picture(picture) => Some(picture),
            Shows::Clock(_) => None,
        }
    }

    /// The same with another picture; none where there is none for it.
    pub fn with_picture<Q>(self, picture: impl FnOnce(P) -> Option<Q>) -> Option<Overlay<Q>> {
        let shows = match self.shows {
            Shows::Clock(clock) => Shows::Clock(clock),
            Shows::Picture(found) => Shows::Picture(picture(found)?),
        };
        Some(Overlay { corner: self.corner, size: self.size, shows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlays_of_any_size_never_meet_on_any_board() {
        for (width, height) in [(1, 1), (16, 8192), (64, 256), (64, 32), (256, 128), (640, 320), (1920, 160), (3840, 2160)] {
            let board = Geometry::new(width, height).expect("a geometry");
            for size in 5..=40 {
                let (columns, rows) = OverlaySize::new(size).expect("a size").room(board);
                let margin = if width > 4 { margin(board) } else { 0 };
                assert!(columns >= 1 && rows >= 1);
                assert!(2 * (columns + margin) <= width || width == 1, "{board} {size}: {columns} columns");
                assert!(2 * (rows + margin.min(height / 2)) <= height || height == 1, "{board} {size}: {rows} rows");
            }
        }
    }

    #[test]
    fn an_overlay_is_as_high_as_its_share_of_the_board_and_has_letters_one_can_read() {
        let room = |board: &str, size: u8| OverlaySize::new(size).expect("a size").room(board.parse().expect("a geometry"));
        assert_eq!(room("640x320", 12), (312, 38));
        assert_eq!(room("1920x1080", 12), (933, 129));
        assert_eq!(room("256x128", 5), (125, 11), "six rows would hold no letter");
        assert_eq!(room("64x256", 40), (31, 102));
    }

    #[test]
    fn an_overlay_reads_and_writes_as_one_flat_object() {
        let clock: Overlay<String> = serde_json::from_str(r#"{"corner":"top-right","clock":"time-and-date"}"#).expect("read");
        assert_eq!(clock, Overlay { corner: Corner::TopRight, size: OverlaySize(12), shows: Shows::Clock(Clock::TimeAndDate) });
        let logo = Overlay { corner: Corner::BottomLeft, size: OverlaySize(20), shows: Shows::Picture("logo".to_owned()) };
        let text = serde_json::to_string(&logo).expect("written");
        assert_eq!(text, r#"{"corner":"bottom-left","size":20,"picture":"logo"}"#);
        assert_eq!(serde_json::from_str::<Overlay<String>>(&text).expect("read"), logo);
        for wrong in [
            r#"{"corner":"middle","clock":"time"}"#,
            r#"{"corner":"top-left","size":4,"clock":"time"}"#,
            r#"{"corner":"top-left","size":41,"clock":"time"}"#,
            r#"{"corner":"top-left"}"#,
            r#"{"corner":"top-left","clock":"date"}"#,
        ] {
            assert!(serde_json::from_str::<Overlay<String>>(wrong).is_err(), "{wrong}");
        }
    }
}
