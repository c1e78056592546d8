//! Which entries of a playlist are valid when, within one broadcast day.

use super::plan::{Plan, Shows};
use crate::span::Span;

/// A stretch of the day in which the valid entries of a playlist stay the same, down to nested playlists and language versions.
#[derive(Debug)]
pub(super) struct Phase {
    /// Its first instant, in milliseconds since 1970.
    pub(super) from: i64,
    /// Numbers of the valid entries, rising; when empty the playlist has nothing to play.
    pub(super) valid: Vec<u32>,
    /// What tells this phase from its neighbours.
    shape: Vec<u32>,
}

/// The phases of the playlists that a day needs.
#[derive(Debug)]
pub(super) struct Validity<'a> {
    plan: &'a Plan,
    day: Span,
    phases: Vec<Option<Vec<Phase>>>,
}

impl<'a> Validity<'a> {
    pub(super) fn new(plan: &'a Plan, day: Span) -> Self {
        Self { plan, day, phases: plan.lists.iter().map(|_| None).collect() }
    }

    /// Works out the phases of a playlist and of those within it.
    pub(super) fn prepare(&mut self, list: u32) {
        let Some(compiled) = self.plan.list(list) else { return };
        if self.phases.get(list as usize).is_none_or(Option::is_some) {
            return;
        }
        let mut edges = vec![self.day.from];
        let first = compiled.edges.partition_point(|edge| *edge <= self.day.from);
        edges.extend(compiled.edges.iter().skip(first).take_while(|edge| **edge < self.day.until));
        for line in &compiled.lines {
            if let Shows::List { list, .. } = line.shows {
                self.prepare(list);
                edges.extend(self.phases(list).iter().skip(1).map(|phase| phase.from));
            }
        }
        edges.sort_unstable();
        edges.dedup();
        let mut phases: Vec<Phase> = Vec::new();
        for edge in edges {
            let phase = self.phase(list, edge);
            if phases.last().is_none_or(|last| last.shape != phase.shape) {
                phases.push(phase);
            }
        }
        if let Some(slot) = self.phases.get_mut(list as usize) {
            *slot = Some(phases);
        }
    }

    /// The phases of a prepared playlist, in order; the first begins with the day.
    pub(super) fn phases(&self, list: u32) -> &[Phase] {
        self.phases.get(list as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    /// The numbers of the entries that are valid at `at`, rising.
    pub(super) fn valid(&self, list: u32, at: i64) -> &[u32] {
        let phases = self.phases(list);
        let number = phases.partition_point(|phase| phase.from <= at).saturating_sub(1);
        phases.get(number).map_or(&[], |phase| &phase.valid)
    }

    fn phase(&self, list: u32, at: i64) -> Phase {
        let (mut valid, mut shape) = (Vec::new(), Vec::new());
        for (line, number) in self.plan.list(list).into_iter().flat_map(|list| &list.lines).zip(0_u32..) {
            if !line.valid.contains(at) {
                continue;
            }
            let before = shape.len();
            match line.shows {
                Shows::Asset { first, count, .. } => {
                    shape.extend(
                        (first..first + count).filter(|leaf| self.plan.leaf(*leaf).is_some_and(|l| l.valid.contains(at))),
                    );
                }
                Shows::List { list, .. } => {
                    let phases = self.phases(list);
                    let phase = phases.partition_point(|phase| phase.from <= at).saturating_sub(1);
                    if phases.get(phase).is_some_and(|phase| !phase.valid.is_empty()) {
                        shape.push(u32::try_from(phase).unwrap_or(u32::MAX));
                    }
                }
            }
            if shape.len() > before {
                // The entry's number ends its part; counted from the other end, so that it is no leaf's or phase's number.
                shape.push(u32::MAX - number);
                valid.push(number);
            }
        }
        Phase { from: at, valid, shape }
    }
}
