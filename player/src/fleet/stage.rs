//! A virtual board's stage: the pure [`Show`] with a clock, a disk to hash from and somebody to report to. It has
//! no thread and no task of its own: an order is carried out where it is given, and hashing where work may block.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use playlists::geometry::Geometry;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::Common;
use super::show::Show;
use crate::cache::verify;
use crate::frame::Frame;
use crate::ports::Clock;
use crate::presenter::{Presenter, Sketch};
use crate::snapshot;
use crate::stage::decode::{DecodeError, Source};
use crate::stage::{Content, Onscreen, Order, Report, Screen};

/// Reports that may wait for the agent.
const REPORTS: usize = 64;
/// Reports kept aside while the agent does not listen; then the oldest is dropped.
const ASIDE: usize = 256;

/// The stage of one virtual board.
pub(crate) struct VirtualStage(Arc<Inner>);

struct Inner {
    geometry: Geometry,
    clock: Arc<dyn Clock>,
    common: Arc<Common>,
    screen: Arc<Screen>,
    report: Sender<Report>,
    state: Mutex<State>,
}

struct State {
    show: Show,
    aside: VecDeque<Report>,
}

impl VirtualStage {
    /// A stage with the resident picture on it, and what it reports.
    pub(crate) fn start(geometry: Geometry, clock: Arc<dyn Clock>, common: Arc<Common>) -> (Self, Receiver<Report>) {
        let (report, reported) = mpsc::channel(REPORTS);
        let state = Mutex::new(State { show: Show::new(clock.monotonic()), aside: VecDeque::new() });
        let inner = Arc::new(Inner { geometry, clock, common, screen: Arc::default(), report, state });
        inner.pass(inner.state());
        (Self(inner), reported)
    }
}

impl Presenter for VirtualStage {
    fn order(&self, order: Order) -> bool {
        let mut state = self.0.state();
        state.show.take(order, self.0.clock.monotonic());
        self.0.pass(state);
        true
    }

    fn screen(&self) -> Arc<Screen> {
        Arc::clone(&self.0.screen)
    }

    fn sketch(&self, limit: usize) -> Option<(Onscreen, Sketch)> {
        let ((on, content), geometry) = (self.0.state().show.on(), self.0.geometry);
        let common = Arc::clone(&self.0.common);
        let made = async move {
            match content {
                Content::Item(source) => common.pictures.sketch(source, geometry, limit).await,
                Content::Dark => snapshot::within(&Frame::black(geometry), limit),
                Content::Resident => snapshot::within(&Frame::resident(geometry), limit),
            }
        };
        Some((on, Box::pin(made)))
    }

    fn stop(self: Box<Self>) {
        self.order(Order::Stop);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what happened, and has hashed what is wanted next.
    fn pass(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let reports = state.show.reports();
        for report in &reports {
            if let Report::Started(on) = report {
                self.screen.put(on.clone());
            }
        }
        self.screen.count(|figures| *figures = state.show.figures());
        state.aside.extend(reports);
        while let Some(report) = state.aside.pop_front() {
            if let Err(error) = self.report.try_send(report) {
                state.aside.push_front(error.into_inner());
                break;
            }
        }
        while state.aside.len() > ASIDE {
            state.aside.pop_front();
            tracing::warn!("a report of the stage was dropped: nobody listened");
        }
        let wanted = state.show.wanted();
        drop(state);
        if let Some(source) = wanted {
            let inner = Arc::clone(self);
            self.common.tasks.spawn_blocking(move || inner.hash(&source));
        }
    }

    /// Reads and hashes every byte. Blocks.
    fn hash(self: &Arc<Self>, Source { item, size, path, .. }: &Source) {
        let result = verify(path, item, *size).map_err(DecodeError::Bytes);
        let mut state = self.state();
        state.show.hashed(*item, result, self.clock.monotonic());
        self.pass(state);
    }
}
