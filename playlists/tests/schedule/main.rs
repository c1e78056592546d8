//! The schedule against its rules: properties on random manifests, a slow reference, and a table of cases.
#![expect(clippy::indexing_slicing, reason = "a test that indexes wrongly has found something")]

mod cases;
mod generate;
mod properties;
mod reference;
mod windows;
