//! Pictures of virtual screens: a still is decoded only when its board is asked for a snapshot, one at a time for all boards; the
//! last few are kept, as boards of one geometry show the same item at the same time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use playlists::geometry::Geometry;
use playlists::id::Digest;
use tokio::sync::Semaphore;

use crate::cache::read_verified;
use crate::snapshot::{self, Snapshot};
use crate::stage::decode::{Source, still};

/// Pictures kept, each of at most [`snapshot::ASKED`] bytes.
const KEPT: usize = 24;

/// The pictures of a fleet.
pub(crate) struct Pictures {
    turn: Semaphore,
    kept: Mutex<VecDeque<(Digest, usize, Arc<Snapshot>)>>,
}

impl Pictures {
    pub(super) fn new() -> Self {
        Self { turn: Semaphore::new(1), kept: Mutex::default() }
    }

    /// This item in at most `limit` bytes; none when its bytes are gone or are no still.
    pub(super) async fn sketch(&self, source: Source, geometry: Geometry, limit: usize) -> Option<Snapshot> {
        let _turn = self.turn.acquire().await.ok()?;
        if let Some(kept) = self.kept(&source.item, limit) {
            return Some(Snapshot::clone(&kept));
        }
        let item = source.item;
        let made = tokio::task::spawn_blocking(move || {
            let bytes = read_verified(&source.path, &source.item, source.size).ok()?;
            snapshot::within(&still(&bytes, geometry).ok()?, limit)
        });
        let made = made.await.ok().flatten()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((item, limit, Arc::new(made.clone())));
        Some(made)
    }

    fn kept(&self, item: &Digest, limit: usize) -> Option<Arc<Snapshot>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(of, within, _)| of == item && *within == limit);
        found.map(|(_, _, snapshot)| Arc::clone(snapshot))
    }
}
