//! The promise that the samples are whole: a plan of the province's year whose every picture is drawn at every shape and in every
//! language it is meant for, and in which something plays at every hour.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bangtin::media::clips::{Container, Ffmpeg, inspect};
use bangtin::media::slides::content::Content;
use bangtin::media::slides::language::Language;
use bangtin::media::slides::{self, Pictures, library};
use bangtin::media::stills::pixels;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::asset::{Fit, Focus};
use playlists::geometry::Geometry;
use playlists::plan::{Asset, Board, Drawn, Plan, read};
use playlists::schedule::{Schedule, Shows};

/// The shapes of the province's boards.
const SHAPES: [&str; 6] = ["640x320", "64x256", "1920x1080", "256x128", "384x192", "960x540"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../playlists/samples")
}

fn plan() -> Plan {
    let text = std::fs::read_to_string(folder().join("plan.yaml")).unwrap();
    let told =
        |faults: Vec<playlists::plan::Fault>| faults.iter().map(|fault| format!("plan.yaml:{fault}\n")).collect::<String>();
    read(&text).unwrap_or_else(|faults| panic!("{}", told(faults))).plan
}

/// Pictures that are files.
fn stills(plan: &Plan) -> impl Iterator<Item = (&Asset, PathBuf)> {
    let stills = plan.assets.iter().filter(|asset| asset.length.is_none());
    stills.flat_map(|asset| asset.files.values().map(move |file| (asset, folder().join(&file.file))))
}

#[test]
fn every_picture_is_drawn_at_every_shape_it_is_meant_for() {
    let plan = plan();
    for (asset, file) in stills(&plan) {
        let sizes: &[&str] = match asset.id.as_str().rsplit('-').next() {
            Some("wide") => &["640x320", "256x128", "960x540"],
            Some("tall") => &["64x256"],
            _ => &["640x320", "64x256"],
        };
        let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for size in sizes {
            let geometry: Geometry = size.parse().unwrap();
            let drawn =
                pixels(&bytes, asset.fit, Focus::MIDDLE, geometry).unwrap_or_else(|e| panic!("{} at {size}: {e}", asset.id));
            assert_eq!(drawn.dimensions(), (geometry.width(), geometry.height()), "{}", asset.id);
            let colours: BTreeSet<_> = drawn.pixels().map(|pixel| pixel.0).collect();
            assert!(colours.len() > 8, "{} at {size} is all but empty", asset.id);
        }
    }
}

#[test]
fn every_slide_fits_every_board_of_the_province_in_each_of_its_languages() {
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let mut faults = Vec::new();
    for asset in &plan().assets {
        let Some(slide) = &asset.slide else { continue };
        let texts = slide.texts.iter().map(|(language, texts)| (language.as_str().parse::<Language>().unwrap(), texts.clone()));
        let (dates, addresses, levels) = (slide.dates.clone(), slide.addresses.clone(), slide.levels.clone());
        let content = Content { texts: texts.collect(), dates, addresses, levels, ..Content::default() }.checked().unwrap();
        let template = library::shipped(&slide.template).unwrap_or_else(|e| panic!("{}: {e}", asset.id));
        for language in content.texts.keys() {
            for size in SHAPES {
                let geometry: Geometry = size.parse().unwrap();
                if let Err(fault) = slides::pixels(&template, &content, &Pictures::new(), *language, geometry, today) {
                    faults.push(format!("{} in {} at {size}: {fault}", asset.id, language.code()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn every_clip_plays_as_long_as_the_plan_says() {
    let plan = plan();
    let clips: Vec<_> = plan.assets.iter().filter_map(|asset| Some((asset, asset.length?))).collect();
    assert!(!clips.is_empty(), "the samples have a clip");
    for (clip, length) in clips {
        for file in clip.files.values().map(|file| folder().join(&file.file)) {
            let container = Container::of(&std::fs::read(&file).unwrap()).expect("a clip by its content");
            let seen = inspect(&Ffmpeg::default(), &file, container).await.unwrap_or_else(|fault| panic!("{}: {fault}", clip.id));
            assert_eq!(length.0, seen.length, "{}", clip.id);
            let poster = image::load_from_memory(&seen.poster).unwrap().to_rgb8();
            let colours: BTreeSet<_> = poster.pixels().map(|pixel| pixel.0).collect();
            assert!(colours.len() > 1000, "{} is all but empty", clip.id);
            assert!(file.metadata().unwrap().len() < 1_500_000, "{} makes the programme large", clip.id);
        }
    }
}

#[test]
fn the_plan_shows_all_that_it_names() {
    let plan = plan();
    let entries = plan.playlists.iter().flat_map(|playlist| &playlist.entries);
    let shown: BTreeSet<_> = entries.clone().filter_map(|entry| entry.asset.as_ref()).collect();
    let shown = plan.campaigns.iter().filter_map(|campaign| campaign.ticker.as_ref()).chain(shown);
    let over = plan.boards.iter().flat_map(|board| &board.overlays).filter_map(|overlay| overlay.picture.as_ref());
    let shown: BTreeSet<_> = shown.chain(over).collect();
    assert_eq!(shown, plan.assets.iter().map(|asset| &asset.id).collect());
    let played = plan.campaigns.iter().filter_map(|campaign| campaign.playlist.as_ref());
    let nested = entries.filter_map(|entry| entry.playlist.as_ref());
    let standing = plan.boards.iter().filter_map(|board| board.default_playlist.as_ref());
    let played: BTreeSet<_> = played.chain(nested).chain(standing).collect();
    assert_eq!(played, plan.playlists.iter().map(|playlist| &playlist.id).collect());
}

#[test]
fn the_plan_is_the_provinces_with_a_board_in_each_commune_and_every_theme_but_those_of_the_day() {
    let plan = plan();
    let communes = std::fs::read_to_string(folder().join("../data/communes_thai_nguyen.csv")).unwrap();
    let communes = communes.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let communes: BTreeSet<_> = communes
        .map(|fields| (fields[0].to_owned(), if fields[2] == "xa" { "Xã " } else { "Phường " }.to_owned() + fields[1]))
        .collect();
    let unit = |board: &Board| plan.units.iter().find(|unit| Some(&unit.id) == board.unit.as_ref()).unwrap().name.clone();
    assert_eq!(plan.boards.iter().map(|board| (board.commune.clone(), unit(board))).collect::<BTreeSet<_>>(), communes);
    assert_eq!((plan.units.len(), plan.boards.len()), (93, 92));
    let shapes: Vec<_> = plan.boards.iter().take(SHAPES.len()).map(|board| board.geometry.to_string()).collect();
    assert_eq!(shapes, SHAPES, "a wide, a tall and a large one come first: the demo drives them");
    let themes: BTreeSet<_> = plan.campaigns.iter().filter_map(|campaign| campaign.theme.as_ref()).collect();
    assert!(themes.len() >= 12, "{themes:?}");
    assert!(plan.campaigns.iter().all(|campaign| campaign.approved && campaign.theme.is_some()));
    let languages: BTreeSet<_> = plan.assets.iter().flat_map(Asset::languages).map(|language| language.to_string()).collect();
    assert_eq!(languages, ["en", "ko", "und", "vi", "zh"].map(str::to_owned).into());
    assert!(plan.campaigns.iter().any(|campaign| campaign.per_hour.is_some()));
    assert!(plan.campaigns.iter().any(|campaign| campaign.windows.iter().any(|window| window.lunar.is_some())));
    assert!(plan.playlists.iter().any(|playlist| playlist.entries.iter().any(|entry| entry.take.is_some())));
}

#[test]
fn campaigns_play_on_every_shape_at_every_hour_of_the_year() {
    let plan = plan();
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let (from, until) = (instant("2025-12-31T17:00:00Z"), instant("2026-12-31T17:00:00Z"));
    for board in plan.boards.iter().take(SHAPES.len()) {
        let schedule = Schedule::new(&plan.manifest(&board.id, &Drawn::default()).unwrap()).unwrap();
        let stretches = schedule.stretches(&plan.overrides(&board.id, &Drawn::default()).unwrap(), from, until);
        let empty =
            stretches.iter().find(|stretch| !matches!(&stretch.shows, Shows::Loop { weighted, .. } if !weighted.is_empty()));
        assert!(empty.is_none(), "{}: {empty:?}", board.id);
        let alone =
            stretches.iter().filter(|stretch| matches!(&stretch.shows, Shows::Loop { weighted, .. } if weighted.len() == 1));
        let alone = alone.fold(TimeDelta::zero(), |sum, stretch| sum + (stretch.until - stretch.since));
        assert!(alone < TimeDelta::hours(40), "{}: one campaign alone for {alone}", board.id);
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
fn every_word_of_the_drawings_stands_at_seven_to_one_against_what_lies_under_it() {
    let plan = plan();
    for (asset, file) in stills(&plan).filter(|(_, file)| file.starts_with(folder().join("slides"))) {
        let size: Geometry = if asset.id.as_str().ends_with("tall") { "256x1024" } else { "640x320" }.parse().unwrap();
        let slide = std::fs::read_to_string(&file).unwrap();
        let (words, rest): (Vec<&str>, Vec<&str>) = slide.lines().partition(|line| line.trim_start().starts_with("<text"));
        assert!(!words.is_empty(), "{}: one word a line", asset.id);
        let bare = rest.join("\n");
        let ground = pixels(bare.as_bytes(), Fit::Cover, Focus::MIDDLE, size).unwrap();
        for word in words {
            let fill = colour(word.split("fill=\"").nth(1).unwrap().split('"').next().unwrap());
            let with =
                pixels(bare.replace("</svg>", &format!("{word}</svg>")).as_bytes(), Fit::Cover, Focus::MIDDLE, size).unwrap();
            let under = ground.pixels().zip(with.pixels()).filter(|(under, over)| under != over);
            let least = under.map(|(under, _)| contrast(fill, under.0)).fold(f64::INFINITY, f64::min);
            assert!((7.0..22.0).contains(&least), "{}: {word} has {least:.2}", asset.id);
        }
    }
}
