//! What is wrong in a plan whose every value can be read: names that lead nowhere, choices not made, bounds not kept.

mod campaigns;
mod contents;
mod owners;

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Asset, Plan, Playlist, Targets, VERSION};
use super::fault::hint;
use super::values::When;

/// Longest name and other words of one line, in characters.
const LONGEST_NAME: usize = 200;

/// All that is wrong: where, as a path, and what.
pub(super) fn check(plan: &Plan) -> Vec<(String, String)> {
    let names = Names::of(plan);
    let mut faults = Faults::default();
    if plan.bangtin != VERSION {
        faults.add("bangtin", format!("this is no version that is known here; begin the plan with bangtin: {VERSION}"));
    }
    if plan.name.chars().count() > LONGEST_NAME {
        faults.add("name", format!("more than {LONGEST_NAME} characters; shorten it"));
    }
    owners::check(plan, &names, &mut faults);
    contents::check_assets(plan, &names, &mut faults);
    contents::check_playlists(plan, &names, &mut faults);
    campaigns::check(plan, &names, &mut faults);
    faults.0
}

#[derive(Default)]
struct Faults(Vec<(String, String)>);

impl Faults {
    fn add(&mut self, path: impl Into<String>, what: impl Into<String>) {
        self.0.push((path.into(), what.into()));
    }

    fn name(&mut self, path: &str, name: &str) {
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
            self.add(format!("{path}.name"), format!("a name of 1 to {LONGEST_NAME} characters is needed"));
        }
    }

    /// Ids that come twice in a list.
    fn doubles<'a>(&mut self, list: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeMap::new();
        for (number, id) in ids.enumerate() {
            if let Some(first) = seen.insert(id, number) {
                self.add(format!("{list}[{number}].id"), format!("{id} is the id of {list}[{first}] too; give it another"));
            }
        }
    }

    /// A name of something that must be among these.
    fn known(&mut self, path: String, what: &str, id: &str, among: &BTreeSet<&str>) {
        if !among.contains(id) {
            self.add(path, format!("there is no {what} {id} in this plan{}", hint(id, among.iter().copied())));
        }
    }

    fn period(&mut self, path: &str, plan: &Plan, from: Option<When>, until: Option<When>) {
        let ends = from.zip(until).map(|(from, until)| (from.begins(plan.zone()), until.ends(plan.zone())));
        if ends.is_some_and(|(from, until)| until <= from) {
            self.add(format!("{path}.until"), "this is not after from; a date as an end is included");
        }
    }

    fn targets(&mut self, path: &str, plan: &Plan, names: &Names<'_>, targets: &Targets) {
        let path = format!("{path}.targets");
        if targets.all && !(targets.boards.is_empty() && targets.communes.is_empty()) {
            self.add(path, "either all: true, or boards and communes; leave one out");
            return;
        }
        if !targets.all && targets.boards.is_empty() && targets.communes.is_empty() {
            self.add(path, "no board is meant; write all: true, or name boards or communes");
            return;
        }
        if names.boards.is_empty() {
            return; // the server's are meant
        }
        for (number, id) in targets.boards.iter().enumerate() {
            self.known(format!("{path}.boards[{number}]"), "board", id.as_str(), &names.boards);
        }
        let communes: BTreeSet<&str> = plan.boards.iter().map(|board| board.commune.as_str()).collect();
        for (number, code) in targets.communes.iter().enumerate() {
            if !communes.contains(code.as_str()) {
                self.add(format!("{path}.communes[{number}]"), format!("no board of this plan stands in the commune {code}"));
            }
        }
        let mut boards = plan.boards.iter();
        if !boards.any(|board| targets.mean(&board.id, &board.commune, board.geometry)) {
            self.add(path, "no board of this plan is meant; see its shape, boards and communes");
        }
    }
}

/// What a plan names, to be looked up.
struct Names<'a> {
    units: BTreeSet<&'a str>,
    boards: BTreeSet<&'a str>,
    assets: BTreeMap<&'a str, &'a Asset>,
    playlists: BTreeMap<&'a str, &'a Playlist>,
    campaigns: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(plan: &'a Plan) -> Self {
        Self {
            units: plan.units.iter().map(|unit| unit.id.as_str()).collect(),
            boards: plan.boards.iter().map(|board| board.id.as_str()).collect(),
            assets: plan.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect(),
            playlists: plan.playlists.iter().map(|playlist| (playlist.id.as_str(), playlist)).collect(),
            campaigns: plan.campaigns.iter().map(|campaign| campaign.id.as_str()).collect(),
        }
    }
    fn asset_ids(&self) -> BTreeSet<&'a str> {
        self.assets.keys().copied().collect()
    }
    fn playlist_ids(&self) -> BTreeSet<&'a str> {
        self.playlists.keys().copied().collect()
    }
}
