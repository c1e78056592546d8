//! Why the queue did not do what it was asked, and what follows from it: another try, another opening, or another file.

use std::io::ErrorKind;
use std::path::PathBuf;

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
}

impl QueueError {
    /// Whether the file itself is to blame, not the disk it lies on.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Store { source, .. } => match &**source {
                redb::Error::Io(io) => matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof),
                redb::Error::DatabaseAlreadyOpen | redb::Error::PreviousIo => false,
                _ => true,
            },
            Self::Panic(_) => true,
            Self::Move { .. } => false,
        }
    }

    /// Whether the file has to be opened again before anything else is done: after the disk failed, the engine refuses all.
    pub(super) fn asks_for_reopening(&self) -> bool {
        matches!(self, Self::Store { source, .. } if matches!(**source, redb::Error::Io(_) | redb::Error::PreviousIo))
    }

    /// Whether another process has the file open.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Store { source, .. } if matches!(**source, redb::Error::DatabaseAlreadyOpen))
    }
}
