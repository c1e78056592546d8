//! What an upload is: decided by its content, never by its name, and within limits before anything is unpacked.

use super::animation::{Animation, AnimationFault};
use super::burden::Burden;
use super::clips::{ClipFault, Container};
use super::{raster, vector};

/// Largest still taken, in bytes; a clip may have [`super::clips::MOST_BYTES`].
pub const MOST_BYTES: usize = 64 << 20;
/// Most pixels of a picture.
pub const MOST_PIXELS: u64 = 100_000_000;
/// Most bytes a picture may unpack to.
pub const MOST_UNPACKED: u64 = 512 << 20;

/// The forms a still comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP; of an animation the first frame.
    WebP,
    /// GIF; of an animation the first frame.
    Gif,
    /// SVG.
    Svg,
}

impl Form {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// Why a file is refused, or a picture cannot be made of it.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Larger than [`MOST_BYTES`], or a clip larger than [`super::clips::MOST_BYTES`].
    #[error("the file has {0} bytes or more; at most 64 MiB are taken, of a clip 512 MiB")]
    TooLarge(u64),
    /// None of the accepted forms.
    #[error("the file is none of JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV and WebM")]
    Unknown,
    /// What is wrong with a clip.
    #[error(transparent)]
    Clip(ClipFault),
    /// Too many pixels, or it would unpack to too much.
    #[error("the picture has {width}x{height} pixels; at most 100 megapixels (and 512 MiB unpacked) are taken")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// It says it is this form, and cannot be decoded.
    #[error("the {form} file is damaged or incomplete: {reason}")]
    Damaged {
        /// Its media type.
        form: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// An SVG that names other files, or holds scripts or entities.
    #[error("the SVG file {0}; everything it shows must lie within itself")]
    Unsafe(&'static str),
    /// An SVG that would take too much to draw.
    #[error("the SVG file is too much: {0}")]
    Burden(Burden),
    /// It was worked on for longer than a picture may take.
    #[error("the picture takes too long to draw and was given up")]
    TooSlow,
    /// An animation that is too long, or has too many frames.
    #[error("the animation is refused: {0}")]
    Animation(AnimationFault),
    /// An AVIF or HEIC picture that this ffmpeg cannot read.
    #[error("the picture cannot be read by this server's ffmpeg: {0}")]
    Photograph(String),
    /// The picture cannot be brought to this size.
    #[error("the picture cannot be brought to {0}")]
    Size(playlists::geometry::Geometry),
    /// The result cannot be encoded.
    #[error("the rendition cannot be encoded: {0}")]
    Encode(String),
}

/// What a still was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// In which form.
    pub form: Form,
    /// Width in pixels as it is seen, after its orientation; of an SVG: its own size.
    pub width: u32,
    /// Height likewise.
    pub height: u32,
}

/// Whether a file that begins like this may have this many bytes.
///
/// # Errors
/// When it is too large for what it is.
pub fn check_size(head: &[u8], bytes: u64) -> Result<(), MediaError> {
    let most = if Container::of(head).is_some() { super::clips::MOST_BYTES } else { MOST_BYTES as u64 };
    if bytes > most { Err(MediaError::TooLarge(bytes)) } else { Ok(()) }
}

/// The form of a still, by its first bytes.
///
/// # Errors
/// When it is empty, too large, or none of the accepted forms.
pub fn form(bytes: &[u8]) -> Result<Form, MediaError> {
    if bytes.is_empty() {
        return Err(MediaError::Empty);
    }
    if bytes.len() > MOST_BYTES {
        return Err(MediaError::TooLarge(bytes.len() as u64));
    }
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok(Form::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Form::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Form::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Form::Gif),
        _ if vector::looks_like_svg(bytes) => Ok(Form::Svg),
        _ => Err(MediaError::Unknown),
    }
}

/// Looks a still over, decoding it once in full, so that a damaged one is refused now and not when a board waits for it. Takes up to
/// a second: run it at [`super::at_the_bench`].
///
/// # Errors
/// Whatever is wrong with the file.
pub fn inspect(bytes: &[u8]) -> Result<Found, MediaError> {
    let form = form(bytes)?;
    let (width, height) = match form {
        Form::Svg => vector::Drawing::parse(bytes)?.size(),
        Form::Jpeg | Form::Png | Form::WebP | Form::Gif => raster::Picture::decode(bytes, form)?.seen_size(),
    };
    Ok(Found { form, width, height })
}

/// How a still of this form moves; none when it has one frame only. Counted without decoding any.
///
/// # Errors
/// When it has more frames, or more pixels in all, than an animation may have, or lasts too long.
pub fn movement(bytes: &[u8], form: Form) -> Result<Option<Animation>, MediaError> {
    let moves = match form {
        Form::Gif => Animation::of_gif(bytes),
        Form::WebP => Animation::of_webp(bytes),
        Form::Jpeg | Form::Png | Form::Svg => return Ok(None),
    };
    match moves {
        Some(animation) if animation.frames > 1 => animation.check().map(|()| Some(animation)).map_err(MediaError::Animation),
        _ => Ok(None),
    }
}

/// Whether a picture of this size may be unpacked.
pub(super) fn check_pixels(width: u32, height: u32, unpacked: u64) -> Result<(), MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MOST_PIXELS || unpacked > MOST_UNPACKED {
        return Err(MediaError::TooManyPixels { width, height });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(width, height).write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
        bytes.into_inner()
    }

    /// A PNG header that claims a size, with nothing behind it.
    fn claimed(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(1, 1);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
        })
    }

    #[test]
    fn what_a_file_is_is_decided_by_its_content() {
        let found = inspect(&png(7, 5)).expect("a picture");
        assert_eq!((found.form, found.width, found.height), (Form::Png, 7, 5));
        let svg = br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>"#;
        assert_eq!(inspect(svg).expect("a drawing").form, Form::Svg);
    }

    #[test]
    fn a_hostile_file_gets_a_clear_error() {
        let whole = png(64, 64);
        let says = |bytes: &[u8]| inspect(bytes).expect_err("refused").to_string();
        assert_eq!(says(b""), "the file is empty");
        assert_eq!(says(b"MZ\x90 not a picture"), "the file is none of JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV and WebM");
        assert_eq!(says(b"<html><svg/></html>"), "the file is none of JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV and WebM");
        assert!(says(&whole[..whole.len() / 2]).starts_with("the image/png file is damaged or incomplete"));
        assert!(says(b"\xff\xd8\xff\xe0 not a JPEG").starts_with("the image/jpeg file is damaged or incomplete"));
        assert!(says(&[b"RIFF\x10\0\0\0WEBP".as_slice(), &[0; 8]].concat()).starts_with("the image/webp file is damaged"));
        assert!(says(b"GIF89a").starts_with("the image/gif file is damaged"));
        for (width, height) in [(12_000, 12_000), (65_500, 65_500), (1, 100_000_001)] {
            assert!(says(&claimed(width, height)).starts_with("the picture has "), "{width}x{height}");
        }
    }

    #[test]
    fn a_drawing_must_lie_within_itself() {
        let svg = |inner: &str| {
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{inner}</svg>"#
            )
        };
        for inner in [
            r#"<image href="/etc/passwd" width="9" height="9"/>"#,
            r#"<image xlink:href="https://example.invalid/x.png" width="9" height="9"/>"#,
            r"<script>1</script>",
        ] {
            assert!(matches!(inspect(svg(inner).as_bytes()), Err(MediaError::Unsafe(_))), "{inner}");
        }
        let bomb = format!(r#"<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>{}"#, svg("<text>&b;</text>"));
        assert!(matches!(inspect(bomb.as_bytes()), Err(MediaError::Unsafe(_))));
        assert!(matches!(inspect(svg("<rect").as_bytes()), Err(MediaError::Damaged { .. })));
        let inline =
            svg(r#"<image href="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=" width="9" height="9"/>"#);
        inspect(inline.as_bytes()).expect("what lies within is fine");
    }
}
