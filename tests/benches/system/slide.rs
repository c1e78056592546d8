//! A slide from a template beside other ways to lay text over a ground: each a process that ends with a PNG file, and ours also by
//! itself, as the server makes it, without a process to start.

use std::path::Path;
use std::time::Instant;

use bangtin::media::slides::language::Language;
use bangtin::media::slides::{library, pixels};
use bangtin_tests::process::program;
use chrono::NaiveDate;
use playlists::geometry::Geometry;

use crate::media::{TURNS, Took, least, magick, run};

/// What the other programmes lay out: a title that is fitted into its box, and a line.
const TITLE: &str = "Festival Trà Thái Nguyên lần thứ 5";
const LINE: &str = "14 tháng 11 năm 2026 · Quảng trường Võ Nguyên Giáp";
/// The font both have.
const FONT: &str = "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf";
/// Slides made in one process, of which the median counts.
const SLIDES: usize = 50;

/// Prints all of it.
pub(crate) fn beside_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("\na slide from the template `event`, Vietnamese, to PNG, each programme started for it, least of {TURNS} turns");
    for size in [(640, 320), (1920, 1080)] {
        of_size(folder.path(), size);
    }
}

fn of_size(folder: &Path, (width, height): (u32, u32)) {
    let (size, to) = (format!("{width}x{height}"), folder.join("slide.png").display().to_string());
    let bangtin = program("bangtin").display().to_string();
    let ours = least(|| {
        run(&bangtin, &["slide", "render", "--template", "event", "--language", "vi", "--geometry", &size, "--out", &to])
    });
    println!("  {size}: bangtin {:>25.3} s wall", ours.wall);
    let boxed = |share: u32| format!("{}x{}", width * 9 / 10, height * share / 10);
    let (title, line) = (boxed(5), boxed(2));
    let (titled, lined) = (format!("caption:{TITLE}"), format!("caption:{LINE}"));
    let arguments = [
        "-size",
        &size,
        "xc:#7a0c14",
        "-font",
        FONT,
        "-fill",
        "white",
        "-background",
        "none",
        "-gravity",
        "center",
        "(",
        "-size",
        &title,
        &titled,
        ")",
        "-composite",
        "-gravity",
        "south",
        "(",
        "-size",
        &line,
        &lined,
        ")",
        "-composite",
        &to,
    ];
    beside("ImageMagick, two captions", least(|| run(magick(), &arguments)), ours);
    let page = folder.join("slide.html");
    let html = format!(
        "<!doctype html><meta charset=utf-8><body style='margin:0;background:#7a0c14;color:#fff;font:bold {}px Noto Sans;text-align:center'>\
         <p>{TITLE}</p><p style='font-size:.5em'>{LINE}</p>",
        height / 6
    );
    std::fs::write(&page, html).expect("written");
    let (window, out) = (format!("--window-size={width},{height}"), format!("--screenshot={to}"));
    let (profile, page) = (format!("--user-data-dir={}", folder.join("profile").display()), format!("file://{}", page.display()));
    let arguments = ["--headless=new", "--no-sandbox", "--hide-scrollbars", &profile, &window, &out, &page];
    beside("Chromium, a page with both", least(|| run("chromium", &arguments)), ours);
    by_itself(width, height);
}

/// By the clock: the kernel counts processor time in steps of 10 ms, and ours takes fewer.
fn beside(name: &str, took: Took, ours: Took) {
    println!("  {name:<34} {:>6.3} s wall   ours ÷ it {:>5.2}", took.wall, ours.wall / took.wall);
}

/// What the server does for one more slide: nothing is read or started anew.
fn by_itself(width: u32, height: u32) {
    let loaded = library::shipped("event").expect("a template of the product");
    let (content, pictures) = loaded.sample().expect("its sample");
    let today = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a date");
    let geometry = Geometry::new(width, height).expect("a geometry");
    let mut times: Vec<_> = (0..SLIDES)
        .map(|_| {
            let begun = Instant::now();
            let slide = pixels(&loaded, &content, &pictures, Language::Vi, geometry, today).expect("a slide");
            bangtin::media::stills::encode(&slide).expect("encoded");
            begun.elapsed()
        })
        .collect();
    times.sort();
    let median = times.get(SLIDES / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!("  within the server, median of {SLIDES}  {median:>6.1} ms");
}
