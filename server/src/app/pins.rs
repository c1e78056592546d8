//! What a version of a playlist pins of the assets and playlists that it shows. Pure.

use std::collections::BTreeMap;

use ::playlists::id::{AssetId, PlaylistId};
use ::playlists::millis;
use ::playlists::playlist::SHORTEST_ENTRY;

use crate::store::assets::Asset;
use crate::store::playlists::{Pinned, Shows, StoredEntry};

/// An asset as it is now.
#[must_use]
pub fn pinned(asset: &Asset) -> Pinned {
    Pinned {
        versions: asset.versions.values().map(|version| (version.language.clone(), version.version)).collect(),
        from_ms: asset.from_ms,
        until_ms: asset.until_ms,
    }
}

/// How long an entry of a clip is on the screen, in milliseconds: as long as the clip plays in its longest language, and at least as
/// long as any entry; the last frame of a shorter one stays.
#[must_use]
pub fn length_of(clip_ms: u64) -> u64 {
    clip_ms.max(millis::of(SHORTEST_ENTRY))
}

/// These entries with the assets and the versions of playlists that have changed.
#[must_use]
pub fn renewed(
    entries: &[StoredEntry],
    assets: &BTreeMap<AssetId, Asset>,
    lists: &BTreeMap<PlaylistId, u64>,
) -> Vec<StoredEntry> {
    let renew = |entry: &StoredEntry| {
        let mut entry = entry.clone();
        match &mut entry.shows {
            Shows::Asset { asset_id, duration_ms, pinned: old } => {
                if let Some(asset) = assets.get(asset_id) {
                    *old = pinned(asset);
                    *duration_ms = asset.clip_ms().map_or(*duration_ms, length_of);
                }
            }
            Shows::Playlist { playlist_id, version, .. } => {
                *version = lists.get(playlist_id).copied().unwrap_or(*version);
            }
        }
        entry
    };
    entries.iter().map(renew).collect()
}
