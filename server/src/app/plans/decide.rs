//! What importing a plan changes: it is held against what this server has, everything that is wrong is told, nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::campaign::{Period, Share};
use ::playlists::id::{BoardId, CampaignId};
use ::playlists::plan::{self, Document, Fault};
use ::playlists::window::Window;
use chrono::{DateTime, Utc};

use super::boards::{self, BoardChange};
use super::contents::{self, Work};
use super::files::Files;
use super::{PAGE, PlanError, fits};
use crate::app::contents::ContentChange;
use crate::app::{App, FieldError, checked_name};
use crate::store::boards::Board;
use crate::store::campaigns::{CampaignPlays, StoredCampaign};
use crate::store::stand_downs::StandDownVersion;
use crate::store::units::Unit;
use crate::store::{self, StoreError};

/// What something in a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A unit.
    Unit,
    /// A board.
    Board,
    /// An asset.
    Asset,
    /// A playlist.
    Playlist,
    /// A campaign.
    Campaign,
    /// A stand-down.
    StandDown,
}

impl What {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Board => "board",
            Self::Asset => "asset",
            Self::Playlist => "playlist",
            Self::Campaign => "campaign",
            Self::StandDown => "stand-down",
        }
    }
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is new.
    Added,
    /// It is there, and becomes another.
    Changed,
    /// It is there, and its time is over by the plan.
    Ended,
    /// It is there as the plan says.
    Unchanged,
}

impl Outcome {
    /// Of something that is there (whether it is the same), or not.
    pub(super) fn of(same: Option<bool>) -> Self {
        match same {
            None => Self::Added,
            Some(false) => Self::Changed,
            Some(true) => Self::Unchanged,
        }
    }
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One line of what an import does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub what: What,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// On how many boards the loop jumps at the change, since it plays there now or the day is listed anew.
    pub jumps: usize,
}

impl Change {
    pub(super) fn new(what: What, id: &str, name: &str, outcome: Outcome) -> Self {
        Self { what, id: id.to_owned(), name: name.to_owned(), outcome, jumps: 0 }
    }
}

/// How the fault of a form is said to the plan's author.
pub type Words = fn(&FieldError) -> String;

/// What is found on the way.
pub(super) struct Told {
    pub(super) faults: Vec<Fault>,
    pub(super) changes: Vec<Change>,
    words: Words,
}

impl Told {
    /// A name as it is kept.
    pub(super) fn name(&self, name: &str) -> String {
        // The plan's own check has seen to its length.
        checked_name(name, &mut Vec::new())
    }
    /// Faults of a form, by the names of its fields.
    pub(super) fn fields(&mut self, document: &Document, path: &str, errors: &[FieldError]) {
        for error in errors {
            let path = if error.field.is_empty() { path.to_owned() } else { format!("{path}.{}", error.field) };
            self.faults.push(document.fault(&path, (self.words)(error)));
        }
    }
}

/// Everything that an import changes, ready to be carried out.
#[derive(Debug)]
pub struct Decision {
    /// What becomes of everything in the plan, in its order.
    pub changes: Vec<Change>,
    pub(super) revision: i64,
    pub(super) now: DateTime<Utc>,
    pub(super) units: Vec<Unit>,
    pub(super) contents: ContentChange,
    pub(super) campaigns: Vec<(StoredCampaign, Option<StoredCampaign>)>,
    pub(super) stand_downs: Vec<StandDownVersion>,
    pub(super) boards: Vec<BoardChange>,
}

impl Decision {
    /// Whether anything is to be done.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.changes.iter().any(|change| change.outcome != Outcome::Unchanged)
    }
}

pub(super) async fn decide(app: &App, document: &Document, files: &Files, words: Words) -> Result<Decision, PlanError> {
    let revision = crate::app::contents::revision(app).await?;
    let now = app.clock.now();
    let mut work = Work { app, document, files, told: Told { faults: Vec::new(), changes: Vec::new(), words } };
    refuse_overrules(&mut work);
    let units = units(&mut work).await?;
    let on_server = boards::on_server(app).await?;
    let (assets, mut change) = contents::assets(&mut work).await?;
    change.playlists = contents::playlists(&mut work, &assets).await?;
    let campaigns = campaigns(&mut work, &on_server, now).await?;
    let stand_downs = stand_downs(&mut work, now).await?;
    let boards = boards::decide(&mut work, &on_server).await?;
    let Told { mut faults, changes, .. } = work.told;
    if !faults.is_empty() {
        faults.sort();
        return Err(PlanError::Faults(faults));
    }
    let decision = Decision { changes, revision, now, units, contents: change, campaigns, stand_downs, boards };
    let faults = fits::faults(app, document, &decision, &on_server, words).await?;
    if faults.is_empty() { Ok(decision) } else { Err(PlanError::Faults(faults)) }
}

/// What overrules campaigns comes from people at that moment, not from a plan.
fn refuse_overrules(work: &mut Work<'_>) {
    let plan = &work.document.plan;
    let named = [
        ("recalled", plan.recalled != plan::Recalled::default()),
        ("blackouts", !plan.blackouts.is_empty()),
        ("notices", !plan.notices.is_empty()),
    ];
    for (field, _) in named.into_iter().filter(|(_, there)| *there) {
        let what = format!("{field} are for timelines; an import takes none: leave them out");
        work.told.faults.push(work.document.fault(field, what));
    }
}

/// Units that are not there yet, those above first.
async fn units(work: &mut Work<'_>) -> Result<Vec<Unit>, StoreError> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut added: Vec<Unit> = Vec::new();
    let plan = &work.document.plan;
    for (number, unit) in plan.units.iter().enumerate() {
        let Some(old) = store::units::get(&work.app.db, &unit.id).await? else {
            let name = work.told.name(&unit.name);
            work.told.changes.push(Change::new(What::Unit, unit.id.as_str(), &name, Outcome::Added));
            added.push(Unit { id: unit.id.clone(), name, tier: unit.tier, parent: unit.parent.clone() });
            continue;
        };
        if (old.tier, &old.parent) != (unit.tier, &unit.parent) || old.name != work.told.name(&unit.name) {
            let what = format!(
                "the unit {} is {:?} ({}) on this server; units that are there stay as they are: write it so",
                old.id,
                old.name,
                old.tier.as_str()
            );
            work.told.faults.push(work.document.fault(&format!("units[{number}]"), what));
        }
        known.insert(old.id.to_string());
        work.told.changes.push(Change::new(What::Unit, old.id.as_str(), &old.name, Outcome::Unchanged));
    }
    let ordered = parents_first(added);
    check_owners(work, &known, &ordered).await?;
    Ok(ordered)
}

/// Units in an order in which each comes after the one above it, if that is among them.
pub(in crate::app) fn parents_first(mut units: Vec<Unit>) -> Vec<Unit> {
    let mut ordered = Vec::with_capacity(units.len());
    while let Some(next) =
        units.iter().position(|unit| unit.parent.as_ref().is_none_or(|parent| !units.iter().any(|other| other.id == *parent)))
    {
        ordered.push(units.remove(next));
    }
    ordered
}

/// Where the plan has no units of its own, those that it names must be there.
async fn check_owners(work: &mut Work<'_>, known: &BTreeSet<String>, added: &[Unit]) -> Result<(), StoreError> {
    let plan = &work.document.plan;
    let named = |list: &str, units: Vec<Option<&::playlists::id::UnitId>>| -> Vec<(String, ::playlists::id::UnitId)> {
        let of =
            |(number, unit): (usize, Option<&::playlists::id::UnitId>)| Some((format!("{list}[{number}].unit"), unit?.clone()));
        units.into_iter().enumerate().filter_map(of).collect()
    };
    let mut all: Vec<_> = plan.unit.iter().map(|unit| ("unit".to_owned(), unit.clone())).collect();
    all.extend(named("assets", plan.assets.iter().map(|asset| asset.unit.as_ref()).collect()));
    all.extend(named("playlists", plan.playlists.iter().map(|playlist| playlist.unit.as_ref()).collect()));
    all.extend(named("campaigns", plan.campaigns.iter().map(|campaign| campaign.unit.as_ref()).collect()));
    let mut looked_up: BTreeMap<String, bool> = BTreeMap::new();
    for (path, unit) in all {
        if known.contains(unit.as_str()) || added.iter().any(|other| other.id == unit) {
            continue;
        }
        let there = match looked_up.get(unit.as_str()) {
            Some(there) => *there,
            None => store::units::get(&work.app.db, &unit).await?.is_some(),
        };
        looked_up.insert(unit.to_string(), there);
        if !there {
            let what = format!("there is no unit {unit} on this server; add it to units, or by bangtin unit add");
            work.told.faults.push(work.document.fault(&path, what));
        }
    }
    Ok(())
}

/// Campaigns that become others, each with what it was.
async fn campaigns(
    work: &mut Work<'_>,
    on_server: &BTreeMap<BoardId, Board>,
    now: DateTime<Utc>,
) -> Result<Vec<(StoredCampaign, Option<StoredCampaign>)>, PlanError> {
    let known = all_campaigns(work.app).await?;
    let mut changed = Vec::new();
    for (number, written) in work.document.plan.campaigns.iter().enumerate() {
        let path = format!("campaigns[{number}]");
        let old = known.get(&written.id);
        let Some(next) = campaign(work, written, old, on_server, now, &path) else { continue };
        if let Some(old) = old.filter(|old| old.unit != next.unit) {
            let what = format!("{} is of the unit {} on this server, and stays there; write that unit", old.id, old.unit);
            work.told.faults.push(work.document.fault(&path, what));
            continue;
        }
        let same = old.map(|old| StoredCampaign { changed_ms: next.changed_ms, ..old.clone() } == next);
        let running = old.is_some_and(|old| old.approved && !old.paused && !old.is_over(now) && old.period.contains(now));
        let outcome = match Outcome::of(same) {
            Outcome::Changed if running && next.is_over(now) => Outcome::Ended,
            outcome => outcome,
        };
        let jumps = if outcome == Outcome::Unchanged || !running {
            0
        } else {
            let aimed = |board: &&BoardId| {
                [Some(&next), old].into_iter().flatten().any(|campaign| campaign.all_boards || campaign.boards.contains(*board))
            };
            on_server.keys().filter(aimed).count()
        };
        let change = Change::new(What::Campaign, next.id.as_str(), &next.name, outcome);
        work.told.changes.push(Change { jumps, ..change });
        if outcome != Outcome::Unchanged {
            changed.push((next, old.cloned()));
        }
    }
    Ok(changed)
}

async fn all_campaigns(app: &App) -> Result<BTreeMap<CampaignId, StoredCampaign>, StoreError> {
    let mut all: BTreeMap<CampaignId, StoredCampaign> = BTreeMap::new();
    let mut last = None;
    loop {
        let page = store::campaigns::list(&app.db, "", last.as_ref(), PAGE).await?;
        let Some(end) = page.last() else { return Ok(all) };
        last = Some(end.id.clone());
        all.extend(page.into_iter().map(|campaign| (campaign.id.clone(), campaign)));
    }
}

fn campaign(
    work: &mut Work<'_>,
    written: &plan::Campaign,
    old: Option<&StoredCampaign>,
    on_server: &BTreeMap<BoardId, Board>,
    now: DateTime<Utc>,
    path: &str,
) -> Option<StoredCampaign> {
    let zone = work.document.plan.zone();
    let targets = &written.targets;
    let all_boards = targets.all && targets.shape.is_none();
    let meant = on_server.values().filter(|board| targets.mean(&board.id, &board.commune_code, board.geometry));
    let boards: Vec<BoardId> = if all_boards { Vec::new() } else { meant.map(|board| board.id.clone()).collect() };
    for (number, id) in targets.boards.iter().enumerate().filter(|(_, id)| !on_server.contains_key(*id)) {
        work.told.faults.push(work.document.fault(&format!("{path}.targets.boards[{number}]"), boards::missing(id)));
    }
    if !all_boards && boards.is_empty() {
        work.told.faults.push(work.document.fault(&format!("{path}.targets"), "no board of this server is meant".to_owned()));
    }
    Some(StoredCampaign {
        id: written.id.clone(),
        unit: work.unit(written.unit.as_ref()),
        name: work.told.name(&written.name),
        plays: match (&written.playlist, &written.ticker) {
            (Some(playlist), None) => CampaignPlays::Playlist(playlist.clone()),
            (None, Some(ticker)) => CampaignPlays::Ticker(ticker.clone()),
            // The plan's own check has said so.
            (Some(_), Some(_)) | (None, None) => return None,
        },
        level: written.level,
        share: written
            .per_hour
            .map_or(Share::Weight(written.weight.unwrap_or(::playlists::campaign::Weight::ONE)), Share::PerHour),
        theme: written.theme.clone(),
        period: Period { from: written.from.map(|from| from.begins(zone)), until: written.until.map(|until| until.ends(zone)) },
        windows: written.windows.iter().filter_map(|window| Window::try_from(window).ok()).collect(),
        all_boards,
        boards,
        approved: written.approved,
        paused: written.paused,
        version: old.map_or(0, |old| old.version),
        changed_ms: now.timestamp_millis(),
    })
}

/// Stand-downs that become others.
async fn stand_downs(work: &mut Work<'_>, now: DateTime<Utc>) -> Result<Vec<StandDownVersion>, StoreError> {
    let zone = work.document.plan.zone();
    let mut changed = Vec::new();
    for (number, written) in work.document.plan.stand_downs.iter().enumerate() {
        let Ok(id) = written.id.parse() else {
            let what = format!("{} is no id", written.id);
            work.told.faults.push(work.document.fault(&format!("stand_downs[{number}].id"), what));
            continue;
        };
        let old = store::stand_downs::newest(&work.app.db, &id).await?;
        let next = StandDownVersion {
            id,
            version: old.as_ref().map_or(1, |old| old.version + 1),
            name: work.told.name(&written.name),
            themes: written.themes.clone(),
            from_ms: written.from.begins(zone).timestamp_millis(),
            until_ms: written.until.map(|until| until.ends(zone).timestamp_millis()),
            in_force_ms: now.timestamp_millis(),
            ended_ms: None,
        };
        let same = |old: &StandDownVersion| {
            let part = |of: &StandDownVersion| (of.name.clone(), of.themes.clone(), of.from_ms, of.until_ms, of.ended_ms);
            part(old) == part(&next)
        };
        let outcome = Outcome::of(old.as_ref().map(same));
        work.told.changes.push(Change::new(What::StandDown, next.id.as_str(), &next.name, outcome));
        if outcome != Outcome::Unchanged {
            changed.push(next);
        }
    }
    Ok(changed)
}
