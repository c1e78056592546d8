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

/// What an asset is: how its renditions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetKind {
    /// A picture that was uploaded.
    Still,
    /// Moving pictures that were uploaded.
    Clip,
    /// A template and what it is filled with.
    Slide,
    /// Running text.
    Ticker,
}

impl AssetKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Still, Self::Clip, Self::Slide, Self::Ticker];

    /// The word used in plans and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Clip => "clip",
            Self::Slide => "slide",
            Self::Ticker => "ticker",
        }
    }
    /// What its renditions are.
    #[must_use]
    pub const fn renditions(self) -> Kind {
        match self {
            Self::Clip => Kind::Clip,
            Self::Still | Self::Slide | Self::Ticker => Kind::Still,
        }
    }
    /// Whether it is made here from a document, not uploaded.
    #[must_use]
    pub const fn is_document(self) -> bool {
        matches!(self, Self::Slide | Self::Ticker)
    }
}

impl FromStr for AssetKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord { what: "kind of asset", text: text.chars().take(40).collect() };
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(unknown)
    }
}

/// What of a picture stays in sight when it is cut: shares of its width and height, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u16, u16)", into = "(u16, u16)")]
pub struct Focus {
    x: u16,
    y: u16,
}

/// A point outside the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the focus {0}, {1} lies outside the picture: its two shares are thousandths, 0 to 1000")]
pub struct FocusError(pub u16, pub u16);

impl Focus {
    /// The middle.
    pub const MIDDLE: Self = Self { x: 500, y: 500 };

    /// A point of the picture, from its left and its top, in thousandths.
    ///
    /// # Errors
    /// When it lies outside.
    pub const fn new(x: u16, y: u16) -> Result<Self, FocusError> {
        if x > 1000 || y > 1000 { Err(FocusError(x, y)) } else { Ok(Self { x, y }) }
    }
    /// From the left, in thousandths of the width.
    #[must_use]
    pub const fn x(self) -> u16 {
        self.x
    }
    /// From the top, in thousandths of the height.
    #[must_use]
    pub const fn y(self) -> u16 {
        self.y
    }
}
impl Default for Focus {
    fn default() -> Self {
        Self::MIDDLE
    }
}
impl TryFrom<(u16, u16)> for Focus {
    type Error = FocusError;
    fn try_from((x, y): (u16, u16)) -> Result<Self, FocusError> {
        Self::new(x, y)
    }
}
impl From<Focus> for (u16, u16) {
    fn from(focus: Focus) -> Self {
        (focus.x, focus.y)
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
