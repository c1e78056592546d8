//! Bangtin's server: schedules what public LED boards show, and proves what they showed.

pub mod app;
pub mod broker;
pub mod cli;
pub mod config;
pub mod demo;
pub mod edge;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod lifecycle;
pub mod live;
pub mod media;
pub mod ports;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod traffic;
