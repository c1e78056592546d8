//! Whole players against a small server within the test: HTTP only, real keys, real files. What needs a broker is tested with the
//! server in the workspace's `tests/`.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails, and says why")]

mod clock;
mod disk;
mod killed;
mod overlays;
mod playing;
mod refusals;
#[path = "../../src/samples.rs"]
mod samples;
mod server;
mod side_by_side;
mod ticker;
mod time;
mod world;
