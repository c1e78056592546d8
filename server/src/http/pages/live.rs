//! `GET /live`: what changed on the boards, to open pages, merged to at most one message a second.
//!
//! Without `of` the stream carries the overview's parts, rendered; with `of=board:ID` or `of=campaigns` it only says `refresh`,
//! and the page asks for its changing part again. A listener that lagged is told `reload`.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use playlists::id::BoardId;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::overview::{LinePart, TilePart, by_commune, counts, line, tile};
use crate::app::overview;
use crate::http::error::PageError;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::live::Change;
use crate::telemetry::chain;

/// Changes are gathered this long before they are told.
const GATHER: Duration = Duration::from_secs(1);
/// A line without meaning this often, so that proxies keep the stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Which page listens.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Listener {
    #[serde(default)]
    of: String,
}

/// What happened within one gathering.
#[derive(Debug, Default)]
struct Gathered {
    boards: BTreeSet<BoardId>,
    everything: bool,
    lagged: bool,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.boards.is_empty() && !self.everything && !self.lagged
    }
    /// Notes a change if this listener is concerned.
    fn note(&mut self, change: Change, of: &str) {
        match change {
            Change::Board(id) | Change::Snapshot(id) | Change::Desired(id) => {
                if of.strip_prefix("board:").is_none_or(|only| only == id.as_str()) {
                    self.boards.insert(id);
                }
            }
            Change::BrokerLink => self.everything = true,
            Change::Campaign(_) | Change::Asset(_) => self.everything |= of == "campaigns" || of == "assets",
        }
    }
}

/// Waits for a change that concerns the listener, and gathers for this long what comes after; none when the server ends.
async fn gather(changes: &mut Receiver<Change>, of: &str, wait: Duration) -> Option<Gathered> {
    let mut gathered = Gathered::default();
    let mut end: Option<Instant> = None;
    loop {
        let next = match end {
            None => changes.recv().await,
            Some(end) => tokio::select! {
                // recv loses nothing when it is dropped: the receiver keeps its place.
                next = changes.recv() => next,
                () = sleep_until(end) => return Some(gathered),
            },
        };
        match next {
            Ok(change) => gathered.note(change, of),
            Err(RecvError::Lagged(_)) => gathered.lagged = true,
            Err(RecvError::Closed) => return None,
        }
        if end.is_none() && !gathered.is_empty() {
            end = Some(Instant::now() + wait);
        }
    }
}

/// The overview's parts that changed, as HTML elements with ids.
async fn fragments(t: Tr, site: &Site, gathered: &Gathered) -> Result<String, PageError> {
    let fleet = overview::fleet(&site.app).await?;
    let mut html = counts(t, site, &fleet, None).render()?;
    let changed = |id: &str| gathered.everything || gathered.boards.iter().any(|board| board.as_str() == id);
    for (code, boards) in by_commune(&fleet) {
        if let Some(place) = overview::place(code).filter(|_| boards.iter().any(|board| changed(&board.row.board_id))) {
            html.push_str(&TilePart { tile: tile(t, place, &boards) }.render()?);
        }
    }
    for board in fleet.iter().filter(|board| changed(&board.row.board_id)) {
        html.push_str(&LinePart { t, line: line(t, site, board) }.render()?);
    }
    Ok(html)
}

async fn event(t: Tr, site: &Site, gathered: &Gathered, of: &str) -> Event {
    if gathered.lagged {
        return Event::default().event("reload").data("lagged");
    }
    if !of.is_empty() {
        return Event::default().event("refresh").data("changed");
    }
    match fragments(t, site, gathered).await {
        Ok(html) => Event::default().event("parts").data(html),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "the overview's stream could not be rendered");
            Event::default().event("reload").data("failed")
        }
    }
}

/// `GET /live`.
pub(in crate::http) async fn stream(
    State(site): State<Site>,
    visitor: Visitor,
    Query(listener): Query<Listener>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = site.app.live.listen();
    let start = (changes, site, visitor.t, listener.of);
    let events = futures_util::stream::unfold(start, |(mut changes, site, t, of)| async move {
        let stop = site.stop.clone();
        let gathered = stop.run_until_cancelled(gather(&mut changes, &of, GATHER)).await.flatten()?;
        let event = event(t, &site, &gathered, &of).await;
        Some((Ok(event), (changes, site, t, of)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(5);

    #[tokio::test]
    async fn changes_of_one_second_come_as_one() {
        let live = crate::live::Live::new();
        let mut changes = live.listen();
        let board = |id: &str| id.parse::<BoardId>().expect("an id");
        live.tell(Change::Board(board("b-0001")));
        live.tell(Change::Board(board("b-0001")));
        live.tell(Change::Desired(board("b-0002")));
        let gathered = gather(&mut changes, "", SHORT).await.expect("gathered");
        assert_eq!(gathered.boards.len(), 2);
        live.tell(Change::Board(board("b-0001")));
        live.tell(Change::Snapshot(board("b-0002")));
        let gathered = gather(&mut changes, "board:b-0002", SHORT).await.expect("gathered");
        assert_eq!(gathered.boards.into_iter().collect::<Vec<_>>(), [board("b-0002")]);
    }

    #[tokio::test]
    async fn a_listener_that_lagged_is_told_so() {
        let live = crate::live::Live::new();
        let mut changes = live.listen();
        for _ in 0..2000 {
            live.tell(Change::BrokerLink);
        }
        assert!(gather(&mut changes, "", SHORT).await.expect("gathered").lagged);
        drop(live);
    }
}
