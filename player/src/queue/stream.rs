//! The two streams of the queue and the numbers of their rows. A row lies at a place that never changes; its number on the wire
//! is counted from where its epoch begins. Rows that leave without having been stored end their epoch, so that the server, which
//! acknowledges without gaps, never waits for them.

use chrono::{DateTime, Utc};
use playlists::id::QueueEpoch;
use playlists::wire::messages::Stream;
use playlists::wire::reports::Event;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::file::{ABOUT, EVENTS, PLAYS, Step, e, json, parse, unreadable};

/// Both streams.
pub(super) const STREAMS: [Stream; 2] = [Stream::Plays, Stream::Event];

/// How the rows of a stream are numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbering {
    /// The epoch of all rows that wait.
    pub(super) epoch: QueueEpoch,
    /// Place of the row that has number 0 in this epoch.
    pub(super) base: u64,
    /// Place of the next row.
    pub(super) next: u64,
}

/// Why rows leave though nobody has stored them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss<'a> {
    /// Last word of the event's code: `dropped` or `refused`.
    pub(super) code: &'static str,
    /// The reason, as a code.
    pub(super) reason: &'a str,
    /// When, by the board's clock.
    pub(super) t: DateTime<Utc>,
}

/// The table of a stream.
pub(super) const fn table(stream: Stream) -> TableDefinition<'static, u64, &'static [u8]> {
    match stream {
        Stream::Plays => PLAYS,
        Stream::Event => EVENTS,
    }
}

/// Begins an epoch where a stream has none yet.
pub(super) fn number_anew(tx: &WriteTransaction, stream: Stream, draw: &dyn Fn() -> QueueEpoch) -> Step<()> {
    let mut about = tx.open_table(ABOUT).map_err(e)?;
    if about.get(stream.as_str()).map_err(e)?.is_some() {
        return Ok(());
    }
    let rows = tx.open_table(table(stream)).map_err(e)?;
    let base = rows.first().map_err(e)?.map_or(0, |(place, _)| place.value());
    let next = rows.last().map_err(e)?.map_or(0, |(place, _)| place.value() + 1);
    about.insert(stream.as_str(), json(&Numbering { epoch: draw(), base, next }).as_slice()).map_err(e)?;
    Ok(())
}

/// How a stream is numbered.
pub(super) fn numbering(about: &impl ReadableTable<&'static str, &'static [u8]>, stream: Stream) -> Step<Numbering> {
    let held = about.get(stream.as_str()).map_err(e)?.and_then(|held| parse(held.value()));
    held.ok_or_else(|| unreadable("the numbering"))
}

/// Adds rows at the end.
pub(super) fn append<T: Serialize>(tx: &WriteTransaction, stream: Stream, values: &[T]) -> Step<()> {
    let mut about = tx.open_table(ABOUT).map_err(e)?;
    let mut numbering = numbering(&about, stream)?;
    let mut rows = tx.open_table(table(stream)).map_err(e)?;
    for value in values {
        rows.insert(numbering.next, json(value).as_slice()).map_err(e)?;
        numbering.next += 1;
    }
    about.insert(stream.as_str(), json(&numbering).as_slice()).map_err(e)?;
    Ok(())
}

/// Deletes rows that the server has stored: those below number `upto` of this epoch, if so many were ever numbered. How many.
pub(super) fn acknowledge(tx: &WriteTransaction, stream: Stream, epoch: &QueueEpoch, upto: u64) -> Step<u64> {
    let numbering = numbering(&tx.open_table(ABOUT).map_err(e)?, stream)?;
    let upto = numbering.base.saturating_add(upto);
    if *epoch != numbering.epoch || upto > numbering.next {
        return Ok(0);
    }
    remove_below(tx, stream, upto)
}

/// Rows that are more than `most`: then the oldest leave, at least `least` of them if that many are not among the last `fresh`.
/// What was sent and is not acknowledged is at the front, so a `least` of a whole batch never numbers such a row twice.
pub(super) fn drop_surplus(
    tx: &WriteTransaction,
    stream: Stream,
    (most, least, fresh): (u64, u64, u64),
    epoch: QueueEpoch,
    t: DateTime<Utc>,
) -> Step<u64> {
    let rows = tx.open_table(table(stream)).map_err(e)?.len().map_err(e)?;
    let surplus = rows.saturating_sub(most);
    if surplus == 0 {
        return Ok(0);
    }
    let leave = surplus.max(least.min(rows.saturating_sub(fresh)));
    let first = tx.open_table(table(stream)).map_err(e)?.first().map_err(e)?.map_or(0, |(place, _)| place.value());
    lose(tx, stream, first.saturating_add(leave), epoch, Some(Loss { code: "dropped", reason: "queue-full", t }))
}

/// Lets the rows below place `upto` go, tells it in an event, and begins `epoch` for what follows. How many left.
pub(super) fn lose(tx: &WriteTransaction, stream: Stream, upto: u64, epoch: QueueEpoch, tell: Option<Loss<'_>>) -> Step<u64> {
    let old = {
        let mut about = tx.open_table(ABOUT).map_err(e)?;
        let old = numbering(&about, stream)?;
        about.insert(stream.as_str(), json(&Numbering { epoch, base: upto, next: old.next }).as_slice()).map_err(e)?;
        old
    };
    let first = tx.open_table(table(stream)).map_err(e)?.first().map_err(e)?.map_or(upto, |(place, _)| place.value());
    let left = remove_below(tx, stream, upto)?;
    if let Some(loss) = tell {
        append(tx, Stream::Event, &[told(stream, &old, first..upto, loss)])?;
    }
    Ok(left)
}

fn remove_below(tx: &WriteTransaction, stream: Stream, upto: u64) -> Step<u64> {
    let mut rows = tx.open_table(table(stream)).map_err(e)?;
    let before = rows.len().map_err(e)?;
    rows.retain_in(..upto, |_, _| false).map_err(e)?;
    Ok(before - rows.len().map_err(e)?)
}

fn told(stream: Stream, old: &Numbering, places: std::ops::Range<u64>, loss: Loss<'_>) -> Event {
    let (first, upto) = (places.start.saturating_sub(old.base), places.end.saturating_sub(old.base));
    let word = if stream == Stream::Plays { "plays" } else { "events" };
    let facts = [
        ("epoch", old.epoch.to_string()),
        ("first", first.to_string()),
        ("upto", upto.to_string()),
        ("reason", loss.reason.to_owned()),
    ];
    Event {
        t: loss.t,
        code: format!("{word}-{}", loss.code),
        detail: format!("{} of the {word} were {} and will not come: {}", upto - first, loss.code, loss.reason),
        facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}
