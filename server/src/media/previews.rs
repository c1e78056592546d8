//! Previews that were made, in memory within bounds: a library's pictures are asked for again and again, and each takes a moment.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use playlists::id::Digest;

/// Most bytes kept of all previews: some thousand of a library's.
const MOST_BYTES: usize = 32 << 20;
/// Most bytes of one that is kept.
const LARGEST: usize = 2 << 20;

/// Previews by a digest of all that they are made of; the ones asked for last are kept.
#[derive(Debug)]
pub struct Previews {
    /// Since when they are kept, UTC milliseconds: when this program was started.
    pub since_ms: i64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The one asked for last at the end.
    pictures: VecDeque<(Digest, Bytes)>,
    bytes: usize,
}

impl Previews {
    /// None yet; this program was started at this time, UTC milliseconds.
    #[must_use]
    pub fn since(since_ms: i64) -> Self {
        Self { since_ms, kept: Mutex::default() }
    }

    /// The preview of this digest, if it is kept.
    #[must_use]
    pub fn get(&self, of: &Digest) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.pictures.iter().position(|(kept, _)| kept == of)?;
        let found = kept.pictures.remove(at)?;
        let picture = found.1.clone();
        kept.pictures.push_back(found);
        Some(picture)
    }

    /// Keeps a preview; those that were not asked for longest make room for it.
    pub fn keep(&self, of: Digest, picture: &Bytes) {
        if picture.len() > LARGEST {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.pictures.iter().any(|(kept, _)| *kept == of) {
            return;
        }
        kept.bytes += picture.len();
        kept.pictures.push_back((of, picture.clone()));
        while kept.bytes > MOST_BYTES {
            let Some((_, oldest)) = kept.pictures.pop_front() else { break };
            kept.bytes = kept.bytes.saturating_sub(oldest.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_makes_room_and_what_is_too_large_is_not_kept() {
        let (previews, picture) = (Previews::since(0), Bytes::from(vec![0; LARGEST]));
        let of = |number: u8| Digest::of(&[number]);
        let room = u8::try_from(MOST_BYTES / LARGEST).expect("few");
        (0..room).for_each(|number| previews.keep(of(number), &picture));
        assert!(previews.get(&of(0)).is_some(), "all have room");
        previews.keep(of(room), &picture);
        previews.keep(of(room), &picture);
        assert!(previews.get(&of(1)).is_none(), "the one that nobody asked for");
        assert!([0, 2, room].iter().all(|number| previews.get(&of(*number)).is_some()));
        previews.keep(of(99), &Bytes::from(vec![0; LARGEST + 1]));
        assert!(previews.get(&of(99)).is_none());
    }
}
