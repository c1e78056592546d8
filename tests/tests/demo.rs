//! The promise of one command: `bangtin demo` shows a whole province on this machine, ends without a trace, and goes on where it was.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bangtin_tests::browser::Browser;
use bangtin_tests::demo::{self, Demo, Shown};
use bangtin_tests::eventually;
use bangtin_tests::eventually::{SOON, STARTUP};
use bangtin_tests::pictures::read;
use bangtin_tests::process::{Process, program};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, GenericImage as _, RgbImage, imageops};
use serde_json::Value;

/// The pixels of the driven boards, in the order of their ids.
const GEOMETRIES: [(u32, u32); 3] = [(640, 320), (64, 256), (1920, 1080)];
/// Windows in which pages are looked at: a desk and a telephone.
const WINDOWS: [(u32, u32); 2] = [(1440, 900), (390, 844)];
/// The overview's part of the README's picture, in pixels.
const README_WINDOW: (u32, u32) = (1440, 720);
/// Longest that the pictures of the year take on a busy machine.
const YEAR_MADE: Duration = Duration::from_secs(900);
/// Largest picture of the README, in bytes.
const README_PICTURE_BYTES: usize = 300_000;

#[tokio::test]
async fn it_plays_on_three_boards_ends_with_its_players_and_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo-data");
    let mut first = Demo::start_with_the_year(&data).await;
    assert_eq!(first.login_file, data.join("login.txt"), "the login's path is printed");
    assert_eq!(std::fs::metadata(&first.login_file).unwrap().permissions().mode() & 0o777, 0o600, "others may not read it");
    let (boards, login) = (pictures(&first).await, first.login());
    refuses_a_second(&data).await;
    five_processes(&first).await;
    let ended = first.interrupt().await;
    assert!(ended.success(), "Ctrl-C is no failure: {ended}");
    assert_eq!(first.processes(), Vec::<i32>::new(), "Ctrl-C ends the players too");
    assert!(!first.process.lines().join("\n").contains(&login.1), "the password was printed");

    let second = Demo::start_with_the_year(&data).await;
    assert_eq!((pictures(&second).await, second.login()), (boards, login), "the second start resumes");
    assert!(!second.process.lines().join("\n").contains(&second.login().1), "the password was printed");
}

/// The boards that play, once each has shown a picture of exactly its pixels.
async fn pictures(demo: &Demo) -> Vec<String> {
    let shown = demo.first_pictures().await;
    for (shown, pixels) in shown.iter().zip(GEOMETRIES) {
        let picture = read(&shown.picture);
        assert_eq!(picture.dimensions(), pixels, "{}", shown.board);
        assert!(colours(&picture) > 1, "{} is blank", shown.board);
    }
    shown.into_iter().map(|shown| shown.board).collect()
}

#[tokio::test]
async fn a_demo_that_was_killed_takes_its_players_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(&folder.path().join("demo-data")).await;
    demo.first_pictures().await;
    five_processes(&demo).await;
    demo.process.kill();
    eventually("no player is left", SOON, async || {
        let left = demo.processes();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

/// The demo, three players, and the fleet of all other boards; and nothing else once the sample's clip is made.
async fn five_processes(demo: &Demo) {
    eventually("the demo, three players and a fleet run", STARTUP, async || {
        let running = demo.processes();
        if running.len() == 5 { Ok(()) } else { Err(format!("{running:?}")) }
    })
    .await;
}

async fn refuses_a_second(data: &Path) {
    let said = refusal(&mut demo::command(&program("bangtin"), data)).await;
    assert!(said.contains("another bangtin works with") && said.contains("stop it"), "{said}");
}

#[tokio::test]
async fn each_reason_why_it_cannot_start_is_one_sentence() {
    // Beside the programs: the same disk, so that a program is linked and not copied.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let data = folder.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, what) in [("--listen-http", "HTTP"), ("--listen-mqtt", "MQTT")] {
        // clap takes the last of a flag said twice only when told: so the others are said anew.
        let other = if what == "HTTP" { "--listen-mqtt" } else { "--listen-http" };
        let mut command = Command::new(program("bangtin"));
        command.args(["demo", flag, &address, other, "127.0.0.1:0", "--data"]).arg(&data);
        let said = refusal(&mut command).await;
        let expected =
            format!("{address} cannot be listened on for {what}; another program may hold the port, {flag} names another");
        assert!(said.contains(&expected), "{said}");
    }

    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let said = refusal(&mut demo::command(&program("bangtin"), &file)).await;
    assert!(said.contains(&format!("the data folder {} cannot be used; check", file.display())), "{said}");

    let said = refusal(demo::command(&program("bangtin"), &data).args(["--plan", "no-such-plan.yaml"])).await;
    assert!(said.contains("the plan no-such-plan.yaml cannot be read"), "{said}");

    let alone = folder.path().join("bangtin");
    std::fs::hard_link(program("bangtin"), &alone).unwrap();
    let said = refusal(&mut demo::command(&alone, &data)).await;
    assert!(said.contains("bangtin-player is missing: build it with"), "{said}");
}

/// The one line with which a demo refuses to start.
async fn refusal(command: &mut Command) -> String {
    let mut process = Process::start("bangtin demo", command);
    let status = process.ended().await;
    assert_eq!(status.code(), Some(1), "{:?}", process.lines());
    let lines = eventually("it says why", SOON, async || {
        let lines = process.lines();
        if lines.is_empty() { Err("nothing") } else { Ok(lines) }
    })
    .await;
    assert_eq!(lines.len(), 1, "one sentence: {lines:?}");
    assert!(lines[0].starts_with("bangtin: "), "{lines:?}");
    lines[0].clone()
}

#[tokio::test]
async fn an_operator_sees_ninety_two_boards_and_what_one_of_them_shows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo-data");
    let demo = if readme_picture().is_some() { Demo::start_with_the_year(&data).await } else { Demo::start(&data).await };
    let shown = demo.first_pictures().await;
    let browser = Browser::start(WINDOWS[0].0, WINDOWS[0].1).await;
    browser.sign_in(&demo.site, demo.login()).await;

    let all_live = "return document.querySelector('.count.s-live .number').textContent === '92'";
    if readme_picture().is_some() {
        eventually("the pictures of the year are made", YEAR_MADE, async || {
            let live = browser.script(all_live).await;
            if live == Value::Bool(true) { Ok(()) } else { Err("boards wait") }
        })
        .await;
    }
    browser.until("all 92 boards are live", all_live).await;
    let number = |css: &str| format!("return Number(document.querySelector('{css} .number').textContent)");
    assert_eq!(browser.script(&number(".count.all")).await, 92);
    assert_eq!(browser.script("return document.querySelectorAll('.tile a').length").await, 92, "each commune has its board");

    for (width, height) in WINDOWS {
        browser.size(width, height).await;
        for language in ["vi", "en"] {
            browser.speak(language).await;
            browser.open(&demo.site).await;
            browser.until("the overview is live", LIVE).await;
            browser.photograph(&format!("overview-{width}-{language}"), (width, height)).await;
            board_page(&browser, &demo, &shown[0].board).await;
            browser.photograph(&format!("board-{width}-{language}"), (width, height)).await;
        }
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    if let Some(file) = readme_picture() {
        browser.size(README_WINDOW.0, README_WINDOW.1).await;
        browser.open(&demo.site).await;
        browser.until("the overview is live", LIVE).await;
        let overview = browser.photograph("readme-overview", README_WINDOW).await;
        let frames = later_frames(&demo, &shown).await;
        write_readme_picture(&file, &read(&std::fs::read(overview).unwrap()), &frames);
    }
    browser.close().await;
}

/// Whether the page hears of changes.
const LIVE: &str = "return document.querySelector('[data-live]').dataset.state === 'on'";

/// A board's page with the picture that its player sent, what plays, and one revision wanted and reported.
async fn board_page(browser: &Browser, demo: &Demo, board: &str) {
    browser.open(&format!("{}/boards/{board}", demo.site)).await;
    browser.until("the page hears of changes", LIVE).await;
    if browser.script("return !document.querySelector('.screen img')").await == Value::Bool(true) {
        browser.press("#ask").await;
    }
    let picture = "const i = document.querySelector('.screen img'); return !!i && i.complete && i.naturalWidth > 0";
    browser.until("the board's picture is there", picture).await;
    browser.until("what plays is named", "return document.querySelector('.now strong a').textContent.length > 0").await;
    let revisions = "const r = [...document.querySelectorAll('.diff .number')].map((n) => n.textContent); \
                     return r.length === 2 && r[0] === r[1] && !!document.querySelector('.diff .equal')";
    browser.until("the wanted revision is the reported one", revisions).await;
}

fn colours(picture: &RgbImage) -> usize {
    picture.pixels().collect::<std::collections::HashSet<_>>().len()
}

/// What the boards show, one after the other, each just after its picture changed: so that they are of different things, and none is
/// the safe item.
async fn later_frames(demo: &Demo, first: &[Shown]) -> Vec<RgbImage> {
    let mut frames = Vec::new();
    for first in first {
        let before = demo.shown(&first.board);
        let old = |now: &Shown| now.item == first.item || before.as_ref().is_some_and(|before| before.item == now.item);
        let shown = eventually("the board shows something else", STARTUP, async || {
            demo.shown(&first.board).filter(|now| !old(now)).ok_or("the same")
        })
        .await;
        frames.push(read(&shown.picture));
    }
    frames
}

/// The file that the README's picture goes to, if it is asked for: `make screenshot`.
#[expect(clippy::disallowed_methods, reason = "asks for one more file, changes no outcome")]
fn readme_picture() -> Option<PathBuf> {
    std::env::var_os("BANGTIN_README_PICTURE").map(PathBuf::from)
}

/// The overview above the frames of the three boards, all of them equally high.
fn write_readme_picture(file: &Path, overview: &RgbImage, frames: &[RgbImage]) {
    const GAP: u32 = 24;
    let (width, height) = overview.dimensions();
    // As high as the row may be for the frames to fill the width.
    let ratio: f64 = frames.iter().map(|frame| f64::from(frame.width()) / f64::from(frame.height())).sum();
    let gaps = GAP * u32::try_from(frames.len() + 1).unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than the width of a picture")]
    let row = (f64::from(width - gaps) / ratio) as u32;
    let mut canvas = RgbImage::from_pixel(width, height + row + 2 * GAP, image::Rgb([10, 13, 16]));
    canvas.copy_from(overview, 0, 0).unwrap();
    let mut x = GAP;
    for frame in frames {
        let small = DynamicImage::from(frame.clone()).resize(width, row, imageops::FilterType::Lanczos3).to_rgb8();
        canvas.copy_from(&small, x, height + GAP).unwrap();
        x += small.width() + GAP;
    }
    let whole = DynamicImage::from(canvas);
    // Photographs on the boards take more bytes than slides: then the picture becomes smaller.
    let sizes = (3..=10).rev().map(|tenths| whole.resize(width * tenths / 10, u32::MAX, imageops::FilterType::Lanczos3));
    let packed = sizes.map(|picture| {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
        picture.write_with_encoder(encoder).unwrap();
        bytes
    });
    let fitting = packed.into_iter().find(|bytes| bytes.len() <= README_PICTURE_BYTES);
    std::fs::write(file, fitting.expect("a small picture takes few bytes")).unwrap();
}
