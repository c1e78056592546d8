//! Paints a template's blocks one over the other on a board's pixels.

use image::RgbaImage;
use playlists::geometry::Geometry;
use resvg::tiny_skia::{
    Color, ColorU8, FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Point, Rect, Shader,
    SpreadMode, Transform,
};

use super::Pictures;
use super::colour::Colour;
use super::error::SlideError;
use super::library::Loaded;
use super::qr::{self, Pixels};
use super::template::{Area, Art, Block, Fill, Meet, Picture, Variant};
use super::words::{self, InkBounds, Setup};
use crate::media::intake::{Form, MediaError, form};
use crate::media::raster;
use crate::media::vector::Drawing;

/// A painted slide, and where the ink of its blocks of text is.
pub struct Painted {
    /// Its pixels, opaque.
    pub canvas: Pixmap,
    /// For each block of text that said something: its name, its area and the bounds of its ink, in pixels.
    pub inks: Vec<(String, Pixels, InkBounds)>,
}

/// Paints a slide.
///
/// # Errors
/// When something is missing, does not fit, or cannot be shown.
pub fn paint(loaded: &Loaded, pictures: &Pictures, setup: Setup<'_>) -> Result<Painted, SlideError> {
    let geometry = setup.geometry;
    let size = || SlideError::Pixels(MediaError::Size(geometry));
    let mut canvas = Pixmap::new(geometry.width(), geometry.height()).ok_or_else(size)?;
    canvas.fill(Color::BLACK);
    let variant = choose(&loaded.template.variants, geometry).ok_or_else(size)?;
    let mut painter = Painter { loaded, pictures, setup, canvas, inks: Vec::new() };
    for (number, block) in variant.blocks.iter().enumerate() {
        painter.block(&format!("{}[{number}]", variant.name), block)?;
    }
    Ok(Painted { canvas: painter.canvas, inks: painter.inks })
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
}

impl Painter<'_> {
    fn block(&mut self, name: &str, block: &Block) -> Result<(), SlideError> {
        match block {
            Block::Fill(fill) => {
                if fill.with.as_ref().is_none_or(|field| self.is_filled_in(field)) {
                    self.fill(fill);
                }
                Ok(())
            }
            Block::Art(art) => {
                let wanted = art.with.as_ref().is_none_or(|field| self.is_filled_in(field))
                    && art.without.as_ref().is_none_or(|field| !self.is_filled_in(field));
                if wanted { self.art(art) } else { Ok(()) }
            }
            Block::Picture(picture) => self.picture(picture),
            Block::Qr(code) => {
                let at = self.area(code.at);
                match self.setup.content.addresses.get(&code.field) {
                    Some(address) => qr::draw(&mut self.canvas, at, address, self.setup.geometry),
                    None => self.left_out(&code.field),
                }
            }
            Block::Text(text) => {
                let at = self.area(text.at);
                let loaded = self.loaded;
                let content = self.setup.content;
                let colours = |ink: &str| loaded.colour(ink, content);
                let optional = |field: &str| loaded.is_optional(field);
                let ink = words::draw(&mut self.canvas, name, text, at, &colours, &optional, self.setup)?;
                self.inks.extend(ink.map(|ink| (name.to_owned(), at, ink)));
                Ok(())
            }
        }
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
        let Some((bytes, own_focus)) = self.pictures.get(&picture.field) else { return self.left_out(&picture.field) };
        let fault = |cause| SlideError::Picture { field: picture.field.clone(), cause };
        let focus = own_focus.or(picture.focus).unwrap_or([0.5, 0.5]);
        let at = self.area(picture.at);
        match form(bytes).map_err(fault)? {
            Form::Svg => {
                let drawing = Drawing::parse(bytes).map_err(fault)?;
                let (place, _) = meet(drawing.exact_size(), at, picture.meet, focus);
                self.within(at, |sheet| drawing.draw(sheet, place));
            }
            form => {
                let decoded = raster::Picture::decode(bytes, form).map_err(fault)?;
                let (width, height) = decoded.seen_size();
                let own = (single(width), single(height));
                let (place, (wide, high)) = meet(own, at, picture.meet, focus);
                let whole = raster::Part { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) };
                let scaled = decoded.part(whole, wide, high).map_err(fault)?;
                let pixmap = premultiplied(&scaled).ok_or_else(|| fault(MediaError::Size(self.setup.geometry)))?;
                let (x, y) = (place.tx.round(), place.ty.round());
                self.within(at, |sheet| {
                    let here = Transform::from_translate(x, y);
                    sheet.draw_pixmap(0, 0, pixmap.as_ref(), &PixmapPaint::default(), here, None);
                });
            }
        }
        Ok(())
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

/// Where a picture of this size is drawn in an area, in the area's own pixels, and its size there.
fn meet((width, height): (f32, f32), [_, _, wide, high]: Pixels, meet: Meet, [x, y]: [f32; 2]) -> (Transform, (u32, u32)) {
    let (wide, high) = (single(wide), single(high));
    let (across, down) = (wide / width, high / height);
    let scale = match meet {
        Meet::Cover => across.max(down),
        Meet::Contain => across.min(down),
    };
    let size = ((width * scale).ceil().max(1.0), (height * scale).ceil().max(1.0));
    let place = |room: f32, taken: f32, focus: f32| match meet {
        // What stays in sight lies as near the middle as the picture's edges allow.
        Meet::Cover => (room / 2.0 - taken * focus).clamp((room - taken).min(0.0), 0.0),
        Meet::Contain => (room - taken).max(0.0) * focus,
    };
    let (left, top) = (place(wide, width * scale, x), place(high, height * scale, y));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a few sides of a board")]
    let whole = (size.0 as u32, size.1 as u32);
    (Transform::from_row(scale, 0.0, 0.0, scale, left, top), whole)
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

fn premultiplied(picture: &RgbaImage) -> Option<Pixmap> {
    let mut pixmap = Pixmap::new(picture.width(), picture.height())?;
    for (to, from) in pixmap.pixels_mut().iter_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0;
        *to = ColorU8::from_rgba(red, green, blue, alpha).premultiply();
    }
    Some(pixmap)
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
