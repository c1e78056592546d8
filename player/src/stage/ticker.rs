//! Running text over the picture: which strip crosses the board at an instant, and where it is. Its place comes
//! from the wall clock, so boards side by side run in step; it moves by the same number of whole pixels in each frame.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};
use playlists::wire::reports::PlayedItem;

use super::Play;
use super::decode::Source;
use super::on::LOOK;
use super::sprite::{Sprite, Sprites};

/// Most frames a second: a faster strip moves by more pixels at once.
const MOST_FRAMES: u32 = 50;
const MICROSECONDS: u128 = 1_000_000;

/// One crossing of the board by a strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The strip.
    pub source: Source,
    /// How it is recorded.
    pub played: PlayedItem,
    /// Pixels per second, at least 1.
    pub speed: u32,
    /// When its first pixel enters at the right edge.
    pub since: DateTime<Utc>,
    /// When it has left, or is cut short.
    pub until: DateTime<Utc>,
    /// The manifest it comes from.
    pub rev: Revision,
}

impl Run {
    fn is_on(&self, now: DateTime<Utc>) -> bool {
        self.since <= now && now < self.until
    }

    fn is_same(&self, other: &Self) -> bool {
        self.source.item == other.source.item && self.since == other.since
    }

    /// Pixels in each frame.
    fn step(&self) -> u128 {
        u128::from(self.speed.div_ceil(MOST_FRAMES).max(1))
    }

    /// How many frames have begun after this time.
    fn frames(&self, elapsed: Duration) -> u128 {
        elapsed.as_micros() * u128::from(self.speed) / (self.step() * MICROSECONDS)
    }

    /// Pixels by which it has moved after this time.
    fn moved(&self, elapsed: Duration) -> u128 {
        self.frames(elapsed) * self.step()
    }

    /// How long after this time the next frame begins.
    fn until_next(&self, elapsed: Duration) -> Duration {
        let next = (self.frames(elapsed) + 1) * self.step() * MICROSECONDS;
        let next = next.div_ceil(u128::from(self.speed.max(1)));
        Duration::from_micros(u64::try_from(next).unwrap_or(u64::MAX)).saturating_sub(elapsed)
    }
}

/// A strip where it lies over the picture.
#[derive(Debug, Clone)]
pub struct Over {
    /// The item that the strip was decoded from.
    pub item: Digest,
    /// The strip.
    pub strip: Arc<Sprite>,
    /// The column of its left edge; it may lie outside.
    pub left: i64,
}

impl PartialEq for Over {
    fn eq(&self, other: &Self) -> bool {
        self.left == other.left && Arc::ptr_eq(&self.strip, &other.strip)
    }
}

/// What became of the running text with the time.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// The picture must be drawn anew.
    pub(super) changed: bool,
    /// Frames between the last one and this that were not shown.
    pub(super) dropped: u64,
    /// When to look again.
    pub(super) next: Option<Duration>,
}

/// The running text of a stage.
pub(super) struct Ticker {
    /// What runs and what runs next.
    runs: Vec<Run>,
    strips: Sprites,
    over: Option<Over>,
    /// The crossing that is on the screen, since when, the frame it is at and how many were left out.
    on: Option<On>,
    plays: Vec<Play>,
    /// When the output was shown the running text last, or when it began; none while nothing runs.
    looked: Option<Duration>,
    /// Whether what the output was shown last has running text on it.
    is_shown: bool,
}

struct On {
    run: Run,
    presented: Duration,
    frame: u128,
    dropped: u32,
}

impl Ticker {
    pub(super) const fn new() -> Self {
        Self { runs: Vec::new(), strips: Sprites::new(), over: None, on: None, plays: Vec::new(), looked: None, is_shown: false }
    }

    /// What runs from now on, in the order of its time.
    pub(super) fn order(&mut self, runs: Vec<Run>) {
        self.runs = runs;
        self.strips.order(|item| self.runs.iter().any(|run| run.source.item == *item));
    }

    /// Whether nothing runs, now or next.
    pub(super) const fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The strip that is to be decoded: it runs, or runs next.
    pub(super) fn wanted(&self) -> Option<&Source> {
        self.strips.lacking(self.runs.iter().map(|run| &run.source))
    }

    /// A strip was decoded.
    pub(super) fn take(&mut self, item: Digest, strip: Sprite) {
        if self.runs(&item) {
            self.strips.take(item, strip);
        }
    }

    /// An item gives no strip: it is not asked for again, or not until it is ordered again where its bytes `may_come`.
    pub(super) fn broken(&mut self, item: Digest, may_come: bool) {
        if self.runs(&item) {
            self.strips.broken(item, may_come);
        }
    }

    fn runs(&self, item: &Digest) -> bool {
        self.runs.iter().any(|run| run.source.item == *item)
    }

    /// Goes to `wall`, the time of day, on a board of this geometry. Nothing runs where nothing else `is_lit`.
    pub(super) fn move_to(&mut self, (now, wall): (Duration, DateTime<Utc>), geometry: Geometry, is_lit: bool) -> Moved {
        let running = self.runs.iter().find(|run| is_lit && run.is_on(wall)).cloned();
        let strip = running.as_ref().and_then(|run| self.strips.get(&run.source.item));
        let over = running.as_ref().zip(strip).map(|(run, strip)| {
            let moved = i64::try_from(run.moved(since(run, wall))).unwrap_or(i64::MAX);
            Over { item: run.source.item, strip: Arc::clone(strip), left: i64::from(geometry.width()).saturating_sub(moved) }
        });
        let dropped = self.record(now, running.as_ref().filter(|_| over.is_some()), wall);
        let next = self.next(running.as_ref(), over.is_some(), (now, wall));
        let changed = self.over != over;
        self.over = over;
        Moved { changed, dropped, next }
    }

    /// When the next frame or the next crossing begins.
    fn next(&self, running: Option<&Run>, is_drawn: bool, (now, wall): (Duration, DateTime<Utc>)) -> Option<Duration> {
        let until = |then: DateTime<Utc>| (then - wall).to_std().unwrap_or_default();
        let step = running.filter(|_| is_drawn).map(|run| run.until_next(since(run, wall)));
        let begins = self.runs.iter().filter(|run| wall < run.since).map(|run| until(run.since));
        let wait = begins.chain(running.map(|run| until(run.until))).chain(step).min()?;
        Some(now + wait.max(Duration::from_millis(1)))
    }

    /// Notes which crossing is seen; how many of its frames were left out since the last one.
    fn record(&mut self, now: Duration, run: Option<&Run>, wall: DateTime<Utc>) -> u64 {
        if let (Some(on), Some(run)) = (&mut self.on, run)
            && on.run.is_same(run)
        {
            let frame = run.frames(since(run, wall));
            let dropped = frame.saturating_sub(on.frame).saturating_sub(1);
            // A clock that was set leaves nothing out.
            let dropped = if dropped > u128::from(MOST_FRAMES) { 0 } else { u32::try_from(dropped).unwrap_or_default() };
            on.frame = frame;
            on.dropped = on.dropped.saturating_add(dropped);
            on.run = run.clone();
            return u64::from(dropped);
        }
        self.end(now, wall);
        self.on = run.map(|run| On { run: run.clone(), presented: now, frame: run.frames(since(run, wall)), dropped: 0 });
        0
    }

    /// What is on ends.
    pub(super) fn end(&mut self, now: Duration, wall: DateTime<Utc>) {
        let Some(On { run, presented, dropped, .. }) = self.on.take() else { return };
        self.plays.push(Play {
            interrupted: wall < run.until,
            played: run.played,
            start: presented,
            shown: now.saturating_sub(presented),
            dropped,
            rev: run.rev,
            is_over: true,
        });
    }

    /// The crossings that have ended since the last call.
    pub(super) fn plays(&mut self) -> Vec<Play> {
        std::mem::take(&mut self.plays)
    }

    /// What lies over the picture.
    pub(super) const fn over(&self) -> Option<&Over> {
        self.over.as_ref()
    }

    /// Whether the output is to be shown the picture with what runs over it: where it `stands` anyhow, every few seconds while something
    /// runs, and once when it has gone.
    pub(super) fn looks(&mut self, now: Duration, stands: bool) -> bool {
        let is_over = self.over.is_some();
        let last = *self.looked.get_or_insert(now);
        let is_due = if is_over { now >= last + LOOK } else { self.is_shown };
        if stands || is_due {
            (self.looked, self.is_shown) = (Some(now), is_over);
        }
        if !is_over {
            self.looked = None;
        }
        stands || is_due
    }
}

fn since(run: &Run, wall: DateTime<Utc>) -> Duration {
    (wall - run.since).max(TimeDelta::zero()).to_std().unwrap_or_default()
}
