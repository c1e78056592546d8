//! What is to be made of a clip: how many frames at which rate, and by which filters. Pure.

use std::ffi::OsString;
use std::time::Duration;

use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;

use super::child::words;
use super::probe::{Found, Light};
use crate::media::stills::{BLURRED_LIGHT, BLURRED_SIDE, inner_size};

/// The rates of renditions, in frames a second: boards refresh at 50 or 60 a second, or at a multiple.
const RATES: [u32; 2] = [25, 30];
/// How far a source may be off a multiple of a rate and still count as one: phones wander, and 29.97 is meant as 30.
const OFF: f64 = 0.01;
/// Smallest side, in pixels, that the deinterlacing filter takes without touching its own borders.
const LEAST_INTERLACED: u32 = 16;
/// A source of at least this height whose colours do not say by which matrix they are to be read is read by BT.709, not BT.601.
const HIGH_DEFINITION: u32 = 720;
/// How pixels are scaled: by Lanczos as stills are, each step rounded the same on every machine.
const SCALING: &str = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";

/// How many frames a rendition has, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Frames a second.
    pub(super) rate: u32,
    /// Frames, at least one.
    pub(super) frames: u32,
}

impl Plan {
    /// The plan of a clip: the same for every board, so that all play it equally long.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an hour at 30 frames a second fits")]
    pub(super) fn of(found: &Found) -> Self {
        let rate = rate_for(found.rate);
        let frames = (found.span.as_secs_f64() * f64::from(rate)).round().clamp(1.0, f64::from(u32::MAX)) as u32;
        Self { rate, frames }
    }

    /// How long it plays.
    pub(super) fn length(self) -> Duration {
        Duration::from_secs(u64::from(self.frames)) / self.rate
    }
}

/// The rate that a source's divides, or is divided by; else the nearer one above or below their middle.
fn rate_for(source: f64) -> u32 {
    let off = |rate: u32| {
        let ratio = (source / f64::from(rate)).max(f64::from(rate) / source);
        (ratio - ratio.round()).abs() / ratio.round()
    };
    let [slow, fast] = RATES;
    RATES.into_iter().find(|rate| off(*rate) <= OFF).unwrap_or(if source * 2.0 < f64::from(slow + fast) { slow } else { fast })
}

/// Pixels as stored: even both ways, as 4:2:0 wants them. Where the board's side is odd its last row or column is doubled.
pub(super) fn stored_size(geometry: Geometry) -> (u32, u32) {
    (geometry.width().next_multiple_of(2), geometry.height().next_multiple_of(2))
}

/// The filters from the source's frames to the rendition's, as ffmpeg's graph, ending in `[out]`.
pub(super) fn filters(found: &Found, plan: Plan, (fit, focus): (Fit, Focus), geometry: Geometry) -> String {
    let (width, height) = (geometry.width(), geometry.height());
    let inner = match fit {
        Fit::Contain => inner_size(f64::from(found.width), f64::from(found.height), geometry),
        Fit::Cover | Fit::Stretch => (width, height),
    };
    let from_source = |w: u32, h: u32| format!("scale={w}:{h}:{SCALING}{}:out_color_matrix=bt709:out_range=tv", matrix(found));
    let cover = format!(
        "crop=w='max(2,min(iw,ih*{width}/({height}*sar)))':h='max(2,min(ih,iw*sar*{height}/{width}))':x='{}':y='{}'",
        around_focus("w", focus.x()),
        around_focus("h", focus.y()),
    );
    let picture = if inner != (width, height) {
        let longer = width.max(height);
        let small = |side: u32| (side * BLURRED_SIDE / longer).max(1);
        let light = format!("{}/100", BLURRED_LIGHT);
        format!(
            "split=2[front][back];\
             [back]{cover},{},format=yuv444p,scale={width}:{height}:flags=bicubic+accurate_rnd+bitexact,setsar=1,\
             lutyuv=y='16+(val-16)*{light}':u='128+(val-128)*{light}':v='128+(val-128)*{light}'[ground];\
             [front]{},format=yuv444p,setsar=1[whole];\
             [ground][whole]overlay={}:{}:format=yuv444,{}",
            from_source(small(width), small(height)),
            from_source(inner.0, inner.1),
            (width - inner.0) / 2,
            (height - inner.1) / 2,
            to_stored(geometry),
        )
    } else {
        let cut = if fit == Fit::Cover { format!("{cover},") } else { String::new() };
        let scaled = from_source(width, height);
        if stored_size(geometry) == (width, height) {
            format!("{cut}{scaled},format=yuv420p")
        } else {
            format!("{cut}{scaled},format=yuv444p,setsar=1,{}", to_stored(geometry))
        }
    };
    format!("[0:{}]{}{}{picture},setsar=1[out]", found.track, to_constant_rate(found, plan), to_standard(found))
}

/// Where the part that is cut out begins along one side, `w` or `h`: as near around the focus as it can lie within the frame.
fn around_focus(side: &str, thousandths: u16) -> String {
    format!("clip(i{side}*{thousandths}/1000-o{side}/2,0,i{side}-o{side})")
}

/// What makes ordinary frames of those that are not: see-through ones on black; those of high dynamic range brought to BT.709 and to
/// ordinary light. White of 203 cd/m² (BT.2408's reference) becomes about 80 per cent, what is brighter is compressed above it.
fn to_standard(found: &Found) -> String {
    let flat = if found.has_alpha { "format=gbrap,premultiply=inplace=1,format=gbrp," } else { "" };
    let transfer = match found.light {
        Light::Standard => return flat.to_owned(),
        Light::Pq => "smpte2084",
        Light::Hlg => "arib-std-b67",
    };
    let range = if found.is_full_range { "pc" } else { "tv" };
    format!(
        "{flat}format=yuv444p12le,zscale=tin={transfer}:pin=bt2020:min=bt2020nc:rin={range}:t=linear:npl=203,format=gbrpf32le,\
         zscale=p=bt709,tonemap=mobius:desat=0,zscale=t=bt709:p=bt709:m=bt709:r=tv,format=yuv444p,"
    )
}

/// Whole frames instead of halves, at a constant rate, exactly as many as planned: the last one stays if one is missing.
fn to_constant_rate(found: &Found, plan: Plan) -> String {
    let halves = !found.is_progressive && found.width.min(found.height) >= LEAST_INTERLACED;
    let whole = if halves { "bwdif=mode=send_frame:deint=interlaced," } else { "" };
    let Plan { rate, frames } = plan;
    format!("{whole}setpts=PTS-STARTPTS,fps={rate},tpad=stop=-1:stop_mode=clone,trim=end_frame={frames},")
}

/// From 4:4:4 at the board's pixels to 4:2:0 at even ones.
fn to_stored(geometry: Geometry) -> String {
    let (width, height) = stored_size(geometry);
    let (right, bottom) = (width - geometry.width(), height - geometry.height());
    let padded = format!("pad={width}:{height}:0:0,fillborders=right={right}:bottom={bottom}:mode=smear,");
    let padded = if right + bottom > 0 { padded } else { String::new() };
    format!("{padded}scale={SCALING}:in_color_matrix=bt709:out_color_matrix=bt709:in_range=tv:out_range=tv,format=yuv420p")
}

fn matrix(found: &Found) -> &'static str {
    let high = found.width.min(found.height) >= HIGH_DEFINITION;
    if found.light != Light::Standard || (!found.has_matrix && high && !found.has_alpha) { ":in_color_matrix=bt709" } else { "" }
}

/// The filters of the poster: one frame at these pixels, as RGB.
pub(super) fn poster_filters(found: &Found, (width, height): (u32, u32)) -> String {
    format!("{}scale={width}:{height}:{SCALING}{},format=rgb24", to_standard(found), matrix(found))
}

/// How a rendition is encoded: H.264 as `bangtin-clip` reads it, one key frame a second at least, the same bytes from the same source.
pub(super) fn encoding(plan: Plan) -> Vec<OsString> {
    let mut arguments = words(&["-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]);
    arguments.extend(words(&["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-profile:v", "high", "-bf", "2"]));
    arguments.extend(words(&[
        "-g",
        &plan.rate.to_string(),
        "-flags:v",
        "+cgop+bitexact",
        "-fflags",
        "+bitexact",
        "-threads",
        "2",
    ]));
    arguments.extend(words(&["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]));
    arguments.extend(words(&["-movflags", "+faststart", "-f", "mp4"]));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendition_has_the_rate_that_its_source_is_a_multiple_of() {
        for (source, rate) in [
            (25.0, 25),
            (50.0, 25),
            (12.5, 25),
            (5.0, 25),
            (100.0, 25),
            (30.0, 30),
            (29.97, 30),
            (59.94, 30),
            (60.0, 30),
            (15.0, 30),
            (10.0, 30),
            (29.8, 30),
            (120.0, 30),
            (23.976, 25),
            (24.0, 25),
            (27.0, 25),
            (48.0, 30),
            (0.01, 25),
        ] {
            assert_eq!(rate_for(source), rate, "{source}");
        }
    }

    fn found(span_ms: u64) -> Found {
        let span = Duration::from_millis(span_ms);
        Found {
            track: 0,
            width: 320,
            height: 240,
            rate: 25.0,
            span,
            is_progressive: true,
            has_matrix: true,
            light: Light::Standard,
            is_full_range: false,
            has_alpha: false,
        }
    }

    #[test]
    fn a_rendition_is_as_long_as_its_source_to_the_nearest_frame() {
        for (span_ms, frames) in [(0, 1), (10, 1), (40, 1), (59, 1), (61, 2), (10_000, 250), (3_600_000, 90_000)] {
            let plan = Plan::of(&found(span_ms));
            assert_eq!((plan.rate, plan.frames), (25, frames), "{span_ms} ms");
            assert_eq!(plan.length(), Duration::from_millis(u64::from(frames) * 40));
        }
    }

    #[test]
    fn only_what_is_needed_is_done_to_the_frames() {
        let plan = Plan::of(&found(1000));
        let graph = |fit, size: &str| filters(&found(1000), plan, (fit, Focus::MIDDLE), size.parse().expect("a geometry"));
        assert!(!graph(Fit::Stretch, "64x32").contains("crop") && graph(Fit::Cover, "64x32").contains("crop"));
        assert!(!graph(Fit::Contain, "64x48").contains("overlay"), "its own shape needs no ground");
        assert!(graph(Fit::Contain, "64x32").contains("overlay=10:0"), "{}", graph(Fit::Contain, "64x32"));
        assert!(graph(Fit::Stretch, "65x32").contains("pad=66:32:0:0,fillborders=right=1:bottom=0"));
        assert!(!graph(Fit::Stretch, "64x32").contains(",pad=") && !graph(Fit::Stretch, "64x32").contains("bwdif"));
        let halves = Found { is_progressive: false, has_matrix: false, height: 720, width: 1280, ..found(1000) };
        let graph = filters(&halves, plan, (Fit::Cover, Focus::MIDDLE), "64x32".parse().expect("a geometry"));
        assert!(graph.contains("bwdif") && graph.contains("in_color_matrix=bt709"), "{graph}");
    }
}
