//! The loop that keeps the store of pictures in order: every minute what is not wanted any more is called off, once a day what nobody
//! has needed for a month goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::upkeep::{self, SweepError};
use crate::telemetry::chain;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Between two times that files are removed.
const SWEPT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps order until it is told to stop; where it is stopped makes no difference, see [`upkeep`].
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut swept: Option<Instant> = None;
    loop {
        let is_due = swept.is_none_or(|at| at.elapsed() >= SWEPT_EVERY);
        let done = tokio::select! {
            done = run_once(&app, is_due) => done,
            () = stop.cancelled() => return,
        };
        match done {
            Ok(()) if is_due => swept = Some(Instant::now()),
            Ok(()) => {}
            Err(error) => tracing::error!(error = %chain(&error), "keeping the pictures in order failed; it is tried again"),
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Calls off what waits in vain; with `sweeps` also forgets and removes what nobody has needed for a month.
///
/// # Errors
/// When the database or the folder fails.
pub async fn run_once(app: &App, sweeps: bool) -> Result<(), SweepError> {
    if sweeps || upkeep::has_work(app).await.map_err(SweepError::Store)? {
        upkeep::tend(app).await.map_err(SweepError::Store)?;
    }
    if sweeps {
        let removed = upkeep::sweep(app).await?;
        if removed > 0 {
            tracing::info!("{removed} files that nothing names any more were removed");
        }
    }
    Ok(())
}
