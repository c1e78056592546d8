//! How long playlists take, with those within them. Pure, but for [`of`], which loads what they hold.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::PlaylistId;

use super::nesting::Nesting;
use super::{App, contents};
use crate::store::playlists::{Shows, StoredEntry};
use crate::store::{StoreError, playlists};

/// What a playlist gives while it is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Round {
    /// How many entries it has itself: as many slots it gets within another, where nothing else is said.
    pub entries: usize,
    /// How long one round through it takes as a campaign's playlist, in milliseconds.
    pub ms: f64,
    /// How long one of its slots takes on average, in milliseconds.
    pub slot_ms: f64,
}

impl Round {
    /// How long it takes within another, that gives it so many slots.
    #[must_use]
    pub fn within_ms(&self, take: Option<u32>) -> f64 {
        self.slot_ms * take.map_or_else(|| count(self.entries), f64::from)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few hundred entries")]
fn count(entries: usize) -> f64 {
    entries as f64
}

/// The rounds of these playlists and all within them, each with what it plays.
#[must_use]
pub fn rounds(nesting: &Nesting, lists: &BTreeMap<PlaylistId, Vec<StoredEntry>>) -> BTreeMap<PlaylistId, Round> {
    let mut rounds: BTreeMap<PlaylistId, Round> = BTreeMap::new();
    for id in nesting.around(&lists.keys().cloned().collect::<BTreeSet<_>>()) {
        let Some(entries) = lists.get(&id) else { continue };
        let (mut slots, mut ms) = (0.0, 0.0);
        for entry in entries {
            let (some, long) = match &entry.shows {
                Shows::Asset { duration_ms, .. } => (1.0, std::time::Duration::from_millis(*duration_ms).as_secs_f64() * 1000.0),
                Shows::Playlist { playlist_id, take, .. } => {
                    let inner = rounds.get(playlist_id).copied().unwrap_or_default();
                    (take.map_or_else(|| count(inner.entries), f64::from), inner.within_ms(*take))
                }
            };
            slots += some;
            ms += long;
        }
        let slot_ms = if slots > 0.0 { ms / slots } else { 0.0 };
        rounds.insert(id, Round { entries: entries.len(), ms, slot_ms });
    }
    rounds
}

/// The rounds of these playlists, as they are now.
///
/// # Errors
/// When the database fails.
pub async fn of(app: &App, ids: &[PlaylistId]) -> Result<BTreeMap<PlaylistId, Round>, StoreError> {
    let nesting = contents::nesting(app).await?;
    let all: Vec<PlaylistId> = nesting.inside(ids.iter().cloned()).into_iter().collect();
    let lists = playlists::many(&app.db, &all).await?;
    Ok(rounds(&nesting, &lists.into_iter().map(|list| (list.id, list.entries)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::playlists::Pinned;

    #[test]
    fn a_playlist_within_another_takes_its_slots_at_their_average_length() {
        let id = |text: &str| text.parse::<PlaylistId>().expect("an id");
        let asset = |ms| StoredEntry::asset("a".parse().expect("an id"), ms, Pinned::default());
        let list = |text: &str, take| StoredEntry {
            shows: Shows::Playlist { playlist_id: id(text), version: 1, take },
            from_ms: None,
            until_ms: None,
        };
        let lists = BTreeMap::from([
            (id("inner"), vec![asset(4000), asset(8000)]),
            (id("outer"), vec![list("inner", Some(1)), asset(10_000), list("inner", None)]),
        ]);
        let nesting = Nesting(BTreeMap::from([(id("outer"), BTreeSet::from([id("inner")]))]));
        let rounds = rounds(&nesting, &lists);
        assert_eq!(rounds[&id("inner")], Round { entries: 2, ms: 12_000.0, slot_ms: 6000.0 });
        assert_eq!(rounds[&id("outer")], Round { entries: 3, ms: 28_000.0, slot_ms: 7000.0 });
    }
}
