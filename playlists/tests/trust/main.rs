//! Whom a board believes: envelopes, roots, the rule of acceptance, and what a manifest may not be.

#![expect(clippy::indexing_slicing, reason = "bytes are flipped and fields replaced by place; a wrong place fails the test")]

#[path = "../fixtures/mod.rs"]
mod fixtures;

mod accept;
mod envelope;
mod faults;
mod roles;
