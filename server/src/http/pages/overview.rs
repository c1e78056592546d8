//! The overview: counts by state, what is wrong first, the boards on the province's grid and in a table.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::DateTime;
use serde::Deserialize;

use crate::app::overview::{self, BoardState, Filter, Judged, PLACES, Place};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;

/// Rows of one page of the table.
const PAGE: usize = 50;
/// Boards named in the list of what is wrong.
const MOST_WRONG: usize = 6;

/// A number at the top.
pub struct Count {
    /// `live`, … : class name and picture.
    pub state: &'static str,
    /// In words.
    pub name: String,
    /// How many boards.
    pub n: i64,
    /// Whether the table shows only these.
    pub chosen: bool,
}

/// One commune on the grid.
pub struct Tile {
    /// Five digits.
    pub code: String,
    /// Its bare name.
    pub name: String,
    /// Column on the grid.
    pub col: u8,
    /// Row on the grid.
    pub row: u8,
    /// The worst of its boards' states; none without boards.
    pub state: Option<&'static str>,
    /// Read aloud and shown on hover: name, boards, state.
    pub label: String,
    /// Its board's page, or the table of its boards.
    pub link: String,
    /// More than one board: how many.
    pub boards: usize,
}

/// One board in the table.
pub struct Line {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its commune with its kind.
    pub place: String,
    /// Width × height.
    pub geometry: String,
    /// Class name and picture.
    pub state: &'static str,
    /// In words.
    pub state_name: String,
    /// When it was heard last, in words.
    pub heard: String,
    /// Wanted and reported revision are the same.
    pub settled: bool,
}

/// The parts that change while the page is open; rendered into the page and into the stream.
#[derive(Template)]
#[template(path = "parts/counts.html")]
pub(super) struct CountsPart {
    pub(super) t: Tr,
    pub(super) counts: Vec<Count>,
    pub(super) all: i64,
    pub(super) linked: bool,
    pub(super) wrong: Vec<Line>,
    pub(super) more_wrong: i64,
}

/// One tile, for the stream.
#[derive(Template)]
#[template(path = "parts/tile.html")]
pub(super) struct TilePart {
    pub(super) tile: Tile,
}

/// One row, for the stream.
#[derive(Template)]
#[template(path = "parts/line.html")]
pub(super) struct LinePart {
    pub(super) t: Tr,
    pub(super) line: Line,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    t: Tr,
    counts: CountsPart,
    tiles: Vec<Tile>,
    table: Table,
}

/// One page of the table.
struct Table {
    lines: Vec<Line>,
    search: String,
    state: &'static str,
    commune: String,
    commune_name: String,
    found: i64,
    first: i64,
    last: i64,
    earlier: Option<String>,
    later: Option<String>,
}

/// What the table is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    commune: String,
    #[serde(default)]
    page: usize,
}

/// What a state is called.
pub(super) fn state_name(t: Tr, state: BoardState) -> String {
    match state {
        BoardState::Faulty => t.s("state-faulty"),
        BoardState::Silent => t.s("state-silent"),
        BoardState::Updating => t.s("state-updating"),
        BoardState::Never => t.s("state-never"),
        BoardState::Unknown => t.s("state-unknown"),
        BoardState::Live => t.s("state-live"),
    }
}

/// A commune's name with its kind.
pub(super) fn place_name(t: Tr, place: &Place) -> String {
    if place.ward { t.a("place-ward", "name", &place.name) } else { t.a("place-commune", "name", &place.name) }
}

/// A board as a row of the table.
pub(super) fn line(t: Tr, site: &Site, board: &Judged) -> Line {
    let row = &board.row;
    let heard = row.heard_ms.and_then(DateTime::from_timestamp_millis);
    Line {
        id: row.board_id.clone(),
        name: row.name.clone(),
        place: overview::place(&row.commune_code).map_or_else(|| row.commune_code.clone(), |place| place_name(t, place)),
        geometry: format!("{} × {}", row.width, row.height),
        state: board.state.as_str(),
        state_name: state_name(t, board.state),
        heard: heard.map_or_else(|| t.s("heard-never"), |at| t.ago(at, site.app.clock.now())),
        settled: row.desired.is_some() && row.desired == row.reported && row.wanted == 0,
    }
}

/// A commune's tile with the boards that stand in it.
pub(super) fn tile(t: Tr, place: &Place, boards: &[&Judged]) -> Tile {
    let worst = boards.iter().map(|board| board.state).min();
    let name = place_name(t, place);
    let (label, link) = match (boards, worst) {
        ([board], Some(state)) => (format!("{name}: {}", state_name(t, state)), format!("/boards/{}", board.row.board_id)),
        ([_, ..], Some(state)) => {
            let n = i64::try_from(boards.len()).unwrap_or(i64::MAX);
            (format!("{name}: {}, {}", t.n("boards-count", n), state_name(t, state)), format!("/?commune={}#boards", place.code))
        }
        _ => (format!("{name}: {}", t.n("boards-count", 0)), String::new()),
    };
    let state = worst.map(BoardState::as_str);
    Tile { code: place.code.clone(), name: place.name.clone(), col: place.col, row: place.row, state, label, link, boards: boards.len() }
}

/// The numbers at the top and what is wrong.
pub(super) fn counts(t: Tr, site: &Site, fleet: &[Judged], chosen: Option<BoardState>) -> CountsPart {
    let count = |(state, n): (BoardState, i64)| Count { state: state.as_str(), name: state_name(t, state), n, chosen: chosen == Some(state) };
    let counts = overview::count(fleet).into_iter().map(count).collect();
    let mut wrong: Vec<_> = fleet.iter().filter(|board| board.state.is_wrong()).collect();
    wrong.sort_by_key(|board| (board.state, std::cmp::Reverse(board.row.heard_ms)));
    let more_wrong = i64::try_from(wrong.len().saturating_sub(MOST_WRONG)).unwrap_or_default();
    CountsPart {
        t,
        counts,
        all: i64::try_from(fleet.len()).unwrap_or(i64::MAX),
        linked: site.app.broker_linked.load(std::sync::atomic::Ordering::Relaxed),
        wrong: wrong.into_iter().take(MOST_WRONG).map(|board| line(t, site, board)).collect(),
        more_wrong,
    }
}

/// The boards of each commune.
pub(super) fn by_commune(fleet: &[Judged]) -> BTreeMap<&str, Vec<&Judged>> {
    let mut boards: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for board in fleet {
        boards.entry(&board.row.commune_code).or_default().push(board);
    }
    boards
}

fn table(t: Tr, site: &Site, fleet: &[Judged], asked: &Asked) -> Table {
    let state = BoardState::ALL.into_iter().find(|state| state.as_str() == asked.state);
    let commune = overview::place(&asked.commune);
    let filter = Filter { search: asked.q.clone(), state, commune: commune.map(|place| place.code.clone()) };
    let found = overview::select(fleet, &filter);
    let pages = found.len().div_ceil(PAGE).max(1);
    let at = asked.page.clamp(1, pages);
    let lines: Vec<_> = found.iter().skip((at - 1) * PAGE).take(PAGE).map(|board| line(t, site, board)).collect();
    let link = |to: usize| {
        let state = state.map(BoardState::as_str).unwrap_or_default();
        format!("/?q={}&state={state}&commune={}&page={to}#boards", escape(&asked.q), escape(&asked.commune))
    };
    let first = if lines.is_empty() { 0 } else { (at - 1) * PAGE + 1 };
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Table {
        search: asked.q.clone(),
        state: state.map(BoardState::as_str).unwrap_or_default(),
        commune: commune.map(|place| place.code.clone()).unwrap_or_default(),
        commune_name: commune.map(|place| place_name(t, place)).unwrap_or_default(),
        found: whole(found.len()),
        first: whole(first),
        last: whole((at - 1) * PAGE + lines.len()),
        earlier: (at > 1).then(|| link(at - 1)),
        later: (at < pages).then(|| link(at + 1)),
        lines,
    }
}

/// `GET /`.
pub(in crate::http) async fn show(State(site): State<Site>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Html<String>, PageError> {
    let (t, fleet) = (visitor.t, overview::fleet(&site.app).await?);
    let boards = by_commune(&fleet);
    let none = Vec::new();
    let tiles = PLACES.iter().map(|place| tile(t, place, boards.get(place.code.as_str()).unwrap_or(&none))).collect();
    let chosen = BoardState::ALL.into_iter().find(|state| state.as_str() == asked.state);
    let counts = counts(t, &site, &fleet, chosen);
    page(&OverviewPage { frame: Frame::of(&visitor, "boards"), t, counts, tiles, table: table(t, &site, &fleet, &asked) })
}
