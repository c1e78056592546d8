//! Tests of the text engine and of the shipped templates.

mod any;
mod goldens;
mod proofs;
mod templates;
mod texts;

use std::sync::Arc;

use super::library::{self, Loaded};
use super::shape::{Shaped, shape};
use super::*;

/// The sizes of board that templates are made to look good at.
const GEOMETRIES: [&str; 5] = ["64x256", "256x128", "640x320", "960x540", "1920x1080"];

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn geometry(text: &str) -> Geometry {
    text.parse().expect("a geometry")
}

fn shaped(text: &str, language: Language) -> Shaped {
    shape(text, language, 700, false).expect("every character has a glyph")
}

/// A template that is made for a test.
fn template(json: &serde_json::Value) -> Loaded {
    let files = [(library::TEMPLATE_FILE.to_owned(), json.to_string().into_bytes())];
    Loaded::from_files("test", files.into()).expect("a template")
}

fn content(json: &serde_json::Value) -> Content {
    Content::read(&json.to_string()).expect("a content")
}

/// Paints a text block on the whole board and says which rows and columns hold light pixels.
fn ink_box(words: &str, language: Language, at: [f32; 4], board: &str) -> [u32; 4] {
    let loaded = template(&serde_json::json!({
        "name": {"vi": "Thử", "en": "Test"},
        "about": {"vi": "Thử.", "en": "A test."},
        "fields": {"body": {"kind": "text", "name": {"vi": "Chữ", "en": "Text"}}},
        "colours": {},
        "variants": [{"name": "all", "blocks": [{"text": {"at": at, "align": "centre", "parts": [
            {"say": {"field": "body"}, "size": [0.01, 1.0], "colour": "#ffffff"}]}}]}]
    }));
    let content = content(&serde_json::json!({"texts": {language.code(): {"body": words}}}));
    let picture = pixels(&loaded, &content, &Pictures::new(), language, geometry(board), day("2026-01-01")).expect("drawn");
    let lit = picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 8);
    lit.fold([u32::MAX, u32::MAX, 0, 0], |[l, t, r, b], (x, y, _)| [l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)])
}
