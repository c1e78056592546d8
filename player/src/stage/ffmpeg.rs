//! `ffmpeg` as a child that decodes a clip: it gets verified bytes over its standard input, and nothing else, and gives planes.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use bangtin_clip::{Clip, Picture, Units};

use super::decode::DecodeError;
use super::moving::{Moving, fault};
use crate::cache::Verified;
use crate::frame::Frame;

/// Longest wait for a frame.
const DEADLINE: Duration = Duration::from_secs(4);
/// Decoded frames between the child and the player.
const BETWEEN: usize = 2;
/// How much of a clip is rather skipped than sought by a new child, whose start takes longer.
const SKIPPED: Duration = Duration::from_secs(2);

/// Why ffmpeg gives no frames.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It cannot be started.
    #[error("it cannot be started")]
    Start(#[source] std::io::Error),
    /// It gave no frame in time.
    #[error("it gave no frame within {DEADLINE:?}")]
    Hung,
    /// It ended before the clip.
    #[error("it ended at frame {frame} of {frames}")]
    Ended {
        /// The frame it did not give.
        frame: usize,
        /// How many there are.
        frames: usize,
    },
}

/// A clip's frames from a child.
#[derive(Debug)]
pub(super) struct Ffmpeg {
    clip: Arc<Clip>,
    bytes: Verified,
    path: PathBuf,
    /// The frame that is wanted next.
    wanted: usize,
    running: Option<Running>,
}

/// The child and the two threads that feed and drain it; they end when its pipes do.
#[derive(Debug)]
struct Running {
    child: Child,
    /// The frame that it gives next.
    next: usize,
    planes: Receiver<Vec<u8>>,
    spare: SyncSender<Vec<u8>>,
    unfed: Receiver<DecodeError>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ffmpeg {
    pub(super) fn new(clip: Arc<Clip>, bytes: Verified, path: &Path) -> Self {
        Self { clip, bytes, path: path.to_owned(), wanted: 0, running: None }
    }

    fn start(&self) -> Result<Running, ChildError> {
        let mut child = Command::new("ffmpeg")
            .args(["-v", "quiet", "-nostdin", "-protocol_whitelist", "pipe,fd", "-threads", "2"])
            .args(["-f", "h264", "-i", "pipe:0", "-an", "-sn", "-dn"])
            .args(["-f", "rawvideo", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "pipe:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(ChildError::Start)?;
        let mut units = Units::new(Arc::clone(&self.clip), self.bytes.clone());
        let next = units.seek(self.wanted);
        let (full, planes) = mpsc::sync_channel(BETWEEN);
        let (spare, emptied) = mpsc::sync_channel(BETWEEN + 2);
        let (cannot, unfed) = mpsc::sync_channel(1);
        let (width, height) = (self.clip.width() as usize, self.clip.height() as usize);
        let length = width * height + 2 * width.div_ceil(2) * height.div_ceil(2);
        let (input, output, path) = (child.stdin.take(), child.stdout.take(), self.path.clone());
        let feeder = thread::Builder::new().name("clip-in".to_owned()).spawn(move || feed(input, units, &path, &cannot));
        let drain = thread::Builder::new().name("clip-out".to_owned()).spawn(move || drain(output, length, &emptied, &full));
        let running = Running { child, next, planes, spare, unfed };
        feeder.and(drain).map_err(ChildError::Start)?;
        Ok(running)
    }
}

fn feed(input: Option<ChildStdin>, mut units: Units<Verified>, path: &Path, cannot: &SyncSender<DecodeError>) {
    let Some(mut input) = input else { return };
    loop {
        match units.next_unit() {
            Ok(Some((_, unit))) => {
                if input.write_all(unit).is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                cannot.try_send(fault(error, path)).unwrap_or_default();
                return;
            }
        }
    }
}

fn drain(output: Option<ChildStdout>, length: usize, emptied: &Receiver<Vec<u8>>, full: &SyncSender<Vec<u8>>) {
    let Some(mut output) = output else { return };
    loop {
        let mut planes = emptied.try_recv().unwrap_or_default();
        planes.resize(length, 0);
        if output.read_exact(&mut planes).is_err() || full.send(planes).is_err() {
            return;
        }
    }
}

impl Moving for Ffmpeg {
    fn seek(&mut self, frame: usize) {
        self.wanted = frame;
        let goes_on = self.running.as_ref().is_some_and(|running| {
            frame >= running.next && self.clip.start(frame).saturating_sub(self.clip.start(running.next)) <= SKIPPED
        });
        if !goes_on {
            self.running = None;
        }
    }

    fn next(&mut self, into: &mut Frame) -> Result<Option<usize>, DecodeError> {
        if self.wanted >= self.clip.frames() {
            return Ok(None);
        }
        if self.running.is_none() {
            self.running = Some(self.start().map_err(DecodeError::Decoder)?);
        }
        let Some(running) = &mut self.running else { return Ok(None) };
        loop {
            let planes = match running.planes.recv_timeout(DEADLINE) {
                Ok(planes) => planes,
                Err(cut) => {
                    let (unfed, frame) = (running.unfed.try_recv(), running.next);
                    self.running = None;
                    let why = match cut {
                        RecvTimeoutError::Timeout => ChildError::Hung,
                        RecvTimeoutError::Disconnected => ChildError::Ended { frame, frames: self.clip.frames() },
                    };
                    return Err(unfed.unwrap_or(DecodeError::Decoder(why)));
                }
            };
            let frame = running.next;
            running.next += 1;
            let wanted = frame >= self.wanted;
            if wanted {
                draw(&self.clip, &planes, into);
                self.wanted = running.next;
            }
            running.spare.try_send(planes).unwrap_or_default();
            if wanted {
                return Ok(Some(frame));
            }
        }
    }
}

fn draw(clip: &Clip, planes: &[u8], into: &mut Frame) {
    let (width, height) = (clip.width() as usize, clip.height() as usize);
    let half = width.div_ceil(2) * height.div_ceil(2);
    let (y, differences) = planes.split_at(planes.len().min(width * height));
    let (u, v) = differences.split_at(differences.len().min(half));
    let columns = into.geometry().width() as usize;
    Picture::write_planes(width, (y, u, v), columns, into.pixels_mut());
}
