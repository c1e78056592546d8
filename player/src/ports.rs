//! What the player needs from outside and tests replace: the clock and the output.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::geometry::Geometry;

use crate::frame::Frame;
use crate::stage::Sight;

/// The machine's clocks.
pub trait Clock: Send + Sync {
    /// The system's time of day, believed or not.
    fn system(&self) -> DateTime<Utc>;
    /// Time since a fixed instant of this run; never falls.
    fn monotonic(&self) -> Duration;
    /// Whether the system's clock is kept by NTP.
    fn is_synchronised(&self) -> bool;
}

/// Where frames become visible. It lives on the stage's thread.
pub trait Output {
    /// Makes this frame visible.
    ///
    /// # Errors
    /// When the output has failed; the stage tries again with the next frame.
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError>;
    /// Told when a picture stands still after a change, as no transition is running; and again now and then while a clip or running text
    /// moves.
    ///
    /// # Errors
    /// When what the output keeps of it cannot be written.
    fn settled(&mut self, sight: &Sight) -> Result<(), OutputError>;
    /// Lets the output look after itself; false when somebody closed it.
    fn pump(&mut self) -> bool;
    /// How often [`Output::pump`] must be called; never, when none.
    fn pump_every(&self) -> Option<Duration>;
}

/// Opens the output on the stage's thread, for this geometry.
pub type OpenOutput = Box<dyn FnOnce(Geometry) -> Result<Box<dyn Output>, OutputError> + Send>;

/// The ports of one player.
pub struct Ports {
    /// The machine's clocks.
    pub clock: Arc<dyn Clock>,
    /// Opens the output.
    pub output: OpenOutput,
}

/// Why nothing can be made visible.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// No window can be opened.
    #[error("no window can be opened: {0}; is DISPLAY set, and may this user use it? `--output headless` needs none")]
    Window(String),
    /// A frame could not be drawn.
    #[error("the window could not draw: {0}")]
    Draw(String),
    /// This build has no windows.
    #[error("this player is built without windows; use --output headless")]
    NotBuilt,
    /// The folder for frames cannot be written.
    #[error("the frame could not be written to {path}")]
    Write {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
