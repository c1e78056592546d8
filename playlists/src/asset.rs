//! Assets and the renditions made of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an asset or item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One picture.
    Still,
    /// Moving pictures.
    Clip,
}

impl Kind {
    /// The word used on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Clip => "clip",
        }
    }
}

/// How a picture of another shape is brought to a board's exact geometry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Fills the board; what is too much is cut evenly.
    #[default]
    Cover,
    /// Wholly visible, on a blurred copy of itself.
    Contain,
    /// Pulled to the board's shape.
    Stretch,
}

impl Fit {
    /// The word used on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Contain => "contain",
            Self::Stretch => "stretch",
        }
    }
}

impl FromStr for Fit {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "cover" => Ok(Self::Cover),
            "contain" => Ok(Self::Contain),
            "stretch" => Ok(Self::Stretch),
            _ => Err(UnknownWord { what: "fit", text: text.chars().take(40).collect() }),
        }
    }
}

/// A word outside a fixed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}")]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// The text given.
    pub text: String,
}

/// A language as a BCP 47 tag in lower case; `und` marks content without words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Language {
    /// Content without words: valid on any board, whatever its language mix.
    #[must_use]
    pub fn undetermined() -> Self {
        Self("und".to_owned())
    }
    /// Whether this is content without words.
    #[must_use]
    pub fn is_undetermined(&self) -> bool {
        self.0 == "und"
    }
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for Language {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split('-');
        let first = parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()));
        let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if first && rest && lower.len() <= 35 {
            return Ok(Self(lower));
        }
        Err(UnknownWord { what: "language tag", text: text.chars().take(40).collect() })
    }
}
impl TryFrom<String> for Language {
    type Error = UnknownWord;
    fn try_from(text: String) -> Result<Self, UnknownWord> {
        text.parse()
    }
}
impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}
