//! From the outbox and the use cases to the broker: desired states retained, a row gone only at its own PubAck; the server's epoch;
//! acknowledgements and orders.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use playlists::id::BoardId;
use playlists::wire::messages::{ServerEpoch, V};
use playlists::wire::topics::{ALL_SERVER, Down};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::credentials::secret;
use super::link::{Landed, Link};
use super::window::{MOST, Ticket};
use crate::app::{App, publish};
use crate::failpoint::failpoint;
use crate::store::{StoreError, outbox, status};
use crate::telemetry::chain;
use crate::traffic::{Counts, Message};

/// How often the outbox is looked at without being told.
const LOOK: Duration = Duration::from_secs(5);
/// Longest for one look.
const PATIENCE: Duration = Duration::from_secs(30);
/// Boards that may say hello in one second, when all of them are asked.
const HELLOS_A_SECOND: i64 = 300;

/// Runs until the token is cancelled.
pub(super) async fn run(
    app: Arc<App>,
    link: Arc<Link>,
    mut waiting: mpsc::Receiver<Message>,
    mut outcomes: mpsc::Receiver<Landed>,
    token: CancellationToken,
) {
    let mut outbound = Outbound { epoch: secret().ok(), app, link, refused: HashSet::new() };
    let mut landed = Vec::with_capacity(MOST);
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (up, room) = {
            let window = outbound.link.window();
            (window.is_up(), window.has_room())
        };
        // Every branch takes one whole thing or nothing.
        tokio::select! {
            () = token.cancelled() => return,
            _ = outcomes.recv_many(&mut landed, MOST) => outbound.land(landed.drain(..)).await,
            Some(message) = waiting.recv(), if room || !up => outbound.send(message),
            () = outbound.link.wake.notified() => outbound.fill().await,
            () = outbound.app.live.outbox.notified() => outbound.fill().await,
            _ = look.tick() => {
                outbound.refused.clear();
                outbound.fill().await;
            }
        }
    }
}

struct Outbound {
    app: Arc<App>,
    link: Arc<Link>,
    /// Drawn at each start; none when the system gives no random bytes.
    epoch: Option<String>,
    /// Boards whose desired state the broker refused; tried again at the next look.
    refused: HashSet<BoardId>,
}

impl Outbound {
    /// A message while the link is down has nobody to reach: boards ask again once it stands.
    fn send(&self, message: Message) {
        if !self.link.publish(Ticket::Message, &message.topic, message.payload, false, message.expiry) {
            Counts::raise(&self.app.live.traffic.counts.dropped);
        }
    }

    async fn land(&mut self, landed: impl Iterator<Item = Landed>) {
        let mut done = Vec::new();
        for Landed { ticket, refused } in landed {
            match (ticket, refused) {
                (Ticket::Desired(board, rev), None) => done.push((board, rev)),
                (Ticket::Desired(board, rev), Some(reason)) => {
                    tracing::error!(board.id = %board, manifest.revision = %rev, "the broker refuses the board's desired state: {reason:?}");
                    self.refused.insert(board);
                }
                (Ticket::Message, None) => {
                    failpoint!("message-landed");
                }
                (Ticket::Message, Some(reason)) => tracing::warn!("the broker refuses a message: {reason:?}"),
            }
        }
        if !done.is_empty() {
            failpoint!("desired-landed");
        }
        if let Err(error) = outbox::done(&self.app.db, &done).await {
            tracing::warn!(error = %chain(&error), "the outbox keeps what the broker has; it is sent again");
        }
        if !done.is_empty() {
            failpoint!("desired-done");
        }
        self.fill().await;
    }

    /// Publishes what waits, as far as there is room; an error leaves the rest for the next look.
    async fn fill(&mut self) {
        if !self.link.window().has_room() {
            return;
        }
        match timeout(PATIENCE, self.publish_waiting()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %chain(&error), "the outbox cannot be read; it is looked at again"),
            Err(_) => tracing::warn!("the outbox was not read in time; it is looked at again"),
        }
    }

    async fn publish_waiting(&mut self) -> Result<(), StoreError> {
        if self.link.forgotten.load(Ordering::Acquire) {
            outbox::put_all(&self.app.db, self.app.clock.now_ms()).await?;
            if self.publish_epoch().await? {
                self.link.forgotten.store(false, Ordering::Release);
            }
        }
        // Those on their way and those refused stand in the outbox as well, before others.
        let limit = i64::try_from(2 * MOST + self.refused.len()).unwrap_or(i64::MAX);
        let mut waiting = outbox::waiting(&self.app.db, limit).await?;
        waiting.retain(|board| !self.refused.contains(board) && !self.link.window().carries(board));
        waiting.truncate(MOST);
        let mut wanted = publish::desired_of(&self.app, &waiting).await?;
        for board in waiting {
            let Some(desired) = wanted.remove(&board) else {
                outbox::drop_row(&self.app.db, &board).await?;
                continue;
            };
            let rev = desired.rev;
            let payload = serde_json::to_vec(&desired).unwrap_or_default();
            failpoint!("desired-before-publish");
            if !self.link.publish(Ticket::Desired(board.clone(), rev), &Down::Desired.topic(&board), payload, true, None) {
                return Ok(());
            }
            failpoint!("desired-published");
            tracing::debug!(board.id = %board, manifest.revision = %rev, "a desired state is on its way");
        }
        Ok(())
    }

    async fn publish_epoch(&self) -> Result<bool, StoreError> {
        let Some(epoch) = self.epoch.clone() else { return Ok(true) };
        let boards = status::count_boards(&self.app.db).await?;
        let window_s = u32::try_from(boards / HELLOS_A_SECOND).unwrap_or(u32::MAX);
        let payload = serde_json::to_vec(&ServerEpoch { v: V, epoch, window_s }).unwrap_or_default();
        Ok(self.link.publish(Ticket::Message, ALL_SERVER, payload, true, None))
    }
}
