//! PURE: when a state is sent. What an operator waits for goes out at once, a few times in a row; the rest keeps its distance.

use std::time::Duration;

/// States that may follow each other at once; each comes back after the time that states keep apart.
const AT_ONCE: u32 = 3;

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing that was not said.
    None,
    /// Something changed; it can wait.
    Change,
    /// The mode, the revision in force or what is wrong changed: somebody may be waiting for that.
    Urgent,
}

/// The turns that a board has to speak.
#[derive(Debug)]
pub(super) struct Turns {
    left: u32,
    filled: Duration,
    taken: Option<Duration>,
}

impl Turns {
    /// All of them, at `now` on the monotonic clock.
    pub(super) const fn all(now: Duration) -> Self {
        Self { left: AT_ONCE, filled: now, taken: None }
    }

    /// Whether a state may go out at `now`; `is_due` says that one goes out whatever there is to say, and states keep `apart`.
    pub(super) fn may_speak(&mut self, news: News, is_due: bool, apart: Duration, now: Duration) -> bool {
        self.fill(apart, now);
        let rested = self.taken.is_none_or(|taken| now.saturating_sub(taken) >= apart);
        match news {
            News::Urgent => rested || self.left > 0,
            News::Change => rested,
            News::None => rested && is_due,
        }
    }

    /// A state went out.
    pub(super) const fn take(&mut self, now: Duration) {
        (self.left, self.taken) = (self.left.saturating_sub(1), Some(now));
    }

    fn fill(&mut self, apart: Duration, now: Duration) {
        let apart = apart.max(Duration::from_millis(1));
        while self.left < AT_ONCE && now.saturating_sub(self.filled) >= apart {
            (self.left, self.filled) = (self.left + 1, self.filled + apart);
        }
        if self.left == AT_ONCE {
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APART: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The seconds of the first minute at which states go out, when this is to be said all the time.
    fn spoken(news: News, is_due: bool) -> Vec<u64> {
        let mut turns = Turns::all(at(0));
        let mut spoken = Vec::new();
        for second in 0..60 {
            if turns.may_speak(news, is_due, APART, at(second)) {
                turns.take(at(second));
                spoken.push(second);
            }
        }
        spoken
    }

    #[test]
    fn what_is_urgent_goes_out_at_once_and_a_board_that_goes_mad_soon_keeps_its_distance() {
        assert_eq!(spoken(News::Urgent, false), [0, 1, 2, 10, 20, 30, 40, 50]);
        assert_eq!(spoken(News::Change, false), [0, 10, 20, 30, 40, 50]);
        assert_eq!(spoken(News::None, true), [0, 10, 20, 30, 40, 50]);
        assert_eq!(spoken(News::None, false), [0; 0]);
    }

    #[test]
    fn a_new_revision_one_second_after_another_report_is_told_at_once() {
        let mut turns = Turns::all(at(0));
        turns.take(at(100));
        assert!(!turns.may_speak(News::Change, true, APART, at(101)));
        assert!(turns.may_speak(News::Urgent, false, APART, at(101)));
    }

    #[test]
    fn turns_come_back_with_the_time_and_are_not_saved_up() {
        let mut turns = Turns::all(at(0));
        for second in [0, 1, 2] {
            turns.take(at(second));
        }
        assert!(!turns.may_speak(News::Urgent, false, APART, at(3)));
        assert!(turns.may_speak(News::Urgent, false, APART, at(10_000)));
        for second in 10_000..10_003 {
            assert!(turns.may_speak(News::Urgent, false, APART, at(second)));
            turns.take(at(second));
        }
        assert!(!turns.may_speak(News::Urgent, false, APART, at(10_003)));
    }
}
