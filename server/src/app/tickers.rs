//! Tickers in campaigns: what a version of a campaign pins of one, and which of its strips a board runs.

use std::collections::BTreeMap;

use ::playlists::asset::Language;
use ::playlists::compose::languages_in_order;

use super::assets::{self, KeepError};
use super::{App, pins};
use crate::store::StoreError;
use crate::store::asset_versions::VersionId;
use crate::store::assets::Asset;
use crate::store::campaign_versions::PinnedTicker;

/// A ticker as it is now: its versions, and how fast each runs.
///
/// # Errors
/// When one of its documents cannot be read.
pub(super) async fn pinned(app: &App, asset: &Asset) -> Result<PinnedTicker, StoreError> {
    let documents = assets::ticker(app, asset).await.map_err(|fault| match fault {
        KeepError::Store(fault) => fault,
        KeepError::Blob(fault) => StoreError::unreadable("ticker's document", fault),
    })?;
    let speeds = documents.into_iter().map(|(language, document)| (language, document.speed())).collect();
    Ok(PinnedTicker { asset_id: asset.id.clone(), pinned: pins::pinned(asset), speeds })
}

/// One strip of a ticker, before it is made: a version and its speed in pixels a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    /// Which version.
    pub(super) of: VersionId,
    /// Pixels a second.
    pub(super) speed: u32,
}

/// The strips that a board with this language mix may run, in the order of [`languages_in_order`]; it runs the first that can be made. Pure.
pub(super) fn strips(ticker: &PinnedTicker, mix: &BTreeMap<Language, u32>) -> Vec<Strip> {
    let versions = &ticker.pinned.versions;
    let strip = |language: Language| {
        let (version, speed) = (*versions.get(&language)?, *ticker.speeds.get(&language)?);
        Some(Strip { of: VersionId { asset: ticker.asset_id.clone(), language, version }, speed })
    };
    languages_in_order(versions.keys(), mix).into_iter().filter_map(strip).collect()
}
