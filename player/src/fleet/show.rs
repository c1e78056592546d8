//! PURE: a virtual board's stage. Orders and hashed bytes in, reports out; time is an argument. An item counts as shown from the
//! instant at which it was due and every one of its bytes had been read and hashed, and until the next one takes its place.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};

use super::crossings::Crossings;
use crate::frame::Frame;
use crate::stage::blank::Blank;
use crate::stage::decode::{DecodeError, Source};
use crate::stage::{Content, Figures, Onscreen, Order, Play, Report, Shot};

/// A virtual board holds no pixels: one black point stands for its frame.
static POINT: LazyLock<Arc<Frame>> =
    LazyLock::new(|| Arc::new(Frame::black(Geometry::new(1, 1).expect("one pixel is a geometry"))));

/// What is on a virtual screen, what is due, and what was shown.
pub(super) struct Show {
    on: Option<Shot>,
    presented: Option<Duration>,
    pending: Option<Shot>,
    next: Option<Source>,
    ready: Option<Digest>,
    hashing: Option<Digest>,
    crossings: Crossings,
    lacking: bool,
    blank: Blank,
    figures: Figures,
    reports: Vec<Report>,
    stopped: bool,
}

fn source(shot: &Shot) -> Option<&Source> {
    match &shot.content {
        Content::Item(source) => Some(source),
        Content::Dark | Content::Resident => None,
    }
}

fn item(shot: &Shot) -> Option<Digest> {
    source(shot).map(|source| source.item)
}

impl Show {
    /// With the resident picture on it since `now`.
    pub(super) fn new(now: Duration) -> Self {
        let mut show = Self {
            on: None,
            presented: Some(now),
            pending: None,
            next: None,
            ready: None,
            hashing: None,
            crossings: Crossings::default(),
            lacking: false,
            blank: Blank::default(),
            figures: Figures { presented: 1, ..Figures::default() },
            reports: Vec::new(),
            stopped: false,
        };
        show.tell();
        show
    }

    /// Takes an order.
    pub(super) fn take(&mut self, order: Order, now: Duration) {
        match order {
            Order::Show(shot) => self.pending = Some(shot),
            Order::Prepare(source) => self.next = Some(source),
            // It draws no frame, so none of a clip's either.
            Order::Tie(origin) => self.crossings.tie(origin),
            Order::Run(runs) => self.crossings.order(runs),
            // What lies in the corners is no part of any play.
            Order::Overlay(_) => {}
            Order::Stop => {
                self.stopped = true;
                self.end_play(now, true);
                self.reports.extend(self.crossings.end(now).map(Report::Ended));
            }
        }
        self.go_on(now);
    }

    /// The bytes of an item were read to their end: they are the item's, or not.
    pub(super) fn hashed(&mut self, item: Digest, result: Result<(), DecodeError>, now: Duration) {
        self.hashing = None;
        let is_strip = self.crossings.hashed(item, result.is_ok());
        match result {
            Ok(()) if is_strip => {}
            Ok(()) => self.ready = Some(item),
            Err(error) => {
                if self.pending.as_ref().and_then(self::item) == Some(item) {
                    self.pending = None;
                    self.lacking = true;
                }
                if self.next.as_ref().is_some_and(|next| next.item == item) {
                    self.next = None;
                }
                self.reports.push(Report::Broken { item, error });
            }
        }
        self.go_on(now);
    }

    /// What is to be hashed now: first what is due, then what runs over it, then what comes next. One at a time.
    pub(super) fn wanted(&mut self) -> Option<Source> {
        if self.hashing.is_some() || self.stopped {
            return None;
        }
        let due = self.pending.as_ref().and_then(source);
        let lacking = |source: &&Source| !self.holds(&source.item);
        let source = due.filter(lacking).or_else(|| self.crossings.wanted()).or_else(|| match due {
            Some(_) => None,
            None => self.next.as_ref().filter(lacking),
        });
        let source = source?.clone();
        self.hashing = Some(source.item);
        Some(source)
    }

    /// What happened since the last call.
    pub(super) fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Counts since the start.
    pub(super) const fn figures(&self) -> Figures {
        self.figures
    }

    /// What is on the screen, and where its picture comes from.
    pub(super) fn on(&self) -> (Onscreen, Content) {
        (self.onscreen(), self.on.as_ref().map_or(Content::Resident, |shot| shot.content.clone()))
    }

    fn holds(&self, item: &Digest) -> bool {
        self.ready.as_ref() == Some(item) || self.on.as_ref().and_then(self::item).as_ref() == Some(item)
    }

    fn go_on(&mut self, now: Duration) {
        let may_begin = self.pending.as_ref().is_some_and(|shot| item(shot).is_none_or(|item| self.holds(&item)));
        if may_begin && !self.stopped {
            self.begin(now);
        }
        let is_due = self.lacking || self.pending.as_ref().is_some_and(|shot| item(shot).is_some());
        let nothing_on = self.on.as_ref().and_then(self::item).is_none();
        self.figures.black += self.blank.until(now, !self.stopped && is_due && nothing_on);
        if !self.stopped {
            self.reports.extend(self.crossings.go_on(now, !nothing_on).map(Report::Ended));
        }
    }

    fn begin(&mut self, now: Duration) {
        let Some(shot) = self.pending.take() else { return };
        self.end_play(now, shot.interrupts);
        if self.next.as_ref().map(|next| next.item) == item(&shot) {
            self.next = None;
        }
        // What was hashed counts for one showing: before the next one its bytes are read again.
        if self.ready == item(&shot) {
            self.ready = None;
        }
        (self.lacking, self.on, self.presented) = (false, Some(shot), Some(now));
        self.figures.presented += 1;
        self.tell();
    }

    fn tell(&mut self) {
        let on = self.onscreen();
        self.reports.push(Report::Started(on.clone()));
        self.reports.push(Report::Settled(on));
    }

    fn onscreen(&self) -> Onscreen {
        Onscreen {
            frame: Arc::clone(&POINT),
            number: 0,
            item: self.on.as_ref().and_then(item),
            since: self.on.as_ref().map(|shot| shot.since),
            rev: self.on.as_ref().map_or(Revision(0), |shot| shot.rev),
            overlaid: self.on.as_ref().is_some_and(|shot| shot.overlaid),
            presented: self.presented.unwrap_or_default(),
        }
    }

    fn end_play(&mut self, now: Duration, interrupted: bool) {
        let (Some(shot), Some(start)) = (&self.on, self.presented.take()) else { return };
        let Some(played) = &shot.played else { return };
        let shown = now.saturating_sub(start);
        let play = Play { played: played.clone(), start, shown, dropped: 0, interrupted, rev: shot.rev, is_over: false };
        self.reports.push(Report::Ended(play));
    }
}

#[cfg(test)]
#[path = "show_tests.rs"]
mod tests;
