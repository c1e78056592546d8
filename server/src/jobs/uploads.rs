//! The loop that looks over uploads that are whole, and forgets those that nobody goes on with.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::uploads::settle;
use crate::store::StoreError;

/// Looks uploads over until it is told to stop; one that is being looked over then is begun anew at the next start.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    super::repeat("looking uploads over", &app.live.uploads, &stop, || until_done(&app, &stop)).await;
}

async fn until_done(app: &App, stop: &CancellationToken) -> Result<(), StoreError> {
    loop {
        // Nothing is lost when it is cancelled: the file stays until what became of it is noted.
        let done = tokio::select! {
            done = settle::run_once(app) => done?,
            () = stop.cancelled() => return Ok(()),
        };
        if done == 0 {
            return settle::sweep(app).await.map(drop);
        }
    }
}
