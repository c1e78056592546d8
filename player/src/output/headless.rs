//! No screen: for tests and previews. With a folder it writes each settled picture as `latest.png` with `latest.json` beside it, on
//! a thread of its own: a clip does not wait for a disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
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
    /// Which frame of a clip, from 0.
    frame: usize,
    rev: Revision,
    presented_ms: u64,
}

struct Headless {
    writer: Option<Writer>,
}

/// The thread that writes, and what it could not write.
struct Writer {
    pictures: SyncSender<Onscreen>,
    faults: Receiver<OutputError>,
    thread: JoinHandle<()>,
}

/// Opens it; `folder` is made if it is not there.
///
/// # Errors
/// When the folder cannot be made, or no thread be started.
pub fn open(folder: Option<PathBuf>) -> Result<Box<dyn Output>, OutputError> {
    let Some(folder) = folder else { return Ok(Box::new(Headless { writer: None })) };
    let fault = |source| OutputError::Write { path: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(fault)?;
    let (pictures, settled) = mpsc::sync_channel(1);
    let (failed, faults) = mpsc::sync_channel(1);
    let place = folder.clone();
    let thread =
        thread::Builder::new().name("frames".to_owned()).spawn(move || serve(&place, &settled, &failed)).map_err(fault)?;
    Ok(Box::new(Headless { writer: Some(Writer { pictures, faults, thread }) }))
}

fn serve(folder: &Path, settled: &Receiver<Onscreen>, failed: &SyncSender<OutputError>) {
    while let Ok(on) = settled.recv() {
        if let Err(error) = keep(folder, &on)
            && let Err(TrySendError::Full(error)) = failed.try_send(error)
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "one more picture could not be written");
        }
    }
}

fn keep(folder: &Path, on: &Onscreen) -> Result<(), OutputError> {
    let about = About { item: on.item, frame: on.number, rev: on.rev, presented_ms: millis::of(on.presented) };
    write(&folder.join("latest.png"), &snapshot::png(&on.frame))?;
    write(&folder.join("latest.json"), &serde_json::to_vec(&about).unwrap_or_default())
}

impl Output for Headless {
    fn present(&mut self, _: &Frame) -> Result<(), OutputError> {
        Ok(())
    }

    fn settled(&mut self, on: &Onscreen) -> Result<(), OutputError> {
        let Some(writer) = &self.writer else { return Ok(()) };
        // A clip's picture may be left out where the disk is slow, a still's not; the next one comes in seconds.
        if on.number > 0 {
            writer.pictures.try_send(on.clone()).unwrap_or_default();
        } else {
            writer.pictures.send(on.clone()).unwrap_or_default();
        }
        writer.faults.try_recv().map_or(Ok(()), Err)
    }

    fn pump(&mut self) -> bool {
        true
    }

    fn pump_every(&self) -> Option<Duration> {
        None
    }
}

impl Drop for Headless {
    /// The last picture is on the disk when the player has ended.
    fn drop(&mut self) {
        if let Some(Writer { pictures, thread, .. }) = self.writer.take() {
            drop(pictures);
            if thread.join().is_err() {
                tracing::error!("the thread that writes pictures panicked");
            }
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    files::replace(path, bytes, 0o644).map_err(|source| OutputError::Write { path: path.to_owned(), source })
}
