//! Drawings (SVG): parsed without anything from outside, drawn at the size they are shown at, so that text stays sharp.

use std::sync::atomic::{AtomicBool, Ordering};

use image::RgbaImage;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{Document, Error as XmlError, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use super::intake::{Form, MediaError, check_pixels, form};
use super::raster::Part;
use super::{burden, fonts};

/// How far into a file its `<svg` may stand, behind comments.
const HEAD: usize = 4096;

/// Whether these bytes begin like an SVG file.
#[must_use]
pub fn looks_like_svg(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<svg") => return true,
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!DOCTYPE svg") && rest.split('>').next().is_some_and(|d| d.contains('[')) => "]>",
            _ if rest.starts_with("<!DOCTYPE svg") => ">",
            _ => return false,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
}

/// A parsed drawing.
pub struct Drawing {
    tree: Tree,
    unbounded: bool,
}

impl Drawing {
    /// Parses a drawing.
    ///
    /// # Errors
    /// When it is damaged, names anything outside itself, or holds scripts or entities.
    pub fn parse(bytes: &[u8]) -> Result<Self, MediaError> {
        let damaged = |reason: String| MediaError::Damaged { form: Form::Svg.media_type(), reason };
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8".to_owned()))?;
        if text.contains("<!ENTITY") {
            return Err(MediaError::Unsafe("declares entities"));
        }
        if text.contains("<script") {
            return Err(MediaError::Unsafe("holds a script"));
        }
        let outside = AtomicBool::new(false);
        let options = Options {
            font_family: fonts::FAMILY.to_owned(),
            fontdb: fonts::shipped(),
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, data, _| embedded(&data).or_else(|| mark(&outside))),
                resolve_string: Box::new(|_, _| mark(&outside)),
            },
            ..Options::default()
        };
        let bounded = ParsingOptions { allow_dtd: true, nodes_limit: burden::MOST_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, bounded).map_err(|e| match e {
            XmlError::NodesLimitReached => MediaError::Burden(burden::Burden::Many),
            other => damaged(other.to_string()),
        })?;
        burden::check(&document).map_err(MediaError::Burden)?;
        let unbounded = document.root_element().attribute("overflow") == Some("visible");
        let tree = Tree::from_xmltree(&document, &options).map_err(|e| damaged(e.to_string()))?;
        if outside.load(Ordering::Relaxed) {
            return Err(MediaError::Unsafe("names a picture that lies outside it or cannot be taken"));
        }
        Ok(Self { tree, unbounded })
    }

    /// Its own size, rounded up to whole pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        let size = self.tree.size().to_int_size();
        (size.width().max(1), size.height().max(1))
    }

    /// Whether it says `overflow="visible"`: it goes on beyond its edges, and may be shown with what lies there.
    #[must_use]
    pub const fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    /// Its own size, in its own units.
    #[must_use]
    pub fn exact_size(&self) -> (f32, f32) {
        let size = self.tree.size();
        (size.width(), size.height())
    }

    /// Draws it over what is there, its own units brought to pixels by `place`.
    pub fn draw(&self, canvas: &mut Pixmap, place: Transform) {
        resvg::render(&self.tree, place, &mut canvas.as_mut());
    }

    /// A part of the drawing, in its own units, drawn at exactly this size in pixels.
    ///
    /// # Errors
    /// When the size is none a picture can have.
    pub fn part(&self, part: Part, width: u32, height: u32) -> Result<RgbaImage, MediaError> {
        let fault = || MediaError::Encode(format!("a drawing cannot be {width}x{height} pixels"));
        let mut pixmap = Pixmap::new(width, height).ok_or_else(fault)?;
        let (across, down) = (f64::from(width) / part.width, f64::from(height) / part.height);
        let place =
            Transform::from_row(single(across), 0.0, 0.0, single(down), single(-part.left * across), single(-part.top * down));
        resvg::render(&self.tree, place, &mut pixmap.as_mut());
        let straight = pixmap.pixels().iter().flat_map(|pixel| {
            let pixel = pixel.demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        });
        RgbaImage::from_raw(width, height, straight.collect()).ok_or_else(fault)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "drawings are placed in single precision")]
fn single(number: f64) -> f32 {
    number as f32
}

fn mark(outside: &AtomicBool) -> Option<ImageKind> {
    outside.store(true, Ordering::Relaxed);
    None
}

/// A picture within a drawing, if it is one of pixels and not too large; drawings within drawings are not taken.
fn embedded(data: &std::sync::Arc<Vec<u8>>) -> Option<ImageKind> {
    let form = form(data).ok()?;
    let (width, height) =
        image::ImageReader::new(std::io::Cursor::new(data.as_slice())).with_guessed_format().ok()?.into_dimensions().ok()?;
    check_pixels(width, height, u64::from(width) * u64::from(height) * 4).ok()?;
    match form {
        Form::Jpeg => Some(ImageKind::JPEG(data.clone())),
        Form::Png => Some(ImageKind::PNG(data.clone())),
        Form::WebP => Some(ImageKind::WEBP(data.clone())),
        Form::Gif => Some(ImageKind::GIF(data.clone())),
        Form::Svg => None,
    }
}
