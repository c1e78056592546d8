//! The promise that the samples are whole: every file is drawn at every shape it is meant for, and something plays at every hour.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bangtin::media::clips::{Container, Ffmpeg, inspect};
use bangtin::media::stills::pixels;
use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;
use playlists::window::Cron;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    asset: Vec<Asset>,
    playlist: Vec<Playlist>,
    campaign: Vec<Campaign>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    id: String,
    file: String,
    name: String,
    fit: Fit,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Playlist {
    id: String,
    name: String,
    entries: Vec<Entry>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    asset: String,
    duration_s: u64,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campaign {
    id: String,
    name: String,
    playlist: String,
    level: String,
    weight: u32,
    shape: String,
    #[serde(default)]
    windows: Vec<Window>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    cron: String,
    duration_minutes: u32,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../playlists/samples")
}

fn plan() -> Plan {
    toml::from_str(&std::fs::read_to_string(folder().join("plan.toml")).unwrap()).unwrap()
}

#[test]
fn every_sample_is_drawn_at_every_shape_it_is_meant_for() {
    for asset in plan().asset.into_iter().filter(|asset| !is_clip(asset)) {
        let sizes: &[&str] = match asset.id.rsplit('-').next() {
            Some("wide") => &["640x320", "256x128", "960x540"],
            Some("tall") => &["64x256"],
            _ => &["640x320", "64x256"],
        };
        let bytes = std::fs::read(folder().join(&asset.file)).unwrap();
        for size in sizes {
            let geometry: Geometry = size.parse().unwrap();
            let drawn =
                pixels(&bytes, asset.fit, Focus::MIDDLE, geometry).unwrap_or_else(|e| panic!("{} at {size}: {e}", asset.file));
            assert_eq!(drawn.dimensions(), (geometry.width(), geometry.height()), "{}", asset.file);
            let colours: BTreeSet<_> = drawn.pixels().map(|pixel| pixel.0).collect();
            assert!(colours.len() > 8, "{} at {size} is all but empty", asset.file);
        }
    }
}

fn is_clip(asset: &Asset) -> bool {
    asset.file.ends_with(".mp4")
}

#[tokio::test]
async fn every_sample_clip_plays_as_long_as_the_plan_says() {
    let plan = plan();
    let clips: Vec<_> = plan.asset.iter().filter(|asset| is_clip(asset)).collect();
    assert!(!clips.is_empty(), "the samples have a clip");
    for clip in clips {
        let file = folder().join(&clip.file);
        let container = Container::of(&std::fs::read(&file).unwrap()).expect("a clip by its content");
        let seen = inspect(&Ffmpeg::default(), &file, container).await.unwrap_or_else(|fault| panic!("{}: {fault}", clip.file));
        let entries = plan.playlist.iter().flat_map(|playlist| &playlist.entries).filter(|entry| entry.asset == clip.id);
        for entry in entries {
            assert_eq!(Duration::from_secs(entry.duration_s), seen.length, "{}", clip.file);
        }
        let poster = image::load_from_memory(&seen.poster).unwrap().to_rgb8();
        let colours: BTreeSet<_> = poster.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 1000, "{} is all but empty", clip.file);
        assert!(file.metadata().unwrap().len() < 1_500_000, "{} makes the programme large", clip.file);
    }
}

#[test]
fn the_plan_names_only_what_is_there_and_all_of_it() {
    let plan = plan();
    let assets: BTreeSet<_> = plan.asset.iter().map(|asset| asset.id.as_str()).collect();
    let playlists: BTreeSet<_> = plan.playlist.iter().map(|playlist| playlist.id.as_str()).collect();
    let entries: Vec<_> = plan.playlist.iter().flat_map(|playlist| &playlist.entries).collect();
    let played: BTreeSet<_> = entries.iter().map(|entry| entry.asset.as_str()).collect();
    assert_eq!(assets, played);
    assert_eq!(playlists, plan.campaign.iter().map(|campaign| campaign.playlist.as_str()).collect());
    assert_eq!(assets.len(), plan.asset.len());
    assert!(entries.iter().all(|entry| (1..=60).contains(&entry.duration_s)));
    assert!(plan.campaign.iter().all(|campaign| (1..=1000).contains(&campaign.weight)));
    assert!(plan.campaign.iter().all(|campaign| ["normal", "priority"].contains(&campaign.level.as_str())), "levels");
    let names = plan
        .asset
        .iter()
        .map(|a| &a.name)
        .chain(plan.playlist.iter().map(|p| &p.name))
        .chain(plan.campaign.iter().map(|c| &c.name));
    assert!(names.into_iter().all(|name| !name.trim().is_empty()));
}

#[test]
fn something_plays_on_every_shape_at_every_hour() {
    let plan = plan();
    for shape in ["wide", "tall"] {
        let always = |c: &&Campaign| c.windows.is_empty() && c.level == "normal" && (c.shape == shape || c.shape == "any");
        assert!(plan.campaign.iter().filter(always).count() >= 2, "{shape}");
    }
    for campaign in &plan.campaign {
        for window in &campaign.windows {
            assert!(window.cron.parse::<Cron>().is_ok(), "{}: {}", campaign.id, window.cron);
            assert!((1..=31 * 24 * 60).contains(&window.duration_minutes), "{}", campaign.id);
        }
    }
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: [u8; 3]) -> f64 {
    let [r, g, b] = colour.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A colour as the slides write it, `#fff` or `#ffffff`.
fn colour(text: &str) -> [u8; 3] {
    let digits = text.strip_prefix('#').unwrap();
    let value = |i: usize| match digits.len() {
        3 => u8::from_str_radix(&digits[i..=i].repeat(2), 16).unwrap(),
        _ => u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap(),
    };
    [value(0), value(1), value(2)]
}

#[test]
fn every_word_of_the_slides_stands_at_seven_to_one_against_what_lies_under_it() {
    for asset in plan().asset.iter().filter(|asset| asset.file.ends_with(".svg")) {
        let size: Geometry = if asset.id.ends_with("tall") { "256x1024" } else { "640x320" }.parse().unwrap();
        let slide = std::fs::read_to_string(folder().join(&asset.file)).unwrap();
        let (words, rest): (Vec<&str>, Vec<&str>) = slide.lines().partition(|line| line.trim_start().starts_with("<text"));
        assert!(!words.is_empty(), "{}: one word a line", asset.file);
        let bare = rest.join("\n");
        let ground = pixels(bare.as_bytes(), Fit::Cover, Focus::MIDDLE, size).unwrap();
        for word in words {
            let fill = colour(word.split("fill=\"").nth(1).unwrap().split('"').next().unwrap());
            let with =
                pixels(bare.replace("</svg>", &format!("{word}</svg>")).as_bytes(), Fit::Cover, Focus::MIDDLE, size).unwrap();
            let under = ground.pixels().zip(with.pixels()).filter(|(under, over)| under != over);
            let least = under.map(|(under, _)| contrast(fill, under.0)).fold(f64::INFINITY, f64::min);
            assert!((7.0..22.0).contains(&least), "{}: {word} has {least:.2}", asset.file);
        }
    }
}
