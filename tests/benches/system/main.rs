//! The figures of the README that need the whole system: how long a saved campaign takes to the last board, and what a player
//! costs beside a browser that shows the same slides. `make bench` runs it; every figure is printed with what it was made of.
#![allow(clippy::print_stdout, clippy::panic, clippy::disallowed_methods, reason = "a benchmark prints, and looks at the clock")]

mod board;
mod clip;
mod cost;
mod demo;
mod media;
mod publish;
mod site;
mod slide;
mod stills;

use std::time::Duration;

use demo::Demo;

/// Campaigns saved, one after the other.
const SAVES: usize = 7;
/// Stills shown in turn beside Chromium, of those that the demo's first board has.
const STILLS: usize = 17;
/// Previews asked for at each size.
const PREVIEWS: usize = 100;

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let asked = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if asked("clip") {
        clip::beside_mpv();
    }
    if asked("media") {
        media::beside_others();
    }
    if asked("slide") {
        slide::beside_others();
    }
    if asked("demo") {
        of_the_demo();
    }
    if asked("publish") {
        for boards in [92, 1000] {
            publish::of(boards);
        }
    }
}

fn of_the_demo() {
    let demo = Demo::start();
    println!("\nsystem: `bangtin demo`, 92 boards, three of them with players, the others virtual, release build");
    println!(
        "  first picture on all three boards   {:>7.1} s after the start, with an empty data folder",
        demo.first_picture.as_secs_f64()
    );
    println!(
        "  every picture of the year made, every board on its newest manifest {:>7.0} s after the start",
        demo.all_settled.as_secs_f64()
    );
    previews(&demo);
    saves(&demo);
    let mut slides = demo.slides(640, 320);
    slides.truncate(STILLS);
    stills::beside_chromium(&slides);
}

/// From the editor's question to the slide's picture, over HTTP with a connection of its own each time.
fn previews(demo: &Demo) {
    println!("\npreview of a slide from the template `event` while it is filled in, {PREVIEWS} answers each");
    for board in ["64x256", "640x320", "1920x1080"] {
        demo.preview(board, 0);
        let mut times: Vec<_> = (1..=PREVIEWS).map(|number| demo.preview(board, number)).collect();
        times.sort();
        let at =
            |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).map_or(0.0, |t| t.as_secs_f64() * 1000.0);
        println!("  {board:<10} p50 {:>6.1} ms   p95 {:>6.1} ms", at(50), at(95));
    }
}

/// From the click to the last of the demo's boards that reports the new revision.
fn saves(demo: &Demo) {
    let mut times: Vec<_> = (0..SAVES).map(|number| demo.save_campaign(number)).collect();
    times.sort();
    let seconds = |time: &Duration| time.as_secs_f64();
    let (Some(least), Some(most)) = (times.first(), times.last()) else { return };
    let median = times.get(times.len() / 2).map_or(0.0, seconds);
    println!("\nsave of a campaign for all boards → the last of the demo's boards reports its revision, {SAVES} saves");
    println!("  least {:.2} s   median {median:.2} s   most {:.2} s", seconds(least), seconds(most));
    println!("  (a new manifest takes over when the entry on the screen ends: the samples' entries last 6 to 10 s)");
}
