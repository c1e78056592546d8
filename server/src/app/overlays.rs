//! What lies over boards' loops: which renditions that takes, and what stands in a manifest. Pure.

use std::collections::BTreeMap;

use ::playlists::asset::AssetKind;
use ::playlists::campaign::Period;
use ::playlists::compose::{Made, languages_in_order};
use ::playlists::overlay::{Overlay, OverlaySize};
use chrono::DateTime;

use super::shown::Sources;
use crate::store::asset_versions::VersionId;
use crate::store::assets::Asset;
use crate::store::boards::Board;
use crate::store::renditions::{Key, Variant};

/// Whether an asset can lie over a loop: a picture that was uploaded.
#[must_use]
pub fn can_lie_over(asset: &Asset) -> bool {
    asset.kind == AssetKind::Still && !asset.versions.is_empty()
}

impl Sources {
    /// The renditions of what lies over this board's loop, of each picture in all languages that the board shows.
    pub(super) fn keys_over(&self, board: &Board) -> Vec<Key> {
        let keys = |overlay: &Overlay<_>| {
            let asset = self.overlaid.get(overlay.picture()?)?;
            Some(self.keys_of_overlay(asset, overlay.size, board))
        };
        board.overlays.iter().filter_map(keys).flatten().collect()
    }

    fn keys_of_overlay(&self, asset: &Asset, size: OverlaySize, board: &Board) -> Vec<Key> {
        let key = |language| {
            let version = asset.versions.get(&language)?.version;
            let of = VersionId { asset: asset.id.clone(), language, version };
            Some(Key { of, geometry: board.geometry, variant: Variant::Overlay(size) })
        };
        let languages = if can_lie_over(asset) { asset.versions.keys() } else { Default::default() };
        languages_in_order(languages, &board.rules.languages).into_iter().filter_map(key).collect()
    }

    /// What lies over this board's loop, each picture by its renditions that are made.
    pub(super) fn overlays_of(&self, board: &Board) -> Vec<Overlay<Made>> {
        let made = |overlay: &Overlay<_>| overlay.clone().with_picture(|picture| self.made_over(&picture, overlay.size, board));
        board.overlays.iter().filter_map(made).collect()
    }

    fn made_over(&self, picture: &::playlists::id::AssetId, size: OverlaySize, board: &Board) -> Option<Made> {
        let asset = self.overlaid.get(picture)?;
        let instant = |ms: Option<i64>| ms.and_then(DateTime::from_timestamp_millis);
        let ready = |key: Key| {
            let ready = self.renditions.get(&key)?;
            Some((key.of.language, (ready.sha256, ready.size)))
        };
        let pictures: BTreeMap<_, _> = self.keys_of_overlay(asset, size, board).into_iter().filter_map(ready).collect();
        Some(Made { pictures, period: Period { from: instant(asset.from_ms), until: instant(asset.until_ms) } })
    }
}
