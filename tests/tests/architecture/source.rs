//! The workspace's Rust files as text, comments and tests told apart.

use std::path::{Path, PathBuf};

/// One file.
pub(super) struct Source {
    /// From the workspace's root.
    pub(super) path: String,
    /// All of it.
    pub(super) text: String,
}

/// The workspace's root.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// Every Rust file of the workspace's crates, in the order of their paths.
pub(super) fn sources() -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    for member in ["playlists", "server", "player", "tests"] {
        collect(&root.join(member), &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 20, "the workspace's files were not found");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let path = path.strip_prefix(&root).expect("found below it").to_string_lossy().into_owned();
        Source { path, text }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    /// Lines with their numbers, without comments, before the tests.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.lines_before_tests();
        (1..).zip(self.text.lines()).take(end).map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }

    /// Lines of tests, with their numbers, without comments.
    pub(super) fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let start = if self.is_only_tests() { 0 } else { self.lines_before_tests() };
        (1..).zip(self.text.lines()).skip(start).map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }

    /// How many lines come before the module of tests.
    pub(super) fn lines_before_tests(&self) -> usize {
        let lines: Vec<_> = self.text.lines().collect();
        let begin =
            lines.windows(2).position(|pair| pair.first() == Some(&"#[cfg(test)]") && pair.iter().any(|l| l.starts_with("mod ")));
        begin.unwrap_or(lines.len())
    }

    /// Whether all of it is tests: they may name whatever they try.
    pub(super) fn is_only_tests(&self) -> bool {
        self.path.starts_with("tests/") || self.is_beside_what_it_tests()
    }

    /// Whether it holds the tests of the file or folder beside it, whose first line says the job.
    pub(super) fn is_beside_what_it_tests(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }
}

/// Whether a path or word of Rust stands in this line, as a whole: `crate::app` is not named by `crate::apples`.
pub(super) fn names(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + name.len()..).and_then(|text| text.chars().next());
        let ends_in_word = name.ends_with(is_word);
        !(before.is_some_and(is_word) || ends_in_word && after.is_some_and(is_word))
    })
}

#[test]
fn a_name_counts_only_as_a_whole() {
    assert!(names("use sqlx::Row;", "sqlx"));
    assert!(!names("let sqlxish = 1;", "sqlx"));
    assert!(!names("deny(unsafe_code)", "unsafe"));
    assert!(names("use crate::app;", "crate::app"));
    assert!(!names("use crate::apples;", "crate::app"));
}
