//! Units and boards.

use std::collections::BTreeSet;

use super::{Faults, Names};
use crate::hours::{MOST_EXCEPTIONS, MOST_INTERVALS};
use crate::id::UnitId;
use crate::plan::document::{Board, Hours, Plan};

/// Largest weight of a lane, a language or a rank.
const LARGEST: u32 = 1_000;
/// Most lines of weekly hours: each weekday twice.
const MOST_WEEKLY: usize = 14;

pub(super) fn check(plan: &Plan, names: &Names<'_>, faults: &mut Faults) {
    if let Some(unit) = plan.unit.as_ref().filter(|_| !names.units.is_empty()) {
        faults.known("unit".to_owned(), "unit", unit.as_str(), &names.units);
    }
    faults.doubles("units", plan.units.iter().map(|unit| unit.id.as_str()));
    for (number, unit) in plan.units.iter().enumerate() {
        let path = format!("units[{number}]");
        faults.name(&path, &unit.name);
        if let Some(parent) = &unit.parent {
            faults.known(format!("{path}.parent"), "unit", parent.as_str(), &names.units);
            if lies_below_itself(plan, &unit.id) {
                faults.add(format!("{path}.parent"), format!("{} lies above itself; units are a tree", unit.id));
            }
        }
    }
    faults.doubles("boards", plan.boards.iter().map(|board| board.id.as_str()));
    for (number, board) in plan.boards.iter().enumerate() {
        check_board(plan, board, &format!("boards[{number}]"), names, faults);
    }
}

fn lies_below_itself(plan: &Plan, id: &UnitId) -> bool {
    let above = |id: &UnitId| plan.units.iter().find(|unit| unit.id == *id).and_then(|unit| unit.parent.as_ref());
    let mut seen = BTreeSet::new();
    let mut at = above(id);
    while let Some(unit) = at.filter(|unit| seen.insert(*unit)) {
        if unit == id {
            return true;
        }
        at = above(unit);
    }
    false
}

/// Who owns something: it names a unit, or the plan does.
pub(super) fn check_owner(plan: &Plan, unit: Option<&UnitId>, path: &str, names: &Names<'_>, faults: &mut Faults) {
    match (unit, &plan.unit) {
        (None, None) => faults.add(path, "unit is missing; add it here, or once at the plan's head for all"),
        (Some(unit), _) if !names.units.is_empty() => faults.known(format!("{path}.unit"), "unit", unit.as_str(), &names.units),
        (Some(_), _) | (None, Some(_)) => {}
    }
}

fn check_board(plan: &Plan, board: &Board, path: &str, names: &Names<'_>, faults: &mut Faults) {
    faults.name(path, &board.name);
    check_owner(plan, board.unit.as_ref(), path, names, faults);
    if !board.commune.is_empty() && !is_code(&board.commune) {
        faults.add(format!("{path}.commune"), format!("{:?} is no code of a commune; write its five digits", board.commune));
    }
    if board.brightness > 100 {
        faults.add(format!("{path}.brightness"), format!("{} is above 100 per cent", board.brightness));
    }
    let within = |degrees: f64, most: f64| (-most..=most).contains(&degrees);
    if board.place.is_some_and(|place| !within(place.lat, 90.0) || !within(place.lon, 180.0)) {
        faults.add(format!("{path}.place"), "latitude goes from -90 to 90, longitude from -180 to 180");
    }
    let lanes = [board.lanes.province, board.lanes.commune];
    if lanes.iter().any(|weight| *weight > LARGEST) || lanes.iter().all(|weight| *weight == 0) {
        faults.add(format!("{path}.lanes"), format!("weights are 0 to {LARGEST} and not both 0"));
    }
    for (language, weight) in board.languages.iter().filter(|(_, weight)| !(1..=LARGEST).contains(*weight)) {
        faults.add(format!("{path}.languages.{language}"), format!("{weight} is outside 1 to {LARGEST}"));
    }
    for (campaign, rank) in &board.ranks {
        let path = format!("{path}.ranks.{campaign}");
        faults.known(path.clone(), "campaign", campaign.as_str(), &names.campaigns);
        if !(1..=LARGEST).contains(rank) {
            faults.add(path, format!("{rank} is outside 1 to {LARGEST}"));
        }
    }
    if let Some(playlist) = &board.default_playlist {
        faults.known(format!("{path}.default_playlist"), "playlist", playlist.as_str(), &names.playlist_ids());
    }
    check_overlays(board, path, names, faults);
    if let Some(hours) = &board.hours {
        check_hours(hours, &format!("{path}.hours"), faults);
    }
}

fn check_overlays(board: &Board, path: &str, names: &Names<'_>, faults: &mut Faults) {
    let mut taken = BTreeSet::new();
    for (number, overlay) in board.overlays.iter().enumerate() {
        let path = format!("{path}.overlays[{number}]");
        if !taken.insert(overlay.corner) {
            faults.add(format!("{path}.corner"), format!("{} is taken; one overlay in each corner", overlay.corner));
        }
        match (overlay.clock, &overlay.picture) {
            (Some(_), None) => {}
            (None, Some(picture)) => {
                faults.known(format!("{path}.picture"), "asset", picture.as_str(), &names.asset_ids());
                let known = names.assets.get(picture.as_str());
                if known.is_some_and(|asset| asset.files.is_empty() || asset.length.is_some()) {
                    faults
                        .add(format!("{path}.picture"), format!("{picture} is no still; take an asset with files and no length"));
                }
            }
            (None, None) => faults.add(path, "an overlay shows a clock or a picture; name one, such as clock: time"),
            (Some(_), Some(_)) => {
                faults.add(path, "an overlay shows either a clock or a picture; make two of it, in two corners")
            }
        }
    }
}

pub(super) fn is_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_hours(hours: &Hours, path: &str, faults: &mut Faults) {
    if hours.weekly.len() > MOST_WEEKLY {
        faults.add(format!("{path}.weekly"), format!("more than {MOST_WEEKLY} lines; put days with the same intervals together"));
    }
    if hours.exceptions.len() > MOST_EXCEPTIONS {
        faults.add(format!("{path}.exceptions"), format!("more than {MOST_EXCEPTIONS}; leave past ones out"));
    }
    let weekly = hours.weekly.iter().map(|line| &line.intervals).enumerate().map(|(n, of)| (format!("{path}.weekly[{n}]"), of));
    let dated = hours.exceptions.iter().map(|line| &line.intervals).enumerate();
    for (path, intervals) in weekly.chain(dated.map(|(n, of)| (format!("{path}.exceptions[{n}]"), of))) {
        if intervals.len() > MOST_INTERVALS {
            faults.add(path, format!("more than {MOST_INTERVALS} intervals in a day"));
        }
    }
    for (number, line) in hours.weekly.iter().enumerate().filter(|(_, line)| line.days.is_empty()) {
        let days = "no day is named; write some of Mon to Sun, or leave the line out";
        faults.add(format!("{path}.weekly[{number}].days"), if line.intervals.is_empty() { "an empty line" } else { days });
    }
}
