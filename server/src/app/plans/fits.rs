//! Whether plays per hour fit as everything would be after an import: what the forms refuse, an import refuses too, with the same figures.

use std::collections::BTreeMap;

use ::playlists::id::{BoardId, CampaignId};
use ::playlists::plan::{Document, Fault};
use ::playlists::unit::Tier;

use super::decide::{Decision, Words};
use super::{PlanError, carry_out};
use crate::app::demand::{self, What};
use crate::app::fits::{Supposed, Worse, once, worse};
use crate::app::{App, campaigns as rules, contents};
use crate::store::boards::Board;
use crate::store::campaign_versions::CampaignVersion;
use crate::store::{campaign_versions, units};

/// Everything that would not fit, each at a campaign of the plan that asks for it.
pub(super) async fn faults(
    app: &App,
    document: &Document,
    decision: &Decision,
    on_server: &BTreeMap<BoardId, Board>,
    words: Words,
) -> Result<Vec<Fault>, PlanError> {
    let reached = contents::reach(app, &decision.contents, decision.now.timestamp_millis()).await?;
    let mut boards: Vec<(Board, Board)> = on_server.values().map(|board| (board.clone(), board.clone())).collect();
    for change in &decision.boards {
        if let Some((_, next)) = boards.iter_mut().find(|(old, _)| old.id == change.old.id) {
            next.hours.clone_from(&change.new.hours);
            next.default_playlist.clone_from(&change.new.default_playlist);
            next.rules = change.new.rules.clone();
        }
    }
    let campaigns = campaigns(app, decision, &reached).await?;
    let supposed = Supposed { contents: &decision.contents, reached: &reached, campaigns, boards, now: decision.now };
    let found = once(worse(app, supposed).await?);
    Ok(found.iter().map(|worse| fault(document, worse, words)).collect())
}

/// The campaigns that become others, each with the version that would begin.
async fn campaigns(
    app: &App,
    decision: &Decision,
    reached: &contents::Reached,
) -> Result<Vec<(CampaignId, Option<CampaignVersion>)>, PlanError> {
    let mut played = carry_out::played(app, decision, reached).await?;
    let mut campaigns = Vec::new();
    for (campaign, _) in &decision.campaigns {
        let plays = played.remove(&campaign.id).filter(|_| campaign.approved && !campaign.paused);
        let newest = campaign_versions::newest(&app.db, &campaign.id).await?;
        let added = decision.units.iter().find(|unit| unit.id == campaign.unit).map(|unit| unit.tier);
        let tier = match added {
            Some(tier) => tier,
            None => units::get(&app.db, &campaign.unit).await?.map_or(Tier::Commune, |unit| unit.tier),
        };
        let number = newest.map_or(1, |newest| newest.version + 1);
        campaigns.push((campaign.id.clone(), plays.map(|plays| rules::version_of(campaign, plays, tier, number))));
    }
    Ok(campaigns)
}

/// Told at the campaign that it is told of, else at another one that has a part in it, else of the plan's campaigns as a whole.
fn fault(document: &Document, Worse { own, refused }: &Worse, words: Words) -> Fault {
    let place = |id: &CampaignId| document.plan.campaigns.iter().position(|campaign| campaign.id == *id);
    let others: Vec<&CampaignId> = match &refused.what {
        What::TooMuch(demand) => demand.by.iter().map(|(id, _)| id).collect(),
        What::TooLong(long) => long.of.iter().chain([&long.beside]).collect(),
    };
    let error = demand::error(refused, own, ToString::to_string);
    let field = if error.field == "per_hour" { "per_hour" } else { "playlist" };
    let found = place(own).map(|number| format!("campaigns[{number}].{field}"));
    let other = || others.into_iter().find_map(place).map(|number| format!("campaigns[{number}]"));
    let path = found.or_else(other).unwrap_or_else(|| "campaigns".to_owned());
    document.fault(&path, format!("{own}: {}", words(&error)))
}
