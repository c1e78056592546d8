//! What of a version a rendition shows.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use playlists::overlay::OverlaySize;

/// How an overlay's variant begins.
const OVERLAY: &str = "overlay-";

/// What of a version a rendition shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// The whole picture on the whole board, the same on all days.
    Whole,
    /// The whole picture as it is on this day.
    Day(NaiveDate),
    /// The picture as it lies in a corner.
    Overlay(OverlaySize),
}

impl Variant {
    /// The day of which it shows the picture; none where it is the same on all days.
    #[must_use]
    pub const fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => Some(day),
            Self::Whole | Self::Overlay(_) => None,
        }
    }
}

impl From<Option<NaiveDate>> for Variant {
    fn from(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Whole, Self::Day)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Day(day) => write!(f, "{day}"),
            Self::Overlay(size) => write!(f, "{OVERLAY}{}", size.get()),
        }
    }
}

impl FromStr for Variant {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Whole);
        }
        let Some(per_cent) = text.strip_prefix(OVERLAY) else {
            return text.parse().map(Self::Day).map_err(|error| error.to_string());
        };
        let per_cent: u8 = per_cent.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
        OverlaySize::new(per_cent).map(Self::Overlay).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_kept_as_one_word_and_no_other_word_is_one() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 24).expect("a date");
        let overlay = Variant::Overlay(OverlaySize::new(20).expect("a size"));
        for (variant, word) in [(Variant::Whole, ""), (Variant::Day(day), "2026-12-24"), (overlay, "overlay-20")] {
            assert_eq!(variant.to_string(), word);
            assert_eq!(word.parse(), Ok(variant));
        }
        for wrong in ["overlay-", "overlay-4", "overlay-41", "today", "24/12/2026"] {
            assert!(wrong.parse::<Variant>().is_err(), "{wrong}");
        }
    }
}
