//! The stage: what is on the screen, frame by frame, on a thread of its own. The picture on it stays until the next one is
//! decoded, so there is never a black frame between two items; what was really presented is reported.

pub(crate) mod blank;
pub mod clock;
pub mod compose;
pub mod decode;
mod ffmpeg;
pub mod glyphs;
mod layers;
pub mod machine;
pub mod moving;
mod on;
pub mod overlay;
pub mod reel;
pub mod screen;
pub mod sprite;
pub mod ticker;
pub mod transition;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};
use playlists::wire::reports::PlayedItem;
use tokio::sync::mpsc as reports;

use self::decode::{DecodeError, Opened, Source};
use self::machine::Machine;
use self::moving::Decoding;
use self::overlay::{Laid, Overlay};
pub use self::screen::{Figures, Screen};
use self::ticker::{Over, Run};
use self::transition::Transition;
use crate::frame::Frame;
use crate::ports::{Clock, OpenOutput, Output, OutputError};

/// Orders that may wait for the stage.
const ORDERS: usize = 64;
/// Reports that may wait for the agent.
const REPORTS: usize = 256;
/// Reports kept aside while the agent does not listen; then the oldest is dropped.
const ASIDE: usize = 4096;
/// Longest the stage sleeps.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What the stage is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Show this from now on.
    Show(Shot),
    /// Decode this ahead of need.
    Prepare(Source),
    /// Let these strips run over the picture, each in its time: what runs now, and what runs next.
    Run(Vec<Run>),
    /// Let these lie over the loop, at most one in each corner.
    Overlay(Vec<Overlay>),
    /// This was the time of day when the monotonic clock was at zero: clips, running text and clocks go by it.
    Tie(DateTime<Utc>),
    /// End; the last picture stays on the screen as long as the output does.
    Stop,
}

/// One picture in its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// What is shown.
    pub content: Content,
    /// How it is recorded; none for what is no item.
    pub played: Option<PlayedItem>,
    /// When its time began, by the wall clock: with `rev` it tells one showing of an item from the next.
    pub since: DateTime<Utc>,
    /// The manifest it comes from.
    pub rev: Revision,
    /// Whether it takes the screen before the picture on it has had its time.
    pub interrupts: bool,
    /// Whether overlays may lie over it.
    pub overlaid: bool,
}

/// What a shot shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Black: outside the operating hours.
    Dark,
    /// The picture that every player carries within itself.
    Resident,
    /// An item.
    Item(Source),
}

/// A picture that was presented and has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// What, and by whom it was asked for.
    pub played: PlayedItem,
    /// First presented, on the monotonic clock.
    pub start: Duration,
    /// How long it was on the screen.
    pub shown: Duration,
    /// Frames that came too late to be shown.
    pub dropped: u32,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// The manifest it came from.
    pub rev: Revision,
    /// Whether it ran over the loop, beside what else was on.
    pub is_over: bool,
}

/// What the stage reports.
#[derive(Debug)]
pub enum Report {
    /// A picture is on the screen: its first frame was presented.
    Started(Onscreen),
    /// A picture has ended.
    Ended(Play),
    /// A picture stands still.
    Settled(Onscreen),
    /// An item gives no frame; the picture before it stays.
    Broken {
        /// The item.
        item: Digest,
        /// Why.
        error: DecodeError,
    },
    /// The output does not work.
    Fault(OutputError),
    /// Somebody closed the output.
    Closed,
}

/// The picture on the screen.
#[derive(Debug, Clone)]
pub struct Onscreen {
    /// Its frame, without transition; of a clip the one that is on.
    pub frame: Arc<Frame>,
    /// Which frame of a clip it is, from 0.
    pub number: usize,
    /// The item; none for black and the resident picture.
    pub item: Option<Digest>,
    /// When its time began, by the wall clock.
    pub since: Option<DateTime<Utc>>,
    /// The manifest it comes from.
    pub rev: Revision,
    /// Whether overlays may lie over it.
    pub overlaid: bool,
    /// When its first frame was presented, on the monotonic clock.
    pub presented: Duration,
}

/// Everything that is seen at an instant.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The picture that holds the screen.
    pub on: Onscreen,
    /// What lies over it in the corners.
    pub overlays: Arc<[Laid]>,
    /// The running text over both.
    pub over: Option<Over>,
    /// Every pixel as it is seen: the picture with all that lies over it.
    pub frame: Arc<Frame>,
    /// Whether the picture has just come, or what lies in its corners: else the same is shown once more, further on or with other text over
    /// it.
    pub is_new: bool,
}

/// What reaches the stage's thread.
#[derive(Debug)]
pub(crate) enum Message {
    Order(Order),
    Decoded {
        item: Digest,
        result: Result<Opened, DecodeError>,
    },
    /// A frame that was waited for is there.
    Woken,
}

/// The stage as the agent holds it.
#[derive(Debug)]
pub struct Stage {
    orders: SyncSender<Message>,
    threads: Vec<JoinHandle<()>>,
    screen: Arc<Screen>,
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A thread cannot be started.
    #[error("the stage's thread cannot be started")]
    Thread(#[source] std::io::Error),
    /// The output cannot be opened.
    #[error("the output cannot be opened")]
    Output(#[source] OutputError),
    /// It ended before it had begun.
    #[error("the stage ended before it had begun")]
    Gone,
}

impl Stage {
    /// Opens the output on a thread of its own and puts the resident picture on it. Blocks until the output is open.
    ///
    /// # Errors
    /// When a thread cannot be started, or the output not be opened.
    pub fn start(
        geometry: Geometry,
        transition: Transition,
        decoding: Decoding,
        clock: Arc<dyn Clock>,
        open: OpenOutput,
    ) -> Result<(Self, reports::Receiver<Report>), StageError> {
        let (orders, inbox) = mpsc::sync_channel(ORDERS);
        let (ask, asked) = mpsc::sync_channel(1);
        let (report, reported) = reports::channel(REPORTS);
        let (opened, is_open) = mpsc::sync_channel(1);
        let screen = Arc::new(Screen::default());
        let answers = orders.clone();
        let decoder = thread::Builder::new()
            .name("decode".to_owned())
            .spawn(move || decode::serve(geometry, decoding, &asked, &answers))
            .map_err(StageError::Thread)?;
        let seen = Arc::clone(&screen);
        let stage = thread::Builder::new()
            .name("stage".to_owned())
            .spawn(move || {
                let output = match open(geometry) {
                    Ok(output) => output,
                    Err(error) => {
                        opened.send(Err(error)).unwrap_or_default();
                        return;
                    }
                };
                opened.send(Ok(())).unwrap_or_default();
                let (screen, machine) = (Arc::clone(&seen), Machine::new(geometry, transition, seen));
                Worker {
                    machine,
                    screen,
                    output,
                    clock,
                    ask,
                    report,
                    aside: VecDeque::new(),
                    pumped: Duration::ZERO,
                    late: 0,
                    closed: false,
                }
                .run(&inbox);
            })
            .map_err(StageError::Thread)?;
        is_open.recv().map_err(|_| StageError::Gone)?.map_err(StageError::Output)?;
        Ok((Self { orders, threads: vec![stage, decoder], screen }, reported))
    }

    /// Gives an order; false when the stage has fallen so far behind that it is not taken.
    pub fn order(&self, order: Order) -> bool {
        self.orders.try_send(Message::Order(order)).is_ok()
    }

    /// What is presented.
    #[must_use]
    pub fn screen(&self) -> Arc<Screen> {
        Arc::clone(&self.screen)
    }

    /// Ends the stage and waits for its threads. Blocks.
    pub fn stop(self) {
        self.orders.send(Message::Order(Order::Stop)).unwrap_or_default();
        let Self { orders, threads, .. } = self;
        drop(orders);
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the stage panicked");
            }
        }
    }
}

struct Worker {
    machine: Machine,
    screen: Arc<Screen>,
    output: Box<dyn Output>,
    clock: Arc<dyn Clock>,
    ask: SyncSender<Source>,
    report: reports::Sender<Report>,
    aside: VecDeque<Report>,
    /// When the output looked after itself last.
    pumped: Duration,
    /// Frames that came too late, as far as that was said.
    late: u64,
    closed: bool,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let due = self.machine.tick(self.clock.monotonic(), self.output.as_mut());
            self.ask_decoder();
            self.pass_reports();
            self.tell_late();
            if self.machine.is_stopped() {
                return;
            }
            match inbox.recv_timeout(self.sleep(due)) {
                Ok(message) => self.machine.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(message) = inbox.try_recv() {
                self.machine.take(message);
            }
            self.pump();
        }
    }

    /// Says which frames came too late, for whoever looks for the reason.
    fn tell_late(&mut self) {
        let dropped = self.screen.figures().dropped;
        let late = dropped - std::mem::replace(&mut self.late, dropped);
        if late > 0 {
            tracing::debug!("{late} frames came too late");
        }
    }

    /// Lets the output look after itself when that is due; frames come more often, and each look asks the desktop.
    fn pump(&mut self) {
        let now = self.clock.monotonic();
        if self.closed || self.output.pump_every().is_none_or(|every| now < self.pumped + every) {
            return;
        }
        self.pumped = now;
        if !self.output.pump() {
            self.closed = true;
            self.aside.push_back(Report::Closed);
        }
    }

    fn sleep(&self, due: Option<Duration>) -> Duration {
        let now = self.clock.monotonic();
        let pump = self.output.pump_every().filter(|_| !self.closed).map(|every| self.pumped + every);
        let due = due.into_iter().chain(pump).min();
        due.map_or(LONGEST_SLEEP, |due| due.saturating_sub(now).min(LONGEST_SLEEP))
    }

    fn ask_decoder(&mut self) {
        if let Some(source) = self.machine.wanted()
            && let Err(TrySendError::Full(source) | TrySendError::Disconnected(source)) = self.ask.try_send(source)
        {
            self.machine.not_asked(&source.item);
        }
    }

    fn pass_reports(&mut self) {
        self.aside.extend(self.machine.reports());
        while let Some(report) = self.aside.pop_front() {
            if let Err(error) = self.report.try_send(report) {
                self.aside.push_front(error.into_inner());
                break;
            }
        }
        while self.aside.len() > ASIDE {
            self.aside.pop_front();
            tracing::warn!("a report of the stage was dropped: nobody listened");
        }
    }
}
