//! What a slide is filled with: texts in each language, dates, addresses, levels and pictures; texts are brought to NFC here, at the edge.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::language::Language;

/// Longest text of a field, in characters.
pub const MOST_CHARACTERS: usize = 600;
/// Longest address, in bytes: what still fits a code of modest size.
pub const MOST_ADDRESS: usize = 300;

/// What a slide is filled with, as its file says it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Texts by language and field; a line break in a text is kept.
    #[serde(default)]
    pub texts: BTreeMap<Language, BTreeMap<String, String>>,
    /// Days by field, `2026-09-02`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub dates: BTreeMap<String, NaiveDate>,
    /// What QR codes lead to, by field.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// Levels by field, 1 to 5.
    #[serde(default)]
    pub levels: BTreeMap<String, u8>,
    /// Pictures by field.
    #[serde(default)]
    pub pictures: BTreeMap<String, PictureFile>,
}

/// A picture's file, and what of it stays in sight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureFile {
    /// File, beside the one that names it.
    pub file: String,
    /// What stays in sight when it is cut: shares of its width and height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
}

/// Why a content is none.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The file has another form.
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
    /// A text is too long for any board.
    #[error("the text {field} in {language} has {length} characters; at most {MOST_CHARACTERS} are taken")]
    LongText {
        /// Which field.
        field: String,
        /// In which language.
        language: Language,
        /// Its length in characters.
        length: usize,
    },
    /// An address is empty or too long.
    #[error("the address {0} has no or more than {MOST_ADDRESS} bytes; shorten it")]
    Address(String),
    /// A level is not 1 to 5.
    #[error("the level {field} is {level}; levels go from 1 to 5")]
    Level {
        /// Which field.
        field: String,
        /// What it is.
        level: u8,
    },
    /// A focus lies outside its picture.
    #[error("the focus of the picture {0} lies outside it; its two shares go from 0 to 1")]
    Focus(String),
}

/// Reads JSON and says where a fault lies.
pub(super) fn read_json<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, (usize, usize, String, String)> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|fault| {
        let path = fault.path().to_string();
        let inner = fault.into_inner();
        (inner.line(), inner.column(), path, inner.to_string())
    })?;
    reader.end().map_err(|inner| (inner.line(), inner.column(), ".".to_owned(), inner.to_string()))?;
    Ok(read)
}

impl Content {
    /// Reads a content from JSON, its texts in NFC and without spaces around them.
    ///
    /// # Errors
    /// When it has another form, or something in it is too long or out of range.
    pub fn read(text: &str) -> Result<Self, ContentError> {
        let read: Self =
            read_json(text).map_err(|(line, column, path, reason)| ContentError::Form { line, column, path, reason })?;
        read.checked()
    }

    /// The same content with its texts in NFC, checked.
    ///
    /// # Errors
    /// When something in it is too long or out of range.
    pub fn checked(mut self) -> Result<Self, ContentError> {
        for (&language, texts) in &mut self.texts {
            for (field, text) in texts.iter_mut() {
                *text = text.nfc().collect::<String>().replace("\r\n", "\n").trim().to_owned();
                let length = text.chars().count();
                if length > MOST_CHARACTERS {
                    return Err(ContentError::LongText { field: field.clone(), language, length });
                }
            }
            texts.retain(|_, text| !text.is_empty());
        }
        if let Some((field, _)) = self.addresses.iter().find(|(_, text)| text.is_empty() || text.len() > MOST_ADDRESS) {
            return Err(ContentError::Address(field.clone()));
        }
        if let Some((field, &level)) = self.levels.iter().find(|(_, level)| !(1..=5).contains(*level)) {
            return Err(ContentError::Level { field: field.clone(), level });
        }
        let outside = |focus: &[f32; 2]| focus.iter().any(|share| !(0.0..=1.0).contains(share));
        if let Some((field, _)) = self.pictures.iter().find(|(_, picture)| picture.focus.as_ref().is_some_and(outside)) {
            return Err(ContentError::Focus(field.clone()));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_composed_at_the_edge() {
        let content = Content::read(r#"{"texts": {"vi": {"title": " Nguye\u0302\u0303n "}}}"#).expect("read");
        assert_eq!(content.texts[&Language::Vi]["title"], "Nguyễn");
    }

    #[test]
    fn a_fault_is_told_with_its_place() {
        let fault = |text: &str| Content::read(text).expect_err("wrong").to_string();
        assert!(fault("{\n \"texts\": {\"vi\": {\"title\": 3}}}").starts_with("line 2, column 28, at texts."));
        assert!(fault("{\"dates\": {\"day\": \"2026-02-30\"}}").contains("at dates.day: "));
        assert!(fault("{\"levels\": {\"level\": 6}}").contains("levels go from 1 to 5"));
        assert!(fault("{\"colour\": 1}").contains("unknown field `colour`"));
    }
}
