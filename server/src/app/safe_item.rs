//! The safe item: what a board shows when nothing else may be. Built in, in two shapes, brought to each geometry like any asset.

use std::collections::BTreeMap;

use playlists::asset::{AssetKind, Fit, Focus, Language};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, Digest, UnitId};
use playlists::unit::Tier;

use super::App;
use crate::media::blobs::BlobError;
use crate::store::asset_versions::VersionId;
use crate::store::assets::{Asset, AssetVersion};
use crate::store::renditions::{Key, Variant};
use crate::store::units::Unit;
use crate::store::{StoreError, asset_versions, assets, units};

const WIDE: &[u8] = include_bytes!("../../assets/safe/wide.svg");
const TALL: &[u8] = include_bytes!("../../assets/safe/tall.svg");
/// What the safe item is called where its shape does not matter: in timelines, as in those of plans.
pub const NAME: &str = "safe-item";
/// The unit that owns what is built in; lists leave it out.
const UNIT: &str = "built-in";

/// Why the safe item cannot be laid down.
#[derive(Debug, thiserror::Error)]
pub enum SafeItemError {
    /// Its bytes cannot be stored.
    #[error("the safe item cannot be written to the blobs")]
    Blob(#[source] BlobError),
    /// Its row cannot be stored.
    #[error("the safe item cannot be stored")]
    Store(#[source] StoreError),
}

/// The drawing whose words are the larger ones on these pixels.
fn asset_of(geometry: Geometry) -> AssetId {
    let (width, height) = (u64::from(geometry.width()), u64::from(geometry.height()));
    // Pixels of its title: 52 of 480x240 in the wide drawing, 16 of 64x256 in the tall one, in 1/960ths.
    let (wide, tall) = ((104 * width).min(208 * height), (240 * width).min(60 * height));
    let word = if wide >= tall { "safe-wide" } else { "safe-tall" };
    word.parse().expect("a built-in id is an id")
}

/// Whether this is the safe item in one of its shapes: pages call it by what it is, not by its name.
#[must_use]
pub fn is(asset: &AssetId) -> bool {
    matches!(asset.as_str(), "safe-wide" | "safe-tall")
}

/// The rendition that is the safe item of a geometry.
#[must_use]
pub fn of(geometry: Geometry) -> Key {
    let of = VersionId { asset: asset_of(geometry), language: Language::undetermined(), version: 1 };
    Key { of, geometry, variant: Variant::Whole }
}

/// Lays the built-in assets down, where they are missing: at each start, before anything is published.
///
/// # Errors
/// When they cannot be stored.
pub async fn ensure(app: &App) -> Result<(), SafeItemError> {
    let unit: UnitId = UNIT.parse().expect("a built-in id is an id");
    let owner = Unit { id: unit.clone(), name: "Bangtin".to_owned(), tier: Tier::Province, parent: None };
    units::add(&app.db, &owner, app.clock.now_ms()).await.map_err(SafeItemError::Store)?;
    for (id, bytes, width, height) in [("safe-wide", WIDE, 480, 240), ("safe-tall", TALL, 64, 256)] {
        let sha256 = app.blobs.put(bytes.to_vec()).await.map_err(SafeItemError::Blob)?;
        debug_assert_eq!(sha256, Digest::of(bytes));
        lay_down(app, &unit, id.parse().expect("a built-in id is an id"), sha256, bytes.len() as u64, (width, height))
            .await
            .map_err(SafeItemError::Store)?;
    }
    Ok(())
}

/// Adds a built-in asset, or gives the one that is there these bytes.
async fn lay_down(
    app: &App,
    unit: &UnitId,
    id: AssetId,
    sha256: Digest,
    size_bytes: u64,
    pixels: (u32, u32),
) -> Result<(), StoreError> {
    let known = assets::get(&app.db, &id).await?;
    let mut tx = app.db.write().await?;
    if known.is_some() {
        assets::renew_built_in(&mut tx, &id, &sha256, size_bytes).await?;
        return tx.commit().await;
    }
    let created_ms = app.clock.now_ms();
    let version = AssetVersion {
        language: Language::undetermined(),
        version: 1,
        media_type: "image/svg+xml".to_owned(),
        sha256,
        size_bytes,
        pixels: Some(pixels),
        fit: Fit::Contain,
        focus: Focus::MIDDLE,
        clip: None,
        days: None,
        created_ms,
        withdrawn_ms: None,
    };
    let asset = Asset {
        name: id.to_string(),
        id,
        unit: unit.clone(),
        kind: AssetKind::Still,
        theme: None,
        source: String::new(),
        rights: String::new(),
        from_ms: None,
        until_ms: None,
        created_ms,
        versions: BTreeMap::new(),
    };
    assets::save(&mut tx, &asset).await?;
    match asset_versions::add(&mut tx, &asset.id, &version).await {
        // Another server of the cluster has just done it.
        Err(fault) if fault.is_taken() => Ok(()),
        done => {
            done?;
            tx.commit().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_safe_item_is_the_drawing_whose_words_are_larger() {
        for (text, expected) in [
            ("640x320", "safe-wide"),
            ("1920x160", "safe-wide"),
            ("336x504", "safe-wide"),
            ("1x1", "safe-wide"),
            ("64x128", "safe-tall"),
            ("64x256", "safe-tall"),
            ("16x8192", "safe-tall"),
        ] {
            assert_eq!(of(text.parse().expect("a geometry")).of.asset.as_str(), expected, "{text}");
        }
    }
}
