//! Small things a player must not forget: its session, the server's window, how long it has been alone, commands carried out.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::id::Session;
use serde::{Deserialize, Serialize};

use crate::banks::{BankError, Banks};

/// Most commands remembered: they are refused by their own end long before that many came.
const MOST_COMMANDS: usize = 64;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The latest session.
    pub sess: Session,
    /// Seconds over which boards spread what they do at the same time.
    pub window_s: u32,
    /// Powered seconds since the last authenticated contact.
    pub alone_s: u64,
    /// The highest time accepted.
    pub floor: Option<DateTime<Utc>>,
    /// Commands carried out, oldest first.
    #[serde(default)]
    pub commands: Vec<String>,
}

/// The notes with their place on disk.
#[derive(Debug)]
pub struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    banks: Banks<Notes>,
    notes: Notes,
    /// What the disk holds is older than `notes`.
    unsaved: bool,
}

impl Memory {
    /// Opens the notes in `folder`; begins anew where they are gone or damaged.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let (banks, found) = Banks::open(folder, "notes");
        Self { inner: Mutex::new(Inner { banks, notes: found.held.unwrap_or_default(), unsaved: false }) }
    }

    /// A copy of the notes.
    #[must_use]
    pub fn notes(&self) -> Notes {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).notes.clone()
    }

    /// The seconds over which boards spread what they do at the same time.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.notes().window_s))
    }

    /// Changes the notes and, if the disk does not hold them as they are now, writes them. Blocks on the disk.
    ///
    /// # Errors
    /// When they cannot be written; the change then holds in memory, and the next call tries again.
    pub fn change<R>(&self, change: impl FnOnce(&mut Notes) -> R) -> Result<R, BankError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { banks, notes, unsaved } = &mut *inner;
        let before = notes.clone();
        let result = change(notes);
        *unsaved |= *notes != before;
        if *unsaved {
            banks.save(notes)?;
            *unsaved = false;
        }
        Ok(result)
    }

    /// Raises the session, so that no report of an older connection counts against one of the new one. Milliseconds of the time
    /// of day where they are higher: so it still rises after the notes were lost. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written: then no connection may use it.
    pub fn raise_session(&self, now: DateTime<Utc>) -> Result<Session, BankError> {
        let now_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        self.change(|notes| {
            notes.sess = Session(notes.sess.0.saturating_add(1).max(now_ms));
            notes.sess
        })
    }

    /// Notes that a command is being carried out; false when it already was. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn first_time(&self, cmd_id: &str) -> Result<bool, BankError> {
        self.change(|notes| {
            if notes.commands.iter().any(|done| done == cmd_id) {
                return false;
            }
            if notes.commands.len() >= MOST_COMMANDS {
                notes.commands.remove(0);
            }
            notes.commands.push(cmd_id.to_owned());
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_rise_across_restarts_and_lost_notes() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = DateTime::from_timestamp(1_000, 0).expect("in range");
        let memory = Memory::open(folder.path());
        let first = memory.raise_session(now).expect("written");
        assert_eq!(Memory::open(folder.path()).raise_session(now).expect("written"), Session(first.0 + 1));
        let lost = tempfile::tempdir().expect("a folder");
        let later = now + chrono::TimeDelta::seconds(1);
        assert!(Memory::open(lost.path()).raise_session(later).expect("written") > first);
    }

    #[test]
    fn a_command_is_carried_out_once_even_across_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Memory::open(folder.path()).first_time("c1").expect("written"));
        assert!(!Memory::open(folder.path()).first_time("c1").expect("written"));
    }

    #[test]
    fn what_the_disk_did_not_take_is_written_with_the_next_call() {
        let folder = tempfile::tempdir().expect("a folder");
        let obstacle = folder.path().join("notes.a.new");
        std::fs::create_dir(&obstacle).expect("in the way");
        let memory = Memory::open(folder.path());
        assert!(memory.change(|notes| notes.window_s = 7).is_err());
        assert!(memory.change(|_| ()).is_err(), "still not on disk");
        std::fs::remove_dir(&obstacle).expect("out of the way");
        memory.change(|_| ()).expect("written");
        assert_eq!(Memory::open(folder.path()).notes().window_s, 7);
    }
}
