//! Slides from templates: a template's blocks, filled with texts and pictures, set by one text engine at a board's exact pixels.
//!
//! `template` is what a template's file says and `check` reads it; `content` is what it is filled with; `library` has the shipped ones.
//! `picture` is a picture that is filled in. The text engine: `shape` (glyphs, where lines may end) → `lines` (even lines) → `fit` (largest sizes) → `ink` (outlines). `words` and
//! `paint` put it on the canvas; `ticker` makes strips of running text, `glyphs` the one strip of what players write themselves.

pub mod check;
pub mod colour;
pub mod content;
pub mod date;
pub mod document;
pub mod error;
pub mod fit;
pub mod glyphs;
pub mod ink;
pub mod language;
pub mod library;
pub mod lines;
pub mod order;
pub mod paint;
pub mod picture;
pub mod qr;
pub mod shape;
pub mod sheet;
pub mod template;
#[cfg(test)]
mod tests;
pub mod ticker;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use image::RgbImage;
use playlists::geometry::Geometry;

use content::Content;
use error::SlideError;
use language::Language;
use library::Loaded;
use picture::Decoded;

/// Pictures by field, and what of them stays in sight.
pub type Pictures = BTreeMap<String, (Arc<Decoded>, Option<[f32; 2]>)>;

/// Makes the pixels of a slide in a language. Takes milliseconds on a small board, tens on a large one: run it at
/// [`super::at_the_bench`].
///
/// # Errors
/// When something is missing, does not fit or cannot be shown.
pub fn pixels(
    loaded: &Loaded,
    content: &Content,
    pictures: &Pictures,
    language: Language,
    geometry: Geometry,
    today: NaiveDate,
) -> Result<RgbImage, SlideError> {
    let proof = proof(loaded, content, pictures, language, geometry, today)?;
    match proof.faults.into_iter().next() {
        None => Ok(proof.pixels),
        Some(fault) => Err(fault),
    }
}

/// A slide as far as it can be made, and everything that is wrong with it.
pub struct Proof {
    /// Its pixels; what has a fault is framed.
    pub pixels: RgbImage,
    /// What is wrong, block after block.
    pub faults: Vec<SlideError>,
}

/// Makes a slide for the person who fills it in: what is wrong is shown, not hidden, and all of it is told at once.
///
/// # Errors
/// When there can be no slide of this size at all.
pub fn proof(
    loaded: &Loaded,
    content: &Content,
    pictures: &Pictures,
    language: Language,
    geometry: Geometry,
    today: NaiveDate,
) -> Result<Proof, SlideError> {
    let named = content.texts.values().flat_map(BTreeMap::keys).chain(content.dates.keys()).chain(content.addresses.keys());
    let named = named.chain(content.levels.keys()).chain(pictures.keys());
    let unknown: BTreeSet<_> = named.filter(|field| !loaded.template.fields.contains_key(*field)).collect();
    let mut faults: Vec<_> = unknown.into_iter().map(|field| SlideError::UnknownField(field.clone())).collect();
    let painted = paint::paint(loaded, pictures, words::Setup { content, language, geometry, today })?;
    faults.extend(painted.faults);
    Ok(Proof { pixels: opaque(&painted.canvas), faults })
}

/// The canvas is opaque from its first pixel, so premultiplied colours are the colours.
fn opaque(canvas: &resvg::tiny_skia::Pixmap) -> RgbImage {
    let mut pixels = RgbImage::new(canvas.width(), canvas.height());
    for (to, from) in pixels.pixels_mut().zip(canvas.pixels()) {
        to.0 = [from.red(), from.green(), from.blue()];
    }
    pixels
}

/// The JSON Schema of a template's file.
#[must_use]
pub fn template_schema() -> serde_json::Value {
    schemars::schema_for!(template::Template).to_value()
}

/// The JSON Schema of the file that a template is filled with.
#[must_use]
pub fn content_schema() -> serde_json::Value {
    schemars::schema_for!(Content).to_value()
}
