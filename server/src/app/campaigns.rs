//! Campaigns: saved in versions, so that the past of the day never changes, and published at once.

use std::collections::BTreeSet;

use ::playlists::id::{BoardId, CampaignId, UnitId};
use ::playlists::unit::Tier;
use chrono::{DateTime, Utc};

use super::campaign_content::{self, Content};
pub use super::campaign_draft::{CampaignDraft, StartsDraft, WindowDraft};
use super::preview::Supposed;
use super::{App, FieldError, demand, new_id};
use crate::live::Change;
use crate::store::campaign_versions::{CampaignVersion, VersionPlays};
use crate::store::campaigns::StoredCampaign;
use crate::store::{StoreError, Tx, boards, campaign_versions, campaigns, publish_wanted, units};

/// Adds a campaign, or changes one that is there: the version in force ends now and the next begins now. Saving it unchanged makes
/// none. Fields are named as in [`CampaignDraft`]; those of windows `windows.N.field`, N from 0.
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form.
pub async fn save(
    app: &App,
    unit: &UnitId,
    id: Option<&CampaignId>,
    draft: CampaignDraft,
) -> Result<Result<CampaignId, Vec<FieldError>>, StoreError> {
    let old = match id {
        Some(id) => match campaigns::get(&app.db, id).await? {
            Some(old) => Some(old),
            None => return Ok(Err(vec![FieldError::new("campaign", "error-campaign-unknown")])),
        },
        None => None,
    };
    let id = match &old {
        Some(old) => old.id.clone(),
        None => new_campaign_id(app)?,
    };
    put(app, unit, id, draft, old).await
}

fn new_campaign_id(app: &App) -> Result<CampaignId, StoreError> {
    let id = new_id(app.clock.now_ms()).map_err(|e| StoreError::unreadable("random bytes for an id", e))?;
    id.parse().map_err(|e| StoreError::unreadable("new id", e))
}

/// Saves a campaign of this id, which was `old` until now.
async fn put(
    app: &App,
    unit: &UnitId,
    id: CampaignId,
    draft: CampaignDraft,
    old: Option<StoredCampaign>,
) -> Result<Result<CampaignId, Vec<FieldError>>, StoreError> {
    let (campaign, content) = match checked(app, unit, id, &draft, old.as_ref()).await? {
        Ok(checked) => checked,
        Err(errors) => return Ok(Err(errors)),
    };
    if old.as_ref().is_some_and(|old| StoredCampaign { changed_ms: campaign.changed_ms, ..old.clone() } == campaign) {
        return Ok(Ok(campaign.id));
    }
    // What is held back is looked at when it is resumed.
    if campaign.approved && !campaign.paused && demand::concerns(&campaign, &content) {
        let faults = demand::errors(app, &supposed_next(app, &campaign, &content).await?).await?;
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
    }
    let id = campaign.id.clone();
    store(app, campaign, old.as_ref(), Some(&content)).await?;
    Ok(Ok(id))
}

/// The campaign that a form makes of `old`, and what it plays; or all that is wrong in the form.
async fn checked(
    app: &App,
    unit: &UnitId,
    id: CampaignId,
    draft: &CampaignDraft,
    old: Option<&StoredCampaign>,
) -> Result<Result<(StoredCampaign, Content), Vec<FieldError>>, StoreError> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    let checked = draft.check(now, &mut errors);
    let content = campaign_content::named(app, draft, checked.shown, &mut errors).await?;
    let named = if draft.all_boards { Vec::new() } else { known_boards(app, &draft.boards, &mut errors).await? };
    let Some(content) = content.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
    let campaign = StoredCampaign {
        unit: old.map_or_else(|| unit.clone(), |old| old.unit.clone()),
        id,
        name: checked.name,
        plays: content.plays(),
        level: checked.level,
        share: checked.share,
        theme: checked.theme,
        period: checked.period,
        windows: checked.windows,
        all_boards: draft.all_boards,
        boards: named,
        approved: draft.approved,
        paused: old.is_some_and(|old| old.paused),
        version: old.map_or(0, |old| old.version),
        changed_ms: now.timestamp_millis(),
    };
    Ok(Ok((campaign, content)))
}

/// The change that saving a form would make if the campaign were approved and not paused, to be looked at before; or all that is
/// wrong in the form. `id` is of the campaign that is changed; none: a new one.
///
/// # Errors
/// The outer one when the database fails.
pub async fn supposed_of(
    app: &App,
    unit: &UnitId,
    id: Option<&CampaignId>,
    draft: &CampaignDraft,
) -> Result<Result<Supposed, Vec<FieldError>>, StoreError> {
    let old = match id {
        Some(id) => campaigns::get(&app.db, id).await?,
        None => None,
    };
    let id = match &old {
        Some(old) => old.id.clone(),
        None => new_campaign_id(app)?,
    };
    let (campaign, content) = match checked(app, unit, id.clone(), draft, old.as_ref()).await? {
        Ok(checked) => checked,
        Err(errors) => return Ok(Err(errors)),
    };
    Ok(Ok(supposed_next(app, &campaign, &content).await?))
}

/// The change that putting this campaign in force would make.
async fn supposed_next(app: &App, campaign: &StoredCampaign, content: &Content) -> Result<Supposed, StoreError> {
    let tier = units::get(&app.db, &campaign.unit).await?.map_or(Tier::Commune, |unit| unit.tier);
    let newest = campaign_versions::newest(&app.db, &campaign.id).await?;
    let next = CampaignVersion { tier, ..next_version(campaign, content, newest.as_ref()) };
    let now = DateTime::from_timestamp_millis(campaign.changed_ms).unwrap_or_else(|| app.clock.now());
    Ok(Supposed { campaign: campaign.id.clone(), next: Some(next), now })
}

/// Ends a campaign at this instant; whether there was one to end.
///
/// # Errors
/// When the database fails.
pub async fn end_now(app: &App, id: &CampaignId) -> Result<bool, StoreError> {
    let Some(old) = campaigns::get(&app.db, id).await? else { return Ok(false) };
    let now = app.clock.now();
    if old.is_over(now) {
        return Ok(false);
    }
    let mut campaign = old.clone();
    // A campaign that had not begun keeps no time at all.
    campaign.period.from = campaign.period.from.map(|from| from.min(now));
    campaign.period.until = Some(now);
    campaign.paused = false;
    campaign.changed_ms = now.timestamp_millis();
    store(app, campaign, Some(&old), None).await?;
    Ok(true)
}

/// Holds a campaign back until it is resumed; whether there was one to hold back.
///
/// # Errors
/// When the database fails.
pub async fn pause(app: &App, id: &CampaignId) -> Result<bool, StoreError> {
    let Some(old) = campaigns::get(&app.db, id).await? else { return Ok(false) };
    if old.paused || old.is_over(app.clock.now()) {
        return Ok(false);
    }
    let campaign = StoredCampaign { paused: true, changed_ms: app.clock.now_ms(), ..old.clone() };
    store(app, campaign, Some(&old), None).await?;
    Ok(true)
}

/// Lets a campaign go on that was held back, in the newest version of what it plays; whether there was one.
///
/// # Errors
/// The outer one when the database fails, the inner one when it does not fit any more beside what was scheduled meanwhile.
pub async fn resume(app: &App, id: &CampaignId) -> Result<Result<bool, Vec<FieldError>>, StoreError> {
    let Some(old) = campaigns::get(&app.db, id).await? else { return Ok(Ok(false)) };
    if !old.paused || old.is_over(app.clock.now()) {
        return Ok(Ok(false));
    }
    let content = campaign_content::of(app, &old.plays).await?;
    let campaign = StoredCampaign { paused: false, changed_ms: app.clock.now_ms(), ..old.clone() };
    if let Some(content) = content.as_ref().filter(|content| campaign.approved && demand::concerns(&campaign, content)) {
        let faults = demand::errors(app, &supposed_next(app, &campaign, content).await?).await?;
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
    }
    store(app, campaign, Some(&old), content.as_ref()).await?;
    Ok(Ok(true))
}

/// Makes a form of a campaign that of a new one like it: not approved, beginning now or later, and without an end that has passed.
pub fn as_copy(draft: &mut CampaignDraft, original: &StoredCampaign, name: String, now: DateTime<Utc>) {
    draft.name = name;
    draft.approved = false;
    if original.period.from.is_none_or(|from| from <= now) {
        draft.from = String::new();
    }
    if original.is_over(now) {
        draft.until = String::new();
    }
}

/// A step that an operator takes with a campaign as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// [`pause`].
    Pause,
    /// [`resume`].
    Resume,
    /// [`end_now`].
    End,
}

/// The change that a step would make, to be looked at before; none where there is nothing to do.
///
/// # Errors
/// When the database fails.
pub async fn supposed(app: &App, id: &CampaignId, step: Step) -> Result<Option<Supposed>, StoreError> {
    let Some(campaign) = campaigns::get(&app.db, id).await? else { return Ok(None) };
    let now = app.clock.now();
    if campaign.is_over(now) || campaign.paused != (step == Step::Resume) && step != Step::End {
        return Ok(None);
    }
    let next = match step {
        Step::Pause | Step::End => None,
        Step::Resume => {
            let resumed = StoredCampaign { paused: false, changed_ms: now.timestamp_millis(), ..campaign };
            next_in_force(app, &resumed).await?
        }
    };
    Ok(Some(Supposed { campaign: id.clone(), next, now }))
}

/// The version that would begin if this campaign were stored now; none when it may not be shown.
async fn next_in_force(app: &App, campaign: &StoredCampaign) -> Result<Option<CampaignVersion>, StoreError> {
    let Some(content) = campaign_content::of(app, &campaign.plays).await?.filter(|_| campaign.approved) else {
        return Ok(None);
    };
    let newest = campaign_versions::newest(&app.db, &campaign.id).await?;
    Ok(Some(next_version(campaign, &content, newest.as_ref())))
}

/// Stores a campaign in its new form. `content` is what its next version plays; none ends it.
async fn store(
    app: &App,
    mut campaign: StoredCampaign,
    old: Option<&StoredCampaign>,
    content: Option<&Content>,
) -> Result<(), StoreError> {
    let now_ms = campaign.changed_ms;
    let newest = campaign_versions::newest(&app.db, &campaign.id).await?;
    let next = content
        .filter(|_| campaign.approved && !campaign.paused)
        .map(|content| next_version(&campaign, content, newest.as_ref()));
    let unchanged = matches!((&next, &newest), (Some(next), Some(newest)) if same_content(next, newest));
    if let Some(next) = next.as_ref().filter(|_| !unchanged) {
        campaign.version = next.version;
    }
    let mut tx = app.db.write().await?;
    campaigns::save(&mut tx, &campaign).await?;
    campaigns::clear_boards(&mut tx, &campaign.id).await?;
    campaigns::add_boards(&mut tx, &campaign.id, &campaign.boards).await?;
    if !unchanged {
        campaign_versions::end(&mut tx, &campaign.id, now_ms).await?;
        if let Some(next) = &next {
            campaign_versions::begin(&mut tx, next).await?;
        }
        mark(&mut tx, &campaign, old, now_ms).await?;
    }
    tx.commit().await?;
    app.live.tell(Change::Campaign(campaign.id));
    app.live.publish.notify_one();
    Ok(())
}

/// Marks the boards it was aimed at and those it is aimed at now.
async fn mark(tx: &mut Tx, campaign: &StoredCampaign, old: Option<&StoredCampaign>, now_ms: i64) -> Result<(), StoreError> {
    if campaign.all_boards || old.is_some_and(|old| old.all_boards) {
        return publish_wanted::mark_all(tx, now_ms).await;
    }
    let affected: BTreeSet<&BoardId> = campaign.boards.iter().chain(old.iter().flat_map(|old| &old.boards)).collect();
    let affected: Vec<BoardId> = affected.into_iter().cloned().collect();
    publish_wanted::mark(tx, &affected, now_ms).await
}

fn next_version(campaign: &StoredCampaign, content: &Content, newest: Option<&CampaignVersion>) -> CampaignVersion {
    // The tier is known by the campaign's unit; the version's row does not hold it.
    let tier = newest.map_or(Tier::Commune, |newest| newest.tier);
    version_of(campaign, content.pinned(), tier, newest.map_or(1, |newest| newest.version + 1))
}

/// A campaign as its version of this number, which plays what is pinned here.
pub(super) fn version_of(campaign: &StoredCampaign, plays: VersionPlays, tier: Tier, version: u64) -> CampaignVersion {
    CampaignVersion {
        campaign: campaign.id.clone(),
        unit: campaign.unit.clone(),
        tier,
        version,
        plays,
        level: campaign.level,
        share: campaign.share,
        theme: campaign.theme.clone(),
        period: campaign.period,
        windows: campaign.windows.clone(),
        all_boards: campaign.all_boards,
        boards: campaign.boards.clone(),
        in_force_ms: campaign.changed_ms,
        ended_ms: None,
    }
}

/// Whether a version would play exactly what the one in force plays: a new name alone makes no version.
pub(super) fn same_content(next: &CampaignVersion, newest: &CampaignVersion) -> bool {
    CampaignVersion { version: newest.version, in_force_ms: newest.in_force_ms, ..next.clone() } == *newest
}

/// The boards a form names, each once, in the order of their ids.
async fn known_boards(app: &App, texts: &[String], errors: &mut Vec<FieldError>) -> Result<Vec<BoardId>, StoreError> {
    let texts: BTreeSet<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let ids: Vec<BoardId> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let known: Vec<BoardId> = boards::many(&app.db, &ids).await?.into_iter().map(|board| board.id).collect();
    for text in texts {
        if !known.iter().any(|id| id.as_str() == text) {
            errors.push(FieldError::new("boards", "error-board-unknown").with("board", text));
        }
    }
    Ok(known)
}

/// The campaign of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &CampaignId) -> Result<Option<StoredCampaign>, StoreError> {
    campaigns::get(&app.db, id).await
}

/// Campaigns whose name contains `search` (tone marks do not matter), by name, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, search: &str, after: Option<&CampaignId>, limit: u32) -> Result<Vec<StoredCampaign>, StoreError> {
    campaigns::list(&app.db, search, after, limit).await
}
