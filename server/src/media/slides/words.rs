//! A block of text on the canvas: what it says in a language, set to fit, drawn where its contrast was measured.

use chrono::NaiveDate;
use playlists::geometry::Geometry;
use resvg::tiny_skia::{Color, Pixmap};

use super::colour::Colour;
use super::content::Content;
use super::date;
use super::error::SlideError;
use super::fit::{self, Setting};
use super::ink::draw_line;
use super::language::Language;
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

/// Sets and draws a block; answers where its ink is, none when there was nothing to say.
///
/// # Errors
/// When a text is missing or does not fit, a character has no glyph, or the contrast is too low.
pub fn draw(
    canvas: &mut Pixmap,
    block: &str,
    text: &Text,
    at: Pixels,
    colours: &dyn Fn(&str) -> Colour,
    optional: &dyn Fn(&str) -> bool,
    setup: Setup<'_>,
) -> Result<Option<InkBounds>, SlideError> {
    let mut said = Vec::new();
    for part in &text.parts {
        if let Some(words) = words(part, optional, setup)? {
            said.push((part, words));
        }
    }
    if said.is_empty() {
        return Ok(None);
    }
    let (parts, setting) = set(block, &said, at, setup)?;
    let [left, top, width, height] = at.map(pixels);
    let first = top + slack_above(&setting, text.stand, height);
    let mut bounds = [f32::MAX, f32::MAX, 0.0_f32, 0.0_f32];
    let mut placed = Vec::new();
    for line in &setting.lines {
        let wide = line.line.width * line.size;
        let x = (left + slack(text.align) * (width - wide)).round().max(left);
        let baseline = (first + line.baseline).floor();
        bounds = [
            bounds[0].min(x),
            bounds[1].min(baseline - line.above),
            bounds[2].max(x + wide),
            bounds[3].max(baseline + line.below),
        ];
        placed.push((line, x, baseline));
    }
    for &(line, x, baseline) in &placed {
        let Some((part, _)) = said.get(line.part) else { continue };
        let colour = colours(&part.colour);
        let under = [x, baseline - line.above, x + line.line.width * line.size, baseline + line.below];
        let ratio = contrast(canvas, under, colour);
        if ratio < LEAST_CONTRAST {
            return Err(SlideError::Contrast { block: block.to_owned(), ratio });
        }
    }
    for (line, x, baseline) in placed {
        if let (Some((part, _)), Some(set)) = (said.get(line.part), parts.get(line.part)) {
            let [red, green, blue] = colours(&part.colour).0;
            draw_line(canvas, &set.text, line, x, baseline, Color::from_rgba8(red, green, blue, 255));
        }
    }
    Ok(Some(bounds))
}

/// What a part says; none where an optional field is not filled in.
fn words(part: &Part, optional: &dyn Fn(&str) -> bool, setup: Setup<'_>) -> Result<Option<String>, SlideError> {
    let Setup { content, language, .. } = setup;
    let missing = |field: &str| if optional(field) { Ok(None) } else { Err(SlideError::NoValue(field.to_owned())) };
    let text = match &part.say {
        Say::Words(words) => words.get(&language).cloned().unwrap_or_default(),
        Say::Field(field) => match content.texts.get(&language).and_then(|texts| texts.get(field)) {
            Some(text) => text.clone(),
            None if optional(field) => return Ok(None),
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

/// Whole words first; English ones are divided only where nothing else fits.
fn set(block: &str, said: &[(&Part, String)], at: Pixels, setup: Setup<'_>) -> Result<(Vec<fit::Part>, Setting), SlideError> {
    let [_, _, width, height] = at.map(pixels);
    let side = pixels(setup.geometry.width().min(setup.geometry.height()));
    for hyphens in [false, true] {
        let mut parts = Vec::new();
        for (part, words) in said {
            let text = shape(words, setup.language, part.weight, hyphens).map_err(|none| SlideError::NoGlyph {
                character: none.0,
                block: block.to_owned(),
                language: setup.language,
            })?;
            let least = (part.size[0] * side).max(setup.language.least_em());
            // A word is divided only to be shown at all, never to be larger.
            let greatest = if hyphens { least } else { (part.size[1] * side).max(least) };
            parts.push(fit::Part {
                text,
                least,
                greatest,
                lines: part.lines.unwrap_or(usize::MAX),
                gap: part.gap.unwrap_or(0.0),
            });
        }
        if let Some(setting) = fit::fit(&parts, width, height) {
            return Ok((parts, setting));
        }
    }
    let all = said.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(" / ");
    Err(SlideError::Overflow {
        block: block.to_owned(),
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
