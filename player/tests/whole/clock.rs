//! A clock that tests move by hand. Players that were started at different moments share its time of day, not its monotonic time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bangtin_player::ports::Clock;
use chrono::{DateTime, Utc};

/// Where the hand stands, shared by all clocks made from it.
#[derive(Clone, Default)]
pub(crate) struct Hand(Arc<Mutex<(Duration, Option<Instant>)>>);

/// Where it stands when a test begins, in seconds since 1970.
const BEGIN: i64 = 1_760_000_000;

impl Hand {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 += by;
    }
    /// Puts it to this time of day, which lies after where it begins.
    pub(crate) fn set(&self, time: DateTime<Utc>) {
        let begin = DateTime::from_timestamp(BEGIN, 0).expect("in range");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = (time - begin).to_std().expect("later");
    }
    /// From now on it moves by itself, too, as beside players that go by their machine's own clock.
    pub(crate) fn flow(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get_or_insert_with(Instant::now);
    }
    fn stands(&self) -> Duration {
        let (moved, flows) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moved + flows.map_or(Duration::ZERO, |since| since.elapsed())
    }
    /// The time of day.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(BEGIN, 0).expect("in range") + self.stands()
    }
    /// The clock of a machine that starts now.
    pub(crate) fn machine(&self) -> Arc<dyn Clock> {
        Arc::new(Machine { hand: self.clone(), started: self.stands() })
    }
}

struct Machine {
    hand: Hand,
    started: Duration,
}

impl Clock for Machine {
    fn system(&self) -> DateTime<Utc> {
        self.hand.time()
    }
    fn monotonic(&self) -> Duration {
        self.hand.stands() - self.started
    }
    fn is_synchronised(&self) -> bool {
        true
    }
}
