//! What a clip holds: found out by reading all its packets once, without decoding them.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::ChildStdout;

use super::child::{Ffmpeg, file, reason, run, words};
use super::{ClipFault, Container, LONGEST, MOST_PIXELS, MOST_SIDE};

/// How long ffprobe may read.
const DEADLINE: Duration = Duration::from_secs(120);
/// Most bytes of its answer: an hour at 240 frames a second, a line each.
const MOST_ANSWER: u64 = 96 << 20;
/// What ffmpeg's readers say of a file that ends too early.
const CUT_OFF: [&str; 2] = ["partial file", "File ended prematurely"];

/// What a clip holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Number of the picture track that is shown.
    pub(super) track: u32,
    /// Width in pixels as it is seen: turned upright, pixels made square.
    pub width: u32,
    /// Height likewise.
    pub height: u32,
    /// Frames a second, on average.
    pub(super) rate: f64,
    /// From the start of its first frame to the end of its last.
    pub(super) span: Duration,
    /// Whether it is known to be progressive.
    pub(super) is_progressive: bool,
    /// Whether it says by which matrix its colours are to be read.
    pub(super) has_matrix: bool,
    /// How its light is coded.
    pub(super) light: Light,
    /// Whether its values use all of their range, not only what television does.
    pub(super) is_full_range: bool,
    /// Whether its frames may be see-through.
    pub(super) has_alpha: bool,
}

/// How light is coded in a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Light {
    /// For screens of ordinary brightness, or not said.
    Standard,
    /// By perceptual quantisation: PQ, SMPTE ST 2084.
    Pq,
    /// Hybrid log-gamma: HLG, ARIB STD-B67.
    Hlg,
}

/// Looks at all packets of a clip.
///
/// # Errors
/// When it is damaged or incomplete, holds no moving picture, or goes beyond the limits; when ffprobe is missing or too slow.
pub(super) async fn probe(ffmpeg: &Ffmpeg, path: &Path, container: Container) -> Result<Found, ClipFault> {
    let mut arguments = reading(container);
    arguments.extend(words(&[
        "-select_streams",
        "V:0",
        "-show_entries",
        "packet=pts_time,duration_time,flags:\
         stream=index,width,height,sample_aspect_ratio,avg_frame_rate,field_order,color_space,color_transfer,color_range,nb_frames:stream_side_data=rotation",
        "-of",
        "compact",
    ]));
    arguments.push(file(path));
    let read = run(ffmpeg.ffprobe(arguments, DEADLINE), DEADLINE, tally).await;
    let (tally, said) = read.map_err(|fault| match fault {
        ClipFault::Ffmpeg(reason) => ClipFault::Damaged(reason),
        other => other,
    })?;
    let tally = tally.map_err(ClipFault::Io)?;
    if CUT_OFF.iter().any(|words| said.contains(words)) {
        return Err(ClipFault::Damaged("it ends too early".to_owned()));
    }
    let found = tally.found().map(|found| Found { has_alpha: container.has_alpha(), ..found });
    // A file without tracks may be one whose index cannot be read: then it complained.
    if matches!(found, Err(ClipFault::NoPicture)) && tally.is_empty() {
        return Err(reason(&said).map_or(ClipFault::NoPicture, ClipFault::Damaged));
    }
    found
}

/// How ffmpeg and ffprobe are to read: quietly, this container only, from files and pipes only.
pub(super) fn reading(container: Container) -> Vec<std::ffi::OsString> {
    let reader = container.reader();
    words(&["-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", reader, "-f", reader])
}

/// What is counted while the answer is read.
#[derive(Debug, Default)]
struct Tally {
    packets: u64,
    first: Option<f64>,
    end: f64,
    /// Whether the packet that ends last says how long it lasts.
    has_end: bool,
    track: Option<HashMap<String, String>>,
}

async fn tally(out: ChildStdout) -> io::Result<Tally> {
    let mut lines = BufReader::new(out.take(MOST_ANSWER)).lines();
    let mut tally = Tally::default();
    while let Some(line) = lines.next_line().await? {
        tally.line(&line);
    }
    Ok(tally)
}

impl Tally {
    fn line(&mut self, line: &str) {
        let Some((kind, rest)) = line.split_once('|') else { return };
        let fields = rest.split('|').filter_map(|field| field.split_once('='));
        match kind {
            "packet" => self.packet(&fields.collect()),
            "stream" if self.track.is_none() => {
                self.track = Some(fields.map(|(key, value)| (key.to_owned(), value.to_owned())).collect());
            }
            _ => {}
        }
    }

    fn packet(&mut self, fields: &HashMap<&str, &str>) {
        // Marked as not to be shown: before the start that an edit list sets.
        if fields.get("flags").is_some_and(|flags| flags.contains('D')) {
            self.packets += 1;
            return;
        }
        let number = |key| fields.get(key).and_then(|text: &&str| text.parse::<f64>().ok());
        self.packets += 1;
        let Some(start) = number("pts_time") else { return };
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        let duration = number("duration_time");
        let end = start + duration.unwrap_or_default();
        if end >= self.end {
            (self.end, self.has_end) = (end, duration.is_some());
        }
    }

    const fn is_empty(&self) -> bool {
        self.packets == 0 && self.track.is_none()
    }

    fn found(&self) -> Result<Found, ClipFault> {
        let track = self.track.as_ref().ok_or(ClipFault::NoPicture)?;
        let text = |key: &str| track.get(key).map_or("", String::as_str);
        let (stored_width, stored_height): (u32, u32) = (number(text("width")), number(text("height")));
        let (width, height) = seen_size(stored_width, stored_height, text("sample_aspect_ratio"), text("rotation"));
        if [width, height].iter().any(|side| *side > MOST_SIDE)
            || u64::from(stored_width) * u64::from(stored_height) > MOST_PIXELS
            || u64::from(width) * u64::from(height) > MOST_PIXELS
        {
            return Err(ClipFault::TooManyPixels { width, height });
        }
        let Some(first) = self.first.filter(|_| width > 0 && height > 0) else { return Err(ClipFault::NoFrames) };
        let told = number::<u64>(text("nb_frames"));
        if self.packets < told {
            return Err(ClipFault::Damaged(format!("it should have {told} frames and has {}", self.packets)));
        }
        let rate = fraction(text("avg_frame_rate"), '/').filter(|rate| (0.01..=1000.0).contains(rate)).unwrap_or(25.0);
        let end = if self.has_end { self.end } else { self.end + 1.0 / rate };
        let span = Duration::try_from_secs_f64(end - first).unwrap_or_default();
        if span > LONGEST {
            return Err(ClipFault::TooLong(span.as_secs()));
        }
        let matrix = text("color_space");
        Ok(Found {
            track: number(text("index")),
            width,
            height,
            rate,
            span,
            is_progressive: text("field_order") == "progressive",
            has_matrix: !matrix.is_empty() && matrix != "unknown" && matrix != "N/A",
            light: match text("color_transfer") {
                "smpte2084" => Light::Pq,
                "arib-std-b67" => Light::Hlg,
                _ => Light::Standard,
            },
            is_full_range: text("color_range") == "pc",
            has_alpha: false,
        })
    }
}

fn number<T: FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}

/// `30000/1001` or `4:3` as a number; none for what is not positive.
fn fraction(text: &str, between: char) -> Option<f64> {
    let (over, under) = text.split_once(between)?;
    let value = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

/// A stored size as it is seen: with square pixels (the height kept), turned.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what u32 holds")]
fn seen_size(width: u32, height: u32, aspect: &str, rotation: &str) -> (u32, u32) {
    let aspect = fraction(aspect, ':').unwrap_or(1.0);
    let square = (f64::from(width) * aspect).round().clamp(0.0, f64::from(u32::MAX)) as u32;
    let square = if width > 0 { square.max(1) } else { 0 };
    let turned = number::<f64>(rotation).rem_euclid(180.0);
    if (45.0..135.0).contains(&turned) { (height, square) } else { (square, height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tallied(lines: &[&str]) -> Result<Found, ClipFault> {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.line(line));
        tally.found()
    }
    const TRACK: &str = "stream|index=1|width=320|height=240|sample_aspect_ratio=N/A|avg_frame_rate=30000/1001|\
                         field_order=tt|color_space=unknown|nb_frames=2|side_data|rotation=-90";

    #[test]
    fn a_clip_spans_from_its_first_frame_to_the_end_of_its_last() {
        let found = tallied(&[
            "packet|pts_time=0.500000|duration_time=0.040000|flags=_D",
            "packet|pts_time=1.040000|duration_time=0.040000|flags=K_",
            "packet|pts_time=1.000000|duration_time=0.040000|flags=__",
            TRACK,
        ])
        .expect("a clip");
        assert_eq!((found.track, found.width, found.height), (1, 240, 320), "turned upright");
        assert!((found.span.as_secs_f64() - 0.08).abs() < 1e-6, "{:?}", found.span);
        assert!(!found.is_progressive && !found.has_matrix && (found.rate - 29.97).abs() < 0.01);
    }

    #[test]
    fn a_last_frame_of_unknown_length_lasts_as_long_as_the_others() {
        let found = tallied(&[
            "packet|pts_time=0.0|duration_time=N/A|flags=K_",
            "packet|pts_time=0.04|duration_time=N/A|flags=__",
            TRACK,
        ]);
        let span = found.expect("a clip").span.as_secs_f64();
        assert!((span - 0.04 - 1001.0 / 30000.0).abs() < 1e-6, "{span}");
    }

    #[test]
    fn what_is_no_clip_or_too_much_of_one_is_refused() {
        let one = "packet|pts_time=0.0|duration_time=0.04|flags=K_";
        let sized = |size: &str| format!("stream|index=0|{size}|avg_frame_rate=25/1");
        assert!(matches!(tallied(&[]), Err(ClipFault::NoPicture)));
        assert!(matches!(tallied(&[&sized("width=9|height=9")]), Err(ClipFault::NoFrames)));
        assert!(matches!(tallied(&[one, TRACK]), Err(ClipFault::Damaged(_))), "one of two frames");
        for size in [
            "width=4098|height=16",
            "width=16|height=4098",
            "width=4000|height=4000",
            "width=4000|height=9|sample_aspect_ratio=2:1",
        ] {
            assert!(matches!(tallied(&[one, &sized(size)]), Err(ClipFault::TooManyPixels { .. })), "{size}");
        }
        let late = "packet|pts_time=3600.5|duration_time=0.04|flags=__";
        assert!(matches!(tallied(&[one, late, &sized("width=9|height=9")]), Err(ClipFault::TooLong(3600))));
    }

    #[test]
    fn pixels_that_are_not_square_are_made_so() {
        assert_eq!(seen_size(720, 576, "16:15", ""), (768, 576));
        assert_eq!(seen_size(720, 576, "16:15", "90.000000"), (576, 768));
        assert_eq!(seen_size(720, 576, "0:1", "180"), (720, 576));
        assert_eq!(seen_size(1, 576, "1:15", ""), (1, 576));
    }
}
