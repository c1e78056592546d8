//! Clips: what an MP4 rendition holds, its frames one by one in the order they are seen, and their colours.
//!
//! The server decodes every clip rendition with this code before it publishes it, and the player plays it with the same code: what
//! was verified is what is seen. It reads from whatever gives bytes; it has no clock, no thread and no file of its own.
//!
//! A rendition is H.264 in MP4 with its index in front: progressive, 8 bit 4:2:0, BT.709 of limited range, closed groups of pictures,
//! at most 4,096 pixels a side and an hour long. Anything else is refused, with the reason.

mod boxes;
mod clip;
mod colour;
mod frames;

pub use self::clip::Clip;
pub use self::frames::{Bytes, Frames, Picture, Units};

/// Most pixels of a side.
pub const MOST_SIDE: u32 = 4096;
/// Most frames: an hour at 60 a second.
pub const MOST_FRAMES: usize = 216_000;

/// Why a clip gives no frames.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Its bytes cannot be read.
    #[error("the clip's bytes cannot be read")]
    Read(#[source] std::io::Error),
    /// It is no MP4, or a damaged one.
    #[error("the clip is no MP4 file that can be read: {0}")]
    Container(String),
    /// It holds something other than one H.264 picture track of a size and length within the limits.
    #[error("the clip {0}")]
    Form(String),
    /// A frame cannot be decoded.
    #[error("frame {frame} of the clip cannot be decoded: {reason}")]
    Frame {
        /// Its number in the order they are seen, from 0.
        frame: usize,
        /// What the decoder says.
        reason: String,
    },
}
