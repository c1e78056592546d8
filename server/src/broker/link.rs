//! The server's one connection to the broker: a task that only polls the client and hands on what comes.
//!
//! **The full case.** Reports are QoS 1 with manual acknowledgement: the broker gets its PubAck once the report is committed. It
//! sends at most [`UNACKNOWLEDGED`] reports beyond that, and the channel to the workers holds twice as many, so it fills only
//! when reconnects pile copies up in it; the connection is then dropped, which loses nothing: the broker sends again what was
//! not acknowledged. A slow database thus delays, and the broker's own bound decides what happens to senders. Reports of QoS 0,
//! which no player of ours sends, are dropped when there is no room.
//!
//! **A late acknowledgement.** A packet id means something only within one connection. What was received over an earlier one is
//! not acknowledged: the generation and the client's channel are looked at under one lock, and the channel is emptied of
//! acknowledgements after the generation has risen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use playlists::wire::topics;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Packet, PubAck, PubAckReason, Publish, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::credentials::Login;
use super::peer::Endpoint;
use super::window::{Ticket, Window};
use super::{BrokerError, SERVER_ID, inbound, outbound};
use crate::app::App;
use crate::live::Change;
use crate::telemetry::chain;

/// Reports that the broker may send beyond those acknowledged.
const UNACKNOWLEDGED: u16 = 64;
/// Requests that fit into the client: all publishes of the window, all acknowledgements, a subscription.
const REQUESTS: usize = 256;
const SESSION_S: u32 = 3600;
/// Longest for the last words at the end.
const FAREWELL: Duration = Duration::from_secs(3);

/// How soon the link finds out that nobody is at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How often the broker is asked for a sign of life when nothing else is said.
    pub(super) keep_alive: Duration,
    /// Nothing at all from the client for this long: it is stuck in a write to a peer that does not read. More than twice
    /// [`keep_alive`](Self::keep_alive).
    pub(super) stuck: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { keep_alive: Duration::from_secs(15), stuck: Duration::from_millis(37_500) }
    }
}

/// To which broker the link goes, and how.
pub(super) struct Wire<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) login: &'a Login,
    /// Opened when the server hears the boards.
    pub(super) gate: Option<Arc<Access>>,
    pub(super) pace: Pace,
}

/// What the poll task shares with those who send.
pub(super) struct Link {
    client: AsyncClient,
    window: Mutex<Window>,
    /// Woken when there may be room, or the link came or went.
    pub(super) wake: Notify,
    /// The broker knows nothing: everything must be published again.
    pub(super) forgotten: AtomicBool,
}

/// A report with the connection over which it came.
pub(super) struct Received {
    pub(super) generation: u64,
    pub(super) publish: Publish,
}

/// How a publish ended.
pub(super) struct Landed {
    pub(super) ticket: Ticket,
    /// None: the broker has it; else its reason to refuse.
    pub(super) refused: Option<PubAckReason>,
}

impl Link {
    pub(super) fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a publish to the client, if there is room; never waits.
    pub(super) fn publish(&self, ticket: Ticket, topic: &str, payload: Vec<u8>, retain: bool, expiry: Option<Duration>) -> bool {
        let mut window = self.window();
        if !window.has_room() {
            return false;
        }
        let expiry = expiry.map(|expiry| u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX));
        let properties = PublishProperties { message_expiry_interval: expiry, ..PublishProperties::default() };
        let given = self.client.try_publish_with_properties(topic, QoS::AtLeastOnce, retain, payload, properties).is_ok();
        if given {
            window.gave(ticket);
        }
        given
    }

    /// Tells the broker that a report is done with, if it still stands on the connection over which it came.
    pub(super) fn acknowledge(&self, received: &Received) {
        let window = self.window();
        if window.is_up() && window.generation() == received.generation && self.client.try_ack(&received.publish).is_err() {
            tracing::warn!("an acknowledgement found no room; the broker will send the report again");
        }
    }
}

/// Starts the link's tasks. `last` is held until the link has ended.
pub(super) fn start(
    app: Arc<App>,
    wire: Wire<'_>,
    tracker: &TaskTracker,
    token: CancellationToken,
    last: DropGuard,
) -> Result<(), BrokerError> {
    let waiting = app.live.traffic.take_waiting().ok_or(BrokerError::Started)?;
    let mut options = wire.endpoint.options(SERVER_ID, wire.login);
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(SESSION_S));
    options.set_receive_maximum(Some(UNACKNOWLEDGED));
    options.set_manual_acks(true);
    options.set_keep_alive(wire.pace.keep_alive);
    let (client, eventloop) = AsyncClient::new(options, REQUESTS);
    let link = Arc::new(Link { client, window: Mutex::default(), wake: Notify::new(), forgotten: AtomicBool::new(true) });
    let (reports, received) = mpsc::channel(2 * usize::from(UNACKNOWLEDGED));
    let (landed, outcomes) = mpsc::channel(REQUESTS);
    tracker.spawn(inbound::run(Arc::clone(&app), Arc::clone(&link), received));
    tracker.spawn(outbound::run(Arc::clone(&app), Arc::clone(&link), waiting, outcomes, token.clone()));
    let poll = Poll { app, link, reports, landed, gate: wire.gate, stuck: wire.pace.stuck };
    tracker.spawn(async move {
        poll.run(eventloop, token).await;
        drop(last);
    });
    Ok(())
}

/// The task that polls.
struct Poll {
    app: Arc<App>,
    link: Arc<Link>,
    reports: mpsc::Sender<Received>,
    landed: mpsc::Sender<Landed>,
    gate: Option<Arc<Access>>,
    stuck: Duration,
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the connection to the broker broke")]
    Connection(#[source] Box<ConnectionError>),
    #[error("the broker does not read what the server sends")]
    Stuck,
    #[error("the broker does not let the server hear the boards")]
    Deaf,
    #[error("reports came faster than they can be stored")]
    Flooded,
}

impl Poll {
    async fn run(self, mut eventloop: EventLoop, token: CancellationToken) {
        let mut failures = 0;
        loop {
            let Err(broken) = self.serve(&mut eventloop, &token, &mut failures).await else { break };
            self.fall(&mut eventloop);
            let pause = pause(&broken, failures);
            failures = failures.saturating_add(1);
            tracing::warn!(error = %chain(&broken), "the link to the broker is down; trying again in {} ms", pause.as_millis());
            if token.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
        }
        self.link.window().fall();
        self.set_linked(false);
    }

    /// Polls until the connection breaks (an error) or the last words are said (the token is cancelled).
    async fn serve(&self, eventloop: &mut EventLoop, token: &CancellationToken, failures: &mut u32) -> Result<(), Broken> {
        let mut farewell = None;
        loop {
            let event = {
                let poll = timeout(self.stuck, eventloop.poll());
                tokio::pin!(poll);
                loop {
                    // The poll is kept across the cancellation, so no half-read packet is lost.
                    tokio::select! {
                        event = &mut poll => break event,
                        () = token.cancelled(), if farewell.is_none() => {
                            farewell = Some(Instant::now() + FAREWELL);
                            let _ = self.link.client.try_disconnect();
                        }
                        () = until(farewell), if farewell.is_some() => return Ok(()),
                    }
                }
            };
            match event {
                Err(_) => return Err(Broken::Stuck),
                Ok(Err(_)) if farewell.is_some() => return Ok(()),
                Ok(Err(error)) => return Err(Broken::Connection(Box::new(error))),
                Ok(Ok(Event::Outgoing(Outgoing::Disconnect))) => return Ok(()),
                Ok(Ok(Event::Outgoing(Outgoing::Publish(id)))) => self.link.window().flew(id),
                Ok(Ok(Event::Outgoing(_))) => {}
                Ok(Ok(Event::Incoming(packet))) => self.hear(packet, failures)?,
            }
        }
    }

    fn hear(&self, packet: Packet, failures: &mut u32) -> Result<(), Broken> {
        match packet {
            Packet::ConnAck(ack) => {
                self.link
                    .window()
                    .rise(ack.session_present, ack.properties.as_ref().and_then(|properties| properties.receive_max));
                if !ack.session_present {
                    self.link.forgotten.store(true, Ordering::Release);
                }
                // Subscribing again changes nothing where a session stands, and mends one whose subscription is gone.
                self.link.client.try_subscribe(topics::REPORTS, QoS::AtLeastOnce).map_err(|_| Broken::Deaf)
            }
            Packet::SubAck(ack) => {
                if !ack
                    .return_codes
                    .iter()
                    .all(|code| matches!(code, SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce)))
                {
                    return Err(Broken::Deaf);
                }
                *failures = 0;
                self.set_linked(true);
                if let Some(gate) = &self.gate {
                    gate.open();
                }
                self.link.wake.notify_one();
                Ok(())
            }
            Packet::Publish(publish) => self.take(publish),
            Packet::PubAck(ack) => {
                self.land(&ack);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take(&self, publish: Publish) -> Result<(), Broken> {
        let waits_for_ack = publish.qos != QoS::AtMostOnce;
        let generation = self.link.window().generation();
        match self.reports.try_send(Received { generation, publish }) {
            Ok(()) => Ok(()),
            Err(_) if waits_for_ack => Err(Broken::Flooded),
            Err(_) => {
                crate::traffic::Counts::raise(&self.app.live.traffic.counts.dropped);
                Ok(())
            }
        }
    }

    fn land(&self, ack: &PubAck) {
        let Some(ticket) = self.link.window().landed(ack.pkid) else { return };
        let stored = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
        // Without room the row stays in the outbox and is published once more.
        let _ = self.landed.try_send(Landed { ticket, refused: (!stored).then_some(ack.reason) });
        self.link.wake.notify_one();
    }

    fn fall(&self, eventloop: &mut EventLoop) {
        self.link.window().fall();
        // After the generation has risen, so that no acknowledgement of the old connection is left in the client's channel.
        eventloop.clean();
        self.set_linked(false);
        self.link.wake.notify_one();
    }

    fn set_linked(&self, linked: bool) {
        if self.app.broker_linked.swap(linked, Ordering::AcqRel) != linked {
            self.app.live.tell(Change::BrokerLink);
            if linked {
                tracing::info!("the link to the broker stands");
            }
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// How long to wait before the next try: up to 30 s and doubling, a minute or two after a refusal; always with jitter.
fn pause(broken: &Broken, failures: u32) -> Duration {
    let refused = match broken {
        Broken::Connection(error) => matches!(
            **error,
            ConnectionError::ConnectionRefused(
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized | ConnectReturnCode::Banned
            )
        ),
        Broken::Deaf => true,
        Broken::Stuck | Broken::Flooded => false,
    };
    if refused {
        return Duration::from_secs(60 + fastrand::u64(..60));
    }
    let most = 500_u64.saturating_mul(1 << failures.min(6)).min(30_000);
    Duration::from_millis(most / 2 + fastrand::u64(..=most / 2))
}
