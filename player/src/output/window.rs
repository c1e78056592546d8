//! A window of exactly the board's size on an X11 desktop. Frames go through memory that the X server of this machine shares, two in
//! turn, so that none is waited for; to a server elsewhere they go over the connection.

use std::fmt::Display;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use playlists::geometry::Geometry;
use rustix::fs::{MemfdFlags, memfd_create};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::properties::WmSizeHints;
use x11rb::protocol::Event;
use x11rb::protocol::shm::{self, ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, ImageFormat, ImageOrder, PropMode,
    Screen, Setup, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::frame::Frame;
use crate::ports::{Output, OutputError};
use crate::stage::Sight;

/// How often the window looks after its events.
const PUMP: Duration = Duration::from_millis(50);
/// Bytes of a pixel.
const PIXEL: usize = 4;
/// Bytes of a request beside its pixels.
const HEAD: usize = 64;

struct Desktop {
    x: RustConnection,
    window: Window,
    gc: Gcontext,
    depth: u8,
    size: (u16, u16),
    /// What the window manager says when somebody closes the window.
    close: Atom,
    way: Way,
    /// What the X server did not like.
    fault: Option<String>,
}

/// How pixels reach the X server.
enum Way {
    Shared(Shared),
    /// Over the connection; the last frame is kept for when the window is uncovered.
    Sent(Vec<u8>),
}

/// Memory that the X server shares, for two frames.
struct Shared {
    memory: File,
    segment: Seg,
    /// The frame drawn last: 0 or 1.
    slot: u32,
    /// Bytes of a frame.
    length: u32,
}

fn fault(error: impl Display) -> OutputError {
    OutputError::Window(error.to_string())
}

/// Opens it.
///
/// # Errors
/// When there is no display, it refuses, or its pixels are not of 32 bits.
pub fn open(geometry: Geometry, title: &str) -> Result<Box<dyn Output>, OutputError> {
    let (x, number) = x11rb::connect(None).map_err(fault)?;
    let side = |side: u32| u16::try_from(side).map_err(fault);
    let size = (side(geometry.width())?, side(geometry.height())?);
    let screen = x.setup().roots.get(number).ok_or_else(|| fault("the display has no screen"))?;
    if !takes_pixels(x.setup(), screen) {
        return Err(fault("the desktop's pixels are not 8 bits each of red, green and blue in 32"));
    }
    let depth = screen.root_depth;
    let (window, gc, close) = shown(&x, screen, size, title).map_err(fault)?;
    let length = geometry.pixels() * PIXEL;
    let way = shared(&x, length).map_or_else(|| Way::Sent(vec![0; length]), Way::Shared);
    Ok(Box::new(Desktop { x, window, gc, depth, size, close, way, fault: None }))
}

/// Whether the screen takes pixels as frames hold them.
fn takes_pixels(setup: &Setup, screen: &Screen) -> bool {
    let order = if cfg!(target_endian = "little") { ImageOrder::LSB_FIRST } else { ImageOrder::MSB_FIRST };
    let in_words = setup.pixmap_formats.iter().any(|format| format.depth == screen.root_depth && format.bits_per_pixel == 32);
    let visuals = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals);
    let masks = visuals.filter(|visual| visual.visual_id == screen.root_visual);
    let mut masks = masks.map(|visual| (visual.red_mask, visual.green_mask, visual.blue_mask));
    setup.image_byte_order == order && in_words && masks.any(|masks| masks == (0x00FF_0000, 0x0000_FF00, 0x0000_00FF))
}

/// A window that is on the screen, what draws in it, and the word by which it is closed.
fn shown(
    x: &RustConnection,
    screen: &Screen,
    (width, height): (u16, u16),
    title: &str,
) -> Result<(Window, Gcontext, Atom), Box<dyn std::error::Error>> {
    let (window, gc) = (x.generate_id()?, x.generate_id()?);
    let atom = |name: &str| Ok::<_, Box<dyn std::error::Error>>(x.intern_atom(false, name.as_bytes())?.reply()?.atom);
    let (protocols, close, name, text) =
        (atom("WM_PROTOCOLS")?, atom("WM_DELETE_WINDOW")?, atom("_NET_WM_NAME")?, atom("UTF8_STRING")?);
    let looks =
        CreateWindowAux::new().background_pixel(screen.black_pixel).event_mask(EventMask::EXPOSURE | EventMask::STRUCTURE_NOTIFY);
    let (class, visual) = (WindowClass::INPUT_OUTPUT, screen.root_visual);
    x.create_window(screen.root_depth, window, screen.root, 0, 0, width, height, 0, class, visual, &looks)?.check()?;
    x.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?.check()?;
    x.change_property8(PropMode::REPLACE, window, AtomEnum::WM_NAME, AtomEnum::STRING, title.as_bytes())?;
    x.change_property8(PropMode::REPLACE, window, name, text, title.as_bytes())?;
    x.change_property8(PropMode::REPLACE, window, AtomEnum::WM_CLASS, AtomEnum::STRING, b"bangtin\0Bangtin\0")?;
    x.change_property32(PropMode::REPLACE, window, protocols, AtomEnum::ATOM, &[close])?;
    let sides = (i32::from(width), i32::from(height));
    let hints = WmSizeHints { min_size: Some(sides), max_size: Some(sides), ..WmSizeHints::new() };
    hints.set_normal_hints(x, window)?;
    x.map_window(window)?.check()?;
    Ok((window, gc, close))
}

/// Memory shared with the X server; none where it is on another machine or does not know how.
fn shared(x: &RustConnection, length: usize) -> Option<Shared> {
    x.extension_information(shm::X11_EXTENSION_NAME).ok()??;
    let version = x.shm_query_version().ok()?.reply().ok()?;
    if (version.major_version, version.minor_version) < (1, 2) {
        return None;
    }
    let memory = File::from(memfd_create("bangtin-frames", MemfdFlags::CLOEXEC).ok()?);
    let length = u32::try_from(length).ok()?;
    memory.set_len(u64::from(length) * 2).ok()?;
    let segment = x.generate_id().ok()?;
    x.shm_attach_fd(segment, OwnedFd::from(memory.try_clone().ok()?), true).ok()?.check().ok()?;
    Some(Shared { memory, segment, slot: 0, length })
}

impl Desktop {
    /// Puts the frame that was drawn last into the window.
    fn put(&self) -> Result<(), Box<dyn std::error::Error>> {
        let ((width, height), format) = (self.size, ImageFormat::Z_PIXMAP);
        match &self.way {
            Way::Shared(Shared { segment, slot, length, .. }) => {
                let (window, gc, depth, format, offset) = (self.window, self.gc, self.depth, u8::from(format), slot * length);
                self.x.shm_put_image(
                    window, gc, width, height, 0, 0, width, height, 0, 0, depth, format, false, *segment, offset,
                )?;
            }
            Way::Sent(pixels) => {
                let row = usize::from(width) * PIXEL;
                let rows = (self.x.maximum_request_bytes().saturating_sub(HEAD) / row.max(1)).max(1);
                let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(height);
                let bands = pixels.chunks(row * usize::from(rows)).zip((0_i16..).step_by(usize::from(rows)));
                for (band, top) in bands {
                    let rows = u16::try_from(band.len() / row.max(1)).unwrap_or(rows);
                    self.x.put_image(format, self.window, self.gc, width, rows, 0, top, 0, self.depth, band)?;
                }
            }
        }
        Ok(self.x.flush()?)
    }
}

impl Output for Desktop {
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
        let drawn = |error: &dyn Display| OutputError::Draw(error.to_string());
        if let Some(fault) = self.fault.take() {
            return Err(OutputError::Draw(fault));
        }
        let bytes = bytemuck::cast_slice(frame.pixels());
        match &mut self.way {
            Way::Shared(shared) => {
                shared.slot = 1 - shared.slot;
                let offset = u64::from(shared.slot) * u64::from(shared.length);
                shared.memory.write_all_at(bytes, offset).map_err(|error| drawn(&error))?;
            }
            Way::Sent(pixels) => {
                pixels.clear();
                pixels.extend_from_slice(bytes);
            }
        }
        self.put().map_err(|error| drawn(&error))
    }

    fn settled(&mut self, _: &Sight) -> Result<(), OutputError> {
        Ok(())
    }

    fn pump(&mut self) -> bool {
        let mut is_uncovered = false;
        loop {
            match self.x.poll_for_event() {
                Ok(Some(Event::ClientMessage(said))) if said.data.as_data32().first() == Some(&self.close) => return false,
                // The connection is gone, and the window with it.
                Ok(Some(Event::DestroyNotify(_))) | Err(_) => return false,
                Ok(Some(Event::Expose(_))) => is_uncovered = true,
                Ok(Some(Event::Error(error))) => self.fault = Some(format!("{error:?}")),
                Ok(Some(_)) => {}
                Ok(None) => break,
            }
        }
        if is_uncovered && let Err(error) = self.put() {
            self.fault = Some(error.to_string());
        }
        true
    }

    fn pump_every(&self) -> Option<Duration> {
        Some(PUMP)
    }
}
