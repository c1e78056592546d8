//! A manifest's items, each with the time in which anything shows it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::asset::Kind;
use crate::campaign::Period;
use crate::id::Digest;
use crate::trust::manifest::Item;

/// When an item may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    period: Period,
    /// Also when the board has long heard of nobody.
    evergreen: bool,
}

impl Use {
    /// As safe item or in the default playlist.
    pub(super) const EVERGREEN: Self = Self { period: Period { from: None, until: None }, evergreen: true };

    /// In a campaign, until it ends, if it does.
    pub(super) const fn until(until: Option<DateTime<Utc>>) -> Self {
        Self { period: Period { from: None, until }, evergreen: false }
    }

    /// The same, only within this time.
    pub(super) fn within(self, valid: Period) -> Self {
        Self { period: cut(self.period, valid), ..self }
    }
}

/// The time that lies in both; it ends before it begins where there is none.
pub(super) fn cut(one: Period, other: Period) -> Period {
    Period {
        from: one.from.max(other.from),
        until: match (one.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    }
}

/// Whether there is no instant in it.
pub(super) fn is_never(period: Period) -> bool {
    matches!((period.from, period.until), (Some(from), Some(until)) if until <= from)
}

/// Items by digest.
#[derive(Default)]
pub(super) struct Items(BTreeMap<Digest, Item>);

impl Items {
    /// Adds bytes by their digest and number; `clip` is how long they play, none for a still. An item begins with the earliest of what
    /// shows it, and ends with the latest.
    pub(super) fn add(&mut self, (sha256, size): (Digest, u64), clip: Option<Duration>, shown: Use) {
        let Use { period: Period { from, until }, evergreen } = shown;
        let item = self.0.entry(sha256).or_insert_with(|| Item {
            sha256,
            size,
            kind: if clip.is_some() { Kind::Clip } else { Kind::Still },
            duration: clip,
            from,
            until,
            approvals: Vec::new(),
            evergreen,
            strict_time: false,
        });
        item.from = item.from.zip(from).map(|(one, other)| one.min(other));
        item.until = item.until.zip(until).map(|(one, other)| one.max(other));
        item.evergreen |= evergreen;
    }

    pub(super) fn list(self) -> Vec<Item> {
        self.0.into_values().collect()
    }
}
