//! Paints a template's blocks one over the other on a board's pixels.

use playlists::geometry::Geometry;
use resvg::tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Point, Rect, Shader,
    SpreadMode, Stroke, StrokeDash, Transform,
};

use super::Pictures;
use super::colour::Colour;
use super::error::SlideError;
use super::library::Loaded;
use super::picture::{Decoded, meet};
use super::qr::{self, Pixels};
use super::template::{Area, Art, Block, Fill, Logo, Meet, Picture, Text, Variant};
use super::words::{self, InkBounds, Setup};
use crate::media::intake::MediaError;

/// Room between a logo and the edge of its plate, as a share of the smaller side of its area.
const PLATE_MARGIN: f32 = 0.1;
/// What is laid over a block that cannot be shown as it should.
const ALARM: [u8; 3] = [255, 40, 90];
/// The frame of a block that waits to be filled in.
const WAITING: [u8; 3] = [150, 150, 150];

/// A painted slide, where the ink of its blocks of text is, and what is wrong with it.
pub struct Painted {
    /// Its pixels, opaque. A block with a fault is framed and tinted.
    pub canvas: Pixmap,
    /// For each block of text that said something: its name, its area and the bounds of its ink, in pixels.
    pub inks: Vec<(String, Pixels, InkBounds)>,
    /// Everything that is wrong; a slide goes to a board only where this is empty.
    pub faults: Vec<SlideError>,
}

/// Paints a slide, as far as it can be painted.
///
/// # Errors
/// When there can be no slide of this size at all.
pub fn paint(loaded: &Loaded, pictures: &Pictures, setup: Setup<'_>) -> Result<Painted, SlideError> {
    let geometry = setup.geometry;
    let size = || SlideError::Pixels(MediaError::Size(geometry));
    let mut canvas = Pixmap::new(geometry.width(), geometry.height()).ok_or_else(size)?;
    canvas.fill(Color::BLACK);
    let variant = choose(&loaded.template.variants, geometry).ok_or_else(size)?;
    let mut painter = Painter { loaded, pictures, setup, canvas, inks: Vec::new(), faults: Vec::new() };
    let mut marked = Vec::new();
    for (number, block) in variant.blocks.iter().enumerate() {
        let before = painter.faults.len();
        if let Err(fault) = painter.block(&format!("{}[{number}]", variant.name), block) {
            painter.faults.push(fault);
        }
        let new = painter.faults.get(before..).unwrap_or_default();
        if !new.is_empty() {
            let is_empty = new.iter().all(|fault| matches!(fault, SlideError::NoText { .. } | SlideError::NoValue(_)));
            marked.push((block.area(), is_empty));
        }
    }
    // Last, so that nothing covers them.
    for (area, is_empty) in marked {
        painter.mark(area, is_empty);
    }
    Ok(Painted { canvas: painter.canvas, inks: painter.inks, faults: painter.faults })
}

/// The first variant whose conditions a board meets.
fn choose(variants: &[Variant], geometry: Geometry) -> Option<&Variant> {
    let (width, height) = (f64::from(geometry.width()), f64::from(geometry.height()));
    let aspect = width / height;
    variants.iter().find(|variant| {
        let when = variant.when;
        when.wider_than.is_none_or(|least| aspect >= f64::from(least))
            && when.narrower_than.is_none_or(|most| aspect < f64::from(most))
            && when.side_below.is_none_or(|most| geometry.width().min(geometry.height()) < most)
    })
}

struct Painter<'a> {
    loaded: &'a Loaded,
    pictures: &'a Pictures,
    setup: Setup<'a>,
    canvas: Pixmap,
    inks: Vec<(String, Pixels, InkBounds)>,
    faults: Vec<SlideError>,
}

impl Painter<'_> {
    fn block(&mut self, name: &str, block: &Block) -> Result<(), SlideError> {
        match block {
            Block::Fill(fill) => {
                if self.wants(fill.with.as_deref(), None) {
                    self.fill(fill);
                }
                Ok(())
            }
            Block::Art(art) if self.wants(art.with.as_deref(), art.without.as_deref()) => self.art(art),
            Block::Text(text) if self.wants(text.with.as_deref(), text.without.as_deref()) => {
                self.text(name, text);
                Ok(())
            }
            Block::Art(_) | Block::Text(_) => Ok(()),
            Block::Picture(picture) => self.picture(picture),
            Block::Logo(logo) => self.logo(logo),
            Block::Qr(code) => {
                let at = self.area(code.at);
                match self.setup.content.addresses.get(&code.field) {
                    Some(address) => qr::draw(&mut self.canvas, at, &code.field, address, self.setup.geometry),
                    None => self.left_out(&code.field),
                }
            }
        }
    }

    fn text(&mut self, name: &str, text: &Text) {
        let at = self.area(text.at);
        let ink = words::draw(&mut self.canvas, name, text, at, self.loaded, self.setup, &mut self.faults);
        self.inks.extend(ink.map(|ink| (name.to_owned(), at, ink)));
    }

    /// Whether what is shown only with a field, or only without one, is shown.
    fn wants(&self, with: Option<&str>, without: Option<&str>) -> bool {
        with.is_none_or(|field| self.is_filled_in(field)) && without.is_none_or(|field| !self.is_filled_in(field))
    }

    /// Nothing is shown for an optional field that is not filled in.
    fn left_out(&self, field: &str) -> Result<(), SlideError> {
        if self.loaded.is_optional(field) { Ok(()) } else { Err(SlideError::NoValue(field.to_owned())) }
    }

    fn is_filled_in(&self, field: &str) -> bool {
        let content = self.setup.content;
        content.texts.get(&self.setup.language).is_some_and(|texts| texts.contains_key(field))
            || content.dates.contains_key(field)
            || content.addresses.contains_key(field)
            || content.levels.contains_key(field)
            || self.pictures.contains_key(field)
    }

    /// Whole pixels: areas that meet in the template meet on the board.
    fn area(&self, [left, top, width, height]: Area) -> Pixels {
        let across = |share: f32| edge(share, self.setup.geometry.width());
        let down = |share: f32| edge(share, self.setup.geometry.height());
        let (x, y) = (across(left), down(top));
        [x, y, (across(left + width) - x).max(1), (down(top + height) - y).max(1)]
    }

    fn fill(&mut self, fill: &Fill) {
        let at = self.area(fill.at);
        let [left, top, width, height] = at.map(single);
        let Some(rect) = Rect::from_xywh(left, top, width, height) else { return };
        let from = self.shade(&fill.colour, fill.opacity.unwrap_or(100));
        let mut paint = Paint::default();
        if fill.to.is_some() || fill.to_opacity.is_some() {
            let to = self.shade(fill.to.as_ref().unwrap_or(&fill.colour), fill.to_opacity.or(fill.opacity).unwrap_or(100));
            let end = if fill.across { Point::from_xy(left + width, top) } else { Point::from_xy(left, top + height) };
            let stops = vec![GradientStop::new(0.0, from), GradientStop::new(1.0, to)];
            let run = LinearGradient::new(Point::from_xy(left, top), end, stops, SpreadMode::Pad, Transform::identity());
            paint.shader = run.unwrap_or(Shader::SolidColor(from));
        } else {
            paint.set_color(from);
        }
        match fill.radius {
            None => {
                paint.anti_alias = false;
                self.canvas.fill_rect(rect, &paint, Transform::identity(), None);
            }
            Some(share) => {
                let side = single(self.setup.geometry.width().min(self.setup.geometry.height()));
                let radius = (share * side).min(width / 2.0).min(height / 2.0);
                if let Some(path) = rounded(rect, radius) {
                    self.canvas.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
                }
            }
        }
    }

    fn shade(&self, ink: &str, opacity: u8) -> Color {
        let Colour([red, green, blue]) = self.loaded.colour(ink, self.setup.content);
        let mut shade = Color::from_rgba8(red, green, blue, 255);
        shade.set_alpha(f32::from(opacity.min(100)) / 100.0);
        shade
    }

    fn art(&mut self, art: &Art) -> Result<(), SlideError> {
        let fault = |cause| SlideError::Art { file: art.file.clone(), cause };
        let colour = art.colour.as_ref().map(|ink| self.loaded.colour(ink, self.setup.content));
        let drawing = self.loaded.drawing(&art.file, colour).map_err(fault)?;
        let at = self.area(art.at);
        let (place, _) = meet(drawing.exact_size(), at, art.meet, art.focus.unwrap_or([0.5, 0.5]));
        self.within(at, |sheet| drawing.draw(sheet, place));
        Ok(())
    }

    fn picture(&mut self, picture: &Picture) -> Result<(), SlideError> {
        let Some((decoded, own_focus)) = self.pictures.get(&picture.field) else { return self.left_out(&picture.field) };
        let focus = own_focus.or(picture.focus).unwrap_or([0.5, 0.5]);
        self.fill_in(&picture.field, decoded, self.area(picture.at), picture.meet, focus)
    }

    fn logo(&mut self, logo: &Logo) -> Result<(), SlideError> {
        let Some((decoded, _)) = self.pictures.get(&logo.field) else { return self.left_out(&logo.field) };
        let focus = logo.focus.unwrap_or([0.5, 0.5]);
        let mut at = self.area(logo.at);
        if let Some(ink) = &logo.plate {
            let [left, top, width, height] = at;
            let margin = whole(single(width.min(height)) * PLATE_MARGIN).max(1);
            let room = [width.saturating_sub(2 * margin).max(1), height.saturating_sub(2 * margin).max(1)];
            let (place, (wide, high)) = meet(decoded.size(), [0, 0, room[0], room[1]], Meet::Contain, focus);
            let (x, y) = (left + whole(place.tx), top + whole(place.ty));
            let (wide, high) = (wide.min(room[0]), high.min(room[1]));
            self.plate([x, y, (wide + 2 * margin).min(left + width - x), (high + 2 * margin).min(top + height - y)], ink, margin);
            at = [x + margin, y + margin, wide, high];
        }
        self.fill_in(&logo.field, decoded, at, Meet::Contain, focus)
    }

    /// Ground for a logo.
    fn plate(&mut self, at: Pixels, ink: &str, radius: u32) {
        let [left, top, width, height] = at.map(single);
        let Some(rect) = Rect::from_xywh(left, top, width, height) else { return };
        let mut paint = Paint::default();
        paint.set_color(self.shade(ink, 100));
        if let Some(path) = rounded(rect, single(radius).min(width / 2.0).min(height / 2.0)) {
            self.canvas.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    fn fill_in(&mut self, field: &str, decoded: &Decoded, at: Pixels, how: Meet, focus: [f32; 2]) -> Result<(), SlideError> {
        let mut drawn = Ok(());
        self.within(at, |sheet| drawn = decoded.draw(sheet, at, how, focus));
        drawn.map_err(|cause| SlideError::Picture { field: field.to_owned(), cause })
    }

    /// Frames a block that has a fault, and tints it unless it only waits to be filled in.
    fn mark(&mut self, area: Area, is_empty: bool) {
        let [left, top, width, height] = self.area(area).map(single);
        let [red, green, blue] = if is_empty { WAITING } else { ALARM };
        let mut paint = Paint { anti_alias: false, ..Paint::default() };
        if !is_empty && let Some(rect) = Rect::from_xywh(left, top, width, height) {
            paint.set_color_rgba8(red, green, blue, 70);
            self.canvas.fill_rect(rect, &paint, Transform::identity(), None);
        }
        let thick = (single(self.setup.geometry.width().min(self.setup.geometry.height())) / 100.0).floor().max(1.0);
        // What is too small for a frame has none.
        let inner = Rect::from_xywh(left + thick / 2.0, top + thick / 2.0, width - thick, height - thick);
        if let Some(rect) = inner.filter(|rect| rect.width().min(rect.height()) > 2.0 * thick) {
            paint.set_color_rgba8(red, green, blue, 255);
            let stroke = Stroke { width: thick, dash: StrokeDash::new(vec![thick * 4.0, thick * 3.0], 0.0), ..Stroke::default() };
            self.canvas.stroke_path(&PathBuilder::from_rect(rect), &paint, &stroke, Transform::identity(), None);
        }
    }

    /// Paints within an area only: on a sheet of its size, which is then laid on the canvas.
    fn within(&mut self, [left, top, width, height]: Pixels, paint: impl FnOnce(&mut Pixmap)) {
        if [width, height] == [self.canvas.width(), self.canvas.height()] {
            return paint(&mut self.canvas);
        }
        let Some(mut sheet) = Pixmap::new(width, height) else { return };
        paint(&mut sheet);
        let here = Transform::from_translate(single(left), single(top));
        self.canvas.draw_pixmap(0, 0, sheet.as_ref(), &PixmapPaint::default(), here, None);
    }
}

fn rounded(rect: Rect, radius: f32) -> Option<Path> {
    // How far a cubic's handles reach for a quarter of a circle.
    let reach = radius * 0.552_285;
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - radius + reach, top, right, top + radius - reach, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - radius + reach, right - radius + reach, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + radius - reach, bottom, left, bottom - radius + reach, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + radius - reach, left + radius - reach, top, left + radius, top);
    path.close();
    path.finish()
}

/// Whole pixels below a length.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a side")]
const fn whole(length: f32) -> u32 {
    length as u32
}

/// A share of a side, as the nearest edge between pixels.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a side")]
fn edge(share: f32, side: u32) -> u32 {
    ((share * single(side)).round() as u32).min(side)
}

#[allow(clippy::cast_precision_loss, reason = "a board's side is far below 2^24")]
const fn single(length: u32) -> f32 {
    length as f32
}
