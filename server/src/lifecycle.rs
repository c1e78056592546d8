//! A server's life: everything opened in order, every task tracked, and an end that loses nothing.

use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, safe_item, uploads};
use crate::broker::{self, BrokerConfig, BrokerError};
use crate::config::Config;
use crate::edge::certificates::{CertificateError, Certificates};
use crate::edge::door::{self, Door};
use crate::edge::tunnel::Tunnel;
use crate::keys::{Keys, KeysError};
use crate::live::Live;
use crate::media::blobs::Blobs;
use crate::media::clips::Ffmpeg;
use crate::media::previews::Previews;
use crate::ports::Clock;
use crate::store::{Db, StoreError};
use crate::{http, jobs};

/// How long a clean end may take before it is cut short.
pub const LONGEST_STOP: Duration = Duration::from_secs(30);

/// Most clients of the embedded broker at once.
const MOST_CLIENTS: usize = 10_000;
/// How often boards that were revoked are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Why a server does not start: one sentence each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {path} cannot be used; check that it may be written and that the disk is not full")]
    Data {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another server works with this data.
    #[error("another bangtin works with {path} already; stop it, or name another data folder")]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// The keys cannot be used.
    #[error("the signing keys cannot be used")]
    Keys(#[source] KeysError),
    /// There is no certificate to show.
    #[error("connections cannot be encrypted")]
    Certificate(#[source] CertificateError),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Store(#[source] StoreError),
    /// A port cannot be listened on.
    #[error("{address} cannot be listened on for {what}; another program may hold the port, {flag} names another")]
    Port {
        /// HTTP or MQTT.
        what: &'static str,
        /// Which address.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The safe item cannot be laid down.
    #[error("the safe item cannot be laid down; check that the disk is not full")]
    SafeItem(#[source] safe_item::SafeItemError),
    /// The broker does not start.
    #[error("the MQTT broker does not start")]
    Broker(#[source] BrokerError),
}

/// A server at work.
pub struct Running {
    /// Its use cases, for the process that runs it.
    pub app: Arc<App>,
    /// Where it answers HTTP.
    pub http: SocketAddr,
    /// Where its broker listens.
    pub mqtt: SocketAddr,
    tasks: Tasks,
    /// Held until the end: no other server works with the same data.
    _lock: File,
}

/// The only way to start a task: it is tracked, it hears of the end, and its unexpected death ends the process.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    died: CancellationToken,
}

impl Tasks {
    fn new() -> Self {
        Self { tracker: TaskTracker::new(), stop: CancellationToken::new(), died: CancellationToken::new() }
    }
    /// Starts a task that runs until the end; when it ends before, by panic or otherwise, the server ends with a failure.
    pub fn start(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (stop, died) = (self.stop.clone(), self.died.clone());
        let task = self.tracker.spawn(task);
        self.tracker.spawn(async move {
            let ended = task.await;
            if ended.is_err() || !stop.is_cancelled() {
                tracing::error!(task = name, panicked = ended.is_err(), "a part of the server died; the server ends");
                died.cancel();
            }
        });
    }
    /// Cancelled when the server is to end.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }
    /// What holds the tasks, for parts that start their own.
    #[must_use]
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }
}

/// Opens everything and starts every task. When it returns the server answers, on the addresses it tells.
///
/// # Errors
/// What cannot be opened; nothing is left running then.
pub async fn start(config: &Config, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
    let lock = lock_data(config)?;
    let (listener, address) = listen("HTTP", config.listen_http, "--listen-http").await?;
    // An encrypted broker's port leads to the broker itself, which listens on this machine only.
    let mqtt_door = match config.tls.mqtt {
        true => Some(listen("MQTT", config.listen_mqtt, "--listen-mqtt").await?),
        false => None,
    };
    let inside = if mqtt_door.is_some() { (Ipv4Addr::LOCALHOST, 0).into() } else { config.listen_mqtt };
    let (inner, inside) = listen("MQTT", inside, "--listen-mqtt").await?;
    let mqtt = mqtt_door.as_ref().map_or(inside, |(_, address)| *address);
    let (app, certificates) = open_at(config, clock, address, mqtt).await?;
    // The broker binds its port itself and says little of why it cannot: so it was tried, and port 0 became a number.
    drop(inner);
    app.blobs.clear_unfinished().map_err(|source| StartError::Data { path: config.data.clone(), source })?;
    uploads::settle::mend(&app).await.map_err(StartError::Store)?;
    let tasks = Tasks::new();
    let broker = broker::start(
        Arc::clone(&app),
        BrokerConfig::Embedded { listen: inside, max_clients: MOST_CLIENTS, sweep: SWEEP },
        tasks.tracker(),
        tasks.stop_token(),
    )
    .await;
    let broker = match broker {
        Ok(broker) => broker,
        Err(source) => {
            tasks.stop.cancel();
            return Err(StartError::Broker(source));
        }
    };
    let tunnel = Tunnel::new(broker::reachable(broker.address.unwrap_or(inside)), Arc::clone(&app.edge.origins), MOST_CLIENTS);
    let doors = Doors { http: listener, mqtt: mqtt_door.map(|(listener, _)| listener), certificates };
    if let Err(error) = doors.open(config, &app, &tasks, tunnel) {
        tasks.stop.cancel();
        return Err(StartError::Certificate(error));
    }
    jobs::start(&app, &tasks);
    Ok(Running { app, http: address, mqtt, tasks, _lock: lock })
}

/// Opens database, keys and pictures for one command, beside a server that may be running with them.
///
/// # Errors
/// What cannot be opened.
pub async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<App>, StartError> {
    fs::create_dir_all(&config.data).map_err(|source| StartError::Data { path: config.data.clone(), source })?;
    open_at(config, clock, config.listen_http, config.listen_mqtt).await.map(|(app, _)| app)
}

type Opened = (Arc<App>, Option<Arc<Certificates>>);

async fn open_at(config: &Config, clock: Arc<dyn Clock>, http: SocketAddr, mqtt: SocketAddr) -> Result<Opened, StartError> {
    let keys = Keys::load(&config.keys).map_err(StartError::Keys)?;
    let blobs =
        Blobs::open(&config.data.join("blobs")).map_err(|source| StartError::Data { path: config.data.clone(), source })?;
    let (certificates, edge) = Certificates::open(config, clock.now()).map_err(StartError::Certificate)?;
    let db = Db::open(&config.database).await.map_err(StartError::Store)?;
    let previews = Previews::since(clock.now_ms());
    let app = Arc::new(App {
        db,
        clock,
        keys,
        blobs,
        ffmpeg: Ffmpeg::at(&config.ffmpeg),
        live: Live::new(),
        previews,
        broker_linked: AtomicBool::new(false),
        public_url: config.url(http),
        public_mqtt: config.broker(mqtt),
        edge,
    });
    safe_item::ensure(&app).await.map_err(StartError::SafeItem)?;
    Ok((app, certificates))
}

impl Running {
    /// Ends the server: no new requests, what runs is finished, at most [`LONGEST_STOP`]. Tells whether all ended in time.
    pub async fn stop(self) -> bool {
        self.tasks.stop.cancel();
        self.tasks.tracker.close();
        let ends = async {
            self.tasks.tracker.wait().await;
            self.app.db.close().await;
        };
        tokio::time::timeout(LONGEST_STOP, ends).await.is_ok()
    }

    /// Returns when a part of the server has died.
    pub async fn died(&self) {
        self.tasks.died.cancelled().await;
    }

    /// Its tasks, for a process that adds some of its own.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }
}

fn lock_data(config: &Config) -> Result<File, StartError> {
    let path = config.data.clone();
    let failed = |source| StartError::Data { path: path.clone(), source };
    fs::create_dir_all(&config.data).map_err(failed)?;
    let lock = File::create(config.data.join("lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse { path }),
        Err(TryLockError::Error(source)) => Err(StartError::Data { path, source }),
    }
}

fn port(what: &'static str, address: SocketAddr, flag: &'static str, source: std::io::Error) -> StartError {
    StartError::Port { what, address, flag, source }
}

async fn listen(what: &'static str, address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).await.and_then(|listener| listener.local_addr().map(|local| (listener, local)));
    bound.map_err(|source| port(what, address, flag, source))
}

/// The ports of a server that is about to answer.
struct Doors {
    http: TcpListener,
    /// Only where it is encrypted; else the broker listens itself.
    mqtt: Option<TcpListener>,
    certificates: Option<Arc<Certificates>>,
}

impl Doors {
    fn open(self, config: &Config, app: &Arc<App>, tasks: &Tasks, tunnel: Tunnel) -> Result<(), CertificateError> {
        let _ = app.edge.tunnel.set(tunnel.clone());
        let http = match &self.certificates {
            Some(certificates) if config.tls.http => {
                Door::encrypted(self.http, certificates.server_config(&[b"http/1.1"])?, Some(&app.public_url))
            }
            _ => Door::plain(self.http),
        };
        if let (Some(listener), Some(certificates)) = (self.mqtt, &self.certificates) {
            let door = Door::encrypted(listener, certificates.server_config(&[])?, None);
            tasks.start("mqtt", door::serve_mqtt(door, tunnel, tasks.stop_token()));
        }
        if let Some(certificates) = self.certificates {
            tasks.start("certificates", certificates.look_after(Arc::clone(&app.clock), tasks.stop_token()));
        }
        if app.edge.is_open {
            tracing::warn!("plain text is taken beyond this machine: anyone on the way can read passwords and pictures");
        }
        serve(tasks, http, Arc::clone(app));
        Ok(())
    }
}

fn serve(tasks: &Tasks, door: Door, app: Arc<App>) {
    let stop = tasks.stop_token();
    tasks.start("http", async move {
        if let Err(error) = http::serve(app, door, stop).await {
            tracing::error!(error = %error, "the HTTP server failed");
        }
    });
}
