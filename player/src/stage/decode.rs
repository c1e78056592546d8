//! From a rendition's bytes to a frame of exactly the board's pixels, on a thread of its own, one at a time; a clip gets another
//! thread that decodes ahead.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use bangtin_clip::Clip;
use image::{ImageDecoder, ImageReader};
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::Digest;

use super::Message;
use super::ffmpeg::ChildError;
use super::moving::{self, Decoding};
use super::reel::{Reel, reel};
use super::sprite::Sprite;
use crate::cache::{CacheError, Verified, read_verified};
use crate::frame::Frame;

/// Where the bytes of an item lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The item.
    pub item: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What it is.
    pub form: Form,
    /// Its file.
    pub path: PathBuf,
}

/// What an item is to the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A picture of exactly the board's pixels.
    Still,
    /// Frames of them.
    Clip,
    /// Running text of this width, no higher than the board.
    Strip {
        /// Pixels of a row.
        width: u32,
    },
    /// The picture of an overlay in a corner.
    Overlay {
        /// The most columns and rows it may have.
        room: (u32, u32),
    },
}

impl From<Kind> for Form {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Still => Self::Still,
            Kind::Clip => Self::Clip,
        }
    }
}

/// An item that was opened.
pub(crate) enum Opened {
    /// Its only frame.
    Still(Arc<Frame>),
    /// Its frames, one after the other.
    Moving(Reel),
    /// Running text.
    Strip(Sprite),
    /// The picture of an overlay.
    Overlay(Sprite),
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Still(_) => "Still",
            Self::Moving(_) => "Moving",
            Self::Strip(_) => "Strip",
            Self::Overlay(_) => "Overlay",
        })
    }
}

/// Why an item gives no frame.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Its bytes are gone or changed: to be fetched again.
    #[error("the item's bytes are not there")]
    Bytes(#[source] CacheError),
    /// Not a picture that this player decodes.
    #[error("the item is no picture: {0}")]
    Form(String),
    /// ffmpeg does not decode it.
    #[error("ffmpeg gives no frames")]
    Decoder(#[source] ChildError),
    /// No thread can be started to decode it.
    #[error("no thread can be started to decode the item")]
    Thread(#[source] std::io::Error),
    /// Not the board's pixels.
    #[error("the item has {width}x{height} pixels, the board {geometry}")]
    Geometry {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The board's.
        geometry: Geometry,
    },
    /// Not the strip that the manifest describes.
    #[error("the strip has {width}x{height} pixels; {said} wide and no higher than the board {geometry} it must be")]
    Strip {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The width that the manifest names.
        said: u32,
        /// The board's.
        geometry: Geometry,
    },
    /// More pixels than the overlay has room for.
    #[error("the picture has {width}x{height} pixels, the overlay room for {0}x{1}", room.0, room.1)]
    Overlay {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The most columns and rows it may have.
        room: (u32, u32),
    },
}

/// Decodes a still of exactly this geometry.
///
/// # Errors
/// When it is no picture, or has other pixels.
pub fn still(bytes: &[u8], geometry: Geometry) -> Result<Frame, DecodeError> {
    let form = |e: &dyn std::fmt::Display| DecodeError::Form(e.to_string());
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| form(&e))?;
    let decoder = reader.into_decoder().map_err(|e| form(&e))?;
    let (width, height) = decoder.dimensions();
    if (width, height) != (geometry.width(), geometry.height()) {
        return Err(DecodeError::Geometry { width, height, geometry });
    }
    let picture = image::DynamicImage::from_decoder(decoder).map_err(|e| form(&e))?.into_rgb8();
    let pixels = picture.pixels().map(|pixel| {
        let [red, green, blue] = pixel.0;
        u32::from_be_bytes([0, red, green, blue])
    });
    Frame::from_pixels(geometry, pixels.collect()).ok_or_else(|| DecodeError::Form("pixels are missing".to_owned()))
}

/// Opens what is asked for until nobody asks any more, then waits for the clips' threads.
pub(super) fn serve(geometry: Geometry, decoding: Decoding, asked: &Receiver<Source>, answers: &SyncSender<Message>) {
    let mut clips: Vec<JoinHandle<()>> = Vec::new();
    while let Ok(source) = asked.recv() {
        clips.retain(|clip| !clip.is_finished());
        let item = source.item;
        let bytes = || read_verified(&source.path, &source.item, source.size).map_err(DecodeError::Bytes);
        let result = match source.form {
            Form::Still => bytes().and_then(|bytes| still(&bytes, geometry)).map(|frame| Opened::Still(Arc::new(frame))),
            Form::Strip { width } => bytes().and_then(|bytes| Sprite::strip(&bytes, width, geometry)).map(Opened::Strip),
            Form::Overlay { room } => bytes().and_then(|bytes| Sprite::overlay(&bytes, room)).map(Opened::Overlay),
            Form::Clip => clip(&source, geometry, decoding, answers).map(|(reel, thread)| {
                clips.push(thread);
                Opened::Moving(reel)
            }),
        };
        if answers.send(Message::Decoded { item, result }).is_err() {
            break;
        }
    }
    for clip in clips {
        if clip.join().is_err() {
            tracing::error!("the thread of a clip panicked");
        }
    }
}

/// Hashes and opens a clip, and has it decoded from its first frame on.
fn clip(
    source: &Source,
    geometry: Geometry,
    decoding: Decoding,
    answers: &SyncSender<Message>,
) -> Result<(Reel, JoinHandle<()>), DecodeError> {
    let bytes = Verified::open(&source.path, &source.item, source.size).map_err(DecodeError::Bytes)?;
    let clip = Clip::open(bytes.clone(), source.size).map_err(|error| moving::fault(error, &source.path))?;
    let (width, height) = (clip.width(), clip.height());
    if (width, height) != (even(geometry.width()), even(geometry.height())) {
        return Err(DecodeError::Geometry { width, height, geometry });
    }
    let clip = Arc::new(clip);
    let moving = moving::open(decoding, Arc::clone(&clip), bytes, &source.path);
    let answers = answers.clone();
    // A stage whose orders are full is awake already.
    let wake = move || answers.try_send(Message::Woken).unwrap_or_default();
    let (reel, feeder) = reel(clip, geometry, moving, Box::new(wake));
    let thread = thread::Builder::new().name("clip".to_owned()).spawn(move || feeder.run()).map_err(DecodeError::Thread)?;
    Ok((reel, thread))
}

/// Clips have even sides; an odd board leaves out their last column or row.
const fn even(side: u32) -> u32 {
    side + side % 2
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A PNG of these pixels.
    pub(crate) fn png(frame: &Frame) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let geometry = frame.geometry();
        image::RgbImage::from_raw(geometry.width(), geometry.height(), frame.to_rgb())
            .expect("as many bytes as pixels")
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_still_decodes_to_exactly_its_pixels_or_not_at_all() {
        let geometry = Geometry::new(3, 2).expect("a geometry");
        let frame = Frame::from_pixels(geometry, vec![0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 1, 2, 3]).expect("six pixels");
        let bytes = png(&frame);
        assert_eq!(still(&bytes, geometry).expect("decoded"), frame);
        let other = Geometry::new(2, 3).expect("a geometry");
        assert!(matches!(still(&bytes, other), Err(DecodeError::Geometry { .. })));
        for cut in 0..bytes.len() - 12 {
            assert!(still(bytes.get(..cut).expect("shorter"), geometry).is_err(), "cut at {cut}");
        }
    }
}
