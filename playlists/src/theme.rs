//! Themes: what a campaign is about, of one fixed list. A stand-down holds some of them back.

use crate::id::ThemeId;

/// The themes of the province's plan for information abroad, in the order in which it names them; the words for people are the
/// programs' that show them.
pub const THEMES: [&str; 19] = [
    "party-law",
    "achievements",
    "external-activity",
    "land-and-people",
    "investment",
    "trade",
    "tourism",
    "heritage",
    "products",
    "national-days",
    "borders",
    "sea-and-islands",
    "border-crime",
    "human-rights",
    "ethnic-religious",
    "rebuttal",
    "treaties",
    "reading",
    "world",
];

/// The theme of this id; none outside [`THEMES`].
///
/// ```
/// assert!(playlists::theme::known("tourism").is_some());
/// assert!(playlists::theme::known("weather").is_none());
/// ```
#[must_use]
pub fn known(id: &str) -> Option<ThemeId> {
    THEMES.contains(&id).then(|| id.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_theme_is_an_id_of_its_own() {
        let ids: BTreeSet<_> = THEMES.iter().filter_map(|id| known(id)).collect();
        assert_eq!(ids.len(), THEMES.len());
    }
}
