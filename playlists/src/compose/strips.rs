//! Running text: which of its strips a board runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::items::{Items, Use, cut, is_never};
use crate::asset::Language;
use crate::campaign::{Period, Ticker};
use crate::geometry::Geometry;
use crate::id::Digest;

/// A text that is to run, by the strips that there are of it at the board's pixels.
#[derive(Debug, Clone)]
pub struct Text {
    /// One for each language.
    pub strips: Vec<Strip>,
    /// When it may run at all.
    pub period: Period,
}

/// A text in one language as one strip.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Its language.
    pub language: Language,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
    /// Its width in pixels.
    pub width: u32,
    /// Pixels a second.
    pub speed: u32,
}

impl Text {
    /// The strip that a board with this language mix runs, with the part of a time in which it may; none where there is none.
    pub(super) fn run(
        &self,
        mix: &BTreeMap<Language, u32>,
        geometry: Geometry,
        during: Period,
        items: &mut Items,
    ) -> Option<(Ticker, Period)> {
        let period = cut(during, self.period);
        if is_never(period) {
            return None;
        }
        let first = languages_in_order(self.strips.iter().map(|strip| &strip.language), mix).into_iter().next()?;
        let strip = self.strips.iter().find(|strip| strip.language == first)?;
        items.add((strip.sha256, strip.size), None, Use::until(period.until));
        // A crossing takes a second at least: a short strip on a small board runs slower than its text says.
        let speed = strip.speed.min(strip.width.saturating_add(geometry.width()));
        Some((Ticker { item: strip.sha256, width: strip.width, speed }, period))
    }
}

/// The languages of a running text that a board with this mix runs, the first that can be made alone: that with the highest weight. Of
/// equal weights, and where the board has no mix, text without a language goes first, then Vietnamese, then the tag that sorts first.
/// A language that the mix leaves out is not run.
#[must_use]
pub fn languages_in_order<'a>(languages: impl IntoIterator<Item = &'a Language>, mix: &BTreeMap<Language, u32>) -> Vec<Language> {
    let weight =
        |language: &Language| mix.get(language).copied().or_else(|| (mix.is_empty() || language.is_undetermined()).then_some(1));
    let order = |language: &Language| match language.as_str() {
        "und" => 0,
        "vi" => 1,
        _ => 2,
    };
    let placed = |language: &Language| Some((Reverse(weight(language)?), order(language), language.clone()));
    let mut found: Vec<_> = languages.into_iter().filter_map(placed).collect();
    found.sort();
    found.into_iter().map(|(.., language)| language).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().expect("a language")
    }

    #[test]
    fn the_language_of_most_weight_that_the_text_has_runs() {
        let chosen = |has: &[&str], mix: &[(&str, u32)]| {
            let has: Vec<_> = has.iter().map(|tag| language(tag)).collect();
            let mix: BTreeMap<_, _> = mix.iter().map(|(tag, weight)| (language(tag), *weight)).collect();
            languages_in_order(&has, &mix).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&["en", "vi", "zh"], &[]), ["vi", "en", "zh"]);
        assert_eq!(chosen(&["en", "vi", "zh"], &[("vi", 1), ("en", 3)]), ["en", "vi"]);
        assert_eq!(chosen(&["en", "zh"], &[("vi", 3), ("zh", 1), ("en", 1)]), ["en", "zh"]);
        assert_eq!(chosen(&["en", "und"], &[("vi", 3)]), ["und"]);
        assert_eq!(chosen(&["ko"], &[("vi", 3)]), Vec::<String>::new());
    }

    #[test]
    fn a_crossing_takes_a_second_at_least() {
        let geometry = Geometry::new(64, 32).expect("a geometry");
        let run = |width, speed| {
            let strip = Strip { language: language("vi"), sha256: Digest::of(b"strip"), size: 1, width, speed };
            let text = Text { strips: vec![strip], period: Period::default() };
            text.run(&BTreeMap::new(), geometry, Period::default(), &mut Items::default()).expect("it runs").0
        };
        assert_eq!(run(36, 1000).crossing_ms(64), 1000);
        assert_eq!(run(3600, 100).speed, 100);
    }
}
