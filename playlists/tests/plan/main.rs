//! Plans as files: read with every fault in its place, written in one form, and told as boards' manifests.
#![expect(clippy::indexing_slicing, reason = "a test that panics has found something")]

mod faults;
mod generate;
mod manifests;
mod round_trip;

/// A small plan with something of everything.
const WHOLE: &str = include_str!("whole.yaml");
