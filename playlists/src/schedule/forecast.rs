//! What each campaign gets of a board, what displaces it, and what has to be refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::active::{Plays, may_play};
use super::demand::LONGEST_BESIDE_MS;
use super::dues::{MOST_OF_AN_HOUR, asked};
use super::valid::Validity;
use super::{Overrides, Schedule, What, within};
use crate::id::CampaignId;
use crate::local::instant;
use crate::span::{Span, common, without};
use crate::trust::manifest::Manifest;

/// What a campaign, or the default playlist, gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Airtime {
    /// Entries that start within the range.
    pub plays: u64,
    /// Time on the screen, in milliseconds.
    pub shown_ms: i64,
}

impl Airtime {
    /// Adds what it gets elsewhere, or later.
    pub const fn add(&mut self, other: Self) {
        self.plays += other.plays;
        self.shown_ms += other.shown_ms;
    }
}

/// One campaign held back by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// Which one.
    pub campaign: CampaignId,
    /// By whom, in the order of ids.
    pub by: Vec<CampaignId>,
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// What a board will show over a range, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// By campaign; those that get nothing are not named.
    pub campaigns: BTreeMap<CampaignId, Airtime>,
    /// The default playlist's.
    pub default: Airtime,
    /// The safe item's.
    pub safe_item: Airtime,
    /// Takeovers', together.
    pub notices: Airtime,
    /// Nothing on the screen, in milliseconds.
    pub dark_ms: i64,
    /// Plays per hour that are due and will not be started.
    pub lapses: Vec<(CampaignId, DateTime<Utc>)>,
    /// Which campaigns others hold back, in the order of time.
    pub displaced: Vec<Displaced>,
}

impl Forecast {
    /// How long the board shows something, in milliseconds.
    #[must_use]
    pub fn lit_ms(&self) -> i64 {
        let campaigns: i64 = self.campaigns.values().map(|airtime| airtime.shown_ms).sum();
        campaigns + self.default.shown_ms + self.safe_item.shown_ms + self.notices.shown_ms
    }
    /// A share of the time in which the board shows something, 0 to 1.
    #[must_use]
    pub fn share(&self, airtime: Airtime) -> f64 {
        if self.lit_ms() == 0 { 0.0 } else { airtime.shown_ms as f64 / self.lit_ms() as f64 }
    }
    /// Plays in an hour in which the board shows something, on average.
    #[must_use]
    pub fn plays_per_hour(&self, airtime: Airtime) -> f64 {
        if self.lit_ms() == 0 { 0.0 } else { airtime.plays as f64 * 3_600_000.0 / self.lit_ms() as f64 }
    }

    /// Adds what is counted from the end of this range on: what is displaced on both sides of the seam is one.
    pub fn go_on(&mut self, later: Self) {
        for (id, airtime) in later.campaigns {
            self.campaigns.entry(id).or_default().add(airtime);
        }
        self.default.add(later.default);
        self.safe_item.add(later.safe_item);
        self.notices.add(later.notices);
        self.dark_ms += later.dark_ms;
        self.lapses.extend(later.lapses);
        for next in later.displaced {
            let joins = |last: &&mut Displaced| last.campaign == next.campaign && last.by == next.by && last.until == next.since;
            match self.displaced.iter_mut().rev().find(joins) {
                Some(last) => last.until = next.until,
                None => self.displaced.push(next),
            }
        }
    }

    fn add(&mut self, whose: Whose<'_>, starts: bool, ms: i64) {
        let airtime = match whose {
            Whose::Nobody => {
                self.dark_ms += ms;
                return;
            }
            Whose::Campaign(id) => match self.campaigns.get_mut(id) {
                Some(airtime) => airtime,
                None => self.campaigns.entry(id.clone()).or_default(),
            },
            Whose::Default => &mut self.default,
            Whose::SafeItem => &mut self.safe_item,
            Whose::Notices => &mut self.notices,
        };
        airtime.plays += u64::from(starts);
        airtime.shown_ms += ms;
    }
}

/// Whose an entry is.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    Nobody,
    Campaign(&'a CampaignId),
    Default,
    SafeItem,
    Notices,
}

/// Why a campaign must not be scheduled as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Plays per hour ask for more than nine tenths of an hour.
    #[error("from {since} on, plays per hour ask for {asked_s} s of an hour; at most {most_s} s fit")]
    TooMuch {
        /// From when.
        since: DateTime<Utc>,
        /// How many seconds of an hour, by longest entries.
        asked_s: i64,
        /// How many fit.
        most_s: i64,
        /// Who asks.
        campaigns: Vec<CampaignId>,
    },
    /// An entry beside plays per hour lasts longer than a minute.
    #[error("an entry of {} lasts {length_s} s; beside plays per hour at most {most_s} s", campaign.as_ref().map_or("the default playlist", CampaignId::as_str))]
    TooLong {
        /// Whose; none: the default playlist's.
        campaign: Option<CampaignId>,
        /// The longest entry, in seconds, rounded up.
        length_s: i64,
        /// How long it may be.
        most_s: i64,
    },
    /// No window of the campaign starts within its period.
    #[error("no window of {0} comes within its period")]
    NeverComes(CampaignId),
    /// The campaign's period is over.
    #[error("{campaign} ended on {until}")]
    Past {
        /// Which one.
        campaign: CampaignId,
        /// When.
        until: DateTime<Utc>,
    },
}

impl Schedule {
    /// What each campaign gets from an instant to another: exactly what counting the timeline gives.
    #[must_use]
    pub fn forecast(&self, overrides: &Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> Forecast {
        let range = Span { from: within(from).timestamp_millis(), until: within(until).timestamp_millis() };
        let mut forecast = Forecast::default();
        let mut day_lists = self.dates(range).map(|date| self.day(date));
        if overrides.is_empty() {
            for list in day_lists.by_ref() {
                for (whose, span) in list.turns() {
                    let shown = span.and(range);
                    if !shown.is_empty() {
                        forecast.add(whose, span.from >= range.from, shown.until - shown.from);
                    }
                }
                forecast.lapses.extend(lapses(&list, range));
            }
        } else {
            forecast.lapses = day_lists.flat_map(|list| lapses(&list, range)).collect();
            let began = |at| self.resolve_under(overrides, at).since == at;
            let starts_with = began(instant(range.from));
            for showing in self.timeline(overrides, from, until) {
                let whose = match &showing.what {
                    What::Dark => Whose::Nobody,
                    What::Notice { .. } => Whose::Notices,
                    What::Entry(slot) => match (&slot.campaign, &slot.asset) {
                        (Some(campaign), _) => Whose::Campaign(campaign),
                        (None, Some(_)) => Whose::Default,
                        (None, None) => Whose::SafeItem,
                    },
                };
                let starts = showing.since.timestamp_millis() > range.from || starts_with;
                forecast.add(whose, starts, (showing.until - showing.since).num_milliseconds());
            }
        }
        forecast.displaced = self.displaced(range);
        forecast
    }

    /// Which campaigns others hold back by level or rank.
    fn displaced(&self, range: Span) -> Vec<Displaced> {
        let mut found: Vec<Displaced> = Vec::new();
        for date in self.dates(range) {
            let day = self.span_of(date);
            let lit = super::active::lit(&self.plan, day);
            let mut validity = Validity::new(&self.plan, day);
            let segments = super::active::segments(&self.plan, &mut validity, day, &lit);
            if segments.iter().all(|segment| !self.displaces(&segment.plays)) {
                continue;
            }
            for turn in &self.plan.turns {
                let spans = without(may_play(turn.period, &turn.windows, &self.plan, day), &turn.held);
                let phases = validity.phases(turn.list);
                let ends = phases.iter().skip(1).map(|phase| phase.from).chain([day.until]);
                let valid = phases.iter().zip(ends).filter(|(phase, _)| !phase.valid.is_empty());
                let valid: Vec<_> = valid.map(|(phase, until)| Span { from: phase.from, until }).collect();
                for span in common(&common(&spans, &lit), &crate::span::union(valid)) {
                    for segment in segments.iter().filter(|segment| self.displaces(&segment.plays)) {
                        let Plays::Campaigns(playing) = &segment.plays else { continue };
                        let own = |(number, _): &(u32, u32)| *number == turn.twin;
                        let held = span.and(segment.span).and(range);
                        if held.is_empty() || playing.iter().any(own) || segment.hourly.iter().any(own) {
                            continue;
                        }
                        let by: Vec<_> = playing.iter().filter_map(|(turn, _)| self.id_of(*turn)).cloned().collect();
                        let Some(campaign) = self.plan.ids.get(turn.id as usize).cloned() else { continue };
                        let (since, until) = (instant(held.from), instant(held.until));
                        let joins = |last: &&mut Displaced| last.campaign == campaign && last.by == by && last.until == since;
                        match found.iter_mut().rev().find(joins) {
                            Some(last) => last.until = until,
                            None => found.push(Displaced { campaign, by, since, until }),
                        }
                    }
                }
            }
        }
        found.sort_by(|one, other| (one.since, &one.campaign).cmp(&(other.since, &other.campaign)));
        found
    }

    fn displaces(&self, plays: &Plays) -> bool {
        let priority = |(turn, _): &(u32, u32)| self.plan.turn(*turn).is_some_and(|turn| turn.priority);
        matches!(plays, Plays::Campaigns(turns) if turns.iter().any(priority))
    }

    /// What has to be refused before a manifest like this is published, looking at the days from one instant to another. The periods
    /// and windows of `manifest`, from which this schedule was made, are held against `from`.
    #[must_use]
    pub fn refusals(&self, manifest: &Manifest, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for campaign in &manifest.campaigns {
            // An older version of a campaign that goes on is no fault.
            let goes_on =
                manifest.campaigns.iter().any(|other| other.id == campaign.id && other.period.until.is_none_or(|end| end > from));
            if goes_on && campaign.period.until.is_some_and(|end| end <= from) {
                continue;
            }
            if let Some(end) = campaign.period.until.filter(|end| *end <= from) {
                refusals.push(Refusal::Past { campaign: campaign.id.clone(), until: end });
                continue;
            }
            let begins = campaign.period.from.map_or(from, |begins| begins.max(from));
            let comes = |window: &crate::window::Window| {
                let before = begins - chrono::TimeDelta::milliseconds(1);
                let next = window.next_start(before, manifest.time_zone);
                window.contains(begins, manifest.time_zone)
                    || next.is_some_and(|next| campaign.period.until.is_none_or(|end| next < end))
            };
            if !campaign.windows.is_empty() && !campaign.windows.iter().any(comes) {
                refusals.push(Refusal::NeverComes(campaign.id.clone()));
            }
        }
        self.refuse_plays_per_hour(
            Span { from: within(from).timestamp_millis(), until: within(until).timestamp_millis() },
            &mut refusals,
        );
        refusals
    }

    fn refuse_plays_per_hour(&self, range: Span, refusals: &mut Vec<Refusal>) {
        let plan = &self.plan;
        let mut too_much: Option<(i64, i64, Vec<u32>)> = None;
        let mut too_long: BTreeMap<Option<u32>, i64> = BTreeMap::new();
        for date in self.dates(range) {
            let day = self.span_of(date);
            for (span, ms, turns) in asked(plan, day, &super::active::lit(plan, day)) {
                let within = span.and(range);
                if ms > MOST_OF_AN_HOUR && !within.is_empty() && too_much.as_ref().is_none_or(|(_, most, _)| ms > *most) {
                    too_much = Some((within.from, ms, turns));
                }
            }
            for segment in self.segments(date).iter().filter(|s| !s.hourly.is_empty() && !s.span.and(range).is_empty()) {
                let beside: Vec<_> = match &segment.plays {
                    Plays::Campaigns(turns) => {
                        turns.iter().filter_map(|(t, _)| plan.turn(*t)).map(|t| (Some(t.id), t.list)).collect()
                    }
                    Plays::Default(_) => vec![(None, plan.default)],
                    Plays::Dark | Plays::Safe => Vec::new(),
                };
                for (id, list) in beside {
                    let longest = plan.list(list).map_or(0, |list| list.longest);
                    if longest > LONGEST_BESIDE_MS {
                        too_long.insert(id, longest);
                    }
                }
            }
        }
        let name = |id: u32| plan.ids.get(id as usize).cloned();
        if let Some((since, ms, turns)) = too_much {
            let campaigns = turns.iter().filter_map(|turn| self.id_of(*turn)).cloned().collect();
            let (asked_s, most_s) = (ms.div_euclid(1000) + i64::from(ms % 1000 > 0), MOST_OF_AN_HOUR / 1000);
            refusals.push(Refusal::TooMuch { since: instant(since), asked_s, most_s, campaigns });
        }
        refusals.extend(too_long.into_iter().map(|(id, ms)| {
            let length_s = ms.div_euclid(1000) + i64::from(ms % 1000 > 0);
            Refusal::TooLong { campaign: id.and_then(name), length_s, most_s: LONGEST_BESIDE_MS / 1000 }
        }));
    }
}

fn lapses(list: &super::DayList, range: Span) -> Vec<(CampaignId, DateTime<Utc>)> {
    let within = list.lapses().filter(|(_, at)| range.contains(at.timestamp_millis()));
    within.map(|(id, at)| (id.clone(), at)).collect()
}
