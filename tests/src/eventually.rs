//! The only wait there is: looks at a condition until it holds, and says what it saw when it never does.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(25);
/// How many different sights are kept for the report.
const MOST_SIGHTS: usize = 40;

/// Enough for anything that this machine does by itself, even when it is busy; far less is usual.
pub const SOON: Duration = Duration::from_secs(60);
/// Enough for a whole system to start, in a debug build on a busy machine.
pub const STARTUP: Duration = Duration::from_secs(240);

/// Looks until `look` answers `Ok`, at most for `limit`; `Err` says what was seen instead.
///
/// # Panics
/// When `limit` passes: with `what` was hoped for, and each different thing that was seen, with the time it was first seen.
pub async fn eventually<T, E: Display>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    let mut sights: Vec<(Duration, String)> = Vec::new();
    loop {
        match look().await {
            Ok(value) => return value,
            Err(seen) => {
                let seen = seen.to_string();
                if sights.last().is_none_or(|(_, last)| *last != seen) {
                    sights.push((start.elapsed(), seen));
                }
            }
        }
        assert!(start.elapsed() < limit, "{}", report(what, limit, &sights));
        tokio::time::sleep(PAUSE).await;
    }
}

fn report(what: &str, limit: Duration, sights: &[(Duration, String)]) -> String {
    let skipped = sights.len().saturating_sub(MOST_SIGHTS);
    let lines: String =
        sights.iter().skip(skipped).map(|(at, seen)| format!("\n  {:>8.3} s  {seen}", at.as_secs_f64())).collect();
    format!("not within {limit:?}: {what}; {skipped} earlier sights left out, then:{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_answers_as_soon_as_the_condition_holds() {
        let mut left = 3;
        let found = eventually("a countdown", SOON, async || {
            left -= 1;
            if left == 0 { Ok("done") } else { Err(left) }
        })
        .await;
        assert_eq!(found, "done");
    }

    #[tokio::test]
    #[should_panic(expected = "still red")]
    async fn it_tells_what_it_saw() {
        eventually("green", Duration::ZERO, async || Err::<(), _>("still red")).await;
    }
}
