//! Clips in a [`World`](crate::world::World): made by ffmpeg, and what their frames must look like.

use std::path::Path;
use std::process::Command;

use bangtin_clip::Picture;
use playlists::geometry::Geometry;

use crate::process::{installed, run};

/// Makes a file with ffmpeg: its arguments as one text, split at blanks.
///
/// # Panics
/// When ffmpeg fails.
pub fn ffmpeg(arguments: &str, to: &Path) {
    run(Command::new(installed("ffmpeg")).args(["-v", "error", "-nostdin", "-y"]).args(arguments.split_whitespace()).arg(to));
}

/// The frames of a clip as ffmpeg decodes them, in the pixels of a board: three bytes each, row by row.
///
/// # Panics
/// When ffmpeg gives no whole frames.
#[must_use]
pub fn frames_by_ffmpeg(clip: &Path, board: Geometry) -> Vec<Vec<u8>> {
    let mut command = Command::new(installed("ffmpeg"));
    command.args(["-v", "error", "-nostdin", "-i"]).arg(clip);
    let output = command.args(["-f", "rawvideo", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-"]).output();
    let output = output.expect("ffmpeg starts");
    assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    // Clips have even sides; an odd board leaves out their last column or row.
    let even = |side: u32| side.next_multiple_of(2) as usize;
    let (width, height) = (even(board.width()), even(board.height()));
    let (luma, colour) = (width * height, width * height / 4);
    assert!(!output.stdout.is_empty() && output.stdout.len().is_multiple_of(luma + 2 * colour), "{} bytes", output.stdout.len());
    output
        .stdout
        .chunks_exact(luma + 2 * colour)
        .map(|planes| {
            let (y, rest) = planes.split_at(luma);
            let mut pixels = vec![0; board.pixels()];
            Picture::write_planes(
                width,
                (y, rest.split_at(colour).0, rest.split_at(colour).1),
                board.width() as usize,
                &mut pixels,
            );
            pixels.iter().flat_map(|pixel| pixel.to_be_bytes().into_iter().skip(1)).collect()
        })
        .collect()
}
