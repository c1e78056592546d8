//! Plays and events on disk until the server has acknowledged them. A file that is damaged is moved aside and a new one begun,
//! with new epochs for its numbers; one that the disk does not give is opened again later: playing never waits for it.

mod error;
mod file;
mod refused;
mod stream;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use playlists::id::{BoardId, BootId, QueueEpoch, Revision};
use playlists::wire::messages::{Ack, Stream, V};
use playlists::wire::reports::{Anchor, Event, Events, MOST_EVENTS, MOST_ROWS, PlayedItem, Plays, Row};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

pub use self::error::QueueError;
use self::file::{ABOUT, BOOTS, EVENTS, PLAYS, REFUSED, Step, e, json, parse, unreadable};
pub use self::refused::{MOST_REFUSED, Range, Refused};

/// Most rows of plays kept; then the oldest hundredth is dropped and told.
pub const MOST_PLAYS: u64 = 2_000_000;
/// Most events kept; then the oldest hundredth is dropped and told.
pub const MOST_KEPT_EVENTS: u64 = 20_000;
/// Memory for the pages of a queue's file, in bytes.
pub(crate) const CACHE_BYTES: usize = 1 << 20;
/// Most anchors kept of one boot.
const MOST_ANCHORS: usize = 32;
/// Most bytes of a batch's parts, so that its message stays within the limit.
const MOST_BATCH_BYTES: usize = 60_000;

/// One play as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPlay {
    /// The run it belongs to.
    pub boot: BootId,
    /// What was shown.
    pub item: PlayedItem,
    /// First presented, milliseconds on that run's monotonic clock.
    pub start_ms: u64,
    /// How long it was on the screen, in milliseconds.
    pub shown_ms: u64,
    /// Flags of the row.
    pub flags: u32,
    /// The manifest in force.
    pub rev: Revision,
}

/// The queue of one board.
pub struct Queue {
    path: PathBuf,
    cache_bytes: usize,
    draw: Box<dyn Fn() -> QueueEpoch + Send + Sync>,
    open: Mutex<Option<Database>>,
    moved: Mutex<Option<PathBuf>>,
    most_plays: u64,
}

impl Queue {
    /// Opens the queue; `draw` gives the name of a new epoch. Where the disk does not give the file, it is opened again with each
    /// later call. Blocks on the disk, as everything here does.
    ///
    /// # Errors
    /// When another process has it open.
    pub fn open(path: &Path, draw: impl Fn() -> QueueEpoch + Send + Sync + 'static) -> Result<Self, QueueError> {
        Self::open_with(path, CACHE_BYTES, draw)
    }

    /// As [`open`](Self::open), with this many bytes of memory for the file's pages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        path: &Path,
        cache_bytes: usize,
        draw: impl Fn() -> QueueEpoch + Send + Sync + 'static,
    ) -> Result<Self, QueueError> {
        let queue = Self {
            path: path.to_owned(),
            cache_bytes,
            draw: Box::new(draw),
            open: Mutex::default(),
            moved: Mutex::default(),
            most_plays: MOST_PLAYS,
        };
        match queue.run("open", |_| Ok(())) {
            Err(error) if error.is_in_use() => Err(error),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the queue cannot be opened; it is tried again");
                Ok(queue)
            }
            Ok(()) => Ok(queue),
        }
    }

    /// Where a damaged file was moved since this was asked last.
    pub fn moved_aside(&self) -> Option<PathBuf> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Does one thing in the database; if its file proves damaged, a new one is begun and the thing done there.
    fn run<T>(&self, what: &'static str, body: impl Fn(&Database) -> Step<T>) -> Result<T, QueueError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let error = match self.attempt(&mut open, what, &body) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if error.asks_for_reopening() || error.is_damage() {
            *open = None;
        }
        if !error.is_damage() {
            return Err(error);
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the queue is damaged; a new one is begun");
        let aside = self.path.with_extension(format!("damaged-{}", (self.draw)()));
        std::fs::rename(&self.path, &aside).map_err(|source| QueueError::Move { path: self.path.clone(), source })?;
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(aside);
        self.attempt(&mut open, what, &body)
    }

    fn attempt<T>(
        &self,
        open: &mut Option<Database>,
        what: &'static str,
        body: &impl Fn(&Database) -> Step<T>,
    ) -> Result<T, QueueError> {
        let db = match open {
            Some(db) => db,
            None => open.insert(file::open(&self.path, self.cache_bytes, &self.draw)?),
        };
        catch_unwind(AssertUnwindSafe(|| body(db)))
            .map_err(|_| QueueError::Panic(what))?
            .map_err(|source| QueueError::Store { what, source })
    }

    /// Keeps plays, all or none; how many old ones had to be dropped for them, which an event tells. `anchor` dates their run
    /// where the file holds no anchor of it, as after damage; `now` is the board's time.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push_plays(&self, plays: &[KeptPlay], anchor: Anchor, now: DateTime<Utc>) -> Result<u64, QueueError> {
        self.run("keep plays", |db| {
            if let Some(play) = plays.first() {
                tie(db, &play.boot, anchor, true)?;
            }
            self.push(db, Stream::Plays, plays, (self.most_plays, MOST_ROWS), now)
        })
    }

    /// Keeps events, all or none; how many old ones had to be dropped for them, which an event tells. `now` is the board's time.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push_events(&self, events: &[Event], now: DateTime<Utc>) -> Result<u64, QueueError> {
        self.run("keep events", |db| self.push(db, Stream::Event, events, (MOST_KEPT_EVENTS, MOST_EVENTS), now))
    }

    fn push<T: Serialize>(
        &self,
        db: &Database,
        stream: Stream,
        values: &[T],
        (most, batch): (u64, usize),
        now: DateTime<Utc>,
    ) -> Step<u64> {
        let tx = db.begin_write().map_err(e)?;
        stream::append(&tx, stream, values)?;
        let (least, fresh) = ((most / 100).max(batch as u64), values.len() as u64);
        let dropped = stream::drop_surplus(&tx, stream, (most, least, fresh), (self.draw)(), now)?;
        tx.commit().map_err(e)?;
        Ok(dropped)
    }

    /// Ties the monotonic clock of a run to the time of day.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn anchor(&self, boot: &BootId, anchor: Anchor) -> Result<(), QueueError> {
        self.run("keep an anchor", |db| tie(db, boot, anchor, false))
    }

    /// The oldest plays that belong into one batch; none when there are none. The same ones until they are acknowledged.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn plays(&self, board: &BoardId) -> Result<Option<Plays>, QueueError> {
        self.run("read plays", |db| {
            let tx = db.begin_read().map_err(e)?;
            let numbering = stream::numbering(&tx.open_table(ABOUT).map_err(e)?, Stream::Plays)?;
            let table = tx.open_table(PLAYS).map_err(e)?;
            let mut batch: Option<Plays> = None;
            let mut bytes = 0;
            for row in table.range::<u64>(..).map_err(e)?.take(MOST_ROWS) {
                let (place, kept) = row.map_err(e)?;
                bytes += kept.value().len();
                let Some(kept) = parse::<KeptPlay>(kept.value()) else { return Err(unreadable("a play")) };
                let plays = batch.get_or_insert_with(|| Plays {
                    v: V,
                    board: board.clone(),
                    epoch: numbering.epoch.clone(),
                    first: place.value().saturating_sub(numbering.base),
                    boot: kept.boot.clone(),
                    anchors: Vec::new(),
                    items: Vec::new(),
                    rows: Vec::new(),
                    rev: kept.rev,
                });
                if kept.boot != plays.boot || kept.rev != plays.rev || bytes > MOST_BATCH_BYTES {
                    break;
                }
                add(plays, kept);
            }
            if let Some(plays) = &mut batch {
                let boots = tx.open_table(BOOTS).map_err(e)?;
                let anchors = boots.get(plays.boot.as_str()).map_err(e)?;
                plays.anchors = anchors.and_then(|anchors| parse(anchors.value())).unwrap_or_default();
            }
            Ok(batch)
        })
    }

    /// The oldest events that belong into one batch; none when there are none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events(&self, board: &BoardId) -> Result<Option<Events>, QueueError> {
        self.run("read events", |db| {
            let tx = db.begin_read().map_err(e)?;
            let numbering = stream::numbering(&tx.open_table(ABOUT).map_err(e)?, Stream::Event)?;
            let table = tx.open_table(EVENTS).map_err(e)?;
            let mut batch = Events { v: V, board: board.clone(), epoch: numbering.epoch, first: 0, events: Vec::new() };
            let mut bytes = 0;
            for row in table.range::<u64>(..).map_err(e)?.take(MOST_EVENTS) {
                let (place, event) = row.map_err(e)?;
                bytes += event.value().len();
                if batch.events.is_empty() {
                    batch.first = place.value().saturating_sub(numbering.base);
                } else if bytes > MOST_BATCH_BYTES {
                    break;
                }
                let Some(event) = parse(event.value()) else { return Err(unreadable("an event")) };
                batch.events.push(event);
            }
            Ok((!batch.events.is_empty()).then_some(batch))
        })
    }

    /// Deletes what a verified acknowledgement covers; how many rows that were. One for another epoch, or for rows that were
    /// never numbered, deletes nothing.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn acknowledge(&self, ack: &Ack) -> Result<u64, QueueError> {
        self.run("delete what is acknowledged", |db| {
            let tx = db.begin_write().map_err(e)?;
            let deleted = stream::acknowledge(&tx, ack.stream, &ack.epoch, ack.upto)?;
            tx.commit().map_err(e)?;
            Ok(deleted)
        })
    }

    /// Sets a batch aside that the server refused for good with this code, tells it in an event, and begins a new epoch for what
    /// follows. How many rows that were: none when they wait no more. `now` is the board's time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_aside(&self, batch: &Range, reason: &str, now: DateTime<Utc>) -> Result<u64, QueueError> {
        self.run("set a refused batch aside", |db| {
            let tx = db.begin_write().map_err(e)?;
            let rows = refused::set_aside(&tx, batch, reason, now, (self.draw)())?;
            tx.commit().map_err(e)?;
            Ok(rows)
        })
    }

    /// The batches that were set aside, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn refused(&self) -> Result<Vec<Refused>, QueueError> {
        self.run("read what was refused", |db| {
            let table = db.begin_read().map_err(e)?.open_table(REFUSED).map_err(e)?;
            let rows = table.range::<u64>(..).map_err(e)?;
            rows.map(|row| parse(row.map_err(e)?.1.value()).ok_or_else(|| unreadable("a refused batch"))).collect()
        })
    }

    /// How many rows wait: plays, events.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn waiting(&self) -> Result<(u64, u64), QueueError> {
        self.run("count what waits", |db| {
            let tx = db.begin_read().map_err(e)?;
            let plays = tx.open_table(PLAYS).map_err(e)?.len().map_err(e)?;
            let events = tx.open_table(EVENTS).map_err(e)?.len().map_err(e)?;
            Ok((plays, events))
        })
    }

    /// Forgets the anchors of runs of which no play waits, but `boot`'s.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn forget_boots(&self, boot: &BootId) -> Result<(), QueueError> {
        self.run("forget old runs", |db| {
            let tx = db.begin_write().map_err(e)?;
            {
                let plays = tx.open_table(PLAYS).map_err(e)?;
                if plays.is_empty().map_err(e)? {
                    let mut boots = tx.open_table(BOOTS).map_err(e)?;
                    boots.retain(|name, _| name == boot.as_str()).map_err(e)?;
                }
            }
            tx.commit().map_err(e)
        })
    }
}

/// Adds an anchor to a run; `only_first`: unless it has one already.
fn tie(db: &Database, boot: &BootId, anchor: Anchor, only_first: bool) -> Step<()> {
    let tx = db.begin_write().map_err(e)?;
    {
        let mut boots = tx.open_table(BOOTS).map_err(e)?;
        let held = boots.get(boot.as_str()).map_err(e)?.and_then(|held| parse::<Vec<Anchor>>(held.value()));
        let mut anchors = held.unwrap_or_default();
        if only_first && !anchors.is_empty() {
            return Ok(());
        }
        if anchors.len() >= MOST_ANCHORS {
            // The first one dates the beginning, the last ones the present.
            anchors.remove(1);
        }
        anchors.push(anchor);
        boots.insert(boot.as_str(), json(&anchors).as_slice()).map_err(e)?;
    }
    tx.commit().map_err(e)
}

fn add(plays: &mut Plays, kept: KeptPlay) {
    let place = plays.items.iter().position(|item| *item == kept.item).unwrap_or_else(|| {
        plays.items.push(kept.item.clone());
        plays.items.len() - 1
    });
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    plays.rows.push(Row(place, kept.start_ms, kept.shown_ms, kept.flags));
}

#[cfg(test)]
mod tests;
