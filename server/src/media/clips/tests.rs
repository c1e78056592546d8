//! Clips of many kinds, made by ffmpeg, looked over and brought to boards' pixels; hostile ones refused; renditions that differ refused.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bangtin_clip::{Clip, Frames, Picture};
use image::RgbImage;
use tempfile::TempDir;

use super::child::{all, run, words};
use super::verify::{Expected, compare};
use super::*;
use crate::media::stills;
use crate::testing::eventually;
use playlists::asset::{Fit, Focus};

#[path = "photograph_tests.rs"]
mod photographs;

/// A folder with clips in it.
struct Studio(TempDir);

impl Studio {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    /// Makes a clip with ffmpeg: its arguments as one text, split at blanks.
    fn clip(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(arguments.split_whitespace().map(|word| word.replace("DIR", &self.0.path().display().to_string())))
            .arg(&path)
            .output()
            .expect("ffmpeg is installed: `make setup-test` sees to it");
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        path
    }
    fn plain(&self) -> PathBuf {
        self.clip("plain.mp4", "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -pix_fmt yuv420p -movflags +faststart")
    }
    async fn render(&self, clip: &Path, fit: Fit, geometry: &str) -> Result<(PathBuf, Duration), ClipFault> {
        self.render_around(clip, fit, Focus::MIDDLE, geometry).await
    }
    async fn render_around(&self, clip: &Path, fit: Fit, focus: Focus, geometry: &str) -> Result<(PathBuf, Duration), ClipFault> {
        let (container, to) = (container(clip), self.path(&format!("{fit:?}-{geometry}.mp4")));
        let geometry = geometry.parse().expect("a geometry");
        let length = render(&Ffmpeg::default(), (clip, container), (fit, focus), geometry, &to, |_| {}).await?;
        Ok((to, length))
    }
}

fn container(path: &Path) -> Container {
    Container::of(&std::fs::read(path).expect("a file")).expect("a clip")
}

async fn looked_over(path: &Path) -> Result<Inspected, ClipFault> {
    inspect(&Ffmpeg::default(), path, container(path)).await
}

fn pictures(path: &Path) -> (Arc<Clip>, Vec<Picture>) {
    let bytes = std::fs::read(path).expect("a file");
    let clip = Arc::new(Clip::open(Cursor::new(&bytes), bytes.len() as u64).expect("a rendition"));
    let mut frames = Frames::new(Arc::clone(&clip), bytes);
    let mut pictures = Vec::new();
    while let Some(picture) = frames.next_picture().expect("a frame") {
        pictures.push(picture);
    }
    (clip, pictures)
}

/// A frame as a board of this size shows it.
fn shown(picture: &Picture, width: u32, height: u32) -> RgbImage {
    let mut pixels = vec![0; (width * height) as usize];
    picture.write_pixels(width as usize, &mut pixels);
    let [mut bytes, mut rest] = [Vec::new(), Vec::new()];
    for pixel in pixels {
        let [high, red, green, blue] = pixel.to_be_bytes();
        bytes.extend_from_slice(&[red, green, blue]);
        rest.push(high);
    }
    RgbImage::from_raw(width, height, bytes).expect("as many pixels")
}

/// Mean difference of two pictures, in steps of 255.
fn apart(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum as f64 / one.len() as f64
}

#[tokio::test]
async fn whatever_ffmpeg_reads_becomes_a_verified_rendition_of_exactly_the_boards_pixels() {
    let studio = Studio::new();
    studio.plain();
    let source = "-f lavfi -i testsrc2=s=96x64";
    // Name, how it is made, its size as seen, frames of its rendition, milliseconds.
    let kinds: &[(&str, String, (u32, u32), u64)] = &[
        ("sound.mov", format!("{source}:r=30:d=1 -f lavfi -i sine=d=2 -pix_fmt yuv420p -c:a aac"), (96, 64), 1000),
        (
            "varying.mp4",
            format!("{source}:r=50:d=2 -vf select='eq(n,0)+gt(mod(n,13),6)' -vsync vfr -pix_fmt yuv420p"),
            (96, 64),
            2000,
        ),
        ("turned.mp4", "-i DIR/plain.mp4 -c copy -metadata:s:v:0 rotate=90".to_owned(), (64, 96), 1000),
        (
            "halves.mp4",
            format!(
                "{source}:r=50:d=1 -vf tinterlace=interleave_top,setfield=tff -flags +ilme+ildct -x264opts tff=1 -pix_fmt yuv420p"
            ),
            (96, 64),
            1000,
        ),
        ("odd.mkv", "-f lavfi -i testsrc=s=97x65:r=25:d=1 -pix_fmt yuv444p".to_owned(), (97, 65), 1000),
        ("one.mp4", format!("{source}:r=25 -frames:v 1 -pix_fmt yuv420p"), (96, 64), 40),
        ("deep.mp4", format!("{source}:r=25:d=1 -pix_fmt yuv420p10le"), (96, 64), 1000),
        ("hevc.mkv", format!("{source}:r=24:d=1 -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le"), (96, 64), 1000),
        ("vp9.webm", format!("{source}:r=60:d=1 -c:v libvpx-vp9 -deadline realtime"), (96, 64), 1000),
        ("oblong.mp4", format!("{source}:r=25:d=1 -vf setsar=16/15 -pix_fmt yuv420p"), (102, 64), 1000),
    ];
    for ((name, arguments, size, length_ms), (fit, geometry)) in
        kinds.iter().zip([(Fit::Cover, "64x32"), (Fit::Contain, "33x65"), (Fit::Stretch, "65x31")].into_iter().cycle())
    {
        let clip = studio.clip(name, arguments);
        let seen = looked_over(&clip).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!((seen.found.width, seen.found.height), *size, "{name}");
        let poster = image::load_from_memory(&seen.poster).expect("a poster");
        assert_eq!((poster.width(), poster.height()), *size, "{name}");
        let (rendition, length) = studio.render(&clip, fit, geometry).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!((length, seen.length), (Duration::from_millis(*length_ms), length), "{name}");
        let (index, frames) = pictures(&rendition);
        let board: Geometry = geometry.parse().expect("a geometry");
        let stored = (board.width().next_multiple_of(2), board.height().next_multiple_of(2));
        assert_eq!(((index.width(), index.height()), index.length()), (stored, length), "{name}");
        assert!(frames.len() as u64 * 1000 == length_ms * 25 || frames.len() as u64 * 1000 == length_ms * 30, "{name}");
    }
}

/// A clip of one colour whose light is coded like this: the code is set in its frames, ten bits deep.
async fn of_bright_light(studio: &Studio, transfer: &str, code: u32) -> [u8; 3] {
    let source = format!(
        "-f lavfi -i color=black:s=64x48:r=25:d=0.2 -vf format=yuv420p10le,geq=lum={code}:cb=512:cr=512 -c:v libx265 \
         -x265-params log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited -color_primaries bt2020 \
         -color_trc {transfer} -colorspace bt2020nc"
    );
    let clip = studio.clip(&format!("{transfer}-{code}.mp4"), &source);
    let poster = image::load_from_memory(&looked_over(&clip).await.expect("a clip").poster).expect("a poster").into_rgb8();
    let (rendition, _) = studio.render(&clip, Fit::Cover, "32x32").await.expect("a rendition");
    let frame = shown(&pictures(&rendition).1[2], 32, 32);
    let (seen, told) = (frame.get_pixel(16, 16).0, poster.get_pixel(20, 20).0);
    assert!(seen.iter().zip(told).all(|(seen, told)| seen.abs_diff(told) <= 3), "the poster is as bright: {seen:?} {told:?}");
    seen
}

#[tokio::test]
async fn light_of_high_dynamic_range_is_brought_to_ordinary_light() {
    let studio = Studio::new();
    // Codes of 10 bits, limited range: of black; of white at 203 cd/m2 (BT.2408: 58 per cent of PQ, 75 of HLG); of 1000 cd/m2.
    // White becomes 0.65 of linear light by the curve that `plan` names, which BT.709 codes as 0.81 of 255.
    for (transfer, black, white, bright) in [("smpte2084", 64, 573, 723), ("arib-std-b67", 64, 721, 940)] {
        let [dark, grey, _] = of_bright_light(&studio, transfer, black).await;
        assert!(dark <= 3 && grey <= 3, "{transfer}: black is {dark}");
        let [white, green, blue] = of_bright_light(&studio, transfer, white).await;
        assert!(white.abs_diff(green) <= 2 && white.abs_diff(blue) <= 2, "{transfer}: grey stays grey");
        assert!((190..=222).contains(&white), "{transfer}: white is {white}");
        let [bright, ..] = of_bright_light(&studio, transfer, bright).await;
        assert!(bright > white + 8, "{transfer}: what is brighter than white stays so: {bright}, {white}");
    }
}

/// A WebP of these frames, none of which shows what was before it.
fn moving_webp(frames: &[image::Frame]) -> Vec<u8> {
    let chunk = |name: &[u8], bytes: &[u8]| [name, &(bytes.len() as u32).to_le_bytes(), bytes, &[0][..bytes.len() % 2]].concat();
    let little = |number: u32| number.to_le_bytes()[..3].to_vec();
    let (width, height) = frames[0].buffer().dimensions();
    let size = [little(width - 1), little(height - 1)].concat();
    let mut body = chunk(b"VP8X", &[vec![0x12, 0, 0, 0], size.clone()].concat());
    body.extend(chunk(b"ANIM", &[0; 6]));
    for frame in frames {
        let mut still = Vec::new();
        let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut still);
        encoder.encode(frame.buffer(), width, height, image::ExtendedColorType::Rgba8).expect("encoded");
        let (delay, under) = frame.delay().numer_denom_ms();
        // Behind the still's own head lie its pixels, a chunk of their own.
        let pixels = still.windows(4).position(|word| word == b"VP8L").map(|at| still[at..].to_vec()).expect("pixels");
        body.extend(chunk(b"ANMF", &[vec![0; 6], size.clone(), little(delay / under), vec![2], pixels].concat()));
    }
    chunk(b"RIFF", &[b"WEBP".to_vec(), body].concat())
}

#[tokio::test]
async fn a_gif_or_webp_that_moves_becomes_a_clip_of_its_frames_on_black() {
    let studio = Studio::new();
    // Half a second red, a second see-through, half a second blue, 20 by 10 pixels.
    let frames: Vec<_> = [([220, 20, 20, 255], 500), ([0, 0, 0, 0], 1000), ([20, 20, 220, 255], 500)]
        .into_iter()
        .map(|(colour, ms)| {
            let picture = image::RgbaImage::from_pixel(20, 10, image::Rgba(colour));
            image::Frame::from_parts(picture, 0, 0, image::Delay::from_numer_denom_ms(ms, 1))
        })
        .collect();
    let gif = studio.path("moves.gif");
    let mut encoder = image::codecs::gif::GifEncoder::new(std::fs::File::create(&gif).expect("made"));
    encoder.encode_frames(frames.clone()).expect("encoded");
    drop(encoder);
    let webp = studio.path("moves.webp");
    std::fs::write(&webp, moving_webp(&frames)).expect("written");
    for (path, container) in [(gif, Container::Gif), (webp, Container::WebP)] {
        let seen = inspect(&Ffmpeg::default(), &path, container).await.unwrap_or_else(|fault| panic!("{container:?}: {fault}"));
        assert_eq!((seen.found.width, seen.found.height), (20, 10), "{container:?}");
        assert_eq!(seen.length, Duration::from_secs(2), "{container:?}");
        let to = studio.path("moves.mp4");
        let board = "20x10".parse().expect("a geometry");
        render(&Ffmpeg::default(), (&path, container), (Fit::Cover, Focus::MIDDLE), board, &to, |_| {})
            .await
            .expect("a rendition");
        let (_, pictures) = pictures(&to);
        for (tenth, [red, green, blue]) in [(1, [220, 20, 20]), (5, [0, 0, 0]), (9, [20, 20, 220])] {
            let frame = pictures.len() * tenth / 10;
            let found = shown(&pictures[frame], 20, 10).get_pixel(10, 5).0;
            let off = found.iter().zip([red, green, blue]).map(|(found, meant)| found.abs_diff(meant)).max();
            assert!(off <= Some(6), "{container:?} frame {frame}: {found:?}");
        }
        let files = std::fs::read_dir(studio.0.path()).expect("a folder").flatten();
        assert!(
            files.map(|file| file.path()).all(|path| path.extension().is_none_or(|ending| ending != "apng")),
            "it left a file"
        );
    }
}

#[tokio::test]
async fn a_clip_that_is_cut_is_cut_around_its_focus_as_a_still_is() {
    let studio = Studio::new();
    let clip = studio.clip(
        "standing.mp4",
        "-f lavfi -i testsrc2=s=120x80:r=25 -vf trim=end_frame=1,gblur=sigma=3,loop=4:1 -crf 1 -pix_fmt yuv444p",
    );
    let poster = looked_over(&clip).await.expect("a clip").poster;
    for size in ["24x64", "80x16"] {
        let board: Geometry = size.parse().expect("a geometry");
        let mut seen = Vec::new();
        for (x, y) in [(0, 0), (250, 250), (500, 500), (1000, 1000)] {
            let focus = Focus::new(x, y).expect("inside");
            let (rendition, _) = studio.render_around(&clip, Fit::Cover, focus, size).await.expect("a rendition");
            let frame = shown(&pictures(&rendition).1[2], board.width(), board.height());
            let still = stills::pixels(&poster, Fit::Cover, focus, board).expect("a still");
            assert!(apart(&frame, &still) < 12.0, "{size} around {x}, {y}: {}", apart(&frame, &still));
            seen.push(frame);
        }
        assert!(apart(&seen[0], &seen[3]) > 30.0, "{size}: one end is not the other");
    }
}

#[tokio::test]
async fn a_clip_is_brought_to_a_board_as_a_still_is() {
    let studio = Studio::new();
    // It does not move: each frame is the poster.
    let clip = studio.clip(
        "standing.mp4",
        "-f lavfi -i testsrc2=s=120x80:r=25 -vf trim=end_frame=1,gblur=sigma=3,loop=9:1 -crf 1 -pix_fmt yuv444p",
    );
    let poster = looked_over(&clip).await.expect("a clip").poster;
    for fit in [Fit::Cover, Fit::Contain, Fit::Stretch] {
        for size in ["64x64", "80x31", "25x60"] {
            let (rendition, _) = studio.render(&clip, fit, size).await.unwrap_or_else(|fault| panic!("{fit:?} {size}: {fault}"));
            let board: Geometry = size.parse().expect("a geometry");
            let still = stills::pixels(&poster, fit, Focus::MIDDLE, board).expect("a still");
            let (_, frames) = pictures(&rendition);
            let frame = shown(&frames[5], board.width(), board.height());
            // Colours are halved both ways in 4:2:0: on the narrowest board that is 10.7 steps, on the others less.
            assert!(apart(&frame, &still) < 12.0, "{fit:?} {size}: {}", apart(&frame, &still));
        }
    }
}

#[tokio::test]
async fn colours_are_converted_and_not_only_renamed() {
    let studio = Studio::new();
    for (name, scale) in [("sd.mp4", "bt601"), ("hd.mp4", "bt709")] {
        let space = if scale == "bt601" { "smpte170m" } else { "bt709" };
        let source = format!(
            "-f lavfi -i color=0xC83C28:s=64x48:r=25:d=0.4 -vf format=rgb24,scale=out_color_matrix={scale}:out_range=tv,format=yuv420p \
             -colorspace {space} -crf 1"
        );
        let (rendition, _) = studio.render(&studio.clip(name, &source), Fit::Cover, "32x32").await.expect("a rendition");
        let frame = shown(&pictures(&rendition).1[0], 32, 32);
        let off = frame.get_pixel(16, 16).0.iter().zip([0xc8, 0x3c, 0x28]).map(|(found, meant)| found.abs_diff(meant)).max();
        assert!(off <= Some(3), "{name}: {:?}", frame.get_pixel(16, 16));
    }
}

#[tokio::test]
async fn the_same_clip_gives_the_same_bytes() {
    let studio = Studio::new();
    let clip = studio.plain();
    let (first, _) = studio.render(&clip, Fit::Cover, "64x32").await.expect("a rendition");
    let first = std::fs::read(first).expect("read");
    let (second, _) = studio.render(&clip, Fit::Cover, "64x32").await.expect("a rendition");
    assert!(first == std::fs::read(second).expect("read"), "the bytes differ");
}

#[tokio::test]
async fn a_hostile_clip_gets_a_clear_error() {
    let studio = Studio::new();
    let whole = std::fs::read(studio.plain()).expect("read");
    let says = async |name: &str, bytes: &[u8]| {
        let path = studio.path(name);
        std::fs::write(&path, bytes).expect("written");
        looked_over(&path).await.map(|seen| seen.length).expect_err(name).to_string()
    };
    let cut = says("cut.mp4", &whole[..whole.len() * 2 / 3]).await;
    assert!(cut.starts_with("the clip is damaged or incomplete: "), "{cut}");
    let matroska = std::fs::read(studio.clip("whole.mkv", "-i DIR/plain.mp4 -c copy")).expect("read");
    let cut = says("cut.mkv", &matroska[..matroska.len() * 2 / 3]).await;
    assert_eq!(cut, "the clip is damaged or incomplete: it ends too early");
    let list = says("list.mp4", b"\0\0\0\x18ftypisom\n#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n").await;
    assert!(list.starts_with("the clip is damaged or incomplete: "), "{list}");
    let mut false_sizes = whole.clone();
    let table = false_sizes.windows(4).position(|word| word == b"stsz").expect("a table of sizes");
    false_sizes[table + 12..table + 16].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    let false_sizes = says("sizes.mp4", &false_sizes).await;
    assert!(false_sizes.starts_with("the clip is damaged or incomplete: "), "{false_sizes}");
    let sound = std::fs::read(studio.clip("sound.mp4", "-f lavfi -i sine=d=1 -c:a aac")).expect("read");
    assert_eq!(says("only-sound.mp4", &sound).await, "the file holds no moving picture");
    let head = says("head.mp4", &whole[..32]).await;
    assert!(head.starts_with("the clip is damaged or incomplete: "), "{head}");
    for said in [cut, list, false_sizes, head] {
        assert!(!said.contains(&studio.0.path().display().to_string()), "it names a path of this machine: {said}");
    }
}

#[tokio::test]
async fn a_large_clip_is_refused_before_it_is_decoded() {
    let studio = Studio::new();
    let wide = studio.clip("wide.mp4", "-f lavfi -i color=s=4112x16:r=1 -frames:v 1 -pix_fmt yuv420p");
    assert!(matches!(looked_over(&wide).await, Err(ClipFault::TooManyPixels { width: 4112, height: 16 })));
    let fault = studio.render(&studio.plain(), Fit::Cover, "5000x16").await.expect_err("too large a board");
    assert!(matches!(fault, ClipFault::Geometry(_)), "{fault}");
}

/// A rendition, what it must be, and its frames as ffmpeg decodes them.
async fn compared(studio: &Studio) -> (PathBuf, Expected, Vec<u8>) {
    let (rendition, length) = studio.render(&studio.plain(), Fit::Cover, "64x32").await.expect("a rendition");
    let frames = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&rendition)
        .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"])
        .output()
        .expect("ffmpeg is installed")
        .stdout;
    (rendition, Expected { size: (64, 32), frames: 25, length }, frames)
}

#[tokio::test]
async fn a_rendition_whose_frames_are_not_all_equal_is_refused_with_the_number_of_the_frame() {
    const FRAME: usize = 64 * 32 * 3 / 2;
    let studio = Studio::new();
    let (rendition, expected, frames) = compared(&studio).await;
    let says = |reference: &[u8], expected: Expected| {
        let rendition = std::fs::File::open(&rendition).expect("opened");
        compare(rendition, expected, reference).map_or_else(|fault| fault.to_string(), |()| "equal".to_owned())
    };
    assert_eq!(says(&frames, expected), "equal");
    for (byte, place) in [(0, "luma, byte 0"), (64 * 32, "blue difference, byte 0"), (FRAME - 1, "red difference, byte 511")] {
        let mut other = frames.clone();
        other[7 * FRAME + byte] ^= 1;
        let said = says(&other, expected);
        assert_eq!(
            said,
            format!("the rendition is refused: frame 7 is decoded differently by the player and by ffmpeg ({place})")
        );
    }
    assert!(says(&frames[..frames.len() - 1], expected).ends_with("frame 24 is missing"));
    assert!(says(&[frames.clone(), vec![0]].concat(), expected).ends_with("ffmpeg decodes more frames than the player"));
    for wrong in [
        Expected { size: (64, 34), ..expected },
        Expected { frames: 26, ..expected },
        Expected { length: expected.length + Duration::from_millis(40), ..expected },
    ] {
        assert!(says(&frames, wrong).starts_with("the rendition is refused: it should be"), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_rendition_that_was_altered_after_it_was_encoded_is_refused() {
    let studio = Studio::new();
    let (rendition, expected, _) = compared(&studio).await;
    let whole = std::fs::read(&rendition).expect("read");
    let frames = whole.windows(4).position(|word| word == b"mdat").expect("a box of frames") + 8;
    // Frames are entropy coded: what a bit changes in the middle of one changes all that follows it.
    for part in 1..8 {
        let mut altered = whole.clone();
        let at = frames + (whole.len() - frames) * part / 8;
        altered[at] ^= 0x55;
        let path = studio.path("altered.mp4");
        std::fs::write(&path, &altered).expect("written");
        let reference: &[u8] = &compared(&studio).await.2;
        let file = std::fs::File::open(&path).expect("opened");
        let fault = compare(file, expected, reference).expect_err("another picture");
        assert!(matches!(fault, ClipFault::Differs(_)), "byte {at}: {fault}");
    }
}

#[tokio::test]
async fn without_ffmpeg_the_error_says_what_is_missing() {
    let studio = Studio::new();
    let missing = Ffmpeg::at(&studio.path("ffmpeg"));
    let clip = studio.plain();
    for fault in [missing.check().await.err(), inspect(&missing, &clip, Container::Mp4).await.err()] {
        let said = fault.expect("a fault").to_string();
        assert!(
            said.starts_with("clips need ffmpeg, ffprobe and util-linux on the server, and ") && said.contains("ffprobe"),
            "{said}"
        );
    }
    Ffmpeg::default().check().await.expect("this machine has one");
}

#[tokio::test]
async fn a_child_has_limits_and_nothing_of_the_servers_environment() {
    let shell = |script: &str| {
        let shell = Ffmpeg::at(Path::new("sh"));
        shell.ffmpeg(words(&["-c", script]), Duration::from_secs(30))
    };
    let script = "ulimit -v; ulimit -c; ulimit -t; nice; grep NoNewPrivs /proc/self/status; env | cut -d= -f1 | sort";
    let (told, _) = run(shell(script), Duration::from_secs(30), all::<4096>).await.expect("it runs");
    let told = String::from_utf8(told.expect("read")).expect("text");
    let lines: Vec<_> = told.split_whitespace().collect();
    assert_eq!(lines[..6], ["3145728", "0", "60", "5", "NoNewPrivs:", "1"], "{told}");
    assert!(lines[6..].iter().all(|name| ["LC_ALL", "PATH", "PWD", "SHLVL", "OLDPWD", "_"].contains(name)), "{told}");
    let endless = run(shell("exec sleep 1000"), Duration::from_millis(50), all::<4096>).await;
    assert!(matches!(endless, Err(ClipFault::TooSlow(_))));
    let noisy = run(shell("yes complaint | head -c 10000000 >&2; exit 3"), Duration::from_secs(30), all::<4096>).await;
    assert_eq!(noisy.expect_err("it fails").to_string(), "ffmpeg could not make it: complaint");
}

/// Processes of this machine with this path among their arguments.
fn at_work_on(path: &Path) -> usize {
    let needle = path.as_os_str().as_encoded_bytes().to_owned();
    let all = std::fs::read_dir("/proc").expect("a list of processes").flatten();
    all.filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.windows(needle.len()).any(|part| part == needle)
    })
    .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_a_rendition_up_ends_its_ffmpeg() {
    let studio = Studio::new();
    let clip = studio.clip("long.mp4", "-f lavfi -i testsrc2=s=640x480:r=25:d=60 -preset ultrafast -pix_fmt yuv420p");
    let (to, ffmpeg, begun) = (studio.path("to.mp4"), Ffmpeg::default(), AtomicBool::new(false));
    let board = "1920x1080".parse().expect("a geometry");
    let work = render(&ffmpeg, (&clip, Container::Mp4), (Fit::Stretch, Focus::MIDDLE), board, &to, |_| {
        begun.store(true, Ordering::SeqCst)
    });
    tokio::select! {
        made = work => panic!("it ended by itself: {made:?}"),
        () = eventually("ffmpeg works", async || begun.load(Ordering::SeqCst)) => {}
    }
    eventually("no ffmpeg works on it", async || at_work_on(&to) == 0).await;
}
