//! From a text to pieces that a line may break between: glyphs placed in em, so that one shaping serves every size.

use std::ops::Range;

use harfrust::{Direction, ShapeOptions, UnicodeBuffer};
use skrifa::instance::{LocationRef, Size};
use skrifa::{GlyphId, MetadataProvider as _};
use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::language::Language;
use crate::media::fonts::{self, FaceId, Letters};

/// A glyph in its piece; lengths in em, upwards from the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// From which face.
    pub face: FaceId,
    /// Its number there.
    pub id: GlyphId,
    /// From the left edge of its piece.
    pub x: f32,
    /// Above the baseline.
    pub y: f32,
}

/// What may happen after a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A line may end here.
    May,
    /// A line ends here.
    Must,
    /// A line may end here with a hyphen.
    Hyphen,
}

/// What no line is broken within. Lengths in em.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its glyphs, without the spaces after it.
    pub glyphs: Vec<Glyph>,
    /// Width without the spaces after it.
    pub width: f32,
    /// Width of the spaces after it.
    pub space: f32,
    /// Height of its ink above the baseline.
    pub above: f32,
    /// Depth of its ink below the baseline.
    pub below: f32,
    /// How far its ink reaches out on the left of where it begins: the tail of a j.
    pub before: f32,
    /// How far its ink reaches out on the right of its width: the head of an f.
    pub after: f32,
    /// What may happen after it.
    pub end: End,
    /// How unwelcome a line's end is here: 0 neutral, above 0 worse (within a name, before a number), below 0 welcome (after a comma).
    pub strain: f32,
}

/// A shaped text.
#[derive(Debug, Clone, PartialEq)]
pub struct Shaped {
    /// In order.
    pub pieces: Vec<Piece>,
    /// A hyphen, for lines that end within a word.
    pub hyphen: Piece,
    /// The text's language.
    pub language: Language,
}

/// A character that no shipped font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoGlyph(pub char);

/// Shapes a text (in NFC) with the fonts of its language; with `hyphens`, English words may be divided.
///
/// # Errors
/// When no shipped font has one of its characters.
pub fn shape(text: &str, language: Language, weight: u16, hyphens: bool) -> Result<Shaped, NoGlyph> {
    let glyphs = glyphs(text, language, weight)?;
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut next = 0;
    for (to, end) in ends(text, language, hyphens) {
        let words = text.get(from..to).unwrap_or_default();
        let inked = from + words.trim_end().len();
        let run: Vec<_> = glyphs.get(next..).unwrap_or_default().iter().take_while(|glyph| glyph.cluster < to).copied().collect();
        next += run.len();
        let after = text.get(to..).unwrap_or_default();
        pieces.push(piece(&run, inked, end, strain(words, after, language)));
        from = to;
    }
    // Only a hard break within the text ends a line; its end does so anyway.
    if let Some(last) = pieces.last_mut() {
        last.end = End::May;
    }
    let hyphen = self::glyphs("-", Language::En, weight)?;
    Ok(Shaped { pieces, hyphen: piece(&hyphen, 1, End::May, 0.0), language })
}

/// A glyph with its advance and the place in the text it came from.
#[derive(Clone, Copy)]
struct Placed {
    face: FaceId,
    id: GlyphId,
    cluster: usize,
    advance: f32,
    x: f32,
    y: f32,
    above: f32,
    below: f32,
    left: f32,
    right: f32,
}

fn piece(run: &[Placed], inked: usize, end: End, strain: f32) -> Piece {
    let mut piece =
        Piece { glyphs: Vec::new(), width: 0.0, space: 0.0, above: 0.0, below: 0.0, before: 0.0, after: 0.0, end, strain };
    let mut right = 0.0_f32;
    for placed in run {
        if placed.cluster >= inked {
            piece.space += placed.advance;
            continue;
        }
        piece.glyphs.push(Glyph { face: placed.face, id: placed.id, x: piece.width + placed.x, y: placed.y });
        piece.above = piece.above.max(placed.above);
        piece.below = piece.below.max(placed.below);
        piece.before = piece.before.max(-(piece.width + placed.left));
        right = right.max(piece.width + placed.right);
        piece.width += placed.advance;
    }
    piece.after = (right - piece.width).max(0.0);
    piece
}

/// Where lines may end, as places in the text (UAX 14, with the language's own rules).
fn ends(text: &str, language: Language, hyphens: bool) -> Vec<(usize, End)> {
    let mut ends = Vec::new();
    let mut from = 0;
    for (to, opportunity) in linebreaks(text) {
        let words = text.get(from..to).unwrap_or_default();
        // Between two letters no word is broken; after a mark (홍수·산사태) it may be.
        let within = words.ends_with(char::is_alphanumeric);
        let end = match opportunity {
            BreakOpportunity::Mandatory => End::Must,
            BreakOpportunity::Allowed if language.keeps_words() && within => continue,
            // 4月, 81周年: a figure stays with the character after it, which says what is counted.
            BreakOpportunity::Allowed if language == Language::Zh && words.ends_with(|c: char| c.is_ascii_digit()) => continue,
            BreakOpportunity::Allowed => End::May,
        };
        if hyphens && language == Language::En {
            ends.extend(divisions(words, from).map(|place| (place, End::Hyphen)));
        }
        ends.push((to, end));
        from = to;
    }
    ends
}

/// Where an English word may be divided: by its syllables, three letters at least on either side.
fn divisions(words: &str, from: usize) -> impl Iterator<Item = usize> {
    let word = words.trim_end();
    let plain = word.chars().all(char::is_alphabetic) && word.len() >= 7;
    // The patterns know small letters only.
    let small = if plain { word.to_lowercase() } else { String::new() };
    let mut places = Vec::new();
    if small.len() == word.len() {
        let mut place = 0;
        for syllable in hypher::hyphenate_bounded(&small, hypher::Lang::English, 3, 3) {
            place += syllable.len();
            places.push(from + place);
        }
        places.pop();
    }
    places.into_iter()
}

/// How unwelcome the end of a line is between these words and those after them.
fn strain(words: &str, after: &str, language: Language) -> f32 {
    let word = words.trim_end();
    let capital = |text: &str| text.chars().next().is_some_and(char::is_uppercase);
    let shout = |text: &str| text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    let next = after.split_whitespace().next().unwrap_or_default();
    match word.chars().last() {
        _ if next.is_empty() => 0.0,
        Some('.' | '!' | '?' | ':' | ';' | '。' | '！' | '？' | '：' | '；') => -0.3,
        Some(',' | '，' | '、' | '–' | '—') => -0.2,
        // "2 tháng 9", "Zone 3", "5 km": what belongs to a number stays with it.
        _ if next.starts_with(|c: char| c.is_ascii_digit()) => 0.3,
        _ if word.ends_with(|c: char| c.is_ascii_digit()) => 0.15,
        // Names of two and more syllables: "Tân Cương", "Nguyễn Ái Quốc".
        _ if language == Language::Vi && capital(word) && capital(next) && !shout(word) && !shout(next) => 0.15,
        _ => 0.0,
    }
}

fn glyphs(text: &str, language: Language, weight: u16) -> Result<Vec<Placed>, NoGlyph> {
    let mut all = Vec::new();
    for (range, face) in runs(text, language, weight)? {
        all.extend(shape_run(text.get(range.clone()).unwrap_or_default(), range.start, face));
    }
    Ok(all)
}

/// Parts of the text in one face each.
fn runs(text: &str, language: Language, weight: u16) -> Result<Vec<(Range<usize>, FaceId)>, NoGlyph> {
    let mut runs: Vec<(Range<usize>, FaceId)> = Vec::new();
    for (at, character) in text.char_indices() {
        let to = at + character.len_utf8();
        match runs.last_mut() {
            // What is never seen (spaces, breaks, joiners) stays with what stands before it.
            Some((range, _)) if is_unseen(character) => range.end = to,
            None if is_unseen(character) => runs.push((at..to, fonts::face(Letters::Latin, weight))),
            last => {
                let face = face_for(character, language, weight)?;
                match last {
                    Some((range, same)) if *same == face => range.end = to,
                    _ => runs.push((at..to, face)),
                }
            }
        }
    }
    Ok(runs)
}

fn is_unseen(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Latin letters and digits come from Be Vietnam Pro in every language, so that "Thái Nguyên" is of one make in a Chinese text too;
/// the marks of Chinese and Korean texts, which are set to their width, come from their own fonts.
fn face_for(character: char, language: Language, weight: u16) -> Result<FaceId, NoGlyph> {
    let own = language.letters();
    let is_mark = matches!(character, '\u{b7}' | '\u{2010}'..='\u{2026}' | '\u{3000}'..='\u{303f}');
    let first = if is_mark { own } else { Letters::Latin };
    [first, own, Letters::Latin, Letters::Chinese, Letters::Korean]
        .into_iter()
        .map(|letters| fonts::face(letters, weight))
        .find(|id| id.face().font.charmap().map(character).is_some())
        .ok_or(NoGlyph(character))
}

fn shape_run(text: &str, start: usize, id: FaceId) -> Vec<Placed> {
    let face = id.face();
    let shaper = face.shaping.shaper(&face.font).build();
    let metrics = face.font.glyph_metrics(Size::unscaled(), LocationRef::default());
    #[allow(clippy::cast_precision_loss, reason = "fonts have at most 16,384 units an em")]
    let em = |units: i32| units as f32 / shaper.units_per_em() as f32;
    let upem = em(1);
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(Direction::LeftToRight);
    buffer.guess_segment_properties();
    let shaped = shaper.shape(buffer, ShapeOptions::new());
    let placed = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    placed
        .map(|(info, position)| {
            let id_in_face = GlyphId::new(info.glyph_id);
            let cluster = start + usize::try_from(info.cluster).unwrap_or(usize::MAX);
            let bounds = metrics.bounds(id_in_face).unwrap_or_default();
            let (x, y) = (em(position.x_offset), em(position.y_offset));
            Placed {
                face: id,
                id: id_in_face,
                cluster,
                advance: em(position.x_advance),
                x,
                y,
                above: bounds.y_max * upem + y,
                below: -(bounds.y_min * upem + y),
                left: bounds.x_min * upem + x,
                right: bounds.x_max * upem + x,
            }
        })
        .collect()
}
