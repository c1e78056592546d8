//! Timing, and the table that shows how cost grows with size.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one thing is measured at most, once it has been measured often enough.
const BUDGET: Duration = Duration::from_millis(600);
/// It is measured at least so often, and the middle value counts.
const LEAST: usize = 3;

/// The middle of the times that `run` takes; each measurement runs it `times` times and counts one.
pub(crate) fn median<T>(times: u32, mut run: impl FnMut() -> T) -> Duration {
    let started = Instant::now();
    let mut taken = Vec::new();
    while taken.len() < LEAST || started.elapsed() < BUDGET {
        let now = Instant::now();
        for _ in 0..times {
            black_box(run());
        }
        taken.push(now.elapsed() / times);
    }
    taken.sort_unstable();
    taken.get(taken.len() / 2).copied().unwrap_or_default()
}

/// Prints the first lines of a table.
pub(crate) fn head() {
    println!("| what | size | time | against half the size |\n|---|---:|---:|---:|");
}

/// Prints a line for each size: how long it takes, and how much longer than the one before.
pub(crate) fn rows(what: &str, unit: &str, sizes: &[usize], mut time: impl FnMut(usize) -> Duration) {
    let mut before: Option<Duration> = None;
    for size in sizes {
        let now = time(*size);
        let growth =
            before.map_or("".to_owned(), |before| format!("× {:.2}", now.as_secs_f64() / before.as_secs_f64().max(1e-12)));
        println!("| {what} | {size} {unit} | {} | {growth} |", plain(now));
        before = Some(now);
    }
}

/// A time as people read it.
pub(crate) fn plain(time: Duration) -> String {
    let ns = time.as_secs_f64() * 1e9;
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}
