//! The stage without its thread: orders and decoded frames in, frames on an output and reports out. Time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};

use super::blank::Blank;
use super::decode::{DecodeError, Source};
use super::screen::Screen;
use super::transition::{Fade, Transition};
use super::{Content, Message, Onscreen, Order, Play, Report, Shot};
use crate::frame::Frame;
use crate::ports::Output;

/// What is on the screen, what comes next, and what was presented.
pub struct Machine {
    transition: Transition,
    screen: Arc<Screen>,
    geometry: Geometry,
    on: On,
    fade: Option<Fade>,
    stale: bool,
    pending: Option<Shot>,
    next: Option<Source>,
    ready: Option<(Digest, Arc<Frame>)>,
    decoding: Option<Digest>,
    due: Option<Duration>,
    reports: VecDeque<Report>,
    blank: Blank,
    /// What was to be on the screen gives no frame, and nothing else has come since.
    lacking: bool,
    /// The output did not take the last frame.
    failing: bool,
    stopped: bool,
}

/// The picture that holds the screen.
struct On {
    frame: Arc<Frame>,
    shot: Option<Shot>,
    presented: Option<Duration>,
    dropped: u32,
}

impl On {
    fn item(&self) -> Option<Digest> {
        self.shot.as_ref().and_then(item)
    }
}

fn item(shot: &Shot) -> Option<Digest> {
    match &shot.content {
        Content::Item(source) => Some(source.item),
        Content::Dark | Content::Resident => None,
    }
}

impl Machine {
    /// A stage with the resident picture on it.
    #[must_use]
    pub fn new(geometry: Geometry, transition: Transition, screen: Arc<Screen>) -> Self {
        let on = On { frame: Arc::new(Frame::resident(geometry)), shot: None, presented: None, dropped: 0 };
        Self {
            transition,
            screen,
            geometry,
            on,
            fade: None,
            stale: true,
            pending: None,
            next: None,
            ready: None,
            decoding: None,
            due: None,
            reports: VecDeque::new(),
            blank: Blank::default(),
            lacking: false,
            failing: false,
            stopped: false,
        }
    }

    /// Whether it was told to stop.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// What happened since the last call.
    pub fn reports(&mut self) -> impl Iterator<Item = Report> + '_ {
        self.reports.drain(..)
    }

    /// Takes an order or a decoded frame; what it changes on the screen is done by [`Machine::tick`].
    pub(crate) fn take(&mut self, message: Message) {
        match message {
            Message::Order(Order::Show(shot)) => self.pending = Some(shot),
            Message::Order(Order::Prepare(source)) => self.next = Some(source),
            Message::Order(Order::Stop) => self.stopped = true,
            Message::Decoded { item, result } => self.decoded(item, result),
        }
    }

    fn decoded(&mut self, item: Digest, result: Result<Arc<Frame>, DecodeError>) {
        self.decoding = None;
        match result {
            Ok(frame) => self.ready = Some((item, frame)),
            Err(error) => {
                if self.pending.as_ref().and_then(self::item) == Some(item) {
                    self.pending = None;
                    self.lacking = true;
                }
                if self.next.as_ref().is_some_and(|next| next.item == item) {
                    self.next = None;
                }
                self.reports.push_back(Report::Broken { item, error });
            }
        }
    }

    /// What is to be decoded now: first what is to be on the screen already, then what comes next. One at a time.
    pub fn wanted(&mut self) -> Option<Source> {
        if self.decoding.is_some() || self.stopped {
            return None;
        }
        let pending = self.pending.as_ref().and_then(|shot| match &shot.content {
            Content::Item(source) => Some(source),
            Content::Dark | Content::Resident => None,
        });
        let source = pending.or(self.next.as_ref()).filter(|source| !self.holds(&source.item))?.clone();
        self.decoding = Some(source.item);
        Some(source)
    }

    /// The decoder did not take what was [`Machine::wanted`].
    pub fn not_asked(&mut self, item: &Digest) {
        if self.decoding.as_ref() == Some(item) {
            self.decoding = None;
        }
    }

    fn holds(&self, item: &Digest) -> bool {
        self.on.item().as_ref() == Some(item) || self.ready.as_ref().is_some_and(|(ready, _)| ready == item)
    }

    /// Draws what is due at `now` and says when it wants to be called next; none when only something new can change the screen.
    pub fn tick(&mut self, now: Duration, output: &mut dyn Output) -> Option<Duration> {
        let due = self.draw(now, output);
        let blank = self.blank.until(now, self.is_blank());
        self.screen.count(|figures| figures.black += blank);
        due
    }

    /// Whether something should be on the screen and nothing is: an item is due, but none holds the screen; or the output shows
    /// no frame.
    fn is_blank(&self) -> bool {
        let is_due = self.lacking || self.pending.as_ref().is_some_and(|shot| item(shot).is_some());
        !self.stopped && (self.failing || (is_due && self.on.item().is_none()))
    }

    fn draw(&mut self, now: Duration, output: &mut dyn Output) -> Option<Duration> {
        if self.stopped {
            self.end_play(now, true);
            return None;
        }
        self.begin_pending(now);
        if !self.stale || self.due.is_some_and(|due| now < due) {
            return self.due;
        }
        self.count_late(now);
        let between = self.fade.as_mut().and_then(|fade| fade.at(&self.on.frame, now));
        let settled = between.is_none();
        let presented = output.present(between.unwrap_or(&self.on.frame));
        self.failing = presented.is_err();
        match presented {
            Ok(()) => self.screen.count(|figures| figures.presented += 1),
            Err(error) => {
                self.reports.push_back(Report::Fault(error));
                self.due = Some(now + Duration::from_secs(1));
                return self.due;
            }
        }
        self.started(now);
        if settled {
            self.settle(output);
        } else {
            self.due = self.fade.as_ref().map(|fade| fade.next_after(now));
        }
        self.due
    }

    /// Puts the pending picture on the stage if its frame is there; else the picture on it stays.
    fn begin_pending(&mut self, now: Duration) {
        let Some(shot) = &self.pending else { return };
        let frame = match &shot.content {
            Content::Dark => Arc::new(Frame::black(self.geometry)),
            Content::Resident => Arc::new(Frame::resident(self.geometry)),
            Content::Item(source) if self.on.item() == Some(source.item) => Arc::clone(&self.on.frame),
            Content::Item(source) => match self.ready.take_if(|(ready, _)| *ready == source.item) {
                Some((_, frame)) => frame,
                None => return,
            },
        };
        let Some(shot) = self.pending.take() else { return };
        self.end_play(now, shot.interrupts);
        if self.next.as_ref().map(|next| next.item) == item(&shot) {
            self.next = None;
        }
        self.lacking = false;
        let first = self.on.shot.is_none();
        let old = std::mem::replace(&mut self.on, On { frame, shot: Some(shot), presented: None, dropped: 0 });
        if Arc::ptr_eq(&old.frame, &self.on.frame) {
            self.started(now);
            self.stale |= self.fade.is_some();
            if self.fade.is_none() {
                self.reports.push_back(Report::Settled(self.onscreen(now)));
            }
            return;
        }
        // A fade that was cut short goes on from what it had brought to the screen.
        let from = self.fade.take().map_or(old.frame, Fade::into_seen);
        self.fade = match self.transition {
            Transition::Fade(length) if !first && !length.is_zero() => Some(Fade::begin(from, length, now)),
            Transition::Fade(_) | Transition::Cut => None,
        };
        self.stale = true;
        self.due = None;
    }

    fn count_late(&mut self, now: Duration) {
        let (Some(due), true) = (self.due, self.fade.is_some()) else { return };
        let late = now.saturating_sub(due).as_nanos() / super::transition::FRAME.as_nanos();
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        self.on.dropped = self.on.dropped.saturating_add(late);
        self.screen.count(|figures| figures.dropped += u64::from(late));
    }

    fn started(&mut self, now: Duration) {
        if self.on.presented.is_some() {
            return;
        }
        self.on.presented = Some(now);
        let on = self.onscreen(now);
        self.screen.put(on.clone());
        self.reports.push_back(Report::Started(on));
    }

    fn settle(&mut self, output: &mut dyn Output) {
        (self.fade, self.stale, self.due) = (None, false, None);
        let on = self.onscreen(self.on.presented.unwrap_or_default());
        if let Err(error) = output.settled(&on) {
            self.reports.push_back(Report::Fault(error));
        }
        self.reports.push_back(Report::Settled(on));
    }

    fn onscreen(&self, presented: Duration) -> Onscreen {
        Onscreen {
            frame: Arc::clone(&self.on.frame),
            item: self.on.item(),
            since: self.on.shot.as_ref().map(|shot| shot.since),
            rev: self.on.shot.as_ref().map_or(Revision(0), |shot| shot.rev),
            presented,
        }
    }

    fn end_play(&mut self, now: Duration, interrupted: bool) {
        let (Some(shot), Some(start)) = (&self.on.shot, self.on.presented) else { return };
        if let Some(played) = &shot.played {
            let shown = now.saturating_sub(start);
            let (dropped, rev) = (self.on.dropped, shot.rev);
            let play = Play { played: played.clone(), start, shown, dropped, interrupted, rev };
            self.reports.push_back(Report::Ended(play));
        }
        self.on.presented = None;
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
