//! What boards would show if a campaign were changed now, beside what they show by the rules in force. Nothing is saved or signed.
//!
//! Boards with the same rules share one schedule: only zone, hours, default playlist, the campaigns aimed at them and pictures that
//! cannot be made for their pixels tell boards apart here; where running text crosses them, their size too.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::AssetKind;
use ::playlists::geometry::Geometry;
use ::playlists::id::{BoardId, CampaignId, Digest, KeyEpoch, Revision};
use ::playlists::local::broadcast_day;
use ::playlists::schedule::Schedule;
use ::playlists::trust::manifest::Manifest;
use chrono::{DateTime, Utc};

use super::compose::{Head, compose};
use super::defaults::Versioned;
use super::shown::{Ready, Sources};
use super::{App, join, safe_item, sources};
use crate::store::boards::Board;
use crate::store::campaign_versions::{CampaignVersion, VersionPlays};
use crate::store::renditions::Key;
use crate::store::{StoreError, boards, playlists};

/// Most boards that are looked at.
pub const MOST_BOARDS: u32 = 10_000;

/// A change of one campaign that is only supposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supposed {
    /// The campaign; its version in force ends now.
    pub campaign: CampaignId,
    /// The version that would begin now; none where it would only end.
    pub next: Option<CampaignVersion>,
    /// The now of this question: the old version ends exactly where the next begins.
    pub now: DateTime<Utc>,
}

/// Boards with the same rules, before and after the change.
#[derive(Debug, Clone)]
pub struct Group {
    /// The boards, in the order of their ids.
    pub boards: Vec<BoardId>,
    /// What they show as things are.
    pub before: Schedule,
    /// What they would show.
    pub after: Schedule,
    /// The rules of the latter, as a manifest would carry them: stand-ins for pictures, one for each version (and day) of an asset.
    pub manifest: Manifest,
}

/// The pictures of what the campaign plays for boards of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The boards' size.
    pub geometry: Geometry,
    /// How many boards of this size the campaign is aimed at.
    pub boards: usize,
    /// Bytes of the pictures that are made: what a board fetches that has none of them.
    pub bytes: u64,
    /// Pictures that are still to be made.
    pub unmade: usize,
    /// Pictures that cannot be made.
    pub failed: usize,
}

/// What would become of a change.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The boards, those with the same rules together, in the order of their first ids.
    pub groups: Vec<Group>,
    /// By size.
    pub pictures: Vec<Pictures>,
}

/// What would become of the boards at which the campaign is aimed, before or after the change. Groups come in the order of
/// their first boards.
///
/// # Errors
/// When the database fails, or holds what makes no schedule.
pub async fn suppose(app: &App, supposed: &Supposed) -> Result<Preview, StoreError> {
    let now = supposed.now;
    let mut before = sources::load(app, now).await?;
    if let Some(next) = &supposed.next {
        match &next.plays {
            VersionPlays::Playlist(list, version) => add_playlist(app, &mut before, (list.clone(), *version)).await?,
            VersionPlays::Ticker(ticker) => sources::add_ticker(app, &mut before, ticker).await?,
        }
    }
    let mut after = before.clone();
    apply(&mut after, supposed, now);
    let boards = boards::list_by_id(&app.db, None, MOST_BOARDS).await?;
    let concerns = |version: &CampaignVersion, board: &Board| version.campaign == supposed.campaign && version.aims_at(&board.id);
    let in_force = |version: &&CampaignVersion| version.ended_ms.is_none();
    let aimed =
        |board: &Board| before.campaigns.iter().filter(in_force).chain(&supposed.next).any(|version| concerns(version, board));
    let boards: Vec<Board> = boards.into_iter().filter(aimed).collect();
    sources::load_renditions(app, &boards, &mut after, now).await?;
    before.renditions.clone_from(&after.renditions);
    before.pending.clone_from(&after.pending);
    before.lapsed.clone_from(&after.lapsed);
    // Composing and reading schedules takes a moment, and must not hold up others.
    let next = supposed.next.clone();
    let work = tokio::task::spawn_blocking(move || {
        let pictures = next.map(|next| pictures(&boards, &after, &next, now)).unwrap_or_default();
        Ok(Preview { groups: groups(boards.iter().map(|board| (board, board)), &before, &after, now)?, pictures })
    });
    let done = work.await.map_err(|error| error.to_string()).and_then(|preview: Result<_, String>| preview);
    done.map_err(|reason| StoreError::Unreadable { what: "campaign, which makes no schedule", reason })
}

/// What a board would show if it were set up like this, and the rules of it; nothing is saved or signed.
///
/// # Errors
/// When the database fails, or holds what makes no schedule.
pub(super) async fn of_board(app: &App, board: Board, now: DateTime<Utc>) -> Result<(Schedule, Manifest), StoreError> {
    let mut sources = sources::load(app, now).await?;
    if let Some(default) = &board.default_playlist
        && let Some(default) = playlists::get(&app.db, default).await?
    {
        add_playlist(app, &mut sources, (default.id, default.version)).await?;
    }
    sources::load_renditions(app, std::slice::from_ref(&board), &mut sources, now).await?;
    let work = tokio::task::spawn_blocking(move || schedule(&board, &sources, now)).await;
    let done = work.map_err(|error| error.to_string()).and_then(|schedule| schedule);
    done.map_err(|reason| StoreError::Unreadable { what: "board, which makes no schedule", reason })
}

/// Adds a version of a playlist that is not in use, with all that it shows.
pub(super) async fn add_playlist(app: &App, sources: &mut Sources, wanted: Versioned) -> Result<(), StoreError> {
    if sources.playlists.contains_key(&wanted) {
        return Ok(());
    }
    sources::add(app, sources, playlists::versions(&app.db, &[wanted]).await?).await
}

fn pictures(boards: &[Board], sources: &Sources, next: &CampaignVersion, now: DateTime<Utc>) -> Vec<Pictures> {
    let mut sizes: BTreeMap<(u32, u32), (&Board, usize)> = BTreeMap::new();
    for board in boards.iter().filter(|board| next.aims_at(&board.id)) {
        let size = (board.geometry.width(), board.geometry.height());
        sizes.entry(size).or_insert((board, 0)).1 += 1;
    }
    let of = |(board, boards): (&Board, usize)| {
        let mut pictures = Pictures { geometry: board.geometry, boards, bytes: 0, unmade: 0, failed: 0 };
        for key in sources.keys_played(&next.plays, board, broadcast_day(now, board.time_zone)) {
            match sources.renditions.get(&key) {
                Some(ready) => pictures.bytes += ready.size,
                None if sources.pending.contains(&key) => pictures.unmade += 1,
                None => pictures.failed += 1,
            }
        }
        pictures
    };
    sizes.into_values().map(of).collect()
}

fn apply(sources: &mut Sources, supposed: &Supposed, now: DateTime<Utc>) {
    let in_force = sources.campaigns.iter_mut().filter(|version| version.campaign == supposed.campaign);
    for version in in_force.filter(|version| version.ended_ms.is_none()) {
        version.ended_ms = Some(now.timestamp_millis());
    }
    sources.campaigns.extend(supposed.next.clone());
}

/// Boards, each as it is and as it would be, those with the same rules together.
pub(super) fn groups<'a>(
    boards: impl Iterator<Item = (&'a Board, &'a Board)>,
    before: &Sources,
    after: &Sources,
    now: DateTime<Utc>,
) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = BTreeMap::new();
    for (board, next) in boards {
        let rules = (rules(board, before, now), rules(next, after, now));
        if let Some(group) = known.get(&rules).and_then(|number: &usize| groups.get_mut(*number)) {
            group.boards.push(board.id.clone());
            continue;
        }
        known.insert(rules, groups.len());
        let (before, _) = schedule(board, before, now)?;
        let (after, manifest) = schedule(next, after, now)?;
        groups.push(Group { boards: vec![board.id.clone()], before, after, manifest });
    }
    Ok(groups)
}

/// Everything that tells one board's schedule from another's.
fn rules(board: &Board, sources: &Sources, now: DateTime<Utc>) -> impl Ord + use<> {
    let aimed = |(number, version): (usize, &CampaignVersion)| version.aims_at(&board.id).then_some(number);
    let campaigns: Vec<usize> = sources.campaigns.iter().enumerate().filter_map(aimed).collect();
    let defaults: Vec<_> = sources.former_defaults.get(&board.id).into_iter().flatten().collect();
    let defaults = defaults.iter().map(|ended| (ended.ended_ms, ended.playlist.clone())).collect::<Vec<_>>();
    let unmade: BTreeSet<_> =
        sources.needs(board, now).into_iter().filter(|key| !can_be(sources, key)).map(|key| (key.of, key.variant)).collect();
    let hours = sources.hours_of(board, now).and_then(|hours| serde_json::to_string(&hours).ok());
    // A strip is as wide as its height makes it, and crosses the width of the board.
    let runs = sources.campaigns.iter().any(|version| version.plays.ticker().is_some() && version.aims_at(&board.id));
    let size = runs.then(|| (board.geometry.width(), board.geometry.height()));
    (size, board.time_zone.name(), hours, board.default_playlist.clone(), defaults, campaigns, unmade, board.rules.clone())
}

/// Whether a rendition is made, or being made.
fn can_be(sources: &Sources, key: &Key) -> bool {
    sources.renditions.contains_key(key) || sources.pending.contains(key)
}

/// The schedule of a board, as if all renditions that can be made were made.
fn schedule(board: &Board, sources: &Sources, now: DateTime<Utc>) -> Result<(Schedule, Manifest), String> {
    let stand_in = |key: Key| {
        let Key { of, variant, .. } = &key;
        let name = format!("{}|{}|{}|{variant}", of.asset, of.language, of.version);
        // A strip that is not made yet counts as wide as the board.
        let made = sources.renditions.get(&key).and_then(|ready| ready.strip_width);
        let is_strip = sources.versions.get(of).is_some_and(|shown| shown.kind == AssetKind::Ticker);
        let strip_width = made.or_else(|| is_strip.then(|| board.geometry.width()));
        let ready = Ready { sha256: Digest::of(name.as_bytes()), size: 0, strip_width };
        (key, ready)
    };
    let made = sources.needs(board, now).into_iter().filter(|key| can_be(sources, key)).map(stand_in).collect();
    let sources = Sources { renditions: made, pending: BTreeSet::new(), ..sources.clone() };
    let sources = join::without_what_lapsed(&sources, board, now).unwrap_or(sources);
    let (_, safe) = stand_in(safe_item::of(board.geometry));
    let head = Head { key_epoch: KeyEpoch(0), rev: Revision(0), issued: now };
    let manifest = compose(board, &sources, (&safe_item::of(board.geometry).of.asset, safe), head);
    let schedule = Schedule::new(&manifest).map_err(|error| error.to_string())?;
    Ok((schedule, manifest))
}
