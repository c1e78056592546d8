//! What changed just now: from the use cases to open pages (server-sent events) and to jobs that wait for work.

use std::sync::{Mutex, PoisonError};

use playlists::id::{AssetId, BoardId, CampaignId};
use tokio::sync::{Notify, broadcast};

use crate::store::renditions::Key;
use crate::traffic::Traffic;

/// How many changes a slow page may lag behind before it is told to load itself anew.
const BACKLOG: usize = 1024;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A board reported, or was seen to go silent.
    Board(BoardId),
    /// A board sent a picture of its screen.
    Snapshot(BoardId),
    /// A new manifest is wanted on a board.
    Desired(BoardId),
    /// A rendition was made, or failed.
    Asset(AssetId),
    /// A campaign was saved.
    Campaign(CampaignId),
    /// The link to the broker came or went.
    BrokerLink,
}

/// Where changes are told and heard. Telling never blocks; a listener that lags is told so.
#[derive(Debug)]
pub struct Live {
    changes: broadcast::Sender<Change>,
    /// Wakes the publishing job: boards wait in `publish_wanted`.
    pub publish: Notify,
    /// Wakes the job for stills: renditions wait in state `wanted`. Whoever wakes it wakes [`Self::clips`] too.
    pub renditions: Notify,
    /// Wakes the job for clips.
    pub clips: Notify,
    /// Wakes the job that looks uploads over.
    pub uploads: Notify,
    /// Wakes those who make renditions that may have been called off.
    pub called_off: Notify,
    /// Wakes those who wait for what becomes of an upload.
    pub settled: Notify,
    /// The clip that is being made.
    pub making: Making,
    /// Wakes the link to the broker: rows wait in `outbox`.
    pub outbox: Notify,
    /// Messages to boards that wait for the link, and counts of reports.
    pub traffic: Traffic,
}

impl Live {
    /// A place with no listeners yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            changes: broadcast::Sender::new(BACKLOG),
            publish: Notify::new(),
            renditions: Notify::new(),
            clips: Notify::new(),
            uploads: Notify::new(),
            settled: Notify::new(),
            called_off: Notify::new(),
            making: Making::default(),
            outbox: Notify::new(),
            traffic: Traffic::new(),
        }
    }
    /// Tells everyone who listens.
    pub fn tell(&self, change: Change) {
        // Nobody listening is not an error: pages come and go.
        let _ = self.changes.send(change);
    }
    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

/// Which rendition of a clip is being made, and how far it is: only in memory, a restart begins it anew.
#[derive(Debug, Default)]
pub struct Making(Mutex<Option<(Key, u32)>>);

impl Making {
    /// This one, of which so many per cent are encoded.
    pub fn at(&self, key: &Key, percent: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.clone(), percent));
    }
    /// None any more.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    /// How many per cent of this one are encoded, if it is the one.
    #[must_use]
    pub fn percent(&self, key: &Key) -> Option<u32> {
        let making = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        making.as_ref().filter(|(made, _)| made == key).map(|(_, percent)| *percent)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}
