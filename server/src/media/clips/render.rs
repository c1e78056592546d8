//! The two things done with a clip: looked over when it comes, brought to a board's pixels when one is to show it.

use std::path::Path;
use std::time::Duration;

use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;

use super::animated::{Scratch, readable};
use super::child::{Ffmpeg, all, file, run, words};
use super::plan::{self, Plan, encoding, filters, poster_filters};
use super::probe::{Found, probe, reading};
use super::{ClipFault, Container, LOOKED_OVER, MOST_SIDE, ONE_AT_A_TIME, verify};

/// Longer side of a poster, in pixels, at most.
const POSTER_SIDE: u32 = 1920;
/// Largest poster, in bytes of its PNG.
const MOST_POSTER: usize = 32 << 20;
/// How long a poster may take: frames from the key frame before it on are decoded.
const POSTER_DEADLINE: Duration = Duration::from_secs(60);
/// How long a rendition may take in any case …
const LEAST_DEADLINE: Duration = Duration::from_secs(120);
/// … and this often its length on top: the machine may be small and busy, and has other things to do first.
const TIMES_LENGTH: u32 = 20;

/// A clip that was looked over.
#[derive(Debug)]
pub struct Inspected {
    /// What it holds.
    pub found: Found,
    /// How long each of its renditions plays.
    pub length: Duration,
    /// A frame from its middle, as a PNG: for previews.
    pub poster: Vec<u8>,
}

/// Looks a clip over: all packets are read, and a frame from its middle is decoded.
///
/// # Errors
/// When it is damaged or incomplete, holds no moving picture, or goes beyond the limits; when ffmpeg is missing or too slow.
pub async fn inspect(ffmpeg: &Ffmpeg, path: &Path, container: Container) -> Result<Inspected, ClipFault> {
    let _hand = LOOKED_OVER.acquire().await.expect("this semaphore is never closed");
    let readable = readable(path, container, path).await?;
    let path = readable.as_ref().map_or(path, Scratch::path);
    let found = probe(ffmpeg, path, container).await?;
    let middle = poster(ffmpeg, path, container, &found, found.span / 2).await?;
    // Of a clip of one frame nothing is left from the middle on.
    let poster = if middle.is_empty() { poster(ffmpeg, path, container, &found, Duration::ZERO).await? } else { middle };
    if poster.is_empty() {
        return Err(ClipFault::NoFrames);
    }
    Ok(Inspected { length: Plan::of(&found).length(), found, poster })
}

async fn poster(ffmpeg: &Ffmpeg, path: &Path, container: Container, found: &Found, at: Duration) -> Result<Vec<u8>, ClipFault> {
    let longer = found.width.max(found.height).max(1);
    let side = |side: u32| if longer > POSTER_SIDE { (side * POSTER_SIDE / longer).max(1) } else { side };
    let mut arguments = reading(container);
    arguments.extend(words(&["-nostdin", "-xerror", "-threads", "2", "-ss", &format!("{:.3}", at.as_secs_f64()), "-i"]));
    arguments.push(file(path));
    arguments.extend(words(&["-map", &format!("0:{}", found.track), "-frames:v", "1"]));
    arguments.extend(words(&["-vf", &poster_filters(found, (side(found.width), side(found.height)))]));
    arguments.extend(words(&["-f", "image2pipe", "-c:v", "png", "pipe:1"]));
    let (poster, _) = run(ffmpeg.ffmpeg(arguments, POSTER_DEADLINE), POSTER_DEADLINE, all::<MOST_POSTER>).await.map_err(
        |fault| match fault {
            ClipFault::Ffmpeg(reason) => ClipFault::Damaged(reason),
            other => other,
        },
    )?;
    poster.map_err(ClipFault::Io)
}

/// Brings a clip to exactly these pixels, cut around the focus where it is cut, and writes the rendition to `to`; every frame of it was decoded by the player's decoder
/// and by ffmpeg, and found equal. Answers how long it plays. `progress` is told how many per cent are encoded. One at a time;
/// whoever drops this future ends the work.
///
/// # Errors
/// When the clip is damaged, the board too large for one, ffmpeg missing, too slow or at its limits, or a frame differs.
pub async fn render(
    ffmpeg: &Ffmpeg,
    (path, container): (&Path, Container),
    (fit, focus): (Fit, Focus),
    geometry: Geometry,
    to: &Path,
    progress: impl FnMut(u32) + Send,
) -> Result<Duration, ClipFault> {
    let _hand = ONE_AT_A_TIME.acquire().await.expect("this semaphore is never closed");
    if geometry.width().max(geometry.height()) > MOST_SIDE {
        return Err(ClipFault::Geometry(geometry));
    }
    let readable = readable(path, container, to).await?;
    let path = readable.as_ref().map_or(path, Scratch::path);
    let found = probe(ffmpeg, path, container).await?;
    let plan = Plan::of(&found);
    let deadline = LEAST_DEADLINE + plan.length() * TIMES_LENGTH;
    let mut arguments = reading(container);
    arguments.extend(words(&["-y", "-nostdin", "-nostats", "-progress", "pipe:1", "-xerror", "-threads", "2", "-i"]));
    arguments.push(file(path));
    arguments.extend(words(&["-filter_complex", &filters(&found, plan, (fit, focus), geometry), "-map", "[out]"]));
    arguments.extend(encoding(plan));
    arguments.push(file(to));
    run(ffmpeg.ffmpeg(arguments, deadline), deadline, |out| follow(out, plan.frames, progress)).await?;
    let expected = verify::Expected { size: plan::stored_size(geometry), frames: plan.frames, length: plan.length() };
    verify::verify(ffmpeg, to, expected, deadline).await?;
    Ok(plan.length())
}

/// Reads what ffmpeg says of its progress: lines such as `frame=120`.
async fn follow(out: ChildStdout, frames: u32, mut progress: impl FnMut(u32) + Send) {
    let mut lines = BufReader::new(out).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(done) = line.strip_prefix("frame=").and_then(|number| number.trim().parse::<u32>().ok()) {
            let percent = u64::from(done) * 100 / u64::from(frames.max(1));
            progress(u32::try_from(percent.min(100)).unwrap_or(100));
        }
    }
}
