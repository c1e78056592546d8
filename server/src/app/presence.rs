//! What a board is, judged by what it reported and whether the server can hear it at all. Pure.

use std::time::Duration;

/// A board reports every 300 s ± 10 %; after two missed reports and a margin it is silent. (Source: the protocol.)
pub const SILENT_AFTER: Duration = Duration::from_secs(700);

/// What is known of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Its last document was not a `bye` of its session.
    pub connected: bool,
    /// When the last document was applied, milliseconds UTC.
    pub heard_ms: i64,
    /// It says that something is wrong: mode `fault` or `safe`, frames missing, or a list of errors.
    pub faulty: bool,
}

/// What a board is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It never reported.
    Never,
    /// It reports, and presents what it should.
    Live,
    /// It reports, and says that something is wrong.
    Faulty,
    /// It said `bye`, or nothing for [`SILENT_AFTER`].
    Silent,
    /// The server has no link to the broker, so it cannot know.
    Unknown,
}

impl Presence {
    /// A word for pages and interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Live => "live",
            Self::Faulty => "faulty",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
        }
    }
}

/// What a board is at `now_ms` (milliseconds UTC), while the link to the broker is `linked` or not.
#[must_use]
pub fn presence(heard: Option<Heard>, linked: bool, now_ms: i64) -> Presence {
    let Some(heard) = heard else { return Presence::Never };
    if !linked {
        return Presence::Unknown;
    }
    let silent_ms = i64::try_from(SILENT_AFTER.as_millis()).unwrap_or(i64::MAX);
    if !heard.connected || now_ms.saturating_sub(heard.heard_ms) > silent_ms {
        return Presence::Silent;
    }
    if heard.faulty { Presence::Faulty } else { Presence::Live }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_what_it_said_last_while_the_server_can_hear_it() {
        let now = 10_000_000;
        let heard = |connected, ago, faulty| Some(Heard { connected, heard_ms: now - ago, faulty });
        for (known, linked, expected) in [
            (None, true, Presence::Never),
            (None, false, Presence::Never),
            (heard(true, 0, false), false, Presence::Unknown),
            (heard(false, 0, false), false, Presence::Unknown),
            (heard(true, 700_000, false), true, Presence::Live),
            (heard(true, 700_001, false), true, Presence::Silent),
            (heard(false, 0, false), true, Presence::Silent),
            (heard(true, 0, true), true, Presence::Faulty),
            (heard(true, -5_000, false), true, Presence::Live),
        ] {
            assert_eq!(presence(known, linked, now), expected, "{known:?} {linked}");
        }
    }
}
