//! No screen: for tests and previews. With a folder it writes each settled picture as `latest.png` with `latest.json` beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use playlists::id::{Digest, Revision};
use playlists::millis;
use serde::Serialize;

use crate::files;
use crate::frame::Frame;
use crate::ports::{Output, OutputError};
use crate::snapshot;
use crate::stage::Onscreen;

/// What `latest.json` says of `latest.png`.
#[derive(Debug, Serialize)]
struct About {
    item: Option<Digest>,
    rev: Revision,
    presented_ms: u64,
}

struct Headless {
    folder: Option<PathBuf>,
}

/// Opens it; `folder` is made if it is not there.
///
/// # Errors
/// When the folder cannot be made.
pub fn open(folder: Option<PathBuf>) -> Result<Box<dyn Output>, OutputError> {
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder).map_err(|source| OutputError::Write { path: folder.clone(), source })?;
    }
    Ok(Box::new(Headless { folder }))
}

impl Output for Headless {
    fn present(&mut self, _: &Frame) -> Result<(), OutputError> {
        Ok(())
    }

    fn settled(&mut self, on: &Onscreen) -> Result<(), OutputError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let about = About { item: on.item, rev: on.rev, presented_ms: millis::of(on.presented) };
        write(&folder.join("latest.png"), &snapshot::png(&on.frame))?;
        write(&folder.join("latest.json"), &serde_json::to_vec(&about).unwrap_or_default())
    }

    fn pump(&mut self) -> bool {
        true
    }

    fn pump_every(&self) -> Option<Duration> {
        None
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    files::replace(path, bytes, 0o644).map_err(|source| OutputError::Write { path: path.to_owned(), source })
}
