//! What plays per hour ask of an hour, for a year ahead (rule 9): whether a campaign may be scheduled beside the others, and what
//! would fit. It looks at periods, windows, operating hours and lengths alone, so it costs no day's list.
//!
//! n plays per hour are a rate: in half an hour of light half of them are due, so nine tenths of that half hour is what they may ask
//! for, and the figures of a whole hour say so too. What hours decide is whether campaigns ever meet on a lit board.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::active::lit;
use super::dues::{MOST_OF_AN_HOUR, asked_ms};
use super::plan::{Plan, Turn};
use super::{Schedule, within};
use crate::id::CampaignId;
use crate::local::instant;
use crate::span::{Span, common, union, without};
use crate::window::Window;

/// Longest entry beside campaigns with plays per hour.
pub const LONGEST_BESIDE: Duration = Duration::from_secs(60);
/// The same in milliseconds.
pub(super) const LONGEST_BESIDE_MS: i64 = 60_000;
/// How far ahead is looked: every date of a lunar year (at most 385 days) lies within it.
const AHEAD: TimeDelta = TimeDelta::days(400);
/// Most starts of one window that are looked at; after them it is taken to be open to the end.
const MOST_STARTS: usize = 20_000;

/// What campaigns with plays per hour ask of an hour together, where they ask most while the campaign in question is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// From when they ask that much.
    pub since: DateTime<Utc>,
    /// Milliseconds of an hour, by longest entries.
    pub asked_ms: i64,
    /// Who asks, in the order of ids, and for how many milliseconds of an hour.
    pub by: Vec<(CampaignId, i64)>,
    /// Plays per hour for which the campaign in question would have room beside the others then; 0 where there is none.
    pub fits: u32,
}

impl Demand {
    /// Most milliseconds of an hour that may be asked for: nine tenths.
    pub const MOST_MS: i64 = MOST_OF_AN_HOUR;

    /// Whether more is asked for than fits.
    #[must_use]
    pub const fn is_too_much(&self) -> bool {
        self.asked_ms > Self::MOST_MS
    }
}

/// An entry of more than [`LONGEST_BESIDE`] beside plays per hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLong {
    /// Whose entry; none: the default playlist's.
    pub of: Option<CampaignId>,
    /// Who has plays per hour.
    pub beside: CampaignId,
    /// From when both are on.
    pub since: DateTime<Utc>,
    /// How long the entry lasts, in milliseconds.
    pub length_ms: i64,
}

impl Schedule {
    /// What is asked of an hour where most of it is while `campaign` is on, from `from` to 400 days later; none where it has no plays
    /// per hour, or is never on.
    #[must_use]
    pub fn demand(&self, campaign: &CampaignId, from: DateTime<Utc>) -> Option<Demand> {
        let plan = &self.plan;
        let range = ahead(from);
        let is_own = |turn: &Turn| plan.ids.get(turn.id as usize) == Some(campaign);
        let lit = lit(plan, range);
        let hourly: Vec<(&Turn, Vec<Span>)> =
            plan.turns.iter().filter(|turn| turn.per_hour > 0).map(|turn| (turn, on(turn, range, &lit, plan))).collect();
        let own: Vec<_> = union(hourly.iter().filter(|(turn, _)| is_own(turn)).flat_map(|(_, spans)| spans.clone()).collect());
        let mut heaviest: Option<(i64, i64)> = None;
        let mut changes: Vec<(i64, i64)> = Vec::new();
        for (turn, spans) in &hourly {
            let asked = asked_ms(plan, turn.per_hour, turn.list);
            for span in common(spans, &own) {
                changes.extend([(span.from, asked), (span.until, -asked)]);
            }
        }
        changes.sort_unstable();
        let mut asked = 0;
        for at_once in changes.chunk_by(|(one, _), (other, _)| one == other) {
            asked += at_once.iter().map(|(_, change)| change).sum::<i64>();
            if let Some((at, _)) = at_once.first()
                && heaviest.is_none_or(|(_, most)| asked > most)
            {
                heaviest = Some((*at, asked));
            }
        }
        let (since, asked_ms_then) = heaviest?;
        let then: Vec<_> =
            hourly.iter().filter(|(_, spans)| spans.iter().any(|span| span.contains(since))).map(|(turn, _)| *turn).collect();
        let others: i64 = then.iter().filter(|turn| !is_own(turn)).map(|turn| asked_ms(plan, turn.per_hour, turn.list)).sum();
        let longest = then.iter().filter(|turn| is_own(turn)).map(|turn| asked_ms(plan, 1, turn.list)).max()?;
        let fits = (MOST_OF_AN_HOUR - others).max(0).checked_div(longest).and_then(|fits| u32::try_from(fits.min(3600)).ok());
        let named = |turn: &&Turn| Some((plan.ids.get(turn.id as usize)?.clone(), asked_ms(plan, turn.per_hour, turn.list)));
        let by = then.iter().filter_map(named).collect();
        Some(Demand { since: instant(since), asked_ms: asked_ms_then, by, fits: fits.unwrap_or(3600) })
    }

    /// Entries that are too long beside plays per hour, and either of the two is of `campaign`; from `from` to 400 days later. One for
    /// each pair, in the order of ids, the default playlist's last.
    #[must_use]
    pub fn too_long_beside(&self, campaign: &CampaignId, from: DateTime<Utc>) -> Vec<TooLong> {
        let plan = &self.plan;
        let range = ahead(from);
        let lit = lit(plan, range);
        let id = |turn: &Turn| plan.ids.get(turn.id as usize).cloned();
        let length = |list: u32| plan.list(list).map_or(0, |list| list.longest);
        let (hourly, weighted): (Vec<_>, Vec<_>) = plan.turns.iter().partition(|turn| turn.per_hour > 0);
        let mut found: Vec<TooLong> = Vec::new();
        let mut note = |of: Option<CampaignId>, beside: CampaignId, both: &[Span], length_ms: i64| {
            let known = found.iter().any(|known| known.of == of && known.beside == beside);
            if let Some(first) = both.first().filter(|_| !known) {
                found.push(TooLong { of, beside, since: instant(first.from), length_ms });
            }
        };
        for hour in &hourly {
            let Some(beside) = id(hour) else { continue };
            let own = beside == *campaign;
            let on_hour = on(hour, range, &lit, plan);
            let mut alone = on_hour.clone();
            for weight in &weighted {
                let of = id(weight);
                let is_long = length(weight.list) > LONGEST_BESIDE_MS && (own || of.as_ref() == Some(campaign));
                // Beside a priority campaign only plays per hour of priority go on.
                if !is_long && !own {
                    continue;
                }
                let on_weight = on(weight, range, &lit, plan);
                if is_long && (hour.priority || !weight.priority) {
                    note(of, beside.clone(), &common(&on_hour, &on_weight), length(weight.list));
                }
                alone = without(alone, &on_weight);
            }
            if own && length(plan.default) > LONGEST_BESIDE_MS {
                note(None, beside, &alone, length(plan.default));
            }
        }
        found
    }
}

fn ahead(from: DateTime<Utc>) -> Span {
    let from = within(from);
    Span { from: from.timestamp_millis(), until: within(from + AHEAD).timestamp_millis() }
}

/// When a campaign may be on within a range, on a board that is lit at these times: sorted and apart.
fn on(turn: &Turn, range: Span, lit: &[Span], plan: &Plan) -> Vec<Span> {
    let range = turn.period.and(range);
    if range.is_empty() {
        return Vec::new();
    }
    if turn.windows.is_empty() {
        return common(&[range], lit);
    }
    let spans = union(turn.windows.iter().flat_map(|window| open(window, range, plan)).map(|span| span.and(range)).collect());
    common(&spans, lit)
}

/// When a window is open within a range, or thereabouts.
fn open(window: &Window, range: Span, plan: &Plan) -> Vec<Span> {
    let length = i64::try_from(window.duration().as_millis()).unwrap_or(0);
    let starts = window.starts(instant(range.from - length), instant(range.until), plan.tz);
    let mut spans: Vec<_> = starts
        .take(MOST_STARTS)
        .map(|start| Span { from: start.timestamp_millis(), until: start.timestamp_millis() + length })
        .collect();
    if let Some(last) = spans.get_mut(MOST_STARTS - 1) {
        last.until = range.until;
    }
    spans
}
