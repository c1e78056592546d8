//! Two boards side by side that were started at different moments: the same item, and the same frame of the same clip.

use std::cell::Cell;
use std::collections::VecDeque;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bangtin_player::clock::SystemClock;
use bangtin_player::frame::Frame;
use bangtin_player::identity::{Addresses, Identity};
use bangtin_player::ports::{Clock, Output, OutputError, Ports};
use bangtin_player::stage::Sight;
use bangtin_player::stage::moving::Decoding;
use bangtin_player::stage::transition::Transition;
use bangtin_player::{Cadence, Config, Running, start};
use chrono::{DateTime, TimeDelta, Utc};
use playlists::asset::Kind;
use playlists::id::Digest;
use playlists::playlist::Entry;
use playlists::schedule::{Schedule, What};
use playlists::trust::manifest::Manifest;

use crate::samples::manifest;
use crate::server::lock;
use crate::world::{World, eventually};

/// Frames of the clip: 8 s, of 40 ms each.
const FRAMES: u32 = 200;
const FRAME_MS: i64 = 40;
/// Frames compared of each board.
const COMPARED: usize = 50;

thread_local! {
    /// What the stage's thread was told last: the instant for which it chose the frame that it presents next.
    static ASKED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

struct Watched(SystemClock);
impl Clock for Watched {
    fn system(&self) -> DateTime<Utc> {
        self.0.system()
    }
    fn monotonic(&self) -> Duration {
        let now = self.0.monotonic();
        ASKED.set(now);
        now
    }
    fn is_synchronised(&self) -> bool {
        true
    }
}

/// Which frame of the clip was presented, and at what time of day it was chosen.
type Log = Arc<Mutex<VecDeque<(DateTime<Utc>, u32)>>>;

struct Recorder {
    clock: Arc<Watched>,
    log: Log,
}
impl Output for Recorder {
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
        let chosen = ASKED.get();
        let late = self.clock.0.monotonic().saturating_sub(chosen);
        let at = self.clock.system() - TimeDelta::from_std(late).unwrap_or_default();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend(number(frame).map(|number| (at, number)));
        while log.len() > COMPARED {
            log.pop_front();
        }
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

/// The number that a frame of the clip carries: its left half the tens of sixteen, its right half the ones, as shades of grey.
fn number(frame: &Frame) -> Option<u32> {
    let digit = |column: usize| {
        let [_, red, green, blue] = frame.pixels()[column].to_be_bytes();
        (red.abs_diff(green) < 9 && green.abs_diff(blue) < 9).then(|| (u32::from(green) + 8) / 16)
    };
    Some(digit(0)? * 16 + digit(7)?)
}

/// The clip, made by ffmpeg.
fn clip(world: &World) -> Vec<u8> {
    let (raw, made) = (world.path("clip.yuv"), world.path("clip.mp4"));
    let mut planes = Vec::new();
    for frame in 0..FRAMES {
        let shade = |digit: u32| u8::try_from(16 + (digit * 16 * 219 + 127) / 255).expect("at most 235");
        for _ in 0..4 {
            planes.extend([[shade(frame / 16); 4], [shade(frame % 16); 4]].concat());
        }
        planes.extend([128; 16]);
    }
    std::fs::write(&raw, planes).expect("written");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "8x4", "-r", "25", "-i"])
        .arg(&raw)
        .args(["-c:v", "libx264", "-qp", "2", "-bf", "2", "-g", "25", "-flags", "+cgop", "-movflags", "+faststart"])
        .arg(&made)
        .status()
        .expect("ffmpeg is installed: `make setup-test` sees to it");
    assert!(status.success());
    std::fs::read(&made).expect("made")
}

/// The clip alone, in turns of its length.
fn only(clip: &[u8]) -> Manifest {
    let item = Digest::of(clip);
    let mut manifest = manifest(1, &[(item, clip.len() as u64)]);
    for item in &mut manifest.items {
        (item.kind, item.duration) = (Kind::Clip, Some(Duration::from_secs(8)));
    }
    for playlist in &mut manifest.playlists {
        playlist.entries = vec![Entry::still("a".parse().expect("an id"), item, Duration::from_secs(8))];
    }
    manifest
}

async fn player(world: &World, data: &str) -> (Running, Log) {
    let identity = Identity::check(&world.identity_file(), &Addresses::default()).expect("an identity");
    let (clock, log) = (Arc::new(Watched(SystemClock::start())), Log::default());
    let recorder = Recorder { clock: Arc::clone(&clock), log: Arc::clone(&log) };
    // Between polls the time is not set anew: the test's server does not know it to the millisecond.
    let cadence = Cadence { poll: Duration::from_secs(3600), ..Cadence::default() };
    let (transition, decoding) = (Transition::Cut, Decoding::default());
    let config = Config { identity, data: world.path(data), transition, decoding, cadence };
    let running = start(config, Ports { clock, output: Box::new(|_| Ok(Box::new(recorder))) }).await.expect("started");
    (running, log)
}

/// What differs between the frames presented and the clip's at the time of the wall clock, in frames; most of all compared.
fn off(manifest: &Manifest, log: &Log) -> Option<i64> {
    let schedule = Schedule::new(manifest).expect("a schedule");
    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    if log.len() < COMPARED {
        return None;
    }
    let of = |(at, number): &(DateTime<Utc>, u32)| {
        let showing = schedule.resolve(*at);
        assert!(matches!(showing.what, What::Entry(_)));
        let expected = ((*at - showing.since).num_milliseconds() / FRAME_MS).min(i64::from(FRAMES) - 1);
        let around = (i64::from(*number) - expected).rem_euclid(i64::from(FRAMES));
        around.min(i64::from(FRAMES) - around)
    };
    log.iter().map(of).max()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_side_by_side_show_the_same_frame_of_the_same_clip_whenever_they_were_started() {
    let world = World::new().await;
    let clip = clip(&world);
    let manifest = only(&clip);
    lock(&world.served).content.insert(Digest::of(&clip).to_string(), clip);
    world.clock.set(SystemClock::start().system());
    world.clock.flow();
    world.serve(&manifest);
    let (one, seen_by_one) = player(&world, "one").await;
    eventually("the first board runs in step", || off(&manifest, &seen_by_one).is_some_and(|off| off <= 1)).await;
    let (other, seen_by_other) = player(&world, "other").await;
    eventually("both boards run in step with the wall clock, and so with each other", || {
        [&seen_by_one, &seen_by_other].iter().all(|log| off(&manifest, log).is_some_and(|off| off <= 1))
    })
    .await;
    let item = |running: &Running| running.screen().on().and_then(|on| on.item);
    assert_eq!(item(&one), item(&other));
    one.stop().await;
    other.stop().await;
}
