//! The glyph strip of the players: what their stages write themselves (a clock), drawn here once and committed with them, so that a player
//! holds no font. A ladder of sizes, each drawn on whole pixels: feet, heads and the outer edges of stems are sharp at 9 pixels too.

use image::GrayImage;
use resvg::tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Transform};
use serde::Serialize;

use super::error::SlideError;
use super::ink::outline;
use super::language::Language;
use super::shape::shape;
use crate::media::intake::MediaError;

/// What can be written.
pub const GLYPHS: &str = "0123456789:/";
/// Height of the figures, in pixels: from the smallest that is read on a board in steps of about a fifth.
pub const LADDER: [u16; 16] = [9, 11, 13, 16, 19, 23, 28, 33, 40, 48, 57, 69, 83, 100, 120, 144];
/// Weight of the letters: bold, as light letters drown between LEDs.
const WEIGHT: u16 = 700;
/// Size at which outlines are measured, in units an em.
const MEASURE: f32 = 1000.0;
/// The letters are wide ones: they are brought to this part of their width, so that a time fits beside a logo on a board of 64 columns.
const NARROW: f32 = 0.8;
/// And a bar, which leans into the space beside it anyhow, to this part.
const STEEP: f32 = 0.55;
/// Space after a glyph, in parts of the figures' height, and at least a pixel.
const GAP: f32 = 0.1;
/// Levels of opacity that are told apart, beside none: 4 bits a pixel make half a file, and no eye sees more on an edge.
const LEVELS: u16 = 15;

/// Where the glyphs lie in the strip: the sizes one below the other, in each the glyphs from left to right, without space between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metrics {
    /// The glyphs, in their order.
    pub glyphs: String,
    /// From the smallest size to the largest.
    pub sizes: Vec<Size>,
}

/// One size of the strip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Height of its figures, which is its rows, in pixels.
    pub height: u16,
    /// Space after a glyph but the last of a line, in pixels.
    pub gap: u16,
    /// Width of each glyph in pixels: one for all figures.
    pub widths: Vec<u16>,
}

/// A glyph's outline at [`MEASURE`] with its foot at 0, and the box of its ink.
struct Drawn {
    is_figure: bool,
    path: Path,
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

/// A glyph's ink on whole pixels: width, height and the row of its head.
struct Place {
    width: u16,
    height: u16,
    top: u16,
}

/// Draws the strip: opacities, and where the glyphs lie in it.
///
/// # Errors
/// When a glyph cannot be drawn.
pub fn strip() -> Result<(GrayImage, Metrics), SlideError> {
    let glyphs = GLYPHS.chars().map(draw).collect::<Result<Vec<_>, _>>()?;
    let figures = glyphs.iter().filter(|glyph| glyph.is_figure).map(|glyph| glyph.height);
    let figure = figures.fold(0.0, f32::max);
    let sizes: Vec<_> = LADDER.iter().map(|&height| size(&glyphs, figure, height)).collect();
    let wide = sizes.iter().map(|size| size.widths.iter().map(|width| u32::from(*width)).sum()).max().unwrap_or(1);
    let high = LADDER.iter().map(|height| u32::from(*height)).sum();
    let none = || SlideError::Pixels(MediaError::Encode(format!("no strip of {wide}x{high} pixels")));
    let mut canvas = Pixmap::new(wide, high).ok_or_else(none)?;
    let mut top = 0;
    for size in &sizes {
        let mut left = 0;
        for (glyph, cell) in glyphs.iter().zip(&size.widths) {
            ink(&mut canvas, glyph, &place(glyph, figure, size.height), (left, top), *cell);
            left += cell;
        }
        top += size.height;
    }
    let mut strip = GrayImage::new(wide, high);
    for (to, from) in strip.pixels_mut().zip(canvas.pixels()) {
        to.0 = [graded(from.alpha())];
    }
    Ok((strip, Metrics { glyphs: GLYPHS.to_owned(), sizes }))
}

/// The nearest of the levels that are told apart.
fn graded(opacity: u8) -> u8 {
    let level = (u16::from(opacity) * LEVELS + 127) / 255;
    u8::try_from(level * (255 / LEVELS)).unwrap_or(u8::MAX)
}

fn draw(character: char) -> Result<Drawn, SlideError> {
    let missing = || SlideError::NoGlyph { character, block: "glyphs".to_owned(), fields: Vec::new(), language: Language::En };
    let shaped = shape(&character.to_string(), Language::En, WEIGHT, false).map_err(|_| missing())?;
    let mut builder = PathBuilder::new();
    for glyph in shaped.pieces.iter().flat_map(|piece| &piece.glyphs) {
        outline(&mut builder, glyph, 0.0, 0.0, MEASURE);
    }
    let path = builder.finish().ok_or_else(missing)?;
    let ink = path.compute_tight_bounds().ok_or_else(missing)?;
    let (left, top, width, height) = (ink.left(), ink.top(), ink.width(), ink.height());
    Ok(Drawn { is_figure: character.is_ascii_digit(), path, left, top, width, height })
}

/// Where a glyph's ink lies where figures are `height` pixels high: figures and bars from head to foot, what is lower in the middle.
fn place(glyph: &Drawn, figure: f32, height: u16) -> Place {
    let scale = f32::from(height) / figure;
    let columns = |part: f32| whole(glyph.width * scale * part).max(1);
    let natural = whole(glyph.height * scale).clamp(1, height);
    // Round figures reach a little beyond flat ones, a bar from above the line to below it: here all are of one height.
    if glyph.is_figure {
        return Place { width: columns(NARROW), height, top: 0 };
    }
    if f32::from(natural) > 0.9 * f32::from(height) {
        return Place { width: columns(STEEP), height, top: 0 };
    }
    // As many rows above as below.
    let ink = natural - (height - natural) % 2;
    Place { width: columns(1.0), height: ink, top: (height - ink) / 2 }
}

fn size(glyphs: &[Drawn], figure: f32, height: u16) -> Size {
    let widths = || glyphs.iter().map(|glyph| place(glyph, figure, height).width);
    let widest = glyphs.iter().zip(widths()).filter(|(glyph, _)| glyph.is_figure).map(|(_, width)| width).max().unwrap_or(1);
    let widths = glyphs.iter().zip(widths()).map(|(glyph, width)| if glyph.is_figure { widest } else { width }).collect();
    Size { height, gap: whole(f32::from(height) * GAP).max(1), widths }
}

/// Draws a glyph in the middle of its cell.
fn ink(canvas: &mut Pixmap, glyph: &Drawn, place: &Place, (left, top): (u16, u16), cell: u16) {
    let (across, down) = (f32::from(place.width) / glyph.width, f32::from(place.height) / glyph.height);
    let left = f32::from(left + (cell - place.width) / 2) - glyph.left * across;
    let top = f32::from(top + place.top) - glyph.top * down;
    let mut paint = Paint::default();
    paint.set_color(Color::WHITE);
    paint.anti_alias = true;
    canvas.fill_path(&glyph.path, &paint, FillRule::Winding, Transform::from_row(across, 0.0, 0.0, down, left, top), None);
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths of a few hundred pixels, never below 0")]
fn whole(length: f32) -> u16 {
    length.round() as u16
}

impl Metrics {
    /// The file that players read: a line for each size.
    #[must_use]
    pub fn to_json(&self) -> String {
        let line = |size: &Size| serde_json::to_string(size).unwrap_or_default();
        let sizes: Vec<_> = self.sizes.iter().map(line).collect();
        format!("{{\"glyphs\":\"{}\",\"sizes\":[\n{}\n]}}\n", self.glyphs, sizes.join(",\n"))
    }
}

/// The strip's file: a greyscale PNG of 4 bits a pixel.
///
/// # Errors
/// When it cannot be encoded.
pub fn encode(strip: &GrayImage) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, strip.width(), strip.height());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_compression(png::Compression::High);
    // Half a pixel has nothing in common with the half beside it: as they are, they take least.
    encoder.set_filter(png::Filter::NoFilter);
    let mut packed = Vec::new();
    for row in strip.rows() {
        let levels: Vec<u8> = row.map(|pixel| pixel.0[0] >> 4).collect();
        packed.extend(levels.chunks(2).map(|pair| pair.iter().zip([4, 0]).fold(0, |byte, (level, by)| byte | level << by)));
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&packed)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "tests/glyphs.rs"]
mod tests;
