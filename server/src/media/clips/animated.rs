//! A WebP that moves, written anew as a PNG that does: ffmpeg reads no such WebP (5.1 to 7.1), and the PNG has the same pixels.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ImageDecoder};
use png::{BitDepth, ColorType, Compression, Encoder};

use super::{ClipFault, Container};
use crate::media::animation::{Animation, lasting};
use crate::media::at_the_bench;
use crate::media::intake::check_pixels;

/// A file that goes when it is dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Never written, it is not there; a rest that stays is removed at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file that ffmpeg can read with the same frames, if this is none: it is written beside `beside`.
///
/// # Errors
/// When a frame is damaged, the frames are too many, or the disk does not take them.
pub(super) async fn readable(path: &Path, container: Container, beside: &Path) -> Result<Option<Scratch>, ClipFault> {
    if container != Container::WebP {
        return Ok(None);
    }
    let (path, scratch) = (path.to_owned(), Scratch(beside.with_extension("apng")));
    at_the_bench(move || {
        rewrite(&path, &scratch.0)?;
        Ok(Some(scratch))
    })
    .await
}

fn rewrite(path: &Path, to: &Path) -> Result<(), ClipFault> {
    let damaged = |reason: String| ClipFault::Damaged(reason);
    let counted = Animation::of_webp(&std::fs::read(path).map_err(ClipFault::Io)?).ok_or(ClipFault::NoFrames)?;
    counted.check().map_err(|fault| damaged(fault.to_string()))?;
    let decoder =
        WebPDecoder::new(BufReader::new(File::open(path).map_err(ClipFault::Io)?)).map_err(|e| damaged(e.to_string()))?;
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, u64::from(width) * u64::from(height) * 4)
        .map_err(|_| ClipFault::TooManyPixels { width, height })?;
    let mut encoder = Encoder::new(BufWriter::new(File::create(to).map_err(ClipFault::Io)?), width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fastest);
    encoder.set_animated(counted.frames, 1).map_err(|e| damaged(e.to_string()))?;
    let unwritten = |e: png::EncodingError| match e {
        png::EncodingError::IoError(source) => ClipFault::Io(source),
        other => ClipFault::Damaged(other.to_string()),
    };
    let mut writer = encoder.write_header().map_err(unwritten)?;
    for frame in decoder.into_frames() {
        let frame = frame.map_err(|e| damaged(e.to_string()))?;
        let (over, under) = frame.delay().numer_denom_ms();
        let (over, under) = fraction(lasting(Duration::from_millis(u64::from(over / under.max(1)))));
        writer.set_frame_delay(over, under).map_err(unwritten)?;
        writer.write_image_data(frame.buffer().as_raw()).map_err(unwritten)?;
    }
    // Fewer frames than were counted: it ends too early.
    writer.finish().map_err(|e| damaged(e.to_string()))
}

/// A time as a fraction of a second whose parts have 16 bits.
fn fraction(time: Duration) -> (u16, u16) {
    for per_second in [1000, 100, 10] {
        if let Ok(parts) = u16::try_from(time.as_millis() * u128::from(per_second) / 1000) {
            return (parts, per_second);
        }
    }
    (u16::try_from(time.as_secs()).unwrap_or(u16::MAX), 1)
}
