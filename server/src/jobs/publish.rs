//! The loop that publishes: boards that wait get their manifests, batch by batch.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::publish::{Published, run_once};
use crate::store::StoreError;

/// Publishes until it is told to stop.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    super::repeat("publishing", &app.live.publish, &stop, || until_done(&app, &stop)).await;
}

/// Batch after batch, as long as one gets anything done.
async fn until_done(app: &App, stop: &CancellationToken) -> Result<(), StoreError> {
    while !stop.is_cancelled() {
        let Published { looked_at, postponed, .. } = run_once(app).await?;
        if looked_at == postponed {
            break;
        }
    }
    Ok(())
}
