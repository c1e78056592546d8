//! Places in playlists (rule 8): which entry is next.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::hash::first_entry;
use super::plan::{Plan, Shows};
use super::valid::Validity;

/// What a step through a playlist needs to know.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) plan: &'a Plan,
    pub(super) validity: &'a Validity<'a>,
    /// Number of the broadcast day since 1970-01-01.
    pub(super) day: i64,
    /// When the entry starts, in milliseconds since 1970.
    pub(super) at: i64,
}

/// An entry that shows an asset: its asset, length in milliseconds, and leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) asset: u32,
    pub(super) length: i64,
    pub(super) first: u32,
    pub(super) count: u32,
}

/// Where a playlist stands on a day: a campaign's, the default one, or a nested one (a place for each place of use).
#[derive(Debug)]
pub(super) struct Place {
    list: u32,
    /// Number of the entry that is next, or in progress.
    entry: usize,
    /// Slots that the nested playlist at `entry` has still to give, once it has given one.
    left: Option<u32>,
    nested: BTreeMap<(usize, u32), Place>,
}

impl Place {
    /// Where the playlist of `id` starts the day.
    pub(super) fn first(id: &dyn Display, list: u32, step: Step<'_>) -> Self {
        let count = step.plan.list(list).map_or(0, |list| list.lines.len());
        Self { list, entry: first_entry(id, count, step.day), left: None, nested: BTreeMap::new() }
    }

    /// The next entry; the place moves on. `list` may be another than before: the place in it is kept.
    pub(super) fn next(&mut self, list: u32, step: Step<'_>) -> Option<Chosen> {
        let lines = &step.plan.list(list)?.lines;
        if self.list != list {
            self.list = list;
            self.entry = self.entry.checked_rem(lines.len())?;
            self.left = None;
        }
        let valid = step.validity.valid(list, step.at);
        let after = valid.partition_point(|entry| (*entry as usize) < self.entry);
        let entry = *valid.get(after).or_else(|| valid.first())? as usize;
        if entry != self.entry {
            self.entry = entry;
            self.left = None;
        }
        match lines.get(entry)?.shows {
            Shows::Asset { asset, length, first, count } => {
                self.entry = (entry + 1) % lines.len();
                Some(Chosen { asset, length, first, count })
            }
            Shows::List { list: within, take } => {
                let all = || u32::try_from(step.validity.valid(within, step.at).len()).unwrap_or(u32::MAX);
                let left = self.left.or(take).unwrap_or_else(all);
                self.left = (left > 1).then(|| left - 1);
                if left <= 1 {
                    self.entry = (entry + 1) % lines.len();
                }
                let id = &step.plan.list(within)?.starts_by;
                let place = self.nested.entry((entry, within)).or_insert_with(|| Self::first(id, within, step));
                place.next(within, step)
            }
        }
    }
}
