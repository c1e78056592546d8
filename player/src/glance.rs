//! How a player is at present, for whoever runs it.

use playlists::id::{Digest, Revision};

/// What can be seen of a player at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Glance {
    /// Whether its connection to the broker stands.
    pub linked: bool,
    /// The revision in force; 0 before the first.
    pub rev: Revision,
    /// The item on its screen; none for black and the resident picture.
    pub item: Option<Digest>,
    /// Plays and events that the server has not acknowledged.
    pub queued: u64,
}
