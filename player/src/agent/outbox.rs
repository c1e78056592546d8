//! When a stream of the queue is sent: filled or aged, again when no acknowledgement came, at most one batch in flight. Pure.

use std::time::Duration;

use playlists::wire::reports::MOST_ROWS;

/// How long a sent batch waits for its acknowledgement before it is sent again.
pub(super) const RESEND: Duration = Duration::from_secs(30);
/// How often a batch is sent without any answer before one is asked for: MQTT knows no refusal, HTTP does.
const UNANSWERED: u32 = 2;

/// One stream's state: rows that wait and when they are sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outbox {
    pub(super) waiting: u64,
    pub(super) due: Duration,
    in_flight: bool,
    unanswered: u32,
    age: Duration,
}

impl Outbox {
    /// A stream whose rows wait at most `age` to be sent.
    pub(super) fn new(age: Duration) -> Self {
        Self { waiting: 0, due: Duration::ZERO, in_flight: false, unanswered: 0, age }
    }
    /// Rows were counted in the queue.
    pub(super) fn counted(&mut self, waiting: u64, now: Duration) {
        if self.waiting == 0 && waiting > 0 {
            self.due = now + self.age;
        }
        self.waiting = waiting;
    }
    /// Rows came.
    pub(super) fn pushed(&mut self, rows: u64, now: Duration) {
        if self.waiting == 0 {
            self.due = now + self.age;
        }
        self.waiting += rows;
        if self.waiting >= MOST_ROWS as u64 && !self.in_flight {
            self.due = now;
        }
    }
    /// Whether a batch is to be sent now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.waiting > 0 && self.due <= now
    }
    /// A batch was handed on.
    pub(super) fn sent(&mut self, now: Duration) {
        (self.in_flight, self.due) = (true, now + RESEND);
        self.unanswered = self.unanswered.saturating_add(1);
    }
    /// Whether the batch was sent so often in vain that it must go a way that answers.
    pub(super) fn wants_an_answer(&self) -> bool {
        self.unanswered >= UNANSWERED
    }
    /// The way that answers could not be gone.
    pub(super) fn unreachable(&mut self) {
        self.unanswered = 0;
    }
    /// What was sent is out of the way: the next batch goes at once.
    pub(super) fn passed_over(&mut self, now: Duration) {
        (self.in_flight, self.unanswered, self.due) = (false, 0, now);
    }
    /// Nobody took it.
    pub(super) fn not_sent(&mut self, now: Duration, pause: Duration) {
        (self.in_flight, self.due) = (false, now + pause);
    }
    /// The server has stored some, and `left` still wait: many are sent at once.
    pub(super) fn acknowledged(&mut self, left: u64, now: Duration) {
        (self.waiting, self.in_flight, self.unanswered) = (left, false, 0);
        self.due = if left >= MOST_ROWS as u64 / 2 { now } else { now + self.age };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sent_when_they_are_old_or_many_and_again_when_unacknowledged() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second * 60);
        assert!(!outbox.is_due(second));
        outbox.pushed(1, second);
        assert!(!outbox.is_due(second * 60));
        assert!(outbox.is_due(second * 61));
        outbox.pushed(499, second * 2);
        assert!(outbox.is_due(second * 2));
        outbox.sent(second * 2);
        outbox.pushed(1, second * 3);
        assert!(!outbox.is_due(second * 31));
        assert!(outbox.is_due(second * 32));
        outbox.acknowledged(0, second * 33);
        assert!(!outbox.is_due(second * 999));
    }

    #[test]
    fn a_batch_that_is_never_answered_asks_for_an_answer() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second);
        outbox.pushed(3, second);
        outbox.sent(second * 2);
        assert!(!outbox.wants_an_answer());
        outbox.sent(second * 32);
        assert!(outbox.wants_an_answer());
        let mut unreachable = outbox.clone();
        unreachable.unreachable();
        assert!(!unreachable.wants_an_answer(), "the other way is tried again");
        outbox.passed_over(second * 62);
        assert!(outbox.is_due(second * 62) && !outbox.wants_an_answer());
    }
}
