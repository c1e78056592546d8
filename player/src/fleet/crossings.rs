//! PURE: running text on a virtual board. A crossing counts as shown from the instant at which it was due, the board was lit and every byte
//! of the strip had been read and hashed, and until it has left or is cut short; time is an argument.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::Digest;

use crate::stage::Play;
use crate::stage::decode::Source;
use crate::stage::ticker::Run;

/// What runs on a virtual board, and what ran.
#[derive(Default)]
pub(super) struct Crossings {
    /// The time of day when the monotonic clock was at zero.
    origin: DateTime<Utc>,
    /// What runs and what runs next.
    runs: Vec<Run>,
    /// The strips among them that were hashed.
    ready: Vec<Digest>,
    /// Those whose bytes are others, or gone.
    broken: Vec<Digest>,
    /// What is on, and since when.
    on: Option<(Run, Duration)>,
}

impl Crossings {
    /// This was the time of day when the monotonic clock was at zero.
    pub(super) const fn tie(&mut self, origin: DateTime<Utc>) {
        self.origin = origin;
    }

    /// What runs from now on, in the order of its time.
    pub(super) fn order(&mut self, runs: Vec<Run>) {
        self.runs = runs;
        self.ready.retain(|item| self.runs.iter().any(|run| run.source.item == *item));
        // Their bytes may have come again.
        self.broken.clear();
    }

    /// The strip that is to be hashed.
    pub(super) fn wanted(&self) -> Option<&Source> {
        let lacks = |source: &&Source| !self.ready.contains(&source.item) && !self.broken.contains(&source.item);
        self.runs.iter().map(|run| &run.source).find(lacks)
    }

    /// An item was hashed; whether it is a strip of these.
    pub(super) fn hashed(&mut self, item: Digest, is_whole: bool) -> bool {
        let is_strip = self.runs.iter().any(|run| run.source.item == item);
        if is_strip {
            if is_whole { self.ready.push(item) } else { self.broken.push(item) }
        }
        is_strip
    }

    /// Goes to `now`: the crossing that has ended since the last call, if one has. Nothing runs where nothing else `is_lit`.
    pub(super) fn go_on(&mut self, now: Duration, is_lit: bool) -> Option<Play> {
        let wall = self.wall(now);
        let is_on = |run: &&Run| is_lit && run.since <= wall && wall < run.until && self.ready.contains(&run.source.item);
        let running = self.runs.iter().find(is_on).cloned();
        if let (Some((on, _)), Some(run)) = (&mut self.on, &running)
            && on.source.item == run.source.item
            && on.since == run.since
        {
            on.clone_from(run);
            return None;
        }
        let ended = self.end(now);
        self.on = running.map(|run| (run, now));
        ended
    }

    /// What is on ends.
    pub(super) fn end(&mut self, now: Duration) -> Option<Play> {
        let (run, start) = self.on.take()?;
        // Who is called a moment late tells the crossing as long as it was.
        let over = (run.until - self.origin).to_std().unwrap_or_default();
        Some(Play {
            interrupted: now < over,
            played: run.played,
            start,
            shown: now.min(over).saturating_sub(start),
            dropped: 0,
            rev: run.rev,
            is_over: true,
        })
    }

    fn wall(&self, now: Duration) -> DateTime<Utc> {
        TimeDelta::from_std(now).ok().and_then(|now| self.origin.checked_add_signed(now)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
