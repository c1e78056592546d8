//! What carries out the agent's orders: the stage with its output, or a virtual one that hashes instead of drawing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::snapshot::{self, Snapshot};
use crate::stage::{Onscreen, Order, Screen, Stage};

/// The picture on the screen, being made small; none when it cannot be made.
pub(crate) type Sketch = Pin<Box<dyn Future<Output = Option<Snapshot>> + Send>>;

/// A stage as the agent holds it.
pub(crate) trait Presenter: Send + Sync {
    /// Gives an order; false when the stage has fallen so far behind that it is not taken.
    fn order(&self, order: Order) -> bool;
    /// What is presented.
    fn screen(&self) -> Arc<Screen>;
    /// What is on the screen, and how it becomes a picture of at most `limit` bytes; none when nothing is on yet.
    fn sketch(&self, limit: usize) -> Option<(Onscreen, Sketch)>;
    /// Ends the stage: its last play is reported before this returns. Blocks.
    fn stop(self: Box<Self>);
}

impl Presenter for Stage {
    fn order(&self, order: Order) -> bool {
        Self::order(self, order)
    }

    fn screen(&self) -> Arc<Screen> {
        Self::screen(self)
    }

    fn sketch(&self, limit: usize) -> Option<(Onscreen, Sketch)> {
        let screen = Self::screen(self);
        let (on, frame) = (screen.on()?, screen.seen()?);
        let made = async move { tokio::task::spawn_blocking(move || snapshot::within(&frame, limit)).await.ok().flatten() };
        Some((on, Box::pin(made)))
    }

    fn stop(self: Box<Self>) {
        Self::stop(*self);
    }
}
