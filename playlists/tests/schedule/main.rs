//! The schedule against its rules: properties on random manifests, a slow reference, and a table of cases.
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test that panics has found something")]

mod cases;
mod demand;
mod generate;
mod golden;
mod hours;
mod lists;
mod mix;
mod properties;
mod reference;
mod regressions;
mod rules;
mod windows;
