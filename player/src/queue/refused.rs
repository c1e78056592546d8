//! Batches that the server refused for good: set aside in the same file, for whoever looks into it, and told in an event.

use chrono::{DateTime, Utc};
use playlists::id::QueueEpoch;
use playlists::wire::messages::Stream;
use playlists::wire::reports::{Event, Events, Plays};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::file::{ABOUT, REFUSED, Step, e, json, parse};
use super::stream::{Loss, lose, numbering, table};

/// Most batches set aside; then the oldest are forgotten: their events tell of them.
pub const MOST_REFUSED: u64 = 64;
/// Code of the event that tells of refused events.
const EVENTS_REFUSED: &str = "events-refused";

/// Which rows a batch holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Of which stream.
    pub stream: Stream,
    /// Of which epoch.
    pub epoch: QueueEpoch,
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub rows: u64,
}

impl From<&Plays> for Range {
    fn from(plays: &Plays) -> Self {
        Self { stream: Stream::Plays, epoch: plays.epoch.clone(), first: plays.first, rows: plays.rows.len() as u64 }
    }
}

impl From<&Events> for Range {
    fn from(events: &Events) -> Self {
        Self { stream: Stream::Event, epoch: events.epoch.clone(), first: events.first, rows: events.events.len() as u64 }
    }
}

/// A batch that was set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Of which stream.
    pub stream: Stream,
    /// Of which epoch.
    pub epoch: QueueEpoch,
    /// Number of its first row.
    pub first: u64,
    /// When, by the board's clock.
    pub t: DateTime<Utc>,
    /// The server's code.
    pub reason: String,
    /// Its rows as they were kept.
    pub rows: Vec<serde_json::Value>,
}

/// Sets a batch aside and begins `next` for what follows it; how many rows that were, none when they wait no more. A batch that
/// only tells of refused events is not told of again, or that would never end.
pub(super) fn set_aside(tx: &WriteTransaction, batch: &Range, reason: &str, t: DateTime<Utc>, next: QueueEpoch) -> Step<u64> {
    let numbering = numbering(&tx.open_table(ABOUT).map_err(e)?, batch.stream)?;
    let first = numbering.base.saturating_add(batch.first);
    let upto = first.saturating_add(batch.rows);
    let kept: Vec<serde_json::Value> = {
        let rows = tx.open_table(table(batch.stream)).map_err(e)?;
        let is_front = rows.first().map_err(e)?.is_some_and(|(place, _)| place.value() == first);
        if numbering.epoch != batch.epoch || !is_front || upto > numbering.next {
            return Ok(0);
        }
        let rows = rows.range(first..upto).map_err(e)?;
        rows.map(|row| Ok(parse(row.map_err(e)?.1.value()).unwrap_or_default())).collect::<Step<_>>()?
    };
    let tells = batch.stream == Stream::Plays || kept.iter().any(|row| !tells_of_refused_events(row));
    let epoch = batch.epoch.clone();
    keep(tx, &Refused { stream: batch.stream, epoch, first: batch.first, t, reason: reason.to_owned(), rows: kept })?;
    lose(tx, batch.stream, upto, next, tells.then_some(Loss { code: "refused", reason, t }))
}

fn tells_of_refused_events(row: &serde_json::Value) -> bool {
    serde_json::from_value::<Event>(row.clone()).is_ok_and(|event| event.code == EVENTS_REFUSED)
}

fn keep(tx: &WriteTransaction, refused: &Refused) -> Step<()> {
    let mut table = tx.open_table(REFUSED).map_err(e)?;
    let place = table.last().map_err(e)?.map_or(0, |(place, _)| place.value() + 1);
    table.insert(place, json(refused).as_slice()).map_err(e)?;
    while table.len().map_err(e)? > MOST_REFUSED {
        table.pop_first().map_err(e)?;
    }
    Ok(())
}
