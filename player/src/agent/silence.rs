//! A broker that takes what the board says and lets nothing of it arrive, or a connection of which nobody is at the other end: found
//! out when HTTP answers what MQTT did not. Pure.

use std::time::Duration;

/// How long HTTP is gone instead, the first time; it doubles while it goes on so.
const FIRST: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Whether what is said over MQTT is heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Silence {
    times: u32,
    until: Duration,
}

impl Silence {
    /// HTTP has answered what MQTT had not.
    pub(super) fn met(&mut self, now: Duration) {
        self.until = now + FIRST.saturating_mul(1 << self.times.min(5)).min(LONGEST);
        self.times = self.times.saturating_add(1);
    }
    /// MQTT has brought an answer.
    pub(super) fn broken(&mut self) {
        *self = Self::default();
    }
    /// Whether reports go over HTTP although there is a connection.
    pub(super) fn lasts(&self, now: Duration) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_stays_silent_is_trusted_again_ever_later_and_one_answer_mends_all() {
        let (minute, mut silence) = (Duration::from_secs(60), Silence::default());
        assert!(!silence.lasts(Duration::ZERO));
        for minutes in [1, 2, 4, 8, 15, 15] {
            silence.met(minute);
            assert!(silence.lasts(minute * minutes) && !silence.lasts(minute * (minutes + 1)), "{minutes}");
        }
        silence.broken();
        assert!(!silence.lasts(minute));
    }
}
