//! What slides and tickers are kept as: a JSON document for each language, named by the digest of its bytes like any original.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use playlists::campaign::FASTEST_STRIP;
use playlists::geometry::Geometry;
use playlists::id::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::colour::Colour;
use super::content::{Content, ContentError, read_json};
use super::date::MOST_DAYS;
use super::language::Language;
use super::library::Loaded;
use super::template::{Block, Say, Template};
use super::ticker::{LEAST_HEIGHT, MOST_HEIGHT};

/// Media type of a slide's document.
pub const SLIDE_TYPE: &str = "application/vnd.bangtin.slide+json";
/// Media type of a ticker's document.
pub const TICKER_TYPE: &str = "application/vnd.bangtin.ticker+json";
/// Frames a second by which a ticker's speed counts: as many as players draw at most, so that it moves by whole pixels in each.
pub const TICKER_FRAMES: u32 = 50;
/// Most pixels that a ticker moves in a frame.
pub const MOST_PIXELS_A_FRAME: u32 = 20;
/// Longest running text, in characters.
pub const MOST_TICKER_CHARACTERS: usize = 2_000;
/// A ticker's band is this part of a board's height, and at least [`LEAST_HEIGHT`] pixels.
const BAND: u32 = 5;
/// Longest document, in bytes: ten times what its longest texts come to.
pub const MOST_DOCUMENT_BYTES: usize = 256 << 10;

const _: () = assert!(MOST_PIXELS_A_FRAME * TICKER_FRAMES <= FASTEST_STRIP);

/// A slide: a template and what it is filled with. Its pictures are named by their digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlideDocument {
    /// The template's name.
    pub template: String,
    /// What it is filled with; the `file` of a picture is its SHA-256.
    pub content: Content,
}

/// Running text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TickerDocument {
    /// What runs; line breaks become spaces.
    pub text: String,
    /// Colour of its letters.
    pub ink: Colour,
    /// Colour of what lies behind them; nothing does, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Colour>,
    /// How far it moves with each of [`TICKER_FRAMES`] frames a second, in pixels: 1 to [`MOST_PIXELS_A_FRAME`].
    pub pixels_a_frame: u32,
}

/// Why a document is none.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Too long.
    #[error("the document has {0} bytes; at most {MOST_DOCUMENT_BYTES} are taken")]
    Large(usize),
    /// Not text.
    #[error("the document is no text in UTF-8")]
    Text,
    /// It has another form.
    #[error("line {line}, column {column}, at {path}: {reason}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// What the template is filled with is wrong.
    #[error("what the template is filled with is wrong")]
    Content(#[source] ContentError),
    /// A picture is not named by a digest.
    #[error("the picture {0} is not named by its SHA-256")]
    Picture(String),
    /// The running text is empty or too long.
    #[error("the running text has {0} characters; 1 to {MOST_TICKER_CHARACTERS} are taken")]
    Length(usize),
    /// The running text is too fast, or stands still.
    #[error("the running text moves {0} pixels a frame; 1 to {MOST_PIXELS_A_FRAME} are taken")]
    Speed(u32),
}

fn read<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, DocumentError> {
    if bytes.len() > MOST_DOCUMENT_BYTES {
        return Err(DocumentError::Large(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| DocumentError::Text)?;
    read_json(text).map_err(|(line, column, path, reason)| DocumentError::Form { line, column, path, reason })
}

fn write(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("texts, numbers and maps with text keys are always JSON")
}

impl SlideDocument {
    /// Reads one, its texts in NFC.
    ///
    /// # Errors
    /// When it has another form, or something in it is too long or out of range.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        read::<Self>(bytes)?.checked()
    }

    /// The same, checked and in NFC.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn checked(self) -> Result<Self, DocumentError> {
        let content = self.content.checked().map_err(DocumentError::Content)?;
        let document = Self { template: self.template, content };
        document.pictures()?;
        Ok(document)
    }

    /// Its bytes: the same for the same document.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        write(self)
    }

    /// Its pictures by field, named by their digests.
    ///
    /// # Errors
    /// When one is named otherwise.
    pub fn pictures(&self) -> Result<BTreeMap<String, Digest>, DocumentError> {
        let named = |(field, picture): (&String, &super::content::PictureFile)| {
            let digest = picture.file.parse().map_err(|_| DocumentError::Picture(field.clone()))?;
            Ok((field.clone(), digest))
        };
        self.content.pictures.iter().map(named).collect()
    }

    /// The document of each of its languages: its texts alone, and what is the same in all. Without texts there is one, which has no
    /// language.
    #[must_use]
    pub fn by_language(&self) -> Vec<(Option<Language>, Self)> {
        if self.content.texts.is_empty() {
            return vec![(None, self.clone())];
        }
        let one = |(language, texts): (&Language, &BTreeMap<String, String>)| {
            let texts = BTreeMap::from([(*language, texts.clone())]);
            let content = Content { texts, ..self.content.clone() };
            (Some(*language), Self { template: self.template.clone(), content })
        };
        self.content.texts.iter().map(one).collect()
    }

    /// One document of those of its languages; the first says what is the same in all. None of none.
    #[must_use]
    pub fn together(documents: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut documents = documents.into_iter();
        let mut whole = documents.next()?;
        for other in documents {
            whole.content.texts.extend(other.content.texts);
        }
        Some(whole)
    }

    /// The first and the last day that a slide made on `made` needs a picture for; none where it is the same on all days. A countdown is
    /// shown on its last 60 days at most, its end among them.
    ///
    /// # Errors
    /// With the field whose day is past.
    pub fn days(&self, loaded: &Loaded, made: NaiveDate) -> Result<Option<(NaiveDate, NaiveDate)>, String> {
        let counted = counted_fields(&loaded.template);
        let dates: Vec<_> = counted.iter().filter_map(|field| Some((*field, *self.content.dates.get(*field)?))).collect();
        let Some((field, last)) = dates.iter().min_by_key(|(_, date)| *date).copied() else { return Ok(None) };
        let latest = dates.iter().map(|(_, date)| *date).max().unwrap_or(last);
        let earliest = latest.checked_sub_days(chrono::Days::new(MOST_DAYS.unsigned_abs() - 1)).unwrap_or(made);
        let first = made.max(earliest);
        if first > last {
            return Err(field.to_owned());
        }
        Ok(Some((first, last)))
    }
}

/// The date fields whose distance from today a template shows, in any of its variants.
fn counted_fields(template: &Template) -> std::collections::BTreeSet<&str> {
    let blocks = template.variants.iter().flat_map(|variant| &variant.blocks);
    let texts = blocks.filter_map(|block| match block {
        Block::Text(text) => Some(&text.parts),
        Block::Fill(_) | Block::Art(_) | Block::Picture(_) | Block::Logo(_) | Block::Qr(_) => None,
    });
    let said = texts.flatten().filter_map(|part| match &part.say {
        Say::DaysLeft(field) | Say::DaysLeftWords(field) => Some(field.as_str()),
        Say::Field(_) | Say::Words(_) | Say::Date(_) | Say::Level(_) => None,
    });
    said.collect()
}

impl TickerDocument {
    /// Reads one, its text in NFC and on one line.
    ///
    /// # Errors
    /// When it has another form, or something in it is too long or out of range.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        read::<Self>(bytes)?.checked()
    }

    /// The same, checked, in NFC and on one line.
    ///
    /// # Errors
    /// When something in it is too long or out of range.
    pub fn checked(self) -> Result<Self, DocumentError> {
        let text = self.text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
        let length = text.chars().count();
        if !(1..=MOST_TICKER_CHARACTERS).contains(&length) {
            return Err(DocumentError::Length(length));
        }
        if !(1..=MOST_PIXELS_A_FRAME).contains(&self.pixels_a_frame) {
            return Err(DocumentError::Speed(self.pixels_a_frame));
        }
        Ok(Self { text, ..self })
    }

    /// Its bytes: the same for the same document.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        write(self)
    }

    /// How fast it runs, in pixels a second.
    #[must_use]
    pub const fn speed(&self) -> u32 {
        self.pixels_a_frame * TICKER_FRAMES
    }
}

/// The height of the band that a ticker runs in on boards of these pixels.
#[must_use]
pub fn band_height(geometry: Geometry) -> u32 {
    (geometry.height() / BAND).clamp(LEAST_HEIGHT, MOST_HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::super::library::shipped;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn countdown(date: &str) -> SlideDocument {
        let content = format!(
            r#"{{"texts": {{"vi": {{"title": "Quốc khánh"}}, "en": {{"title": "National Day"}}}}, "dates": {{"day": "{date}"}}}}"#
        );
        let content = Content::read(&content).expect("read");
        SlideDocument { template: "countdown".to_owned(), content }
    }

    #[test]
    fn a_countdown_has_a_picture_for_each_of_its_last_sixty_days() {
        let loaded = shipped("countdown").expect("shipped");
        let days = |date: &str, made: &str| countdown(date).days(&loaded, day(made));
        assert_eq!(days("2026-09-02", "2026-08-30"), Ok(Some((day("2026-08-30"), day("2026-09-02")))));
        let (first, last) = days("2026-09-02", "2026-01-01").expect("to come").expect("days");
        assert_eq!(((last - first).num_days() + 1, last), (60, day("2026-09-02")));
        assert_eq!(days("2026-09-02", "2026-09-03"), Err("day".to_owned()));
        let event = SlideDocument { template: "event".to_owned(), ..countdown("2026-09-02") };
        assert_eq!(event.days(&shipped("event").expect("shipped"), day("2026-08-30")), Ok(None));
    }

    #[test]
    fn each_language_has_a_document_of_its_own_and_all_make_the_whole() {
        let whole = countdown("2026-09-02");
        let parts = whole.by_language();
        let languages: Vec<_> = parts.iter().map(|(language, _)| *language).collect();
        assert_eq!(languages, [Some(Language::Vi), Some(Language::En)]);
        assert!(parts.iter().all(|(_, part)| part.content.texts.len() == 1));
        assert_eq!(SlideDocument::together(parts.into_iter().map(|(_, part)| part)), Some(whole.clone()));
        assert_eq!(SlideDocument::read(&whole.to_json()).expect("read"), whole);
    }

    #[test]
    fn a_ticker_is_on_one_line_and_within_bounds() {
        let ticker = |text: &str, pixels_a_frame| {
            TickerDocument { text: text.to_owned(), ink: Colour([255; 3]), band: None, pixels_a_frame }.checked()
        };
        assert_eq!(ticker(" Xin\n chào ", 4).expect("good").text, "Xin chào");
        assert_eq!(ticker("Xin chào", 4).expect("good").speed(), 200);
        assert!(matches!(ticker(" ", 4), Err(DocumentError::Length(0))));
        assert!(matches!(ticker("a", 0), Err(DocumentError::Speed(0))));
        assert!(matches!(ticker("a", 21), Err(DocumentError::Speed(21))));
        assert!(matches!(ticker(&"a".repeat(2001), 1), Err(DocumentError::Length(2001))));
    }
}
