//! Reports from the link to the use cases: taken, then acknowledged to the broker; the signed acknowledgement goes back to the board.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use playlists::wire::messages::MAX_MESSAGE_BYTES;
use playlists::wire::topics::{Down, Up};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;

use super::link::{Link, Received};
use crate::app::App;
use crate::app::reports::{self, Refused};
use crate::failpoint::failpoint;
use crate::telemetry::chain;
use crate::traffic::{Counts, Message};

/// Reports that are worked on at once.
const AT_ONCE: usize = 8;
/// How often a report is tried that the database does not take; boards keep what must not be lost.
const TRIES: u32 = 5;
/// Longest for one try.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until the link has ended and every report it took is done with.
pub(super) async fn run(app: Arc<App>, link: Arc<Link>, received: mpsc::Receiver<Received>) {
    ReceiverStream::new(received)
        .for_each_concurrent(AT_ONCE, |received| {
            let (app, link) = (Arc::clone(&app), Arc::clone(&link));
            async move {
                take(&app, &received).await;
                link.acknowledge(&received);
                failpoint!("report-acknowledged");
            }
        })
        .await;
}

async fn take(app: &App, received: &Received) {
    let topic = String::from_utf8_lossy(&received.publish.topic);
    let payload = &received.publish.payload;
    let Some((board, up)) = Up::parse(&topic) else {
        Counts::raise(&app.live.traffic.counts.refused);
        tracing::warn!(mqtt.topic = %topic, "a report on a strange topic was dropped");
        return;
    };
    if payload.len() > MAX_MESSAGE_BYTES {
        Counts::raise(&app.live.traffic.counts.refused);
        tracing::warn!(board.id = %board, size_bytes = payload.len(), "a report that is too large was dropped");
        return;
    }
    for attempt in 1..=TRIES {
        match timeout(PATIENCE, reports::take(app, &board, up, payload)).await {
            Ok(Ok(None)) => return,
            Ok(Ok(Some(ack))) => {
                let message = Message { topic: Down::Ack.topic(&board), payload: ack.to_json(), expiry: None };
                if app.live.traffic.send(message).is_err() {
                    tracing::warn!(board.id = %board, "an acknowledgement found no room; the board will ask again");
                }
                failpoint!("ack-handed-on");
                return;
            }
            Ok(Err(refused)) if !refused.may_pass_later() => {
                tracing::warn!(board.id = %board, mqtt.topic = %topic, error = %chain(&refused), "a report was refused");
                return;
            }
            Ok(Err(refused)) => warn_once(attempt, &refused),
            Err(_) => tracing::warn!(board.id = %board, "a report was not stored in time"),
        }
        if attempt < TRIES {
            sleep(Duration::from_millis((250 << attempt) + fastrand::u64(..250))).await;
        }
    }
    Counts::raise(&app.live.traffic.counts.given_up);
    tracing::error!(board.id = %board, mqtt.topic = %topic, "a report was given up: the database does not take it");
}

fn warn_once(attempt: u32, refused: &Refused) {
    if attempt == 1 {
        tracing::warn!(error = %chain(refused), "a report cannot be stored; it is tried again");
    }
}
