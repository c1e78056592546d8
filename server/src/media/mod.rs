//! From an upload to exact pixels: blobs by digest, intake, stills, clips; slides from templates.

mod animation;
pub mod blobs;
mod burden;
pub mod clips;
pub mod fonts;
pub mod intake;
pub mod parts;
pub mod previews;
pub mod raster;
pub mod slides;
pub mod stills;
#[cfg(test)]
mod tests;
pub mod vector;

use std::time::Duration;

use tokio::sync::Semaphore;

use self::intake::MediaError;

/// Pictures worked on at once: each may need half a gigabyte, and machines are small.
static HANDS: Semaphore = Semaphore::const_new(2);

/// Pictures that may still be worked on after they were given up: a thread cannot be ended, so their number is bounded, and with it
/// what they take. A process of its own for each picture would be ended, at ten times the cost of an ordinary one; what is known to
/// take forever is refused before ([`burden`]).
static STRAYS: Semaphore = Semaphore::const_new(4);

/// Longest that a picture is worked on: a hundred times what the largest take.
const LONGEST: Duration = Duration::from_secs(90);

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

/// Runs work on somebody's picture as [`at_the_bench`] does, and gives it up when it takes too long: the next one gets its hand.
///
/// # Errors
/// Those of the work, and when it was given up.
///
/// # Panics
/// When the work itself panics: the panic is passed on.
pub async fn in_time<T: Send + 'static>(work: impl FnOnce() -> Result<T, MediaError> + Send + 'static) -> Result<T, MediaError> {
    within(LONGEST, work).await
}

async fn within<T: Send + 'static>(
    longest: Duration,
    work: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
) -> Result<T, MediaError> {
    let _hand = HANDS.acquire().await.expect("this semaphore is never closed");
    let timed = async {
        let place = STRAYS.acquire().await.expect("this semaphore is never closed");
        let held = move || {
            let _place = place;
            work()
        };
        match tokio::task::spawn_blocking(held).await {
            Ok(done) => done,
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        }
    };
    tokio::time::timeout(longest, timed).await.unwrap_or(Err(MediaError::TooSlow))
}
