//! Playlists: saved as versions; a change reaches every campaign that plays them, from this instant on.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{AssetId, PlaylistId, UnitId};
use ::playlists::millis;
use ::playlists::playlist::{LONGEST_ENTRY, SHORTEST_ENTRY};

use super::{App, FieldError, checked_name, new_id};
use crate::live::Change;
use crate::store::assets::ClipFacts;
use crate::store::campaigns::StoredCampaign;
use crate::store::playlists::{StoredEntry, StoredPlaylist};
use crate::store::{StoreError, assets, campaign_versions, campaigns, playlists, publish_wanted};

/// Most entries of a playlist.
pub const MOST_ENTRIES: usize = 500;
/// Most campaigns that one change of a playlist reaches.
const MOST_CAMPAIGNS: u32 = 10_000;

/// A playlist as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaylistDraft {
    /// Its name.
    pub name: String,
    /// Its lines, in order.
    pub entries: Vec<EntryDraft>,
}

/// One line as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryDraft {
    /// The asset.
    pub asset_id: String,
    /// Seconds on the screen, decimals allowed; of a clip it does not matter: it plays its length.
    pub duration_s: String,
}

/// Adds a playlist, or saves one that is there as a new version; saving it unchanged makes none. Fields are named `name`,
/// `entries`, `entries.N.asset_id` and `entries.N.duration_s`, N from 0.
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form.
pub async fn save(
    app: &App,
    unit: &UnitId,
    id: Option<&PlaylistId>,
    draft: PlaylistDraft,
) -> Result<Result<PlaylistId, Vec<FieldError>>, StoreError> {
    let old = match id {
        Some(id) => match playlists::get(&app.db, id).await? {
            Some(old) => Some(old),
            None => return Ok(Err(vec![FieldError::new("playlist", "error-playlist-unknown")])),
        },
        None => None,
    };
    let (name, entries) = match check(app, &draft).await? {
        Ok(checked) => checked,
        Err(errors) => return Ok(Err(errors)),
    };
    let id = match &old {
        Some(old) => old.id.clone(),
        None => new_playlist_id(app)?,
    };
    put(app, unit, id, name, entries, old).await.map(Ok)
}

fn new_playlist_id(app: &App) -> Result<PlaylistId, StoreError> {
    let id = new_id(app.clock.now_ms()).map_err(|e| StoreError::unreadable("random bytes for an id", e))?;
    id.parse().map_err(|e| StoreError::unreadable("new id", e))
}

/// Saves what was checked: a playlist of this id, which was `old` until now.
pub(super) async fn put(
    app: &App,
    unit: &UnitId,
    id: PlaylistId,
    name: String,
    entries: Vec<StoredEntry>,
    old: Option<StoredPlaylist>,
) -> Result<PlaylistId, StoreError> {
    let now_ms = app.clock.now_ms();
    let same_entries = old.as_ref().is_some_and(|old| old.entries == entries);
    if same_entries && old.as_ref().is_some_and(|old| old.name == name) {
        return Ok(id);
    }
    let version = old.as_ref().map_or(1, |old| if same_entries { old.version } else { old.version + 1 });
    let unit = old.map_or_else(|| unit.clone(), |old| old.unit);
    let playlist = StoredPlaylist { id, unit, name, version, entries, changed_ms: now_ms };
    let affected = if same_entries { Vec::new() } else { campaigns::of_playlist(&app.db, &playlist.id, MOST_CAMPAIGNS).await? };

    let mut tx = app.db.write().await?;
    playlists::save(&mut tx, &playlist).await?;
    if !same_entries {
        playlists::add_version(&mut tx, &playlist).await?;
        for campaign in &affected {
            renew(app, &mut tx, campaign, &playlist, now_ms).await?;
        }
        if affected.iter().any(|campaign| campaign.all_boards) {
            publish_wanted::mark_all(&mut tx, now_ms).await?;
        } else {
            let boards: BTreeSet<_> = affected.iter().flat_map(|campaign| campaign.boards.iter().cloned()).collect();
            publish_wanted::mark(&mut tx, &boards.into_iter().collect::<Vec<_>>(), now_ms).await?;
            publish_wanted::mark_default(&mut tx, &playlist.id, now_ms).await?;
        }
    }
    tx.commit().await?;
    for campaign in affected {
        app.live.tell(Change::Campaign(campaign.id));
    }
    app.live.publish.notify_one();
    Ok(playlist.id)
}

/// Ends the version of a campaign that is in force, and begins the next with the playlist's new version.
async fn renew(
    app: &App,
    tx: &mut crate::store::Tx,
    campaign: &StoredCampaign,
    playlist: &StoredPlaylist,
    now_ms: i64,
) -> Result<(), StoreError> {
    let Some(newest) = campaign_versions::newest(&app.db, &campaign.id).await?.filter(|version| version.ended_ms.is_none())
    else {
        return Ok(());
    };
    let next = campaign_versions::CampaignVersion {
        version: newest.version + 1,
        playlist_version: playlist.version,
        in_force_ms: now_ms,
        ended_ms: None,
        ..newest
    };
    campaign_versions::end(tx, &campaign.id, now_ms).await?;
    campaign_versions::begin(tx, &next).await?;
    let changed = StoredCampaign { version: next.version, changed_ms: now_ms, ..campaign.clone() };
    campaigns::save(tx, &changed).await
}

async fn check(app: &App, draft: &PlaylistDraft) -> Result<Result<(String, Vec<StoredEntry>), Vec<FieldError>>, StoreError> {
    let mut errors = Vec::new();
    let name = checked_name(&draft.name, &mut errors);
    if draft.entries.is_empty() {
        errors.push(FieldError::new("entries", "error-entries-none"));
    }
    if draft.entries.len() > MOST_ENTRIES {
        errors.push(FieldError::new("entries", "error-entries-many").with("most", MOST_ENTRIES.to_string()));
        return Ok(Err(errors));
    }
    let ids: BTreeSet<AssetId> = draft.entries.iter().filter_map(|entry| entry.asset_id.trim().parse().ok()).collect();
    let known: BTreeMap<AssetId, Option<ClipFacts>> = assets::many(&app.db, &ids.into_iter().collect::<Vec<_>>())
        .await?
        .into_iter()
        .map(|asset| (asset.id, asset.clip))
        .collect();
    let mut entries = Vec::with_capacity(draft.entries.len());
    for (number, entry) in draft.entries.iter().enumerate() {
        let asset = entry.asset_id.trim().parse::<AssetId>().ok().filter(|id| known.contains_key(id));
        if asset.is_none() {
            errors.push(FieldError::new(format!("entries.{number}.asset_id"), "error-asset-unknown"));
        }
        let clip = asset.as_ref().and_then(|id| known.get(id)).copied().flatten();
        let duration = clip.map(length_of).or_else(|| duration_ms(&entry.duration_s));
        if duration.is_none() {
            errors.push(FieldError::new(format!("entries.{number}.duration_s"), "error-duration-range"));
        }
        if let (Some(asset_id), Some(duration_ms)) = (asset, duration) {
            entries.push(StoredEntry { asset_id, duration_ms });
        }
    }
    Ok(if errors.is_empty() { Ok((name, entries)) } else { Err(errors) })
}

/// How long an entry of a clip is on the screen: as long as the clip plays, and at least as long as any entry; the last frame of a
/// very short one stays.
#[must_use]
pub fn length_of(clip: ClipFacts) -> u64 {
    clip.duration_ms.max(millis::of(SHORTEST_ENTRY))
}

/// Seconds as text, with decimals by point or comma, into milliseconds of an allowed length.
fn duration_ms(text: &str) -> Option<u64> {
    let seconds: f64 = text.trim().replace(',', ".").parse().ok()?;
    let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    let whole = std::time::Duration::from_millis(millis::of(duration + std::time::Duration::from_micros(500)));
    (SHORTEST_ENTRY..=LONGEST_ENTRY).contains(&whole).then(|| millis::of(whole))
}

/// The playlist of this id, in its newest version.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &PlaylistId) -> Result<Option<StoredPlaylist>, StoreError> {
    playlists::get(&app.db, id).await
}

/// Playlists whose name contains `search` (tone marks do not matter), by name, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, search: &str, after: Option<&PlaylistId>, limit: u32) -> Result<Vec<StoredPlaylist>, StoreError> {
    playlists::list(&app.db, search, after, limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_seconds_with_point_or_comma() {
        assert_eq!(duration_ms(" 8 "), Some(8000));
        assert_eq!(duration_ms("2,5"), Some(2500));
        assert_eq!(duration_ms("86400"), Some(86_400_000));
        for bad in ["", "0", "0.5", "86401", "-3", "NaN", "inf", "acht"] {
            assert_eq!(duration_ms(bad), None, "{bad}");
        }
    }
}
