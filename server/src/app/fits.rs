//! Whether plays per hour still fit when playlists, campaigns and boards change together (rule 9): what would not fit then, and does now
//! or does better.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::campaign::Share;
use ::playlists::id::CampaignId;
use chrono::{DateTime, Utc};

use super::contents::{ContentChange, Reached};
use super::demand::{Refused, What};
use super::preview::{self, Group};
use super::shown::Sources;
use super::{App, sources};
use crate::store::asset_versions::{Shown, VersionId};
use crate::store::boards::Board;
use crate::store::campaign_versions::{CampaignVersion, VersionPlays};
use crate::store::campaigns::CampaignPlays;
use crate::store::playlists::{self as stored_playlists, PlaylistVersion};
use crate::store::{StoreError, campaign_versions};

/// A change of many things at once that is only supposed.
pub(super) struct Supposed<'a> {
    /// Assets and playlists.
    pub(super) contents: &'a ContentChange,
    /// What that reaches.
    pub(super) reached: &'a Reached,
    /// Campaigns whose version in force ends now, each with the one that begins, if one does.
    pub(super) campaigns: Vec<(CampaignId, Option<CampaignVersion>)>,
    /// All boards, each as it is and as it would be.
    pub(super) boards: Vec<(Board, Board)>,
    /// The now of this question.
    pub(super) now: DateTime<Utc>,
}

/// Something that does not fit any more, and the campaign with plays per hour that it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worse {
    pub(super) own: CampaignId,
    pub(super) refused: Refused,
}

/// What does not fit after a change, and did before or asked for less: a change that makes nothing worse is not in the way.
///
/// # Errors
/// When the database fails.
pub(super) async fn worse(app: &App, supposed: Supposed<'_>) -> Result<Vec<Worse>, StoreError> {
    let now = supposed.now;
    let begins = supposed.campaigns.iter().filter_map(|(_, next)| next.as_ref());
    let hourly = begins.clone().any(|next| matches!(next.share, Share::PerHour(_)));
    if !hourly && !campaign_versions::any_per_hour(&app.db, now.timestamp_millis()).await? {
        return Ok(Vec::new());
    }
    let mut before = sources::load(app, now).await?;
    let mut after = before.clone();
    apply_contents(app, &mut after, supposed.contents, supposed.reached, now).await?;
    let defaults = supposed.boards.iter().filter_map(|(_, next)| next.default_playlist.clone());
    let defaults = stored_playlists::many(&app.db, &defaults.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()).await?;
    let played = begins.filter_map(|next| next.plays.playlist());
    for list in played.chain(defaults.into_iter().map(|list| (list.id, list.version))).collect::<BTreeSet<_>>() {
        preview::add_playlist(app, &mut after, list).await?;
    }
    apply_campaigns(&mut after, &supposed, now);
    let boards = supposed.boards;
    let work = tokio::task::spawn_blocking(move || {
        // Whatever can be shown is taken to be made.
        for (board, next) in &boards {
            let (needed_before, needed_after) = (before.needs(board, now), after.needs(next, now));
            before.pending.extend(needed_before);
            after.pending.extend(needed_after);
        }
        let groups = preview::groups(boards.iter().map(|(board, next)| (board, next)), &before, &after, now)?;
        Ok(found(&groups, now))
    });
    let done = work.await.map_err(|error| error.to_string()).and_then(|found: Result<_, String>| found);
    done.map_err(|reason| StoreError::Unreadable { what: "change, which makes no schedule", reason })
}

async fn apply_contents(
    app: &App,
    after: &mut Sources,
    change: &ContentChange,
    reached: &Reached,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kinds: BTreeMap<_, _> = change.assets.iter().map(|asset| (&asset.id, asset.kind)).collect();
    for (asset, version) in &change.added {
        let Some(kind) = kinds.get(asset).copied() else { continue };
        let of = VersionId { asset: asset.clone(), language: version.language.clone(), version: version.version };
        after.versions.insert(of, Shown { kind, clip_ms: version.clip.map(|clip| clip.duration_ms), days: version.days });
    }
    let new = reached.playlists.iter().filter(|(_, is_new)| *is_new).map(|(list, _)| PlaylistVersion {
        id: list.id.clone(),
        version: list.version,
        entries: list.entries.clone(),
        created_ms: now.timestamp_millis(),
    });
    sources::add(app, after, new.collect()).await
}

/// Ends versions of campaigns and begins others: those that are said, and those that play what was reached.
fn apply_campaigns(after: &mut Sources, supposed: &Supposed<'_>, now: DateTime<Utc>) {
    let versions: BTreeMap<_, _> = supposed.reached.playlists.iter().map(|(list, _)| (&list.id, list.version)).collect();
    let said: BTreeSet<_> = supposed.campaigns.iter().map(|(id, _)| id).collect();
    let renewed = supposed.reached.campaigns.iter().filter(|campaign| !said.contains(&campaign.id)).filter_map(|campaign| {
        let plays = match &campaign.plays {
            CampaignPlays::Playlist(list) => VersionPlays::Playlist(list.clone(), *versions.get(list)?),
            CampaignPlays::Ticker(asset) => VersionPlays::Ticker(supposed.reached.tickers.get(asset)?.clone()),
        };
        let in_force = after.campaigns.iter().find(|version| version.campaign == campaign.id && version.ended_ms.is_none())?;
        let next =
            CampaignVersion { version: in_force.version + 1, plays, in_force_ms: now.timestamp_millis(), ..in_force.clone() };
        Some((campaign.id.clone(), Some(next)))
    });
    let all: Vec<_> = renewed.chain(supposed.campaigns.iter().cloned()).collect();
    for (id, next) in all {
        for version in after.campaigns.iter_mut().filter(|version| version.campaign == id && version.ended_ms.is_none()) {
            version.ended_ms = Some(now.timestamp_millis());
        }
        after.campaigns.extend(next);
    }
}

/// What is worse on some of these boards; costs some milliseconds a group.
fn found(groups: &[Group], now: DateTime<Utc>) -> Vec<Worse> {
    let mut found: Vec<Worse> = Vec::new();
    for group in groups {
        let hourly = group.manifest.campaigns.iter().filter(|campaign| matches!(campaign.share, Share::PerHour(_)));
        for own in hourly.map(|campaign| &campaign.id).collect::<BTreeSet<_>>() {
            let asked = group.before.demand(own, now).map_or(0, |demand| demand.asked_ms);
            let too_much = group.after.demand(own, now).filter(|demand| demand.is_too_much() && demand.asked_ms > asked);
            let known = group.before.too_long_beside(own, now);
            let is_known = |long: &::playlists::schedule::TooLong| {
                known
                    .iter()
                    .any(|known| (&known.of, &known.beside) == (&long.of, &long.beside) && known.length_ms >= long.length_ms)
            };
            let too_long = group.after.too_long_beside(own, now).into_iter().filter(|long| !is_known(long));
            for what in too_much.map(What::TooMuch).into_iter().chain(too_long.map(What::TooLong)) {
                match found.iter_mut().find(|worse| worse.own == *own && worse.refused.what == what) {
                    Some(worse) => worse.refused.boards += group.boards.len(),
                    None => found.push(Worse { own: own.clone(), refused: Refused { what, boards: group.boards.len() } }),
                }
            }
        }
    }
    found
}

/// The same, but what several campaigns ask for together is told once, of the first of them.
pub(super) fn once(mut worse: Vec<Worse>) -> Vec<Worse> {
    let mut told: Vec<What> = Vec::new();
    worse.retain(|worse| {
        let same = |known: &What| match (known, &worse.refused.what) {
            (What::TooMuch(one), What::TooMuch(other)) => (one.since, &one.by) == (other.since, &other.by),
            (one, other) => one == other,
        };
        let new = !told.iter().any(same);
        if new {
            told.push(worse.refused.what.clone());
        }
        new
    });
    worse
}
