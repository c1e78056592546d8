//! A second resolver, slow and obvious: it steps through a day second by second and applies the rules as they are written.
//! It shares only value types with the product.

pub(crate) mod day;
pub(crate) mod dues;
pub(crate) mod may;
pub(crate) mod overrides;
pub(crate) mod wall;

use chrono::{DateTime, Utc};
use playlists::id::{AssetId, CampaignId, Digest};
use playlists::trust::manifest::Manifest;

/// What the reference says is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) since: i64,
    pub(crate) until: i64,
    /// None when dark.
    pub(crate) entry: Option<Entry>,
}

/// Campaign, asset, item and language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) campaign: Option<CampaignId>,
    pub(crate) asset: Option<AssetId>,
    pub(crate) item: Digest,
    pub(crate) language: String,
}

/// What is on at `now`. Dark stretches are followed minute by minute for at most twelve days each way.
pub(crate) fn resolve(manifest: &Manifest, now: DateTime<Utc>) -> Shown {
    let at = now.timestamp_millis();
    let list = day::list(manifest, wall::broadcast_day(at, manifest.time_zone));
    let mut shown = list.slots.into_iter().find(|shown| shown.since <= at && at < shown.until).expect("a day's list has no gap");
    if shown.entry.is_none() {
        let mut hours = may::Hours::new(manifest);
        let most = 12 * 24 * 60;
        shown.since = (0..most).map(|n| shown.since - n * 60_000).find(|t| hours.is_lit(t - 1)).expect("lit within twelve days");
        shown.until = (0..most).map(|n| shown.until + n * 60_000).find(|t| hours.is_lit(*t)).expect("lit within twelve days");
    }
    shown
}
