//! What the board says of itself: hello, state, events, plays, snapshots; over MQTT while it is linked, else over HTTP.

use std::sync::Arc;
use std::time::Duration;

use playlists::id::{Digest, Revision, Sequence};
use playlists::millis;
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::wire::messages::{Stream, V};
use playlists::wire::reports::{Clock, ClockQuality, Hello, Mode, State, Store};
use playlists::wire::topics::Up;
use serde::Serialize;

use super::jobs::Done;
use super::showing::chain;
use super::{Agent, blocking, log};
use crate::{health, poll, snapshot};

/// Pause after a report that nobody took.
const NOT_TAKEN: Duration = Duration::from_secs(5);

/// What makes a new state worth sending before its time: a change of item alone is no change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Essence {
    mode: Mode,
    rev: Revision,
    quality: ClockQuality,
    errors: Vec<String>,
    is_dark: bool,
}

impl Agent {
    /// Sends hello and state when they are due.
    pub(super) async fn report(&mut self) {
        self.keep_notes().await;
        let now = self.now();
        if self.due.hello.is_some_and(|due| due <= now) && self.linked.is_some() {
            let taken = self.say(Up::Hello, &self.hello());
            self.due.hello = (!taken).then_some(now + NOT_TAKEN);
        }
        let essence = self.essence();
        let apart = self.state_sent.is_none_or(|sent| now.saturating_sub(sent) >= self.parts.cadence.state_apart);
        let changed = self.reported.as_ref() != Some(&essence);
        if !apart || !(changed || self.due.state <= now) {
            return;
        }
        let state = self.state(now);
        let taken = match self.linked {
            Some(_) => self.say(Up::State, &state),
            None => self.parts.token.is_some() && self.post(Up::State, json(&state)),
        };
        if taken {
            (self.reported, self.state_sent) = (Some(essence), Some(now));
            self.due.state = now + self.parts.cadence.state.mul_f64(0.9 + fastrand::f64() / 5.0);
        }
    }

    fn say<T: Serialize>(&self, up: Up, message: &T) -> bool {
        self.parts.link.publish(up.topic(&self.parts.identity.board), json(message))
    }

    /// Posts a report; false while another is under way.
    fn post(&mut self, up: Up, body: Vec<u8>) -> bool {
        if self.busy.posting {
            return false;
        }
        self.busy.posting = true;
        let api = self.parts.api.clone();
        self.jobs.spawn(async move {
            let result = Box::pin(api.post(up.as_str(), body)).await;
            Done::Posted { up, result }
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
        if missing { vec!["content-missing".to_owned()] } else { Vec::new() }
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

    fn state(&mut self, now: Duration) -> State {
        self.seq = Sequence(self.seq.0.saturating_add(1));
        let figures = self.parts.showing.screen().figures();
        let (then, frames) = std::mem::replace(&mut self.frames_seen, (now, figures.presented));
        let seconds = now.saturating_sub(then).as_secs_f64().max(0.001);
        let presented = u32::try_from(figures.presented.saturating_sub(frames)).unwrap_or(u32::MAX);
        let black = figures.black.saturating_sub(std::mem::replace(&mut self.black_seen, figures.black));
        let on = self.parts.showing.on();
        State {
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
        }
    }

    /// Writes noted events into the queue.
    pub(super) async fn keep_notes(&mut self) {
        if self.notes.is_empty() {
            return;
        }
        let notes = std::mem::take(&mut self.notes);
        let (queue, rows) = (Arc::clone(&self.parts.queue), notes.len() as u64);
        if log(blocking(move || queue.push_events(&notes)).await, "events could not be kept").is_some() {
            self.events.pushed(rows, self.now());
        }
    }

    /// Sends a batch of each stream that is due.
    pub(super) async fn send_queues(&mut self) {
        let now = self.now();
        for stream in [Stream::Plays, Stream::Event] {
            let is_due = match stream {
                Stream::Plays => self.plays.is_due(now),
                Stream::Event => self.events.is_due(now),
            };
            let has_way = self.linked.is_some() || (self.parts.token.is_some() && !self.busy.posting);
            if is_due && has_way {
                self.send_batch(stream, now).await;
            }
        }
    }

    async fn send_batch(&mut self, stream: Stream, now: Duration) {
        let (queue, board) = (Arc::clone(&self.parts.queue), self.parts.identity.board.clone());
        let (document, up, batch) = match stream {
            Stream::Plays => {
                let plays = log(blocking(move || queue.plays(&board)).await, "plays cannot be read").flatten();
                (DocumentType::Plays, Up::Plays, plays.as_ref().map(json))
            }
            Stream::Event => {
                let events = log(blocking(move || queue.events(&board)).await, "events cannot be read").flatten();
                (DocumentType::Event, Up::Event, events.as_ref().map(json))
            }
        };
        let taken = batch.is_some_and(|batch| {
            let envelope = Envelope::sign(document, &batch, &[&self.parts.identity.key]).to_json();
            match self.linked {
                Some(_) => self.parts.link.publish(up.topic(&self.parts.identity.board), envelope),
                None => self.post(up, envelope),
            }
        });
        let outbox = match stream {
            Stream::Plays => &mut self.plays,
            Stream::Event => &mut self.events,
        };
        if taken { outbox.sent(now) } else { outbox.not_sent(now, NOT_TAKEN) }
    }

    /// Deletes what the server has stored: only on its signed word, only for this board.
    pub(super) async fn on_ack(&mut self, payload: &[u8]) {
        let ack = match poll::ack(payload, &self.parts.root) {
            Ok(ack) if ack.board == self.parts.identity.board => ack,
            Ok(_) => return,
            Err(error) => {
                self.note("ack-refused", &chain(&error), "");
                return;
            }
        };
        let (queue, stream) = (Arc::clone(&self.parts.queue), ack.stream);
        let left = blocking(move || Ok::<_, crate::queue::QueueError>((queue.acknowledge(&ack)?, queue.waiting()?))).await;
        let Some((deleted, (plays, events))) = log(left, "what is acknowledged could not be deleted") else { return };
        if deleted == 0 {
            return;
        }
        let now = self.now();
        match stream {
            Stream::Plays => self.plays.acknowledged(plays, now),
            Stream::Event => self.events.acknowledged(events, now),
        }
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
        let (Some(limit), Some(on)) = (self.snapshot_wanted, self.parts.showing.screen().on()) else { return };
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
            let made = tokio::task::spawn_blocking(move || snapshot::within(&on.frame, limit)).await;
            let Ok(Some(made)) = made else { return Done::Snapshot { limit, result: Ok(()) } };
            let result = Box::pin(api.put("snapshot", made.media_type, &headers, made.bytes)).await;
            Done::Snapshot { limit, result }
        });
    }
}

fn json<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}
