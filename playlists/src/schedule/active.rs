//! Segments (rules 3 to 5): the stretches of a broadcast day in which what may play does not change.

use super::plan::Plan;
use super::valid::Validity;
use crate::span::{Span, union, without};
use crate::window::Window;

/// A stretch in which what may play does not change.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) span: Span,
    pub(super) plays: Plays,
    /// The `per_hour` campaigns beside it, each as (turn, phase of its playlist), in the order of ids.
    pub(super) hourly: Vec<(u32, u32)>,
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

/// The segments of a day, in order, without gap; `lit` is when the board is lit in it. Prepares the playlists that may play.
pub(super) fn segments(plan: &Plan, validity: &mut Validity<'_>, day: Span, lit: &[Span]) -> Vec<Segment> {
    let mut changes = changes(plan, validity, day, lit);
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
        let (plays, hourly) = state.plays(plan);
        match segments.last_mut() {
            Some(last) if last.plays == plays && last.hourly == hourly => {}
            last => {
                if let Some(last) = last {
                    last.span.until = *at;
                }
                segments.push(Segment { span: Span { from: *at, until: day.until }, plays, hourly });
            }
        }
    }
    segments
}

/// All changes from the first instant of the day (what is so then counts as one) to before its end.
fn changes(plan: &Plan, validity: &mut Validity<'_>, day: Span, lit: &[Span]) -> Vec<(i64, Change)> {
    let mut changes = vec![(day.from, Change::Lit(false))];
    changes.extend(lit.iter().flat_map(|span| [(span.from, Change::Lit(true)), (span.until, Change::Lit(false))]));
    validity.prepare(plan.default);
    for (phase, number) in validity.phases(plan.default).iter().zip(0..) {
        changes.push((phase.from, Change::Default { phase: number, plays: !phase.valid.is_empty() }));
    }
    for (turn, number) in plan.turns.iter().zip(0..) {
        let spans = without(may_play(turn.period, &turn.windows, plan, day), &turn.held);
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

/// When the board is lit within a day: sorted and apart.
pub(super) fn lit(plan: &Plan, day: Span) -> Vec<Span> {
    let spans = plan.hours.as_ref().map_or_else(|| vec![day], |hours| hours.lit(day, plan.tz));
    spans.into_iter().filter(|span| !span.is_empty()).collect()
}

/// When a campaign's period and windows let it play within the day: sorted and apart.
pub(super) fn may_play(period: Span, windows: &[Window], plan: &Plan, day: Span) -> Vec<Span> {
    let range = period.and(day);
    if range.is_empty() {
        return Vec::new();
    }
    if windows.is_empty() {
        return vec![range];
    }
    union(windows.iter().flat_map(|window| window.spans(range, plan.tz)).collect())
}

/// What holds at an instant of the sweep through the day.
#[derive(Default)]
struct State {
    lit: bool,
    /// Active (turn, phase), sorted: normal ones and priority ones with a weight, then those with plays per hour.
    levels: [Vec<(u32, u32)>; 4],
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
        let kind = usize::from(turn.priority) + 2 * usize::from(turn.per_hour > 0);
        Some((self.levels.get_mut(kind)?, turn.twin))
    }

    fn plays(&self, plan: &Plan) -> (Plays, Vec<(u32, u32)>) {
        let [normal, priority, hourly_normal, hourly_priority] = &self.levels;
        if !self.lit {
            return (Plays::Dark, Vec::new());
        }
        if !priority.is_empty() {
            return (Plays::Campaigns(first_in_rank(priority, plan)), hourly_priority.clone());
        }
        let mut hourly: Vec<_> = hourly_normal.iter().chain(hourly_priority).copied().collect();
        hourly.sort_unstable();
        let plays = match self.default {
            _ if !normal.is_empty() => Plays::Campaigns(normal.clone()),
            (phase, true) => Plays::Default(phase),
            (_, false) => Plays::Safe,
        };
        (plays, hourly)
    }
}

/// Of colliding `priority` campaigns the first in rank, if the owner has ranked any of them; else all.
fn first_in_rank(campaigns: &[(u32, u32)], plan: &Plan) -> Vec<(u32, u32)> {
    let rank = |of: &(u32, u32)| plan.turn(of.0).and_then(|turn| Some((turn.rank?, turn.id)));
    let first = campaigns.iter().filter_map(|campaign| Some((rank(campaign)?, *campaign))).min();
    first.map_or_else(|| campaigns.to_vec(), |(_, first)| vec![first])
}
