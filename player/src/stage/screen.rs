//! What the stage has presented: the picture that is on and the figures, as others may look at them at any time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Onscreen;
use super::overlay::Laid;
use super::ticker::Over;
use crate::frame::Frame;

/// What the stage has presented, as others may look at it at any time.
#[derive(Debug, Default)]
pub struct Screen {
    on: Mutex<Option<Onscreen>>,
    over: Mutex<(Arc<[Laid]>, Option<Over>)>,
    figures: Mutex<Figures>,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Frames presented.
    pub presented: u64,
    /// Frames that came too late.
    pub dropped: u64,
    /// Time in which nothing was presented although something should have been.
    pub black: Duration,
}

impl Screen {
    /// The picture on the screen.
    #[must_use]
    pub fn on(&self) -> Option<Onscreen> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// The picture on the screen as it is seen: with the overlays and the running text over it.
    #[must_use]
    pub fn seen(&self) -> Option<Arc<Frame>> {
        let frame = self.on()?.frame;
        let (laid, over) = self.over.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if laid.is_empty() && over.is_none() {
            return Some(frame);
        }
        let mut seen = Frame::clone(&frame);
        let rows = 0..frame.geometry().height() as usize;
        laid.iter().for_each(|one| one.sprite.draw(&mut seen, one.place, rows.clone()));
        if let Some(Over { strip, left, .. }) = over {
            strip.draw_lowest(&mut seen, left);
        }
        Some(Arc::new(seen))
    }
    /// Counts since the start.
    #[must_use]
    pub fn figures(&self) -> Figures {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn put(&self, on: Onscreen) {
        *self.on.lock().unwrap_or_else(PoisonError::into_inner) = Some(on);
    }
    pub(super) fn lay_over(&self, overlays: Arc<[Laid]>, over: Option<Over>) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = (overlays, over);
    }
    pub(crate) fn count(&self, count: impl FnOnce(&mut Figures)) {
        count(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
