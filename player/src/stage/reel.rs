//! A clip that is on or comes next: a few frames decoded ahead on a thread of their own, in buffers that are used again.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bangtin_clip::Clip;
use playlists::geometry::Geometry;

use super::decode::DecodeError;
use super::moving::Moving;
use crate::frame::Frame;

/// Frames decoded ahead.
const AHEAD: usize = 6;
/// Frames that were given back and may still be looked at elsewhere.
const SPARE: usize = 4;

/// When each frame of a clip is seen.
pub trait Timeline: Send + Sync {
    /// How many frames, at least one.
    fn frames(&self) -> usize;
    /// When this frame begins to be seen, from the clip's start.
    fn start(&self, frame: usize) -> Duration;
    /// The frame seen at this position; after the end the last one.
    fn frame_at(&self, position: Duration) -> usize;
}

impl Timeline for Clip {
    fn frames(&self) -> usize {
        Self::frames(self)
    }
    fn start(&self, frame: usize) -> Duration {
        Self::start(self, frame)
    }
    fn frame_at(&self, position: Duration) -> usize {
        Self::frame_at(self, position)
    }
}

/// A clip's frames as the stage takes them; the thread that decodes ends when it is dropped.
pub struct Reel {
    shared: Arc<Shared>,
    timeline: Arc<dyn Timeline>,
    /// The frame given last.
    given: Option<usize>,
}

/// The other end, where frames are decoded.
pub(super) struct Feeder {
    shared: Arc<Shared>,
    moving: Box<dyn Moving>,
    geometry: Geometry,
    /// Wakes the stage.
    wake: Box<dyn Fn() + Send>,
    /// The frame that the decoder gives next.
    next: usize,
}

/// What came of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A frame was decoded, or the decoder has ended.
    Done,
    /// There is nothing to do until the stage has taken a frame.
    Idle,
    /// Nobody wants frames any more.
    Closed,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<(usize, Arc<Frame>)>,
    spare: Vec<Arc<Frame>>,
    /// The frame that is to be on the screen.
    due: usize,
    /// Where to go on, when that is not the next frame.
    sought: Option<usize>,
    error: Option<DecodeError>,
    /// No more frames come unless some are sought.
    is_over: bool,
    is_awaited: bool,
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A frame to be drawn on that nobody looks at.
    fn blank(&mut self, geometry: Geometry) -> Arc<Frame> {
        let free = self.spare.iter_mut().position(|frame| Arc::get_mut(frame).is_some());
        free.map_or_else(|| Arc::new(Frame::black(geometry)), |place| self.spare.swap_remove(place))
    }

    fn give_back(&mut self, frame: Arc<Frame>) {
        self.spare.push(frame);
        if self.spare.len() > AHEAD + SPARE {
            self.spare.remove(0);
        }
    }
}

/// Both ends of a clip; `wake` is called when a frame that the stage waits for is there.
pub(super) fn reel(
    timeline: Arc<dyn Timeline>,
    geometry: Geometry,
    moving: Box<dyn Moving>,
    wake: Box<dyn Fn() + Send>,
) -> (Reel, Feeder) {
    let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
    let feeder = Feeder { shared: Arc::clone(&shared), moving, geometry, wake, next: 0 };
    (Reel { shared, timeline, given: None }, feeder)
}

impl Reel {
    /// When each frame is seen.
    pub(super) fn timeline(&self) -> &dyn Timeline {
        self.timeline.as_ref()
    }

    /// The newest frame decoded that is not seen after `due`, if it was not given before; what lies before it is dropped. Where
    /// `due` itself is not there yet, the stage is woken when it is.
    pub(super) fn at(&mut self, due: usize) -> Option<(usize, Arc<Frame>)> {
        let mut state = self.shared.lock();
        if self.given.is_some_and(|given| due < given) {
            self.given = None;
            (state.sought, state.is_over) = (Some(due), false);
            while let Some((_, frame)) = state.ready.pop_front() {
                state.give_back(frame);
            }
        }
        state.due = due;
        let mut newest = None;
        while state.ready.front().is_some_and(|(number, _)| *number <= due) {
            if let Some((_, older)) = std::mem::replace(&mut newest, state.ready.pop_front()) {
                state.give_back(older);
            }
        }
        let newest: Option<(usize, Arc<Frame>)> = newest;
        state.is_awaited = newest.as_ref().is_none_or(|(number, _)| *number < due) && self.given != Some(due);
        self.given = newest.as_ref().map(|(number, _)| *number).or(self.given);
        drop(state);
        self.shared.changed.notify_all();
        newest
    }

    /// Takes back a frame that is not on the screen any more, to be drawn on again.
    pub(super) fn give_back(&self, frame: Arc<Frame>) {
        self.shared.lock().give_back(frame);
    }

    /// Why no more frames come; said once.
    pub(super) fn error(&self) -> Option<DecodeError> {
        let mut state = self.shared.lock();
        // What was decoded before is still shown.
        if state.ready.is_empty() { state.error.take() } else { None }
    }
}

impl Drop for Reel {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
    }
}

impl Feeder {
    /// Decodes until nobody wants frames any more.
    pub(super) fn run(mut self) {
        loop {
            match self.step() {
                Step::Done => {}
                Step::Closed => return,
                Step::Idle => {
                    let state = self.shared.lock();
                    drop(self.shared.changed.wait_while(state, |state| state.is_idle()));
                }
            }
        }
    }

    /// Decodes one frame, if there is room for it.
    pub(super) fn step(&mut self) -> Step {
        let mut state = self.shared.lock();
        if state.is_closed {
            return Step::Closed;
        }
        if state.is_idle() {
            return Step::Idle;
        }
        // Behind, there is no use in frames whose time has passed.
        let due = state.due;
        if let Some(frame) = state.sought.take().or_else(|| (self.next < due).then_some(due)) {
            self.moving.seek(frame);
        }
        let mut frame = state.blank(self.geometry);
        drop(state);
        let drawn = match Arc::get_mut(&mut frame) {
            Some(onto) => self.moving.next(onto),
            None => Ok(None),
        };
        let mut state = self.shared.lock();
        let mut is_due = false;
        match drawn {
            // What was sought meanwhile lies elsewhere.
            Ok(Some(number)) if state.sought.is_none() => {
                self.next = number + 1;
                state.ready.push_back((number, frame));
                is_due = number >= state.due;
            }
            Ok(None) if state.sought.is_none() => (state.is_over, is_due) = (true, true),
            Ok(_) => state.give_back(frame),
            Err(error) => (state.error, state.is_over, is_due) = (Some(error), true, true),
        }
        let wakes = is_due && (state.is_awaited || state.error.is_some());
        state.is_awaited &= !wakes;
        drop(state);
        if wakes {
            (self.wake)();
        }
        Step::Done
    }
}

impl State {
    fn is_idle(&self) -> bool {
        !self.is_closed && self.sought.is_none() && (self.is_over || self.ready.len() >= AHEAD)
    }
}
