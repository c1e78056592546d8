//! A rendition is decoded with the player's own decoder and with ffmpeg, side by side: only where every frame is equal, bit by bit,
//! may it be published. So a fault of a young decoder is found here, and not on a square.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bangtin_clip::{Bytes, Clip, Frames, Picture};

use super::child::{Ended, Ffmpeg, file, run_to_end, words};
use super::probe::reading;
use super::{ClipFault, Container};

/// How far a length may be off: containers count in ticks.
const TICK: Duration = Duration::from_millis(1);

/// What a rendition must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// Pixels as stored, width and height.
    pub(super) size: (u32, u32),
    /// How many frames.
    pub(super) frames: u32,
    /// How long it plays.
    pub(super) length: Duration,
}

/// Verifies the rendition at `path`.
///
/// # Errors
/// When it is not what is expected, or a frame differs; when ffmpeg fails.
pub(super) async fn verify(ffmpeg: &Ffmpeg, path: &Path, expected: Expected, deadline: Duration) -> Result<(), ClipFault> {
    let mut arguments = reading(Container::Mp4);
    arguments.extend(words(&["-nostdin", "-xerror", "-threads", "1", "-i"]));
    arguments.push(file(path));
    arguments.extend(words(&["-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"]));
    let rendition = File::open(path).map_err(ClipFault::Io)?;
    let ended = run_to_end(ffmpeg.ffmpeg(arguments, deadline), deadline, async |out: tokio::process::ChildStdout| {
        let reference = File::from(out.into_owned_fd().map_err(ClipFault::Io)?);
        // Decoding is hard work: off the async workers. When the child is killed its pipe ends, and so does this.
        match tokio::task::spawn_blocking(move || compare(rendition, expected, reference)).await {
            Ok(compared) => compared,
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        }
    });
    let Ended { made, fault, .. } = ended.await?;
    match (made, fault) {
        (_, Some(missing @ ClipFault::NotInstalled { .. })) => Err(missing),
        (Err(differs), _) => Err(differs),
        (Ok(()), Some(fault)) => Err(fault),
        (Ok(()), None) => Ok(()),
    }
}

struct Rendition(File);

impl Bytes for Rendition {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, offset)
    }
}

/// Compares all frames of a rendition with those of a reference: planes of 4:2:0, one frame after the other.
pub(super) fn compare(rendition: File, expected: Expected, mut reference: impl Read) -> Result<(), ClipFault> {
    let differs = |what: String| Err(ClipFault::Differs(what));
    let size = rendition.metadata().map_err(ClipFault::Io)?.len();
    let by_player = |error: bangtin_clip::ClipError| ClipFault::Differs(format!("the player cannot play it: {error}"));
    let clip = Clip::open(BufReader::new(rendition.try_clone().map_err(ClipFault::Io)?), size).map_err(by_player)?;
    let found = Expected {
        size: (clip.width(), clip.height()),
        frames: u32::try_from(clip.frames()).unwrap_or(u32::MAX),
        length: clip.length(),
    };
    if (found.size, found.frames) != (expected.size, expected.frames) || found.length.abs_diff(expected.length) > TICK {
        return differs(format!("it should be {expected:?} and is {found:?}"));
    }
    let mut frames = Frames::new(Arc::new(clip), Rendition(rendition));
    let mut plane = Vec::new();
    while let Some(picture) = frames.next_picture().map_err(by_player)? {
        for (name, ours) in planes(&picture) {
            plane.resize(ours.len(), 0);
            match reference.read_exact(&mut plane) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return differs(format!("ffmpeg decodes fewer frames than the player: frame {} is missing", picture.frame));
                }
                Err(error) => return Err(ClipFault::Io(error)),
            }
            if let Some(at) = ours.iter().zip(&plane).position(|(ours, theirs)| ours != theirs) {
                return differs(format!(
                    "frame {} is decoded differently by the player and by ffmpeg ({name}, byte {at})",
                    picture.frame
                ));
            }
        }
    }
    if reference.read(&mut [0]).map_err(ClipFault::Io)? > 0 {
        return differs("ffmpeg decodes more frames than the player".to_owned());
    }
    Ok(())
}

fn planes(picture: &Picture) -> [(&'static str, &[u8]); 3] {
    [("luma", &picture.y), ("blue difference", &picture.u), ("red difference", &picture.v)]
}
