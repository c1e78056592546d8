//! From one picture to the next: cut or fade, by a clock of frames.

use std::sync::Arc;
use std::time::Duration;

use super::compose;
use crate::frame::Frame;

/// How one picture gives way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// At once.
    Cut,
    /// Both are seen for this long.
    Fade(Duration),
}

impl Default for Transition {
    fn default() -> Self {
        Self::Fade(Duration::from_millis(400))
    }
}

/// Time between two frames of a transition: 50 a second.
pub const FRAME: Duration = Duration::from_millis(20);

/// A fade that is running.
#[derive(Debug)]
pub struct Fade {
    from: Arc<Frame>,
    /// The frame given last, where one was.
    scratch: Frame,
    seen: bool,
    began: Duration,
    length: Duration,
}

impl Fade {
    /// Begins a fade away from `from` at `now` on the monotonic clock.
    #[must_use]
    pub fn begin(from: Arc<Frame>, length: Duration, now: Duration) -> Self {
        let scratch = Frame::black(from.geometry());
        Self { from, scratch, seen: false, began: now, length }
    }

    /// The frame at `now` on the way to `to`; none when the fade is over and `to` itself is to be shown.
    pub fn at(&mut self, to: &Frame, now: Duration) -> Option<&Frame> {
        let elapsed = now.saturating_sub(self.began);
        if elapsed >= self.length {
            return None;
        }
        let share = elapsed.as_micros() * u128::from(compose::ALL) / self.length.as_micros().max(1);
        let share = u32::try_from(share).unwrap_or(compose::ALL);
        compose::blend(self.scratch.pixels_mut(), self.from.pixels(), to.pixels(), share);
        self.seen = true;
        Some(&self.scratch)
    }

    /// It goes on from this frame: what it leaves has moved.
    pub fn leave(&mut self, from: Arc<Frame>) {
        self.from = from;
    }

    /// The frame that it gave last; the one it began with where it gave none.
    #[must_use]
    pub fn into_seen(self) -> Arc<Frame> {
        if self.seen { Arc::new(self.scratch) } else { self.from }
    }

    /// When the next frame is due, on the grid of frames that began with the fade.
    #[must_use]
    pub fn next_after(&self, now: Duration) -> Duration {
        let frames = now.saturating_sub(self.began).as_nanos() / FRAME.as_nanos() + 1;
        self.began + FRAME * u32::try_from(frames).unwrap_or(u32::MAX)
    }
}
