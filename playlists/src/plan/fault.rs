//! What is wrong in a plan: where, what, and what to do.

use std::fmt;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

impl Place {
    /// The beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One thing that is wrong in a plan. Shown as `12:5: campaigns[3].weight: …`: put the file's name and a colon before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{place}: {path}{separator}{what}", separator = if path.is_empty() { "" } else { ": " })]
pub struct Fault {
    /// Where in the text.
    pub place: Place,
    /// Where in the document, such as `campaigns[3].weight`, counted from 0; empty for the document as a whole.
    pub path: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// The word of a list that a wrong one was probably meant to be: at most a third of its letters differ.
pub(super) fn nearest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (wrong.chars().count() / 3).max(1);
    let near = words.into_iter().map(|word| (distance(wrong, word), word));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, word)| word)
}

/// How many letters are to be put in, taken out, changed or swapped with their neighbour (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, its) in other.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&above, j) + usize::from(letter != its);
            let mut least = changed.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && other.get(j - 1) == Some(letter) && one.get(i - 1) == Some(its);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

/// ` (did you mean …?)`, or a list of what there is.
pub(super) fn hint<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str> + Clone) -> String {
    /// Longer lists are of no use on one line.
    const MOST: usize = 24;
    if let Some(word) = nearest(wrong, words.clone()) {
        return format!("; did you mean {word}?");
    }
    let all: Vec<&str> = words.into_iter().take(MOST + 1).collect();
    if all.is_empty() || all.len() > MOST { String::new() } else { format!("; there is {}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_slip_is_recognised_and_another_is_not() {
        let words = ["campaigns", "playlists", "weight", "level"];
        assert_eq!(nearest("campagins", words), Some("campaigns"));
        assert_eq!(nearest("wieght", words), Some("weight"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abcd", "acbd"), 1);
        assert!(hint("colour", words).contains("campaigns, playlists"), "what there is");
    }
}
