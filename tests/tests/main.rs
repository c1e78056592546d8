//! Every promise of Bangtin, one module each, in one program.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails, and says why")]

mod architecture;
mod broker;
mod certificates;
mod clips;
mod commands;
mod databases;
mod demo;
mod encryption;
mod exactly_once;
mod exchange;
mod faults;
mod fleet;
mod geometry;
mod licences;
mod offline;
mod outside;
mod overlays;
mod pages;
mod plans;
mod proof;
mod resolver;
mod rules;
mod samples;
mod slides;
mod tampering;
mod tickers;
mod topics;
mod upload;
mod uploads;
