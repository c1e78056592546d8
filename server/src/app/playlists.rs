//! Playlists: saved as versions; a change reaches every playlist around it and every campaign that plays them, from this instant on.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::AssetKind;
use ::playlists::id::{AssetId, PlaylistId, UnitId};
use ::playlists::millis;
use ::playlists::playlist::{DEEPEST_PLANNED, LONGEST_ENTRY, SHORTEST_ENTRY};
use ::playlists::trust::faults::MOST_UNFOLDED;

use super::assets::properties::validity;
use super::campaign_draft::written;
use super::contents::{self, ContentChange};
use super::nesting::{Nesting, NestingFault};
use super::pins::{length_of, pinned};
use super::{App, FieldError, checked_name, demand, new_id};
use crate::store::assets::Asset;
use crate::store::playlists::{Shows, StoredEntry, StoredPlaylist};
use crate::store::{StoreError, assets, playlists};

/// Most entries of a playlist.
pub const MOST_ENTRIES: usize = 500;

/// A playlist as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaylistDraft {
    /// Its name.
    pub name: String,
    /// Its lines, in order.
    pub entries: Vec<EntryDraft>,
}

/// One line as a form gives it: an asset, or another playlist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryDraft {
    /// The asset; empty where it is a playlist.
    pub asset_id: String,
    /// Seconds on the screen, decimals allowed; of a clip it does not matter: it plays its length.
    pub duration_s: String,
    /// The playlist within this one; empty where it is an asset.
    pub playlist_id: String,
    /// How many slots that playlist gets each time it is reached; empty: as many as it has entries.
    pub take: String,
    /// Local time such as `2026-11-23T07:00`, or a date: not shown before; empty: at once.
    pub from: String,
    /// Likewise, and a date is included: not shown after; empty: without end.
    pub until: String,
}

impl EntryDraft {
    /// An entry as a form would give it.
    #[must_use]
    pub fn of(entry: &StoredEntry) -> Self {
        let draft = Self {
            from: entry.from_ms.map(written).unwrap_or_default(),
            until: entry.until_ms.map(written).unwrap_or_default(),
            ..Self::default()
        };
        match &entry.shows {
            Shows::Asset { asset_id, duration_ms, .. } => {
                Self { asset_id: asset_id.to_string(), duration_s: seconds(*duration_ms), ..draft }
            }
            Shows::Playlist { playlist_id, take, .. } => {
                let take = take.map(|take| take.to_string()).unwrap_or_default();
                Self { playlist_id: playlist_id.to_string(), take, ..draft }
            }
        }
    }
}

/// Milliseconds as a form writes seconds.
#[must_use]
pub fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        (ms / 1000).to_string()
    } else {
        format!("{}.{:03}", ms / 1000, ms % 1000).trim_end_matches('0').to_owned()
    }
}

/// Adds a playlist, or saves one that is there as a new version; saving it unchanged makes none. Fields are named `name`,
/// `entries`, and `entries.N.` with `asset_id`, `duration_s`, `playlist_id`, `take`, `from` or `until`, N from 0.
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form.
pub async fn save(
    app: &App,
    unit: &UnitId,
    id: Option<&PlaylistId>,
    draft: PlaylistDraft,
) -> Result<Result<PlaylistId, Vec<FieldError>>, StoreError> {
    if let Some(id) = id
        && playlists::get(&app.db, id).await?.is_none()
    {
        return Ok(Err(vec![FieldError::new("playlist", "error-playlist-unknown")]));
    }
    let id = id.cloned().map_or_else(|| new_playlist_id(app), Ok)?;
    put(app, unit, id, &draft).await
}

fn new_playlist_id(app: &App) -> Result<PlaylistId, StoreError> {
    let id = new_id(app.clock.now_ms()).map_err(|e| StoreError::unreadable("random bytes for an id", e))?;
    id.parse().map_err(|e| StoreError::unreadable("new id", e))
}

/// As [`save`], under this id, whether it is there or not.
///
/// # Errors
/// As [`save`].
async fn put(
    app: &App,
    unit: &UnitId,
    id: PlaylistId,
    draft: &PlaylistDraft,
) -> Result<Result<PlaylistId, Vec<FieldError>>, StoreError> {
    for _ in 0..contents::TRIES {
        let revision = contents::revision(app).await?;
        let (name, entries) = match check(app, &id, draft).await? {
            Ok(checked) => checked,
            Err(errors) => return Ok(Err(errors)),
        };
        let list = StoredPlaylist { id: id.clone(), unit: unit.clone(), name, version: 0, entries, changed_ms: 0 };
        let old = playlists::get(&app.db, &id).await?;
        if old.is_some_and(|old| (old.name, old.entries) == (list.name.clone(), list.entries.clone())) {
            return Ok(Ok(id));
        }
        let change = ContentChange { playlists: vec![list], ..ContentChange::default() };
        let faults = demand::contents_errors(app, "entries", &change).await?;
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        if contents::save(app, revision, &change).await? {
            return Ok(Ok(id));
        }
    }
    Err(StoreError::Overtaken)
}

/// What entries may name.
struct Known {
    assets: BTreeMap<AssetId, Asset>,
    lists: BTreeMap<PlaylistId, u64>,
}

async fn check(
    app: &App,
    id: &PlaylistId,
    draft: &PlaylistDraft,
) -> Result<Result<(String, Vec<StoredEntry>), Vec<FieldError>>, StoreError> {
    let mut errors = Vec::new();
    let name = checked_name(&draft.name, &mut errors);
    if draft.entries.is_empty() {
        errors.push(FieldError::new("entries", "error-entries-none"));
    }
    if draft.entries.len() > MOST_ENTRIES {
        errors.push(FieldError::new("entries", "error-entries-many").with("most", MOST_ENTRIES.to_string()));
        return Ok(Err(errors));
    }
    let named: BTreeSet<AssetId> = draft.entries.iter().filter_map(|entry| entry.asset_id.trim().parse().ok()).collect();
    let within: BTreeSet<PlaylistId> = draft.entries.iter().filter_map(|entry| entry.playlist_id.trim().parse().ok()).collect();
    let found = assets::many(&app.db, &named.into_iter().collect::<Vec<_>>()).await?;
    let inner = playlists::many(&app.db, &within.into_iter().collect::<Vec<_>>()).await?;
    let known = Known {
        assets: found.into_iter().map(|asset| (asset.id.clone(), asset)).collect(),
        lists: inner.into_iter().map(|list| (list.id, list.version)).collect(),
    };
    let entries: Vec<StoredEntry> =
        draft.entries.iter().enumerate().filter_map(|(number, entry)| entry.check(number, &known, &mut errors)).collect();
    if errors.is_empty() {
        check_nesting(app, id, &entries, &mut errors).await?;
    }
    Ok(if errors.is_empty() { Ok((name, entries)) } else { Err(errors) })
}

impl EntryDraft {
    fn check(&self, number: usize, known: &Known, errors: &mut Vec<FieldError>) -> Option<StoredEntry> {
        let place = format!("entries.{number}.");
        let before = errors.len();
        let shows = if self.playlist_id.trim().is_empty() {
            self.check_asset(&place, known, errors)
        } else {
            self.check_playlist(&place, known, errors)
        };
        let (from_ms, until_ms) = validity(&place, &self.from, &self.until, errors);
        shows.filter(|_| errors.len() == before).map(|shows| StoredEntry { shows, from_ms, until_ms })
    }

    fn check_asset(&self, place: &str, known: &Known, errors: &mut Vec<FieldError>) -> Option<Shows> {
        let asset = self.asset_id.trim().parse::<AssetId>().ok().and_then(|id| known.assets.get(&id));
        match asset {
            None => errors.push(FieldError::new(format!("{place}asset_id"), "error-asset-unknown")),
            Some(asset) if asset.kind == AssetKind::Ticker => {
                errors.push(FieldError::new(format!("{place}asset_id"), "error-ticker-in-playlist"));
            }
            Some(_) => {}
        }
        let duration_ms = asset.and_then(Asset::clip_ms).map(length_of).or_else(|| duration_ms(&self.duration_s));
        if duration_ms.is_none() {
            errors.push(FieldError::new(format!("{place}duration_s"), "error-duration-range"));
        }
        let (asset, duration_ms) = asset.zip(duration_ms)?;
        Some(Shows::Asset { asset_id: asset.id.clone(), duration_ms, pinned: pinned(asset) })
    }

    fn check_playlist(&self, place: &str, known: &Known, errors: &mut Vec<FieldError>) -> Option<Shows> {
        let found = self.playlist_id.trim().parse::<PlaylistId>().ok().and_then(|id| known.lists.get_key_value(&id));
        if found.is_none() {
            errors.push(FieldError::new(format!("{place}playlist_id"), "error-playlist-unknown"));
        }
        let take = match self.take.trim() {
            "" => None,
            take => {
                let most = u32::try_from(MOST_ENTRIES).unwrap_or(u32::MAX);
                let take = take.parse().ok().filter(|take| (1..=most).contains(take));
                if take.is_none() {
                    errors.push(FieldError::new(format!("{place}take"), "error-take-range").with("most", most.to_string()));
                }
                take
            }
        };
        found.map(|(id, version)| Shows::Playlist { playlist_id: id.clone(), version: *version, take })
    }
}

/// Playlists lie in no circle, not too deep, and what one comes to with those within it is not too much: this one, and those around it.
async fn check_nesting(
    app: &App,
    id: &PlaylistId,
    entries: &[StoredEntry],
    errors: &mut Vec<FieldError>,
) -> Result<(), StoreError> {
    let mut nesting = contents::nesting(app).await?;
    let within: BTreeSet<PlaylistId> = entries.iter().filter_map(|entry| entry.playlist()).map(|(inner, _)| inner).collect();
    nesting.0.insert(id.clone(), within);
    if let Some(fault) = nesting.fault(id) {
        let (code, path) = match fault {
            NestingFault::Circle(path) => ("error-entries-circle", path),
            NestingFault::Deep(path) => ("error-entries-deep", path),
        };
        let names: BTreeMap<_, _> = playlists::many(&app.db, &path).await?.into_iter().map(|list| (list.id, list.name)).collect();
        let name = |id: &PlaylistId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
        let path = path.iter().map(name).collect::<Vec<_>>().join(" → ");
        errors.push(FieldError::new("entries", code).with("path", path).with("most", DEEPEST_PLANNED.to_string()));
        return Ok(());
    }
    let around = nesting.around(&BTreeSet::from([id.clone()]));
    let all: Vec<PlaylistId> = nesting.inside(around.iter().cloned()).into_iter().collect();
    let mut lists: BTreeMap<PlaylistId, Vec<StoredEntry>> =
        playlists::many(&app.db, &all).await?.into_iter().map(|list| (list.id, list.entries)).collect();
    lists.insert(id.clone(), entries.to_vec());
    let shown: BTreeSet<AssetId> = lists.values().flatten().filter_map(StoredEntry::asset_id).cloned().collect();
    let with_days: BTreeSet<AssetId> = assets::many(&app.db, &shown.into_iter().collect::<Vec<_>>())
        .await?
        .into_iter()
        .filter(|asset| asset.versions.values().any(|version| version.days.is_some()))
        .map(|asset| asset.id)
        .collect();
    let sums = sums(&nesting, &lists, &with_days);
    if around.iter().any(|list| sums.get(list).is_some_and(|sum| *sum > MOST_UNFOLDED)) {
        errors.push(FieldError::new("entries", "error-entries-sum").with("most", MOST_UNFOLDED.to_string()));
    }
    Ok(())
}

/// What each playlist comes to in a manifest with those within it; a slide that changes with the day has an entry for each.
fn sums(
    nesting: &Nesting,
    lists: &BTreeMap<PlaylistId, Vec<StoredEntry>>,
    with_days: &BTreeSet<AssetId>,
) -> BTreeMap<PlaylistId, usize> {
    let days = usize::try_from(crate::media::slides::date::MOST_DAYS).unwrap_or(usize::MAX);
    let mut sums: BTreeMap<PlaylistId, usize> = BTreeMap::new();
    for id in nesting.around(&lists.keys().cloned().collect()) {
        let entry = |entry: &StoredEntry| match &entry.shows {
            Shows::Asset { asset_id, .. } if with_days.contains(asset_id) => days.saturating_add(1),
            Shows::Asset { .. } => 1,
            Shows::Playlist { playlist_id, .. } => sums.get(playlist_id).copied().unwrap_or_default().saturating_add(1),
        };
        let sum = lists.get(&id).into_iter().flatten().map(entry).fold(0_usize, usize::saturating_add);
        sums.insert(id, sum);
    }
    sums
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
    fn seconds_are_written_without_needless_zeros() {
        assert_eq!(seconds(8000), "8");
        assert_eq!(seconds(2500), "2.5");
    }

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
