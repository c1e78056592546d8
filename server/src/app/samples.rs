//! What `demo` begins with: the units and boards of a plan, each board with a key of its own, and all that the plan shows on them. Laid
//! down once: what an operator has changed since is never undone by a restart. The province's plan is embedded.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ::playlists::id::{AssetId, BoardId, PlaylistId};
use ::playlists::plan::{self, Document, Fault, Plan};
use ::playlists::wire::messages::Identity;
use rust_embed::RustEmbed;

use super::boards::{AddBoardError, NewBoard};
use super::plans::{self, Files, PlanError, Words, parents_first};
use super::{App, boards};
use crate::media::clips::ClipFault;
use crate::store::units::Unit;
use crate::store::{self, StoreError};

#[derive(RustEmbed)]
#[folder = "../playlists/samples/"]
struct Samples;

/// The province's plan, as it is embedded.
const PLAN: &str = "plan.yaml";

/// Why a plan's units and boards cannot be laid down.
#[derive(Debug, thiserror::Error)]
pub enum SamplesError {
    /// A board is nobody's.
    #[error("the board {0} names no unit, and neither does the plan; write unit")]
    NoUnit(BoardId),
    /// A board cannot be made.
    #[error("the boards of the plan cannot be made")]
    Board(#[source] AddBoardError),
    /// The identities were not taken.
    #[error("the boards' identities cannot be kept")]
    Keep(#[source] std::io::Error),
    /// The database failed.
    #[error("the plan's units and boards cannot be stored")]
    Store(#[source] StoreError),
}

/// The province's plan for its year.
///
/// # Errors
/// What is wrong in it.
pub fn province() -> Result<Document, Vec<Fault>> {
    let file = embedded(PLAN).unwrap_or_default();
    plan::read(&String::from_utf8_lossy(&file))
}

/// Its files.
#[must_use]
pub const fn files() -> Files {
    Files::Within(embedded)
}

fn embedded(path: &str) -> Option<Cow<'static, [u8]>> {
    Samples::get(path).map(|file| file.data)
}

/// Adds the units and boards of a plan that are not there yet: all of them, or none. `keep` is given the identities of the boards that
/// are added, before they are; those that were there keep theirs.
///
/// # Errors
/// When a board is nobody's or cannot be made, its identity cannot be kept, or the database fails.
pub async fn set_up(app: &App, plan: &Plan, keep: impl FnOnce(&[Identity]) -> std::io::Result<()>) -> Result<(), SamplesError> {
    let ids: Vec<BoardId> = plan.boards.iter().map(|board| board.id.clone()).collect();
    let known = store::boards::many(&app.db, &ids).await.map_err(SamplesError::Store)?;
    let known: BTreeSet<BoardId> = known.into_iter().map(|board| board.id).collect();
    let (mut new, mut identities) = (Vec::new(), Vec::new());
    for board in plan.boards.iter().filter(|board| !known.contains(&board.id)) {
        let (board, identity) = boards::draw(app, new_board(plan, board)?).map_err(SamplesError::Board)?;
        new.push(board);
        identities.push(identity);
    }
    keep(&identities).map_err(SamplesError::Keep)?;
    add_units(app, plan).await.map_err(SamplesError::Store)?;
    boards::store_all(app, &new).await.map_err(SamplesError::Store)?;
    app.live.publish.notify_one();
    Ok(())
}

fn new_board(plan: &Plan, board: &plan::Board) -> Result<NewBoard, SamplesError> {
    let unit = board.unit.as_ref().or(plan.unit.as_ref());
    Ok(NewBoard {
        id: board.id.clone(),
        name: board.name.clone(),
        unit: unit.cloned().ok_or_else(|| SamplesError::NoUnit(board.id.clone()))?,
        commune_code: board.commune.clone(),
        place: board.place.map(|place| (place.lat, place.lon)),
        geometry: board.geometry,
        time_zone: board.time_zone.unwrap_or_else(|| plan.zone()),
    })
}

async fn add_units(app: &App, plan: &Plan) -> Result<(), StoreError> {
    let told = plan.units.iter().cloned();
    let told = told.map(|plan::Unit { id, name, tier, parent }| Unit { id, name, tier, parent });
    let mut tx = app.db.write().await?;
    for unit in parents_first(told.collect()) {
        store::units::insert(&mut tx, &unit, app.clock.now_ms()).await?;
    }
    tx.commit().await
}

/// Imports a plan of which nothing is there yet; false where something is, and nothing was changed. A machine that cannot take clips
/// gets the plan without them.
///
/// # Errors
/// As [`plans::import`].
pub async fn lay_down(app: &App, mut document: Document, files: &Files, words: Words) -> Result<bool, PlanError> {
    if is_there(app, &document.plan).await? {
        return Ok(false);
    }
    if document.plan.assets.iter().any(|asset| asset.length.is_some())
        && let Err(fault @ ClipFault::NotInstalled { .. }) = app.ffmpeg.check().await
    {
        tracing::warn!(error = %fault, "the plan is laid down without its clips");
        leave_out_clips(&mut document.plan);
    }
    plans::import(app, &document, files, words).await?;
    Ok(true)
}

/// Whether any asset or playlist of a plan is there: an import adds all of them at once, or none.
async fn is_there(app: &App, plan: &Plan) -> Result<bool, StoreError> {
    let assets: Vec<AssetId> = plan.assets.iter().map(|asset| asset.id.clone()).collect();
    let playlists: Vec<PlaylistId> = plan.playlists.iter().map(|playlist| playlist.id.clone()).collect();
    let known = store::assets::many(&app.db, &assets).await?;
    Ok(!known.is_empty() || !store::playlists::many(&app.db, &playlists).await?.is_empty())
}

/// Takes a plan's clips away, entries that show them, and what would have nothing left to play.
fn leave_out_clips(plan: &mut Plan) {
    plan.assets.retain(|asset| asset.length.is_none());
    let left: BTreeSet<AssetId> = plan.assets.iter().map(|asset| asset.id.clone()).collect();
    for playlist in &mut plan.playlists {
        playlist.entries.retain(|entry| entry.asset.as_ref().is_none_or(|asset| left.contains(asset)));
    }
    // Whoever plays only what has become empty becomes empty with it.
    while let Some(empty) = plan.playlists.iter().position(|playlist| playlist.entries.is_empty()) {
        let gone = Some(plan.playlists.remove(empty).id);
        for playlist in &mut plan.playlists {
            playlist.entries.retain(|entry| entry.playlist != gone);
        }
        plan.campaigns.retain(|campaign| campaign.playlist != gone);
        for board in plan.boards.iter_mut().filter(|board| board.default_playlist == gone) {
            board.default_playlist = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_clips_a_plan_still_holds_and_keeps_all_that_is_not_theirs() {
        let text = r"
bangtin: 1
unit: province
units: [{id: province, name: Tỉnh, tier: province}]
boards:
  - {id: b-0001, name: Một, geometry: 64x32, default_playlist: outer}
  - {id: b-0002, name: Hai, geometry: 64x32, default_playlist: mixed}
assets:
  - {id: clip, name: Phim, files: {und: {file: a.mp4}}, length: 10s}
  - {id: still, name: Ảnh, files: {und: {file: a.png}}}
playlists:
  - {id: clips, name: Phim, entries: [{asset: clip}]}
  - {id: outer, name: Ngoài, entries: [{playlist: clips}]}
  - {id: mixed, name: Cả hai, entries: [{playlist: outer}, {asset: clip}, {asset: still, duration: 8s}]}
campaigns:
  - {id: one, name: Một, playlist: clips, weight: 1, targets: {all: true}}
  - {id: two, name: Hai, playlist: mixed, weight: 1, targets: {all: true}}
";
        let mut plan = plan::read(text).unwrap_or_else(|faults| panic!("{faults:#?}")).plan;
        leave_out_clips(&mut plan);
        let left = plan::read(&plan::write(&plan)).unwrap_or_else(|faults| panic!("{faults:#?}")).plan;
        let ids = |ids: Vec<&str>| ids.join(" ");
        assert_eq!(ids(left.assets.iter().map(|asset| asset.id.as_str()).collect()), "still");
        assert_eq!(ids(left.playlists.iter().map(|list| list.id.as_str()).collect()), "mixed");
        assert_eq!(left.playlists[0].entries.len(), 1);
        assert_eq!(ids(left.campaigns.iter().map(|campaign| campaign.id.as_str()).collect()), "two");
        let defaults: Vec<_> = left.boards.iter().map(|board| board.default_playlist.is_some()).collect();
        assert_eq!(defaults, [false, true]);
    }

    #[test]
    fn the_embedded_plan_holds_and_has_all_its_files() {
        let document = province().unwrap_or_else(|faults| panic!("{faults:#?}"));
        for file in document.plan.assets.iter().flat_map(|asset| asset.files.values()) {
            assert!(embedded(&file.file).is_some(), "{}", file.file);
        }
    }
}
