//! Two self-verifying files, A and B, written in turn: whatever happens while one is written, the other still stands.
//!
//! A file is one line, `bangtin-bank 1 LENGTH SHA256`, and then LENGTH bytes of JSON with that digest; `sha256sum` on the body
//! checks it. A file of which a single bit differs does not count.

use std::fs;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use playlists::id::{Digest, Version};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files;

/// Largest bank that is read.
const MAX_BYTES: u64 = 16 << 20;

/// What a board has been told and believes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bank {
    /// The envelopes of the roots after the pinned one, in order.
    pub roots: Vec<String>,
    /// The envelope of the manifest in force, byte for byte.
    pub manifest: Option<String>,
    /// Version of the recall document held.
    pub recall: Version,
    /// Version of the notice list held.
    pub notices: Version,
    /// Highest time accepted when this was written.
    pub floor: Option<DateTime<Utc>>,
}

/// Why a bank was not written.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// The file cannot be written.
    #[error("the bank {path} cannot be written")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What was to be written is no JSON.
    #[error("the bank {path} cannot be put into words")]
    Form {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// A pair of files that hold a `T`.
#[derive(Debug)]
pub struct Banks<T> {
    paths: [PathBuf; 2],
    generation: u64,
    holds: PhantomData<fn(T) -> T>,
}

/// What was found when the pair was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The newest one that is whole; none when there is none.
    pub held: Option<T>,
    /// Files that exist and are damaged.
    pub damaged: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Body<T> {
    generation: u64,
    held: T,
}

impl<T: Serialize + DeserializeOwned> Banks<T> {
    /// Opens `folder/name.a` and `folder/name.b`; the newest one that is whole counts.
    #[must_use]
    pub fn open(folder: &Path, name: &str) -> (Self, Found<T>) {
        let paths = [folder.join(format!("{name}.a")), folder.join(format!("{name}.b"))];
        let mut newest: Option<Body<T>> = None;
        let mut damaged = Vec::new();
        for path in &paths {
            match read::<T>(path) {
                Ok(Some(body)) if newest.as_ref().is_none_or(|n| n.generation < body.generation) => newest = Some(body),
                Ok(_) => {}
                Err(()) => damaged.push(path.clone()),
            }
        }
        let generation = newest.as_ref().map_or(0, |n| n.generation);
        (Self { paths, generation, holds: PhantomData }, Found { held: newest.map(|n| n.held), damaged })
    }

    /// Writes the next generation over the older file.
    ///
    /// # Errors
    /// When it cannot be written; the newest file then still stands.
    pub fn save(&mut self, held: &T) -> Result<(), BankError> {
        let generation = self.generation.saturating_add(1);
        let [a, b] = &self.paths;
        let path = if generation % 2 == 1 { a } else { b };
        let body =
            serde_json::to_vec(&Body { generation, held }).map_err(|source| BankError::Form { path: path.clone(), source })?;
        let mut bytes = head(&body).into_bytes();
        bytes.extend_from_slice(&body);
        files::replace(path, &bytes, 0o600).map_err(|source| BankError::Write { path: path.clone(), source })?;
        self.generation = generation;
        Ok(())
    }
}

fn head(body: &[u8]) -> String {
    format!("bangtin-bank 1 {} {}\n", body.len(), Digest::of(body))
}

/// The file's body; none when there is no file; an error when there is one that does not count.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<Body<T>>, ()> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(()),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|_| ())?;
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(())? + 1;
    let (found, body) = bytes.split_at_checked(end).ok_or(())?;
    if found != head(body).as_bytes() {
        return Err(());
    }
    serde_json::from_slice(body).map(Some).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(recall: u64) -> Bank {
        Bank { recall: Version(recall), manifest: Some("{\"payload\":\"x\"}".to_owned()), ..Bank::default() }
    }
    fn opened(folder: &Path) -> Option<Bank> {
        Banks::<Bank>::open(folder, "bank").1.held
    }

    #[test]
    fn the_newest_of_two_banks_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut banks, found) = Banks::<Bank>::open(folder.path(), "bank");
        assert_eq!(found, Found { held: None, damaged: Vec::new() });
        for recall in 1..=5 {
            banks.save(&bank(recall)).expect("written");
            assert_eq!(opened(folder.path()), Some(bank(recall)));
        }
    }

    #[test]
    fn a_bank_cut_short_anywhere_or_with_any_byte_changed_yields_to_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut banks, _) = Banks::<Bank>::open(folder.path(), "bank");
        banks.save(&bank(1)).expect("written");
        banks.save(&bank(2)).expect("written");
        let newest = folder.path().join("bank.b");
        let whole = fs::read(&newest).expect("read");
        for place in 0..whole.len() {
            fs::write(&newest, whole.get(..place).expect("shorter")).expect("written");
            assert_eq!(opened(folder.path()), Some(bank(1)), "cut at {place}");
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << bit);
                fs::write(&newest, &changed).expect("written");
                assert_eq!(opened(folder.path()), Some(bank(1)), "bit {bit} of byte {place}");
            }
        }
        fs::write(folder.path().join("bank.a"), b"").expect("written");
        assert_eq!(opened(folder.path()), None);
    }

    #[test]
    fn after_damage_the_next_save_goes_over_the_damaged_bank() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut banks, _) = Banks::<Bank>::open(folder.path(), "bank");
        banks.save(&bank(1)).expect("written");
        banks.save(&bank(2)).expect("written");
        fs::write(folder.path().join("bank.b"), b"rot").expect("written");
        let (mut banks, found) = Banks::<Bank>::open(folder.path(), "bank");
        assert_eq!((found.held, found.damaged.len()), (Some(bank(1)), 1));
        banks.save(&bank(3)).expect("written");
        assert_eq!(Banks::<Bank>::open(folder.path(), "bank").1, Found { held: Some(bank(3)), damaged: Vec::new() });
    }
}
