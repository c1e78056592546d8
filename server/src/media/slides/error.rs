//! Why a slide cannot be made, in words for the person who fills it in.

use super::language::Language;
use crate::media::intake::MediaError;

/// Why a slide cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SlideError {
    /// A text is not filled in.
    #[error("the text {field} is missing in {language}; fill it in")]
    NoText {
        /// Which field.
        field: String,
        /// In which language.
        language: Language,
    },
    /// A date, address, level or picture is not filled in.
    #[error("{0} is missing; fill it in")]
    NoValue(String),
    /// A field is filled in that the template does not have.
    #[error("the template has no field {0}; take it away or correct its name")]
    UnknownField(String),
    /// The text is too long for its block.
    #[error(
        "the text in {language} does not fit at {geometry}, not even in its smallest letters: {text:?} (block {block}); shorten it"
    )]
    Overflow {
        /// Which block.
        block: String,
        /// What it shows.
        fields: Vec<String>,
        /// In which language.
        language: Language,
        /// The board's pixels.
        geometry: playlists::geometry::Geometry,
        /// The beginning of the text.
        text: String,
    },
    /// No shipped font has a character.
    #[error("no font has {character:?} (U+{:04X}), which stands in the {language} text of block {block}; write it in another way", u32::from(*character))]
    NoGlyph {
        /// The character.
        character: char,
        /// Which block.
        block: String,
        /// The field it stands in; none in the template's own words.
        fields: Vec<String>,
        /// In which language.
        language: Language,
    },
    /// Text is too close in brightness to what lies under it.
    #[error(
        "the text of block {block} stands {ratio:.1} : 1 against what lies under it, less than 7 : 1; choose a darker or lighter picture or colour"
    )]
    Contrast {
        /// Which block.
        block: String,
        /// What it shows.
        fields: Vec<String>,
        /// In which language.
        language: Language,
        /// What it is, at its worst.
        ratio: f32,
    },
    /// A QR code does not fit with whole pixels a module.
    #[error("the code for {address:?} needs {needed} pixels a side at {geometry} and has {room}; take a shorter address")]
    QrTooLarge {
        /// Which field.
        field: String,
        /// What it leads to.
        address: String,
        /// Least side in pixels, with its quiet zone.
        needed: usize,
        /// Side there is, in pixels.
        room: usize,
        /// The board's pixels.
        geometry: playlists::geometry::Geometry,
    },
    /// No code can hold the address.
    #[error("no code holds the address {address:?}: {reason}")]
    Qr {
        /// Which field.
        field: String,
        /// What it leads to.
        address: String,
        /// Why.
        reason: String,
    },
    /// A countdown's day is past, or too far away.
    #[error("the countdown to {field} ({date}) has ended or is more than {} days away", super::date::MOST_DAYS)]
    Countdown {
        /// Which field.
        field: String,
        /// Its day.
        date: chrono::NaiveDate,
    },
    /// A picture that was filled in cannot be shown.
    #[error("the picture {field} cannot be shown")]
    Picture {
        /// Which field.
        field: String,
        /// Why.
        #[source]
        cause: MediaError,
    },
    /// A drawing of the template cannot be shown.
    #[error("the template's drawing {file} cannot be shown")]
    Art {
        /// Which file.
        file: String,
        /// Why.
        #[source]
        cause: MediaError,
    },
    /// The pixels cannot be made.
    #[error("the slide cannot be made")]
    Pixels(#[source] MediaError),
}

impl SlideError {
    /// The fields to be corrected; none where it is the template's or the board's doing.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        match self {
            Self::NoText { field, .. }
            | Self::NoValue(field)
            | Self::UnknownField(field)
            | Self::QrTooLarge { field, .. }
            | Self::Qr { field, .. }
            | Self::Countdown { field, .. }
            | Self::Picture { field, .. } => std::slice::from_ref(field),
            Self::Overflow { fields, .. } | Self::NoGlyph { fields, .. } | Self::Contrast { fields, .. } => fields,
            Self::Art { .. } | Self::Pixels(_) => &[],
        }
    }
    /// The language it is wrong in; none where it is so in all.
    #[must_use]
    pub const fn language(&self) -> Option<Language> {
        match self {
            Self::NoText { language, .. }
            | Self::Overflow { language, .. }
            | Self::NoGlyph { language, .. }
            | Self::Contrast { language, .. } => Some(*language),
            Self::NoValue(_)
            | Self::UnknownField(_)
            | Self::QrTooLarge { .. }
            | Self::Qr { .. }
            | Self::Countdown { .. }
            | Self::Picture { .. }
            | Self::Art { .. }
            | Self::Pixels(_) => None,
        }
    }
}
