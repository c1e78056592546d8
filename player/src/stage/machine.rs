//! The stage without its thread: orders and decoded frames in, frames on an output and reports out. Time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};

use super::blank::Blank;
use super::decode::{DecodeError, Form, Opened, Source};
use super::layers::Layers;
use super::on::{Moved, On};
use super::screen::Screen;
use super::transition::{Fade, Transition};
use super::{Content, Message, Onscreen, Order, Play, Report, Shot, Sight};
use crate::frame::Frame;
use crate::ports::Output;

/// What is on the screen, what comes next, and what was presented.
pub struct Machine {
    transition: Transition,
    screen: Arc<Screen>,
    geometry: Geometry,
    on: On,
    fade: Option<Fade>,
    /// The clip that is being faded out.
    leaving: Option<On>,
    layers: Layers,
    stale: bool,
    pending: Option<Shot>,
    next: Option<Source>,
    ready: Option<(Digest, Opened)>,
    decoding: Option<Digest>,
    due: Option<Duration>,
    /// The time of day when the monotonic clock was at zero.
    origin: DateTime<Utc>,
    reports: VecDeque<Report>,
    blank: Blank,
    /// What was to be on the screen gives no frame, and nothing else has come since.
    lacking: bool,
    /// The output did not take the last frame.
    failing: bool,
    stopped: bool,
}

/// The item of a shot; none for black and the resident picture.
pub(super) fn item(shot: &Shot) -> Option<Digest> {
    match &shot.content {
        Content::Item(source) => Some(source.item),
        Content::Dark | Content::Resident => None,
    }
}

impl Machine {
    /// A stage with the resident picture on it.
    #[must_use]
    pub fn new(geometry: Geometry, transition: Transition, screen: Arc<Screen>) -> Self {
        let on = On::still(Arc::new(Frame::resident(geometry)));
        Self {
            transition,
            screen,
            geometry,
            on,
            fade: None,
            leaving: None,
            layers: Layers::new(),
            stale: true,
            pending: None,
            next: None,
            ready: None,
            decoding: None,
            due: None,
            origin: DateTime::UNIX_EPOCH,
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
            Message::Order(Order::Run(runs)) => self.layers.ticker.order(runs),
            Message::Order(Order::Overlay(overlays)) => self.layers.overlays.order(overlays),
            Message::Order(Order::Tie(origin)) => {
                let by = (origin - std::mem::replace(&mut self.origin, origin)).abs();
                self.on.shift(by.to_std().unwrap_or_default());
            }
            Message::Order(Order::Stop) => self.stopped = true,
            Message::Decoded { item, result } => self.decoded(item, result),
            Message::Woken => {}
        }
    }

    fn decoded(&mut self, item: Digest, result: Result<Opened, DecodeError>) {
        self.decoding = None;
        match result {
            Ok(Opened::Strip(strip)) => self.layers.ticker.take(item, strip),
            Ok(Opened::Overlay(picture)) => self.layers.overlays.take(item, picture),
            Ok(opened) => self.ready = Some((item, opened)),
            Err(error) => self.broken(item, error),
        }
    }

    fn broken(&mut self, item: Digest, error: DecodeError) {
        if self.pending.as_ref().and_then(self::item) == Some(item) {
            self.pending = None;
            self.lacking = true;
        }
        if self.next.as_ref().is_some_and(|next| next.item == item) {
            self.next = None;
        }
        self.layers.broken(item, matches!(error, DecodeError::Bytes(_)));
        self.reports.push_back(Report::Broken { item, error });
    }

    /// What is to be decoded now: first what is to be on the screen already, then what lies over it, then what comes next. One at a
    /// time.
    pub fn wanted(&mut self) -> Option<Source> {
        if self.decoding.is_some() || self.stopped {
            return None;
        }
        let pending = self.pending.as_ref().and_then(|shot| match &shot.content {
            Content::Item(source) => Some(source),
            Content::Dark | Content::Resident => None,
        });
        let pending = pending.filter(|source| !self.goes_on(source));
        let lacking = |source: &&Source| !self.holds(source);
        let source = pending.filter(lacking).or_else(|| self.layers.wanted()).or_else(|| match pending {
            Some(_) => None,
            None => self.next.as_ref().filter(lacking),
        });
        let source = source?.clone();
        self.decoding = Some(source.item);
        Some(source)
    }

    /// The decoder did not take what was [`Machine::wanted`].
    pub fn not_asked(&mut self, item: &Digest) {
        if self.decoding.as_ref() == Some(item) {
            self.decoding = None;
        }
    }

    /// Whether its frames are there. A clip that is on is opened once more to begin anew without a pause.
    fn holds(&self, source: &Source) -> bool {
        let is_ready = self.ready.as_ref().is_some_and(|(ready, _)| *ready == source.item);
        is_ready || (source.form == Form::Still && self.on.item() == Some(source.item))
    }

    /// Whether what is on can go on as this item.
    fn goes_on(&self, source: &Source) -> bool {
        self.on.item() == Some(source.item) && (source.form == Form::Still || self.on.is_moving())
    }

    /// How far a showing that began at `since` is at `now`; zero before it.
    fn position(&self, since: DateTime<Utc>, now: Duration) -> Duration {
        (self.wall(now) - since).to_std().unwrap_or_default()
    }

    /// The time of day at `now`.
    fn wall(&self, now: Duration) -> DateTime<Utc> {
        TimeDelta::from_std(now).ok().and_then(|now| self.origin.checked_add_signed(now)).unwrap_or(DateTime::<Utc>::MAX_UTC)
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
            self.end_runs(now);
            return None;
        }
        self.begin_pending(now);
        let next_frame = self.move_on(now);
        let is_paced = self.fade.is_some() || self.failing;
        if is_paced && self.due.is_some_and(|due| now < due) {
            return self.due;
        }
        let (moved, next_frame) = self.move_layers(now, next_frame);
        if !self.stale && !moved {
            return next_frame;
        }
        self.count_late(now);
        self.move_leaving(now);
        let between = self.fade.as_mut().and_then(|fade| fade.at(&self.on.frame, now));
        let settled = between.is_none();
        let kept = settled.then_some(&self.on.frame);
        let presented = output.present(self.layers.draw(between.unwrap_or(&self.on.frame), kept));
        self.failing = presented.is_err();
        match presented {
            Ok(()) => self.screen.count(|figures| figures.presented += 1),
            Err(error) => {
                self.reports.push_back(Report::Fault(error));
                (self.stale, self.due) = (true, Some(now + Duration::from_secs(1)));
                return self.due;
            }
        }
        self.started(now);
        if !settled {
            self.due = self.fade.as_ref().map(|fade| fade.next_after(now));
            return self.due;
        }
        self.settle(now, output);
        next_frame
    }

    /// Moves on what lies over the picture: whether it must be drawn anew, and when the next look is due.
    fn move_layers(&mut self, now: Duration, next_frame: Option<Duration>) -> (bool, Option<Duration>) {
        let moved = self.layers.move_to((now, self.wall(now)), self.geometry, self.on.shot.as_ref());
        if moved.changed {
            self.screen.lay_over(Arc::clone(self.layers.overlays.laid()), self.layers.ticker.over().cloned());
        }
        if moved.dropped > 0 {
            self.screen.count(|figures| figures.dropped += moved.dropped);
        }
        self.reports.extend(self.layers.ticker.plays().into_iter().map(Report::Ended));
        (moved.changed, [next_frame, moved.next].into_iter().flatten().min())
    }

    /// What runs ends with the stage.
    fn end_runs(&mut self, now: Duration) {
        self.layers.ticker.end(now, self.wall(now));
        self.reports.extend(self.layers.ticker.plays().into_iter().map(Report::Ended));
    }

    /// A clip that is faded out moves on meanwhile.
    fn move_leaving(&mut self, now: Duration) {
        let Some(since) = self.leaving.as_ref().and_then(|leaving| leaving.shot.as_ref()).map(|shot| shot.since) else { return };
        let position = self.position(since, now);
        let (Some(leaving), Some(fade)) = (&mut self.leaving, &mut self.fade) else { return };
        if let Moved::Stepped { .. } = leaving.move_to(position, false) {
            fade.leave(Arc::clone(&leaving.frame));
        }
    }

    /// Brings the clip that is on to the frame of `now`; when the next one is due, where there is one.
    fn move_on(&mut self, now: Duration) -> Option<Duration> {
        let since = self.on.shot.as_ref()?.since;
        let position = self.position(since, now);
        match self.on.move_to(position, self.fade.is_none()) {
            Moved::Stands => {}
            Moved::Stepped { dropped } => {
                self.stale = true;
                self.screen.count(|figures| figures.dropped += dropped);
                if let Some(presented) = self.on.presented {
                    self.screen.put(self.onscreen(presented));
                }
            }
            Moved::Broken { item, error } => self.broken(item, error),
        }
        Some(now + self.on.until_next(position)?)
    }

    /// Puts the pending picture on the stage if its frame is there; else the picture on it stays.
    fn begin_pending(&mut self, now: Duration) {
        let Some(shot) = &self.pending else { return };
        let (content, position) = (shot.content.clone(), self.position(shot.since, now));
        let mut on = match &content {
            Content::Dark => On::still(Arc::new(Frame::black(self.geometry))),
            Content::Resident => On::still(Arc::new(Frame::resident(self.geometry))),
            Content::Item(source) => match self.opened(source, position) {
                Some(on) => on,
                None => return,
            },
        };
        let Some(shot) = self.pending.take() else { return };
        self.end_play(now, shot.interrupts);
        if self.next.as_ref().map(|next| next.item) == item(&shot) {
            self.next = None;
        }
        self.lacking = false;
        let (first, again) = (self.on.shot.is_none(), self.on.item().is_some() && self.on.item() == item(&shot));
        on.shot = Some(shot);
        let old = std::mem::replace(&mut self.on, on);
        if Arc::ptr_eq(&old.frame, &self.on.frame) {
            self.started(now);
            self.stale |= self.fade.is_some();
            if self.fade.is_none() {
                self.reports.push_back(Report::Settled(self.onscreen(now)));
            }
            return;
        }
        let was_fading = self.fade.is_some();
        // A fade that was cut short goes on from what it had brought to the screen. A clip that begins anew is no change of item.
        let from = self.fade.take().map_or_else(|| Arc::clone(&old.frame), Fade::into_seen);
        let leaving = old.is_moving().then_some(old);
        self.fade = match self.transition {
            Transition::Fade(length) if !first && !again && !length.is_zero() => Some(Fade::begin(from, length, now)),
            Transition::Fade(_) | Transition::Cut => None,
        };
        self.leaving = leaving.filter(|_| self.fade.is_some() && !was_fading);
        self.stale = true;
        self.due = None;
    }

    /// The item as it takes the screen at this position of its time, if its frame for that is there.
    fn opened(&mut self, source: &Source, position: Duration) -> Option<On> {
        if self.goes_on(source) && (self.on.reaches(position) || !self.holds(source)) {
            return Some(self.on.again(position));
        }
        let (item, opened) = self.ready.take_if(|(ready, _)| *ready == source.item)?;
        let mut reel = match opened {
            Opened::Still(frame) => return Some(On::still(frame)),
            Opened::Moving(reel) => reel,
            // These are the layers'.
            Opened::Strip(_) | Opened::Overlay(_) => return None,
        };
        if let Some((number, frame)) = reel.begin_at(position) {
            return Some(On::moving(number, frame, reel));
        }
        match reel.error() {
            Some(error) => self.broken(item, error),
            None => self.ready = Some((item, Opened::Moving(reel))),
        }
        None
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

    fn settle(&mut self, now: Duration, output: &mut dyn Output) {
        let stands = if self.stale { self.on.settle(now) } else { None };
        (self.fade, self.leaving, self.stale, self.due) = (None, None, false, None);
        let (looks, is_news) = self.layers.looks(now, stands.is_some());
        if !looks {
            return;
        }
        let on = self.onscreen(self.on.presented.unwrap_or_default());
        let is_new = stands.unwrap_or(false);
        let frame = self.screen.seen().unwrap_or_else(|| Arc::clone(&on.frame));
        let (overlays, over) = (Arc::clone(self.layers.overlays.laid()), self.layers.ticker.over().cloned());
        let sight = Sight { on, overlays, over, frame, is_new: is_new || is_news };
        if let Err(error) = output.settled(&sight) {
            self.reports.push_back(Report::Fault(error));
        }
        if is_new {
            self.reports.push_back(Report::Settled(sight.on));
        }
    }

    fn onscreen(&self, presented: Duration) -> Onscreen {
        Onscreen {
            frame: Arc::clone(&self.on.frame),
            number: self.on.number,
            item: self.on.item(),
            since: self.on.shot.as_ref().map(|shot| shot.since),
            rev: self.on.shot.as_ref().map_or(Revision(0), |shot| shot.rev),
            overlaid: self.on.shot.as_ref().is_some_and(|shot| shot.overlaid),
            presented,
        }
    }

    fn end_play(&mut self, now: Duration, interrupted: bool) {
        let (Some(shot), Some(start)) = (&self.on.shot, self.on.presented) else { return };
        if let Some(played) = &shot.played {
            let shown = now.saturating_sub(start);
            let (dropped, rev) = (self.on.dropped, shot.rev);
            let play = Play { played: played.clone(), start, shown, dropped, interrupted, rev, is_over: false };
            self.reports.push_back(Report::Ended(play));
        }
        self.on.presented = None;
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
