//! A player's life: everything is opened and started here, and ends here. Nothing is global, so that many run in one process.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playlists::id::{BootId, Digest, QueueEpoch};
use playlists::schedule::{Reader, Schedule};
use playlists::trust::accept::{Standing, Verdict, accept};
use playlists::trust::roles::Root;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::{Active, Agent, Parts, Showing};
use crate::api::{Api, ApiError};
use crate::banks::{Bank, BankError, Banks};
use crate::cache::{Cache, CacheError};
use crate::clock::{Reading, Timekeeper};
use crate::identity::Identity;
use crate::link::{self, LinkConfig};
use crate::memory::Memory;
use crate::mode::Mode;
use crate::playback::Circumstances;
use crate::ports::Ports;
use crate::queue::{Opened, Queue, QueueError};
use crate::stage::transition::Transition;
use crate::stage::{Screen, Stage, StageError};
use crate::token;

/// Share of the disk's free space that content may take, in per cent.
const QUOTA_PER_CENT: u64 = 85;
/// Longest wait for everything to end.
const ENDING: Duration = Duration::from_secs(20);

/// How often things are done; tests are in more of a hurry than boards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Between two polls, ± 10 %.
    pub poll: Duration,
    /// Between two states when nothing changes, ± 10 %.
    pub state: Duration,
    /// At least between two states.
    pub state_apart: Duration,
    /// How long a play waits for others before it is sent.
    pub batch: Duration,
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
    /// How often things are done.
    pub cadence: Cadence,
}

/// Why a player did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of data cannot be used.
    #[error("the folder {path} cannot be used")]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The stage did not start.
    #[error("nothing can be shown")]
    Stage(#[source] StageError),
    /// The content cannot be used.
    #[error("the folder of content cannot be used")]
    Cache(#[source] CacheError),
    /// The queue cannot be opened.
    #[error("the queue cannot be opened; does another player run on this folder?")]
    Queue(#[source] QueueError),
    /// The notes cannot be written.
    #[error("the notes cannot be written")]
    Memory(#[source] BankError),
    /// There is no HTTP client.
    #[error("there is no HTTP client")]
    Api(#[source] ApiError),
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
}

impl Running {
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
/// When its folder, output, queue or client cannot be used. A server that does not answer is no error.
pub async fn start(config: Config, ports: Ports) -> Result<Running, StartError> {
    // One provider in the whole tree; whoever came first has installed the same.
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    let stop = CancellationToken::new();
    let link_stop = CancellationToken::new();
    let api = Api::new(&config.identity.server).map_err(StartError::Api)?;
    let (token_out, token) = watch::channel(None);
    let opening = tokio::task::spawn_blocking(move || open(config, ports));
    let open = opening.await.map_err(StartError::Lost)??;
    let identity = &open.identity;
    let (link, links, link_task) = link::link(LinkConfig {
        board: identity.board.clone(),
        geometry: identity.geometry,
        host: identity.mqtt_host.clone(),
        port: identity.mqtt_port,
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
        memory: open.memory,
        banks: Arc::new(Mutex::new(open.banks)),
        bank: open.bank,
        root: open.root,
        cache: open.cache,
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
    agents.spawn(supervised(stop.clone(), agent.run(links, open.reports)));
    link_tasks.spawn(supervised(stop.clone(), link_task));
    agents.close();
    link_tasks.close();
    Ok(Running { stop, link_stop, agent: agents, links: link_tasks, screen })
}

/// A task that ends, however it ends, brings the player down: whoever runs it starts it again.
async fn supervised(stop: CancellationToken, task: impl Future<Output = ()>) {
    let _ends_all = stop.drop_guard();
    task.await;
}

/// What is opened from disk, with the picture on the screen already.
struct Open {
    identity: Arc<Identity>,
    clock: Arc<dyn crate::ports::Clock>,
    boot: BootId,
    keeper: Timekeeper,
    memory: Arc<Memory>,
    banks: Banks<Bank>,
    bank: Bank,
    root: Root,
    cache: Cache,
    held: crate::cache::Index,
    showing: Showing,
    reports: tokio::sync::mpsc::Receiver<crate::stage::Report>,
    screen: Arc<Screen>,
    queue: Queue,
    token: Option<token::Held>,
    token_path: PathBuf,
    session: playlists::id::Session,
    cadence: Cadence,
    quota: u64,
}

/// Opens everything; blocks.
fn open(config: Config, ports: Ports) -> Result<Open, StartError> {
    let Config { identity, data, transition, cadence } = config;
    let clock = ports.clock;
    std::fs::create_dir_all(&data).map_err(|source| StartError::Folder { path: data.clone(), source })?;
    let (stage, reports) =
        Stage::start(identity.geometry, transition, Arc::clone(&clock), ports.output).map_err(StartError::Stage)?;
    let screen = stage.screen();
    let (cache, held) = Cache::open(data.join("content")).map_err(StartError::Cache)?;
    let memory = Memory::open(&data);
    let (banks, found) = Banks::<Bank>::open(&data, "bank");
    for path in &found.damaged {
        tracing::error!("the bank {} is damaged; the other one counts", path.display());
    }
    let mut bank = found.held.unwrap_or_default();
    let root = newest_root(&identity.root, &mut bank);
    let active = in_force(&identity, &root, &bank);
    let floor = bank.floor.max(memory.notes().floor);
    let keeper = Timekeeper::new(floor, clock.monotonic());
    let belief = keeper.believe(Reading::of(clock.as_ref()));
    let mut showing = Showing::new(stage, cache.clone(), active);
    showing.refresh(Circumstances { mode: Mode::Play, quality: belief.quality }, belief.now);
    let (queue, opened) = Queue::open(&data.join("queue.redb"), draw_epoch).map_err(StartError::Queue)?;
    if let Opened::MovedAside(path) = opened {
        tracing::error!("the queue was damaged and lies at {} now; a new one was begun", path.display());
    }
    let used: u64 = held.values().sum();
    let free = cache.free().map_err(StartError::Cache)?;
    let token_path = data.join("token.json");
    Ok(Open {
        session: memory.raise_session(belief.now).map_err(StartError::Memory)?,
        boot: drawn("boot").parse().map_err(|_| StartError::Random)?,
        memory: Arc::new(memory),
        identity: Arc::new(identity),
        quota: used.saturating_add(free.saturating_mul(QUOTA_PER_CENT) / 100),
        token: token::read(&token_path),
        clock,
        keeper,
        banks,
        bank,
        root,
        cache,
        held,
        showing,
        reports,
        screen,
        queue,
        token_path,
        cadence,
    })
}

/// Follows the kept roots from the pinned one; what does not follow is left out.
fn newest_root(pinned: &Root, bank: &mut Bank) -> Root {
    let mut root = pinned.clone();
    let mut good = 0;
    for envelope in &bank.roots {
        match root.succeeded_by(envelope.as_bytes()) {
            Ok(next) => root = next,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a kept root does not follow the one before");
                break;
            }
        }
        good += 1;
    }
    bank.roots.truncate(good);
    root
}

/// The manifest that the bank holds, judged again: a disk is a courier like any other.
fn in_force(identity: &Identity, root: &Root, bank: &Bank) -> Option<Active> {
    let envelope = bank.manifest.as_ref()?;
    let standing =
        Standing { board: &identity.board, board_key: &identity.key.public(), root, held: None, recall: bank.recall, now: None };
    let accepted = match accept(envelope.as_bytes(), &standing) {
        Ok(Verdict::Newer(accepted)) => accepted,
        Ok(Verdict::Same) => return None,
        Err(refusal) => {
            tracing::error!(error = &refusal as &dyn std::error::Error, "the kept manifest is refused");
            return None;
        }
    };
    let reader = Reader::new(Schedule::new(&accepted.manifest).ok()?);
    Some(Active { manifest: accepted.manifest, sha256: Digest::of(envelope.as_bytes()), reader })
}

fn draw_epoch() -> QueueEpoch {
    drawn("q").parse().unwrap_or_else(|_| "q-unnamed".parse().expect("a constant that is an epoch's name"))
}

/// A name that nobody else has drawn.
fn drawn(kind: &str) -> String {
    let mut bytes = [0; 12];
    if getrandom::fill(&mut bytes).is_err() {
        bytes.iter_mut().for_each(|byte| *byte = fastrand::u8(..));
    }
    format!("{kind}-{}", data_encoding::HEXLOWER.encode(&bytes))
}
