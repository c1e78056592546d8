//! PURE: by which time of day clips run. It follows what the board believes, smoothly where that changes little: a clip must not
//! stutter because a message took a few milliseconds longer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Differences that are left alone.
const STILL: TimeDelta = TimeDelta::milliseconds(4);
/// Differences above this are made up at once: the time was wrong.
const STEP: TimeDelta = TimeDelta::milliseconds(250);
/// Share of the time elapsed by which smaller ones are made up.
const SLEW: i32 = 100;

/// The time of day at the monotonic clock's zero, as clips run by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    origin: Option<DateTime<Utc>>,
    followed: Duration,
}

impl Pace {
    /// Follows the time believed, `believed` at the monotonic clock's zero; the origin from now on, where it changes.
    pub fn follow(&mut self, believed: DateTime<Utc>, now: Duration) -> Option<DateTime<Utc>> {
        let elapsed = now.saturating_sub(std::mem::replace(&mut self.followed, now));
        let Some(origin) = self.origin else {
            self.origin = Some(believed);
            return self.origin;
        };
        let off = believed - origin;
        if off.abs() <= STILL {
            return None;
        }
        let most = TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX) / SLEW;
        let by = if off.abs() > STEP { off } else { off.clamp(-most, most) };
        self.origin = Some(origin + by);
        self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_760_000_000_000 + ms).expect("in range")
    }
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn small_differences_are_made_up_slowly_and_large_ones_at_once() {
        let mut pace = Pace::default();
        assert_eq!(pace.follow(at(0), SECOND), Some(at(0)));
        assert_eq!(pace.follow(at(3), SECOND * 2), None, "too small to be seen");
        assert_eq!(pace.follow(at(40), SECOND * 3), Some(at(10)));
        assert_eq!(pace.follow(at(40), SECOND * 4), Some(at(20)));
        assert_eq!(pace.follow(at(-100), SECOND * 4 + SECOND / 2), Some(at(15)));
        assert_eq!(pace.follow(at(3_600_000), SECOND * 5), Some(at(3_600_000)));
        assert_eq!(pace.follow(at(3_600_000), SECOND * 6), None);
    }
}
