//! Pictures made of pixels: decoded within limits, with what the file says of orientation and colour.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::intake::{Form, MOST_UNPACKED, MediaError, check_pixels};

/// A decoded picture, as it is stored: not yet turned, in its own colours.
pub struct Picture {
    pixels: RgbaImage,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

/// A part of a picture as it is seen, in pixels, fractions allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// From its left edge.
    pub left: f64,
    /// From its top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Picture {
    /// Decodes a file of this form; of an animation the first frame.
    ///
    /// # Errors
    /// When it is too large unpacked, or damaged.
    pub fn decode(bytes: &[u8], form: Form) -> Result<Self, MediaError> {
        let damaged = |reason: String| MediaError::Damaged { form: form.media_type(), reason };
        let format = match form {
            Form::Jpeg => ImageFormat::Jpeg,
            Form::Png => ImageFormat::Png,
            Form::WebP => ImageFormat::WebP,
            Form::Gif => ImageFormat::Gif,
            Form::Svg => return Err(MediaError::Unknown),
        };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(MOST_UNPACKED);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|e| damaged(e.to_string()))?;
        let (width, height) = decoder.dimensions();
        // `from_decoder` does not apply the limits above: a small file could unpack to gigabytes (image-rs/image, issue 3081).
        check_pixels(width, height, decoder.total_bytes())?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        // A profile that cannot be read is no reason to refuse the picture: its pixels are then taken for sRGB.
        let profile = decoder.icc_profile().ok().flatten();
        let pixels = DynamicImage::from_decoder(decoder).map_err(|e| damaged(e.to_string()))?.into_rgba8();
        Ok(Self { pixels, orientation, profile })
    }

    /// Width and height as it is seen, after its orientation.
    #[must_use]
    pub fn seen_size(&self) -> (u32, u32) {
        let (width, height) = self.pixels.dimensions();
        if self.is_turned() { (height, width) } else { (width, height) }
    }

    /// A part of the picture brought to exactly this size: turned upright, in sRGB, transparent where the file is.
    ///
    /// # Errors
    /// When it cannot be resized.
    pub fn part(&self, part: Part, width: u32, height: u32) -> Result<RgbaImage, MediaError> {
        let (stored_part, stored_width, stored_height) = self.as_stored(part, width, height);
        let small = resize(&self.pixels, Some(stored_part), stored_width, stored_height)?;
        let mut turned = DynamicImage::ImageRgba8(small);
        turned.apply_orientation(self.orientation);
        let mut upright = turned.into_rgba8();
        if let Some(profile) = &self.profile {
            to_srgb(&mut upright, profile);
        }
        Ok(upright)
    }

    /// The picture upright and in sRGB, with no side longer than this many pixels.
    ///
    /// # Errors
    /// When it cannot be resized.
    pub fn reduced(self, longest: u32) -> Result<Self, MediaError> {
        let (width, height) = self.seen_size();
        if width.max(height) <= longest {
            return Ok(self);
        }
        let side = |side: u32| {
            let scaled = u64::from(side) * u64::from(longest) / u64::from(width.max(height));
            u32::try_from(scaled).unwrap_or(longest).max(1)
        };
        let whole = Part { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) };
        let pixels = self.part(whole, side(width), side(height))?;
        Ok(Self { pixels, orientation: Orientation::NoTransforms, profile: None })
    }

    fn is_turned(&self) -> bool {
        matches!(
            self.orientation,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        )
    }

    /// A centred part as it is seen, in the picture's stored coordinates. All parts taken are centred, so turning and flipping leave
    /// their middle in place and only a quarter turn changes which side is which.
    fn as_stored(&self, part: Part, width: u32, height: u32) -> (Part, u32, u32) {
        if self.is_turned() {
            (Part { left: part.top, top: part.left, width: part.height, height: part.width }, height, width)
        } else {
            (part, width, height)
        }
    }
}

/// Brings pixels (or a part of them) to a size, by Lanczos with three lobes.
///
/// # Errors
/// When the sizes do not fit together.
pub(super) fn resize(pixels: &RgbaImage, part: Option<Part>, width: u32, height: u32) -> Result<RgbaImage, MediaError> {
    let fault = |e: String| MediaError::Encode(e);
    let source =
        ImageRef::new(pixels.width(), pixels.height(), pixels.as_raw(), PixelType::U8x4).map_err(|e| fault(e.to_string()))?;
    let mut target = Image::new(width, height, PixelType::U8x4);
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(fast_image_resize::FilterType::Lanczos3));
    if let Some(part) = part {
        options = options.crop(part.left, part.top, part.width, part.height);
    }
    Resizer::new().resize(&source, &mut target, &options).map_err(|e| fault(e.to_string()))?;
    RgbaImage::from_raw(width, height, target.into_vec()).ok_or_else(|| fault("the resized picture has another size".to_owned()))
}

/// Pixels from the colours of their profile to sRGB; a profile of other than RGB colours leaves them as they are.
fn to_srgb(pixels: &mut RgbaImage, profile: &[u8]) {
    let Ok(source) = ColorProfile::new_from_slice(profile) else { return };
    if source.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = source.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, TransformOptions::default()) else {
        return;
    };
    let original = pixels.as_raw().clone();
    if transform.transform(&original, pixels).is_err() {
        pixels.copy_from_slice(&original);
    }
}
