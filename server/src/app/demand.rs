//! Whether plays per hour fit before a campaign is scheduled (rule 9): with figures, on every board at which it is aimed.

use std::collections::BTreeSet;

use ::playlists::campaign::Share;
use ::playlists::id::CampaignId;
use ::playlists::schedule::{Demand, LONGEST_BESIDE, TooLong};
use chrono::{DateTime, Utc};

use super::campaign_content::Content;
use super::campaign_draft::OPERATORS_ZONE;
use super::contents::{self, ContentChange, Reached};
use super::fits::{self, Worse};
use super::preview::{Group, MOST_BOARDS, Supposed, of_board, suppose};
use super::{App, FieldError};
use crate::store::boards::Board;
use crate::store::campaigns::StoredCampaign;
use crate::store::playlists::{Shows, StoredEntry};
use crate::store::{StoreError, boards, campaign_versions, campaigns};

/// Most faults told of one campaign.
const MOST_TOLD: usize = 8;

/// What does not fit on some boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// What.
    pub(super) what: What,
    /// On how many boards.
    pub(super) boards: usize,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// More of an hour is asked for than fits.
    TooMuch(Demand),
    /// An entry beside plays per hour is too long.
    TooLong(TooLong),
}

/// Whether a campaign may fail to fit: it has plays per hour, or perhaps an entry that is too long beside those of others. A ticker
/// runs over the loop and takes nothing of it.
pub(super) fn concerns(campaign: &StoredCampaign, content: &Content) -> bool {
    let Some(playlist) = content.playlist() else { return false };
    let long = |entry: &StoredEntry| match &entry.shows {
        Shows::Asset { duration_ms, .. } => u128::from(*duration_ms) > LONGEST_BESIDE.as_millis(),
        Shows::Playlist { .. } => true,
    };
    matches!(campaign.share, Share::PerHour(_)) || playlist.entries.iter().any(long)
}

/// What of a change does not fit, each once; nothing where all does.
///
/// # Errors
/// When the database fails.
pub(super) async fn errors(app: &App, supposed: &Supposed) -> Result<Vec<FieldError>, StoreError> {
    let Some(next) = &supposed.next else { return Ok(Vec::new()) };
    let hourly = matches!(next.share, Share::PerHour(_));
    if !hourly && !campaign_versions::any_per_hour(&app.db, supposed.now.timestamp_millis()).await? {
        return Ok(Vec::new());
    }
    let (campaign, from) = (supposed.campaign.clone(), supposed.now);
    let groups = suppose(app, supposed).await?.groups;
    let work = tokio::task::spawn_blocking(move || refused(&groups, &campaign, from)).await;
    let refused = work.map_err(|error| StoreError::unreadable("campaign", error))?;
    told(app, &refused, &supposed.campaign).await
}

/// What is wrong with a board's default playlist beside campaigns with plays per hour, if the board were set up like this; nothing
/// where it is not too long.
///
/// # Errors
/// When the database fails.
pub(super) async fn default_errors(app: &App, board: Board) -> Result<Vec<FieldError>, StoreError> {
    let now = app.clock.now();
    if !campaign_versions::any_per_hour(&app.db, now.timestamp_millis()).await? {
        return Ok(Vec::new());
    }
    let (schedule, manifest) = of_board(app, board, now).await?;
    let hourly = manifest.campaigns.iter().filter(|campaign| matches!(campaign.share, Share::PerHour(_)));
    let mut long = hourly.flat_map(|campaign| schedule.too_long_beside(&campaign.id, now)).filter(|long| long.of.is_none());
    let Some(long) = long.next() else { return Ok(Vec::new()) };
    let names = campaigns::names(&app.db, std::slice::from_ref(&long.beside)).await?;
    let beside = names.get(&long.beside).map_or(long.beside.as_str(), String::as_str);
    let error = FieldError::new("default_playlist", "error-default-long")
        .with("beside", beside)
        .with("length", seconds(long.length_ms))
        .with("most", LONGEST_BESIDE.as_secs().to_string());
    Ok(vec![error])
}

/// Milliseconds in whole seconds, rounded up.
fn seconds(ms: i64) -> String {
    (ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) > 0)).to_string()
}

/// What of a campaign does not fit on these boards, as they would be after a change; costs some milliseconds a group.
pub(super) fn refused(groups: &[Group], campaign: &CampaignId, from: DateTime<Utc>) -> Vec<Refused> {
    let mut found: Vec<Refused> = Vec::new();
    for group in groups {
        let too_much = group.after.demand(campaign, from).filter(Demand::is_too_much).map(What::TooMuch);
        let too_long = group.after.too_long_beside(campaign, from).into_iter().map(What::TooLong);
        for what in too_much.into_iter().chain(too_long) {
            match found.iter_mut().find(|known| known.what == what) {
                Some(known) => known.boards += group.boards.len(),
                None => found.push(Refused { what, boards: group.boards.len() }),
            }
        }
    }
    found
}

/// In the form of a form's errors, which pages say in words.
pub(super) async fn told(app: &App, refused: &[Refused], own: &CampaignId) -> Result<Vec<FieldError>, StoreError> {
    let mut named: BTreeSet<&CampaignId> = BTreeSet::new();
    for refused in refused.iter().take(MOST_TOLD) {
        match &refused.what {
            What::TooMuch(demand) => named.extend(demand.by.iter().map(|(id, _)| id)),
            What::TooLong(long) => named.extend(long.of.iter().chain([&long.beside])),
        }
    }
    let named: Vec<CampaignId> = named.into_iter().cloned().collect();
    let names = if named.is_empty() { Default::default() } else { campaigns::names(&app.db, &named).await? };
    let name = |id: &CampaignId| names.get(id).map_or(id.as_str(), String::as_str).to_owned();
    Ok(refused.iter().take(MOST_TOLD).map(|refused| error(refused, own, name)).collect())
}

/// What does not fit any more where a board is lit at other hours: campaigns may meet that never did.
///
/// # Errors
/// When the database fails.
pub(super) async fn hours_errors(app: &App, old: Board, new: Board) -> Result<Vec<FieldError>, StoreError> {
    let (contents, reached) = (ContentChange::default(), Reached::default());
    let boards = vec![(old, new)];
    let supposed = fits::Supposed { contents: &contents, reached: &reached, campaigns: Vec::new(), boards, now: app.clock.now() };
    of_change(app, "hours", &fits::once(fits::worse(app, supposed).await?)).await
}

/// What does not fit beside plays per hour when contents change, at this field of the change's form: a longer picture asks for more of every
/// hour.
///
/// # Errors
/// When the database fails.
pub(super) async fn contents_errors(app: &App, field: &str, change: &ContentChange) -> Result<Vec<FieldError>, StoreError> {
    let now = app.clock.now();
    let reached = contents::reach(app, change, now.timestamp_millis()).await?;
    let boards = boards::list_by_id(&app.db, None, MOST_BOARDS).await?;
    let supposed = fits::Supposed {
        contents: change,
        reached: &reached,
        campaigns: Vec::new(),
        boards: boards.into_iter().map(|board| (board.clone(), board)).collect(),
        now,
    };
    of_change(app, field, &fits::once(fits::worse(app, supposed).await?)).await
}

/// What does not fit after a change, at this field of the change's form.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_change(app: &App, field: &str, worse: &[Worse]) -> Result<Vec<FieldError>, StoreError> {
    let mut named: BTreeSet<CampaignId> = BTreeSet::new();
    for Worse { own, refused } in worse.iter().take(MOST_TOLD) {
        named.insert(own.clone());
        match &refused.what {
            What::TooMuch(demand) => named.extend(demand.by.iter().map(|(id, _)| id.clone())),
            What::TooLong(long) => named.extend(long.of.iter().chain([&long.beside]).cloned()),
        }
    }
    let names = campaigns::names(&app.db, &named.into_iter().collect::<Vec<_>>()).await?;
    let name = |id: &CampaignId| names.get(id).map_or(id.as_str(), String::as_str).to_owned();
    let error = |Worse { refused, .. }: &Worse| {
        let error = match &refused.what {
            What::TooMuch(demand) => {
                let by: Vec<_> = demand.by.iter().map(|(id, ms)| format!("{} ({} s)", name(id), seconds(*ms))).collect();
                FieldError::new(field, "error-per-hour-change")
                    .with("since", since(demand.since))
                    .with("asked", seconds(demand.asked_ms))
                    .with("most", seconds(Demand::MOST_MS))
                    .with("by", by.join(", "))
            }
            What::TooLong(long) => {
                FieldError::new(field, long.of.as_ref().map_or("error-beside-long-default", |_| "error-beside-long"))
                    .with("beside", name(&long.beside))
                    .with("of", long.of.as_ref().map(&name).unwrap_or_default())
                    .with("since", since(long.since))
                    .with("length", seconds(long.length_ms))
                    .with("most", LONGEST_BESIDE.as_secs().to_string())
            }
        };
        error.with("boards", refused.boards.to_string())
    };
    Ok(worse.iter().take(MOST_TOLD).map(error).collect())
}

fn since(at: DateTime<Utc>) -> String {
    at.with_timezone(&OPERATORS_ZONE).format("%H:%M %d/%m/%Y").to_string()
}

/// In the form of a campaign's form.
pub(super) fn error(refused: &Refused, own: &CampaignId, name: impl Fn(&CampaignId) -> String) -> FieldError {
    let boards = refused.boards.to_string();
    match &refused.what {
        What::TooMuch(demand) => {
            let others: Vec<_> = demand.by.iter().filter(|(id, _)| id != own).collect();
            let with: Vec<_> = others.iter().map(|(id, ms)| format!("{} ({} s)", name(id), seconds(*ms))).collect();
            let code = if others.is_empty() {
                "error-per-hour-alone"
            } else if demand.fits == 0 {
                "error-per-hour-full"
            } else {
                "error-per-hour-much"
            };
            FieldError::new("per_hour", code)
                .with("since", since(demand.since))
                .with("asked", seconds(demand.asked_ms))
                .with("most", seconds(Demand::MOST_MS))
                .with("with", with.join(", "))
                .with("fits", demand.fits.to_string())
                .with("boards", boards)
        }
        What::TooLong(long) => {
            let beside = name(&long.beside);
            let figures = |error: FieldError| {
                error
                    .with("beside", beside.clone())
                    .with("since", since(long.since))
                    .with("length", seconds(long.length_ms))
                    .with("most", LONGEST_BESIDE.as_secs().to_string())
                    .with("boards", boards.clone())
            };
            match &long.of {
                Some(of) if of == own => figures(FieldError::new("playlist_id", "error-long-beside")),
                Some(of) => figures(FieldError::new("per_hour", "error-beside-long").with("of", name(of))),
                None => figures(FieldError::new("per_hour", "error-beside-long-default")),
            }
        }
    }
}
