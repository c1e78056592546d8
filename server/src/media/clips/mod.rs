//! Clips: from an upload that ffmpeg can read to a board's exact pixels, verified with the player's own decoder.
//!
//! What an upload is, is decided by its first bytes ([`Container`]); what it holds, by looking at each of its packets (`probe`);
//! what is to be made of it, by pure functions (`plan`). ffmpeg does the work as a confined child process (`child`), and nothing
//! it made is kept before every frame of it was decoded a second time by `bangtin-clip` and found equal (`verify`).

mod animated;
mod child;
mod container;
mod items;
mod photograph;
mod plan;
mod probe;
mod render;
#[cfg(test)]
mod tests;
mod verify;

use std::time::Duration;

use playlists::geometry::Geometry;
use tokio::sync::Semaphore;

pub use self::child::Ffmpeg;
pub use self::container::{Container, HEAD, is_photograph};
pub use self::photograph::photograph;
pub use self::probe::Found;
pub use self::render::{Inspected, inspect, render};

/// Largest file taken, in bytes.
pub const MOST_BYTES: u64 = 512 << 20;
/// Most pixels of a side, of an upload and of a board that shows clips.
pub const MOST_SIDE: u32 = bangtin_clip::MOST_SIDE;
/// Most pixels of an upload's frame: cinema 4K is 4096 × 2304.
pub const MOST_PIXELS: u64 = 4096 * 2304;
/// Longest clip.
pub const LONGEST: Duration = Duration::from_secs(3600);
/// Media type of renditions of clips.
pub const MEDIA_TYPE: &str = "video/mp4";

/// Renditions made at once: ffmpeg works with two threads, and machines are small.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
/// Uploads looked over at once.
static LOOKED_OVER: Semaphore = Semaphore::const_new(2);

/// Why a clip is refused, or no rendition can be made of it.
#[derive(Debug, thiserror::Error)]
pub enum ClipFault {
    /// ffmpeg is not there, or what confines it (util-linux) is not.
    #[error("clips need ffmpeg, ffprobe and util-linux on the server, and {program} cannot be started; stills work without them")]
    NotInstalled {
        /// Which program.
        program: String,
    },
    /// It cannot be read, or ends before it should.
    #[error("the clip is damaged or incomplete: {0}")]
    Damaged(String),
    /// There is sound in it, or nothing.
    #[error("the file holds no moving picture")]
    NoPicture,
    /// It has a picture track without frames.
    #[error("the clip has no frames")]
    NoFrames,
    /// Too many pixels.
    #[error("the clip has {width}x{height} pixels; at most {MOST_SIDE} a side and 4096x2304 in all are taken")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// It runs too long.
    #[error("the clip lasts {0} s; at most an hour is taken")]
    TooLong(u64),
    /// The board is larger than a clip may be.
    #[error("clips have at most {MOST_SIDE} pixels a side, the board has {0}")]
    Geometry(Geometry),
    /// ffmpeg worked longer than it may.
    #[error("ffmpeg did not end within {} s and was ended", .0.as_secs())]
    TooSlow(Duration),
    /// ffmpeg gave up.
    #[error("ffmpeg could not make it: {0}")]
    Ffmpeg(String),
    /// The rendition is not what was asked for, or the player would show other pixels than ffmpeg.
    #[error("the rendition is refused: {0}")]
    Differs(String),
    /// The system failed: a pipe, a file.
    #[error("the clip cannot be worked on")]
    Io(#[source] std::io::Error),
}

impl ClipFault {
    /// Whether it may go better next time, without another file or another board.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::NotInstalled { .. } | Self::Io(_))
    }
}
