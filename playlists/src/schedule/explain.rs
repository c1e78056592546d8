//! Why a board shows what it shows, and why nothing else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::active::Plays;
use super::overrides::Over;
use super::{Overrides, Reader, Schedule, ScheduleError, Showing, What, within};
use crate::campaign::{Campaign, Level, Period};
use crate::id::{CampaignId, NoticeId};
use crate::local::{instant, moved};
use crate::trust::manifest::Manifest;

/// Days ahead in which a campaign's next play is looked for.
const DAYS_AHEAD: i64 = 8;

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The board is blacked out.
    Blackout,
    /// A takeover is active.
    Notice,
    /// The board is outside its operating hours.
    Hours,
    /// A play per hour was due.
    PerHour,
    /// Only the first in rank of colliding priority campaigns plays.
    Rank,
    /// Only priority campaigns play, and share by weight.
    Priority,
    /// Campaigns share by weight.
    Weight,
    /// No campaign plays: the default playlist does.
    Default,
    /// Nothing else may be shown.
    SafeItem,
}

impl Rule {
    /// A word that stays the same, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blackout => "blackout",
            Self::Notice => "notice",
            Self::Hours => "hours",
            Self::PerHour => "per-hour",
            Self::Rank => "rank",
            Self::Priority => "priority",
            Self::Weight => "weight",
            Self::Default => "default",
            Self::SafeItem => "safe-item",
        }
    }
}

/// Why a campaign is not on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is on.
    On,
    /// Nobody has approved it: no manifest carries it. Whoever holds such campaigns adds them to an explanation.
    NotApproved,
    /// It is recalled, or all that it has is.
    Recalled,
    /// Its period begins then.
    NotYet(DateTime<Utc>),
    /// Its period ended then.
    Over(DateTime<Utc>),
    /// Its theme is stood down; until then, if it is known.
    StoodDown(Option<DateTime<Utc>>),
    /// It is in none of its windows; the next starts then, if one does.
    OutsideWindows(Option<DateTime<Utc>>),
    /// None of its entries is valid, or its strip is not.
    NoValidEntry,
    /// The board is outside its operating hours until then.
    Dark(DateTime<Utc>),
    /// The board is blacked out until then.
    Blackout(DateTime<Utc>),
    /// A takeover is on.
    Notice(NoticeId),
    /// A priority campaign plays.
    Level(CampaignId),
    /// A priority campaign of a better rank plays.
    Rank(CampaignId),
    /// It is active, and others have their turn.
    Waiting,
}

impl Why {
    /// A word that stays the same, for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::On => "on",
            Self::NotApproved => "not-approved",
            Self::Recalled => "recalled",
            Self::NotYet(_) => "not-yet",
            Self::Over(_) => "over",
            Self::StoodDown(_) => "stood-down",
            Self::OutsideWindows(_) => "outside-windows",
            Self::NoValidEntry => "no-valid-entry",
            Self::Dark(_) => "dark",
            Self::Blackout(_) => "blackout",
            Self::Notice(_) => "notice",
            Self::Level(_) => "level",
            Self::Rank(_) => "rank",
            Self::Waiting => "waiting",
        }
    }
}

/// One campaign's part in an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Which one.
    pub campaign: CampaignId,
    /// Why it is not on, or that it is.
    pub why: Why,
    /// When it is on next, looking eight broadcast days ahead. Overrides are not foreseen.
    pub next: Option<DateTime<Utc>>,
}

/// Why a board shows what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is on.
    pub showing: Showing,
    /// Which rule decided.
    pub rule: Rule,
    /// Every campaign of the manifest, in the order of ids.
    pub reasons: Vec<Reason>,
}

/// Why the board of this manifest shows what it shows at `now`, and for every campaign why it is not on.
///
/// # Errors
/// When the manifest has faults.
pub fn explain(manifest: &Manifest, overrides: &Overrides, now: DateTime<Utc>) -> Result<Explanation, ScheduleError> {
    let schedule = Schedule::new(manifest)?;
    let now = within(now);
    let mut reader = Reader::new(schedule.clone());
    let showing = reader.resolve_under(overrides, now);
    let running = reader.ticker_under(overrides, now).what.and_then(|crossing| crossing.campaign);
    let at = now.timestamp_millis();
    let segments = schedule.segments(schedule.day_of(now));
    let segment = segments.iter().find(|segment| segment.span.contains(at));
    let lit = segment.is_some_and(|segment| segment.plays != Plays::Dark);
    let playing: Vec<CampaignId> = match segment.map(|segment| &segment.plays) {
        Some(Plays::Campaigns(turns)) => turns.iter().filter_map(|(turn, _)| schedule.id_of(*turn)).cloned().collect(),
        _ => Vec::new(),
    };
    let hourly: Vec<CampaignId> =
        segment.iter().flat_map(|s| &s.hourly).filter_map(|(turn, _)| schedule.id_of(*turn)).cloned().collect();
    let scene = Scene { manifest, overrides, now, showing: &showing, running, lit, playing, hourly };
    let mut next = next_plays(&schedule, manifest, now);
    let mut versions: BTreeMap<&CampaignId, Vec<&Campaign>> = BTreeMap::new();
    for campaign in &manifest.campaigns {
        versions.entry(&campaign.id).or_default().push(campaign);
    }
    let reasons = versions.into_iter().filter_map(|(id, versions)| {
        let why = scene.why(version_at(&versions, now)?);
        Some(Reason { campaign: id.clone(), why, next: next.remove(id) })
    });
    let reasons = reasons.collect();
    let rule = scene.rule();
    Ok(Explanation { showing, rule, reasons })
}

/// What is known of the instant that is explained.
struct Scene<'a> {
    manifest: &'a Manifest,
    overrides: &'a Overrides,
    now: DateTime<Utc>,
    showing: &'a Showing,
    running: Option<CampaignId>,
    lit: bool,
    /// Those that share the loop by weight, and those with plays per hour.
    playing: Vec<CampaignId>,
    hourly: Vec<CampaignId>,
}

impl Scene<'_> {
    fn rule(&self) -> Rule {
        if matches!(self.over(), Over::Dark | Over::SafeItem) && self.blacked_out() {
            return Rule::Blackout;
        }
        match &self.showing.what {
            What::Dark if self.lit => Rule::SafeItem,
            What::Dark => Rule::Hours,
            What::Notice { .. } => Rule::Notice,
            What::Entry(slot) if slot.due.is_some() => Rule::PerHour,
            What::Entry(slot) => match (&slot.campaign, &slot.asset) {
                (Some(id), _) if self.is_priority(id) && self.ranked(id) => Rule::Rank,
                (Some(id), _) if self.is_priority(id) => Rule::Priority,
                (Some(_), _) => Rule::Weight,
                (None, Some(_)) => Rule::Default,
                (None, None) => Rule::SafeItem,
            },
        }
    }

    fn over(&self) -> Over<'_> {
        self.overrides.over(self.now.timestamp_millis(), self.lit)
    }

    fn blacked_out(&self) -> bool {
        self.overrides.blackouts.iter().any(|blackout| blackout.period.contains(self.now))
    }

    fn is_priority(&self, id: &CampaignId) -> bool {
        let now = |campaign: &&Campaign| campaign.id == *id && campaign.period.contains(self.now);
        self.manifest.campaigns.iter().find(now).is_some_and(|campaign| campaign.level == Level::Priority)
    }

    fn ranked(&self, id: &CampaignId) -> bool {
        self.manifest.ranks.contains_key(id)
    }

    /// The first of the rules that keeps this campaign off.
    fn why(&self, campaign: &Campaign) -> Why {
        let (now, tz) = (self.now, self.manifest.time_zone);
        let on = match &self.showing.what {
            What::Entry(slot) => slot.campaign.as_ref(),
            What::Dark | What::Notice { .. } => None,
        };
        if on == Some(&campaign.id) || self.running.as_ref() == Some(&campaign.id) {
            return Why::On;
        }
        if self.recalled(campaign) {
            return Why::Recalled;
        }
        if let Some(from) = campaign.period.from.filter(|from| now < *from) {
            return Why::NotYet(from);
        }
        if let Some(until) = campaign.period.until.filter(|until| *until <= now) {
            return Why::Over(until);
        }
        let holds = |period: &Period| period.contains(now);
        let theme = |themes: &std::collections::BTreeSet<_>| campaign.theme.as_ref().is_some_and(|theme| themes.contains(theme));
        let held = self.manifest.stand_downs.iter().filter(|stand_down| holds(&stand_down.period) && theme(&stand_down.themes));
        if let Some(until) =
            held.map(|stand_down| stand_down.period.until).max_by_key(|until| until.unwrap_or(DateTime::<Utc>::MAX_UTC))
        {
            return Why::StoodDown(until);
        }
        if !campaign.windows.is_empty() && !campaign.windows.iter().any(|window| window.contains(now, tz)) {
            let next = campaign.windows.iter().filter_map(|window| window.next_start(now, tz)).min();
            return Why::OutsideWindows(next.filter(|next| campaign.period.contains(*next)));
        }
        match self.over() {
            Over::Dark if self.blacked_out() => return Why::Blackout(self.showing.until),
            Over::SafeItem => return Why::Blackout(self.showing.until),
            Over::Takeovers(notices) => {
                if let Some((notice, _)) = notices.first() {
                    return Why::Notice(notice.id.clone());
                }
            }
            Over::Dark | Over::Nothing => {}
        }
        if !self.lit {
            return Why::Dark(self.showing.until);
        }
        if campaign.plays.ticker().is_some() {
            return if self.running.is_some() { Why::Waiting } else { Why::NoValidEntry };
        }
        if self.playing.contains(&campaign.id) || self.hourly.contains(&campaign.id) {
            return Why::Waiting;
        }
        match self.playing.first().filter(|first| self.is_priority(first)) {
            // What is active and not among those that play is held back by them; the rest has nothing valid.
            Some(first) if self.has_valid(campaign) => match campaign.level {
                Level::Normal => Why::Level(first.clone()),
                Level::Priority => Why::Rank(first.clone()),
            },
            _ => Why::NoValidEntry,
        }
    }

    fn recalled(&self, campaign: &Campaign) -> bool {
        let strip = campaign.plays.ticker().is_some_and(|ticker| self.overrides.recalled_items.contains(&ticker.item));
        strip || self.overrides.recalled_campaigns.contains(&campaign.id)
    }

    /// Whether the campaign would have an entry to play if nobody else were there.
    fn has_valid(&self, campaign: &Campaign) -> bool {
        let alone = Campaign { windows: Vec::new(), theme: None, period: Period::default(), ..campaign.clone() };
        let alone = Manifest { campaigns: vec![alone], hours: None, ..self.manifest.clone() };
        let Ok(schedule) = Schedule::new(&alone) else { return false };
        let segments = schedule.segments(schedule.day_of(self.now));
        let segment = segments.into_iter().find(|segment| segment.span.contains(self.now.timestamp_millis()));
        segment.is_some_and(|segment| matches!(segment.plays, Plays::Campaigns(_)) || !segment.hourly.is_empty())
    }
}

/// The version of a campaign to speak of: the one of now, else the next, else the last.
fn version_at<'a>(versions: &[&'a Campaign], now: DateTime<Utc>) -> Option<&'a Campaign> {
    let current = versions.iter().find(|campaign| campaign.period.contains(now));
    let coming = versions.iter().filter(|campaign| campaign.period.from.is_some_and(|from| from > now));
    let last = versions.iter().max_by_key(|campaign| campaign.period.until);
    current.or_else(|| coming.min_by_key(|campaign| campaign.period.from)).or(last).copied()
}

/// When each campaign is on at or after `now`: its slot or crossing that is on or starts then.
fn next_plays(schedule: &Schedule, manifest: &Manifest, now: DateTime<Utc>) -> BTreeMap<CampaignId, DateTime<Utc>> {
    let mut wanted: std::collections::BTreeSet<_> = manifest.campaigns.iter().map(|campaign| campaign.id.clone()).collect();
    let mut found = BTreeMap::new();
    let today = schedule.day_of(now);
    let mut see = |id: &CampaignId, since: DateTime<Utc>, until: DateTime<Utc>| {
        if until > now && wanted.remove(id) {
            found.insert(id.clone(), since.max(instant(now.timestamp_millis())));
        }
        wanted.is_empty()
    };
    for date in (0..DAYS_AHEAD).map(|days| moved(today, days)) {
        let mut all = false;
        for showing in schedule.day(date).slots() {
            if let What::Entry(slot) = &showing.what
                && let Some(id) = &slot.campaign
            {
                all = see(id, showing.since, showing.until);
            }
        }
        for running in schedule.tickers(date).crossings() {
            if let Some(id) = running.what.and_then(|crossing| crossing.campaign) {
                all = see(&id, running.since, running.until);
            }
        }
        if all {
            break;
        }
    }
    found
}
