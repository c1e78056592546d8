//! The frame on the screen as a picture small enough to be sent.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops;
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use crate::frame::Frame;

/// Largest snapshot that is asked for, in bytes.
pub const ASKED: usize = 256 * 1024;
/// Largest snapshot that is sent unasked, in bytes.
pub const PERIODIC: usize = 32 * 1024;

/// A picture ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// The frame as PNG, pixel by pixel. Blocks on the processor.
#[must_use]
pub fn png(frame: &Frame) -> Vec<u8> {
    encode_png(frame.geometry().width(), frame.geometry().height(), &frame.to_rgb())
}

/// The frame in at most `limit` bytes: as PNG if that is enough, else as JPEG, half the size each time until it fits. Blocks on
/// the processor.
#[must_use]
pub fn within(frame: &Frame, limit: usize) -> Option<Snapshot> {
    let bytes = png(frame);
    if bytes.len() <= limit {
        return Some(Snapshot { media_type: "image/png", bytes });
    }
    let geometry = frame.geometry();
    let mut picture = RgbImage::from_raw(geometry.width(), geometry.height(), frame.to_rgb())?;
    loop {
        for quality in [85, 60] {
            let bytes = encode_jpeg(&picture, quality);
            if !bytes.is_empty() && bytes.len() <= limit {
                return Some(Snapshot { media_type: "image/jpeg", bytes });
            }
        }
        let (width, height) = (picture.width() / 2, picture.height() / 2);
        if width < 8 || height < 8 {
            return None;
        }
        picture = imageops::thumbnail(&picture, width, height);
    }
}

fn encode_png(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(rgb, width, height, ExtendedColorType::Rgb8)
        .map_or_else(|_| Vec::new(), |()| bytes)
}

fn encode_jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).map_or_else(|_| Vec::new(), |()| bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use playlists::geometry::Geometry;

    #[test]
    fn a_snapshot_fits_whatever_the_picture() {
        let geometry = Geometry::new(640, 320).expect("a geometry");
        let mut noise = fastrand::Rng::with_seed(1);
        let pixels = (0..geometry.pixels()).map(|_| noise.u32(..) & 0x00FF_FFFF).collect();
        let noisy = Frame::from_pixels(geometry, pixels).expect("as many pixels");
        for limit in [ASKED, PERIODIC, 4096] {
            assert!(within(&noisy, limit).expect("it fits").bytes.len() <= limit);
        }
        let plain = within(&Frame::resident(geometry), PERIODIC).expect("it fits");
        assert_eq!(plain.media_type, "image/png");
        assert_eq!(crate::stage::decode::still(&plain.bytes, geometry).expect("decoded"), Frame::resident(geometry));
    }
}
