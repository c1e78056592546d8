//! Why a board shows what it shows, with the campaigns that its manifest does not carry: not approved, paused, or without a picture.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{BoardId, CampaignId};
use ::playlists::schedule::{Explanation, Reason, Why};
use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use super::course::{Names, course};
use crate::store::campaigns::StoredCampaign;
use crate::store::{StoreError, campaigns};

/// Most campaigns that are looked through.
const MOST_CAMPAIGNS: u32 = 20_000;

/// Why a campaign is not on, or that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The rules of the schedule say so.
    Rule(Reason),
    /// Nobody has approved it.
    NotApproved,
    /// It is held back.
    Paused,
    /// It is over; since then.
    Over(DateTime<Utc>),
    /// It is in no manifest of this board at that time: saved later, still being published, or without any picture for the board.
    NotPublished,
}

/// What is on a board, and why nothing else.
#[derive(Debug, Clone)]
pub struct Explained {
    /// What the manifest's rules say; none where the board had no manifest.
    pub explanation: Option<Explanation>,
    /// Every campaign aimed at the board, those of the manifest first, in the order of ids.
    pub reasons: Vec<(CampaignId, Because)>,
    /// Which of them run a ticker.
    pub tickers: BTreeSet<CampaignId>,
    /// The names of all that is named.
    pub names: Names,
}

/// Explains what a board shows at an instant; none when there is no such board.
///
/// # Errors
/// When the database fails, or holds a manifest that this server did not sign.
pub async fn explain(app: &App, board: &BoardId, at: DateTime<Utc>) -> Result<Option<Explained>, StoreError> {
    let Some(course) = course(app, board, at, at + TimeDelta::milliseconds(1)).await? else { return Ok(None) };
    let work = tokio::task::spawn_blocking(move || course.explain(at)).await;
    let explanation = work.map_err(|error| StoreError::unreadable("manifest.envelope", error))??;
    let aimed = campaigns::list(&app.db, "", None, MOST_CAMPAIGNS).await?;
    let aimed = aimed.into_iter().filter(|campaign| campaign.all_boards || campaign.boards.contains(board));
    let aimed: BTreeMap<CampaignId, StoredCampaign> = aimed.map(|campaign| (campaign.id.clone(), campaign)).collect();
    let by_rule = explanation.iter().flat_map(|explanation| &explanation.reasons);
    let mut reasons: Vec<(CampaignId, Because)> =
        by_rule.map(|reason| (reason.campaign.clone(), because(reason, aimed.get(&reason.campaign), at))).collect();
    for (id, campaign) in &aimed {
        if !reasons.iter().any(|(known, _)| known == id) {
            reasons.push((id.clone(), unpublished(campaign, at)));
        }
    }
    let shown: Vec<_> = explanation.iter().map(|explanation| &explanation.showing).collect();
    let mut named: BTreeSet<CampaignId> = reasons.iter().map(|(id, _)| id.clone()).collect();
    for (_, reason) in &reasons {
        if let Because::Rule(Reason { why: Why::Level(by) | Why::Rank(by), .. }) = reason {
            named.insert(by.clone());
        }
    }
    let names = Names::load(app, &shown, &named).await?;
    let runs = |(id, campaign): (CampaignId, StoredCampaign)| campaign.plays.ticker().is_some().then_some(id);
    let tickers = aimed.into_iter().filter_map(runs).collect();
    Ok(Some(Explained { explanation, reasons, tickers, names }))
}

/// What a rule says, or what an operator did: a version that ended was paused, taken back or ended.
fn because(reason: &Reason, campaign: Option<&StoredCampaign>, at: DateTime<Utc>) -> Because {
    match (&reason.why, campaign) {
        (Why::Over(_), Some(campaign)) if campaign.paused && campaign.changed_ms <= at.timestamp_millis() => Because::Paused,
        (Why::Over(_), Some(campaign)) if !campaign.approved && campaign.changed_ms <= at.timestamp_millis() => {
            Because::NotApproved
        }
        _ => Because::Rule(reason.clone()),
    }
}

fn unpublished(campaign: &StoredCampaign, at: DateTime<Utc>) -> Because {
    match campaign.period.until {
        Some(until) if until <= at => Because::Over(until),
        _ if !campaign.approved => Because::NotApproved,
        _ if campaign.paused => Because::Paused,
        _ => Because::NotPublished,
    }
}
