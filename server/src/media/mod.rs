//! From an upload to exact pixels: blobs by digest, intake, stills.

pub mod blobs;
