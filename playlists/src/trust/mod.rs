//! Signed documents and the rule of acceptance: what a board believes, and from whom.

pub mod accept;
pub mod envelope;
pub mod faults;
pub mod key;
pub mod manifest;
pub mod roles;
