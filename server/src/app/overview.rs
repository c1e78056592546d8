//! The fleet at a glance: what state each board is in, how many are in each, what is wrong first, and where it lies on the grid.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use playlists::id::BoardId;

use super::App;
use super::presence::{Heard, Presence, presence};
use crate::store::StoreError;
use crate::store::overview::{self as rows, FleetRow, Sizes};
use crate::store::search::fold;

/// What a board is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoardState {
    /// It reports that something is wrong.
    Faulty,
    /// It went, or was not heard for too long.
    Silent,
    /// It reports, and is not yet at the wanted revision.
    Updating,
    /// It never reported.
    Never,
    /// The server has no link to the broker, so it cannot know.
    Unknown,
    /// It shows what it should.
    Live,
}

impl BoardState {
    /// All, in the order of the counts on the page: best first.
    pub const ALL: [Self; 6] = [Self::Live, Self::Updating, Self::Faulty, Self::Silent, Self::Never, Self::Unknown];

    /// The word in addresses, class names and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Faulty => "faulty",
            Self::Silent => "silent",
            Self::Updating => "updating",
            Self::Never => "never",
            Self::Unknown => "unknown",
            Self::Live => "live",
        }
    }
    /// Whether someone should look.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Faulty | Self::Silent)
    }
}

/// A board and its state.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What is known of it.
    pub row: FleetRow,
    /// What that makes it.
    pub state: BoardState,
}

/// What a board is at `now_ms` (UTC milliseconds), while the link to the broker stands or not.
#[must_use]
pub fn judge(row: &FleetRow, linked: bool, now_ms: i64) -> BoardState {
    let heard = row.heard_ms.zip(row.mode.as_deref()).map(|(heard_ms, mode)| {
        let errors = row.errors.as_deref().is_some_and(|errors| errors != "[]");
        Heard { connected: row.connected == Some(true), heard_ms, faulty: errors || !matches!(mode, "play" | "boot") }
    });
    let waits = row.wanted > 0 || row.desired.is_some_and(|desired| row.reported != Some(desired));
    match presence(heard, linked, now_ms) {
        Presence::Never => BoardState::Never,
        Presence::Unknown => BoardState::Unknown,
        Presence::Silent => BoardState::Silent,
        Presence::Faulty => BoardState::Faulty,
        Presence::Live if waits => BoardState::Updating,
        Presence::Live => BoardState::Live,
    }
}

fn judged(app: &App, row: FleetRow) -> Judged {
    let state = judge(&row, app.broker_linked.load(Ordering::Relaxed), app.clock.now_ms());
    Judged { row, state }
}

/// All boards, by name.
///
/// # Errors
/// When the database fails.
pub async fn fleet(app: &App) -> Result<Vec<Judged>, StoreError> {
    Ok(rows::fleet(&app.db).await?.into_iter().map(|row| judged(app, row)).collect())
}

/// One board; none when there is no such one.
///
/// # Errors
/// When the database fails.
pub async fn board(app: &App, id: &BoardId) -> Result<Option<Judged>, StoreError> {
    Ok(rows::fleet_row(&app.db, id.as_str()).await?.map(|row| judged(app, row)))
}

/// How many boards are in each state, in the order of [`BoardState::ALL`].
#[must_use]
pub fn count(fleet: &[Judged]) -> Vec<(BoardState, i64)> {
    let of = |state| i64::try_from(fleet.iter().filter(|board| board.state == state).count()).unwrap_or(i64::MAX);
    BoardState::ALL.into_iter().map(|state| (state, of(state))).collect()
}

/// How many boards are in each state.
///
/// # Errors
/// When the database fails.
pub async fn counts(app: &App) -> Result<Vec<(BoardState, i64)>, StoreError> {
    Ok(count(&fleet(app).await?))
}

/// How much is waiting, and how much was proven.
///
/// # Errors
/// When the database fails.
pub async fn sizes(app: &App) -> Result<Sizes, StoreError> {
    rows::sizes(&app.db).await
}

/// How many renditions are in each state: `wanted`, `ready`, `failed`.
///
/// # Errors
/// When the database fails.
pub async fn renditions(app: &App) -> Result<Vec<(String, i64)>, StoreError> {
    rows::renditions_by_state(&app.db).await
}

/// What of the fleet the table shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of a name, a commune's name or an id; tone marks do not matter.
    pub search: String,
    /// Only this state.
    pub state: Option<BoardState>,
    /// Only this commune.
    pub commune: Option<String>,
}

/// The boards that pass, what is wrong first, then by name.
#[must_use]
pub fn select<'a>(fleet: &'a [Judged], filter: &Filter) -> Vec<&'a Judged> {
    let wanted = fold(&filter.search);
    let words: Vec<_> = wanted.split_whitespace().collect();
    let passes = |board: &&Judged| {
        let place = place(&board.row.commune_code).map(|place| place.folded.as_str()).unwrap_or_default();
        let found =
            |word: &&str| board.row.name_search.contains(word) || board.row.board_id.contains(word) || place.contains(word);
        filter.state.is_none_or(|state| state == board.state)
            && filter.commune.as_ref().is_none_or(|code| *code == board.row.commune_code)
            && words.iter().all(found)
    };
    let mut found: Vec<_> = fleet.iter().filter(passes).collect();
    found.sort_by(|a, b| (a.state, &a.row.name_search, &a.row.board_id).cmp(&(b.state, &b.row.name_search, &b.row.board_id)));
    found
}

/// A commune-level unit and its cell on the schematic grid.
#[derive(Debug, Clone)]
pub struct Place {
    /// Five digits of the statistics office.
    pub code: String,
    /// Its bare name.
    pub name: String,
    /// Whether it is a ward; else a commune.
    pub ward: bool,
    /// Column, from 0 in the west.
    pub col: u8,
    /// Row, from 0 in the north.
    pub row: u8,
    folded: String,
}

/// All 92, in the order of rows and columns: that is how they are read aloud.
pub static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let communes = include_str!("../../../playlists/data/communes_thai_nguyen.csv");
    let cells = include_str!("../../../playlists/data/tile_grid_thai_nguyen.csv");
    let cells: HashMap<_, _> = cells.lines().skip(1).filter_map(cell).collect();
    let mut places: Vec<_> = communes.lines().skip(1).filter_map(|line| commune(line, &cells)).collect();
    places.sort_by_key(|place| (place.row, place.col));
    places
});

static BY_CODE: LazyLock<BTreeMap<&'static str, &'static Place>> =
    LazyLock::new(|| PLACES.iter().map(|place| (place.code.as_str(), place)).collect());

fn cell(line: &str) -> Option<(&str, (u8, u8))> {
    let mut fields = line.split(',');
    Some((fields.next()?, (fields.next()?.parse().ok()?, fields.next()?.trim().parse().ok()?)))
}

fn commune(line: &str, cells: &HashMap<&str, (u8, u8)>) -> Option<Place> {
    let mut fields = line.split(',');
    let (code, name, kind) = (fields.next()?, fields.next()?, fields.next()?);
    let (col, row) = *cells.get(code)?;
    Some(Place { code: code.to_owned(), name: name.to_owned(), ward: kind == "phuong", col, row, folded: fold(name) })
}

/// The commune of a code; none when the province has no such one.
#[must_use]
pub fn place(code: &str) -> Option<&'static Place> {
    BY_CODE.get(code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, code: &str) -> FleetRow {
        FleetRow {
            board_id: format!("b-{code}"),
            name: name.to_owned(),
            name_search: fold(name),
            commune_code: code.to_owned(),
            width: 640,
            height: 320,
            connected: Some(true),
            mode: Some("play".to_owned()),
            reported: Some(7),
            errors: Some("[]".to_owned()),
            heard_ms: Some(1_000_000),
            desired: Some(7),
            wanted: 0,
        }
    }

    #[test]
    fn a_board_is_judged_by_what_it_said_last_and_what_it_should_show() {
        let good = row("Bảng", "05443");
        let with = |change: fn(&mut FleetRow)| {
            let mut row = good.clone();
            change(&mut row);
            judge(&row, true, 1_000_000)
        };
        assert_eq!(with(|_| ()), BoardState::Live);
        assert_eq!(judge(&good, false, 1_000_000), BoardState::Unknown);
        assert_eq!(judge(&good, true, 1_700_001), BoardState::Silent);
        assert_eq!(with(|row| row.connected = Some(false)), BoardState::Silent);
        assert_eq!(with(|row| row.heard_ms = None), BoardState::Never);
        assert_eq!(with(|row| row.errors = Some("[\"disk-full\"]".to_owned())), BoardState::Faulty);
        assert_eq!(with(|row| row.mode = Some("safe".to_owned())), BoardState::Faulty);
        assert_eq!(with(|row| row.desired = Some(8)), BoardState::Updating);
        assert_eq!(with(|row| row.wanted = 1), BoardState::Updating);
        assert_eq!(with(|row| row.desired = None), BoardState::Live);
    }

    #[test]
    fn a_search_needs_no_tone_marks_and_what_is_wrong_comes_first() {
        let board = |name: &str, code: &str, state| Judged { row: row(name, code), state };
        let fleet = [
            board("Bảng tin Đức Xuân", "01840", BoardState::Live),
            board("Bảng tin Định Hóa", "05443", BoardState::Silent),
            board("Bảng tin Đức Lương", "05512", BoardState::Faulty),
        ];
        let names = |search: &str, state| {
            let filter = Filter { search: search.to_owned(), state, commune: None };
            select(&fleet, &filter).iter().map(|b| b.row.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("duc", None), ["Bảng tin Đức Lương", "Bảng tin Đức Xuân"]);
        assert_eq!(names("ĐỊNH hoa", None), ["Bảng tin Định Hóa"]);
        assert_eq!(names("b-01840", None), ["Bảng tin Đức Xuân"]);
        assert_eq!(names("", Some(BoardState::Live)), ["Bảng tin Đức Xuân"]);
        assert!(names("khong co", None).is_empty());
    }

    #[test]
    fn every_commune_has_a_cell_of_its_own() {
        assert_eq!(PLACES.len(), 92);
        let cells: std::collections::BTreeSet<_> = PLACES.iter().map(|place| (place.row, place.col)).collect();
        assert_eq!(cells.len(), 92);
        assert!(PLACES.iter().all(|place| place.col < 9 && place.row < 17));
        assert_eq!(place("01840").map(|place| place.name.as_str()), Some("Đức Xuân"));
    }
}
