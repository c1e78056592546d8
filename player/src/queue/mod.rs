//! Plays and events on disk until the server has acknowledged them. A file that is damaged is moved aside and a new one begun,
//! with a new epoch for its numbers: playing never waits for it.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use playlists::id::{BoardId, BootId, QueueEpoch, Revision};
use playlists::wire::messages::{Ack, Stream, V};
use playlists::wire::reports::{Anchor, Event, Events, MOST_EVENTS, MOST_ROWS, PlayedItem, Plays, Row};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Most rows of plays kept; then the oldest are dropped and counted.
pub const MOST_PLAYS: u64 = 2_000_000;
/// Most events kept; then the oldest are dropped and counted.
pub const MOST_KEPT_EVENTS: u64 = 20_000;
/// Most anchors kept of one boot.
const MOST_ANCHORS: usize = 32;
/// Most bytes of a batch's parts, so that its message stays within the limit.
const MOST_BATCH_BYTES: usize = 60_000;

const ABOUT: TableDefinition<&str, &[u8]> = TableDefinition::new("about");
const PLAYS: TableDefinition<u64, &[u8]> = TableDefinition::new("plays");
const EVENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("events");
const BOOTS: TableDefinition<&str, &[u8]> = TableDefinition::new("boots");

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

/// Why the queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database failed.
    #[error("the queue could not {what}")]
    Store {
        /// What was attempted.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The engine panicked.
    #[error("the queue's engine failed while it was to {0}")]
    Panic(&'static str),
    /// A file cannot be moved.
    #[error("the queue's file {path} cannot be moved")]
    Move {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It could not be opened again after damage.
    #[error("the queue is closed")]
    Closed,
}

impl QueueError {
    /// Whether the file itself is to blame, not the disk it lies on.
    fn is_damage(&self) -> bool {
        match self {
            Self::Store { source, .. } => match &**source {
                redb::Error::Io(io) => matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof),
                redb::Error::DatabaseAlreadyOpen => false,
                _ => true,
            },
            Self::Panic(_) => true,
            Self::Move { .. } | Self::Closed => false,
        }
    }
}

/// The queue of one board.
pub struct Queue {
    path: PathBuf,
    draw: Box<dyn Fn() -> QueueEpoch + Send + Sync>,
    open: Mutex<Option<Open>>,
    most_plays: u64,
}

struct Open {
    db: Database,
    epoch: QueueEpoch,
}

/// What was found when the queue was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A whole file, or none yet.
    Whole,
    /// A damaged one, which was moved to this place.
    MovedAside(PathBuf),
}

type Step<T> = Result<T, Box<redb::Error>>;

fn e<E: Into<redb::Error>>(error: E) -> Box<redb::Error> {
    Box::new(error.into())
}

impl Queue {
    /// Opens the queue; `draw` gives the name of a new epoch. Blocks on the disk, as everything here does.
    ///
    /// # Errors
    /// When neither the file nor a new one can be opened.
    pub fn open(path: &Path, draw: impl Fn() -> QueueEpoch + Send + Sync + 'static) -> Result<(Self, Opened), QueueError> {
        let queue = Self { path: path.to_owned(), draw: Box::new(draw), open: Mutex::new(None), most_plays: MOST_PLAYS };
        let opened = match open_file(&queue.path, &queue.draw) {
            Ok(open) => {
                queue.put(open);
                Opened::Whole
            }
            Err(error) if error.is_damage() => Opened::MovedAside(queue.begin_anew()?),
            Err(error) => return Err(error),
        };
        Ok((queue, opened))
    }

    fn put(&self, open: Open) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    /// Moves the damaged file aside and begins a new one; where the old one lies now.
    fn begin_anew(&self) -> Result<PathBuf, QueueError> {
        let epoch = (self.draw)();
        let aside = self.path.with_extension(format!("damaged-{epoch}"));
        std::fs::rename(&self.path, &aside).map_err(|source| QueueError::Move { path: self.path.clone(), source })?;
        self.put(open_file(&self.path, &self.draw)?);
        Ok(aside)
    }

    /// Does one thing in the database; if its file proves damaged, a new one is begun and the thing done there.
    fn run<T>(&self, what: &'static str, body: impl Fn(&Open) -> Step<T>) -> Result<T, QueueError> {
        match self.attempt(what, &body) {
            Err(error) if error.is_damage() => {
                tracing::error!(error = &error as &dyn std::error::Error, "the queue is damaged; a new one is begun");
                *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
                self.begin_anew()?;
                self.attempt(what, &body)
            }
            result => result,
        }
    }

    fn attempt<T>(&self, what: &'static str, body: &impl Fn(&Open) -> Step<T>) -> Result<T, QueueError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_ref().ok_or(QueueError::Closed)?;
        catch_unwind(AssertUnwindSafe(|| body(open)))
            .map_err(|_| QueueError::Panic(what))?
            .map_err(|source| QueueError::Store { what, source })
    }

    /// Keeps plays, all or none; how many old ones had to be dropped for them. `anchor` dates their run where the file holds no
    /// anchor of it, as after damage.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push_plays(&self, plays: &[KeptPlay], anchor: Anchor) -> Result<u64, QueueError> {
        self.run("keep plays", |open| {
            if let Some(play) = plays.first() {
                tie(&open.db, &play.boot, anchor, true)?;
            }
            push(&open.db, PLAYS, "next play", plays, self.most_plays)
        })
    }

    /// Keeps events, all or none; how many old ones had to be dropped for them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push_events(&self, events: &[Event]) -> Result<u64, QueueError> {
        self.run("keep events", |open| push(&open.db, EVENTS, "next event", events, MOST_KEPT_EVENTS))
    }

    /// Ties the monotonic clock of a run to the time of day.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn anchor(&self, boot: &BootId, anchor: Anchor) -> Result<(), QueueError> {
        self.run("keep an anchor", |open| tie(&open.db, boot, anchor, false))
    }

    /// The oldest plays that belong into one batch; none when there are none. The same ones until they are acknowledged.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn plays(&self, board: &BoardId) -> Result<Option<Plays>, QueueError> {
        self.run("read plays", |open| {
            let tx = open.db.begin_read().map_err(e)?;
            let table = tx.open_table(PLAYS).map_err(e)?;
            let mut batch: Option<Plays> = None;
            let mut bytes = 0;
            for row in table.range::<u64>(..).map_err(e)?.take(MOST_ROWS) {
                let (number, kept) = row.map_err(e)?;
                bytes += kept.value().len();
                let Some(kept) = parse::<KeptPlay>(kept.value()) else { return Err(unreadable("a play")) };
                let plays = batch.get_or_insert_with(|| Plays {
                    v: V,
                    board: board.clone(),
                    epoch: open.epoch.clone(),
                    first: number.value(),
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
        self.run("read events", |open| {
            let tx = open.db.begin_read().map_err(e)?;
            let table = tx.open_table(EVENTS).map_err(e)?;
            let mut batch = Events { v: V, board: board.clone(), epoch: open.epoch.clone(), first: 0, events: Vec::new() };
            let mut bytes = 0;
            for row in table.range::<u64>(..).map_err(e)?.take(MOST_EVENTS) {
                let (number, event) = row.map_err(e)?;
                bytes += event.value().len();
                if batch.events.is_empty() {
                    batch.first = number.value();
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
        self.run("delete what is acknowledged", |open| {
            let (table, next) = match ack.stream {
                Stream::Plays => (PLAYS, "next play"),
                Stream::Event => (EVENTS, "next event"),
            };
            if ack.epoch != open.epoch {
                return Ok(0);
            }
            let tx = open.db.begin_write().map_err(e)?;
            let deleted = {
                let about = tx.open_table(ABOUT).map_err(e)?;
                let next = about.get(next).map_err(e)?.and_then(|next| parse::<u64>(next.value())).unwrap_or(0);
                let mut rows = tx.open_table(table).map_err(e)?;
                let before = rows.len().map_err(e)?;
                if ack.upto <= next {
                    rows.retain_in(..ack.upto, |_, _| false).map_err(e)?;
                }
                before - rows.len().map_err(e)?
            };
            tx.commit().map_err(e)?;
            Ok(deleted)
        })
    }

    /// How many rows wait: plays, events.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn waiting(&self) -> Result<(u64, u64), QueueError> {
        self.run("count what waits", |open| {
            let tx = open.db.begin_read().map_err(e)?;
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
        self.run("forget old runs", |open| {
            let tx = open.db.begin_write().map_err(e)?;
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

/// Opens the file, or makes one under another name first: cut off while it is made, it would never open again.
fn open_file(path: &Path, draw: &dyn Fn() -> QueueEpoch) -> Result<Open, QueueError> {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        if !path.exists() {
            let aside = path.with_extension("new");
            std::fs::remove_file(&aside).unwrap_or_default();
            drop(set_up(&aside, draw)?);
            std::fs::rename(&aside, path).and_then(|()| crate::files::sync_parent(path)).map_err(|io| e(redb::Error::Io(io)))?;
        }
        set_up(path, draw)
    }));
    opened.map_err(|_| QueueError::Panic("open"))?.map_err(|source| QueueError::Store { what: "open", source })
}

fn set_up(path: &Path, draw: &dyn Fn() -> QueueEpoch) -> Step<Open> {
    let db = Database::builder().set_cache_size(1 << 20).create(path).map_err(e)?;
    let mut tx = db.begin_write().map_err(e)?;
    tx.set_durability(Durability::Immediate).map_err(e)?;
    let epoch = {
        let mut about = tx.open_table(ABOUT).map_err(e)?;
        tx.open_table(PLAYS).map_err(e)?;
        tx.open_table(EVENTS).map_err(e)?;
        tx.open_table(BOOTS).map_err(e)?;
        let held = about.get("epoch").map_err(e)?.and_then(|epoch| parse::<QueueEpoch>(epoch.value()));
        match held {
            Some(epoch) => epoch,
            None => {
                let epoch = draw();
                about.insert("epoch", json(&epoch).as_slice()).map_err(e)?;
                epoch
            }
        }
    };
    tx.commit().map_err(e)?;
    Ok(Open { db, epoch })
}

fn push<T: Serialize>(
    db: &Database,
    table: TableDefinition<'_, u64, &'static [u8]>,
    counter: &str,
    values: &[T],
    most: u64,
) -> Step<u64> {
    let tx = db.begin_write().map_err(e)?;
    let dropped = {
        let mut about = tx.open_table(ABOUT).map_err(e)?;
        let mut rows = tx.open_table(table).map_err(e)?;
        let mut next = about.get(counter).map_err(e)?.and_then(|next| parse::<u64>(next.value())).unwrap_or(0);
        for value in values {
            rows.insert(next, json(value).as_slice()).map_err(e)?;
            next += 1;
        }
        about.insert(counter, json(&next).as_slice()).map_err(e)?;
        let surplus = rows.len().map_err(e)?.saturating_sub(most);
        for _ in 0..surplus {
            rows.pop_first().map_err(e)?;
        }
        surplus
    };
    tx.commit().map_err(e)?;
    Ok(dropped)
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

fn unreadable(what: &str) -> Box<redb::Error> {
    Box::new(redb::Error::Corrupted(format!("{what} cannot be read")))
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests;
