//! Plans as files: what this server has, told as a plan, and a plan carried out on this server, as a whole or not at all.
//!
//! [`export()`] reads the database; [`import()`] reads a plan and its files, decides what is to be changed ([`Decision`]), and changes it in
//! one transaction. A plan's boards must be there, since a plan has no keys; whatever the plan does not name stays as it is.

mod boards;
mod carry_out;
mod contents;
mod decide;
mod drawn;
mod export;
mod files;
mod fits;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timelines_tests;

use ::playlists::plan::{Document, Fault};

pub(super) use decide::parents_first;
pub use decide::{Change, Decision, Outcome, What, Words};
pub use drawn::drawn;
pub use export::{Exported, export};
pub use files::Files;

use super::App;
use super::assets::KeepError;
use crate::media::blobs::BlobError;
use crate::store::StoreError;

/// Most of one kind that are read at once.
const PAGE: u32 = 1000;

/// Why a plan cannot be imported or exported, where nothing is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// What is wrong in the plan, seen from this server: files, boards, what it has already.
    #[error("the plan does not hold here; nothing was changed")]
    Faults(Vec<Fault>),
    /// A file cannot be kept, or read again.
    #[error("a file of the plan cannot be kept or read")]
    Blob(#[source] BlobError),
    /// A document cannot be kept, or read again.
    #[error("a slide or running text of the plan cannot be kept or read")]
    Keep(#[source] KeepError),
    /// Others changed the contents all the while.
    #[error("others are changing playlists and assets; try again")]
    Overtaken,
    /// The database failed.
    #[error("the database failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for PlanError {
    fn from(source: StoreError) -> Self {
        Self::Store(source)
    }
}

/// What importing a plan would change, with everything made ready for it; nothing is changed yet but for files kept by their digests.
///
/// # Errors
/// All that is wrong with the plan on this server, or when the database or the media store fails.
pub async fn decide(app: &App, document: &Document, files: &Files, words: Words) -> Result<Decision, PlanError> {
    decide::decide(app, document, files, words).await
}

/// Imports a plan: everything in it, or nothing. Importing it twice changes nothing the second time.
///
/// # Errors
/// As [`decide()`].
pub async fn import(app: &App, document: &Document, files: &Files, words: Words) -> Result<Decision, PlanError> {
    for _ in 0..super::contents::TRIES {
        let decision = decide::decide(app, document, files, words).await?;
        if !decision.changes_anything() || carry_out::carry_out(app, &decision).await? {
            return Ok(decision);
        }
    }
    Err(PlanError::Overtaken)
}
