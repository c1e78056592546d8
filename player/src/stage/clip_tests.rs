//! Clips made by ffmpeg, through the real decoders, the ring and the stage, in time that is an argument.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::stage::decode::Form;
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};

use super::super::decode::{Opened, Source};
use super::super::machine::Machine;
use super::super::reel::{Feeder, Step, reel};
use super::super::screen::Screen;
use super::super::transition::Transition;
use super::super::{Content, Message, Order, Report, Shot, Sight};
use super::*;
use crate::ports::{Output, OutputError};

struct Recorder(Arc<Mutex<Vec<Frame>>>);
impl Output for Recorder {
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
        self.0.lock().expect("not poisoned").push(frame.clone());
        Ok(())
    }
    fn settled(&mut self, _: &Sight) -> Result<(), OutputError> {
        Ok(())
    }
    fn pump(&mut self) -> bool {
        true
    }
    fn pump_every(&self) -> Option<Duration> {
        None
    }
}

fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed: `make setup-test` sees to it");
    let (mut stdin, input) = (child.stdin.take().expect("piped"), input.to_owned());
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "ffmpeg {arguments:?}");
    // It may have read enough before the end.
    drop(feeding.join().expect("fed"));
    out.stdout
}

fn made(folder: &Path, size: &str, seconds: u32) -> Vec<u8> {
    let path = folder.join("made.mp4");
    let source = format!("testsrc2=size={size}:rate=25:duration={seconds}");
    let path_text = path.to_str().expect("plain letters");
    let encoder = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-bf", "2", "-g", "25", "-flags", "+cgop"];
    let arguments = [&["-f", "lavfi", "-i", &source][..], &encoder, &["-movflags", "+faststart", path_text]].concat();
    ffmpeg(&arguments, &[]);
    std::fs::read(&path).expect("written")
}

/// ITU-R BT.709 of limited range, in floating point.
fn exact(y: u8, u: u8, v: u8) -> [f64; 3] {
    let (kr, kb) = (0.2126, 0.0722);
    let luma = (f64::from(y) - 16.0) / 219.0;
    let (blue, red) = ((f64::from(u) - 128.0) / 224.0, (f64::from(v) - 128.0) / 224.0);
    let (r, b) = (luma + 2.0 * (1.0 - kr) * red, luma + 2.0 * (1.0 - kb) * blue);
    let g = (luma - kr * r - kb * b) / (1.0 - kr - kb);
    [r, g, b].map(|channel| (channel * 255.0).clamp(0.0, 255.0))
}

fn is_near(frame: &Frame, planes: &[u8], stored: usize) -> bool {
    let (width, height) = (frame.geometry().width() as usize, frame.geometry().height() as usize);
    let rows = height + height % 2;
    let (y, rest) = planes.split_at(stored * rows);
    let (u, v) = rest.split_at(stored / 2 * (rows / 2));
    frame.pixels().iter().enumerate().all(|(at, pixel)| {
        let (column, row) = (at % width, at / width);
        let half = row / 2 * (stored / 2) + column / 2;
        let [_, r, g, b] = pixel.to_be_bytes();
        let exact = exact(y[row * stored + column], u[half], v[half]);
        [r, g, b].iter().zip(exact).all(|(given, exact)| (f64::from(*given) - exact).abs() <= 1.0)
    })
}

/// A folder with a clip in it, and a stage told to show it from second 0 on.
struct Play {
    machine: Machine,
    feeder: Option<Feeder>,
    shown: Arc<Mutex<Vec<Frame>>>,
    output: Recorder,
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Play {
    fn new(bytes: &[u8], geometry: Geometry, decoding: Decoding) -> Result<Self, DecodeError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clip");
        std::fs::write(&path, bytes).expect("written");
        let (item, size) = (Digest::of(bytes), bytes.len() as u64);
        let verified = Verified::open(&path, &item, size).map_err(DecodeError::Bytes)?;
        let clip = Arc::new(Clip::open(verified.clone(), size).map_err(|error| fault(error, &path))?);
        let moving = open(decoding, Arc::clone(&clip), verified, &path);
        let (opened, feeder) = reel(clip, geometry, moving, Box::new(|| {}));
        let mut machine = Machine::new(geometry, Transition::Cut, Arc::new(Screen::default()));
        let source = Source { item, size, form: Form::Clip, path: path.clone() };
        let since = chrono::DateTime::UNIX_EPOCH;
        let shot =
            Shot { content: Content::Item(source), played: None, since, rev: Revision(1), interrupts: false, overlaid: false };
        machine.take(Message::Order(Order::Show(shot)));
        assert!(machine.wanted().is_some());
        machine.take(Message::Decoded { item, result: Ok(Opened::Moving(opened)) });
        let shown = Arc::new(Mutex::default());
        let output = Recorder(Arc::clone(&shown));
        Ok(Self { machine, feeder: Some(feeder), shown, output, path, _folder: folder })
    }

    /// Goes to `now` with whatever can be decoded, decoded; when it goes on.
    fn tick(&mut self, now: Duration) -> Option<Duration> {
        let feeder = self.feeder.as_mut().expect("it plays");
        while feeder.step() == Step::Done {}
        self.machine.tick(now, &mut self.output)
    }

    /// Plays from `now` to the end; the frames shown.
    fn play_out(&mut self, mut now: Duration) -> Vec<Frame> {
        for _ in 0..2 {
            self.tick(now);
        }
        while let Some(due) = self.tick(now) {
            assert!(due > now, "it goes on");
            now = due;
        }
        std::mem::take(&mut *self.shown.lock().expect("not poisoned"))
    }
}

#[test]
fn the_frames_presented_are_ffmpegs_whichever_decoder_gives_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (size, geometry) in [("640x320", (640, 320)), ("64x256", (64, 256)), ("250x130", (249, 129))] {
        let bytes = made(folder.path(), size, 2);
        let path = folder.path().join("made.mp4");
        let raw = ["-f", "rawvideo", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-"];
        let planes = ffmpeg(&[&["-i", path.to_str().expect("plain letters")][..], &raw].concat(), &[]);
        let stored: (usize, usize) =
            size.split_once('x').map(|(w, h)| (w.parse().expect("w"), h.parse().expect("h"))).expect("x");
        let expected: Vec<_> = planes.chunks(stored.0 * stored.1 * 3 / 2).collect();
        assert_eq!(expected.len(), 50);
        let geometry = Geometry::new(geometry.0, geometry.1).expect("a geometry");
        for decoding in [Decoding::BuiltIn, Decoding::Ffmpeg] {
            for (from, first) in [(Duration::ZERO, 0), (Duration::from_millis(1290), 32)] {
                let mut play = Play::new(&bytes, geometry, decoding).expect("opened");
                let shown = play.play_out(from);
                let shown: Vec<_> = shown.iter().filter(|frame| **frame != Frame::resident(geometry)).collect();
                assert_eq!(shown.len(), 50 - first, "{size} {decoding:?} from {from:?}");
                for (number, (frame, planes)) in shown.into_iter().zip(expected.iter().skip(first)).enumerate() {
                    assert!(is_near(frame, planes, stored.0), "{size} {decoding:?} from {from:?}: frame {number}");
                }
            }
        }
    }
}

#[test]
fn bytes_that_change_while_a_clip_plays_keep_its_last_good_frame_and_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = made(folder.path(), "640x320", 8);
    assert!(bytes.len() > 300_000, "some chunks: {}", bytes.len());
    let geometry = Geometry::new(640, 320).expect("a geometry");
    for decoding in [Decoding::BuiltIn, Decoding::Ffmpeg] {
        let mut play = Play::new(&bytes, geometry, decoding).expect("opened");
        let mut changed = bytes.clone();
        let end = changed.len() - 100_000;
        changed[end] ^= 0x10;
        std::fs::write(&play.path, &changed).expect("changed");
        let shown = play.play_out(Duration::ZERO);
        assert!(shown.len() > 20 && shown.len() < 190, "{decoding:?}: {}", shown.len());
        let told: Vec<_> = play.machine.reports().filter(|report| matches!(report, Report::Broken { .. })).collect();
        assert!(
            matches!(told.as_slice(), [Report::Broken { error: DecodeError::Bytes(CacheError::Rot { .. }), .. }]),
            "{told:?}"
        );
    }
}

#[test]
fn damaged_clips_never_bring_the_stage_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = made(folder.path(), "64x64", 1);
    let geometry = Geometry::new(64, 64).expect("a geometry");
    let (mut random, mut opened) = (fastrand::Rng::with_seed(7), 0);
    for round in 0..60 {
        let mut damaged = bytes.clone();
        for _ in 0..random.usize(1..2 + round * 4) {
            let place = random.usize(..damaged.len());
            damaged[place] = random.u8(..);
        }
        let Ok(mut play) = Play::new(&damaged, geometry, Decoding::BuiltIn) else { continue };
        opened += 1;
        for frame in 0..30 {
            play.tick(Duration::from_millis(frame * 40));
        }
    }
    assert!(opened > 5, "some are damaged where it shows only in a frame: {opened}");
}
