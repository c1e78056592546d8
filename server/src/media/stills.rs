//! Stills: from an original to a board's exact pixels, opaque, as a PNG that is the same byte for byte each time it is made.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage, RgbaImage};
use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;

use super::intake::{Form, MediaError, form};
use super::raster::{Part, Picture, resize};
use super::vector::Drawing;

/// Media type of renditions of stills.
pub const MEDIA_TYPE: &str = "image/png";
/// The copy behind a picture that does not fill its board is shrunk to this many pixels on its longer side, which blurs it.
pub(super) const BLURRED_SIDE: u32 = 12;
/// And darkened to this share, in per cent, so that the picture stands out.
pub(super) const BLURRED_LIGHT: u32 = 45;

enum Original {
    Picture(Picture),
    Drawing(Box<Drawing>),
}

impl Original {
    fn open(bytes: &[u8]) -> Result<Self, MediaError> {
        match form(bytes)? {
            Form::Svg => Drawing::parse(bytes).map(|drawing| Self::Drawing(Box::new(drawing))),
            form => Picture::decode(bytes, form).map(Self::Picture),
        }
    }
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Picture(picture) => picture.seen_size(),
            Self::Drawing(drawing) => drawing.size(),
        }
    }
    fn part(&self, part: Part, width: u32, height: u32) -> Result<RgbaImage, MediaError> {
        match self {
            Self::Picture(picture) => picture.part(part, width, height),
            Self::Drawing(drawing) => drawing.part(part, width, height),
        }
    }
    fn whole(&self) -> Part {
        let (width, height) = self.size();
        Part { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) }
    }
    /// Whether it goes on beyond its edges.
    const fn is_unbounded(&self) -> bool {
        match self {
            Self::Picture(_) => false,
            Self::Drawing(drawing) => drawing.is_unbounded(),
        }
    }
    /// The largest part that has the target's shape, as near around the focus as it can lie within the picture.
    fn around_focus(&self, focus: Focus, geometry: Geometry) -> Part {
        let (whole, part) = (self.whole(), self.of_shape(geometry, f64::min));
        let place =
            |share: u16, whole: f64, part: f64| (whole * f64::from(share) / 1000.0 - part / 2.0).min(whole - part).max(0.0);
        // In steps that sums keep exact: a part that lies a hair beyond the edge cannot be cut.
        let (width, height) = (in_steps(part.width), in_steps(part.height));
        let (left, top) = (place(focus.x(), whole.width, width), place(focus.y(), whole.height, height));
        Part { left: in_steps(left), top: in_steps(top), width, height }
    }
    /// The smallest part around the whole that has the target's shape.
    fn around(&self, geometry: Geometry) -> Part {
        self.of_shape(geometry, f64::max)
    }
    /// A part of the target's shape whose middle is the picture's.
    fn of_shape(&self, geometry: Geometry, choose: fn(f64, f64) -> f64) -> Part {
        let whole = self.whole();
        let scale = choose(whole.width / f64::from(geometry.width()), whole.height / f64::from(geometry.height()));
        let (width, height) = (f64::from(geometry.width()) * scale, f64::from(geometry.height()) * scale);
        Part { left: (whole.width - width) / 2.0, top: (whole.height - height) / 2.0, width, height }
    }
}

/// Brings an original to exactly these pixels. Takes up to a second: run it at [`super::at_the_bench`].
///
/// # Errors
/// Whatever is wrong with the original.
pub fn render(original: &[u8], fit: Fit, focus: Focus, geometry: Geometry) -> Result<Vec<u8>, MediaError> {
    encode(&pixels(original, fit, focus, geometry)?)
}

/// An original as it lies over others: whole and in its own shape, as large as it can be within so many columns and rows, transparent
/// where it is. The same byte for byte each time it is made.
///
/// # Errors
/// Whatever is wrong with the original.
pub fn within(original: &[u8], (columns, rows): (u32, u32)) -> Result<Vec<u8>, MediaError> {
    let original = Original::open(original)?;
    let room = Geometry::new(columns, rows).map_err(|e| MediaError::Encode(e.to_string()))?;
    let whole = original.whole();
    let (width, height) = inner_size(whole.width, whole.height, room);
    let pixels = original.part(whole, width, height)?;
    encoded(pixels.as_raw(), width, height, ExtendedColorType::Rgba8)
}

/// The opaque pixels of a rendition.
///
/// # Errors
/// Whatever is wrong with the original.
pub fn pixels(original: &[u8], fit: Fit, focus: Focus, geometry: Geometry) -> Result<RgbImage, MediaError> {
    let original = Original::open(original)?;
    let (width, height) = (geometry.width(), geometry.height());
    match fit {
        Fit::Stretch => original.part(original.whole(), width, height).map(|pixels| flatten(&pixels)),
        Fit::Cover => original.part(original.around_focus(focus, geometry), width, height).map(|pixels| flatten(&pixels)),
        Fit::Contain => contain(&original, focus, geometry),
    }
}

fn contain(original: &Original, focus: Focus, geometry: Geometry) -> Result<RgbImage, MediaError> {
    if original.is_unbounded() {
        let pixels = original.part(original.around(geometry), geometry.width(), geometry.height())?;
        return Ok(flatten(&pixels));
    }
    let whole = original.whole();
    let (width, height) = inner_size(whole.width, whole.height, geometry);
    let picture = original.part(whole, width, height)?;
    if (width, height) == (geometry.width(), geometry.height()) {
        return Ok(flatten(&picture));
    }
    let mut canvas = background(original, focus, geometry)?;
    let left = (geometry.width() - width) / 2;
    let top = (geometry.height() - height) / 2;
    for (x, y, over) in picture.enumerate_pixels() {
        if let Some(under) = canvas.get_pixel_mut_checked(left + x, top + y) {
            let [r, g, b, alpha] = over.0;
            for (under, over) in under.0.iter_mut().zip([r, g, b]) {
                *under = blend(*under, over, alpha);
            }
        }
    }
    Ok(canvas)
}

/// A number of pixels, cut to whole millionths: differences and sums of such numbers are exact.
fn in_steps(pixels: f64) -> f64 {
    const STEPS: f64 = (1_u32 << 20) as f64;
    (pixels * STEPS).floor() / STEPS
}

/// The largest size of a picture's shape within a geometry, at least one pixel each way.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a side of the geometry")]
pub(super) fn inner_size(width: f64, height: f64, geometry: Geometry) -> (u32, u32) {
    let scale = (f64::from(geometry.width()) / width).min(f64::from(geometry.height()) / height);
    let side = |length: f64, most: u32| (length * scale).round().clamp(1.0, f64::from(most)) as u32;
    (side(width, geometry.width()), side(height, geometry.height()))
}

/// The picture itself, filling the board, blurred and darkened.
fn background(original: &Original, focus: Focus, geometry: Geometry) -> Result<RgbImage, MediaError> {
    let longer = geometry.width().max(geometry.height());
    let small = |side: u32| (side * BLURRED_SIDE / longer).max(1);
    let tiny = original.part(original.around_focus(focus, geometry), small(geometry.width()), small(geometry.height()))?;
    let mut blurred = flatten(&resize(&tiny, None, geometry.width(), geometry.height())?);
    for value in blurred.iter_mut() {
        *value = u8::try_from(u32::from(*value) * BLURRED_LIGHT / 100).unwrap_or(u8::MAX);
    }
    Ok(blurred)
}

/// Over black: boards have no other ground.
fn flatten(pixels: &RgbaImage) -> RgbImage {
    let mut flat = RgbImage::new(pixels.width(), pixels.height());
    for (under, over) in flat.pixels_mut().zip(pixels.pixels()) {
        let [r, g, b, alpha] = over.0;
        under.0 = [r, g, b].map(|value| blend(0, value, alpha));
    }
    flat
}

fn blend(under: u8, over: u8, alpha: u8) -> u8 {
    let (under, over, alpha) = (u32::from(under), u32::from(over), u32::from(alpha));
    u8::try_from((over * alpha + under * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

/// Opaque pixels as a PNG.
///
/// # Errors
/// When they cannot be encoded.
pub fn encode(pixels: &RgbImage) -> Result<Vec<u8>, MediaError> {
    encoded(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
}

fn encoded(pixels: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(pixels, width, height, kind)
        .map_err(|e| MediaError::Encode(e.to_string()))?;
    Ok(bytes)
}

/// A PNG that is made quickly rather than small: to be looked at once.
///
/// # Errors
/// When it cannot be encoded.
pub fn quick(pixels: &RgbImage) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up)
        .write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .map_err(|e| MediaError::Encode(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(text: &str) -> Geometry {
        text.parse().expect("a geometry")
    }

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
        bytes.into_inner()
    }

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, _| image::Rgba(if x < width / 2 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }))
    }

    #[test]
    fn every_fit_gives_exactly_the_pixels_of_the_board() {
        for text in ["640x320", "64x256", "1x1", "1920x160", "336x504"] {
            for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
                let bytes = render(&png(&halves(300, 200)), fit, Focus::MIDDLE, geometry(text)).expect("rendered");
                let found = image::load_from_memory(&bytes).expect("a PNG");
                assert_eq!(format!("{}x{}", found.width(), found.height()), text, "{fit:?}");
                assert!(!found.color().has_alpha());
            }
        }
    }

    #[test]
    fn the_same_original_gives_the_same_bytes() {
        let original = png(&halves(300, 200));
        let once = render(&original, Fit::Contain, Focus::MIDDLE, geometry("64x256")).expect("rendered");
        assert_eq!(render(&original, Fit::Contain, Focus::MIDDLE, geometry("64x256")).expect("rendered"), once);
    }

    #[test]
    fn cover_cuts_evenly_and_contain_shows_everything() {
        let cover = pixels(&png(&halves(400, 100)), Fit::Cover, Focus::MIDDLE, geometry("100x100")).expect("rendered");
        assert_eq!((cover.get_pixel(2, 50).0, cover.get_pixel(97, 50).0), ([255, 0, 0], [0, 0, 255]));
        let contain = pixels(&png(&halves(400, 100)), Fit::Contain, Focus::MIDDLE, geometry("100x100")).expect("rendered");
        assert_eq!((contain.get_pixel(2, 50).0, contain.get_pixel(97, 50).0), ([255, 0, 0], [0, 0, 255]));
        let [red, _, _] = contain.get_pixel(2, 2).0;
        assert!((40..=130).contains(&red), "the ground is a dark copy: {red}");
    }

    #[test]
    fn what_is_cut_never_lies_beyond_the_edge() {
        for (wide, high) in [(1000, 872), (451, 300), (640, 427), (97, 1013)] {
            let original = Original::open(&png(&RgbaImage::new(wide, high))).expect("opened");
            for (width, height) in (1..160).flat_map(|width| [(width * 13, 1080), (width, 97), (320, width * 7)]) {
                for share in [0, 1, 333, 500, 667, 999, 1000] {
                    let focus = Focus::new(share, share).expect("inside");
                    let part = original.around_focus(focus, geometry(&format!("{width}x{height}")));
                    assert!(
                        part.left >= 0.0 && part.left + part.width <= f64::from(wide),
                        "{wide}x{high} at {width}x{height}: {part:?}"
                    );
                    assert!(
                        part.top >= 0.0 && part.top + part.height <= f64::from(high),
                        "{wide}x{high} at {width}x{height}: {part:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_focus_stays_in_sight() {
        let cut = |x, y| pixels(&png(&halves(400, 100)), Fit::Cover, Focus::new(x, y).expect("inside"), geometry("100x100"));
        let seen = |x, y| {
            let pixels = cut(x, y).expect("rendered");
            (pixels.get_pixel(2, 50).0, pixels.get_pixel(97, 50).0)
        };
        assert_eq!(seen(0, 0), ([255, 0, 0], [255, 0, 0]), "the left");
        assert_eq!(seen(1000, 1000), ([0, 0, 255], [0, 0, 255]), "the right");
        assert_eq!(seen(500, 0), ([255, 0, 0], [0, 0, 255]), "the middle");
    }

    #[test]
    fn what_is_transparent_is_black() {
        let clear = RgbaImage::from_pixel(10, 10, image::Rgba([255, 255, 255, 0]));
        let flat = pixels(&png(&clear), Fit::Stretch, Focus::MIDDLE, geometry("4x4")).expect("rendered");
        assert!(flat.pixels().all(|pixel| pixel.0 == [0, 0, 0]));
    }

    #[test]
    fn a_drawing_is_drawn_with_the_shipped_fonts_and_nothing_else() {
        let svg = |family: &str| {
            format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 60"><text x="4" y="44" font-size="36" font-family="{family}" fill="#fff">Ướt Đệ Ỹ Ằ</text></svg>"##
            )
        };
        let ours = pixels(svg("Be Vietnam Pro").as_bytes(), Fit::Stretch, Focus::MIDDLE, geometry("200x60")).expect("drawn");
        assert!(ours.pixels().filter(|pixel| pixel.0[0] > 200).count() > 300, "text is there");
        let other = pixels(svg("DejaVu Sans").as_bytes(), Fit::Stretch, Focus::MIDDLE, geometry("200x60")).expect("drawn");
        assert_eq!(ours, other);
    }
}
