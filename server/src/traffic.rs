//! What flows between boards and server: messages that wait for the link, and counts of what came in and was refused.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

/// How many messages may wait for the link. What does not fit is not sent: boards ask again for what they need.
const WAITING: usize = 1024;

/// A message to a board, not retained, QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// After this the broker no longer delivers it; none: it does not age.
    pub expiry: Option<Duration>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{WAITING} messages wait for the broker already")]
pub struct Full;

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct Counts {
    /// Reports that changed something.
    pub accepted: AtomicU64,
    /// Reports that came late or twice.
    pub late: AtomicU64,
    /// Reports that were refused: not readable, not signed, out of range.
    pub refused: AtomicU64,
    /// Reports given up because the database did not take them; boards keep what must not be lost.
    pub given_up: AtomicU64,
    /// Messages that were dropped because too many waited.
    pub dropped: AtomicU64,
}

impl Counts {
    /// One more.
    pub fn raise(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The way from the use cases to the link, and the counts of both directions.
#[derive(Debug)]
pub struct Traffic {
    outgoing: mpsc::Sender<Message>,
    waiting: Mutex<Option<mpsc::Receiver<Message>>>,
    /// What came, what was refused.
    pub counts: Counts,
}

impl Traffic {
    /// With no message waiting.
    #[must_use]
    pub fn new() -> Self {
        let (outgoing, waiting) = mpsc::channel(WAITING);
        Self { outgoing, waiting: Mutex::new(Some(waiting)), counts: Counts::default() }
    }

    /// Gives a message to the link without waiting.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn send(&self, message: Message) -> Result<(), Full> {
        self.outgoing.try_send(message).map_err(|_| {
            Counts::raise(&self.counts.dropped);
            Full
        })
    }

    /// The other end, for the one link; none when it was taken before.
    #[must_use]
    pub fn take_waiting(&self) -> Option<mpsc::Receiver<Message>> {
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self::new()
    }
}
