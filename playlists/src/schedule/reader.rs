//! A schedule with the lists it was last asked for.

use chrono::{DateTime, Utc};

use super::active::lit;
use super::overrides::Over;
use super::{DayList, FIRST_MS, LAST_MS, Overrides, Running, Schedule, Showing, TickerList, What, within};
use crate::local::instant;
use crate::span::Span;

/// A schedule with the list of the day it was last asked for: cheap to ask often.
///
/// ```no_run
/// # fn example(schedule: playlists::schedule::Schedule, now: chrono::DateTime<chrono::Utc>) {
/// let mut reader = playlists::schedule::Reader::new(schedule);
/// let showing = reader.resolve(now);
/// let next = reader.resolve(showing.until);
/// assert_eq!(next.since, showing.until);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Reader {
    schedule: Schedule,
    /// The lists asked for last, the newest first: around a day's end questions go back and forth.
    days: [Option<DayList>; 2],
    tickers: Option<(TickerList, Vec<Span>)>,
}

impl Reader {
    /// Reads this schedule.
    #[must_use]
    pub const fn new(schedule: Schedule) -> Self {
        Self { schedule, days: [None, None], tickers: None }
    }
    /// The schedule.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// As [`Schedule::resolve`]; only the first question about a day costs its list.
    pub fn resolve(&mut self, now: DateTime<Utc>) -> Showing {
        let now = within(now);
        let found = self.day(now).at(now);
        found.unwrap_or_else(|| self.schedule.never(now))
    }

    /// As [`Schedule::resolve_under`]; only the first question about a day costs its list.
    pub fn resolve_under(&mut self, overrides: &Overrides, now: DateTime<Utc>) -> Showing {
        if overrides.is_empty() {
            return self.resolve(now);
        }
        let now = within(now);
        let mut showing = self.under(overrides, now);
        if !self.is_dark_by_rule(overrides, &showing) {
            return showing;
        }
        // Dark by hours and by blackout, one after the other, is one answer; what a recall has emptied stays slot by slot. Each step passes the end of a blackout or of a stretch of hours.
        let most = 2 * (overrides.blackouts.len() + overrides.notices.len()) + 4;
        for _ in 0..most {
            let next = self.under(overrides, showing.until);
            if !self.is_dark_by_rule(overrides, &next) || next.until <= showing.until || showing.until >= instant(LAST_MS) {
                break;
            }
            showing.until = next.until;
        }
        for _ in 0..most {
            let before = self.under(overrides, showing.since - chrono::TimeDelta::milliseconds(1));
            if !self.is_dark_by_rule(overrides, &before) || before.since >= showing.since || showing.since <= instant(FIRST_MS) {
                break;
            }
            showing.since = before.since;
        }
        showing
    }

    /// What runs over the loop at `now`; only the first question about a day costs its list.
    pub fn ticker(&mut self, now: DateTime<Utc>) -> Running {
        self.ticker_under(&Overrides::default(), now)
    }

    /// What runs over the loop at `now` under overrides.
    pub fn ticker_under(&mut self, overrides: &Overrides, now: DateTime<Utc>) -> Running {
        let now = within(now);
        let date = self.schedule.day_of(now);
        let plan = &self.schedule.plan;
        let (list, lit) = match self.tickers.take().filter(|(list, _)| list.date() == date) {
            Some(kept) => kept,
            None => {
                let list = self.schedule.tickers(date);
                let lit = lit(plan, list.span());
                (list, lit)
            }
        };
        let found = list.at_under(overrides, &lit, plan.width, now);
        self.tickers = Some((list, lit));
        found.unwrap_or(Running { what: None, since: now, until: now + chrono::TimeDelta::seconds(1) })
    }

    fn under(&mut self, overrides: &Overrides, now: DateTime<Utc>) -> Showing {
        let now = within(now);
        let found = self.day(now).at_under(overrides, now);
        found.unwrap_or_else(|| self.schedule.never(now))
    }

    /// Whether hours or a blackout make this answer dark, and not a recall that has left nothing to show.
    fn is_dark_by_rule(&mut self, overrides: &Overrides, showing: &Showing) -> bool {
        if showing.what != What::Dark {
            return false;
        }
        let at = within(showing.since.max(instant(FIRST_MS)));
        let lit = self.day(at).lit.iter().any(|span| span.contains(at.timestamp_millis()));
        !lit || overrides.over(at.timestamp_millis(), true) == Over::Dark
    }

    /// The list of the day that `now` lies in.
    pub(super) fn day(&mut self, now: DateTime<Utc>) -> &DayList {
        let [newest, other] = &mut self.days;
        let holds = |list: &Option<DayList>| list.as_ref().is_some_and(|list| list.start() <= now && now < list.end());
        if !holds(newest) {
            std::mem::swap(newest, other);
        }
        if !holds(newest) {
            // What is asked for most often stays: the one asked for last.
            std::mem::swap(newest, other);
            *other = newest.take();
        }
        newest.get_or_insert_with(|| self.schedule.day(self.schedule.day_of(now)))
    }
}
