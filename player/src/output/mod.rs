//! Where frames become visible.

pub mod headless;
#[cfg(feature = "window")]
pub mod window;

use std::path::PathBuf;

use playlists::id::BoardId;

use crate::ports::{OpenOutput, OutputError};

/// Which output is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A window where there is a display, else headless.
    #[default]
    Auto,
    /// A window on an X11 desktop.
    Window,
    /// None that anybody sees: frames are kept in memory, and as files where a folder is given.
    Headless,
}

/// Opens the wanted output. `frames` is the folder for headless frames; `has_display` says whether there is a desktop.
#[must_use]
pub fn open(kind: Kind, board: &BoardId, frames: Option<PathBuf>, has_display: bool) -> OpenOutput {
    let title = format!("Bangtin · {board}");
    Box::new(move |geometry| match kind {
        Kind::Headless => headless::open(frames),
        Kind::Window => window(geometry, &title),
        Kind::Auto if !has_display => headless::open(frames),
        Kind::Auto => window(geometry, &title).or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "there is a display but no window: headless instead");
            headless::open(frames)
        }),
    })
}

#[cfg(feature = "window")]
fn window(geometry: playlists::geometry::Geometry, title: &str) -> Result<Box<dyn crate::ports::Output>, OutputError> {
    window::open(geometry, title)
}

#[cfg(not(feature = "window"))]
fn window(_: playlists::geometry::Geometry, _: &str) -> Result<Box<dyn crate::ports::Output>, OutputError> {
    Err(OutputError::NotBuilt)
}
