//! Plays and events on their way into the queue. What the disk does not take waits in memory; what finds no room there is
//! counted and told, never dropped in silence.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use playlists::wire::reports::Event;

use super::trouble::Trouble;
use super::{Agent, blocking, log};
use crate::queue::KeptPlay;

/// Most events kept in memory until they are written.
const MOST_NOTES: usize = 256;
/// Most plays kept in memory until they are written: six hours of ten seconds each.
const MOST_UNKEPT: usize = 2160;
/// Most plays written at once.
const AT_ONCE: usize = 256;
/// The same event about the same thing is kept at most this often.
const SAME_EVENT: Duration = Duration::from_secs(60);
/// Pause before a queue that failed is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    plays: VecDeque<KeptPlay>,
    plays_lost: u64,
    events: Vec<Event>,
    events_lost: u64,
    /// When each event was noted last, on the monotonic clock.
    noted: BTreeMap<String, Duration>,
    /// Not before this, on the monotonic clock.
    again: Duration,
    /// Whether it is known how many rows wait in the queue.
    counted: bool,
}

impl Unwritten {
    fn push_play(&mut self, play: KeptPlay) {
        if self.plays.len() >= MOST_UNKEPT {
            self.plays.pop_front();
            self.plays_lost += 1;
        }
        self.plays.push_back(play);
    }

    /// Whether this was not noted within the last minute; noted now.
    fn is_news(&mut self, key: String, now: Duration) -> bool {
        if self.noted.get(&key).is_some_and(|last| now.saturating_sub(*last) < SAME_EVENT) {
            return false;
        }
        if self.noted.len() >= MOST_NOTES {
            self.noted.clear();
        }
        self.noted.insert(key, now);
        true
    }

    fn push_event(&mut self, event: Event) {
        if self.events.len() >= MOST_NOTES { self.events_lost += 1 } else { self.events.push(event) }
    }

    /// Plays and events lost since this was asked last.
    fn take_lost(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.plays_lost), std::mem::take(&mut self.events_lost))
    }
}

impl Agent {
    /// Notes an event; the same about the same thing at most once a minute.
    pub(super) fn note(&mut self, code: &str, detail: &str, about: &str) {
        if self.unwritten.is_news(format!("{code} {about}"), self.now()) {
            tracing::warn!(code, about, "{detail}");
            self.push_event(code, detail, "about", about);
        }
    }

    fn push_event(&mut self, code: &str, detail: &str, fact: &str, value: &str) {
        let facts = if value.is_empty() { BTreeMap::new() } else { BTreeMap::from([(fact.to_owned(), value.to_owned())]) };
        let detail = detail.chars().take(500).collect();
        self.unwritten.push_event(Event { t: self.belief().now, code: code.to_owned(), detail, facts });
    }

    /// Takes a play that has ended.
    pub(super) async fn keep_play(&mut self, play: KeptPlay) {
        self.unwritten.push_play(play);
        self.write_down().await;
    }

    /// Writes into the queue what waits; with `at_once` even if the disk has just failed.
    pub(super) async fn write_down_at_once(&mut self) {
        self.unwritten.again = Duration::ZERO;
        self.write_down().await;
    }

    /// Writes into the queue what waits.
    pub(super) async fn write_down(&mut self) {
        if self.now() < self.unwritten.again {
            return;
        }
        if self.write_plays().await && self.write_events().await && (self.unwritten.counted || self.count_waiting().await) {
            self.tell_what_was_lost();
        } else {
            self.unwritten.again = self.now() + PAUSE;
        }
        if let Some(path) = self.parts.queue.moved_aside() {
            self.note("queue-damaged", "the queue was damaged: it was moved aside and a new one begun", &path.to_string_lossy());
            self.anchored = None;
            self.count_waiting().await;
        }
    }

    async fn write_plays(&mut self) -> bool {
        while !self.unwritten.plays.is_empty() {
            let plays: Vec<_> = self.unwritten.plays.iter().take(AT_ONCE).cloned().collect();
            let (queue, anchor, now) = (Arc::clone(&self.parts.queue), self.current_anchor(), self.belief().now);
            let rows = plays.len();
            let dropped = blocking(move || queue.push_plays(&plays, anchor, now)).await;
            let Some(dropped) = self.heed_disk(Trouble::Queue, dropped, "plays wait in memory") else { return false };
            self.unwritten.plays.drain(..rows);
            self.plays.pushed(rows as u64, self.now());
            if dropped > 0 {
                self.count_waiting().await;
            }
        }
        true
    }

    async fn write_events(&mut self) -> bool {
        if self.unwritten.events.is_empty() {
            return true;
        }
        let (queue, events, now) = (Arc::clone(&self.parts.queue), self.unwritten.events.clone(), self.belief().now);
        let rows = events.len();
        let dropped = blocking(move || queue.push_events(&events, now)).await;
        let Some(dropped) = self.heed_disk(Trouble::Queue, dropped, "events wait in memory") else { return false };
        self.unwritten.events.drain(..rows);
        self.events.pushed(rows as u64, self.now());
        if dropped > 0 {
            self.count_waiting().await;
        }
        true
    }

    fn tell_what_was_lost(&mut self) {
        let (plays, events) = self.unwritten.take_lost();
        for (count, code, what) in [(plays, "plays-lost", "plays"), (events, "events-lost", "events")] {
            if count > 0 {
                let detail = format!("{count} {what} were lost: the disk took none, and memory was full");
                self.push_event(code, &detail, "count", &count.to_string());
            }
        }
    }

    /// Counts anew how many rows wait; false when the queue cannot be read.
    pub(super) async fn count_waiting(&mut self) -> bool {
        let queue = Arc::clone(&self.parts.queue);
        let waiting = log(blocking(move || queue.waiting()).await, "the queue cannot be read");
        self.unwritten.counted = waiting.is_some();
        if let Some((plays, events)) = waiting {
            let now = self.now();
            self.plays.counted(plays, now);
            self.events.counted(events, now);
        }
        self.unwritten.counted
    }
}
