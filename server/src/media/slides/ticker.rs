//! Running text as one wide strip: premultiplied pixels on nothing, as high as the board's band.

use resvg::tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::colour::Colour;
use super::error::SlideError;
use super::fit::SetLine;
use super::ink::draw_line;
use super::language::Language;
use super::lines::Line;
use super::shape::shape;
use crate::media::intake::MediaError;

/// Widest strip, in pixels: 256 KiB a row, three minutes at 400 pixels a second.
pub const MOST_WIDTH: u32 = 65_536;
/// Most pixels of a strip: players keep it in memory (32 MB).
pub const MOST_PIXELS: u32 = 1 << 23;
/// Least height, in pixels: the smallest letters with two marks above and one below.
pub const LEAST_HEIGHT: u32 = 21;
/// Largest height, in pixels.
pub const MOST_HEIGHT: u32 = 512;
/// From the top of the highest mark to the lowest, in em: Be Vietnam Pro's Ằ reaches 1.18, its Ộ hangs 0.25.
const INK: f32 = 1.43;
/// The highest mark above the baseline, in em.
const ABOVE: f32 = 1.18;
/// Rows of nothing at top and bottom, and one that rounding the baseline takes.
const AIR: f32 = 3.0;

/// Why a strip cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TickerError {
    /// The height is none a strip can have.
    #[error("a strip of running text is {LEAST_HEIGHT} to {MOST_HEIGHT} pixels high, not {0}")]
    Height(u32),
    /// Nothing to run.
    #[error("the running text is empty")]
    Empty,
    /// Too much to run.
    #[error("the running text is {width} pixels wide at this height; at most {MOST_WIDTH} are taken: shorten it or split it")]
    Long {
        /// Its width in pixels.
        width: u64,
    },
    /// Too many pixels for boards.
    #[error(
        "the running text has {width}x{height} pixels on these boards; at most {MOST_PIXELS} are taken: shorten it or split it"
    )]
    Large {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// A character without a glyph, or no pixels.
    #[error("the running text cannot be drawn")]
    Draw(#[source] SlideError),
}

/// Weight of running text.
const WEIGHT: u16 = 700;

/// A strip on a band of a colour, which reaches half the strip's height beyond the text on both sides; or without one.
///
/// # Errors
/// As [`strip`].
pub fn banded(text: &str, language: Language, height: u32, ink: Colour, band: Option<Colour>) -> Result<Pixmap, TickerError> {
    let letters = strip(text, language, WEIGHT, height, ink)?;
    let margin = if band.is_some() { height / 2 } else { 0 };
    let wide = letters.width() + 2 * margin;
    if wide > MOST_WIDTH {
        return Err(TickerError::Long { width: u64::from(wide) });
    }
    if wide * height > MOST_PIXELS {
        return Err(TickerError::Large { width: wide, height });
    }
    let Some(Colour([red, green, blue])) = band else { return Ok(letters) };
    let mut canvas = Pixmap::new(wide, height).ok_or_else(|| no_pixels(wide, height))?;
    canvas.fill(Color::from_rgba8(red, green, blue, 255));
    let at = i32::try_from(margin).unwrap_or_default();
    canvas.draw_pixmap(at, 0, letters.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    Ok(canvas)
}

fn no_pixels(width: u32, height: u32) -> TickerError {
    TickerError::Draw(SlideError::Pixels(MediaError::Encode(format!("no strip of {width}x{height} pixels"))))
}

/// A strip: the text on one line, pixels premultiplied, transparent around the letters, exactly as wide as the text. Line breaks become
/// spaces. The space between two runs is the player's.
///
/// # Errors
/// When the height or the text is none a strip can have.
pub fn strip(text: &str, language: Language, weight: u16, height: u32, colour: Colour) -> Result<Pixmap, TickerError> {
    use unicode_normalization::UnicodeNormalization as _;
    if !(LEAST_HEIGHT..=MOST_HEIGHT).contains(&height) {
        return Err(TickerError::Height(height));
    }
    let line: String = text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err(TickerError::Empty);
    }
    let block = || "ticker".to_owned();
    let shaped = shape(&line, language, weight, false).map_err(|none| {
        TickerError::Draw(SlideError::NoGlyph { character: none.0, block: block(), fields: Vec::new(), language })
    })?;
    #[allow(clippy::cast_precision_loss, reason = "at most 512")]
    let size = (height as f32 - AIR) / INK;
    let last = shaped.pieces.last().map_or(0.0, |piece| piece.space);
    let before = shaped.pieces.first().map_or(0.0, |piece| piece.before);
    let after = shaped.pieces.last().map_or(0.0, |piece| piece.after);
    let em = before + shaped.pieces.iter().map(|piece| piece.width + piece.space).sum::<f32>() - last + after;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length above 0; a float casts to the nearest integer"
    )]
    let width = (em * size).ceil() as u64 + 2;
    let fits = u32::try_from(width).ok().filter(|&width| width <= MOST_WIDTH);
    let wide = fits.ok_or(TickerError::Long { width })?;
    let mut canvas = Pixmap::new(wide, height).ok_or_else(|| no_pixels(wide, height))?;
    let set = SetLine {
        part: 0,
        line: Line { pieces: 0..shaped.pieces.len(), width: em, before, hyphen: false },
        size,
        baseline: 0.0,
        above: 0.0,
        below: 0.0,
    };
    let [red, green, blue] = colour.0;
    draw_line(&mut canvas, &shaped, &set, 1.0, (1.0 + ABOVE * size).ceil(), Color::from_rgba8(red, green, blue, 255));
    Ok(canvas)
}
