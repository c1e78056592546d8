//! Many virtual boards in one process: each with the player's own agent, link, trust, steps, download and queue, its own key, token
//! and folder. Only stage and output are replaced: nothing is drawn, but an item counts as shown only after each of its bytes was
//! read and hashed. A load generator for servers, and the greater part of the demo's province.

mod crossings;
pub mod limits;
mod pictures;
pub(crate) mod shelf;
mod show;
pub(crate) mod stage;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use playlists::id::BoardId;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::limits::LimitError;
use self::pictures::Pictures;
use self::shelf::Shelf;
use crate::api::{Api, ApiError};
use crate::clock::SystemClock;
use crate::glance::Glance;
use crate::identity::Identity;
use crate::lifecycle::{Cadence, Given, Running, start_virtual};
use crate::tls::ClientConfig;

/// Memory for the pages of a board's queue, in bytes: a virtual board's holds a few plays.
pub(crate) const QUEUE_BYTES: usize = 64 * 1024;
/// Boards that are opened, and that end, at the same time: each flushes a handful of files.
const AT_ONCE: usize = 16;
/// Longest that opening a board may take; then its disk does not answer, and it is left out.
const LONGEST_OPENING: Duration = Duration::from_secs(60);
/// First pause before a board that ended is started again; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Longest that all boards together may take to end.
const ENDING: Duration = Duration::from_secs(60);

/// What a fleet is started with.
#[derive(Debug)]
pub struct FleetConfig {
    /// The boards.
    pub identities: Vec<Identity>,
    /// Folder that holds `boards/ID` for each, and `content`, which they have in common.
    pub data: PathBuf,
    /// How often things are done.
    pub cadence: Cadence,
    /// Time over which the boards start, evenly.
    pub ramp: Duration,
    /// Each board fetches everything itself, as boards in the street do; else an item is fetched once and lies on the disk once.
    pub fetch_each: bool,
}

/// Why a fleet did not start.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Too many boards for this process.
    #[error("the fleet is too large")]
    Limit(#[source] LimitError),
    /// The folder cannot be used.
    #[error("the folder {path} cannot be used")]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The work of starting was lost.
    #[error("starting was cut off")]
    Lost(#[source] tokio::task::JoinError),
}

/// What the boards of a fleet have in common.
pub(crate) struct Common {
    pub(crate) shelf: Option<Arc<Shelf>>,
    pictures: Pictures,
    tasks: TaskTracker,
    apis: Mutex<BTreeMap<String, Api>>,
}

impl Common {
    /// Access for this board, over connections that it shares with the others of the same server. What is encrypted is not shared:
    /// whom a board believes hangs on its own identity and clock.
    pub(crate) fn api(&self, identity: &Identity, tls: Option<&ClientConfig>) -> Result<Api, ApiError> {
        if tls.is_some() {
            return Api::new(&identity.server, tls);
        }
        let mut apis = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = apis.get(&identity.server) {
            return Ok(known.for_another_board());
        }
        let api = Api::new(&identity.server, None)?;
        apis.insert(identity.server.clone(), api.for_another_board());
        Ok(api)
    }
}

/// One board of a running fleet.
struct Place {
    board: BoardId,
    running: Mutex<Option<watch::Receiver<Glance>>>,
}

/// A fleet that runs.
pub struct Fleet {
    places: Vec<Arc<Place>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The fleet as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Its boards.
    pub boards: usize,
    /// Those that have started and not ended.
    pub running: usize,
    /// Those whose connection to the broker stands.
    pub linked: usize,
    /// Those with an item on the screen.
    pub showing: usize,
    /// Lowest and highest revision in force; 0 for a board that has none.
    pub revisions: (u64, u64),
    /// Plays and events that the server has not acknowledged.
    pub queued: u64,
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { boards, running, linked, showing, revisions: (low, high), queued } = self;
        write!(f, "{boards} boards: {running} running, {linked} linked, {showing} showing an item, ")?;
        write!(f, "revisions {low} to {high}, {queued} plays and events queued")
    }
}

impl Fleet {
    /// Starts the boards one after the other, in the order given, over the time of the ramp.
    ///
    /// # Errors
    /// When they are too many for this process, or the folder cannot be used. What is wrong with one board does not concern the
    /// others: it is logged, and the board is started again.
    pub async fn start(config: FleetConfig) -> Result<Self, FleetError> {
        let FleetConfig { identities, data, cadence, ramp, fetch_each } = config;
        limits::raise(identities.len()).map_err(FleetError::Limit)?;
        let folder = data.join("content");
        let opening = move || Shelf::open(folder.clone()).map_err(|source| FleetError::Folder { path: folder, source });
        let shelf = if fetch_each {
            None
        } else {
            Some(Arc::new(tokio::task::spawn_blocking(opening).await.map_err(FleetError::Lost)??))
        };
        let tasks = TaskTracker::new();
        let common = Arc::new(Common { shelf, pictures: Pictures::new(), tasks: tasks.clone(), apis: Mutex::default() });
        let (stop, turns) = (CancellationToken::new(), Arc::new(Semaphore::new(AT_ONCE)));
        let apart = ramp.checked_div(u32::try_from(identities.len()).unwrap_or(u32::MAX)).unwrap_or_default();
        let (begun, mut places) = (Instant::now(), Vec::new());
        for (number, identity) in (0_u32..).zip(identities) {
            let place = Arc::new(Place { board: identity.board.clone(), running: Mutex::default() });
            places.push(Arc::clone(&place));
            let keeper = Keeper {
                place,
                identity: Arc::new(identity),
                data: data.join("boards"),
                cadence,
                common: Arc::clone(&common),
                turns: Arc::clone(&turns),
                stop: stop.clone(),
            };
            // Anywhere within its part of the ramp, so that what is done every minute is not done by all in the same instant.
            let starts = begun + apart * number + apart.mul_f64(fastrand::f64());
            tasks.spawn(keeper.keep(starts));
        }
        Ok(Self { places, stop, tasks })
    }

    /// How each board is at present; none for one that does not run.
    pub fn glances(&self) -> impl Iterator<Item = (&BoardId, Option<Glance>)> + '_ {
        self.places.iter().map(|place| {
            let running = place.running.lock().unwrap_or_else(PoisonError::into_inner);
            (&place.board, running.as_ref().map(|glance| *glance.borrow()))
        })
    }

    /// The fleet as a whole.
    #[must_use]
    pub fn sum(&self) -> Sum {
        let glances: Vec<_> = self.glances().map(|(_, glance)| glance).collect();
        let running = || glances.iter().flatten();
        let revisions = || glances.iter().map(|glance| glance.map_or(0, |glance| glance.rev.0));
        Sum {
            boards: glances.len(),
            running: running().count(),
            linked: running().filter(|glance| glance.linked).count(),
            showing: running().filter(|glance| glance.item.is_some()).count(),
            revisions: (revisions().min().unwrap_or(0), revisions().max().unwrap_or(0)),
            queued: running().map(|glance| glance.queued).sum(),
        }
    }

    /// Ends all boards: each keeps its last play, writes everything, and tells the broker. True when all did in time.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        self.tasks.close();
        timeout(ENDING, self.tasks.wait()).await.is_ok()
    }
}

/// Keeps one board running.
struct Keeper {
    place: Arc<Place>,
    identity: Arc<Identity>,
    data: PathBuf,
    cadence: Cadence,
    common: Arc<Common>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Keeper {
    async fn keep(self, starts: Instant) {
        tokio::select! {
            () = self.stop.cancelled() => return,
            () = tokio::time::sleep_until(starts) => {}
        }
        let mut pause = FIRST_PAUSE;
        while !self.stop.is_cancelled() {
            let begun = Instant::now();
            let Some(opened) = self.open().await else { return };
            if let Some(running) = opened {
                self.see(Some(running.glance()));
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = running.ended() => {}
                }
                self.end(running).await;
                self.see(None);
            }
            if self.stop.is_cancelled() {
                return;
            }
            pause = if begun.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { pause };
            tracing::warn!(board.id = %self.place.board, wait_ms = pause.as_millis(), "a board ended; it is started again");
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    /// The board, started; the inner none when it did not start, the outer when there is no use in trying again.
    async fn open(&self) -> Option<Option<Running>> {
        let turn = tokio::select! {
            () = self.stop.cancelled() => return None,
            turn = self.turns.acquire() => turn.ok()?,
        };
        let given = Given {
            identity: Arc::clone(&self.identity),
            data: self.data.join(self.place.board.as_str()),
            cadence: self.cadence,
            clock: Arc::new(SystemClock::start()),
        };
        let starting = Box::pin(start_virtual(given, Arc::clone(&self.common)));
        let started = tokio::select! {
            // Nothing of it has begun to play: what was opened is closed by being dropped.
            () = self.stop.cancelled() => return None,
            started = timeout(LONGEST_OPENING, starting) => started,
        };
        drop(turn);
        match started {
            Ok(Ok(running)) => Some(Some(running)),
            Ok(Err(error)) => {
                tracing::error!(board.id = %self.place.board, error = &error as &dyn std::error::Error, "a board did not start");
                Some(None)
            }
            Err(_) => {
                tracing::error!(board.id = %self.place.board, "a board's disk does not answer: it is left out until the next start");
                None
            }
        }
    }

    async fn end(&self, running: Running) {
        // A semaphore that nobody closes always gives a turn.
        let _turn = self.turns.acquire().await;
        running.stop().await;
    }

    fn see(&self, glance: Option<watch::Receiver<Glance>>) {
        *self.place.running.lock().unwrap_or_else(PoisonError::into_inner) = glance;
    }
}
