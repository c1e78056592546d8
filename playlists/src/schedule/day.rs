//! The list of a broadcast day (rule 10): the loop stepped from its start to its end.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::active::{Plays, Segment, lit, segments};
use super::dues::{Dues, wait};
use super::entries::{Chosen, Place, Step};
use super::fair::{Candidate, candidates, pick};
use super::forecast::Whose;
use super::hash::first_credit;
use super::plan::{LANES, Leaf, Plan};
use super::valid::Validity;
use super::{Showing, Slot, What};
use crate::asset::Language;
use crate::id::{CampaignId, Digest};
use crate::local::{day_number, day_start, instant, moved};
use crate::span::Span;

/// Where less than this is left of a segment no new entry starts, in milliseconds.
pub(super) const SHORTEST_REST: i64 = 2000;
/// In place of a leaf's number: the board is dark, or shows its safe item.
const DARK: u32 = u32::MAX;
const SAFE: u32 = u32::MAX - 1;
/// In place of a campaign's number: the default playlist, the safe item, or nothing.
const NOBODY: u32 = u32::MAX;

/// What a board shows from one 03:00 local time to the next: every slot, in order, without gap.
#[derive(Debug, Clone)]
pub struct DayList {
    pub(super) plan: Arc<Plan>,
    date: NaiveDate,
    span: Span,
    /// When each slot starts, in milliseconds from the day's start: rising, the first is 0.
    starts: Vec<u32>,
    /// What each slot shows, as (number of the campaign's id, leaf).
    shown: Vec<(u32, u32)>,
    /// The slots that were due at an instant: their numbers, and when, in milliseconds from the day's start.
    due: Vec<(u32, u32)>,
    /// Plays per hour that were not started, as (number of the campaign's id, when each was due).
    lapsed: Vec<(u32, i64)>,
    /// When the board is lit.
    pub(super) lit: Vec<Span>,
}

impl DayList {
    pub(super) fn new(plan: &Arc<Plan>, date: NaiveDate) -> Self {
        let ms = |date| day_start(date, plan.tz).timestamp_millis();
        let span = Span { from: ms(date), until: ms(moved(date, 1)) };
        let lit = lit(plan, span);
        let (starts, shown) = (Vec::new(), Vec::new());
        let mut list = Self { plan: Arc::clone(plan), date, span, starts, shown, due: Vec::new(), lapsed: Vec::new(), lit };
        let mut validity = Validity::new(plan, span);
        let segments = segments(plan, &mut validity, span, &list.lit);
        let mut state = Loop::new(plan, &validity, date);
        state.dues = Dues::new(plan, span, &list.lit);
        for segment in &segments {
            state.play(segment, &mut list);
        }
        list.lapsed = state.dues.end(plan);
        list
    }

    /// The broadcast day's date.
    #[must_use]
    pub const fn date(&self) -> NaiveDate {
        self.date
    }
    /// The day's first instant.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        instant(self.span.from)
    }
    /// The first instant of the next day.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        instant(self.span.until)
    }
    /// How many slots the day has; a dark stretch is one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }
    /// Whether the day has no length. No zone has such a day: one that leaves a date out has its hours until 03:00.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// What is on at `now`, to the millisecond; none when that is another day.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Option<Showing> {
        let at = now.timestamp_millis();
        let offset = u32::try_from(at.checked_sub(self.span.from)?).ok()?;
        if !self.span.contains(at) {
            return None;
        }
        self.slot(self.starts.partition_point(|start| *start <= offset).checked_sub(1)?)
    }

    /// The version that the slot at this instant shows.
    pub(super) fn leaf_at(&self, at: i64) -> Option<&Leaf> {
        let offset = u32::try_from(at.checked_sub(self.span.from)?).ok()?;
        let number = self.starts.partition_point(|start| *start <= offset).checked_sub(1)?;
        self.plan.leaf(self.shown.get(number)?.1)
    }

    /// Every slot of the day, in order. A dark stretch that reaches into another day is whole.
    pub fn slots(&self) -> impl Iterator<Item = Showing> + '_ {
        (0..self.starts.len()).filter_map(|number| self.slot(number))
    }

    /// The plays per hour that were due and not started, in the order in which they were due: the campaign, and when.
    pub fn lapses(&self) -> impl Iterator<Item = (&CampaignId, DateTime<Utc>)> + '_ {
        self.lapsed.iter().filter_map(|(id, at)| Some((self.plan.ids.get(*id as usize)?, instant(*at))))
    }

    /// The item of each slot that shows one, with the instant at which the slot ends.
    pub(super) fn items_with_end(&self) -> impl Iterator<Item = (Digest, DateTime<Utc>)> + '_ {
        let ends = self.starts.iter().skip(1).map(|start| self.span.from + i64::from(*start)).chain([self.span.until]);
        self.shown.iter().zip(ends).filter_map(|((_, leaf), until)| match *leaf {
            DARK => None,
            leaf => Some((self.plan.leaf(leaf).map_or(self.plan.safe, |leaf| leaf.item), instant(until))),
        })
    }

    /// Whose each slot is, and from when to when.
    pub(super) fn turns(&self) -> impl Iterator<Item = (Whose<'_>, Span)> + '_ {
        let ms = |start: &u32| self.span.from + i64::from(*start);
        let ends = self.starts.iter().skip(1).map(ms).chain([self.span.until]);
        self.starts.iter().map(ms).zip(ends).zip(&self.shown).map(|((from, until), (campaign, leaf))| {
            let whose = match (*leaf, self.plan.ids.get(*campaign as usize)) {
                (DARK, _) => Whose::Nobody,
                (SAFE, _) => Whose::SafeItem,
                (_, Some(id)) => Whose::Campaign(id),
                (_, None) => Whose::Default,
            };
            (whose, Span { from, until })
        })
    }

    pub(super) fn slot(&self, number: usize) -> Option<Showing> {
        let start = |number: usize| self.starts.get(number).map(|start| self.span.from + i64::from(*start));
        let mut span = Span { from: start(number)?, until: start(number + 1).unwrap_or(self.span.until) };
        let (campaign, leaf) = *self.shown.get(number)?;
        let due = u32::try_from(number).ok().and_then(|number| {
            let place = self.due.binary_search_by_key(&number, |(slot, _)| *slot).ok()?;
            self.due.get(place).map(|(_, due)| instant(self.span.from + i64::from(*due)))
        });
        let what = self.what(campaign, leaf, due);
        if let (What::Dark, Some(hours)) = (&what, &self.plan.hours) {
            span = hours.dark_around(span.from, self.plan.tz);
        }
        Some(Showing { what, since: instant(span.from), until: instant(span.until) })
    }

    fn what(&self, campaign: u32, leaf: u32, due: Option<DateTime<Utc>>) -> What {
        let campaign = self.plan.ids.get(campaign as usize).cloned();
        match (leaf, self.plan.leaf(leaf)) {
            (DARK, _) => What::Dark,
            (_, Some(leaf)) => What::Entry(Slot {
                campaign,
                asset: Some(leaf.asset.clone()),
                item: leaf.item,
                language: leaf.language.clone(),
                due,
            }),
            (_, None) => What::Entry(Slot {
                campaign: None,
                asset: None,
                item: self.plan.safe,
                language: Language::undetermined(),
                due: None,
            }),
        }
    }

    /// The slot pushed next was due at this instant.
    fn push_due(&mut self, due: i64) {
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.due.push((number, u32::try_from(due - self.span.from).unwrap_or(u32::MAX)));
    }

    fn push(&mut self, at: i64, campaign: u32, leaf: u32) {
        // A day is at most two days of hours long, so its milliseconds fit.
        self.starts.push(u32::try_from(at - self.span.from).unwrap_or(u32::MAX));
        self.shown.push((campaign, leaf));
    }
}

/// Credits and places of one broadcast day.
struct Loop<'a> {
    plan: &'a Plan,
    validity: &'a Validity<'a>,
    day: i64,
    date: String,
    /// By number of a campaign's id, lane and version; none until first needed.
    campaigns: Vec<Option<i64>>,
    lanes: [i64; 2],
    versions: Vec<Option<i64>>,
    /// What each pick chose last: the lane, the campaign of each lane, the version of each asset.
    last_lane: Option<u32>,
    last_campaigns: [Option<u32>; 2],
    last_versions: Vec<Option<u32>>,
    /// By number of a campaign's id.
    places: Vec<Option<Place>>,
    default: Option<Place>,
    dues: Dues,
}

/// One lane in a segment.
struct Lane {
    campaigns: Vec<Candidate>,
    /// Playlist of each candidate.
    lists: Vec<(u32, u32)>,
}

impl<'a> Loop<'a> {
    fn new(plan: &'a Plan, validity: &'a Validity<'a>, date: NaiveDate) -> Self {
        let text = date.to_string();
        Self {
            plan,
            validity,
            day: day_number(date),
            campaigns: vec![None; plan.ids.len()],
            lanes: LANES.map(|tier| first_credit(&tier.as_str(), &text)),
            versions: vec![None; plan.versions.len()],
            last_lane: None,
            last_campaigns: [None; 2],
            last_versions: vec![None; plan.assets],
            places: plan.ids.iter().map(|_| None).collect(),
            default: None,
            dues: Dues::default(),
            date: text,
        }
    }

    /// Adds a segment's slots to the list.
    fn play(&mut self, segment: &Segment, list: &mut DayList) {
        match &segment.plays {
            Plays::Dark => list.push(segment.span.from, NOBODY, DARK),
            Plays::Safe => self.fill(segment, list, |_, _| None),
            Plays::Default(_) => self.fill(segment, list, |state, at| {
                let step = state.step(at);
                let default = state.plan.default;
                let id = &state.plan.list(default)?.starts_by;
                let chosen = state.default.get_or_insert_with(|| Place::first(id, default, step)).next(default, step)?;
                Some((NOBODY, chosen))
            }),
            Plays::Campaigns(turns) => {
                let mut lanes = self.open(turns);
                let shares =
                    [0, 1].into_iter().filter(|lane: &u32| lanes.get(*lane as usize).is_some_and(|l| !l.lists.is_empty()));
                let credit = self.lanes;
                let weight = self.plan.lanes;
                let share = |lane: u32| Some((lane, *credit.get(lane as usize)?, *weight.get(lane as usize)?));
                let mut lane_pick = candidates(shares.filter_map(share));
                self.fill(segment, list, |state, at| state.campaign(&mut lane_pick, &mut lanes, at));
                self.close(&lane_pick, &lanes);
            }
        }
    }

    /// Steps through a segment, a slot at a time: a play that is due, else the next of the loop, else the safe item until one is due.
    fn fill(&mut self, segment: &Segment, list: &mut DayList, mut next: impl FnMut(&mut Self, i64) -> Option<(u32, Chosen)>) {
        let Segment { span, plays, hourly } = segment;
        let wait = self.wait(plays, hourly);
        let mut at = span.from;
        while at < span.until && (at == span.from || span.until - at >= SHORTEST_REST) {
            if let Some((turn, due)) = self.dues.take(hourly, at, wait, self.plan) {
                let Some((campaign, chosen)) = self.turn(turn, at) else { continue };
                list.push_due(due);
                list.push(at, campaign, self.version(chosen, at));
                at += chosen.length.max(1);
            } else if let Some((campaign, chosen)) = next(self, at) {
                list.push(at, campaign, self.version(chosen, at));
                at += chosen.length.max(1);
            } else {
                list.push(at, NOBODY, SAFE);
                at = self.dues.next_after(hourly, at).unwrap_or(span.until);
            }
        }
    }

    /// How long a play that is due may wait in a segment.
    fn wait(&self, plays: &Plays, hourly: &[(u32, u32)]) -> i64 {
        let plan = self.plan;
        match plays {
            Plays::Campaigns(turns) => {
                let lists = turns.iter().filter_map(|(turn, _)| Some(plan.turn(*turn)?.list));
                wait(plan, lists, hourly)
            }
            Plays::Default(_) => wait(plan, std::iter::once(plan.default), hourly),
            Plays::Dark | Plays::Safe => wait(plan, std::iter::empty(), hourly),
        }
    }

    /// The next entry of a campaign.
    fn turn(&mut self, turn: u32, at: i64) -> Option<(u32, Chosen)> {
        let turn = self.plan.turn(turn)?;
        self.entry(turn.id, turn.list, at)
    }

    fn entry(&mut self, id: u32, list: u32, at: i64) -> Option<(u32, Chosen)> {
        let step = self.step(at);
        let name = self.plan.ids.get(id as usize)?;
        let place = self.places.get_mut(id as usize)?.get_or_insert_with(|| Place::first(name, list, step));
        Some((id, place.next(list, step)?))
    }

    /// One slot of the campaigns: lane, campaign, entry.
    fn campaign(&mut self, lane_pick: &mut [Candidate], lanes: &mut [Lane; 2], at: i64) -> Option<(u32, Chosen)> {
        let lane = pick(lane_pick, &mut self.last_lane)? as usize;
        let Lane { campaigns, lists } = lanes.get_mut(lane)?;
        let id = pick(campaigns, self.last_campaigns.get_mut(lane)?)?;
        let (_, list) = *lists.get(lists.binary_search_by_key(&id, |(id, _)| *id).ok()?)?;
        self.entry(id, list, at)
    }

    /// The language version of an entry that is shown, by its leaf.
    fn version(&mut self, chosen: Chosen, at: i64) -> u32 {
        let plan = self.plan;
        let valid = |leaf: &u32| plan.leaf(*leaf).is_some_and(|leaf| leaf.valid.contains(at));
        let leaves = (chosen.first..chosen.first + chosen.count).filter(valid);
        let Some(last) = self.last_versions.get_mut(chosen.asset as usize) else { return SAFE };
        // In the order of languages, which is that of their credits' ids.
        let ordered: Vec<_> = leaves.filter_map(|leaf| Some((leaf, plan.leaf(leaf)?))).collect();
        if let [(leaf, only)] = ordered.as_slice() {
            *last = Some(only.version);
            return *leaf;
        }
        let mut shares = Vec::with_capacity(ordered.len());
        for ((_, leaf), order) in ordered.iter().zip(0_u32..) {
            let name = plan.versions.get(leaf.version as usize);
            let credit = self.versions.get_mut(leaf.version as usize).zip(name);
            let credit = credit.map_or(0, |(credit, name)| *credit.get_or_insert_with(|| first_credit(name, &self.date)));
            shares.push((order, credit, leaf.weight));
        }
        let mut versions = candidates(shares.into_iter());
        let order_of = |version: u32| ordered.iter().zip(0..).find_map(|((_, l), order)| (l.version == version).then_some(order));
        let mut last_order = last.and_then(order_of);
        let picked = pick(&mut versions, &mut last_order);
        for (candidate, (_, leaf)) in versions.iter().zip(&ordered) {
            if let Some(credit) = self.versions.get_mut(leaf.version as usize) {
                *credit = Some(candidate.credit);
            }
        }
        let Some((leaf, shown)) = picked.and_then(|order| ordered.get(order as usize)) else { return SAFE };
        *last = Some(shown.version);
        *leaf
    }

    /// The lanes with the credits of the campaigns that share them.
    fn open(&mut self, turns: &[(u32, u32)]) -> [Lane; 2] {
        let mut shares = [Vec::new(), Vec::new()];
        let mut lists = [Vec::new(), Vec::new()];
        for turn in turns.iter().filter_map(|(turn, _)| self.plan.turn(*turn)) {
            let name = self.plan.ids.get(turn.id as usize);
            let Some((credit, name)) = self.campaigns.get_mut(turn.id as usize).zip(name) else { continue };
            let credit = *credit.get_or_insert_with(|| first_credit(name, &self.date));
            if let (Some(shares), Some(lists)) = (shares.get_mut(turn.lane), lists.get_mut(turn.lane)) {
                shares.push((turn.id, credit, turn.weight));
                lists.push((turn.id, turn.list));
            }
        }
        let [commune, province] = shares.map(|shares| candidates(shares.into_iter()));
        let [commune_lists, province_lists] = lists;
        [Lane { campaigns: commune, lists: commune_lists }, Lane { campaigns: province, lists: province_lists }]
    }

    /// Puts the credits back.
    fn close(&mut self, lane_pick: &[Candidate], lanes: &[Lane; 2]) {
        for candidate in lane_pick {
            if let Some(credit) = self.lanes.get_mut(candidate.number as usize) {
                *credit = candidate.credit;
            }
        }
        for candidate in lanes.iter().flat_map(|lane| &lane.campaigns) {
            if let Some(credit) = self.campaigns.get_mut(candidate.number as usize) {
                *credit = Some(candidate.credit);
            }
        }
    }

    fn step(&self, at: i64) -> Step<'a> {
        Step { plan: self.plan, validity: self.validity, day: self.day, at }
    }
}
