//! Tickers in campaigns: what a version of a campaign pins of one, and which of its strips a board runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ::playlists::asset::Language;
use ::playlists::campaign::Ticker;
use ::playlists::geometry::Geometry;
use ::playlists::id::Digest;

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

/// The strips that a board with this language mix may run; it runs the first that can be made: that of the language with the highest weight.
/// Of equal weights, and where the board has no mix, text without a language goes first, then Vietnamese, then the tag that sorts first.
/// A language that the mix leaves out is not run. Pure.
pub(super) fn strips(ticker: &PinnedTicker, mix: &BTreeMap<Language, u32>) -> Vec<Strip> {
    let weight =
        |language: &Language| mix.get(language).copied().or_else(|| (mix.is_empty() || language.is_undetermined()).then_some(1));
    let order = |language: &Language| match language.as_str() {
        "und" => 0,
        "vi" => 1,
        _ => 2,
    };
    let mut found: Vec<_> = ticker
        .pinned
        .versions
        .iter()
        .filter_map(|(language, version)| {
            let of = VersionId { asset: ticker.asset_id.clone(), language: language.clone(), version: *version };
            let speed = *ticker.speeds.get(language)?;
            Some(((Reverse(weight(language)?), order(language), language.clone()), Strip { of, speed }))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.into_iter().map(|(_, strip)| strip).collect()
}

/// A strip as a manifest carries it. A crossing takes a second at least: a short strip on a small board runs slower than its document says.
pub(super) fn run(item: Digest, width: u32, speed: u32, geometry: Geometry) -> Ticker {
    Ticker { item, width, speed: speed.min(width.saturating_add(geometry.width())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::playlists::Pinned;

    #[test]
    fn the_language_of_most_weight_that_the_ticker_has_runs() {
        let language = |tag: &str| tag.parse::<Language>().expect("a language");
        let chosen = |has: &[&str], mix: &[(&str, u32)]| {
            let ticker = PinnedTicker {
                asset_id: "a-1".parse().expect("an id"),
                pinned: Pinned { versions: has.iter().map(|tag| (language(tag), 1)).collect(), from_ms: None, until_ms: None },
                speeds: has.iter().map(|tag| (language(tag), 100)).collect(),
            };
            let mix: BTreeMap<_, _> = mix.iter().map(|(tag, weight)| (language(tag), *weight)).collect();
            strips(&ticker, &mix).iter().map(|strip| strip.of.language.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&["en", "vi", "zh"], &[]), ["vi", "en", "zh"]);
        assert_eq!(chosen(&["en", "vi", "zh"], &[("vi", 1), ("en", 3)]), ["en", "vi"]);
        assert_eq!(chosen(&["en", "zh"], &[("vi", 3), ("zh", 1), ("en", 1)]), ["en", "zh"]);
        assert_eq!(chosen(&["en", "und"], &[("vi", 3)]), ["und"]);
        assert_eq!(chosen(&["ko"], &[("vi", 3)]), Vec::<String>::new());
    }

    #[test]
    fn a_crossing_takes_a_second_at_least() {
        let geometry = Geometry::new(64, 32).expect("a geometry");
        let item = Digest::of(b"strip");
        assert_eq!(run(item, 36, 1000, geometry).crossing_ms(64), 1000);
        assert_eq!(run(item, 3600, 100, geometry).speed, 100);
    }
}
