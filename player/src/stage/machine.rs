//! The stage without its thread: orders and decoded frames in, frames on an output and reports out. Time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};

use super::decode::{DecodeError, Source};
use super::transition::{Fade, Transition};
use super::{Content, Message, Onscreen, Order, Play, Report, Screen, Shot};
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
        self.fade = match self.transition {
            Transition::Fade(length) if !first && !length.is_zero() => Some(Fade::begin(old.frame, length, now)),
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
mod tests {
    use super::*;
    use crate::ports::OutputError;
    use chrono::DateTime;
    use playlists::wire::reports::PlayedItem;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Seen {
        frames: Vec<Frame>,
        settled: Vec<Option<Digest>>,
    }
    impl Output for Seen {
        fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
            self.frames.push(frame.clone());
            Ok(())
        }
        fn settled(&mut self, on: &Onscreen) -> Result<(), OutputError> {
            self.settled.push(on.item);
            Ok(())
        }
        fn pump(&mut self) -> bool {
            true
        }
        fn pump_every(&self) -> Option<Duration> {
            None
        }
    }

    fn geometry() -> Geometry {
        Geometry::new(4, 3).expect("a geometry")
    }
    fn digest(number: u8) -> Digest {
        Digest::of(&[number])
    }
    fn still(number: u8) -> Arc<Frame> {
        Arc::new(Frame::filled(geometry(), 0x0020_2020 + u32::from(number) * 0x0003_0507))
    }
    fn source(number: u8) -> Source {
        Source { item: digest(number), size: 1, path: "x".into() }
    }
    fn shot(number: u8, second: i64) -> Shot {
        Shot {
            content: Content::Item(source(number)),
            played: Some(PlayedItem { sha256: digest(number), asset: None, campaign: None }),
            since: DateTime::from_timestamp(second, 0).expect("in range"),
            rev: Revision(1),
            interrupts: false,
        }
    }
    fn machine(transition: Transition) -> Machine {
        Machine::new(geometry(), transition, Arc::new(Screen::default()))
    }
    fn answer(machine: &mut Machine, number: u8) {
        if machine.wanted().is_some_and(|wanted| wanted.item == digest(number)) {
            machine.take(Message::Decoded { item: digest(number), result: Ok(still(number)) });
        }
    }
    fn plays(machine: &mut Machine) -> Vec<Play> {
        machine.reports().filter_map(|r| if let Report::Ended(play) = r { Some(play) } else { None }).collect()
    }
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_last_picture_stays_until_the_next_one_is_decoded() {
        let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
        machine.tick(Duration::ZERO, &mut output);
        machine.take(Message::Order(Order::Show(shot(1, 0))));
        assert_eq!(machine.tick(MS, &mut output), None);
        assert_eq!(output.frames, [Frame::resident(geometry())]);
        answer(&mut machine, 1);
        machine.tick(MS * 2, &mut output);
        assert_eq!(output.frames.last(), Some(&*still(1)));
        assert_eq!(machine.tick(MS * 900, &mut output), None, "nothing changes, so nothing is drawn");
        assert_eq!(output.frames.len(), 2);
    }

    #[test]
    fn after_a_fade_the_frame_is_the_still_pixel_by_pixel() {
        let fade = Transition::Fade(MS * 400);
        let (mut machine, mut output) = (machine(fade), Seen::default());
        for number in [1, 2] {
            machine.take(Message::Order(Order::Show(shot(number, i64::from(number)))));
            machine.tick(MS * 1000 * u32::from(number), &mut output);
            answer(&mut machine, number);
            let mut now = MS * 1000 * u32::from(number);
            while let Some(due) = machine.tick(now, &mut output) {
                assert!(due > now);
                now = due;
            }
        }
        assert_eq!(output.frames.last(), Some(&*still(2)));
        assert_eq!(output.settled.last(), Some(&Some(digest(2))));
        assert!(output.frames.len() > 15, "the fade was seen: {}", output.frames.len());
    }

    #[test]
    fn a_play_lasts_from_its_first_frame_to_the_next_ones() {
        let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
        machine.take(Message::Order(Order::Show(shot(1, 0))));
        answer(&mut machine, 1);
        machine.tick(MS * 100, &mut output);
        machine.take(Message::Order(Order::Show(shot(1, 10))));
        machine.tick(MS * 10_100, &mut output);
        let mut last = shot(2, 20);
        last.interrupts = true;
        machine.take(Message::Order(Order::Show(last)));
        machine.tick(MS * 15_000, &mut output);
        answer(&mut machine, 2);
        machine.tick(MS * 15_100, &mut output);
        let plays: Vec<_> = plays(&mut machine).iter().map(|p| (p.start, p.shown, p.interrupted)).collect();
        assert_eq!(plays, [(MS * 100, MS * 10_000, false), (MS * 10_100, MS * 5000, true)]);
    }

    #[test]
    fn a_broken_item_leaves_the_picture_and_says_so() {
        let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
        machine.take(Message::Order(Order::Show(shot(1, 0))));
        answer(&mut machine, 1);
        machine.tick(MS, &mut output);
        machine.take(Message::Order(Order::Show(shot(2, 10))));
        assert_eq!(machine.wanted().map(|s| s.item), Some(digest(2)));
        machine.take(Message::Decoded { item: digest(2), result: Err(DecodeError::Form("x".to_owned())) });
        machine.tick(MS * 2, &mut output);
        assert_eq!(output.frames.last(), Some(&*still(1)));
        assert!(machine.reports().any(|r| matches!(r, Report::Broken { item, .. } if item == digest(2))));
        assert_eq!(machine.wanted(), None, "it is not tried in a loop");
    }

    proptest! {
        #[test]
        fn there_is_never_a_black_frame_between_items(
            steps in proptest::collection::vec((0u8..6, 0u64..700, any::<bool>(), any::<bool>()), 1..200),
            fade in any::<bool>(),
        ) {
            let transition = if fade { Transition::Fade(MS * 400) } else { Transition::Cut };
            let (mut machine, mut output) = (machine(transition), Seen::default());
            let mut now = Duration::ZERO;
            for (second, (number, wait, decoded, ahead)) in steps.into_iter().enumerate() {
                let order = if ahead { Order::Prepare(source(number)) } else { Order::Show(shot(number, second as i64)) };
                machine.take(Message::Order(order));
                machine.tick(now, &mut output);
                if decoded && let Some(wanted) = machine.wanted() {
                    let number = (0..6).find(|n| digest(*n) == wanted.item).expect("one of ours");
                    machine.take(Message::Decoded { item: wanted.item, result: Ok(still(number)) });
                }
                now += Duration::from_millis(wait);
                machine.tick(now, &mut output);
            }
            prop_assert!(output.frames.iter().all(|frame| frame.pixels().iter().all(|pixel| *pixel != 0)));
        }
    }
}
