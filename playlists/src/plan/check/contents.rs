//! Assets and playlists.

use std::collections::BTreeMap;
use std::time::Duration;

use super::owners::check_owner;
use super::{Faults, Names};
use crate::plan::document::{Asset, Entry, Plan, Playlist, Slide, Ticker};
use crate::plan::manifest::SAFE;
use crate::plan::values::Length;
use crate::playlist::{DEEPEST_PLANNED, LONGEST_ENTRY, SHORTEST_ENTRY};
use crate::trust::faults::MOST_UNFOLDED;

/// Most entries of one playlist.
const MOST_ENTRIES: usize = 500;
/// Fastest running text, in pixels a frame.
const FASTEST: u32 = 20;

pub(super) fn check_assets(plan: &Plan, names: &Names<'_>, faults: &mut Faults) {
    faults.doubles("assets", plan.assets.iter().map(|asset| asset.id.as_str()));
    for (number, asset) in plan.assets.iter().enumerate() {
        let path = format!("assets[{number}]");
        faults.name(&path, &asset.name);
        check_owner(plan, asset.unit.as_ref(), &path, names, faults);
        faults.period(&path, plan, asset.from, asset.until);
        check_content(asset, &path, faults);
    }
}

fn check_content(asset: &Asset, path: &str, faults: &mut Faults) {
    let kinds = [!asset.files.is_empty(), asset.slide.is_some(), asset.ticker.is_some()];
    if kinds.iter().filter(|is| **is).count() != 1 {
        faults.add(path, "an asset is one of files, slide and ticker; write exactly one of them");
    }
    if outside(asset.focus) {
        faults.add(format!("{path}.focus"), "both shares go from 0 to 1");
    }
    for (language, file) in &asset.files {
        check_file(&file.file, format!("{path}.files.{language}.file"), faults);
    }
    if let Some(length) = asset.length {
        if asset.files.is_empty() {
            faults.add(format!("{path}.length"), "only a clip has a length; leave it out");
        } else {
            check_length(length.0, format!("{path}.length"), faults);
        }
    }
    if let Some(slide) = &asset.slide {
        check_slide(slide, &format!("{path}.slide"), faults);
    }
    if let Some(ticker) = &asset.ticker {
        check_ticker(ticker, &format!("{path}.ticker"), faults);
    }
}

fn outside(focus: Option<[f32; 2]>) -> bool {
    focus.is_some_and(|shares| shares.iter().any(|share| !(0.0..=1.0).contains(share)))
}

/// A path within the plan's folder.
fn check_file(file: &str, path: String, faults: &mut Faults) {
    let climbs = file.split('/').any(|step| matches!(step, "" | "." | ".."));
    if climbs || file.contains(['\\', '\0', ':']) || file.len() > 255 {
        faults.add(path, format!("{file:?} does not lie in the plan's folder; write a path from there, such as media/tea.jpg"));
    }
}

fn check_slide(slide: &Slide, path: &str, faults: &mut Faults) {
    if slide.template.trim().is_empty() {
        faults.add(format!("{path}.template"), "no template is named; see bangtin slide list");
    }
    for (field, picture) in &slide.pictures {
        check_file(&picture.file, format!("{path}.pictures.{field}.file"), faults);
        if outside(picture.focus) {
            faults.add(format!("{path}.pictures.{field}.focus"), "both shares go from 0 to 1");
        }
    }
    for (field, level) in slide.levels.iter().filter(|(_, level)| !(1..=5).contains(*level)) {
        faults.add(format!("{path}.levels.{field}"), format!("{level} is outside 1 to 5"));
    }
}

fn check_ticker(ticker: &Ticker, path: &str, faults: &mut Faults) {
    if ticker.texts.is_empty() {
        faults.add(format!("{path}.texts"), "no text; write one by its language, such as vi: …");
    }
    for (language, _) in ticker.texts.iter().filter(|(_, text)| text.trim().is_empty()) {
        faults.add(format!("{path}.texts.{language}"), "the text is empty");
    }
    let colour = |text: &String| {
        let digits = text.strip_prefix('#').unwrap_or_default();
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    for (name, given) in [("ink", &ticker.ink), ("band", &ticker.band)] {
        if let Some(text) = given.as_ref().filter(|text| !colour(text)) {
            faults.add(format!("{path}.{name}"), format!("{text:?} is no colour; write one such as \"#ffffff\", in quotes"));
        }
    }
    if let Some(speed) = ticker.speed.filter(|speed| !(1..=FASTEST).contains(speed)) {
        faults.add(format!("{path}.speed"), format!("{speed} is outside 1 to {FASTEST} pixels a frame"));
    }
}

fn check_length(length: Duration, path: String, faults: &mut Faults) {
    if !(SHORTEST_ENTRY..=LONGEST_ENTRY).contains(&length) {
        faults.add(path, format!("{} is outside 1s to 1d", Length(length)));
    }
}

pub(super) fn check_playlists(plan: &Plan, names: &Names<'_>, faults: &mut Faults) {
    faults.doubles("playlists", plan.playlists.iter().map(|playlist| playlist.id.as_str()));
    for (number, playlist) in plan.playlists.iter().enumerate() {
        let path = format!("playlists[{number}]");
        faults.name(&path, &playlist.name);
        if playlist.id.as_str() == SAFE {
            faults.add(
                format!("{path}.id"),
                format!("{SAFE} is what plays where a board has no default playlist; give it another id"),
            );
        }
        check_owner(plan, playlist.unit.as_ref(), &path, names, faults);
        if playlist.entries.is_empty() || playlist.entries.len() > MOST_ENTRIES {
            faults.add(
                format!("{path}.entries"),
                format!("a playlist has 1 to {MOST_ENTRIES} entries, not {}", playlist.entries.len()),
            );
        }
        for (number, entry) in playlist.entries.iter().enumerate() {
            check_entry(plan, entry, &format!("{path}.entries[{number}]"), names, faults);
        }
    }
    check_nesting(plan, names, faults);
}

fn check_entry(plan: &Plan, entry: &Entry, path: &str, names: &Names<'_>, faults: &mut Faults) {
    faults.period(path, plan, entry.from, entry.until);
    match (&entry.asset, &entry.playlist) {
        (Some(asset), None) => {
            faults.known(format!("{path}.asset"), "asset", asset.as_str(), &names.asset_ids());
            if entry.take.is_some() {
                faults.add(format!("{path}.take"), "only a playlist within this one has it; leave it out");
            }
            let Some(asset) = names.assets.get(asset.as_str()) else { return };
            if asset.ticker.is_some() {
                faults.add(
                    format!("{path}.asset"),
                    format!("{} is a running text; a campaign lets it run, with ticker: {}", asset.id, asset.id),
                );
            }
            match (entry.duration, asset.length) {
                (Some(duration), None) => check_length(duration.0, format!("{path}.duration"), faults),
                (Some(duration), Some(length)) if duration != length => {
                    faults.add(format!("{path}.duration"), format!("the clip plays {length}; leave the duration out"));
                }
                (None, None) => faults.add(path, "duration is missing; say how long it is on the screen, such as 8s"),
                (None | Some(_), Some(_)) => {}
            }
        }
        (None, Some(playlist)) => {
            faults.known(format!("{path}.playlist"), "playlist", playlist.as_str(), &names.playlist_ids());
            if entry.duration.is_some() {
                faults.add(format!("{path}.duration"), "a playlist's entries have their own; leave it out");
            }
            if entry.take == Some(0) {
                faults.add(format!("{path}.take"), "1 at least; leave it out for all entries");
            }
        }
        (None, None) => faults.add(path, "an entry shows an asset or a playlist; name one"),
        (Some(_), Some(_)) => faults.add(path, "an entry shows either an asset or a playlist; make two entries of it"),
    }
}

/// Playlists that lie in a circle, too deep, or come to too much.
fn check_nesting(plan: &Plan, names: &Names<'_>, faults: &mut Faults) {
    let mut measured = BTreeMap::new();
    for (number, playlist) in plan.playlists.iter().enumerate() {
        let mut way = Vec::new();
        if let Err(fault) = measure(playlist, names, &mut way, &mut measured) {
            faults.add(format!("playlists[{number}]"), fault);
            return; // those that hold this one would only say it again
        }
    }
}

/// Levels below a playlist, and entries in it and below it.
fn measure<'a>(
    playlist: &'a Playlist,
    names: &Names<'a>,
    way: &mut Vec<&'a str>,
    measured: &mut BTreeMap<&'a str, (usize, usize)>,
) -> Result<(usize, usize), String> {
    let id = playlist.id.as_str();
    let lies_in = |way: &[&str]| way.iter().chain([&id]).copied().collect::<Vec<_>>().join(" > ");
    if way.contains(&id) {
        return Err(format!("playlists lie in a circle: {}; take one out of the other", lies_in(way)));
    }
    if let Some(size) = measured.get(id) {
        return Ok(*size);
    }
    way.push(id);
    let (mut levels, mut entries) = (0, 0);
    for entry in &playlist.entries {
        entries += 1;
        if let Some(inner) = entry.playlist.as_ref().and_then(|id| names.playlists.get(id.as_str())) {
            let size = measure(inner, names, way, measured)?;
            levels = levels.max(size.0 + 1);
            entries += size.1;
        }
    }
    way.pop();
    if levels > DEEPEST_PLANNED {
        return Err(format!("playlists lie {levels} deep within it; at most {DEEPEST_PLANNED}"));
    }
    if entries > MOST_UNFOLDED {
        return Err(format!("it comes to {entries} entries with those within it; at most {MOST_UNFOLDED}"));
    }
    measured.insert(id, (levels, entries));
    Ok((levels, entries))
}
