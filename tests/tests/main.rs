//! Every promise of Bangtin, one module each, in one program.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails, and says why")]

mod architecture;
mod databases;
mod demo;
mod licences;
mod outside;
mod pages;
mod resolver;
mod samples;
