//! Plays and events on their way from the queue to the server: over MQTT, over HTTP where there is no link or MQTT brings no
//! answer, and out of the queue when the server has signed for them or refused them for good.

use std::sync::Arc;
use std::time::Duration;

use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::wire::messages::Stream;
use playlists::wire::topics::Up;

use super::outbox::{Outbox, Way};
use super::reports::{NOT_TAKEN, json};
use super::trouble::Trouble;
use super::{Agent, blocking, chain, log};
use crate::poll;
use crate::queue::{QueueError, Range};

impl Agent {
    pub(super) fn outbox(&mut self, stream: Stream) -> &mut Outbox {
        match stream {
            Stream::Plays => &mut self.plays,
            Stream::Event => &mut self.events,
        }
    }

    /// Whether there is a connection to the broker over which the server hears what is said.
    pub(super) fn is_heard(&self) -> bool {
        self.linked.is_some() && !self.silence.lasts(self.now())
    }

    /// HTTP has brought an acknowledgement. If the connection to the broker let the same batch wait, it is no good, whatever it looks
    /// like.
    pub(super) async fn on_posted_ack(&mut self, stream: Stream, ack: &[u8]) {
        if self.is_heard() && self.outbox(stream).link_is_silent() {
            tracing::warn!("the broker's connection stands, but brings no answer: HTTP is gone, and a new connection made");
            let now = self.now();
            self.silence.met(now);
            self.parts.link.renew();
        }
        self.on_ack(ack).await;
    }

    /// Sends a batch of each stream that is due.
    pub(super) async fn send_queues(&mut self) {
        let now = self.now();
        for stream in [Stream::Plays, Stream::Event] {
            let may_post = self.parts.token.is_some() && !self.busy.posting;
            let by_http = !self.is_heard() || (self.outbox(stream).wants_an_answer() && self.parts.token.is_some());
            let way = if by_http { Way::Http } else { Way::Link };
            if self.outbox(stream).is_due(now) && (may_post || way == Way::Link) {
                self.send_batch(stream, way, now).await;
            }
        }
    }

    async fn send_batch(&mut self, stream: Stream, way: Way, now: Duration) {
        let (queue, board) = (Arc::clone(&self.parts.queue), self.parts.identity.board.clone());
        let (document, up) = match stream {
            Stream::Plays => (DocumentType::Plays, Up::Plays),
            Stream::Event => (DocumentType::Event, Up::Event),
        };
        let read = blocking(move || match stream {
            Stream::Plays => Ok::<_, QueueError>(queue.plays(&board)?.map(|plays| (Range::from(&plays), json(&plays)))),
            Stream::Event => Ok(queue.events(&board)?.map(|events| (Range::from(&events), json(&events)))),
        });
        let batch = log(read.await, "the queue cannot be read").flatten();
        let taken = batch.is_some_and(|(range, batch)| {
            let envelope = Envelope::sign(document, &batch, &[&self.parts.identity.key]).to_json();
            match way {
                Way::Http => self.post(up, envelope, Some(range)),
                Way::Link => self.parts.link.publish(up.topic(&self.parts.identity.board), envelope),
            }
        });
        if taken { self.outbox(stream).sent(way, now) } else { self.outbox(stream).not_sent(now, NOT_TAKEN) }
    }

    /// Deletes what the server has stored: only on its signed word, only for this board.
    pub(super) async fn on_ack(&mut self, payload: &[u8]) {
        let ack = match poll::ack(payload, &self.parts.root) {
            Ok(ack) if ack.board == self.parts.identity.board => ack,
            Ok(_) => return,
            Err(error) => {
                self.note("ack-refused", &chain(&error), "");
                return;
            }
        };
        let (queue, stream) = (Arc::clone(&self.parts.queue), ack.stream);
        let left = blocking(move || Ok::<_, QueueError>((queue.acknowledge(&ack)?, queue.waiting()?))).await;
        let left = self.heed_disk(Trouble::Queue, left, "what is acknowledged could not be deleted");
        let Some((deleted, (plays, events))) = left else { return };
        if deleted > 0 {
            let (left, now) = (if stream == Stream::Plays { plays } else { events }, self.now());
            self.outbox(stream).acknowledged(left, now);
        }
    }

    /// The server has refused a batch and always will: it is set aside and told, and what follows goes on under a new epoch.
    pub(super) async fn set_aside(&mut self, batch: Range, reason: String) {
        tracing::error!(reason, first = batch.first, rows = batch.rows, "the server refuses a batch for good; it is set aside");
        let (queue, stream, now) = (Arc::clone(&self.parts.queue), batch.stream, self.belief().now);
        let aside = blocking(move || queue.set_aside(&batch, &reason, now)).await;
        if self.heed_disk(Trouble::Queue, aside, "a refused batch could not be set aside").is_some() {
            let now = self.now();
            self.outbox(stream).passed_over(now);
            self.count_waiting().await;
        }
    }
}
