//! A player's life: everything is opened and started here, and ends here. Nothing is global, so that many run in one process.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use crate::agent::{Agent, Parts};
use crate::api::{Api, ApiError};
use crate::fleet::Common;
use crate::glance::Glance;
use crate::identity::Identity;
use crate::link::{self, LinkConfig, Ways};
use crate::opening::{Surface, open};
use crate::ports::{Clock, Ports};
use crate::queue::QueueError;
use crate::stage::moving::Decoding;
use crate::stage::transition::Transition;
use crate::stage::{Screen, StageError};
use crate::tls::{self, BoardTime, TlsError};

/// Longest wait for everything to end.
const ENDING: Duration = Duration::from_secs(20);

/// How often things are done; tests are in more of a hurry than boards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Between two polls, ± 10 %.
    pub poll: Duration,
    /// Between two states when nothing changes, ± 10 %.
    pub state: Duration,
    /// At least between two states, but for what is told at once (see the protocol's `state`); and after each of those for one more.
    pub state_apart: Duration,
    /// How long a play waits for others before it is sent.
    pub batch: Duration,
    /// How long a batch that was sent waits for its acknowledgement before it is sent again, another way.
    pub answer: Duration,
    /// Between two snapshots that nobody asked for.
    pub snapshot: Duration,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(60),
            state: Duration::from_secs(300),
            state_apart: Duration::from_secs(10),
            batch: Duration::from_secs(60),
            answer: Duration::from_secs(20),
            snapshot: Duration::from_secs(900),
        }
    }
}

/// What a player is started with.
#[derive(Debug)]
pub struct Config {
    /// Who it is.
    pub identity: Identity,
    /// Where it keeps everything.
    pub data: PathBuf,
    /// How one picture gives way to the next.
    pub transition: Transition,
    /// What decodes clips.
    pub decoding: Decoding,
    /// How often things are done.
    pub cadence: Cadence,
}

/// Why a player did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The stage did not start.
    #[error("nothing can be shown")]
    Stage(#[source] StageError),
    /// The queue is in use.
    #[error("another player runs on the folder {path}")]
    InUse {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: QueueError,
    },
    /// There is no HTTP client.
    #[error("there is no HTTP client")]
    Api(#[source] ApiError),
    /// Nothing can be encrypted.
    #[error("the server cannot be reached over TLS")]
    Tls(#[source] TlsError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// The work of starting was lost.
    #[error("starting was cut off")]
    Lost(#[source] tokio::task::JoinError),
}

/// A player that runs.
#[derive(Debug)]
pub struct Running {
    stop: CancellationToken,
    link_stop: CancellationToken,
    agent: TaskTracker,
    links: TaskTracker,
    screen: Arc<Screen>,
    glance: watch::Receiver<Glance>,
}

impl Running {
    /// How it is at present.
    #[must_use]
    pub fn glance(&self) -> watch::Receiver<Glance> {
        self.glance.clone()
    }

    /// What is on its screen.
    #[must_use]
    pub fn screen(&self) -> Arc<Screen> {
        Arc::clone(&self.screen)
    }

    /// Resolves when the player ends of its own accord, as when its window is closed.
    pub async fn ended(&self) {
        self.stop.cancelled().await;
    }

    /// Ends the player: the last play is kept, everything is written, the broker is told.
    pub async fn stop(self) {
        self.stop.cancel();
        let ending = async {
            self.agent.wait().await;
            self.link_stop.cancel();
            self.links.wait().await;
        };
        if tokio::time::timeout(ENDING, ending).await.is_err() {
            self.link_stop.cancel();
            tracing::error!("the player did not end in time");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.link_stop.cancel();
    }
}

/// Starts a player: first what it holds comes on the screen, then it looks for the server.
///
/// # Errors
/// When its output or client cannot be used, or another player has its folder. A disk that fails is no error: what is there is
/// shown, and every state says what fails. Nor is a server that does not answer.
pub async fn start(config: Config, ports: Ports) -> Result<Running, StartError> {
    let Config { identity, data, transition, decoding, cadence } = config;
    let given = Given { identity: Arc::new(identity), data, cadence, clock: ports.clock };
    begin(given, Surface::Output(ports.output, transition, decoding)).await
}

/// Starts one board of a fleet.
///
/// # Errors
/// As [`start`].
pub(crate) async fn start_virtual(given: Given, common: Arc<Common>) -> Result<Running, StartError> {
    begin(given, Surface::Virtual(common)).await
}

/// What a player is given, whatever it shows on.
pub(crate) struct Given {
    pub(crate) identity: Arc<Identity>,
    pub(crate) data: PathBuf,
    pub(crate) cadence: Cadence,
    pub(crate) clock: Arc<dyn Clock>,
}

async fn begin(given: Given, surface: Surface) -> Result<Running, StartError> {
    // One provider in the whole tree; whoever came first has installed the same.
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    let stop = CancellationToken::new();
    let link_stop = CancellationToken::new();
    let common = match &surface {
        Surface::Output(..) => None,
        Surface::Virtual(common) => Some(Arc::clone(common)),
    };
    let (shelf, span) = match &common {
        None => (None, Span::none()),
        // Many boards write into one log.
        Some(common) => (common.shelf.clone(), tracing::error_span!("board", board.id = %given.identity.board)),
    };
    let (token_out, token) = watch::channel(None);
    let (glance_out, glance) = watch::channel(Glance::default());
    let within = span.clone();
    let opening = tokio::task::spawn_blocking(move || within.in_scope(|| open(given, surface)));
    let open = opening.await.map_err(StartError::Lost)??;
    let identity = &open.identity;
    let tls_time = Arc::new(BoardTime::new(Arc::clone(&open.clock), identity.issued, open.keeper));
    let ways = Ways::new(identity.broker.clone(), &identity.server);
    let is_encrypted = identity.server.starts_with("https://") || identity.broker.is_encrypted();
    let tls = match is_encrypted {
        true => Some(tls::client(identity.tls_ca.as_deref(), Arc::clone(&tls_time)).map_err(StartError::Tls)?),
        false => None,
    };
    let api = match &common {
        None => Api::new(&identity.server, tls.as_deref()),
        Some(common) => common.api(identity, tls.as_deref()),
    };
    let api = api.map_err(StartError::Api)?;
    let (link, links, link_task) = link::link(LinkConfig {
        board: identity.board.clone(),
        geometry: identity.geometry,
        ways,
        tls,
        memory: Arc::clone(&open.memory),
        clock: Arc::clone(&open.clock),
        token,
        stop: link_stop.clone(),
    });
    let screen = open.screen;
    let agent = Agent::new(Parts {
        identity: open.identity,
        clock: open.clock,
        boot: open.boot,
        keeper: open.keeper,
        tls_time,
        memory: open.memory,
        banks: Arc::new(Mutex::new(open.banks)),
        bank: open.bank,
        root: open.root,
        cache: open.cache,
        shelf,
        glance: glance_out,
        held: open.held,
        showing: open.showing,
        queue: Arc::new(open.queue),
        link,
        api,
        token: open.token,
        token_path: open.token_path,
        token_out,
        session: open.session,
        cadence: open.cadence,
        quota: open.quota,
        stop: stop.clone(),
    });
    let (agents, link_tasks) = (TaskTracker::new(), TaskTracker::new());
    agents.spawn(supervised(stop.clone(), agent.run(links, open.reports)).instrument(span.clone()));
    link_tasks.spawn(supervised(stop.clone(), link_task).instrument(span));
    agents.close();
    link_tasks.close();
    Ok(Running { stop, link_stop, agent: agents, links: link_tasks, screen, glance })
}

/// A task that ends, however it ends, brings the player down: whoever runs it starts it again.
async fn supervised(stop: CancellationToken, task: impl Future<Output = ()>) {
    let _ends_all = stop.drop_guard();
    task.await;
}
