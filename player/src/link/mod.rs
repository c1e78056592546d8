//! The voice: one MQTT 5 connection at a time. The task only polls and forwards; every connection has a session of its own, and
//! a new event loop, so nothing of an old one is left (rules: clean start, bounded in-flight table, packet limit, poll under a
//! deadline).

mod way;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, Session};
use playlists::wire::messages::V;
use playlists::wire::reports::{Bye, ByeReason};
use playlists::wire::topics::{self, Up};
use rumqttc::Transport;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Filter, LastWill, Packet};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rustls::ClientConfig;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::memory::Memory;
use crate::ports::Clock;
pub use way::{Way, Ways};

const KEEP_ALIVE: Duration = Duration::from_secs(30);
const IN_FLIGHT: u16 = 100;
const LARGEST_PACKET: u32 = 256 * 1024;
const REQUESTS: usize = 64;
const EVENTS: usize = 256;
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
const STEADY: Duration = Duration::from_secs(60);
const FAREWELL: Duration = Duration::from_secs(2);

/// What the link reports.
#[derive(Debug)]
pub enum LinkEvent {
    /// A connection stands and is subscribed.
    Up(Session),
    /// It broke, or none could be made.
    Down,
    /// The broker refuses the token.
    Refused,
    /// A message came.
    Message {
        /// Its topic.
        topic: String,
        /// Its bytes.
        payload: Bytes,
    },
}

/// Where and as whom to connect.
pub struct LinkConfig {
    /// The board.
    pub board: BoardId,
    /// Its geometry.
    pub geometry: Geometry,
    /// The ways to the broker.
    pub ways: Ways,
    /// What is encrypted with; none where no way is encrypted.
    pub tls: Option<Arc<ClientConfig>>,
    /// The board's notes: sessions, window.
    pub memory: Arc<Memory>,
    /// Sessions rise with it.
    pub clock: Arc<dyn Clock>,
    /// The password.
    pub token: watch::Receiver<Option<String>>,
    /// Ends the link.
    pub stop: CancellationToken,
}

/// The link as the agent holds it.
#[derive(Debug, Clone)]
pub struct Link {
    client: Arc<Mutex<Option<AsyncClient>>>,
    renew: Arc<Notify>,
}

impl Link {
    /// Hands a report to the connection; false when there is none or it is full. It counts as sent only when the server says so.
    pub fn publish(&self, topic: String, json: Vec<u8>) -> bool {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.as_ref().is_some_and(|client| client.try_publish(topic, QoS::AtLeastOnce, false, json).is_ok())
    }

    /// Gives the connection up and makes another: it stands, but nobody is at its other end.
    pub fn renew(&self) {
        self.renew.notify_one();
    }

    fn set(&self, client: Option<AsyncClient>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// The link's handle, what it reports, and the task that must be run for it.
pub fn link(config: LinkConfig) -> (Link, mpsc::Receiver<LinkEvent>, impl Future<Output = ()> + Send) {
    let (report, reported) = mpsc::channel(EVENTS);
    let link = Link { client: Arc::default(), renew: Arc::default() };
    let task = Task { config, report, link: link.clone() };
    (link, reported, task.run())
}

struct Task {
    config: LinkConfig,
    report: mpsc::Sender<LinkEvent>,
    link: Link,
}

impl Task {
    async fn run(mut self) {
        let stop = self.config.stop.clone();
        let mut attempt = 0_u32;
        loop {
            let pause = self.pause(attempt);
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
            let Some(token) = self.password().await else { return };
            let Some(session) = self.raise().await else {
                attempt = attempt.saturating_add(1);
                continue;
            };
            let began = self.config.clock.monotonic();
            let way = self.config.ways.next().clone();
            let (ended, answered) = self.connect(session, token, &way).await;
            self.link.set(None);
            if answered {
                self.config.ways.worked(&way)
            } else {
                self.config.ways.failed()
            }
            if stop.is_cancelled() {
                return;
            }
            let lasted = self.config.clock.monotonic().saturating_sub(began);
            attempt = if lasted >= STEADY { 0 } else { attempt.saturating_add(1) };
            if ended == Ended::Refused {
                self.config.token.mark_unchanged();
                self.tell(LinkEvent::Refused);
                attempt = attempt.max(4);
            }
            self.tell(LinkEvent::Down);
        }
    }

    /// First anywhere within the server's window, then up to twice as long each time, with full jitter.
    fn pause(&self, attempt: u32) -> Duration {
        let longest = match attempt {
            0 => self.config.memory.window(),
            attempt => Duration::from_millis(500).saturating_mul(1 << attempt.min(8)).min(LONGEST_BACKOFF),
        };
        longest.mul_f64(fastrand::f64())
    }

    async fn password(&mut self) -> Option<String> {
        let stop = self.config.stop.clone();
        let has_token = self.config.token.wait_for(Option::is_some);
        tokio::select! {
            () = stop.cancelled() => None,
            token = has_token => token.ok()?.clone(),
        }
    }

    async fn raise(&self) -> Option<Session> {
        let (memory, now) = (Arc::clone(&self.config.memory), self.config.clock.system());
        match tokio::task::spawn_blocking(move || memory.raise_session(now)).await.ok()? {
            Ok(session) => Some(session),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no connection: its session could not be kept");
                None
            }
        }
    }

    /// One connection; how it ended, and whether the broker answered at all.
    async fn connect(&self, session: Session, token: String, way: &Way) -> (Ended, bool) {
        let Some(options) = self.options(session, token, way) else {
            tracing::error!("{way} needs TLS, and this player was started without");
            return (Ended::Broken, false);
        };
        let (client, mut events) = AsyncClient::new(options, REQUESTS);
        let mut answered = false;
        loop {
            // Losing a poll loses nothing: the event loop keeps what it has read, and both ways out of here drop it whole.
            let polled = tokio::select! {
                polled = timeout(KEEP_ALIVE.mul_f64(2.5), events.poll()) => polled,
                () = self.link.renew.notified() => {
                    events.clean();
                    // Where there is another way it may carry more than this one.
                    return (Ended::Broken, false);
                }
                () = self.config.stop.cancelled() => {
                    self.say_bye(&client, session);
                    if timeout(FAREWELL, drain(&mut events)).await.is_err() {
                        tracing::debug!("the broker did not take the farewell in time");
                    }
                    return (Ended::Broken, answered);
                }
            };
            match polled {
                Ok(Ok(Event::Incoming(packet))) => {
                    if matches!(packet, Packet::ConnAck(_)) {
                        answered = true;
                        tracing::info!("the broker is reached by {way}");
                    }
                    self.take(packet, &client, session);
                }
                Ok(Ok(Event::Outgoing(_))) => {}
                Ok(Err(error)) => {
                    let ended = self.ended(&error, way);
                    return (ended, answered || ended == Ended::Refused);
                }
                Err(_) => {
                    events.clean();
                    tracing::warn!("the broker neither reads nor writes: a new connection is made");
                    return (Ended::Broken, answered);
                }
            }
        }
    }

    fn options(&self, session: Session, token: String, way: &Way) -> Option<MqttOptions> {
        let config = &self.config;
        let tls = || config.tls.clone().map(rumqttc::TlsConfiguration::Rustls);
        let (host, port, transport) = match way {
            Way::Tcp { host, port } => (host, *port, Transport::Tcp),
            Way::Tls { host, port } => (host, *port, Transport::Tls(tls()?)),
            // The port is taken from the URL.
            Way::WebSocket(url) if way.is_encrypted() => (url, 0, Transport::Wss(tls()?)),
            Way::WebSocket(url) => (url, 0, Transport::Ws),
        };
        let mut options = MqttOptions::new(config.board.as_str(), host.clone(), port);
        options.set_transport(transport);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_credentials(config.board.as_str(), token)
            .set_max_packet_size(Some(LARGEST_PACKET))
            .set_connection_timeout(10)
            .set_last_will(LastWill::new(
                Up::Bye.topic(&config.board),
                bye(session, ByeReason::Will),
                QoS::AtLeastOnce,
                false,
                None,
            ))
            .set_outgoing_inflight_upper_limit(IN_FLIGHT);
        Some(options)
    }

    fn take(&self, packet: Packet, client: &AsyncClient, session: Session) {
        match packet {
            Packet::ConnAck(_) => {
                let board = &self.config.board;
                let filters = [topics::to_board(board), topics::ALL.to_owned(), topics::to_geometry(self.config.geometry)];
                let filters = filters.into_iter().map(|path| Filter::new(path, QoS::AtLeastOnce));
                if client.try_subscribe_many(filters).is_err() {
                    tracing::error!("the subscription was not taken");
                }
                self.link.set(Some(client.clone()));
                self.tell(LinkEvent::Up(session));
            }
            Packet::Publish(publish) => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                self.tell(LinkEvent::Message { topic, payload: publish.payload });
            }
            _ => {}
        }
    }

    fn tell(&self, event: LinkEvent) {
        if self.report.try_send(event).is_err() {
            tracing::warn!("a message of the broker was dropped: the agent is behind; the poll brings what it said");
        }
    }

    fn say_bye(&self, client: &AsyncClient, session: Session) {
        let sent = client.try_publish(Up::Bye.topic(&self.config.board), QoS::AtLeastOnce, false, bye(session, ByeReason::Stop));
        if sent.is_err() || client.try_disconnect().is_err() {
            tracing::debug!("no room for a farewell");
        }
    }

    fn ended(&self, error: &ConnectionError, way: &Way) -> Ended {
        tracing::info!(error = error as &dyn std::error::Error, "the connection to the broker by {way} ended");
        use ConnectReturnCode::{BadUserNamePassword, Banned, NotAuthorized};
        match error {
            ConnectionError::ConnectionRefused(BadUserNamePassword | Banned | NotAuthorized) => Ended::Refused,
            _ => Ended::Broken,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Broken,
    Refused,
}

fn bye(session: Session, why: ByeReason) -> Vec<u8> {
    serde_json::to_vec(&Bye { v: V, sess: session, why }).unwrap_or_default()
}

/// Polls until everything is written and the connection is closed.
async fn drain(events: &mut EventLoop) {
    while events.poll().await.is_ok() {}
}
