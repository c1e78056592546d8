//! How many requests are being worked on: the end of the server waits for them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;

/// A count of requests whose answer has not begun.
#[derive(Debug, Clone, Default)]
pub(super) struct AtWork(Arc<watch::Sender<usize>>);

impl AtWork {
    /// Returns when none is being worked on.
    pub(super) async fn none(&self) {
        // The sender lives as long as this does, so the wait ends with an answer only.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One request; counted until it is dropped, however that comes.
struct One(AtWork);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// Counts a request from its head to the beginning of its answer: a body that comes in belongs to it, one that goes out does not.
pub(super) async fn count(State(at_work): State<AtWork>, request: Request, next: Next) -> Response {
    at_work.0.send_modify(|count| *count += 1);
    let _one = One(at_work);
    next.run(request).await
}
