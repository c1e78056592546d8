//! The promise that the house stands as its plan says: who may name what, how long a file is, what lies at the top.

mod names;
mod source;

use std::collections::BTreeSet;

use names::RULES;
use source::{Source, root, sources};

/// Longest file, in lines before its tests.
const MOST_LINES: usize = 500;

/// Files that may use `unsafe`. None does.
const MAY_BE_UNSAFE: [&str; 0] = [];

/// How the keyword stands in code; in a message it is only a word.
const UNSAFE: [&str; 5] = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait"];

/// What lies at the top, besides dot-files and what git ignores.
const TOP: [&str; 11] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "deploy",
    "player",
    "playlists",
    "server",
    "tests",
];

#[test]
fn every_module_names_only_what_lies_beneath_it() {
    let sources = sources();
    let mut faults = Vec::new();
    for rule in RULES {
        let within: Vec<_> =
            sources.iter().filter(|source| rule.applies_to(&source.path) && !source.is_beside_what_it_tests()).collect();
        for source in within {
            let found = source.code_lines().find(|(_, line)| rule.forbidden.iter().any(|name| source::names(line, name)));
            if let Some((number, line)) = found {
                faults.push(format!("{}:{number}: {}\n    ({})", source.path, line.trim(), rule.reason));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let long = offenders(|source| (source.lines_before_tests() > MOST_LINES).then(|| source.lines_before_tests().to_string()));
    assert!(long.is_empty(), "split these: {long:#?}");
}

#[test]
fn every_file_says_its_job_in_its_first_line() {
    let silent = offenders(|source| (!source.text.starts_with("//! ") && !source.is_beside_what_it_tests()).then(String::new));
    assert!(silent.is_empty(), "the first line must be a `//!` comment: {silent:#?}");
}

#[test]
fn no_code_is_unsafe() {
    let unsafe_files = offenders(|source| {
        let may = MAY_BE_UNSAFE.contains(&source.path.as_str()) || spells_them(source);
        (!may)
            .then(|| source.code_lines().find(|(_, line)| UNSAFE.iter().any(|form| source::names(line, form))))
            .flatten()
            .map(|(n, _)| n.to_string())
    });
    assert!(unsafe_files.is_empty(), "{unsafe_files:#?}");
}

#[test]
fn only_the_tests_have_failpoints_and_no_release_build_can() {
    let manifest = |of: &str| std::fs::read_to_string(root().join(of)).expect("the workspace is there");
    let table = |of: &str| manifest(of).parse::<toml::Table>().expect("a manifest is TOML");
    let features = table("server/Cargo.toml").remove("features").expect("the server has features");
    assert!(!features.to_string().contains("default"), "by default the server has none: {features}");
    for other in ["Cargo.toml", "player/Cargo.toml", "playlists/Cargo.toml"] {
        assert!(!manifest(other).contains("failpoints"), "{other} asks for failpoints");
    }
    let makefile = manifest("Makefile");
    let builds: Vec<_> = makefile.lines().filter(|line| line.contains("build") && line.contains("$(CARGO)")).collect();
    let of_users = |line: &&&str| line.contains("-p bangtin ") && !line.contains("tests");
    assert!(builds.iter().filter(of_users).count() >= 2, "demo and release name their packages: {builds:#?}");
    assert!(builds.iter().all(|line| !line.contains("--release") || !line.contains("--workspace")), "{builds:#?}");
    // Where the code is named at all, debug assertions are asked for in the same breath.
    let both = "#[cfg(all(feature = \"failpoints\", debug_assertions))]";
    let careless = offenders(|source| {
        let line = source.code_lines().find(|(_, line)| line.contains("feature = \"failpoints\"") && line.trim() != both);
        line.filter(|_| !spells_them(source)).map(|(number, _)| number.to_string())
    });
    assert!(careless.is_empty(), "say {both}: {careless:#?}");
}

#[test]
fn nothing_is_left_to_be_done() {
    let unfinished = ["todo!", "unimplemented!", "dbg!", "TODO", "FIXME", "XXX"];
    let left = offenders(|source| {
        let line = source.text.lines().position(|line| unfinished.iter().any(|word| source::names(line, word)));
        line.filter(|_| !spells_them(source)).map(|line| (line + 1).to_string())
    });
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn no_test_sleeps() {
    let sleepers = offenders(|source| {
        // A benchmark watches for a given time: that is its job.
        let measures = source.path.contains("/benches/");
        let waits_itself = source.path == "tests/src/eventually.rs" || measures || spells_them(source);
        let line = source.test_lines().find(|(_, line)| line.contains("sleep("));
        line.filter(|_| !waits_itself).map(|(number, _)| number.to_string())
    });
    assert!(sleepers.is_empty(), "wait on a condition with `eventually`: {sleepers:#?}");
}

#[test]
fn the_top_holds_what_the_map_shows() {
    let ignored = ["target", "demo-data"];
    let found: BTreeSet<_> = std::fs::read_dir(root())
        .expect("the workspace is there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !ignored.contains(&name.as_str()))
        .collect();
    let expected: BTreeSet<_> = TOP.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, expected);
}

/// Files for which `fault` finds something, as `path: what`.
fn offenders(fault: impl Fn(&Source) -> Option<String>) -> Vec<String> {
    sources().iter().filter_map(|source| fault(source).map(|what| format!("{}: {what}", source.path))).collect()
}

/// These tests have to spell the words they forbid.
fn spells_them(source: &Source) -> bool {
    source.path.starts_with("tests/tests/architecture/")
}
