//! Stand-downs: themes held back on all boards for a while, as in mourning. Saved in versions, so that the past of the day never
//! changes, and published at once.

use std::collections::BTreeSet;

use ::playlists::id::{StandDownId, ThemeId};
use ::playlists::theme;
use ::playlists::trust::manifest::MOST_STAND_DOWNS;
use chrono::{DateTime, TimeDelta, Utc};

use super::campaign_draft::local;
use super::{App, FieldError, checked_name, new_id};
use crate::store::campaigns::StoredCampaign;
use crate::store::stand_downs::StandDownVersion;
use crate::store::{StoreError, campaigns, publish_wanted, stand_downs};

/// Most campaigns that are looked through.
const MOST_CAMPAIGNS: u32 = 20_000;
/// A broadcast day is at most this long, wherever its board stands.
const LONGEST_DAY: TimeDelta = TimeDelta::hours(26);

/// A stand-down as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandDownDraft {
    /// Why, for people.
    pub name: String,
    /// Ids of `playlists::theme::THEMES`; at least one.
    pub themes: Vec<String>,
    /// Local time such as `2026-11-23T07:00`, or a date; empty: from now on.
    pub from: String,
    /// Likewise, and a date is included; empty: until it is ended.
    pub until: String,
}

/// Adds a stand-down, or changes one that is there: the version in force ends now and the next begins now. Saving it unchanged makes
/// none. Fields are named as in [`StandDownDraft`].
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form.
pub async fn save(
    app: &App,
    id: Option<&StandDownId>,
    draft: &StandDownDraft,
) -> Result<Result<StandDownId, Vec<FieldError>>, StoreError> {
    let old = match id {
        Some(id) => match stand_downs::newest(&app.db, id).await? {
            Some(old) => Some(old),
            None => return Ok(Err(vec![FieldError::new("stand_down", "error-stand-down-unknown")])),
        },
        None => None,
    };
    let id = match &old {
        Some(old) => old.id.clone(),
        None => new_id(app.clock.now_ms())
            .map_err(|e| StoreError::unreadable("random bytes for an id", e))?
            .parse()
            .map_err(|e| StoreError::unreadable("new id", e))?,
    };
    put(app, id, draft, old).await
}

/// Saves a stand-down of this id, which was `old` until now.
pub(super) async fn put(
    app: &App,
    id: StandDownId,
    draft: &StandDownDraft,
    old: Option<StandDownVersion>,
) -> Result<Result<StandDownId, Vec<FieldError>>, StoreError> {
    let now = app.clock.now();
    let next = match checked(id, draft, old.as_ref(), now) {
        Ok(next) => next,
        Err(errors) => return Ok(Err(errors)),
    };
    let same = |old: &&StandDownVersion| {
        old.ended_ms.is_none() && (&old.themes, old.from_ms, old.until_ms) == (&next.themes, next.from_ms, next.until_ms)
    };
    if let Some(old) = old.as_ref().filter(same) {
        if old.name != next.name {
            let mut tx = app.db.write().await?;
            stand_downs::rename(&mut tx, &next.id, &next.name).await?;
            tx.commit().await?;
        }
        return Ok(Ok(next.id));
    }
    // What ended today is in the manifests as well, until the day is over.
    let since_ms = (now - LONGEST_DAY).timestamp_millis();
    let most = u32::try_from(MOST_STAND_DOWNS).unwrap_or(u32::MAX);
    if stand_downs::live_since(&app.db, since_ms, most).await?.len() >= MOST_STAND_DOWNS {
        return Ok(Err(vec![FieldError::new("name", "error-stand-downs-many").with("most", most.to_string())]));
    }
    let mut tx = app.db.write().await?;
    stand_downs::end(&mut tx, &next.id, next.in_force_ms).await?;
    stand_downs::begin(&mut tx, &next).await?;
    stand_downs::rename(&mut tx, &next.id, &next.name).await?;
    publish_wanted::mark_all(&mut tx, next.in_force_ms).await?;
    tx.commit().await?;
    app.live.publish.notify_one();
    Ok(Ok(next.id))
}

/// The version that a form makes of `old`, or all that is wrong in the form.
fn checked(
    id: StandDownId,
    draft: &StandDownDraft,
    old: Option<&StandDownVersion>,
    now: DateTime<Utc>,
) -> Result<StandDownVersion, Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = checked_name(&draft.name, &mut errors);
    let mut themes = BTreeSet::new();
    for id in &draft.themes {
        match theme::known(id.trim()) {
            Some(theme) => {
                themes.insert(theme);
            }
            None => errors.push(FieldError::new("themes", "error-theme-unknown")),
        }
    }
    if draft.themes.is_empty() {
        errors.push(FieldError::new("themes", "error-themes-none"));
    }
    let mut read = |field: &str, text: &str, end: bool| {
        local(text, end).unwrap_or_else(|()| {
            errors.push(FieldError::new(field, "error-time-form"));
            None
        })
    };
    let (from, until) = (read("from", &draft.from, false), read("until", &draft.until, true));
    // A form shows minutes: what is saved again unchanged must not be another instant.
    let from = from.unwrap_or_else(|| now - TimeDelta::milliseconds(now.timestamp_millis().rem_euclid(60_000)));
    if until.is_some_and(|until| until <= from) {
        errors.push(FieldError::new("until", "error-period-reversed"));
    } else if until.is_some_and(|until| until <= now) {
        errors.push(FieldError::new("until", "error-period-past"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(StandDownVersion {
        id,
        version: old.map_or(1, |old| old.version + 1),
        name,
        themes,
        from_ms: from.timestamp_millis(),
        until_ms: until.map(|until| until.timestamp_millis()),
        in_force_ms: now.timestamp_millis(),
        ended_ms: None,
    })
}

/// Ends a stand-down at this instant, or takes it back before it begins; whether there was one to end.
///
/// # Errors
/// When the database fails.
pub async fn end_now(app: &App, id: &StandDownId) -> Result<bool, StoreError> {
    let now_ms = app.clock.now_ms();
    let Some(old) = stand_downs::newest(&app.db, id).await?.filter(|old| !old.is_over(now_ms)) else { return Ok(false) };
    let mut tx = app.db.write().await?;
    stand_downs::end(&mut tx, &old.id, now_ms).await?;
    publish_wanted::mark_all(&mut tx, now_ms).await?;
    tx.commit().await?;
    app.live.publish.notify_one();
    Ok(true)
}

/// The stand-down of this id, as it was saved last.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &StandDownId) -> Result<Option<StandDownVersion>, StoreError> {
    stand_downs::newest(&app.db, id).await
}

/// All stand-downs as they were saved last, those that begin last first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, limit: u32) -> Result<Vec<StandDownVersion>, StoreError> {
    stand_downs::list(&app.db, limit).await
}

/// The themes that are held back at this instant.
///
/// # Errors
/// When the database fails.
pub async fn held_now(app: &App) -> Result<BTreeSet<ThemeId>, StoreError> {
    let now_ms = app.clock.now_ms();
    let most = u32::try_from(MOST_STAND_DOWNS).unwrap_or(u32::MAX);
    let live = stand_downs::live_since(&app.db, now_ms, most).await?;
    Ok(live.into_iter().filter(|version| version.holds_from_ms() <= now_ms).flat_map(|version| version.themes).collect())
}

/// The campaigns that may be shown and are not over, of which a stand-down of these themes holds back some: by name, those with
/// such a theme, and how many have no theme and therefore go on.
///
/// # Errors
/// When the database fails.
pub async fn held_by(app: &App, themes: &BTreeSet<ThemeId>) -> Result<(Vec<StoredCampaign>, usize), StoreError> {
    let now = app.clock.now();
    let all = campaigns::list(&app.db, "", None, MOST_CAMPAIGNS).await?;
    let shown: Vec<_> = all.into_iter().filter(|campaign| campaign.approved && !campaign.is_over(now)).collect();
    let unthemed = shown.iter().filter(|campaign| campaign.theme.is_none()).count();
    let held = shown.into_iter().filter(|campaign| campaign.theme.as_ref().is_some_and(|theme| themes.contains(theme)));
    Ok((held.collect(), unthemed))
}
