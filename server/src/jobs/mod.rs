//! One loop each: woken when there is work, or by a slow timer in case a wake-up was lost; each has a `run_once` for tests.

pub mod clips;
pub mod publish;
pub mod renditions;
pub mod upkeep;
pub mod uploads;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::lifecycle::Tasks;
use crate::store::StoreError;
use crate::telemetry::chain;

/// How long a loop sleeps when nobody wakes it.
const SLOW: Duration = Duration::from_secs(5);
/// How long it waits after a failure of the database.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Starts all loops.
pub fn start(app: &Arc<App>, tasks: &Tasks) {
    tasks.start("publish", publish::run(Arc::clone(app), tasks.stop_token()));
    tasks.start("clips", clips::run(Arc::clone(app), tasks.stop_token()));
    tasks.start("uploads", uploads::run(Arc::clone(app), tasks.stop_token()));
    tasks.start("upkeep", upkeep::run(Arc::clone(app), tasks.stop_token()));
    tasks.start("renditions", renditions::run(Arc::clone(app), tasks.stop_token()));
}

/// Does the work, then waits for more, until it is told to stop. Work that failed is logged, and tried again after a moment.
async fn repeat<F>(what: &str, wake: &Notify, stop: &CancellationToken, work: impl Fn() -> F)
where
    F: Future<Output = Result<(), StoreError>>,
{
    loop {
        let done = work().await;
        if let Err(error) = &done {
            tracing::error!(error = %chain(error), "{what} failed; it is tried again");
        }
        if !next(wake, stop, done.is_err()).await {
            return;
        }
    }
}

/// Waits for work; whether to go on. Nothing is lost when it is cancelled: work waits in the database, not in the wake-up.
async fn next(wake: &Notify, stop: &CancellationToken, failed: bool) -> bool {
    let slow = tokio::time::sleep(if failed { AFTER_FAILURE } else { SLOW });
    tokio::select! {
        () = stop.cancelled() => false,
        () = slow => true,
        () = wake.notified(), if !failed => true,
    }
}
