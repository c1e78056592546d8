//! The harness: real parts, started for one test and gone with it. Nothing here waits but [`eventually()`].

#![allow(clippy::panic, clippy::print_stderr, reason = "a test that cannot go on fails, and says why")]

pub mod aftermath;
pub mod boards;
pub mod browser;
pub mod client;
pub mod clips;
pub mod clock;
pub mod command;
pub mod demo;
pub mod desk;
pub mod eventually;
pub mod fleet;
pub mod house;
pub mod ledger;
pub mod mosquitto;
pub mod operators;
pub mod pictures;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod witness;
pub mod world;

pub use eventually::eventually;
