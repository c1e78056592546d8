//! The languages that slides are set in, and how each is set: its letters, line height, breaks and hyphens.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::fonts::Letters;

/// A language that slides can be set in (BCP 47).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
    /// Chinese, in simplified characters.
    Zh,
    /// Korean.
    Ko,
}

/// A language that slides cannot be set in.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a language that slides can be set in; take vi, en, zh or ko")]
pub struct UnknownLanguage(String);

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Vi, Self::En, Self::Zh, Self::Ko];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
            Self::Zh => "zh",
            Self::Ko => "ko",
        }
    }
    /// The letters it is written in, besides Latin ones.
    #[must_use]
    pub const fn letters(self) -> Letters {
        match self {
            Self::Vi | Self::En => Letters::Latin,
            Self::Zh => Letters::Chinese,
            Self::Ko => Letters::Korean,
        }
    }
    /// From baseline to baseline, in em. A Vietnamese capital with two marks is 1.18 em high in Be Vietnam Pro, and a dot below hangs
    /// 0.25 em under the line above: less than 1.43 and they touch.
    #[must_use]
    pub const fn line_height(self) -> f32 {
        match self {
            Self::Vi => 1.45,
            Self::En => 1.25,
            Self::Zh => 1.3,
            Self::Ko => 1.35,
        }
    }
    /// Least em, in pixels: no letter on a board is lower than nine. Capitals of Be Vietnam Pro are 0.74 em high; a Chinese character
    /// of nine pixels has too few for its strokes; a Hangul syllable is 0.85 em high.
    #[must_use]
    pub const fn least_em(self) -> f32 {
        match self {
            Self::Vi | Self::En => 12.2,
            Self::Zh => 12.0,
            Self::Ko => 11.0,
        }
    }
    /// Whether words stay whole although the Unicode rules would break between their letters (Korean is set so on signs).
    #[must_use]
    pub const fn keeps_words(self) -> bool {
        matches!(self, Self::Ko)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == text).ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}
