//! Photographs in the boxes of MP4, AVIF and HEIC, made a PNG by ffmpeg where it can read them.

use std::path::Path;
use std::time::Duration;

use super::child::{Ffmpeg, all, file, run, words};
use super::probe::reading;
use super::{ClipFault, Container, LOOKED_OVER, items};
use crate::media::intake::{MediaError, check_pixels};

/// How long it may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Longer side of what is kept, in pixels: no board needs more, and its PNG is then within what a still may have.
const LONGEST_SIDE: u32 = 4096;
/// Pictures that are coded as a whole.
const CODED: [&[u8; 4]; 3] = [b"av01", b"hvc1", b"hev1"];

/// Writes the photograph at `path` as a PNG to `to`.
///
/// # Errors
/// When it is too large, or this ffmpeg cannot read it.
pub async fn photograph(ffmpeg: &Ffmpeg, path: &Path, to: &Path) -> Result<(), MediaError> {
    let _hand = LOOKED_OVER.acquire().await.expect("this semaphore is never closed");
    whole(path).await?;
    let (width, height) = size(ffmpeg, path).await?;
    check_pixels(width, height, u64::from(width) * u64::from(height) * 4)?;
    let mut arguments = reading(Container::Mp4);
    arguments.extend(words(&["-y", "-nostdin", "-xerror", "-threads", "2", "-i"]));
    arguments.push(file(path));
    let longest = LONGEST_SIDE.to_string();
    let within = format!(
        "scale=w='min(iw,{longest})':h='min(ih,{longest})':force_original_aspect_ratio=decrease:flags=lanczos+accurate_rnd+bitexact,format=rgb24"
    );
    arguments.extend(words(&["-map", "0:v:0", "-frames:v", "1", "-vf", &within]));
    arguments.extend(words(&["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-c:v", "png"]));
    arguments.extend(words(&["-update", "1", "-f", "image2"]));
    arguments.push(file(to));
    let (said, _) = run(ffmpeg.ffmpeg(arguments, DEADLINE), DEADLINE, all::<4096>).await.map_err(unreadable)?;
    said.map_err(|source| MediaError::Clip(ClipFault::Io(source)))?;
    if std::fs::metadata(to).is_ok_and(|made| made.len() > 0) {
        return Ok(());
    }
    Err(MediaError::Photograph("it holds no picture".to_owned()))
}

/// Refuses a photograph that is put together of tiles, as most phones' are: ffmpeg would give one of them for the whole.
async fn whole(path: &Path) -> Result<(), MediaError> {
    let path = path.to_owned();
    let primary = tokio::task::spawn_blocking(move || items::primary(&path)).await;
    let primary = primary.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()));
    match primary.map_err(|source| MediaError::Clip(ClipFault::Io(source)))? {
        Some(kind) if !CODED.contains(&&kind) => Err(MediaError::Photograph("it is put together of tiles or layers".to_owned())),
        Some(_) | None => Ok(()),
    }
}

async fn size(ffmpeg: &Ffmpeg, path: &Path) -> Result<(u32, u32), MediaError> {
    let mut arguments = reading(Container::Mp4);
    arguments.extend(words(&["-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0"]));
    arguments.push(file(path));
    let (told, _) = run(ffmpeg.ffprobe(arguments, DEADLINE), DEADLINE, all::<4096>).await.map_err(unreadable)?;
    let told = told.map_err(|source| MediaError::Clip(ClipFault::Io(source)))?;
    let told = String::from_utf8_lossy(&told);
    let mut sides = told.trim().split(',').map(str::parse::<u32>);
    match (sides.next(), sides.next()) {
        (Some(Ok(width)), Some(Ok(height))) if width > 0 && height > 0 => Ok((width, height)),
        _ => Err(MediaError::Photograph("it holds no picture that is known".to_owned())),
    }
}

fn unreadable(fault: ClipFault) -> MediaError {
    match fault {
        ClipFault::Ffmpeg(reason) | ClipFault::Damaged(reason) => MediaError::Photograph(reason),
        missing @ ClipFault::NotInstalled { .. } => MediaError::Photograph(missing.to_string()),
        other => MediaError::Clip(other),
    }
}
