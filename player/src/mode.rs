//! PURE: what a player may do after how long without authenticated contact.

use std::time::Duration;

pub use playlists::wire::reports::Mode;

/// How long a board may go without contact, from its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From here on STALE.
    pub fresh: Duration,
    /// From here on SAFE.
    pub offline: Duration,
}

/// The mode of a player that has been powered for `alone` since its last authenticated contact. Without a manifest there is
/// nothing to play by: BOOT.
#[must_use]
pub fn mode(patience: Option<Patience>, alone: Duration) -> Mode {
    match patience {
        None => Mode::Boot,
        Some(patience) if alone >= patience.offline => Mode::Safe,
        Some(patience) if alone >= patience.fresh => Mode::Stale,
        Some(_) => Mode::Play,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_plays_then_is_stale_then_safe() {
        let day = Duration::from_secs(86_400);
        let patience = Some(Patience { fresh: day * 14, offline: day * 180 });
        for (days, expected) in
            [(0, Mode::Play), (13, Mode::Play), (14, Mode::Stale), (179, Mode::Stale), (180, Mode::Safe), (999, Mode::Safe)]
        {
            assert_eq!(mode(patience, day * days), expected, "after {days} days");
        }
        assert_eq!(mode(None, Duration::ZERO), Mode::Boot);
    }

    #[test]
    fn a_board_whose_two_limits_are_the_wrong_way_round_is_safe() {
        let patience = Some(Patience { fresh: Duration::from_secs(10), offline: Duration::from_secs(5) });
        assert_eq!(mode(patience, Duration::from_secs(7)), Mode::Safe);
    }
}
