//! Bangtin's player: fetches, verifies and plays what a board is to show, with or without a network.
//!
//! [`start`] runs a player in the caller's tokio runtime; nothing is global, so that many run in one process. The way of a
//! picture: [`link`] or [`poll`] → `agent` → acceptance → [`steps`] → [`download`] → [`banks`] → [`playback`] → [`stage`] →
//! [`output`]. This crate's README says what lies in the data folder.

mod agent;
pub mod api;
pub mod banks;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod download;
pub mod files;
pub mod fleet;
pub mod frame;
pub mod glance;
pub mod health;
pub mod identity;
mod lifecycle;
pub mod link;
pub mod memory;
pub mod mode;
mod opening;
pub mod output;
pub mod pace;
pub mod playback;
pub mod poll;
pub mod ports;
mod presenter;
pub mod queue;
#[cfg(test)]
mod samples;
pub mod snapshot;
pub mod stage;
pub mod steps;
pub mod tls;
pub mod token;

pub use lifecycle::{Cadence, Config, Running, StartError, start};
