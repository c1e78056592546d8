//! From an upload to exact pixels: blobs by digest, intake, stills, clips.

pub mod blobs;
pub mod clips;
pub mod fonts;
pub mod intake;
pub mod raster;
pub mod stills;
#[cfg(test)]
mod tests;
pub mod vector;

use tokio::sync::Semaphore;

/// Pictures worked on at once: each may need half a gigabyte, and machines are small.
static HANDS: Semaphore = Semaphore::const_new(2);

/// Runs work on a picture off the async workers, two at a time.
///
/// # Panics
/// When the work itself panics: the panic is passed on.
pub async fn at_the_bench<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let hand = HANDS.acquire().await.expect("this semaphore is never closed");
    let held = move || {
        // Held until the work ends, also when nobody waits for it any more.
        let _hand = hand;
        work()
    };
    match tokio::task::spawn_blocking(held).await {
        Ok(done) => done,
        Err(died) => std::panic::resume_unwind(died.into_panic()),
    }
}
