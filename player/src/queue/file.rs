//! The queue's file: its tables, how it is made and opened.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use playlists::id::QueueEpoch;
use redb::{Database, Durability, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::QueueError;
use super::stream::{STREAMS, number_anew};

/// Numbering of each stream, by its name.
pub(super) const ABOUT: TableDefinition<&str, &[u8]> = TableDefinition::new("about");
/// Plays by place.
pub(super) const PLAYS: TableDefinition<u64, &[u8]> = TableDefinition::new("plays");
/// Events by place.
pub(super) const EVENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("events");
/// Anchors by run.
pub(super) const BOOTS: TableDefinition<&str, &[u8]> = TableDefinition::new("boots");
/// Batches that the server refused for good, in the order of their refusal.
pub(super) const REFUSED: TableDefinition<u64, &[u8]> = TableDefinition::new("refused");

/// What is done in the database, before it is said what that was for.
pub(super) type Step<T> = Result<T, Box<redb::Error>>;

pub(super) fn e<E: Into<redb::Error>>(error: E) -> Box<redb::Error> {
    Box::new(error.into())
}

/// Opens the file, or makes one under another name first: cut off while it is made, it would never open again.
pub(super) fn open(path: &Path, cache_bytes: usize, draw: &dyn Fn() -> QueueEpoch) -> Result<Database, QueueError> {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        if !path.exists() {
            let aside = path.with_extension("new");
            std::fs::remove_file(&aside).unwrap_or_default();
            drop(set_up(&aside, cache_bytes, draw)?);
            std::fs::rename(&aside, path).and_then(|()| crate::files::sync_parent(path)).map_err(|io| e(redb::Error::Io(io)))?;
        }
        set_up(path, cache_bytes, draw)
    }));
    opened.map_err(|_| QueueError::Panic("open"))?.map_err(|source| QueueError::Store { what: "open", source })
}

fn set_up(path: &Path, cache_bytes: usize, draw: &dyn Fn() -> QueueEpoch) -> Step<Database> {
    let db = Database::builder().set_cache_size(cache_bytes).create(path).map_err(e)?;
    let mut tx = db.begin_write().map_err(e)?;
    tx.set_durability(Durability::Immediate).map_err(e)?;
    tx.open_table(PLAYS).map_err(e)?;
    tx.open_table(EVENTS).map_err(e)?;
    tx.open_table(BOOTS).map_err(e)?;
    tx.open_table(REFUSED).map_err(e)?;
    for stream in STREAMS {
        number_anew(&tx, stream, draw)?;
    }
    tx.commit().map_err(e)?;
    Ok(db)
}

/// What was written is not what this program writes.
pub(super) fn unreadable(what: &str) -> Box<redb::Error> {
    Box::new(redb::Error::Corrupted(format!("{what} cannot be read")))
}

pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
