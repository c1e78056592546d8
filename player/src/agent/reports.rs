//! What the board says of itself: hello, state, snapshots; over MQTT while it is linked, else over HTTP.

use std::time::Duration;

use playlists::id::{Digest, Revision, Sequence};
use playlists::millis;
use playlists::wire::messages::V;
use playlists::wire::reports::{Clock, ClockQuality, Hello, Mode, State, Store};
use playlists::wire::topics::Up;
use serde::Serialize;

use super::Agent;
use super::jobs::Done;
use super::turns::News;
use crate::queue::Range;
use crate::stage::Figures;
use crate::{health, snapshot};

/// Pause after a report that nobody took.
pub(super) const NOT_TAKEN: Duration = Duration::from_secs(5);

/// What makes a new state worth sending before its time: a change of item alone is no change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Essence {
    mode: Mode,
    rev: Revision,
    quality: ClockQuality,
    errors: Vec<String>,
    is_dark: bool,
}

impl Essence {
    /// What there is to say, after `told` was said.
    fn news(&self, told: Option<&Self>) -> News {
        let awaited = |essence: &Self| (essence.mode, essence.rev, essence.errors.clone());
        match told {
            Some(told) if told == self => News::None,
            Some(told) if awaited(told) != awaited(self) => News::Urgent,
            Some(_) | None => News::Change,
        }
    }
}

/// Up to where the stage's figures were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: Duration,
    pub(super) figures: Figures,
}

impl Agent {
    /// Sends hello and state when they are due.
    pub(super) fn report(&mut self) {
        let now = self.now();
        if self.due.hello.is_some_and(|due| due <= now) && self.linked.is_some() {
            let taken = self.say(Up::Hello, &self.hello());
            self.due.hello = (!taken).then_some(now + NOT_TAKEN);
        }
        let essence = self.essence();
        let news = essence.news(self.reported.as_ref());
        if !self.turns.may_speak(news, self.due.state <= now, self.parts.cadence.state_apart, now) {
            return;
        }
        let (state, told) = self.state(now);
        let taken = if self.is_heard() {
            self.say(Up::State, &state)
        } else {
            self.parts.token.is_some() && self.post(Up::State, json(&state), None)
        };
        if taken {
            (self.told_before, self.told) = (self.told, told);
            self.reported = Some(essence);
            self.turns.take(now);
            self.due.state = now + self.parts.cadence.state.mul_f64(0.9 + fastrand::f64() / 5.0);
        }
    }

    fn say<T: Serialize>(&self, up: Up, message: &T) -> bool {
        self.parts.link.publish(up.topic(&self.parts.identity.board), json(message))
    }

    /// Posts a report; false while another is under way.
    pub(super) fn post(&mut self, up: Up, body: Vec<u8>, batch: Option<Range>) -> bool {
        if self.busy.posting {
            return false;
        }
        self.busy.posting = true;
        let api = self.parts.api.clone();
        self.jobs.spawn(async move {
            let result = Box::pin(api.post(up.as_str(), body)).await;
            Done::Posted { up, batch, result }
        });
        true
    }

    fn essence(&self) -> Essence {
        Essence {
            mode: self.mode(),
            rev: self.rev(),
            quality: self.belief().quality,
            errors: self.errors(),
            is_dark: self.parts.showing.on().is_some_and(|on| on.item.is_none()),
        }
    }

    fn errors(&self) -> Vec<String> {
        let missing = self
            .parts
            .showing
            .active()
            .is_some_and(|active| active.manifest.items.iter().any(|item| !self.parts.held.contains_key(&item.sha256)));
        missing.then(|| "content-missing".to_owned()).into_iter().chain(self.troubles.codes()).collect()
    }

    fn clock(&self) -> Clock {
        let belief = self.belief();
        Clock { t: belief.now, quality: belief.quality, tz_data: chrono_tz::IANA_TZDB_VERSION.to_owned() }
    }

    fn store(&self) -> Store {
        let free = self.parts.cache.free().unwrap_or(0);
        let used = self.parts.held.values().sum();
        Store { free, used, queued: self.plays.waiting + self.events.waiting }
    }

    fn hello(&self) -> Hello {
        Hello {
            v: V,
            sess: self.parts.session,
            boot: self.parts.boot.clone(),
            player: env!("CARGO_PKG_VERSION").to_owned(),
            root: self.parts.root.version,
            rev: self.rev(),
            recall: self.parts.bank.recall,
            notices: self.parts.bank.notices,
            clock: self.clock(),
            store: self.store(),
            geometry: self.parts.identity.geometry,
            mode: self.mode(),
        }
    }

    /// The state, and up to where its figures go.
    fn state(&mut self, now: Duration) -> (State, Told) {
        self.seq = Sequence(self.seq.0.saturating_add(1));
        let told = Told { at: now, figures: self.parts.showing.screen().figures() };
        let seconds = now.saturating_sub(self.told.at).as_secs_f64().max(0.001);
        let frames = told.figures.presented.saturating_sub(self.told.figures.presented);
        let presented = u32::try_from(frames).unwrap_or(u32::MAX);
        let black = told.figures.black.saturating_sub(self.told.figures.black);
        let on = self.parts.showing.on();
        let state = State {
            v: V,
            sess: self.parts.session,
            seq: self.seq,
            mode: self.mode(),
            rev: self.rev(),
            item: on.and_then(|on| on.item),
            since: on.and_then(|on| on.since),
            presented_fps: (f64::from(presented) / seconds * 100.0).round() / 100.0,
            black_ms: millis::of(black),
            temp: health::temperature(),
            rss: health::resident_bytes(),
            disk: self.store(),
            clock: self.clock(),
            errors: self.errors(),
        };
        (state, told)
    }

    /// Whether the first settled picture of this revision is still to be sent.
    pub(super) fn snapshot_due_for(&mut self, rev: Revision) -> bool {
        rev.0 != 0 && self.busy.snapshot_of.replace(rev) != Some(rev)
    }

    /// Sends the frame on the screen when it was asked for or its time has come.
    pub(super) fn send_snapshot(&mut self) {
        let now = self.now();
        if self.snapshot_wanted.is_none() && self.due.snapshot <= now {
            self.snapshot_wanted = Some(snapshot::PERIODIC);
        }
        if self.parts.token.is_none() || self.busy.snapshot || now < self.busy.snapshot_again {
            return;
        }
        let Some(limit) = self.snapshot_wanted else { return };
        let Some((on, sketch)) = self.parts.showing.stage().and_then(|stage| stage.sketch(limit)) else { return };
        self.snapshot_wanted = None;
        self.due.snapshot = now + self.parts.cadence.snapshot;
        self.busy.snapshot = true;
        let taken_ms = self.belief().now.timestamp_millis().max(0);
        let api = self.parts.api.clone();
        self.jobs.spawn(async move {
            let headers = [
                ("x-bangtin-rev", on.rev.to_string()),
                ("x-bangtin-taken-ms", taken_ms.to_string()),
                ("x-bangtin-item", on.item.as_ref().map(Digest::to_string).unwrap_or_default()),
            ];
            let Some(made) = sketch.await else { return Done::Snapshot { limit, result: Ok(()) } };
            let result = Box::pin(api.put("snapshot", made.media_type, &headers, made.bytes)).await;
            Done::Snapshot { limit, result }
        });
    }
}

pub(super) fn json<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}
