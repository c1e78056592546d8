//! The picture of an overlay: in which language a board shows it.

use std::collections::BTreeMap;

use super::items::{Items, Use, is_never};
use super::strips::languages_in_order;
use crate::asset::Language;
use crate::campaign::Period;
use crate::id::Digest;

/// A logo or seal, by the renditions that there are of it at the board's pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// Bytes' SHA-256 and how many they are, for each language.
    pub pictures: BTreeMap<Language, (Digest, u64)>,
    /// When it may be shown at all.
    pub period: Period,
}

impl Made {
    /// The rendition that a board with this language mix shows: chosen as running text is. None where there is none.
    pub(super) fn chosen(self, mix: &BTreeMap<Language, u32>, items: &mut Items) -> Option<Digest> {
        if is_never(self.period) {
            return None;
        }
        let language = languages_in_order(self.pictures.keys(), mix).into_iter().next()?;
        let picture = *self.pictures.get(&language)?;
        items.add(picture, None, Use::EVERGREEN.within(self.period));
        Some(picture.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_shown_in_the_language_of_most_weight_while_it_may_be() {
        let made = |period| Made {
            pictures: ["und", "vi", "en"]
                .map(|tag| (tag.parse().expect("a language"), (Digest::of(tag.as_bytes()), 1)))
                .into_iter()
                .collect(),
            period,
        };
        let mix = |tags: &[&str]| tags.iter().map(|tag| (tag.parse().expect("a language"), 3)).collect::<BTreeMap<_, _>>();
        let chosen = |made: Made, tags: &[&str]| made.chosen(&mix(tags), &mut Items::default());
        let always = Period::default();
        assert_eq!(chosen(made(always), &[]), Some(Digest::of(b"und")));
        assert_eq!(chosen(made(always), &["en"]), Some(Digest::of(b"en")));
        assert_eq!(chosen(Made::default(), &[]), None);
        let instant = chrono::DateTime::UNIX_EPOCH;
        assert_eq!(chosen(made(Period { from: Some(instant), until: Some(instant) }), &[]), None);
    }

    #[test]
    fn the_item_of_a_logo_stays_when_the_board_is_stale_and_has_the_asset_s_time() {
        let until = chrono::DateTime::from_timestamp(1_800_000_000, 0);
        let period = Period { from: None, until };
        let pictures = BTreeMap::from([(Language::undetermined(), (Digest::of(b"logo"), 7))]);
        let mut items = Items::default();
        Made { pictures, period }.chosen(&BTreeMap::new(), &mut items).expect("chosen");
        let items = items.list();
        assert_eq!((items[0].size, items[0].evergreen, items[0].until), (7, true, until));
    }
}
