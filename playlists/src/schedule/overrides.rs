//! What comes before the manifest's rules (rules 1 and 2): recall, blackout and notices, as they lie over a day's list.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::day::DayList;
use super::plan::{Leaf, Shows};
use super::tickers::{Crossing, Running, TickerList};
use super::{FIRST_MS, LAST_MS, Showing, Slot, What};
use crate::asset::Language;
use crate::campaign::{Period, Ticker};
use crate::id::{CampaignId, Digest, NoticeId};
use crate::local::instant;
use crate::span::Span;

/// How long each of several takeovers of equal severity is shown in turn.
const TAKEOVER_TURN_MS: i64 = 10_000;

/// What overrules a manifest on one board. The default overrules nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// Items that are never shown.
    #[serde(default)]
    pub recalled_items: BTreeSet<Digest>,
    /// Campaigns whose turns go to the default playlist.
    #[serde(default)]
    pub recalled_campaigns: BTreeSet<CampaignId>,
    /// When the board is blacked out.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
    /// Notices for this board: their areas are looked at already.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

/// A board taken off the air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// When.
    #[serde(flatten)]
    pub period: Period,
    /// Shows the safe item within the operating hours instead of nothing.
    #[serde(default)]
    pub safe_item: bool,
}

/// How grave a notice is: the words of the Common Alerting Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Little threat.
    Minor,
    /// Possible threat.
    Moderate,
    /// Significant threat.
    Severe,
    /// Extraordinary threat.
    Extreme,
}

/// An emergency message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Only the gravest are shown.
    pub severity: Severity,
    /// First instant.
    pub effective: DateTime<Utc>,
    /// First instant after it.
    pub expires: DateTime<Utc>,
    /// Whether it lights a board outside its operating hours.
    #[serde(default)]
    pub lights: bool,
    /// How it is shown.
    pub shows: NoticeShows,
}

/// How a notice is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeShows {
    /// Alone on the screen.
    Takeover {
        /// Its picture.
        item: Digest,
    },
    /// As running text over what plays.
    Ticker(Ticker),
}

/// What overrules the picture for a while.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Over<'a> {
    Nothing,
    Dark,
    SafeItem,
    /// Takeovers of one severity, the newest first.
    Takeovers(Vec<(&'a Notice, Digest)>),
}

impl Notice {
    const fn span(&self) -> Span {
        Span { from: self.effective.timestamp_millis(), until: self.expires.timestamp_millis() }
    }
}

impl Blackout {
    fn span(&self) -> Span {
        let ms = |end: Option<DateTime<Utc>>, open: i64| end.map_or(open, |end| end.timestamp_millis());
        Span { from: ms(self.period.from, i64::MIN), until: ms(self.period.until, i64::MAX) }
    }
}

/// The gravest of some notices, the newest first; of equally new ones the one with the smaller id.
fn gravest<'a, T>(notices: impl Iterator<Item = (&'a Notice, T)>) -> Vec<(&'a Notice, T)> {
    let mut notices: Vec<_> = notices.collect();
    let most = notices.iter().map(|(notice, _)| notice.severity).max();
    notices.retain(|(notice, _)| Some(notice.severity) == most);
    notices.sort_by(|(one, _), (other, _)| other.effective.cmp(&one.effective).then_with(|| one.id.cmp(&other.id)));
    notices
}

impl Overrides {
    /// Whether nothing is overruled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn over(&self, at: i64, lit: bool) -> Over<'_> {
        let mut blackouts = self.blackouts.iter().filter(|blackout| blackout.span().contains(at)).peekable();
        if blackouts.peek().is_some() {
            // One that leaves nothing on the screen beats one that leaves the safe item.
            return if lit && blackouts.all(|blackout| blackout.safe_item) { Over::SafeItem } else { Over::Dark };
        }
        let takeovers = self.notices.iter().filter_map(|notice| match &notice.shows {
            NoticeShows::Takeover { item } if !self.recalled_items.contains(item) => Some((notice, *item)),
            NoticeShows::Takeover { .. } | NoticeShows::Ticker(_) => None,
        });
        let active = gravest(takeovers.filter(|(notice, _)| notice.span().contains(at) && (lit || notice.lights)));
        if active.is_empty() { Over::Nothing } else { Over::Takeovers(active) }
    }

    /// The strips of notices that run at this instant on a lit board, the newest first.
    pub(super) fn strips(&self, at: i64) -> Vec<(&Notice, Ticker)> {
        let active = self.notices.iter().filter(|notice| notice.span().contains(at));
        gravest(active.filter_map(|notice| match notice.shows {
            NoticeShows::Ticker(ticker) if !self.recalled_items.contains(&ticker.item) => Some((notice, ticker)),
            NoticeShows::Ticker(_) | NoticeShows::Takeover { .. } => None,
        }))
    }

    /// A stretch around `at` in which the same strips of notices run.
    pub(super) fn steady_strips(&self, at: i64) -> Span {
        let running = self.strips(at);
        let edges = self.notices.iter().flat_map(|notice| [notice.span().from, notice.span().until]);
        let later = edges.clone().filter(|edge| *edge > at && self.strips(*edge) != running).min().unwrap_or(i64::MAX);
        let earlier = edges.filter(|edge| *edge <= at && self.strips(edge - 1) != running).max().unwrap_or(i64::MIN);
        Span { from: earlier, until: later }
    }

    /// Whether a campaign's running text is recalled.
    pub(super) fn recalls(&self, campaign: Option<&CampaignId>, strip: &Ticker) -> bool {
        campaign.is_some_and(|id| self.recalled_campaigns.contains(id)) || self.recalled_items.contains(&strip.item)
    }

    /// The widest stretch around `at` in which the same overrules a board that is lit, or dark, all the while.
    pub(super) fn steady(&self, at: i64, lit: bool) -> Span {
        let spans = self.blackouts.iter().map(Blackout::span).chain(self.notices.iter().map(Notice::span));
        let mut edges: Vec<_> = spans.flat_map(|span| [span.from, span.until]).collect();
        edges.retain(|edge| (FIRST_MS..LAST_MS).contains(edge));
        edges.sort_unstable();
        edges.dedup();
        let now = self.over(at, lit);
        let later = edges.iter().filter(|edge| **edge > at).find(|edge| self.over(**edge, lit) != now);
        let earlier = edges.iter().rev().filter(|edge| **edge <= at).find(|edge| self.over(edge.saturating_sub(1), lit) != now);
        Span { from: earlier.copied().unwrap_or(FIRST_MS.min(at)), until: later.copied().unwrap_or(LAST_MS.max(at + 1)) }
    }
}

/// An answer cut to a span.
fn cut(what: What, span: Span) -> Showing {
    Showing { what, since: instant(span.from), until: instant(span.until) }
}

fn span_of(showing: &Showing) -> Span {
    Span { from: showing.since.timestamp_millis(), until: showing.until.timestamp_millis() }
}

impl DayList {
    /// What is on at `now` under these overrides; none when that is another day. A dark answer is whole as far as one cause reaches.
    pub(super) fn at_under(&self, overrides: &Overrides, now: DateTime<Utc>) -> Option<Showing> {
        let base = self.at(now)?;
        let at = now.timestamp_millis();
        let lit_now = self.lit.iter().find(|span| span.contains(at)).copied();
        let steady = overrides.steady(at, lit_now.is_some());
        let within = lit_now.unwrap_or_else(|| span_of(&base));
        Some(match overrides.over(at, lit_now.is_some()) {
            // Where a lit board would be dark as well, the hours do not matter; else it is dark no longer than they say.
            Over::Dark if overrides.over(at, true) == Over::Dark => cut(What::Dark, overrides.steady(at, true)),
            Over::Dark => cut(What::Dark, steady.and(within)),
            Over::SafeItem => cut(self.safe(overrides, None), steady.and(within)),
            Over::Takeovers(notices) => {
                let (turn, (notice, item)) = takeover(&notices, at)?;
                let what = What::Notice { notice: notice.id.clone(), item };
                cut(what, steady.and(within).and(turn))
            }
            Over::Nothing => {
                let shown = self.without_recalled(overrides, base, at);
                let span = span_of(&shown).and(steady);
                cut(shown.what, span)
            }
        })
    }

    /// The safe item, or nothing where that is recalled.
    fn safe(&self, overrides: &Overrides, due: Option<DateTime<Utc>>) -> What {
        let item = self.plan.safe;
        if overrides.recalled_items.contains(&item) {
            return What::Dark;
        }
        What::Entry(Slot { campaign: None, asset: None, item, language: Language::undetermined(), due })
    }

    /// In place of a recalled entry the next valid one of its playlist, in its place and time; else the first of the default
    /// playlist, else the safe item.
    fn without_recalled(&self, overrides: &Overrides, showing: Showing, at: i64) -> Showing {
        let What::Entry(slot) = &showing.what else { return showing };
        let campaign_recalled = slot.campaign.as_ref().is_some_and(|id| overrides.recalled_campaigns.contains(id));
        if !campaign_recalled && !overrides.recalled_items.contains(&slot.item) {
            return showing;
        }
        let entry = |leaf: &Leaf, campaign: Option<CampaignId>| {
            let (asset, item, language) = (Some(leaf.asset.clone()), leaf.item, leaf.language.clone());
            What::Entry(Slot { campaign, asset, item, language, due: slot.due })
        };
        if !campaign_recalled && let Some(shown) = self.leaf_at(at) {
            let own = self.next_shown(overrides, shown.list, shown.line + 1, &shown.language, at);
            let lists = self
                .plan
                .turns
                .iter()
                .filter(|turn| turn.period.contains(at))
                .filter(|turn| self.plan.ids.get(turn.id as usize) == slot.campaign.as_ref());
            let whole = || lists.map(|turn| turn.list).find_map(|list| self.next_shown(overrides, list, 0, &shown.language, at));
            if let Some(leaf) = own.or_else(whole) {
                return Showing { what: entry(leaf, slot.campaign.clone()), ..showing };
            }
        }
        let default = self.next_shown(overrides, self.plan.default, 0, &slot.language, at);
        let what = default.map_or_else(|| self.safe(overrides, slot.due), |leaf| entry(leaf, None));
        cut(what, span_of(&showing).and(self.valid_alike(self.plan.default, at)))
    }

    /// The first entry from `line` on, around the playlist, that is valid and not recalled: in the language of the one in whose
    /// place it comes, else in the first it has.
    fn next_shown(&self, overrides: &Overrides, list: u32, line: u32, language: &Language, at: i64) -> Option<&Leaf> {
        let lines = &self.plan.list(list)?.lines;
        let order = lines.iter().cycle().skip(line as usize % lines.len().max(1)).take(lines.len());
        order.filter(|line| line.valid.contains(at)).find_map(|line| match line.shows {
            Shows::Asset { first, count, .. } => {
                let leaves = || (first..first + count).filter_map(|leaf| self.plan.leaf(leaf));
                let may = |leaf: &&Leaf| leaf.valid.contains(at) && !overrides.recalled_items.contains(&leaf.item);
                leaves().filter(may).find(|leaf| leaf.language == *language).or_else(|| leaves().find(may))
            }
            Shows::List { list, .. } => self.next_shown(overrides, list, 0, language, at),
        })
    }

    /// A stretch around `at` in which the same entries of a playlist are valid.
    fn valid_alike(&self, list: u32, at: i64) -> Span {
        let mut span = Span::ALWAYS;
        if let Some(list) = self.plan.list(list) {
            let passed = list.edges.partition_point(|edge| *edge <= at);
            let from = passed.checked_sub(1).and_then(|last| list.edges.get(last)).copied().unwrap_or(i64::MIN);
            span = span.and(Span { from, until: list.edges.get(passed).copied().unwrap_or(i64::MAX) });
            for line in &list.lines {
                if let Shows::List { list, .. } = line.shows {
                    span = span.and(self.valid_alike(list, at));
                }
            }
        }
        span
    }
}

/// Whose turn it is among takeovers, and from when to when.
fn takeover<'a>(notices: &[(&'a Notice, Digest)], at: i64) -> Option<(Span, (&'a Notice, Digest))> {
    let (newest, _) = notices.first()?;
    if let [only] = notices {
        return Some((Span::ALWAYS, *only));
    }
    let start = newest.effective.timestamp_millis();
    let turn = (at - start).div_euclid(TAKEOVER_TURN_MS);
    let count = i64::try_from(notices.len()).ok()?;
    let from = start + turn * TAKEOVER_TURN_MS;
    let chosen = notices.get(usize::try_from(turn.rem_euclid(count)).ok()?)?;
    Some((Span { from, until: from + TAKEOVER_TURN_MS }, *chosen))
}

impl TickerList {
    /// What runs at `now` over a board `width` pixels wide under these overrides; none when that is another day.
    pub(super) fn at_under(&self, overrides: &Overrides, lit: &[Span], width: u32, now: DateTime<Utc>) -> Option<Running> {
        let base = self.at(now)?;
        let at = now.timestamp_millis();
        let none = |span: Span| Running { what: None, since: instant(span.from), until: instant(span.until) };
        let base_span = Span { from: base.since.timestamp_millis(), until: base.until.timestamp_millis() };
        let Some(now_lit) = lit.iter().find(|span| span.contains(at)) else {
            // No longer than the board is dark: when it is lit, something else may run, or be displaced.
            let from = lit.iter().rev().map(|span| span.until).find(|until| *until <= at).unwrap_or(i64::MIN);
            let until = lit.iter().map(|span| span.from).find(|from| *from > at).unwrap_or(i64::MAX);
            return Some(none(base_span.and(Span { from, until })));
        };
        let steady = overrides.steady(at, true).and(*now_lit).and(self.span());
        if overrides.over(at, true) != Over::Nothing {
            return Some(none(steady));
        }
        let running = overrides.strips(at);
        let steady = steady.and(overrides.steady_strips(at));
        let Some((newest, _)) = running.first() else {
            let span = base_span.and(steady);
            let what = base.what.filter(|crossing| !overrides.recalls(crossing.campaign.as_ref(), &crossing.ticker));
            return Some(Running { what, ..none(span) });
        };
        let length = |ticker: &Ticker| i64::try_from(ticker.crossing_ms(width)).unwrap_or(i64::MAX / 64);
        let round: i64 = running.iter().map(|(_, ticker)| length(ticker)).sum();
        let start = newest.effective.timestamp_millis();
        let mut from = start + (at - start).div_euclid(round.max(1)) * round;
        for (notice, ticker) in &running {
            let turn = Span { from, until: from + length(ticker) };
            if turn.contains(at) {
                let what = Crossing { campaign: None, notice: Some(notice.id.clone()), ticker: *ticker };
                return Some(Running { what: Some(what), ..none(turn.and(steady)) });
            }
            from = turn.until;
        }
        Some(none(steady))
    }
}
