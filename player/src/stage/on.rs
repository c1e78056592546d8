//! The picture that holds the screen: a still, or a clip that moves on with the time.

use std::sync::Arc;
use std::time::Duration;

use playlists::id::Digest;

use super::Shot;
use super::decode::DecodeError;
use super::machine::item;
use super::reel::Reel;
use crate::frame::Frame;

/// How far a clip may be from the frame of its time to be begun with; and how far back the time may go without the clip going back:
/// it waits instead.
const NEAR: Duration = Duration::from_millis(250);
/// How often a clip that runs is shown to the output as if it stood still.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// The picture that holds the screen.
pub(super) struct On {
    pub(super) frame: Arc<Frame>,
    /// Which frame of a clip it is.
    pub(super) number: usize,
    reel: Option<Reel>,
    pub(super) shot: Option<Shot>,
    pub(super) presented: Option<Duration>,
    pub(super) dropped: u32,
    settled: Option<Duration>,
    /// The time was set anew: the next frame may lie anywhere, and none between was dropped.
    jumped: bool,
}

/// What the time brought.
pub(super) enum Moved {
    /// The same frame.
    Stands,
    /// Another frame; so many between them were not shown.
    Stepped { dropped: u64 },
    /// No more frames: the last one stays.
    Broken { item: Digest, error: DecodeError },
}

impl Reel {
    /// The frame to begin with at this position, if it is decoded: the frame of the position, or one hardly older where the decoder
    /// does not keep up.
    pub(super) fn begin_at(&mut self, position: Duration) -> Option<(usize, Arc<Frame>)> {
        let due = self.timeline().frame_at(position);
        let (number, frame) = self.at(due)?;
        if number == due || position.saturating_sub(self.timeline().start(number + 1)) <= NEAR {
            return Some((number, frame));
        }
        self.give_back(frame);
        None
    }
}

impl On {
    /// A picture that stands still.
    pub(super) fn still(frame: Arc<Frame>) -> Self {
        Self { frame, number: 0, reel: None, shot: None, presented: None, dropped: 0, settled: None, jumped: false }
    }

    /// A clip that begins with this frame.
    pub(super) fn moving(number: usize, frame: Arc<Frame>, reel: Reel) -> Self {
        Self { number, reel: Some(reel), ..Self::still(frame) }
    }

    /// The same once more, for another showing at this position.
    pub(super) fn again(&mut self, position: Duration) -> Self {
        let jumped = !self.reaches(position);
        Self { number: self.number, reel: self.reel.take(), jumped, ..Self::still(Arc::clone(&self.frame)) }
    }

    /// The time was set anew by this much.
    pub(super) fn shift(&mut self, by: Duration) {
        self.jumped |= by > NEAR;
    }

    /// Its item.
    pub(super) fn item(&self) -> Option<Digest> {
        self.shot.as_ref().and_then(item)
    }

    /// Whether more frames may come.
    pub(super) fn is_moving(&self) -> bool {
        self.reel.is_some()
    }

    /// Whether this position lies ahead of the frame that is on; always of a still.
    pub(super) fn reaches(&self, position: Duration) -> bool {
        self.reel.as_ref().is_none_or(|reel| reel.timeline().frame_at(position) >= self.number)
    }

    /// Goes to the frame of this position, as far as it is decoded. Frames left out are counted where `counts`.
    pub(super) fn move_to(&mut self, position: Duration, counts: bool) -> Moved {
        let (item, Some(reel)) = (self.item(), &mut self.reel) else { return Moved::Stands };
        let due = reel.timeline().frame_at(position);
        let ahead = reel.timeline().start(self.number).saturating_sub(position);
        if due == self.number || (due < self.number && ahead <= NEAR && !self.jumped) {
            return Moved::Stands;
        }
        // After a jump nothing but the frame of the time will do.
        let found = if self.jumped { reel.begin_at(position) } else { reel.at(due) };
        if let Some((number, frame)) = found {
            let jumped = std::mem::take(&mut self.jumped) || number < self.number;
            let dropped = if counts && !jumped { number - self.number - 1 } else { 0 };
            reel.give_back(std::mem::replace(&mut self.frame, frame));
            self.number = number;
            self.dropped = self.dropped.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
            return Moved::Stepped { dropped: dropped as u64 };
        }
        match (reel.error(), item) {
            (Some(error), Some(item)) => {
                self.reel = None;
                Moved::Broken { item, error }
            }
            _ => Moved::Stands,
        }
    }

    /// How long after `position` the next frame is due; none for a still and after the last one.
    pub(super) fn until_next(&self, position: Duration) -> Option<Duration> {
        let timeline = self.reel.as_ref()?.timeline();
        let next = timeline.frame_at(position).max(self.number) + 1;
        (next < timeline.frames()).then(|| timeline.start(next).saturating_sub(position))
    }

    /// Whether the output is to be told that it stands; and then, whether that is the first time.
    pub(super) fn settle(&mut self, now: Duration) -> Option<bool> {
        let is_last = self.reel.as_ref().is_none_or(|reel| self.number + 1 >= reel.timeline().frames());
        let is_due = is_last || self.settled.is_none_or(|settled| now >= settled + LOOK);
        is_due.then(|| self.settled.replace(now).is_none())
    }
}
