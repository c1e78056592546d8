//! Sets the parts of a block at the largest sizes that fit, all growing together from their least to their greatest. Pure.

use super::lines::{Line, break_lines};
use super::shape::Shaped;

/// Steps between the least sizes and the greatest.
const STEPS: u16 = 64;
/// Between two inks that may not touch, in pixels.
const APART: f32 = 1.0;

/// One part of a block, shaped.
pub struct Part {
    /// Its text.
    pub text: Shaped,
    /// Least size of the em, in pixels.
    pub least: f32,
    /// Greatest size, in pixels.
    pub greatest: f32,
    /// Most lines it may take.
    pub lines: usize,
    /// More room above it than its line height gives, in its own em.
    pub gap: f32,
}

/// A line in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct SetLine {
    /// Of which part.
    pub part: usize,
    /// Its pieces.
    pub line: Line,
    /// Size of its em, in pixels.
    pub size: f32,
    /// Its baseline, in pixels below the first ink of the block.
    pub baseline: f32,
    /// Its ink above the baseline, in pixels.
    pub above: f32,
    /// Its ink below the baseline, in pixels.
    pub below: f32,
}

/// A block that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// From top to bottom.
    pub lines: Vec<SetLine>,
    /// From the first ink to the last, in pixels.
    pub height: f32,
}

/// The largest setting within these pixels; none where the least sizes do not fit.
#[must_use]
pub fn fit(parts: &[Part], width: f32, height: f32) -> Option<Setting> {
    let at = |step: u16| set(parts, width, f32::from(step) / f32::from(STEPS)).filter(|setting| setting.height <= height);
    let mut best = at(0)?;
    let (mut low, mut high) = (0, STEPS + 1);
    while high - low > 1 {
        let middle = u16::midpoint(low, high);
        match at(middle) {
            Some(setting) => (best, low) = (setting, middle),
            None => high = middle,
        }
    }
    Some(best)
}

/// All parts at their least sizes, however high that is; a word that is wider than the block stands over its edge.
#[must_use]
pub fn smallest(parts: &[Part], width: f32) -> Option<Setting> {
    set(parts, width, 0.0).or_else(|| set(parts, f32::MAX, 0.0))
}

/// All parts at a share of the way from their least to their greatest size.
fn set(parts: &[Part], width: f32, share: f32) -> Option<Setting> {
    let mut lines: Vec<SetLine> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let size = part.least + (part.greatest - part.least) * share;
        let broken = break_lines(&part.text, width / size)?;
        if broken.len() > part.lines {
            return None;
        }
        for (place, line) in broken.into_iter().enumerate() {
            let pieces = part.text.pieces.get(line.pieces.clone()).unwrap_or_default();
            let above = pieces.iter().map(|piece| piece.above).fold(0.0, f32::max) * size;
            let below = pieces.iter().map(|piece| piece.below).fold(0.0, f32::max) * size;
            let pitch = part.text.language.line_height() * size;
            let baseline = match lines.last() {
                None => above,
                Some(before) if place > 0 => before.baseline + pitch.max(before.below + above),
                Some(before) => {
                    let former = parts.get(before.part).map_or(pitch, |part| part.text.language.line_height() * before.size);
                    let room = pitch.min(former).max(before.below + above + APART);
                    before.baseline + room + part.gap * size
                }
            };
            // Whole pixels keep the feet of the letters sharp.
            lines.push(SetLine { part: number, line, size, baseline: baseline.ceil(), above, below });
        }
    }
    let height = lines.last().map_or(0.0, |last| last.baseline + last.below);
    Some(Setting { lines, height })
}
