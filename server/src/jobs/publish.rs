//! The loop that publishes: boards that wait get their manifests, batch by batch.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::publish::{Published, run_once};

/// Publishes until it is told to stop.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    loop {
        let failed = match until_done(&app, &stop).await {
            Ok(()) => false,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "publishing failed; it is tried again");
                true
            }
        };
        if !super::next(&app.live.publish, &stop, failed).await {
            return;
        }
    }
}

/// Batch after batch, as long as one gets anything done.
async fn until_done(app: &App, stop: &CancellationToken) -> Result<(), crate::store::StoreError> {
    while !stop.is_cancelled() {
        let Published { looked_at, postponed, .. } = run_once(app).await?;
        if looked_at == postponed {
            break;
        }
    }
    Ok(())
}
