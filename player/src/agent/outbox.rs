//! When a stream of the queue is sent: filled or aged, again when no acknowledgement came, at most one batch in flight. Pure.

use std::time::Duration;

use playlists::wire::reports::MOST_ROWS;

/// How often a batch is sent without any answer before one is asked for: MQTT knows no refusal, HTTP does.
const UNANSWERED: u32 = 1;
/// The first pause after a way that answers could not be gone; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The way a batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Over the connection to the broker: what becomes of it is told by an acknowledgement or not at all.
    Link,
    /// Over HTTP: with an answer, whatever it is.
    Http,
}

/// One stream's state: rows that wait and when they are sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outbox {
    pub(super) waiting: u64,
    pub(super) due: Duration,
    in_flight: bool,
    unanswered: u32,
    /// Whether a batch went over the connection that stands, and nothing was acknowledged since.
    link_owes: bool,
    failures: u32,
    /// Rows that came since a batch was sent last, and when the first of them did.
    fresh: (u64, Duration),
    age: Duration,
    answer: Duration,
}

impl Outbox {
    /// A stream whose rows wait at most `age` to be sent, and for `answer` to be acknowledged before they are sent again.
    pub(super) fn new(age: Duration, answer: Duration) -> Self {
        let (waiting, due, in_flight) = (0, Duration::ZERO, false);
        Self { waiting, due, in_flight, unanswered: 0, link_owes: false, failures: 0, fresh: (0, due), age, answer }
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
        self.fresh = if self.fresh.0 == 0 { (rows, now) } else { (self.fresh.0 + rows, self.fresh.1) };
        if self.waiting >= MOST_ROWS as u64 && !self.in_flight && self.failures == 0 {
            self.due = now;
        }
    }
    /// Whether a batch is to be sent now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.waiting > 0 && self.due <= now
    }
    /// There is a new connection: it is not to blame for what went over an older one, and what waits goes at once.
    pub(super) fn linked(&mut self, now: Duration) {
        (self.link_owes, self.due) = (false, now);
    }
    /// A batch was handed on.
    pub(super) fn sent(&mut self, way: Way, now: Duration) {
        (self.in_flight, self.due) = (true, now + self.answer);
        self.link_owes |= way == Way::Link;
        self.unanswered = self.unanswered.saturating_add(1);
        self.fresh.0 = 0;
    }
    /// Whether the batch was sent so often in vain that it must go a way that answers.
    pub(super) fn wants_an_answer(&self) -> bool {
        self.unanswered >= UNANSWERED
    }
    /// Whether the connection that stands took a batch and let it wait.
    pub(super) fn link_is_silent(&self) -> bool {
        self.link_owes
    }
    /// The way that answers could not be gone: another try after a pause, longer each time, of which `share` (0 to 1) decides
    /// half, or after what the server asks for.
    pub(super) fn unreachable(&mut self, now: Duration, asked: Option<Duration>, share: f64) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(5)).min(LONGEST_PAUSE);
        let pause = pause.mul_f64(f64::midpoint(1.0, share.clamp(0.0, 1.0)));
        self.failures = self.failures.saturating_add(1);
        (self.in_flight, self.unanswered) = (false, 0);
        self.due = now + asked.unwrap_or_default().max(pause);
    }
    /// What was sent is out of the way: the next batch goes at once.
    pub(super) fn passed_over(&mut self, now: Duration) {
        (self.in_flight, self.unanswered, self.link_owes, self.failures, self.due) = (false, 0, false, 0, now);
    }
    /// Nobody took it.
    pub(super) fn not_sent(&mut self, now: Duration, pause: Duration) {
        (self.in_flight, self.due) = (false, now + pause);
    }
    /// The server has stored some, and `left` still wait. Those that waited already when the batch was sent found no room in it
    /// and have waited long enough, as many have: they go at once. Newer ones wait for others as ever.
    pub(super) fn acknowledged(&mut self, left: u64, now: Duration) {
        (self.waiting, self.in_flight, self.unanswered, self.link_owes, self.failures) = (left, false, 0, false, 0);
        let (fresh, since) = self.fresh;
        let at_once = left > fresh || left >= MOST_ROWS as u64 / 2;
        self.due = if at_once { now } else { since + self.age };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sent_when_they_are_old_or_many_and_again_when_unacknowledged() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second * 60, second * 30);
        assert!(!outbox.is_due(second));
        outbox.pushed(1, second);
        assert!(!outbox.is_due(second * 60));
        assert!(outbox.is_due(second * 61));
        outbox.pushed(499, second * 2);
        assert!(outbox.is_due(second * 2));
        outbox.sent(Way::Link, second * 2);
        outbox.pushed(1, second * 3);
        assert!(!outbox.is_due(second * 31));
        assert!(outbox.is_due(second * 32));
        outbox.acknowledged(0, second * 33);
        assert!(!outbox.is_due(second * 999));
    }

    #[test]
    fn what_found_no_room_in_a_batch_goes_at_once_when_that_is_acknowledged() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second * 60, second * 20);
        // Three short batches: each run of the player and each revision has its own.
        outbox.pushed(9, second);
        outbox.sent(Way::Link, second * 61);
        outbox.pushed(1, second * 62);
        outbox.acknowledged(7, second * 63);
        assert!(outbox.is_due(second * 63), "six of them were old before");
        outbox.sent(Way::Link, second * 63);
        outbox.acknowledged(4, second * 64);
        assert!(outbox.is_due(second * 64), "and again");
        outbox.sent(Way::Link, second * 64);
        outbox.pushed(1, second * 65);
        outbox.acknowledged(1, second * 66);
        assert!(!outbox.is_due(second * 124), "a new one waits for others");
        assert!(outbox.is_due(second * 125), "as long as any, counted from when it came");
    }

    #[test]
    fn a_batch_that_is_never_answered_asks_for_an_answer() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second, second * 20);
        outbox.pushed(3, second);
        assert!(!outbox.wants_an_answer());
        outbox.sent(Way::Link, second * 2);
        assert!(!outbox.is_due(second * 21));
        assert!(outbox.is_due(second * 22) && outbox.wants_an_answer());
        let mut unreachable = outbox.clone();
        unreachable.unreachable(second * 22, None, 1.0);
        assert!(!unreachable.wants_an_answer(), "the other way is tried again");
        outbox.passed_over(second * 62);
        assert!(outbox.is_due(second * 62) && !outbox.wants_an_answer());
    }

    #[test]
    fn a_connection_is_silent_only_about_what_went_over_itself() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second, second * 20);
        outbox.pushed(3, second);
        outbox.sent(Way::Link, second * 2);
        outbox.linked(second * 3);
        assert!(
            outbox.is_due(second * 3) && outbox.wants_an_answer(),
            "a connection that breaks again and again brings nothing either"
        );
        outbox.sent(Way::Http, second * 3);
        assert!(!outbox.link_is_silent(), "the batch was lost with the connection before");
        outbox.unreachable(second * 4, None, 1.0);
        outbox.sent(Way::Link, second * 6);
        outbox.sent(Way::Http, second * 26);
        assert!(outbox.link_is_silent(), "this one stood, and let it wait");
        outbox.acknowledged(0, second * 27);
        assert!(!outbox.link_is_silent());
    }

    #[test]
    fn a_way_that_cannot_be_gone_is_tried_again_after_pauses_that_grow_up_to_half_a_minute() {
        let second = Duration::from_secs(1);
        let mut outbox = Outbox::new(second, second * 20);
        outbox.pushed(600, second);
        for pause in [2, 4, 8, 16, 30, 30] {
            let mut hasty = outbox.clone();
            hasty.unreachable(second * 9, None, 0.0);
            outbox.unreachable(second * 9, None, 1.0);
            assert_eq!((outbox.due, hasty.due), (second * (9 + pause), second * 9 + second * pause / 2));
            outbox.pushed(1, second * 9);
            assert!(!outbox.is_due(second * 9), "however much waits");
        }
        outbox.unreachable(second * 9, Some(second * 100), 1.0);
        assert_eq!(outbox.due, second * 109, "the server's own word counts");
        outbox.acknowledged(600, second * 10);
        outbox.unreachable(second * 9, None, 1.0);
        assert_eq!(outbox.due, second * 11, "an answer begins anew");
    }
}
