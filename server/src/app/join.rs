//! Which campaigns of a board are in its next manifest while renditions are still being made: each joins when its own are, and those
//! that are over before never do. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use playlists::id::CampaignId;
use playlists::local::broadcast_day;

use super::defaults::Versioned;
use super::publish::PATIENCE_MS;
use super::shown::{Sources, versions_of};
use super::tickers;
use crate::store::asset_versions::VersionId;
use crate::store::boards::Board;
use crate::store::campaign_versions::{CampaignVersion, VersionPlays};
use crate::store::renditions::Key;

/// What a board's manifest is composed from as long as some renditions are being made: without the campaigns that wait for theirs. A
/// version that waits leaves its place to the one before it, which plays on as it did. None where the default playlist waits, or what lies
/// over the loop: then everything does.
pub(super) fn without_what_waits(sources: &Sources, board: &Board, now: DateTime<Utc>) -> Option<Sources> {
    let defaults: Vec<_> = sources.defaults_of(board, now).into_iter().filter_map(|stretch| stretch.plays).collect();
    let waits = |(list, version): &Versioned| sources.waits(board, &VersionPlays::Playlist(list.clone(), *version), now);
    let over_waits = sources.keys_over(board).iter().any(|key| sources.pending.contains(key));
    if over_waits || defaults.iter().any(waits) {
        return None;
    }
    let is_out =
        |version: &CampaignVersion| sources.waits(board, &version.plays, now) || has_lapsed(sources, board, version, now);
    Some(without(sources, board, now, is_out))
}

/// The same without the campaigns that were over before they were made, where there are any: the version before each played on in its
/// place while it waited, so that the past stays as it was.
pub(super) fn without_what_lapsed(sources: &Sources, board: &Board, now: DateTime<Utc>) -> Option<Sources> {
    if sources.lapsed.is_empty() || sources.needs(board, now).is_disjoint(&sources.lapsed) {
        return None;
    }
    Some(without(sources, board, now, |version| has_lapsed(sources, board, version, now)))
}

/// Whether a version was over while it still waited; one that lasted longer than boards wait came with what was made.
fn has_lapsed(sources: &Sources, board: &Board, version: &CampaignVersion, now: DateTime<Utc>) -> bool {
    let over_ms = version.ended_ms.or_else(|| version.period.until.map(|until| until.timestamp_millis()));
    let waited = over_ms.is_some_and(|over_ms| over_ms.saturating_sub(version.in_force_ms) < PATIENCE_MS);
    waited && sources.lapsed(board, &version.plays, now)
}

/// What a board's manifest is composed from without these versions of campaigns, each replaced by the one before it.
fn without(sources: &Sources, board: &Board, now: DateTime<Utc>, is_out: impl Fn(&CampaignVersion) -> bool) -> Sources {
    let defaults = sources.defaults_of(board, now).into_iter().filter_map(|stretch| stretch.plays);
    let mut of_campaigns: BTreeMap<&CampaignId, Vec<&CampaignVersion>> = BTreeMap::new();
    // All of them, also those that ended just when they began: what is in force is the composition's to say.
    for version in sources.campaigns.iter().filter(|version| version.aims_at(&board.id)) {
        of_campaigns.entry(&version.campaign).or_default().push(version);
    }
    let former = sources.former_defaults.get(&board.id).map(|former| (board.id.clone(), former.clone()));
    let mut joined = Sources {
        former_defaults: former.into_iter().collect(),
        former_hours: sources.former_hours.clone(),
        stand_downs: sources.stand_downs.clone(),
        overlaid: sources.overlaid.clone(),
        ..Sources::default()
    };
    for versions in of_campaigns.values_mut() {
        versions.sort_by_key(|version| version.version);
        joined.campaigns.extend(in_their_place(versions, &is_out));
    }
    let played: Vec<_> = joined.campaigns.iter().filter_map(|version| version.plays.playlist()).collect();
    let running = joined.campaigns.iter().filter_map(|version| version.plays.ticker());
    let mut shown: Vec<VersionId> =
        running.flat_map(|ticker| tickers::strips(ticker, &board.rules.languages)).map(|strip| strip.of).collect();
    for list in sources.inside(played.into_iter().chain(defaults)) {
        let Some(entries) = sources.playlists.get(&list) else { continue };
        shown.extend(versions_of(entries));
        joined.made_ms.extend(sources.made_ms.get(&list).map(|made_ms| (list.clone(), *made_ms)));
        joined.playlists.insert(list, entries.clone());
    }
    let ready = |key: Key| sources.renditions.get(&key).map(|ready| (key, *ready));
    joined.renditions.extend(sources.keys_over(board).into_iter().filter_map(ready));
    let today = broadcast_day(now, board.time_zone);
    for of in shown {
        let made = sources.keys(&of, board.geometry, today).into_iter();
        joined.renditions.extend(made.filter_map(ready));
        joined.versions.extend(sources.versions.get(&of).map(|known| (of, *known)));
    }
    joined
}

/// The versions of one campaign, oldest first, that are not out; each also plays the time of those that follow it and are.
fn in_their_place(versions: &[&CampaignVersion], is_out: impl Fn(&CampaignVersion) -> bool) -> Vec<CampaignVersion> {
    let mut kept: Vec<CampaignVersion> = Vec::new();
    for version in versions {
        if !is_out(version) {
            kept.push((*version).clone());
        } else if let Some(last) = kept.last_mut().filter(|last| last.ended_ms == Some(version.in_force_ms)) {
            last.ended_ms = version.ended_ms;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use playlists::campaign::{Level, Period, Share, Weight};
    use playlists::unit::Tier;

    use super::*;

    fn version(version: u64, in_force_ms: i64, ended_ms: Option<i64>) -> CampaignVersion {
        CampaignVersion {
            campaign: "c-1".parse().expect("an id"),
            unit: "u-1".parse().expect("an id"),
            tier: Tier::Commune,
            version,
            plays: VersionPlays::Playlist("p-1".parse().expect("an id"), version),
            level: Level::Normal,
            share: Share::Weight(Weight::try_from(3).expect("a weight")),
            theme: None,
            period: Period { from: None, until: None },
            windows: Vec::new(),
            all_boards: true,
            boards: Vec::new(),
            in_force_ms,
            ended_ms,
        }
    }

    #[test]
    fn a_version_plays_on_in_the_place_of_those_that_wait_and_only_of_those() {
        let all = [version(1, 0, Some(5)), version(2, 5, Some(7)), version(3, 7, None)];
        let apart = [version(1, 0, Some(5)), version(2, 6, None)];
        for (versions, waiting, expected) in [
            (&all[..], &[][..], vec![(1, Some(5)), (2, Some(7)), (3, None)]),
            (&all, &[3], vec![(1, Some(5)), (2, None)]),
            (&all, &[2, 3], vec![(1, None)]),
            (&all, &[2], vec![(1, Some(7)), (3, None)]),
            (&all, &[1], vec![(2, Some(7)), (3, None)]),
            (&all, &[1, 2, 3], vec![]),
            // Between the two the campaign was not in force.
            (&apart, &[2], vec![(1, Some(5))]),
        ] {
            let versions: Vec<_> = versions.iter().collect();
            let kept = in_their_place(&versions, |version| waiting.contains(&version.version));
            let found: Vec<_> = kept.iter().map(|version| (version.version, version.ended_ms)).collect();
            assert_eq!(found, expected, "{waiting:?} wait");
        }
    }
}
