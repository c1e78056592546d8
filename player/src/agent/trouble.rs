//! What of the board's store cannot be used at present: told as codes in every state, until it can be used again.

use std::collections::BTreeSet;

use super::{Agent, DISK_AGAIN};

/// A part of the store that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// The banks: a new manifest or root would be forgotten, so none takes over.
    Bank,
    /// Content cannot be written.
    Content,
    /// Content does not fit into the quota, whatever is evicted.
    Quota,
    /// The notes: session, time alone, commands carried out.
    Notes,
    /// Plays and events wait in memory.
    Queue,
    /// The token would have to be asked for again after a restart.
    Token,
}

impl Trouble {
    /// The code in a state's `errors`.
    const fn code(self) -> &'static str {
        match self {
            Self::Bank => "bank-disk",
            Self::Content => "content-disk",
            Self::Quota => "content-too-large",
            Self::Notes => "notes-disk",
            Self::Queue => "queue-disk",
            Self::Token => "token-disk",
        }
    }
}

/// All that fails.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeSet<Trouble>);

impl Troubles {
    pub(super) fn has(&self, trouble: Trouble) -> bool {
        self.0.contains(&trouble)
    }
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }
    /// Notes whether this part fails; true when that is new.
    pub(super) fn set(&mut self, trouble: Trouble, fails: bool) -> bool {
        if fails { self.0.insert(trouble) } else { self.0.remove(&trouble) }
    }
    pub(super) fn codes(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|trouble| trouble.code().to_owned())
    }
}

impl Agent {
    /// The value; where there is none, that this part of the store fails. Logged when it begins and when it ends.
    pub(super) fn heed_disk<T, E: std::error::Error + 'static>(
        &mut self,
        trouble: Trouble,
        result: Result<T, E>,
        consequence: &str,
    ) -> Option<T> {
        let changed = self.troubles.set(trouble, result.is_err());
        match result {
            Ok(value) => {
                if changed {
                    tracing::info!(code = trouble.code(), "the store can be used again");
                }
                Some(value)
            }
            Err(error) => {
                if changed {
                    self.due.alone = self.due.alone.min(self.now() + DISK_AGAIN);
                    tracing::error!(code = trouble.code(), error = &error as &dyn std::error::Error, "{consequence}");
                }
                None
            }
        }
    }
}
