//! Draws set lines: glyph outlines on whole-pixel baselines.

use resvg::tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Transform};
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};

use super::fit::SetLine;
use super::shape::{Glyph, Shaped};

/// Draws one line with the left end of its ink and its baseline at this place.
pub fn draw_line(canvas: &mut Pixmap, text: &Shaped, line: &SetLine, left: f32, baseline: f32, colour: Color) {
    let mut builder = PathBuilder::new();
    let mut x = left + line.line.before * line.size;
    for piece in text.pieces.get(line.line.pieces.clone()).unwrap_or_default() {
        for glyph in &piece.glyphs {
            outline(&mut builder, glyph, x, baseline, line.size);
        }
        x += (piece.width + piece.space) * line.size;
    }
    if line.line.hyphen {
        let space = text.pieces.get(line.line.pieces.clone()).and_then(<[_]>::last).map_or(0.0, |piece| piece.space);
        for glyph in &text.hyphen.glyphs {
            outline(&mut builder, glyph, x - space * line.size, baseline, line.size);
        }
    }
    let Some(path) = builder.finish() else { return };
    let mut paint = Paint::default();
    paint.set_color(colour);
    paint.anti_alias = true;
    canvas.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
}

/// Adds a glyph's outline with the origin of its piece at this place.
pub(super) fn outline(builder: &mut PathBuilder, glyph: &Glyph, x: f32, baseline: f32, size: f32) {
    let Some(shape) = glyph.face.face().font.outline_glyphs().get(glyph.id) else { return };
    let mut pen = Pen { builder, x: x + glyph.x * size, y: baseline - glyph.y * size };
    // An outline that cannot be drawn is left out: the shipped fonts hold none, which a test goes through.
    let _ = shape.draw(DrawSettings::unhinted(Size::new(size), LocationRef::default()), &mut pen);
}

struct Pen<'a> {
    builder: &'a mut PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(self.x + x, self.y - y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(self.x + x, self.y - y);
    }
    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.builder.quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }
    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.builder.cubic_to(self.x + ax, self.y - ay, self.x + bx, self.y - by, self.x + x, self.y - y);
    }
    fn close(&mut self) {
        self.builder.close();
    }
}
