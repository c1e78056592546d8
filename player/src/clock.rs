//! What time a board believes it is, and how well. The rule is pure ([`Timekeeper`]); [`SystemClock`] is the machine's clock.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
pub use playlists::wire::reports::ClockQuality;

use crate::ports::Clock;

/// How far one signed answer may move the floor beyond what has elapsed since it was set.
pub const LONGEST_JUMP: TimeDelta = TimeDelta::hours(48);
/// How far a clock kept by NTP may lie from the floor and what has elapsed, and still be believed as such.
pub const NTP_REACH: TimeDelta = TimeDelta::hours(24);
/// How far below the floor signed time may lie before it is doubted: the server's own corrections.
pub const SLACK: TimeDelta = TimeDelta::minutes(1);
/// How far a clock kept by NTP may lie from the time believed for clips to run by it.
const AGREES: TimeDelta = TimeDelta::seconds(2);
/// Longest time between the looks at the two clocks for them to be tied to each other, and how often that is tried.
const TOGETHER: Duration = Duration::from_micros(500);
const LOOKS: usize = 4;

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the clock port itself")]
    fn system(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
    fn is_synchronised(&self) -> bool {
        Path::new("/run/systemd/timesync/synchronized").exists()
    }
}

/// One look at the machine's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The system's time of day.
    pub system: DateTime<Utc>,
    /// Time since the start of this run.
    pub monotonic: Duration,
    /// Whether NTP keeps the system's clock.
    pub synchronised: bool,
}

impl Reading {
    /// Looks at the clocks.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        Self { system: clock.system(), monotonic: clock.monotonic(), synchronised: clock.is_synchronised() }
    }

    /// The same with both clocks read as one: again where the machine did something else in between.
    #[must_use]
    pub fn exact(clock: &dyn Clock) -> Self {
        let look = || {
            let before = clock.monotonic();
            let system = clock.system();
            let between = clock.monotonic().saturating_sub(before);
            (between, Self { system, monotonic: before + between / 2, synchronised: false })
        };
        let mut best = look();
        for _ in 1..LOOKS {
            if best.0 <= TOGETHER {
                break;
            }
            let next = look();
            if next.0 < best.0 {
                best = next;
            }
        }
        Self { synchronised: clock.is_synchronised(), ..best.1 }
    }
}

/// What time it is believed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belief {
    /// The time, UTC.
    pub now: DateTime<Utc>,
    /// Where it comes from.
    pub quality: ClockQuality,
}

impl Belief {
    /// The time where it is good enough to judge documents by; none when the board doubts its clock.
    #[must_use]
    pub fn trusted(&self) -> Option<DateTime<Utc>> {
        matches!(self.quality, ClockQuality::Signed | ClockQuality::Ntp).then_some(self.now)
    }
}

/// What came of a signed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is the board's time now.
    Taken,
    /// It lies too far ahead of what the board knows: the floor went as far as one answer may move it, the next one carries it on.
    Ahead,
    /// It lies below the floor and was not taken.
    Behind,
}

/// Floor and signed time, moved on by the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timekeeper {
    floor: Option<Mark>,
    signed: Option<Mark>,
}

/// A time of day, and when on the monotonic clock it was that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    time: DateTime<Utc>,
    at: Duration,
}

impl Mark {
    fn moved_on(&self, monotonic: Duration) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(monotonic.saturating_sub(self.at)).unwrap_or(TimeDelta::MAX);
        self.time.checked_add_signed(elapsed).unwrap_or(self.time)
    }
}

impl Timekeeper {
    /// With the floor that was kept on disk.
    #[must_use]
    pub fn new(floor: Option<DateTime<Utc>>, monotonic: Duration) -> Self {
        Self { floor: floor.map(|time| Mark { time, at: monotonic }), signed: None }
    }

    /// The highest time ever accepted, moved on by what has elapsed.
    #[must_use]
    pub fn floor(&self, monotonic: Duration) -> Option<DateTime<Utc>> {
        self.floor.map(|floor| floor.moved_on(monotonic))
    }

    /// What time it is: signed time moved on by the monotonic clock; else the system's clock, unless it lies below the floor;
    /// else the floor moved on.
    #[must_use]
    pub fn believe(&self, reading: Reading) -> Belief {
        if let Some(signed) = self.signed {
            return Belief { now: signed.moved_on(reading.monotonic), quality: ClockQuality::Signed };
        }
        let Some(floor) = self.floor else {
            let quality = if reading.synchronised { ClockQuality::Ntp } else { ClockQuality::Rtc };
            return Belief { now: reading.system, quality };
        };
        let least = floor.moved_on(reading.monotonic);
        if reading.system < floor.time {
            return Belief { now: least, quality: ClockQuality::Floor };
        }
        let near = (reading.system - least).abs() <= NTP_REACH;
        let quality = if reading.synchronised && near { ClockQuality::Ntp } else { ClockQuality::Rtc };
        Belief { now: reading.system, quality }
    }

    /// The time of day by which clips run, at the monotonic clock's zero: the system's where NTP keeps it and it agrees with what is
    /// believed, as boards side by side then differ by less than a message's way; else the time believed.
    #[must_use]
    pub fn origin(&self, reading: Reading) -> DateTime<Utc> {
        let believed = self.believe(reading).now;
        let agrees = reading.synchronised && (reading.system - believed).abs() <= AGREES;
        let now = if agrees { reading.system } else { believed };
        let elapsed = TimeDelta::from_std(reading.monotonic).unwrap_or_default();
        now.checked_sub_signed(elapsed).unwrap_or(now)
    }

    /// Takes a verified time that was true at `at` on the monotonic clock.
    pub fn hear(&mut self, time: DateTime<Utc>, at: Duration) -> Heard {
        let Some(floor) = self.floor else {
            self.set(time, at);
            return Heard::Taken;
        };
        let limit = floor.moved_on(at) + LONGEST_JUMP;
        if time > limit {
            self.floor = Some(Mark { time: limit, at });
            return Heard::Ahead;
        }
        if time < floor.time - SLACK {
            return Heard::Behind;
        }
        self.set(time, at);
        Heard::Taken
    }

    fn set(&mut self, time: DateTime<Utc>, at: Duration) {
        self.signed = Some(Mark { time, at });
        if self.floor.is_none_or(|floor| floor.moved_on(at) < time) {
            self.floor = Some(Mark { time, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + seconds, 0).expect("in range")
    }
    fn reading(system: i64, monotonic: u64, synchronised: bool) -> Reading {
        Reading { system: at(system), monotonic: Duration::from_secs(monotonic), synchronised }
    }

    #[test]
    fn a_clock_below_the_floor_is_not_believed() {
        let keeper = Timekeeper::new(Some(at(0)), Duration::ZERO);
        for (system, synchronised, expected) in [
            (-1_760_000_000, true, Belief { now: at(10), quality: ClockQuality::Floor }),
            (20, true, Belief { now: at(20), quality: ClockQuality::Ntp }),
            (20, false, Belief { now: at(20), quality: ClockQuality::Rtc }),
            (86_400 * 30, true, Belief { now: at(86_400 * 30), quality: ClockQuality::Rtc }),
        ] {
            assert_eq!(keeper.believe(reading(system, 10, synchronised)), expected, "{system}");
        }
    }

    #[test]
    fn signed_time_holds_whatever_the_system_clock_says_afterwards() {
        let mut keeper = Timekeeper::new(None, Duration::ZERO);
        assert_eq!(keeper.hear(at(0), Duration::from_secs(5)), Heard::Taken);
        let belief = keeper.believe(reading(-1_000_000, 65, false));
        assert_eq!(belief, Belief { now: at(60), quality: ClockQuality::Signed });
        assert_eq!(belief.trusted(), Some(at(60)));
    }

    #[test]
    fn a_long_absence_is_made_up_in_steps_of_two_days() {
        let mut keeper = Timekeeper::new(Some(at(0)), Duration::ZERO);
        let back = at(86_400 * 3);
        assert_eq!(keeper.hear(back, Duration::ZERO), Heard::Ahead);
        assert_eq!(keeper.hear(back, Duration::ZERO), Heard::Taken);
        assert_eq!(keeper.hear(at(0), Duration::ZERO), Heard::Behind);
    }

    proptest! {
        #[test]
        fn the_floor_never_falls(times in proptest::collection::vec((-10_000_000i64..10_000_000, 0u64..100_000), 1..40)) {
            let mut keeper = Timekeeper::new(None, Duration::ZERO);
            let (mut monotonic, mut least) = (0, None);
            for (seconds, step) in times {
                monotonic += step;
                keeper.hear(at(seconds), Duration::from_secs(monotonic));
                let floor = keeper.floor(Duration::from_secs(monotonic));
                prop_assert!(floor >= least);
                least = floor;
            }
        }
    }
}
