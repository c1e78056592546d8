//! Plays per hour (rule 9): when each is due, how many fit, and which lapse.

use super::active::may_play;
use super::hash::h;
use super::plan::Plan;
use crate::span::{Span, common, union};

/// One hour, in milliseconds.
const HOUR: i64 = 3_600_000;
/// Most of an hour that may be asked for: nine tenths.
pub(super) const MOST_OF_AN_HOUR: i64 = HOUR / 10 * 9;
/// A play that is due may always wait this long.
const LEAST_WAIT: i64 = 120_000;

/// A play that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
    /// The end of the campaign's stretch: it does not start then or later.
    pub(super) until: i64,
}

/// The plays due in a day, by turn, and how far they are played.
#[derive(Debug, Default)]
pub(super) struct Dues {
    /// By number of a turn; only its first twin's has any.
    by_turn: Vec<Vec<Due>>,
    next: Vec<usize>,
    /// What lapsed, as (number of the campaign's id, when it was due).
    pub(super) lapsed: Vec<(u32, i64)>,
}

impl Dues {
    pub(super) fn new(plan: &Plan, day: Span, lit: &[Span]) -> Self {
        if plan.turns.iter().all(|turn| turn.per_hour == 0) {
            return Self::default();
        }
        let stretches = stretches(plan, day, lit);
        let shares = shares(plan, &stretches);
        let by_turn: Vec<_> = stretches
            .iter()
            .zip(shares)
            .zip(&plan.turns)
            .map(|((stretches, shares), turn)| match plan.ids.get(turn.id as usize) {
                Some(id) => stretches.iter().flat_map(|stretch| due(h(&[&"stagger", id]), *stretch, &shares)).collect(),
                None => Vec::new(),
            })
            .collect();
        Self { next: vec![0; by_turn.len()], by_turn, lapsed: Vec::new() }
    }

    /// The play to start at `at` among those of `turns`, if one is due; those that have waited longer than `wait` lapse.
    pub(super) fn take(&mut self, turns: &[(u32, u32)], at: i64, wait: i64, plan: &Plan) -> Option<(u32, i64)> {
        let mut best = None;
        for (turn, _) in turns {
            let Some(compiled) = plan.turn(*turn) else { continue };
            while let Some(due) = self.peek(*turn).filter(|due| due.at.saturating_add(wait) < at || due.until <= at) {
                self.lapsed.push((compiled.id, due.at));
                self.pass(*turn);
            }
            if let Some(due) = self.peek(*turn).filter(|due| due.at <= at) {
                let key = (!compiled.priority, due.at, compiled.id, *turn);
                best = Some(best.map_or(key, |best: (bool, i64, u32, u32)| best.min(key)));
            }
        }
        let (_, due, _, turn) = best?;
        self.pass(turn);
        Some((turn, due))
    }

    /// When the next play of these turns after `at` is due.
    pub(super) fn next_after(&self, turns: &[(u32, u32)], at: i64) -> Option<i64> {
        turns.iter().filter_map(|(turn, _)| self.peek(*turn)).map(|due| due.at).filter(|due| *due > at).min()
    }

    /// What was never started by the day's end lapses, too.
    pub(super) fn end(mut self, plan: &Plan) -> Vec<(u32, i64)> {
        for ((dues, next), turn) in self.by_turn.iter().zip(&self.next).zip(&plan.turns) {
            self.lapsed.extend(dues.iter().skip(*next).map(|due| (turn.id, due.at)));
        }
        self.lapsed.sort_unstable_by_key(|(id, at)| (*at, *id));
        self.lapsed
    }

    fn peek(&self, turn: u32) -> Option<Due> {
        let next = *self.next.get(turn as usize)?;
        self.by_turn.get(turn as usize)?.get(next).copied()
    }

    fn pass(&mut self, turn: u32) {
        if let Some(next) = self.next.get_mut(turn as usize) {
            *next += 1;
        }
    }
}

/// How long a play that is due may wait in a segment: for the longest entry beside the campaigns with plays per hour, and one of
/// each of these.
pub(super) fn wait(plan: &Plan, beside: impl Iterator<Item = u32>, hourly: &[(u32, u32)]) -> i64 {
    let longest = |list: u32| plan.list(list).map_or(0, |list| list.longest);
    let turns = hourly.iter().filter_map(|(turn, _)| plan.turn(*turn));
    let own: i64 = turns.map(|turn| longest(turn.list)).sum();
    LEAST_WAIT.max(beside.map(longest).max().unwrap_or(0) + own)
}

/// The stretches of each turn with plays per hour: its period, windows, operating hours and the broadcast day. Versions of a
/// campaign that are one have one stretch; it stands with the first of them.
fn stretches(plan: &Plan, day: Span, lit: &[Span]) -> Vec<Vec<Span>> {
    let mut stretches: Vec<Vec<Span>> = plan.turns.iter().map(|_| Vec::new()).collect();
    for turn in plan.turns.iter().filter(|turn| turn.per_hour > 0) {
        if let Some(own) = stretches.get_mut(turn.twin as usize) {
            own.extend(may_play(turn.period, &turn.windows, plan, day));
        }
    }
    stretches.into_iter().map(|own| common(&union(own), lit)).collect()
}

/// What the turns on a stretch ask of an hour together, from when to when: milliseconds by longest entries, and who asks.
fn asking(plan: &Plan, stretches: &[Vec<Span>]) -> Vec<(Span, i64, Vec<u32>)> {
    let mut edges: Vec<_> = stretches.iter().flatten().flat_map(|span| [span.from, span.until]).collect();
    edges.sort_unstable();
    edges.dedup();
    let pairs = edges.iter().zip(edges.iter().skip(1));
    pairs
        .map(|(from, until)| {
            let on = |(stretches, _): &(&Vec<Span>, u32)| stretches.iter().any(|stretch| stretch.contains(*from));
            let turns: Vec<_> = stretches.iter().zip(0..).filter(on).map(|(_, turn)| turn).collect();
            let all = turns.iter().filter_map(|turn| plan.turn(*turn)).map(|turn| asked_ms(plan, turn.per_hour, turn.list)).sum();
            (Span { from: *from, until: *until }, all, turns)
        })
        .collect()
}

/// What is asked of the hours of a day.
pub(super) fn asked(plan: &Plan, day: Span, lit: &[Span]) -> Vec<(Span, i64, Vec<u32>)> {
    asking(plan, &stretches(plan, day, lit))
}

/// From when to when each turn has how many plays per hour, scaled down where all together ask for more than fits.
fn shares(plan: &Plan, stretches: &[Vec<Span>]) -> Vec<Vec<(Span, i64)>> {
    let mut shares: Vec<Vec<(Span, i64)>> = stretches.iter().map(|_| Vec::new()).collect();
    for (span, asked, turns) in asking(plan, stretches) {
        for turn in turns {
            let (Some(own), Some(turn)) = (shares.get_mut(turn as usize), plan.turn(turn)) else { continue };
            let plays = scaled(i64::from(turn.per_hour), asked);
            match own.last_mut() {
                Some((before, same)) if before.until == span.from && *same == plays => before.until = span.until,
                _ => own.push((span, plays)),
            }
        }
    }
    shares
}

/// What a campaign asks of an hour, by its longest entry, in milliseconds.
pub(super) fn asked_ms(plan: &Plan, per_hour: u32, list: u32) -> i64 {
    i64::from(per_hour).saturating_mul(plan.list(list).map_or(0, |list| list.longest))
}

/// So many plays where `asked` milliseconds of an hour are asked for in sum.
fn scaled(plays: i64, asked: i64) -> i64 {
    if asked <= MOST_OF_AN_HOUR { plays } else { (plays * MOST_OF_AN_HOUR / asked).max(1) }
}

/// The plays due in a stretch.
fn due(lot: u64, stretch: Span, shares: &[(Span, i64)]) -> Vec<Due> {
    let length = stretch.until - stretch.from;
    let mut dues = Vec::new();
    for (share, plays) in shares {
        let share = share.and(stretch);
        if share.is_empty() {
            continue;
        }
        // ⌊lot · min(hour / plays, length) / 2⁶⁵⌋, in whole numbers.
        let (lot, plays) = (i128::from(lot), i128::from(*plays));
        let offset = if i128::from(HOUR) <= plays * i128::from(length) {
            lot * i128::from(HOUR) / (plays << 65)
        } else {
            (lot * i128::from(length)) >> 65
        };
        let first = stretch.from + i64::try_from(offset).unwrap_or(0);
        let passed = i128::from((share.from - first).max(0)) * plays / i128::from(HOUR);
        let number = |k: i128| first + i64::try_from(k * i128::from(HOUR) / plays).unwrap_or(i64::MAX / 2);
        let all = (0..).map(|k: i128| number(passed + k));
        let own = all.skip_while(|at| *at < share.from).take_while(|at| *at < share.until);
        dues.extend(own.map(|at| Due { at, until: stretch.until }));
    }
    dues
}
