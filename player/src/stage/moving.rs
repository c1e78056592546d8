//! What gives the frames of a clip, one after the other: the decoder within the player, or a child of its own.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use bangtin_clip::{Clip, ClipError, Frames, Picture};

use super::decode::DecodeError;
use super::ffmpeg::Ffmpeg;
use crate::cache::{CacheError, Verified};
use crate::frame::Frame;

/// Most pixels that the decoder within the player takes by itself: above 1280×720 ffmpeg costs less, where there is one.
const WITHIN: u64 = 1280 * 720;

/// Which decoder is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decoding {
    /// The one within the player up to 1280×720 pixels; above, `ffmpeg` where the machine has it.
    #[default]
    Auto,
    /// The one within the player.
    BuiltIn,
    /// `ffmpeg`; the one within the player where it does not work.
    Ffmpeg,
}

impl Decoding {
    fn wants_ffmpeg(self, clip: &Clip) -> bool {
        match self {
            Self::Auto => u64::from(clip.width()) * u64::from(clip.height()) > WITHIN,
            Self::BuiltIn => false,
            Self::Ffmpeg => true,
        }
    }
}

/// Gives frames in the order they are seen.
pub trait Moving: Send {
    /// Goes on at this frame, forwards or back.
    fn seek(&mut self, frame: usize);
    /// Writes the next frame into `into` and gives its number; none after the last.
    ///
    /// # Errors
    /// When it cannot be had; what follows has to be sought.
    fn next(&mut self, into: &mut Frame) -> Result<Option<usize>, DecodeError>;
}

/// The wanted decoder of a clip.
#[must_use]
pub fn open(decoding: Decoding, clip: Arc<Clip>, bytes: Verified, path: &Path) -> Box<dyn Moving> {
    if decoding.wants_ffmpeg(&clip) {
        Box::new(WithFallback {
            child: Some(Ffmpeg::new(Arc::clone(&clip), bytes.clone(), path)),
            within: None,
            next: 0,
            clip,
            bytes,
        })
    } else {
        Box::new(BuiltIn { frames: Frames::new(clip, bytes) })
    }
}

/// What a clip's error means here: bytes that are gone or changed are to be fetched again.
pub(super) fn fault(error: ClipError, path: &Path) -> DecodeError {
    match error {
        ClipError::Read(error) => DecodeError::Bytes(from_io(error, path)),
        other => DecodeError::Form(other.to_string()),
    }
}

fn from_io(error: std::io::Error, path: &Path) -> CacheError {
    match error.downcast::<CacheError>() {
        Ok(error) => error,
        Err(source) => CacheError::Disk { path: path.to_owned(), source },
    }
}

struct BuiltIn {
    frames: Frames<Verified>,
}

impl Moving for BuiltIn {
    fn seek(&mut self, frame: usize) {
        self.frames.seek(frame);
    }

    fn next(&mut self, into: &mut Frame) -> Result<Option<usize>, DecodeError> {
        let picture = self.frames.next_picture().map_err(|error| fault(error, Path::new("")))?;
        Ok(picture.map(|picture| draw(&picture, into)))
    }
}

fn draw(picture: &Picture, into: &mut Frame) -> usize {
    let width = into.geometry().width() as usize;
    picture.write_pixels(width, into.pixels_mut());
    picture.frame
}

/// ffmpeg as long as it works, then the decoder within the player.
struct WithFallback {
    child: Option<Ffmpeg>,
    within: Option<BuiltIn>,
    /// The frame that is given next.
    next: usize,
    clip: Arc<Clip>,
    bytes: Verified,
}

impl Moving for WithFallback {
    fn seek(&mut self, frame: usize) {
        self.next = frame;
        if let Some(child) = &mut self.child {
            child.seek(frame);
        }
        if let Some(within) = &mut self.within {
            within.seek(frame);
        }
    }

    fn next(&mut self, into: &mut Frame) -> Result<Option<usize>, DecodeError> {
        if let Some(child) = &mut self.child {
            match child.next(into) {
                Ok(number) => {
                    self.next = number.map_or(self.next, |number| number + 1);
                    return Ok(number);
                }
                Err(DecodeError::Decoder(error)) => {
                    let why = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!("ffmpeg does not decode the clip ({error} {why}): the decoder within the player goes on");
                    self.child = None;
                    let mut within = BuiltIn { frames: Frames::new(Arc::clone(&self.clip), self.bytes.clone()) };
                    within.seek(self.next);
                    self.within = Some(within);
                }
                Err(other) => return Err(other),
            }
        }
        self.within.as_mut().map_or(Ok(None), |within| within.next(into))
    }
}

#[cfg(test)]
#[path = "clip_tests.rs"]
mod tests;
