//! The pure domain of Bangtin: what is on a board at an instant, and who may say so.
//!
//! No I/O, no clock, no randomness: every decision here is a function from values to values, so that server, board and preview
//! give the same answer. Words and rules: this crate's README.

pub mod asset;
pub mod campaign;
pub mod compose;
mod crontab;
pub mod geometry;
pub mod hours;
pub mod id;
pub mod local;
pub mod lunar;
pub mod millis;
pub mod overlay;
pub mod plan;
pub mod playlist;
pub mod schedule;
mod span;
pub mod theme;
pub mod trust;
pub mod unit;
pub mod window;
pub mod wire;
