//! A block of text on the canvas: what it says in a language, set to fit, drawn where its contrast was measured.

use chrono::NaiveDate;
use playlists::geometry::Geometry;
use resvg::tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::colour::Colour;
use super::content::Content;
use super::date;
use super::error::SlideError;
use super::fit::{self, SetLine, Setting};
use super::ink::draw_line;
use super::language::Language;
use super::library::Loaded;
use super::qr::Pixels;
use super::shape::shape;
use super::template::{Align, Part, Say, Stand, Text};

/// Least contrast of text.
pub const LEAST_CONTRAST: f32 = 7.0;
/// Height of capitals, in em.
const CAPITAL: f32 = 0.74;
/// Share of the pixels under a text that may be closer to it: edges of a drawing, grain of a photograph.
const STRAY: f32 = 0.02;
/// About how many pixels under a line are looked at.
const SAMPLES: f32 = 20_000.0;

/// For whom and when a slide is made.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// What it is filled with.
    pub content: &'a Content,
    /// In which language.
    pub language: Language,
    /// For boards of these pixels.
    pub geometry: Geometry,
    /// On which day it is shown, for countdowns.
    pub today: NaiveDate,
}

/// Where a block's ink went: left, top, right and bottom in pixels.
pub type InkBounds = [f32; 4];

/// One part of a block that has something to say.
struct Said<'a> {
    part: &'a Part,
    words: String,
}

/// A line where it stands: the left end of its ink and its baseline, in pixels.
struct Placed<'a> {
    line: &'a SetLine,
    x: f32,
    baseline: f32,
}

/// Sets and draws a block; answers where its ink is, none when there was nothing to say or it did not fit. What is wrong goes to
/// `faults`, and as much as can be shown is drawn all the same: a text that does not fit is cut off at the block's edges.
pub fn draw(
    canvas: &mut Pixmap,
    block: &str,
    text: &Text,
    at: Pixels,
    loaded: &Loaded,
    setup: Setup<'_>,
    faults: &mut Vec<SlideError>,
) -> Option<InkBounds> {
    let mut said = Vec::new();
    for part in &text.parts {
        match words(part, loaded, setup) {
            Ok(words) => said.extend(words.map(|words| Said { part, words })),
            Err(fault) => faults.push(fault),
        }
    }
    if said.is_empty() {
        return None;
    }
    let (parts, setting) = match set(block, &said, at, setup) {
        Ok(set) => set,
        Err(fault) => {
            faults.push(fault);
            draw_cut(canvas, text, &said, at, loaded, setup);
            return None;
        }
    };
    let placed = place(&setting, text, at);
    let under = |placed: &Placed<'_>| {
        let right = placed.x + placed.line.line.width * placed.line.size;
        [placed.x, placed.baseline - placed.line.above, right, placed.baseline + placed.line.below]
    };
    let colour = |line: &SetLine| said.get(line.part).map(|said| loaded.colour(&said.part.colour, setup.content));
    let worst = placed.iter().filter_map(|placed| Some(contrast(canvas, under(placed), colour(placed.line)?)));
    let ratio = worst.fold(f32::INFINITY, f32::min);
    if ratio < LEAST_CONTRAST {
        faults.push(SlideError::Contrast { block: block.to_owned(), fields: fields(&said), language: setup.language, ratio });
    }
    ink(canvas, &placed, &parts, &colour);
    placed.iter().map(under).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

/// Where each line stands in the block.
fn place<'a>(setting: &'a Setting, text: &Text, at: Pixels) -> Vec<Placed<'a>> {
    let [left, top, width, height] = at.map(pixels);
    let first = top + slack_above(setting, text.stand, height);
    let one = |line: &'a SetLine| {
        let spare = width - line.line.width * line.size;
        let mut x = (slack(text.align) * spare).round();
        // The nearest whole pixel may lie half of one too far.
        if x > spare {
            x -= 1.0;
        }
        Placed { line, x: left + x.max(0.0), baseline: (first + line.baseline).floor() }
    };
    setting.lines.iter().map(one).collect()
}

fn ink(canvas: &mut Pixmap, placed: &[Placed<'_>], parts: &[fit::Part], colour: &dyn Fn(&SetLine) -> Option<Colour>) {
    for Placed { line, x, baseline } in placed {
        if let (Some(Colour([red, green, blue])), Some(part)) = (colour(line), parts.get(line.part)) {
            draw_line(canvas, &part.text, line, *x, *baseline, Color::from_rgba8(red, green, blue, 255));
        }
    }
}

/// A text that does not fit, in its smallest letters: what stands over is cut off, so that whoever fills it in sees how much it is.
fn draw_cut(canvas: &mut Pixmap, text: &Text, said: &[Said<'_>], at: Pixels, loaded: &Loaded, setup: Setup<'_>) {
    let [left, top, width, height] = at;
    let Ok(mut parts) = parts("", said, setup, true) else { return };
    parts.iter_mut().for_each(|part| part.lines = usize::MAX);
    let (Some(setting), Some(mut sheet)) = (fit::smallest(&parts, pixels(width)), Pixmap::new(width, height)) else { return };
    let from_the_top = Text { stand: Stand::Top, ..text.clone() };
    let placed = place(&setting, &from_the_top, [0, 0, width, height]);
    let colour = |line: &SetLine| said.get(line.part).map(|said| loaded.colour(&said.part.colour, setup.content));
    ink(&mut sheet, &placed, &parts, &colour);
    let here = Transform::from_translate(pixels(left), pixels(top));
    canvas.draw_pixmap(0, 0, sheet.as_ref(), &PixmapPaint::default(), here, None);
}

/// The fields whose contents these are.
fn fields(said: &[Said<'_>]) -> Vec<String> {
    said.iter().filter_map(|said| said.part.say.field().map(str::to_owned)).collect()
}

/// What a part says; none where an optional field is not filled in.
fn words(part: &Part, loaded: &Loaded, setup: Setup<'_>) -> Result<Option<String>, SlideError> {
    let Setup { content, language, .. } = setup;
    let missing = |field: &str| if loaded.is_optional(field) { Ok(None) } else { Err(SlideError::NoValue(field.to_owned())) };
    let text = match &part.say {
        Say::Words(words) => words.get(&language).cloned().unwrap_or_default(),
        Say::Field(field) => match content.texts.get(&language).and_then(|texts| texts.get(field)) {
            Some(text) => text.clone(),
            None if loaded.is_optional(field) => return Ok(None),
            None => return Err(SlideError::NoText { field: field.clone(), language }),
        },
        Say::Date(say) => match content.dates.get(&say.field) {
            Some(&day) => date::say(day, say.form, language),
            None => return missing(&say.field),
        },
        Say::DaysLeft(field) | Say::DaysLeftWords(field) => {
            let Some(&day) = content.dates.get(field) else { return missing(field) };
            let left = date::days_left(setup.today, day);
            let days = left.ok_or_else(|| SlideError::Countdown { field: field.clone(), date: day })?;
            match part.say {
                Say::DaysLeft(_) => days.to_string(),
                _ => date::days_left_words(days, language).to_owned(),
            }
        }
        Say::Level(field) => match content.levels.get(field) {
            Some(level) => level.to_string(),
            None => return missing(field),
        },
    };
    Ok(Some(if part.capitals { text.to_uppercase() } else { text }))
}

/// The parts shaped, with `hyphens` in their smallest letters.
fn parts(block: &str, said: &[Said<'_>], setup: Setup<'_>, hyphens: bool) -> Result<Vec<fit::Part>, SlideError> {
    let side = pixels(setup.geometry.width().min(setup.geometry.height()));
    let one = |Said { part, words }: &Said<'_>| {
        let text = shape(words, setup.language, part.weight, hyphens).map_err(|none| SlideError::NoGlyph {
            character: none.0,
            block: block.to_owned(),
            fields: part.say.field().map(str::to_owned).into_iter().collect(),
            language: setup.language,
        })?;
        let least = (part.size[0] * side).max(setup.language.least_em());
        // A word is divided only to be shown at all, never to be larger.
        let greatest = if hyphens { least } else { (part.size[1] * side).max(least) };
        let lines = part.lines.unwrap_or(usize::MAX);
        Ok(fit::Part { text, least, greatest, lines, gap: part.gap.unwrap_or(0.0) })
    };
    said.iter().map(one).collect()
}

/// Whole words first; English ones are divided only where nothing else fits.
fn set(block: &str, said: &[Said<'_>], at: Pixels, setup: Setup<'_>) -> Result<(Vec<fit::Part>, Setting), SlideError> {
    let [_, _, width, height] = at.map(pixels);
    for hyphens in [false, true] {
        let parts = parts(block, said, setup, hyphens)?;
        if let Some(setting) = fit::fit(&parts, width, height) {
            return Ok((parts, setting));
        }
    }
    let all = said.iter().map(|said| said.words.as_str()).collect::<Vec<_>>().join(" / ");
    Err(SlideError::Overflow {
        block: block.to_owned(),
        fields: fields(said),
        language: setup.language,
        geometry: setup.geometry,
        text: all.chars().take(60).collect(),
    })
}

/// Room above the first ink. In the middle stands what the eye takes for the text: from the first line's capitals to the last baseline.
fn slack_above(setting: &Setting, stand: Stand, height: f32) -> f32 {
    let spare = height - setting.height;
    match (stand, setting.lines.first(), setting.lines.last()) {
        (Stand::Middle, Some(first), Some(last)) => {
            let capitals = first.baseline - first.size * CAPITAL;
            let centre = f32::midpoint(capitals, last.baseline);
            (height / 2.0 - centre).clamp(0.0, spare.max(0.0))
        }
        (Stand::Bottom, _, _) => spare,
        (Stand::Top | Stand::Middle, _, _) => 0.0,
    }
}

const fn slack(align: Align) -> f32 {
    match align {
        Align::Left => 0.0,
        Align::Centre => 0.5,
        Align::Right => 1.0,
    }
}

/// The contrast of a colour against the pixels under a line, at its worst but for a few stray ones.
fn contrast(canvas: &Pixmap, [left, top, right, bottom]: InkBounds, colour: Colour) -> f32 {
    let (columns, rows) = (whole(left)..whole(right.ceil()), whole(top)..whole(bottom.ceil()));
    // On a large board every second or third pixel tells as much.
    let step = (((right - left) * (bottom - top) / SAMPLES).sqrt().ceil() as usize).max(1);
    let mut ratios: Vec<f32> = rows
        .step_by(step)
        .flat_map(|row| columns.clone().step_by(step).map(move |column| (column, row)))
        .filter_map(|(column, row)| canvas.pixel(column, row))
        .map(|pixel| colour.contrast(Colour([pixel.red(), pixel.green(), pixel.blue()])))
        .collect();
    ratios.sort_unstable_by(f32::total_cmp);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let stray = (ratios.len() as f32 * STRAY) as usize;
    ratios.get(stray).copied().unwrap_or(1.0)
}

#[allow(clippy::cast_precision_loss, reason = "a board's side is far below 2^24")]
const fn pixels(length: u32) -> f32 {
    length as f32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut at 0, and a board's side at most")]
const fn whole(length: f32) -> u32 {
    length as u32
}
