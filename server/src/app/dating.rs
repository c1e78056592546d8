//! Dates plays: from a board's monotonic clock to the time of day, by the batch's anchors. Pure.

use playlists::wire::reports::{Anchor, ClockQuality};

/// Most anchors of one batch.
pub const MOST_ANCHORS: usize = 64;
/// Latest instant an anchor may name, milliseconds UTC (the year 2200): beyond it a clock is broken.
const LATEST_MS: i64 = 7_258_118_400_000;
/// Latest monotonic time, in milliseconds (a hundred years of power).
const LONGEST_MS: u64 = 3_155_760_000_000;

/// Why anchors date nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// None, or more than [`MOST_ANCHORS`].
    #[error("{0} anchors where 1 to {MOST_ANCHORS} are needed")]
    Count(usize),
    /// They are not in the order of the monotonic clock.
    #[error("the anchors are not in the order of the monotonic clock")]
    Order,
    /// A time is outside 1970 to 2200, or beyond a hundred years of power.
    #[error("an anchor is out of range")]
    Range,
}

/// Anchors that were checked.
#[derive(Debug, Clone, Copy)]
pub struct Anchors<'a>(&'a [Anchor]);

impl<'a> Anchors<'a> {
    /// Checks them.
    ///
    /// # Errors
    /// When they are too few, too many, out of order or out of range.
    pub fn new(anchors: &'a [Anchor]) -> Result<Self, AnchorError> {
        if anchors.is_empty() || anchors.len() > MOST_ANCHORS {
            return Err(AnchorError::Count(anchors.len()));
        }
        if !anchors.is_sorted_by_key(|anchor| anchor.0) {
            return Err(AnchorError::Order);
        }
        if anchors.iter().any(|anchor| anchor.0 > LONGEST_MS || !(0..=LATEST_MS).contains(&anchor.1)) {
            return Err(AnchorError::Range);
        }
        Ok(Self(anchors))
    }

    /// When `monotonic_ms` was, in milliseconds UTC, and how well that is known. The best quality in the batch dates every row,
    /// so that a clock set later corrects what came before; among those of that quality the last one at or before the row
    /// counts, else the first one after it. None when the result is out of range.
    #[must_use]
    pub fn date(self, monotonic_ms: u64) -> Option<(i64, ClockQuality)> {
        let best = self.0.iter().map(|anchor| anchor.2).min()?;
        let mut of_best = self.0.iter().filter(|anchor| anchor.2 == best);
        let first = of_best.next()?;
        let anchor = of_best.take_while(|anchor| anchor.0 <= monotonic_ms).last().unwrap_or(first);
        let since = i64::try_from(monotonic_ms).ok()?.checked_sub(i64::try_from(anchor.0).ok()?)?;
        let at = anchor.1.checked_add(since)?;
        (0..=LATEST_MS).contains(&at).then_some((at, best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClockQuality::{Floor, Ntp, Rtc, Signed};

    fn date(anchors: &[Anchor], at: u64) -> Option<(i64, ClockQuality)> {
        Anchors::new(anchors).expect("good anchors").date(at)
    }

    #[test]
    fn a_play_is_dated_by_the_last_anchor_before_it() {
        let anchors = [Anchor(1_000, 50_000, Ntp), Anchor(10_000, 59_500, Ntp)];
        assert_eq!(date(&anchors, 4_000), Some((53_000, Ntp)));
        assert_eq!(date(&anchors, 10_000), Some((59_500, Ntp)));
        assert_eq!(date(&anchors, 11_000), Some((60_500, Ntp)));
    }

    #[test]
    fn a_play_before_the_first_anchor_is_dated_backwards() {
        assert_eq!(date(&[Anchor(5_000, 60_000, Rtc)], 1_000), Some((56_000, Rtc)));
        assert_eq!(date(&[Anchor(5_000, 1_000, Rtc)], 0), None);
    }

    #[test]
    fn a_clock_set_later_corrects_what_came_before() {
        let anchors = [Anchor(0, 100, Floor), Anchor(60_000, 9_000_000, Signed), Anchor(70_000, 500, Floor)];
        assert_eq!(date(&anchors, 10_000), Some((8_950_000, Signed)));
        assert_eq!(date(&anchors, 80_000), Some((9_020_000, Signed)));
    }

    #[test]
    fn anchors_out_of_order_or_range_date_nothing() {
        assert_eq!(Anchors::new(&[]).err(), Some(AnchorError::Count(0)));
        assert_eq!(Anchors::new(&[Anchor(2, 0, Ntp), Anchor(1, 0, Ntp)]).err(), Some(AnchorError::Order));
        assert_eq!(Anchors::new(&[Anchor(1, -1, Ntp)]).err(), Some(AnchorError::Range));
        assert_eq!(Anchors::new(&[Anchor(u64::MAX, 1, Ntp)]).err(), Some(AnchorError::Range));
        assert_eq!(Anchors::new(&vec![Anchor(1, 1, Ntp); 65]).err(), Some(AnchorError::Count(65)));
    }
}
