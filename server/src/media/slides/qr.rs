//! QR codes: dark on white, whole pixels a module, with the quiet zone of four modules that ISO/IEC 18004 asks for.

use playlists::geometry::Geometry;
use qrcode::{EcLevel, QrCode};
use resvg::tiny_skia::{Color, Paint, Pixmap, Rect, Transform};

use super::error::SlideError;

/// Modules around the code, on each side.
const QUIET: usize = 4;

/// An area in whole pixels: left, top, width, height.
pub type Pixels = [u32; 4];

/// Draws the code in the middle of its area.
///
/// # Errors
/// When the area is too small for one pixel a module, or the address too long for any code.
pub fn draw(canvas: &mut Pixmap, at: Pixels, field: &str, address: &str, geometry: Geometry) -> Result<(), SlideError> {
    // Boards are read from afar and have dead pixels: as much correction as fits without making the modules smaller.
    let (code, module) = [EcLevel::Q, EcLevel::M, EcLevel::L]
        .into_iter()
        .map(|level| sized(field, address, level, at))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .rev()
        .reduce(|best, next| if next.1 >= best.1 { next } else { best })
        .ok_or_else(|| too_long(field, address, "there is no level of correction"))?;
    let side = code.width() + 2 * QUIET;
    let room = smaller(at);
    if module == 0 {
        return Err(SlideError::QrTooLarge {
            field: field.to_owned(),
            address: address.to_owned(),
            needed: side,
            room,
            geometry,
        });
    }
    let [left, top, width, height] = at.map(|pixels| pixels as usize);
    let (left, top) = (left + (width - side * module) / 2, top + (height - side * module) / 2);
    square(canvas, left, top, side * module, Color::WHITE);
    for (number, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (column, row) = (QUIET + number % code.width(), QUIET + number / code.width());
            square(canvas, left + column * module, top + row * module, module, Color::BLACK);
        }
    }
    Ok(())
}

fn sized(field: &str, address: &str, level: EcLevel, at: Pixels) -> Result<(QrCode, usize), SlideError> {
    let code = QrCode::with_error_correction_level(address, level).map_err(|e| too_long(field, address, &e.to_string()))?;
    let module = smaller(at) / (code.width() + 2 * QUIET);
    Ok((code, module))
}

fn smaller([_, _, width, height]: Pixels) -> usize {
    width.min(height) as usize
}

fn too_long(field: &str, address: &str, reason: &str) -> SlideError {
    SlideError::Qr { field: field.to_owned(), address: address.to_owned(), reason: reason.to_owned() }
}

#[allow(clippy::cast_precision_loss, reason = "a board's side is far below 2^24")]
fn square(canvas: &mut Pixmap, left: usize, top: usize, side: usize, colour: Color) {
    let Some(rect) = Rect::from_xywh(left as f32, top as f32, side as f32, side as f32) else { return };
    let mut paint = Paint::default();
    paint.set_color(colour);
    paint.anti_alias = false;
    canvas.fill_rect(rect, &paint, Transform::identity(), None);
}
