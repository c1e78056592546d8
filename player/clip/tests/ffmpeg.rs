//! Clips made by ffmpeg, decoded by ffmpeg and by this crate: every frame equal, bit by bit.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails, and says why")]

use std::io::Cursor;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bangtin_clip::{Clip, ClipError, Frames, Picture};

/// Runs ffmpeg; its standard output.
fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg is installed: `make setup-test` sees to it");
    assert!(out.status.success(), "ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// A clip of a moving picture, with these encoder settings.
fn made(size: &str, settings: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.mp4");
    let source = format!("testsrc2=size={size}:rate=25:duration=2");
    let mut arguments = vec!["-f", "lavfi", "-i", &source, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast"];
    arguments.extend_from_slice(settings);
    let path_text = path.to_str().expect("a path of plain letters");
    arguments.extend_from_slice(&["-movflags", "+faststart", path_text]);
    ffmpeg(&arguments);
    std::fs::read(&path).expect("ffmpeg wrote it")
}

/// All frames as ffmpeg decodes them: planes one after the other.
fn by_ffmpeg(clip: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, clip).expect("written");
    ffmpeg(&[
        "-i",
        path.to_str().expect("plain letters"),
        "-f",
        "rawvideo",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "yuv420p",
        "-",
    ])
}

fn opened(clip: &[u8]) -> Arc<Clip> {
    Arc::new(Clip::open(Cursor::new(clip), clip.len() as u64).expect("a clip"))
}

fn planes(picture: &Picture) -> Vec<u8> {
    [picture.y.as_slice(), &picture.u, &picture.v].concat()
}

#[test]
fn every_frame_equals_ffmpegs_on_any_geometry_and_with_frames_stored_out_of_order() {
    let settings: &[&[&str]] = &[
        &["-profile:v", "main", "-bf", "2", "-g", "25", "-flags", "+cgop"],
        &["-profile:v", "high", "-bf", "2", "-g", "50", "-flags", "+cgop", "-slices", "4"],
        &["-profile:v", "baseline", "-g", "25"],
    ];
    for size in ["64x256", "640x320", "250x130", "336x504"] {
        for settings in settings {
            let bytes = made(size, settings);
            let clip = opened(&bytes);
            assert_eq!((clip.frames(), clip.length()), (50, Duration::from_secs(2)), "{size} {settings:?}");
            assert_eq!(clip.start(1), Duration::from_millis(40));
            let expected = by_ffmpeg(&bytes);
            let mut frames = Frames::new(Arc::clone(&clip), &bytes);
            let mut given = Vec::new();
            while let Some(picture) = frames.next_picture().expect("decoded") {
                given.extend(planes(&picture));
            }
            assert!(given == expected, "{size} {settings:?}: {} of {} bytes", given.len(), expected.len());
        }
    }
}

#[test]
fn a_frame_that_is_sought_is_the_frame_that_walking_gives() {
    let bytes = made("64x64", &["-bf", "2", "-g", "10", "-flags", "+cgop"]);
    let clip = opened(&bytes);
    let mut frames = Frames::new(Arc::clone(&clip), &bytes);
    let mut walked = Vec::new();
    while let Some(picture) = frames.next_picture().expect("decoded") {
        walked.push(picture);
    }
    for frame in [0, 49, 1, 17, 18, 9, 10, 11, 30, 29, 48] {
        frames.seek(frame);
        let picture = frames.next_picture().expect("decoded").expect("there is one");
        assert_eq!(picture, walked[frame], "frame {frame}");
    }
    assert_eq!(clip.frame_at(Duration::ZERO), 0);
    assert_eq!(clip.frame_at(Duration::from_millis(39)), 0);
    assert_eq!(clip.frame_at(Duration::from_millis(40)), 1);
    assert_eq!(clip.frame_at(Duration::from_secs(9)), 49);
}

#[test]
fn what_is_no_rendition_is_refused_with_the_reason() {
    let says = |bytes: &[u8]| Clip::open(Cursor::new(bytes), bytes.len() as u64).expect_err("refused").to_string();
    assert!(says(b"").starts_with("the clip is no MP4 file"), "{}", says(b""));
    assert!(says(b"not a clip, but some words").starts_with("the clip"), "{}", says(b"not a clip, but some words"));
    let sound = {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sound.mp4");
        ffmpeg(&["-f", "lavfi", "-i", "sine=duration=1", path.to_str().expect("plain letters")]);
        std::fs::read(path).expect("written")
    };
    assert_eq!(says(&sound), "the clip must hold exactly one picture track");
    let bytes = made("64x64", &["-g", "10"]);
    assert!(says(&bytes[..bytes.len() / 2]).starts_with("the clip"));
}

/// Damaged files: an error or other frames, but never a panic that gets out, and an end.
#[test]
fn a_damaged_clip_ends_in_an_error_or_in_its_frames() {
    let bytes = made("64x64", &["-bf", "2", "-g", "10"]);
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..200 {
        let mut damaged = bytes.clone();
        for _ in 0..=random() % 30 {
            let place = usize::try_from(random()).unwrap() % damaged.len();
            damaged[place] = u8::try_from(random() & 0xff).unwrap();
        }
        let Ok(clip) = Clip::open(Cursor::new(&damaged), damaged.len() as u64) else { continue };
        let mut frames = Frames::new(Arc::new(clip), &damaged);
        let mut given = 0;
        loop {
            match frames.next_picture() {
                Ok(Some(_)) => given += 1,
                Ok(None) | Err(ClipError::Frame { .. } | ClipError::Read(_)) => break,
                Err(other) => panic!("{other}"),
            }
            assert!(given <= bangtin_clip::MOST_FRAMES);
        }
    }
}
