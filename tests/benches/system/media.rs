//! Pictures and clips brought to a board's pixels beside other programmes that do it, and a hundred uploads at once: what each costs
//! in processor time, in time by the clock, and the server in memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use bangtin::media::clips::{self, Container, Ffmpeg};
use bangtin::media::stills;
use bangtin_tests::pictures::{png, speckled};
use bangtin_tests::process::installed;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;

use crate::demo::Demo;

/// Each picture is made as often; the least time counts, since the machine does other things too.
pub(crate) const TURNS: usize = 3;
/// Uploads at once.
const UPLOADS: u32 = 100;
/// Kernel ticks of CPU time in a second.
const TICKS: f64 = 100.0;

/// What something took, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

/// Prints everything.
pub(crate) fn beside_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    photograph(folder.path());
    clip(folder.path());
    uploads();
}

/// CPU time of this process and of the children it has waited for, in seconds.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").expect("this process is there");
    let (_, rest) = text.rsplit_once(')').expect("its line is whole");
    rest.split_whitespace().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn once(work: &mut impl FnMut()) -> Took {
    let (before, begun) = (cpu(), Instant::now());
    work();
    Took { cpu: cpu() - before, wall: begun.elapsed().as_secs_f64() }
}

/// The least of some turns.
pub(crate) fn least(mut work: impl FnMut()) -> Took {
    let least = |one: Took, other: Took| Took { cpu: one.cpu.min(other.cpu), wall: one.wall.min(other.wall) };
    (0..TURNS).map(|_| once(&mut work)).reduce(least).expect("there are turns")
}

pub(crate) fn print(name: &str, took: Took, ours: Took) {
    println!("  {name:<34} {:>6.2} s CPU {:>6.2} s wall   ours ÷ it {:>5.2}", took.cpu, took.wall, ours.cpu / took.cpu.max(0.01));
}

/// ImageMagick, by the name that Debian's version 6 has beside the usual one.
pub(crate) fn magick() -> &'static str {
    if Path::new("/usr/bin/convert-im6.q16").exists() { "convert-im6.q16" } else { "convert" }
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let mut command = Command::new(installed(program));
    let done = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "{program} {arguments:?} fails");
}

/// A JPEG of 24 megapixels to two boards, each as a PNG of exactly their pixels.
fn photograph(folder: &Path) {
    let path = folder.join("photograph.jpg");
    let small = speckled(1500, 1000, 3);
    let large = image::imageops::resize(&small, 6000, 4000, FilterType::Triangle);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&large).expect("encoded");
    fs::write(&path, &bytes).expect("written");
    let (from, to) = (path.display().to_string(), folder.join("made.png").display().to_string());
    println!(
        "\na JPEG of 6000x4000 ({:.1} MB) to PNG, cut to the board's shape, least of {TURNS} turns",
        bytes.len() as f64 / 1e6
    );
    for (width, height) in [(640, 320), (1920, 1080)] {
        let geometry = Geometry::new(width, height).expect("a geometry");
        let ours = least(|| {
            let original = fs::read(&path).expect("read");
            let made = stills::render(&original, Fit::Cover, Focus::MIDDLE, geometry).expect("a rendition");
            fs::write(folder.join("ours.png"), made).expect("written");
        });
        println!("  {width}x{height}: bangtin {:>25.2} s CPU {:>6.2} s wall", ours.cpu, ours.wall);
        let size = format!("{width}x{height}");
        let vips = least(|| run("vipsthumbnail", &[&from, "--size", &size, "--smartcrop", "centre", "-o", &to]));
        print("vipsthumbnail", vips, ours);
        let filled = format!("{size}^");
        let arguments = [&from, "-auto-orient", "-resize", &filled, "-gravity", "center", "-extent", &size, &to];
        print("ImageMagick", least(|| run(magick(), &arguments)), ours);
    }
}

/// A minute of 1080p to a board, beside ffmpeg alone with the same settings; ours is verified frame by frame on top.
fn clip(folder: &Path) {
    let from = folder.join("clip.mp4");
    let source = "testsrc2=s=1920x1080:r=25:d=60";
    let path = from.display().to_string();
    run(
        "ffmpeg",
        &[
            "-v", "error", "-y", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
            &path,
        ],
    );
    let ours = once(&mut || {
        let work = async {
            let (ffmpeg, to) = (Ffmpeg::default(), folder.join("ours.mp4"));
            let geometry = Geometry::new(640, 320).expect("a geometry");
            clips::render(&ffmpeg, (&from, Container::Mp4), (Fit::Cover, Focus::MIDDLE), geometry, &to, |_| {})
                .await
                .expect("a rendition");
        };
        tokio::runtime::Runtime::new().expect("a runtime").block_on(work);
    });
    let filters = "crop=iw:iw/2,scale=640:320:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact,format=yuv420p";
    let plain = once(&mut || {
        let to = folder.join("plain.mp4").display().to_string();
        let mut arguments = vec!["-v", "error", "-y", "-nostdin", "-threads", "2", "-i", &path, "-vf", filters, "-an"];
        arguments
            .extend("-c:v libx264 -preset veryfast -crf 18 -profile:v high -bf 2 -g 25 -flags:v +cgop -threads 2".split(' '));
        arguments.extend(["-movflags", "+faststart", &to]);
        run("ffmpeg", &arguments);
    });
    println!("\na clip of 60 s, 1920x1080 at 25 a second, to 640x320, H.264");
    println!("  bangtin, every frame verified      {:>6.2} s CPU {:>6.2} s wall", ours.cpu, ours.wall);
    print("ffmpeg alone, same settings", plain, ours);
    println!("  by the clock: ours ÷ it {:.2}", ours.wall / plain.wall);
}

/// A hundred pictures sent at once: how long, and how large the server became.
fn uploads() {
    let demo = Demo::start();
    let before = resident_mb(demo.server(), "VmRSS:");
    let pictures: Vec<Vec<u8>> = (0..UPLOADS).map(|seed| png(&speckled(1200, 900, seed))).collect();
    let bytes: usize = pictures.iter().map(Vec::len).sum();
    let begun = Instant::now();
    let sent: Vec<String> = std::thread::scope(|scope| {
        let each = pictures.iter().enumerate().map(|(number, picture)| {
            let site = demo.site();
            scope.spawn(move || site.upload(&format!("{number}.png"), picture))
        });
        let threads: Vec<_> = each.collect();
        threads.into_iter().map(|thread| thread.join().expect("a file is sent")).collect()
    });
    let received = begun.elapsed();
    sent.iter().for_each(|upload| demo.site().looked_over(upload));
    let peak = resident_mb(demo.server(), "VmHWM:");
    println!(
        "\n{UPLOADS} pictures of {:.1} MB sent at once, {:.0} MB in all",
        bytes as f64 / 1e6 / f64::from(UPLOADS),
        bytes as f64 / 1e6
    );
    println!("  received after {:.1} s, looked over after {:.1} s", received.as_secs_f64(), begun.elapsed().as_secs_f64());
    println!("  the server's memory: {before:.0} MB before, {peak:.0} MB at most");
}

fn resident_mb(process: u32, line: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = text.lines().find_map(|found| found.strip_prefix(line)?.split_whitespace().next()?.parse::<f64>().ok());
    value.unwrap_or_default() * 1024.0 / 1e6
}
