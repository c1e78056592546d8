//! No screen: for tests and previews. With a folder it writes each picture that stands, as it is seen, as `latest.png` with
//! `latest.json` beside it, on a thread of its own: what moves does not wait for a disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use playlists::id::{Digest, Revision};
use playlists::millis;
use playlists::overlay::Corner;
use serde::Serialize;

use crate::files;
use crate::frame::Frame;
use crate::ports::{Output, OutputError};
use crate::snapshot;
use crate::stage::Sight;
use crate::stage::overlay::{Laid, Seen};
use crate::stage::ticker::Over;

/// What `latest.json` says of `latest.png`.
#[derive(Debug, Serialize)]
struct About {
    item: Option<Digest>,
    /// Which frame of a clip, from 0.
    frame: usize,
    rev: Revision,
    presented_ms: u64,
    /// What lies over the picture in its corners.
    overlays: Vec<AboutOverlay>,
    /// The running text over the picture.
    over: Option<AboutOver>,
}

/// What it says of an overlay.
#[derive(Debug, Serialize)]
struct AboutOverlay {
    corner: Corner,
    /// `clock` with what it says, or `picture` with its item.
    #[serde(flatten)]
    shows: AboutSeen,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum AboutSeen {
    Clock(String),
    Picture(Digest),
}

impl From<&Laid> for AboutOverlay {
    fn from(laid: &Laid) -> Self {
        let shows = match &laid.seen {
            Seen::Clock(text) => AboutSeen::Clock(text.clone()),
            Seen::Picture(item) => AboutSeen::Picture(*item),
        };
        Self { corner: laid.corner, shows }
    }
}

/// What it says of running text.
#[derive(Debug, Serialize)]
struct AboutOver {
    item: Digest,
    /// The column of its left edge; it may lie outside.
    left: i64,
    /// How many of the lowest rows it lies over.
    rows: usize,
}

impl From<&Over> for AboutOver {
    fn from(over: &Over) -> Self {
        Self { item: over.item, left: over.left, rows: over.strip.height() }
    }
}

struct Headless {
    writer: Option<Writer>,
}

/// The thread that writes, and what it could not write.
struct Writer {
    sights: SyncSender<Sight>,
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
    let (sights, settled) = mpsc::sync_channel(1);
    let (failed, faults) = mpsc::sync_channel(1);
    let place = folder.clone();
    let thread =
        thread::Builder::new().name("frames".to_owned()).spawn(move || serve(&place, &settled, &failed)).map_err(fault)?;
    Ok(Box::new(Headless { writer: Some(Writer { sights, faults, thread }) }))
}

fn serve(folder: &Path, settled: &Receiver<Sight>, failed: &SyncSender<OutputError>) {
    while let Ok(sight) = settled.recv() {
        if let Err(error) = keep(folder, &sight)
            && let Err(TrySendError::Full(error)) = failed.try_send(error)
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "one more picture could not be written");
        }
    }
}

fn keep(folder: &Path, Sight { on, overlays, over, frame, .. }: &Sight) -> Result<(), OutputError> {
    let (overlays, over) = (overlays.iter().map(AboutOverlay::from).collect(), over.as_ref().map(AboutOver::from));
    let presented_ms = millis::of(on.presented);
    let about = About { item: on.item, frame: on.number, rev: on.rev, presented_ms, overlays, over };
    write(&folder.join("latest.png"), &snapshot::png(frame))?;
    write(&folder.join("latest.json"), &serde_json::to_vec(&about).unwrap_or_default())
}

impl Output for Headless {
    fn present(&mut self, _: &Frame) -> Result<(), OutputError> {
        Ok(())
    }

    fn settled(&mut self, sight: &Sight) -> Result<(), OutputError> {
        let Some(writer) = &self.writer else { return Ok(()) };
        // What moves may be left out where the disk is slow, for the next look comes in seconds; a new picture may not.
        if sight.is_new {
            writer.sights.send(sight.clone()).unwrap_or_default();
        } else {
            writer.sights.try_send(sight.clone()).unwrap_or_default();
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
        if let Some(Writer { sights, thread, .. }) = self.writer.take() {
            drop(sights);
            if thread.join().is_err() {
                tracing::error!("the thread that writes pictures panicked");
            }
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    files::replace(path, bytes, 0o644).map_err(|source| OutputError::Write { path: path.to_owned(), source })
}
