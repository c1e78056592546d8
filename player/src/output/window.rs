//! A window of exactly the board's size on an X11 desktop.

use std::time::Duration;

use minifb::{ScaleMode, Window, WindowOptions};
use playlists::geometry::Geometry;

use crate::frame::Frame;
use crate::ports::{Output, OutputError};
use crate::stage::Onscreen;

/// How often the window looks after its events.
const PUMP: Duration = Duration::from_millis(50);

struct Desktop {
    window: Window,
}

/// Opens it.
///
/// # Errors
/// When there is no display, or it refuses.
pub fn open(geometry: Geometry, title: &str) -> Result<Box<dyn Output>, OutputError> {
    let options = WindowOptions { resize: false, scale_mode: ScaleMode::Center, ..WindowOptions::default() };
    let mut window = Window::new(title, geometry.width() as usize, geometry.height() as usize, options)
        .map_err(|e| OutputError::Window(e.to_string()))?;
    window.set_target_fps(0);
    Ok(Box::new(Desktop { window }))
}

impl Output for Desktop {
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
        let geometry = frame.geometry();
        self.window
            .update_with_buffer(frame.pixels(), geometry.width() as usize, geometry.height() as usize)
            .map_err(|e| OutputError::Draw(e.to_string()))
    }

    fn settled(&mut self, _: &Onscreen) -> Result<(), OutputError> {
        Ok(())
    }

    fn pump(&mut self) -> bool {
        self.window.update();
        self.window.is_open()
    }

    fn pump_every(&self) -> Option<Duration> {
        Some(PUMP)
    }
}
