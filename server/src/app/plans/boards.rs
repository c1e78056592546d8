//! A plan's boards: set up where they are, told where they are not.

use std::collections::BTreeMap;

use ::playlists::id::BoardId;
use ::playlists::plan;

use super::contents::Work;
use super::decide::{Change, Outcome, What};
use super::{PAGE, PlanError, export};
use crate::app::App;
use crate::app::campaign_draft::OPERATORS_ZONE;
use crate::store::boards::{Board, LoopRules, Settings};
use crate::store::{self, StoreError};

/// A board whose settings become others.
#[derive(Debug)]
pub(super) struct BoardChange {
    pub(super) old: Board,
    pub(super) new: Settings,
}

/// Every board of this server.
pub(super) async fn on_server(app: &App) -> Result<BTreeMap<BoardId, Board>, StoreError> {
    let mut all: BTreeMap<BoardId, Board> = BTreeMap::new();
    loop {
        let last = all.keys().next_back().cloned();
        let page = store::boards::list_by_id(&app.db, last.as_ref(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(|board| (board.id.clone(), board)));
    }
}

/// What is to be done about a board that is not there.
pub(super) fn missing(id: &BoardId) -> String {
    format!("there is no board {id} on this server; add it by bangtin board add, which makes its key")
}

/// Boards whose settings become others; what belongs to their keys and places must be as the plan says.
pub(super) async fn decide(work: &mut Work<'_>, on_server: &BTreeMap<BoardId, Board>) -> Result<Vec<BoardChange>, PlanError> {
    let plan = &work.document.plan;
    let mut changed = Vec::new();
    for (number, written) in plan.boards.iter().enumerate() {
        let path = format!("boards[{number}]");
        let Some(old) = on_server.get(&written.id) else {
            work.told.faults.push(work.document.fault(&path, missing(&written.id)));
            continue;
        };
        let told = export::board(old.clone());
        let zone = |board: &plan::Board, or| board.time_zone.unwrap_or(or);
        let unit = Some(work.unit(written.unit.as_ref()));
        let stays = [
            ("geometry", told.geometry != written.geometry, told.geometry.to_string()),
            ("unit", told.unit != unit, old.unit.to_string()),
            ("commune", told.commune != written.commune && !written.commune.is_empty(), old.commune_code.clone()),
            ("time_zone", zone(&told, OPERATORS_ZONE) != zone(written, plan.zone()), old.time_zone.name().to_owned()),
        ];
        for (field, differs, is) in stays {
            if differs {
                let what = format!("the board {} has {field} {is} on this server, and keeps it; write that", old.id);
                work.told.faults.push(work.document.fault(&format!("{path}.{field}"), what));
            }
        }
        let rules = LoopRules { lanes: written.lanes.into(), languages: written.languages.clone(), ranks: written.ranks.clone() };
        let mut overlays: Vec<_> = written.overlays.iter().filter_map(plan::Overlay::shown).collect();
        overlays.sort();
        let new = Settings {
            name: work.told.name(&written.name),
            hours: written.hours.clone().map(Into::into),
            brightness: written.brightness,
            default_playlist: written.default_playlist.clone(),
            overlays,
            rules,
        };
        let before = Settings {
            name: old.name.clone(),
            hours: old.hours.clone(),
            brightness: old.brightness,
            default_playlist: old.default_playlist.clone(),
            overlays: old.overlays.clone(),
            rules: old.rules.clone(),
        };
        let outcome = Outcome::of(Some(before == new));
        let jumps = usize::from(
            (&before.hours, &before.default_playlist, &before.rules) != (&new.hours, &new.default_playlist, &new.rules),
        );
        let change = Change::new(What::Board, old.id.as_str(), &new.name, outcome);
        work.told.changes.push(Change { jumps, ..change });
        if outcome != Outcome::Unchanged {
            changed.push(BoardChange { old: old.clone(), new });
        }
    }
    Ok(changed)
}
