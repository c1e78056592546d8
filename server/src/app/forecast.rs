//! What a campaign will get and what it does to others, in figures, before it is saved.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{BoardId, CampaignId, UnitId};
use ::playlists::schedule::{Airtime, Forecast, Overrides, Refusal};
use chrono::{DateTime, TimeDelta, Utc};

use super::campaign_draft::{CampaignDraft, OPERATORS_ZONE};
use super::course::Names;
use super::preview::{Pictures, Preview, suppose};
use super::{App, FieldError, campaigns, demand};
use crate::store::StoreError;
use crate::store::campaign_versions::CampaignVersion;

/// How far ahead is counted: a week has every weekday's windows.
pub const AHEAD: TimeDelta = TimeDelta::days(7);
/// Most groups of boards that are counted; a province has a handful.
const MOST_GROUPS: usize = 40;

/// The figures of boards with the same rules.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The boards.
    pub boards: Vec<BoardId>,
    /// As things are.
    pub before: Forecast,
    /// If the form were saved now.
    pub after: Forecast,
    /// What each ticker gets over the loop, as things are.
    pub running_before: BTreeMap<CampaignId, Airtime>,
    /// Likewise, if the form were saved now.
    pub running_after: BTreeMap<CampaignId, Airtime>,
    /// What must not be scheduled so.
    pub refusals: Vec<Refusal>,
    /// Whether what these boards show changes at the moment of saving.
    pub jumps: bool,
}

/// What would become of saving a form.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The campaign's id; that of a new one is drawn for this question only.
    pub campaign: CampaignId,
    /// From when it is counted: now, or the first instant at which the campaign may play.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The boards, those with the same rules together.
    pub counted: Vec<Counted>,
    /// Boards that were not counted.
    pub left_out: usize,
    /// What does not fit beside plays per hour, for a year ahead.
    pub refused: Vec<FieldError>,
    /// The pictures of what it plays by the boards' sizes.
    pub pictures: Vec<Pictures>,
    /// Names of the campaigns.
    pub names: Names,
}

/// Counts what saving this form would bring, as if the campaign were approved and not paused; or says what is wrong in the form.
///
/// # Errors
/// The outer one when the database fails.
pub async fn forecast(
    app: &App,
    unit: &UnitId,
    id: Option<&CampaignId>,
    draft: &CampaignDraft,
) -> Result<Result<Outlook, Vec<FieldError>>, StoreError> {
    let supposed = match campaigns::supposed_of(app, unit, id, draft).await? {
        Ok(supposed) => supposed,
        Err(errors) => return Ok(Err(errors)),
    };
    let now = supposed.now;
    let begins = supposed.next.as_ref().and_then(|next| next.period.from);
    let from = first_open(supposed.next.as_ref(), begins.map_or(now, |begins| begins.max(now)));
    let until = from + AHEAD;
    let preview = suppose(app, &supposed).await?;
    let pictures = preview.pictures.clone();
    let left_out = preview.groups.iter().skip(MOST_GROUPS).map(|group| group.boards.len()).sum();
    let campaign = supposed.campaign.clone();
    let work = move || (demand::refused(&preview.groups, &campaign, now), count(preview, now, from, until));
    let work = tokio::task::spawn_blocking(work).await;
    let (refused, counted) = work.map_err(|error| StoreError::unreadable("forecast", error))?;
    let refused = demand::told(app, &refused, &supposed.campaign).await?;
    let names = Names::load(app, &[], &named(&counted)).await?;
    Ok(Ok(Outlook { campaign: supposed.campaign, from, until, counted, left_out, refused, pictures, names }))
}

/// The first instant from `from` on at which a campaign's windows let it play: a feast that is months away is counted from its day on.
fn first_open(next: Option<&CampaignVersion>, from: DateTime<Utc>) -> DateTime<Utc> {
    let Some(next) = next else { return from };
    if next.windows.iter().any(|window| window.contains(from, OPERATORS_ZONE)) {
        return from;
    }
    next.windows.iter().filter_map(|window| window.next_start(from, OPERATORS_ZONE)).min().unwrap_or(from)
}

/// Every campaign that the figures name.
fn named(counted: &[Counted]) -> BTreeSet<CampaignId> {
    let mut named = BTreeSet::new();
    for counted in counted {
        named.extend(counted.before.campaigns.keys().chain(counted.after.campaigns.keys()).cloned());
        named.extend(counted.running_before.keys().chain(counted.running_after.keys()).cloned());
        named.extend(counted.after.lapses.iter().map(|(id, _)| id.clone()));
        for displaced in &counted.after.displaced {
            named.extend(displaced.by.iter().chain([&displaced.campaign]).cloned());
        }
    }
    named
}

fn count(preview: Preview, now: DateTime<Utc>, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Counted> {
    let overrides = Overrides::default();
    let counted = |group: super::preview::Group| Counted {
        before: group.before.forecast(&overrides, from, until),
        after: group.after.forecast(&overrides, from, until),
        running_before: group.before.running(&overrides, from, until),
        running_after: group.after.running(&overrides, from, until),
        jumps: group.before.resolve(now) != group.after.resolve(now)
            || group.before.ticker_under(&overrides, now).what != group.after.ticker_under(&overrides, now).what,
        refusals: group.after.refusals(&group.manifest, from, until),
        boards: group.boards,
    };
    preview.groups.into_iter().take(MOST_GROUPS).map(counted).collect()
}
