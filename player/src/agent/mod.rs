//! The one loop of a player: an event comes in, decisions are made by pure functions, effects go out. Nothing here blocks, and
//! playing never waits for the network.

mod batches;
mod blocking;
mod content;
mod documents;
mod jobs;
mod notes;
mod outbox;
mod reports;
mod showing;
mod silence;
mod trouble;
mod turns;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playlists::id::{BootId, Digest, Revision, Sequence, Session};
use playlists::millis;
use playlists::trust::roles::Root;
use playlists::wire::reports::{Anchor, ClockQuality, Mode};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::blocking::{blocking, chain, log};
use self::content::Fetching;
use self::documents::Candidate;
use self::jobs::{Busy, Done};
use self::notes::Unwritten;
use self::outbox::Outbox;
use self::reports::{Essence, Told};
pub(crate) use self::showing::{Active, Showing};
use self::silence::Silence;
use self::trouble::{Trouble, Troubles};
use self::turns::Turns;
use crate::api::Api;
use crate::banks::{Bank, Banks};
use crate::cache::{Cache, Index};
use crate::clock::{Belief, Reading, Timekeeper};
use crate::fleet::shelf::Shelf;
use crate::glance::Glance;
use crate::identity::Identity;
use crate::lifecycle::Cadence;
use crate::link::{Link, LinkEvent};
use crate::memory::Memory;
use crate::mode::{self, Patience};
use crate::ports::Clock;
use crate::queue::Queue;
use crate::stage::{Figures, Report};
use crate::tls::BoardTime;
use crate::token;

/// Longest pause between two looks at the timers.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Shortest pause, so that a broken clock cannot make the loop spin.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);

/// How often the time alone is kept.
const KEEP_ALONE: Duration = Duration::from_secs(60);
/// How often a disk that takes nothing is tried again.
const DISK_AGAIN: Duration = Duration::from_secs(5);

/// What an agent is made of.
pub(crate) struct Parts {
    pub(crate) identity: Arc<Identity>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) boot: BootId,
    pub(crate) keeper: Timekeeper,
    pub(crate) tls_time: Arc<BoardTime>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) banks: Arc<Mutex<Banks<Bank>>>,
    pub(crate) bank: Bank,
    pub(crate) root: Root,
    pub(crate) cache: Cache,
    /// Content in common with other boards; none for a board of its own.
    pub(crate) shelf: Option<Arc<Shelf>>,
    /// How it is at present, for whoever looks.
    pub(crate) glance: watch::Sender<Glance>,
    pub(crate) held: Index,
    pub(crate) showing: Showing,
    pub(crate) queue: Arc<Queue>,
    pub(crate) link: Link,
    pub(crate) api: Api,
    pub(crate) token: Option<token::Held>,
    pub(crate) token_path: PathBuf,
    pub(crate) token_out: watch::Sender<Option<String>>,
    pub(crate) session: Session,
    pub(crate) cadence: Cadence,
    pub(crate) quota: u64,
    pub(crate) stop: CancellationToken,
}

/// When what is due, on the monotonic clock.
#[derive(Debug, Default)]
struct Due {
    poll: Duration,
    token: Duration,
    state: Duration,
    hello: Option<Duration>,
    alone: Duration,
    snapshot: Duration,
}

/// The agent of one board.
pub(crate) struct Agent {
    parts: Parts,
    candidate: Option<Candidate>,
    fetching: Fetching,
    refused: Option<(Digest, Duration)>,
    linked: Option<Session>,
    silence: Silence,
    seq: Sequence,
    reported: Option<Essence>,
    turns: Turns,
    told: Told,
    told_before: Told,
    plays: Outbox,
    events: Outbox,
    unwritten: Unwritten,
    troubles: Troubles,
    contact: Duration,
    alone_before: Duration,
    anchored: Option<(ClockQuality, i64)>,
    server_epoch: Option<String>,
    snapshot_wanted: Option<usize>,
    etag: Option<String>,
    insist: bool,
    busy: Busy,
    due: Due,
    jobs: JoinSet<Done>,
}

impl Agent {
    pub(crate) fn new(parts: Parts) -> Self {
        let now = parts.clock.monotonic();
        let cadence = parts.cadence;
        let told = Told { at: now, figures: Figures::default() };
        Self {
            candidate: None,
            fetching: Fetching::default(),
            refused: None,
            linked: None,
            silence: Silence::default(),
            seq: Sequence(0),
            reported: None,
            turns: Turns::all(now),
            told,
            told_before: told,
            plays: Outbox::new(cadence.batch, cadence.answer),
            events: Outbox::new(cadence.batch.min(Duration::from_secs(1)), cadence.answer),
            unwritten: Unwritten::default(),
            troubles: Troubles::default(),
            contact: now,
            alone_before: Duration::from_secs(parts.memory.notes().alone_s),
            anchored: None,
            server_epoch: None,
            snapshot_wanted: None,
            etag: None,
            insist: false,
            busy: Busy::default(),
            due: Due { alone: now, snapshot: now + cadence.snapshot, ..Due::default() },
            jobs: JoinSet::new(),
            parts,
        }
    }

    /// Runs until it is told to stop, or the output was closed.
    pub(crate) async fn run(mut self, mut links: mpsc::Receiver<LinkEvent>, mut stage: mpsc::Receiver<Report>) {
        self.begin().await;
        loop {
            self.tick().await;
            let pause = self.pause();
            tokio::select! {
                () = self.parts.stop.cancelled() => break,
                Some(event) = links.recv() => self.on_link(event).await,
                Some(report) = stage.recv() => self.on_stage(report).await,
                Some(done) = self.jobs.join_next(), if !self.jobs.is_empty() => match done {
                    Ok(done) => self.on_done(done).await,
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a job ended badly"),
                },
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.end(stage).await;
    }

    async fn begin(&mut self) {
        let (queue, boot) = (Arc::clone(&self.parts.queue), self.parts.boot.clone());
        let forgot = blocking(move || queue.forget_boots(&boot)).await;
        self.heed_disk(Trouble::Queue, forgot, "the queue cannot be written");
        if let Some(held) = &self.parts.token {
            self.parts.api.set_bearer(Some(held.token.token.clone()));
            self.parts.token_out.send_replace(Some(held.token.token.clone()));
        }
        self.fetching.look_again();
    }

    /// Does everything that is due.
    async fn tick(&mut self) {
        self.anchor().await;
        self.keep_alone().await;
        self.write_down().await;
        self.activate_when_due().await;
        self.show();
        self.fetch();
        self.renew_token();
        self.poll();
        self.report();
        self.send_queues().await;
        self.send_snapshot();
        self.look_up();
    }

    /// Lets others see how the board is.
    fn look_up(&self) {
        let on = self.parts.showing.on();
        let glance = Glance {
            linked: self.linked.is_some(),
            rev: self.rev(),
            item: on.and_then(|on| on.item),
            queued: self.plays.waiting + self.events.waiting,
        };
        self.parts.glance.send_if_modified(|before| std::mem::replace(before, glance) != glance);
    }

    fn pause(&self) -> Duration {
        let now = self.belief().now;
        let next = self.parts.showing.wait(now).min(self.candidate_wait(now));
        next.clamp(SHORTEST_PAUSE, HEARTBEAT)
    }

    /// The stage ends first, so that its last play is kept; then everything is written.
    async fn end(mut self, mut stage: mpsc::Receiver<Report>) {
        self.jobs.abort_all();
        if let Some(running) = self.parts.showing.take_stage() {
            let stopped = blocking(move || {
                running.stop();
                Ok::<_, std::convert::Infallible>(())
            });
            log(stopped.await, "the stage did not end");
            let Figures { presented, dropped, black } = self.parts.showing.screen().figures();
            let black_ms = millis::of(black);
            tracing::info!(
                "the stage has ended: {presented} frames presented, {dropped} too late, {black_ms} ms without a picture"
            );
        }
        while let Ok(report) = stage.try_recv() {
            self.on_stage(report).await;
        }
        self.write_down_at_once().await;
        self.due.alone = Duration::ZERO;
        self.keep_alone().await;
    }

    fn belief(&self) -> Belief {
        self.parts.keeper.believe(Reading::of(self.parts.clock.as_ref()))
    }

    fn now(&self) -> Duration {
        self.parts.clock.monotonic()
    }

    /// Powered time since the last authenticated contact.
    fn alone(&self) -> Duration {
        self.alone_before + self.now().saturating_sub(self.contact)
    }

    fn mode(&self) -> Mode {
        mode::mode(self.parts.showing.active().map(Active::patience), self.alone())
    }

    fn rev(&self) -> Revision {
        self.parts.showing.active().map_or(Revision(0), |active| active.manifest.rev)
    }

    /// Ties the monotonic clock to the time of day, again whenever the belief changes by more than a second.
    async fn anchor(&mut self) {
        let belief = self.belief();
        let origin = belief.now.timestamp_millis() - i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX);
        let moved = self.anchored.map(|(quality, tied)| (quality != belief.quality, (tied - origin).abs()));
        if moved.is_some_and(|(other, by_ms)| !other && by_ms < 1000) {
            return;
        }
        if moved.is_some_and(|(_, by_ms)| by_ms > 60_000) {
            self.note("clock-stepped", "the board's time of day changed by more than a minute", "");
        }
        self.anchored = Some((belief.quality, origin));
        let (queue, boot, anchor) = (Arc::clone(&self.parts.queue), self.parts.boot.clone(), self.current_anchor());
        let kept = blocking(move || queue.anchor(&boot, anchor)).await;
        if self.heed_disk(Trouble::Queue, kept, "plays may be dated badly").is_none() {
            self.anchored = None;
        }
    }

    fn current_anchor(&self) -> Anchor {
        let belief = self.belief();
        Anchor(millis::of(self.now()), belief.now.timestamp_millis().max(0), belief.quality)
    }

    /// Keeps on disk, each minute, and sooner while the disk fails, how long the board has been alone, and the floor.
    async fn keep_alone(&mut self) {
        let now = self.now();
        if now < self.due.alone {
            return;
        }
        self.due.alone = now + if self.troubles.is_any() { DISK_AGAIN } else { KEEP_ALONE };
        let (memory, alone, floor) = (Arc::clone(&self.parts.memory), self.alone(), self.parts.keeper.floor(now));
        let kept =
            blocking(move || memory.change(|notes| (notes.alone_s, notes.floor) = (alone.as_secs(), floor.or(notes.floor))));
        let kept = kept.await;
        self.heed_disk(Trouble::Notes, kept, "the time alone could not be kept");
        self.keep_again().await;
    }

    /// Tries again what the disk did not take.
    async fn keep_again(&mut self) {
        if self.troubles.has(Trouble::Bank) {
            self.save_bank().await;
        }
        if let (true, Some(held)) = (self.troubles.has(Trouble::Token), self.parts.token.clone()) {
            self.keep_token(held).await;
        }
    }

    /// Authenticated contact: the board is not alone any more.
    fn contacted(&mut self) {
        (self.contact, self.alone_before) = (self.now(), Duration::ZERO);
    }
}

impl Active {
    pub(crate) fn patience(&self) -> Patience {
        Patience { fresh: Duration::from_secs(self.manifest.fresh_s), offline: Duration::from_secs(self.manifest.max_offline_s) }
    }
}
