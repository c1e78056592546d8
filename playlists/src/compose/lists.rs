//! A manifest's playlists: from lines to entries that name items, each with the time in which it may be shown.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::contents::{Contents, Line, Listed, Picture, Shows};
use super::items::{Items, Use, cut, is_never};
use crate::asset::Language;
use crate::campaign::Period;
use crate::id::{AssetId, Digest, PlaylistId};
use crate::local::instant_of;
use crate::playlist::{Content, DEEPEST_NESTING, Entry, Playlist};
use crate::trust::manifest::Item;

/// Hexadecimal digits by which the playlist of a slide's days is named.
const DAYS_DIGITS: usize = 32;

/// A manifest's playlists, as they are put together.
pub(super) struct Lists<'a, C> {
    contents: &'a C,
    time_zone: Tz,
    mix: &'a BTreeMap<Language, u32>,
    made: BTreeMap<PlaylistId, Playlist>,
    /// What they show.
    pub(super) items: Items,
}

impl<'a, C: Contents> Lists<'a, C> {
    /// None yet.
    pub(super) fn new(contents: &'a C, time_zone: Tz, mix: &'a BTreeMap<Language, u32>) -> Self {
        Self { contents, time_zone, mix, made: BTreeMap::new(), items: Items::default() }
    }

    /// Adds one as it is.
    pub(super) fn put(&mut self, playlist: Playlist) {
        self.made.insert(playlist.id.clone(), playlist);
    }

    /// Adds a playlist, those within it, and what they show; its id, or none where it has nothing to show.
    pub(super) fn add(&mut self, list: &Listed, shown: Use) -> Option<PlaylistId> {
        self.add_at(list, shown, 0)
    }

    /// All of them, and all that they show.
    pub(super) fn finish(self) -> (Vec<Item>, Vec<Playlist>) {
        (self.items.list(), self.made.into_values().collect())
    }

    fn add_at(&mut self, list: &Listed, shown: Use, depth: usize) -> Option<PlaylistId> {
        if depth > DEEPEST_NESTING {
            return None;
        }
        let lines = self.contents.lines(list)?;
        let entries: Vec<Entry> = lines.into_iter().filter_map(|line| self.entry(line, shown, depth)).collect();
        if entries.is_empty() {
            return None;
        }
        let id = list.carried();
        let of = list.version.map(|_| list.id.clone());
        self.put(Playlist { id: id.clone(), of, entries });
        Some(id)
    }

    /// An entry that is not valid any more stays: how many there are says with which one a day begins. One that never is, is left out.
    fn entry(&mut self, line: Line, shown: Use, depth: usize) -> Option<Entry> {
        let own = line.period;
        let (valid, content) = match line.shows {
            Shows::Asset { asset, duration, period, pictures } => {
                let valid = cut(own, period);
                if is_never(valid) {
                    return None;
                }
                (valid, self.asset(&asset, duration, &pictures, shown.within(valid))?)
            }
            Shows::Playlist { list, take } => {
                if is_never(own) {
                    return None;
                }
                let playlist = self.add_at(&list, shown.within(own), depth + 1)?;
                (own, Content::Playlist { playlist, take })
            }
        };
        Some(Entry { content, from: valid.from, until: valid.until })
    }

    /// What shows an asset: its pictures by language, or where it changes with the day a playlist of its days.
    fn asset(&mut self, asset: &AssetId, duration: Duration, pictures: &[Picture], shown: Use) -> Option<Content> {
        let mut always: BTreeMap<Language, Digest> = BTreeMap::new();
        let mut by_day: BTreeMap<NaiveDate, BTreeMap<Language, Digest>> = BTreeMap::new();
        for picture in shown_of(pictures, self.mix, |picture| &picture.language) {
            let shown = picture.day.map_or(shown, |day| shown.within(self.whole_day(day)));
            self.items.add((picture.sha256, picture.size), picture.clip, shown);
            let versions = picture.day.map_or(&mut always, |day| by_day.entry(day).or_default());
            versions.insert(picture.language.clone(), picture.sha256);
        }
        if by_day.is_empty() {
            return (!always.is_empty()).then(|| Content::Asset { asset: asset.clone(), versions: always, duration });
        }
        let id = days_id(asset, duration, pictures);
        let mut entries = Vec::with_capacity(by_day.len());
        for (day, mut versions) in by_day {
            versions.extend(always.clone());
            let Period { from, until } = self.whole_day(day);
            entries.push(Entry { content: Content::Asset { asset: asset.clone(), versions, duration }, from, until });
        }
        self.put(Playlist::new(id.clone(), entries));
        // One slot, as an asset gets: only one of the entries is valid at a time.
        Some(Content::Playlist { playlist: id, take: Some(1) })
    }

    /// From midnight to midnight on the board's wall clock.
    fn whole_day(&self, day: NaiveDate) -> Period {
        let start = |day: NaiveDate| instant_of(day.and_time(NaiveTime::MIN), self.time_zone);
        Period { from: Some(start(day)), until: day.succ_opt().map(start) }
    }
}

/// What a board with this language mix shows of the language versions of an asset: those in its languages and those without words, and
/// any where it has no mix. Where it shows none of them, all: the entry is never valid, but stays, since how many entries there are says
/// with which one a day begins.
pub fn shown_of<'p, T>(
    versions: impl IntoIterator<Item = &'p T, IntoIter: Clone>,
    mix: &BTreeMap<Language, u32>,
    language: impl Fn(&T) -> &Language,
) -> Vec<&'p T> {
    let versions = versions.into_iter();
    let is_shown = |version: &&T| mix.is_empty() || language(version).is_undetermined() || mix.contains_key(language(version));
    let shown: Vec<&T> = versions.clone().filter(is_shown).collect();
    if shown.is_empty() { versions.collect() } else { shown }
}

/// The id of the playlist of an asset's days: the same for the same versions at the same length, and no other's.
fn days_id(asset: &AssetId, duration: Duration, pictures: &[Picture]) -> PlaylistId {
    use std::fmt::Write as _;
    let versions: BTreeMap<_, _> = pictures.iter().map(|picture| (&picture.language, picture.version)).collect();
    let mut text = format!("days|{asset}|{}", duration.as_millis());
    for (language, version) in versions {
        let _ = write!(text, "|{language}:{}", version.unwrap_or_default());
    }
    let digits: String = Digest::of(text.as_bytes()).to_string().chars().take(DAYS_DIGITS).collect();
    format!("days-{digits}").parse().expect("hexadecimal digits are letters of an id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_gets_the_languages_that_it_shows_and_all_where_it_shows_none() {
        let tags = |of: &[&str]| of.iter().map(|tag| tag.parse::<Language>().expect("a language")).collect::<Vec<_>>();
        for (has, mix, expected) in [
            (&["en", "vi", "zh"][..], &[][..], &["en", "vi", "zh"][..]),
            (&["en", "vi", "zh"], &["vi"], &["vi"]),
            (&["en", "und", "zh"], &["vi"], &["und"]),
            (&["en", "und", "zh"], &["en", "vi"], &["en", "und"]),
            (&["en", "zh"], &["vi"], &["en", "zh"]),
        ] {
            let mix = tags(mix).into_iter().map(|language| (language, 3)).collect();
            let (has, expected) = (tags(has), tags(expected));
            let shown: Vec<Language> = shown_of(&has, &mix, |language| language).into_iter().cloned().collect();
            assert_eq!(shown, expected, "{has:?} where {mix:?} are shown");
        }
    }
}
