//! Clocks that tests need: one that stands where it is set, and one that is off.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bangtin::ports::Clock;
use bangtin_player::clock::SystemClock;
use chrono::{DateTime, TimeDelta, Utc};

/// The time of day, as a test says it is.
#[derive(Debug)]
pub struct SetClock(Mutex<DateTime<Utc>>);

impl SetClock {
    /// It stands at `now`.
    #[must_use]
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }
    /// Moves on by this much.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A board's machine whose clock is off by this much, and that nobody keeps right.
struct Off {
    by: TimeDelta,
    real: SystemClock,
}

impl bangtin_player::ports::Clock for Off {
    fn system(&self) -> DateTime<Utc> {
        self.real.system() + self.by
    }
    fn monotonic(&self) -> Duration {
        self.real.monotonic()
    }
    fn is_synchronised(&self) -> bool {
        false
    }
}

/// The clock of a board's machine that is off by this much, and that nobody keeps right.
#[must_use]
pub fn off(by: TimeDelta) -> Arc<dyn bangtin_player::ports::Clock> {
    Arc::new(Off { by, real: SystemClock::start() })
}
