//! Segments (rules 3 to 5): the stretches of a broadcast day in which what may play does not change.

use super::plan::{Plan, Turn};
use super::valid::Validity;
use crate::span::{Span, union};

/// A stretch in which what may play does not change.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) span: Span,
    pub(super) plays: Plays,
}

/// What may play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plays {
    /// Nothing: outside the operating hours.
    Dark,
    /// These campaigns, each as (turn, phase of its playlist), in the order of ids.
    Campaigns(Vec<(u32, u32)>),
    /// The default playlist, in this phase.
    Default(u32),
    /// The safe item.
    Safe,
}

/// What happens at an instant.
#[derive(Debug, Clone, Copy)]
enum Change {
    Lit(bool),
    Begins { turn: u32, phase: u32 },
    Ends { turn: u32 },
    Default { phase: u32, plays: bool },
}

/// The segments of a day, in order, without gap. Prepares the playlists that may play.
pub(super) fn segments(plan: &Plan, validity: &mut Validity<'_>, day: Span) -> Vec<Segment> {
    let mut changes = changes(plan, validity, day);
    changes.sort_by_key(|(at, _)| *at);
    let mut state = State::default();
    let mut segments: Vec<Segment> = Vec::new();
    for now in changes.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((at, _)) = now.first() else { continue };
        // What ends makes room before what begins: successive versions of a campaign share one place.
        let (ends, begins): (Vec<_>, Vec<_>) = now.iter().copied().partition(|(_, change)| matches!(change, Change::Ends { .. }));
        for (_, change) in ends.into_iter().chain(begins) {
            state.apply(change, plan);
        }
        let plays = state.plays();
        match segments.last_mut() {
            Some(last) if last.plays == plays => {}
            last => {
                if let Some(last) = last {
                    last.span.until = *at;
                }
                segments.push(Segment { span: Span { from: *at, until: day.until }, plays });
            }
        }
    }
    segments
}

/// All changes from the first instant of the day (what is so then counts as one) to before its end.
fn changes(plan: &Plan, validity: &mut Validity<'_>, day: Span) -> Vec<(i64, Change)> {
    let mut changes = vec![(day.from, Change::Lit(plan.hours.is_none()))];
    let lit = plan.hours.as_ref().map(|hours| hours.lit(day, plan.tz)).unwrap_or_default();
    changes.extend(lit.into_iter().flat_map(|span| [(span.from, Change::Lit(true)), (span.until, Change::Lit(false))]));
    validity.prepare(plan.default);
    for (phase, number) in validity.phases(plan.default).iter().zip(0..) {
        changes.push((phase.from, Change::Default { phase: number, plays: !phase.valid.is_empty() }));
    }
    for (turn, number) in plan.turns.iter().zip(0..) {
        let spans = active(turn, plan, day);
        if spans.is_empty() {
            continue;
        }
        validity.prepare(turn.list);
        let phases = validity.phases(turn.list);
        let ends = phases.iter().skip(1).map(|phase| phase.from).chain([day.until]);
        for ((phase, until), phase_number) in phases.iter().zip(ends).zip(0..).filter(|((phase, _), _)| !phase.valid.is_empty()) {
            for span in &spans {
                let span = span.and(Span { from: phase.from, until });
                if !span.is_empty() {
                    changes.push((span.from, Change::Begins { turn: number, phase: phase_number }));
                    changes.push((span.until, Change::Ends { turn: number }));
                }
            }
        }
    }
    changes.retain(|(at, _)| *at < day.until);
    changes
}

/// When a campaign's period and windows let it play within the day.
fn active(turn: &Turn, plan: &Plan, day: Span) -> Vec<Span> {
    let range = turn.period.and(day);
    if range.is_empty() {
        return Vec::new();
    }
    if turn.windows.is_empty() {
        return vec![range];
    }
    union(turn.windows.iter().flat_map(|window| window.spans(range, plan.tz)).collect())
}

/// What holds at an instant of the sweep through the day.
#[derive(Default)]
struct State {
    lit: bool,
    /// Active (turn, phase), sorted: normal ones and priority ones.
    levels: [Vec<(u32, u32)>; 2],
    default: (u32, bool),
}

impl State {
    fn apply(&mut self, change: Change, plan: &Plan) {
        match change {
            Change::Lit(lit) => self.lit = lit,
            Change::Default { phase, plays } => self.default = (phase, plays),
            Change::Begins { turn, phase } => {
                if let Some((level, twin)) = self.level(turn, plan)
                    && let Err(place) = level.binary_search_by_key(&twin, |(turn, _)| *turn)
                {
                    level.insert(place, (twin, phase));
                }
            }
            Change::Ends { turn } => {
                if let Some((level, twin)) = self.level(turn, plan)
                    && let Ok(place) = level.binary_search_by_key(&twin, |(turn, _)| *turn)
                {
                    level.remove(place);
                }
            }
        }
    }

    fn level(&mut self, turn: u32, plan: &Plan) -> Option<(&mut Vec<(u32, u32)>, u32)> {
        let turn = plan.turn(turn)?;
        Some((self.levels.get_mut(usize::from(turn.priority))?, turn.twin))
    }

    fn plays(&self) -> Plays {
        let [normal, priority] = &self.levels;
        match (self.lit, self.default) {
            (false, _) => Plays::Dark,
            (true, _) if !priority.is_empty() => Plays::Campaigns(priority.clone()),
            (true, _) if !normal.is_empty() => Plays::Campaigns(normal.clone()),
            (true, (phase, true)) => Plays::Default(phase),
            (true, (_, false)) => Plays::Safe,
        }
    }
}
