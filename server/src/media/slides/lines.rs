//! Breaks pieces into lines: as few as fit, and among these the most even ones, at the least unwelcome places. Pure.

use std::ops::Range;

use super::language::Language;
use super::shape::{End, Piece, Shaped};

/// What a divided word costs, as a share of a full line.
const DIVIDED: f32 = 0.5;
/// What a last line of one short word costs.
const ALONE: f32 = 0.6;
/// Rounding of lengths, in em: what fits exactly fits.
const SLACK: f32 = 1e-5;

/// A line: which pieces, and its width in em with the hyphen it may end in and all ink that reaches out at its ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Pieces of the text.
    pub pieces: Range<usize>,
    /// In em.
    pub width: f32,
    /// How much of it lies on the left of where its first letter begins, in em.
    pub before: f32,
    /// Whether it ends in a hyphen.
    pub hyphen: bool,
}

/// Lines no wider than `measure` em; none where a piece is wider than that.
#[must_use]
pub fn break_lines(text: &Shaped, measure: f32) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    let mut from = 0;
    for (at, piece) in text.pieces.iter().enumerate() {
        if piece.end == End::Must || at + 1 == text.pieces.len() {
            lines.extend(paragraph(text, from..at + 1, measure)?);
            from = at + 1;
        }
    }
    Some(lines)
}

#[derive(Clone, Copy)]
struct Best {
    lines: usize,
    cost: f32,
    from: usize,
}

/// Dynamic programming over where the last line begins: fewest lines first, then least cost.
fn paragraph(text: &Shaped, range: Range<usize>, measure: f32) -> Option<Vec<Line>> {
    let pieces = text.pieces.get(range.clone())?;
    let mut best = vec![Some(Best { lines: 0, cost: 0.0, from: 0 })];
    for to in 1..=pieces.len() {
        let mut found: Option<Best> = None;
        for from in (0..to).rev() {
            let (width, _) = width(pieces, from..to, to == pieces.len(), text.hyphen.width);
            if width > measure + SLACK {
                // A hyphen makes this end wider than one further on: only what is too wide without it ends the search.
                if width - text.hyphen.width > measure { break } else { continue }
            }
            let Some(Some(before)) = best.get(from).copied() else { continue };
            let cost = before.cost + cost(pieces, from..to, width, measure, text.language);
            let here = Best { lines: before.lines + 1, cost, from };
            if found.is_none_or(|other| (here.lines, here.cost) < (other.lines, other.cost)) {
                found = Some(here);
            }
        }
        best.push(found);
    }
    let mut lines = Vec::new();
    let mut to = pieces.len();
    while to > 0 {
        let from = best.get(to).copied().flatten()?.from;
        let (width, hyphen) = width(pieces, from..to, to == pieces.len(), text.hyphen.width);
        let before = pieces.get(from).map_or(0.0, |piece| piece.before);
        lines.push(Line { pieces: range.start + from..range.start + to, width, before, hyphen });
        to = from;
    }
    lines.reverse();
    Some(lines)
}

fn width(pieces: &[Piece], range: Range<usize>, last: bool, hyphen: f32) -> (f32, bool) {
    let line = pieces.get(range).unwrap_or_default();
    let all: f32 = line.iter().map(|piece| piece.width + piece.space).sum();
    let end = line.last();
    let hyphened = !last && end.is_some_and(|piece| piece.end == End::Hyphen);
    let before = line.first().map_or(0.0, |piece| piece.before);
    let (space, after) = end.map_or((0.0, 0.0), |piece| (piece.space, piece.after));
    (before + all - space + if hyphened { hyphen } else { after }, hyphened)
}

/// The squares of the widths are least when lines are even; the rest makes a line end where a reader would pause.
fn cost(pieces: &[Piece], range: Range<usize>, width: f32, measure: f32, language: Language) -> f32 {
    let share = width / measure;
    let last = range.end == pieces.len();
    let end = pieces.get(range.end.saturating_sub(1));
    let mut cost = share * share;
    if !last {
        cost += end.map_or(0.0, |piece| piece.strain);
        if end.is_some_and(|piece| piece.end == End::Hyphen) {
            cost += DIVIDED;
        }
    }
    // One syllable of Vietnamese, or one character of Chinese, does not stand alone under a longer text.
    let alone = match language {
        Language::Vi | Language::Zh => range.len() == 1 && width < measure / 3.0,
        Language::En | Language::Ko => range.len() == 1 && width < measure / 5.0,
    };
    if last && range.start > 0 && alone {
        cost += ALONE;
    }
    cost
}
