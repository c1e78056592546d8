//! The list of a day's tickers (rule 11): who runs over the loop, from when to when.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::active::{lit, may_play};
use super::day::SHORTEST_REST;
use super::fair::{candidates, pick};
use super::hash::first_credit;
use super::overrides::Over;
use super::plan::Plan;
use super::{Airtime, NoticeShows, Overrides, Reader, Schedule, within};
use crate::campaign::Ticker;
use crate::id::{CampaignId, NoticeId};
use crate::local::{day_start, instant, moved};
use crate::span::{Span, common, without};

/// In place of a ticker's number: none runs.
const NONE: u32 = u32::MAX;

/// What runs over the loop, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// What it is; none: nothing runs.
    pub what: Option<Crossing>,
    /// Since when: the first millisecond of this crossing, or of the stretch without any.
    pub since: DateTime<Utc>,
    /// Until when: exactly the next answer's `since`.
    pub until: DateTime<Utc>,
}

/// One crossing of the board by a strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Whose turn it is; none where it is a notice.
    pub campaign: Option<CampaignId>,
    /// The notice; none where it is a campaign's turn.
    pub notice: Option<NoticeId>,
    /// What runs, and how fast.
    pub ticker: Ticker,
}

/// What runs over the loop from one 03:00 local time to the next: every crossing and every pause, in order, without gap.
#[derive(Debug, Clone)]
pub struct TickerList {
    plan: Arc<Plan>,
    date: NaiveDate,
    span: Span,
    /// When each crossing or pause starts, and which ticker of the plan runs.
    starts: Vec<(i64, u32)>,
}

impl TickerList {
    pub(super) fn new(plan: &Arc<Plan>, date: NaiveDate) -> Self {
        let ms = |date| day_start(date, plan.tz).timestamp_millis();
        let span = Span { from: ms(date), until: ms(moved(date, 1)) };
        let mut list = Self { plan: Arc::clone(plan), date, span, starts: Vec::new() };
        let stretches = stretches(plan, span);
        let mut credits: Vec<Option<i64>> = vec![None; plan.ids.len()];
        let mut last = None;
        let day = date.to_string();
        for (stretch, running) in stretches {
            list.fill(stretch, &running, &mut credits, &mut last, &day);
        }
        list
    }

    fn fill(&mut self, stretch: Span, running: &[u32], credits: &mut [Option<i64>], last: &mut Option<u32>, day: &str) {
        let plan = Arc::clone(&self.plan);
        let share = |number: &u32| {
            let runs = plan.tickers.get(*number as usize)?;
            let name = plan.ids.get(runs.id as usize)?;
            let credit = credits.get(runs.id as usize)?.unwrap_or_else(|| first_credit(name, day));
            Some((runs.id, credit, runs.weight))
        };
        let shares: Vec<_> = running.iter().filter_map(share).collect();
        let mut sharing = candidates(shares.into_iter());
        let mut at = stretch.from;
        while at < stretch.until && (at == stretch.from || stretch.until - at >= SHORTEST_REST) {
            let id = pick(&mut sharing, last);
            let of = |number: &&u32| plan.tickers.get(**number as usize).map(|runs| runs.id) == id;
            let Some(number) = id.and_then(|_| running.iter().find(of)) else {
                self.starts.push((at, NONE));
                break;
            };
            self.starts.push((at, *number));
            at += plan.tickers.get(*number as usize).map_or(1, |runs| runs.length.max(1));
        }
        for candidate in sharing {
            if let Some(credit) = credits.get_mut(candidate.number as usize) {
                *credit = Some(candidate.credit);
            }
        }
    }

    /// The broadcast day's date.
    #[must_use]
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// What runs at `now`, to the millisecond; none when that is another day.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Option<Running> {
        let at = now.timestamp_millis();
        if !self.span.contains(at) {
            return None;
        }
        self.crossing(self.starts.partition_point(|(start, _)| *start <= at).checked_sub(1)?)
    }

    /// Every crossing and pause of the day, in order.
    pub fn crossings(&self) -> impl Iterator<Item = Running> + '_ {
        (0..self.starts.len()).filter_map(|number| self.crossing(number))
    }

    fn crossing(&self, number: usize) -> Option<Running> {
        let (since, ticker) = *self.starts.get(number)?;
        let until = self.starts.get(number + 1).map_or(self.span.until, |(start, _)| *start);
        let what = self.plan.tickers.get(ticker as usize).map(|runs| Crossing {
            campaign: self.plan.ids.get(runs.id as usize).cloned(),
            notice: None,
            ticker: runs.ticker,
        });
        Some(Running { what, since: instant(since), until: instant(until) })
    }

    pub(super) const fn span(&self) -> Span {
        self.span
    }
}

/// Crossings of an interval, in order. An end of the interval cuts one that lies across it.
#[derive(Debug)]
pub struct Crossings<'a> {
    reader: Reader,
    overrides: &'a Overrides,
    at: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Iterator for Crossings<'_> {
    type Item = Running;
    fn next(&mut self) -> Option<Running> {
        while self.at < self.until {
            let running = self.reader.ticker_under(self.overrides, self.at);
            let (since, until) = (self.at, running.until.min(self.until));
            self.at = until;
            if running.what.is_some() {
                return Some(Running { since, until, ..running });
            }
        }
        None
    }
}

/// Tickers that take turns over the loop, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickerStretch {
    /// Their campaigns, in the order of ids; none where notices displace them.
    pub campaigns: Vec<CampaignId>,
    /// Notices whose text runs instead, the newest first.
    pub notices: Vec<NoticeId>,
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl Schedule {
    /// What each ticker gets from an instant to another: the crossings that start within, and the time in which it runs. Nothing is said
    /// of those that get nothing, nor of the loop beneath: that is [`Schedule::forecast`]'s.
    #[must_use]
    pub fn running(&self, overrides: &Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> BTreeMap<CampaignId, Airtime> {
        let mut found: BTreeMap<CampaignId, Airtime> = BTreeMap::new();
        for Running { what, since, until } in self.crossings(overrides, from, until) {
            let Some(campaign) = what.and_then(|crossing| crossing.campaign) else { continue };
            // Only the first may have begun before.
            let starts = since > within(from) || self.ticker_under(overrides, since).since == since;
            let shown_ms = (until - since).num_milliseconds();
            found.entry(campaign).or_default().add(Airtime { plays: u64::from(starts), shown_ms });
        }
        found
    }

    /// What runs over the loop from an instant to another, crossing by crossing, exact to the millisecond; pauses are left out.
    #[must_use]
    pub fn crossings<'a>(&self, overrides: &'a Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> Crossings<'a> {
        // From whole milliseconds, as all answers are.
        let whole = |at: DateTime<Utc>| instant(within(at).timestamp_millis());
        let (at, until) = (whole(from), whole(until));
        // Nothing can run, so no day needs to be looked through.
        let at = if self.runs_nothing(overrides) { until } else { at };
        Crossings { reader: Reader::new(self.clone()), overrides, at, until }
    }

    /// Which tickers take turns from an instant to another, in stretches that people can read; what is without any is left out.
    #[must_use]
    pub fn ticker_stretches(&self, overrides: &Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<TickerStretch> {
        let mut found: Vec<TickerStretch> = Vec::new();
        let range = Span { from: within(from).timestamp_millis(), until: within(until).timestamp_millis() };
        if self.runs_nothing(overrides) {
            return found;
        }
        for date in self.dates(range) {
            let day = self.span_of(date);
            let lit = lit(&self.plan, day);
            for (span, running) in stretches(&self.plan, day) {
                for shown in common(&[span.and(range)], &lit) {
                    self.add_stretches(shown, &running, overrides, &mut found);
                }
            }
        }
        found
    }

    /// Adds what runs in a stretch in which the board is lit and these tickers are active.
    fn add_stretches(&self, shown: Span, running: &[u32], overrides: &Overrides, found: &mut Vec<TickerStretch>) {
        let mut at = shown.from;
        while at < shown.until {
            let steady = overrides.steady(at, true).and(overrides.steady_strips(at));
            let piece = Span { from: at, until: steady.until.min(shown.until) };
            at = piece.until;
            if overrides.over(piece.from, true) != Over::Nothing {
                continue;
            }
            let notices: Vec<_> = overrides.strips(piece.from).iter().map(|(notice, _)| notice.id.clone()).collect();
            let campaign = |number: &u32| {
                let runs = self.plan.tickers.get(*number as usize)?;
                let id = self.plan.ids.get(runs.id as usize)?;
                (notices.is_empty() && !overrides.recalls(Some(id), &runs.ticker)).then(|| id.clone())
            };
            let mut campaigns: Vec<_> = running.iter().filter_map(campaign).collect();
            campaigns.sort();
            campaigns.dedup();
            if campaigns.is_empty() && notices.is_empty() {
                continue;
            }
            let (since, until) = (instant(piece.from), instant(piece.until));
            match found.last_mut() {
                Some(last) if last.until == since && last.campaigns == campaigns && last.notices == notices => last.until = until,
                _ => found.push(TickerStretch { campaigns, notices, since, until }),
            }
        }
    }

    fn runs_nothing(&self, overrides: &Overrides) -> bool {
        self.plan.tickers.is_empty() && !overrides.notices.iter().any(|notice| matches!(notice.shows, NoticeShows::Ticker(_)))
    }
}

/// The stretches of the day in which the same tickers are active, each with their numbers in the order of ids.
fn stretches(plan: &Plan, day: Span) -> Vec<(Span, Vec<u32>)> {
    let lit = lit(plan, day);
    let active: Vec<_> = plan
        .tickers
        .iter()
        .map(|runs| {
            let same = |other: &super::plan::Runs| (other.id, other.weight, other.ticker) == (runs.id, runs.weight, runs.ticker);
            let twin = plan.tickers.iter().position(same).and_then(|place| u32::try_from(place).ok()).unwrap_or(NONE);
            (twin, without(common(&may_play(runs.period, &runs.windows, plan, day), &lit), &runs.held))
        })
        .collect();
    let mut edges: Vec<_> = active.iter().flat_map(|(_, spans)| spans).flat_map(|span| [span.from, span.until]).collect();
    edges.extend([day.from, day.until]);
    edges.sort_unstable();
    edges.dedup();
    let mut stretches: Vec<(Span, Vec<u32>)> = Vec::new();
    for (from, until) in edges.iter().zip(edges.iter().skip(1)) {
        let now = |(_, spans): &&(u32, Vec<Span>)| spans.iter().any(|span| span.contains(*from));
        let mut running: Vec<_> = active.iter().filter(now).map(|(twin, _)| *twin).collect();
        running.sort_unstable();
        match stretches.last_mut() {
            Some((span, before)) if *before == running => span.until = *until,
            _ => stretches.push((Span { from: *from, until: *until }, running)),
        }
    }
    stretches
}
