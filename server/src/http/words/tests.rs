//! The catalogues hold together: the same keys in both, none missing, none unused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Language, Tr};

fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) && !path.ends_with("words/tests.rs") {
                found.push(path);
            }
        }
    }
    found
}

fn keys(language: Language) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for path in files(&format!("locales/{}", language.as_str()), &[".ftl"]) {
        for line in fs::read_to_string(&path).expect("a catalogue can be read").lines() {
            let Some((key, _)) = line.split_once(" =") else { continue };
            if key.starts_with(|c: char| c.is_ascii_lowercase()) {
                assert!(keys.insert(key.to_owned()), "{key} is there twice");
            }
        }
    }
    keys
}

fn texts() -> String {
    let paths = files("templates", &[".html"]).into_iter().chain(files("src", &[".rs"]));
    paths.map(|path| fs::read_to_string(path).expect("a source file can be read")).collect()
}

/// Whatever stands between `start` and the next quotation mark.
fn quoted_after<'a>(text: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn both_catalogues_have_the_same_keys() {
    assert_eq!(keys(Language::Vietnamese), keys(Language::English));
}

#[test]
fn every_key_that_a_page_uses_is_in_the_catalogue() {
    let (keys, texts) = (keys(Language::Vietnamese), texts());
    let starts = ["t.s(\"", "t.n(\"", "t.a(\"", "t.of(\"", "t.args(\""];
    let missing: BTreeSet<_> =
        starts.iter().flat_map(|start| quoted_after(&texts, start)).filter(|key| !keys.contains(*key)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn every_error_that_a_use_case_gives_is_in_the_catalogue() {
    let (keys, texts) = (keys(Language::Vietnamese), texts());
    let missing: BTreeSet<_> = quoted_after(&texts, "\"error-").filter(|rest| !keys.contains(&format!("error-{rest}"))).collect();
    assert!(missing.is_empty(), "missing after error-: {missing:?}");
}

#[test]
fn no_key_is_unused() {
    let texts = texts();
    let composed = ["event-", "clock-", "fault-", "theme-"]; // named by codes that boards send, and by themes
    let unused: Vec<_> = keys(Language::Vietnamese)
        .into_iter()
        .filter(|key| !texts.contains(&format!("\"{key}\"")) && !composed.iter().any(|start| key.starts_with(start)))
        .collect();
    assert!(unused.is_empty(), "unused: {unused:?}");
}

#[test]
fn every_theme_has_a_name_and_no_other_name_is_there() {
    let named: BTreeSet<_> = keys(Language::Vietnamese).into_iter().filter(|key| key.starts_with("theme-")).collect();
    let known: BTreeSet<_> = playlists::theme::THEMES.iter().map(|id| format!("theme-{id}")).collect();
    assert_eq!(named, known);
}

#[test]
fn a_count_takes_the_plural_of_its_language() {
    let (vietnamese, english) = (Tr::new(Language::Vietnamese), Tr::new(Language::English));
    assert_eq!(vietnamese.n("boards-count", 1), "1 bảng tin");
    assert_eq!(english.n("boards-count", 1), "1 board");
    assert_eq!(english.n("boards-count", 92), "92 boards");
}
