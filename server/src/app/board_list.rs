//! Boards from a table (CSV): every fault is told with its line, and either all boards are added or none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono_tz::Tz;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, UnitId};
use playlists::wire::messages::Identity;
use serde::Deserialize;

use super::boards::{AddBoardError, NewBoard, draw, store_all};
use super::campaign_draft::OPERATORS_ZONE;
use super::{App, checked_name};
use crate::store::boards::Board;
use crate::store::{StoreError, boards, units};

/// The columns that a table must have; `lat`, `lon` and `time_zone` may be there as well.
pub const COLUMNS: [&str; 5] = ["id", "name", "unit", "commune", "geometry"];
/// Most boards of one table.
pub const MOST_ROWS: usize = 10_000;

/// Something wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line; 1 is the header.
    pub line: u64,
    /// What is wrong, as a sentence without a full stop.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Why no board was added.
#[derive(Debug, thiserror::Error)]
pub enum AddAllError {
    /// The table is wrong.
    #[error("{} of its lines are wrong", .0.iter().map(|fault| fault.line).collect::<BTreeSet<_>>().len())]
    Table(Vec<Fault>),
    /// A board cannot be made.
    #[error("a board cannot be made")]
    Board(#[source] AddBoardError),
    /// The identities were not taken.
    #[error("the identities cannot be kept")]
    Keep(#[source] std::io::Error),
    /// The database failed.
    #[error("the boards cannot be stored")]
    Store(#[source] StoreError),
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    unit: String,
    commune: String,
    geometry: String,
    #[serde(default)]
    lat: String,
    #[serde(default)]
    lon: String,
    #[serde(default)]
    time_zone: String,
}

/// Reads a table: boards with their lines. Pure.
///
/// # Errors
/// With every fault, in the order of the lines.
pub fn read(text: &[u8]) -> Result<Vec<(u64, NewBoard)>, Vec<Fault>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Err(vec![Fault { line: 1, reason: error.to_string() }]),
    };
    let missing: Vec<_> = COLUMNS.iter().filter(|column| !header.iter().any(|name| name == **column)).copied().collect();
    if !missing.is_empty() {
        let reason = format!("the column {} is missing; the first line names {}", missing.join(", "), COLUMNS.join(","));
        return Err(vec![Fault { line: 1, reason }]);
    }
    let (mut found, mut faults, mut lines) = (Vec::new(), Vec::new(), BTreeMap::<BoardId, u64>::new());
    for record in reader.records() {
        let (line, row) = match record {
            Ok(record) => (record.position().map_or(0, csv::Position::line), record.deserialize::<Row>(Some(&header))),
            Err(error) => (error.position().map_or(0, csv::Position::line), Err(error)),
        };
        let mut reasons = Vec::new();
        let board = match row {
            Ok(row) => board(row, &mut reasons),
            Err(error) => {
                reasons.push(error.to_string());
                None
            }
        };
        if found.len() >= MOST_ROWS {
            reasons.push(format!("a table has at most {MOST_ROWS} boards"));
        }
        if let Some(board) = &board
            && let Some(other) = lines.insert(board.id.clone(), line)
        {
            reasons.push(format!("the board {} is on line {other} already", board.id));
        }
        let full = found.len() >= MOST_ROWS;
        faults.extend(reasons.into_iter().map(|reason| Fault { line, reason }));
        if full {
            break;
        }
        found.extend(board.map(|board| (line, board)));
    }
    if found.is_empty() && faults.is_empty() {
        faults.push(Fault { line: 2, reason: "there is no board".to_owned() });
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn board(row: Row, faults: &mut Vec<String>) -> Option<NewBoard> {
    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(what: &str, text: &str, faults: &mut Vec<String>) -> Option<T> {
        text.parse().map_err(|error| faults.push(format!("{what} {text:?}: {error}"))).ok()
    }
    let id = parsed::<BoardId>("id", &row.id, faults);
    let unit = parsed::<UnitId>("unit", &row.unit, faults);
    let geometry = parsed::<Geometry>("geometry", &row.geometry, faults);
    let time_zone =
        if row.time_zone.is_empty() { Some(OPERATORS_ZONE) } else { parsed::<Tz>("time_zone", &row.time_zone, faults) };
    let mut nameless = Vec::new();
    let name = checked_name(&row.name, &mut nameless);
    if !nameless.is_empty() {
        faults.push("name: 1 to 200 characters are needed".to_owned());
    }
    if row.commune.len() != 5 || !row.commune.bytes().all(|byte| byte.is_ascii_digit()) {
        faults.push(format!("commune {:?}: five digits are needed", row.commune));
    }
    let place = place(&row.lat, &row.lon, faults);
    Some(NewBoard { id: id?, name, unit: unit?, commune_code: row.commune, place, geometry: geometry?, time_zone: time_zone? })
}

fn place(lat: &str, lon: &str, faults: &mut Vec<String>) -> Option<(f64, f64)> {
    if lat.is_empty() && lon.is_empty() {
        return None;
    }
    let degrees = |text: &str, most: f64| text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
    let place = degrees(lat, 90.0).zip(degrees(lon, 180.0));
    if place.is_none() {
        faults.push(format!("lat {lat:?}, lon {lon:?}: both in degrees, -90 to 90 and -180 to 180, or both empty"));
    }
    place
}

/// Adds all boards of a table or none. `keep` is given their identities before anything is stored: what it cannot keep is not added.
///
/// # Errors
/// When the table is wrong, a board or its unit is not as the database knows it, `keep` fails, or the database does.
pub async fn add_all(
    app: &App,
    table: &[u8],
    keep: impl FnOnce(&[Identity]) -> std::io::Result<()>,
) -> Result<Vec<BoardId>, AddAllError> {
    let rows = read(table).map_err(AddAllError::Table)?;
    let ids: Vec<BoardId> = rows.iter().map(|(_, board)| board.id.clone()).collect();
    let known = boards::many(&app.db, &ids).await.map_err(AddAllError::Store)?;
    let taken: BTreeSet<&BoardId> = known.iter().map(|board| &board.id).collect();
    let units = units_among(app, rows.iter().map(|(_, board)| &board.unit).collect()).await.map_err(AddAllError::Store)?;
    let mut faults = Vec::new();
    for (line, board) in &rows {
        if taken.contains(&board.id) {
            faults.push(Fault { line: *line, reason: format!("there is a board {} already", board.id) });
        }
        if !units.contains(&board.unit) {
            faults
                .push(Fault { line: *line, reason: format!("there is no unit {}; `bangtin unit list` names them", board.unit) });
        }
    }
    if !faults.is_empty() {
        return Err(AddAllError::Table(faults));
    }
    let drawn = rows.into_iter().map(|(_, new)| draw(app, new)).collect::<Result<Vec<(Board, Identity)>, _>>();
    let (boards, identities): (Vec<_>, Vec<_>) = drawn.map_err(AddAllError::Board)?.into_iter().unzip();
    keep(&identities).map_err(AddAllError::Keep)?;
    store_all(app, &boards).await.map_err(AddAllError::Store)?;
    app.live.publish.notify_one();
    Ok(ids)
}

async fn units_among(app: &App, wanted: BTreeSet<&UnitId>) -> Result<BTreeSet<UnitId>, StoreError> {
    const PAGE: u32 = 1000;
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = units::list(&app.db, after.as_ref(), PAGE).await?;
        let whole = page.len() == PAGE as usize;
        after = page.last().map(|unit| unit.id.clone());
        found.extend(page.into_iter().map(|unit| unit.id).filter(|id| wanted.contains(id)));
        if !whole {
            return Ok(found);
        }
    }
}

#[cfg(test)]
#[path = "board_list_tests.rs"]
mod tests;
