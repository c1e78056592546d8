//! Words of the pages: two catalogues, and the value by which a page speaks one of them.

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::fmt::Display;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};
use playlists::id::ThemeId;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "vi",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Vietnamese: the language of the house.
    #[default]
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The tag, as in `lang="…"`, cookies and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
    /// The language of a tag, if the pages speak it.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        match tag {
            "vi" => Some(Self::Vietnamese),
            "en" => Some(Self::English),
            _ => None,
        }
    }
    /// The other one, for the switch in the header.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Vietnamese => Self::English,
            Self::English => Self::Vietnamese,
        }
    }
    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::Vietnamese => fluent_templates::langid!("vi"),
            Self::English => fluent_templates::langid!("en"),
        }
    }
}

/// Speaks one language: `tr.s("key")`. Passed to every page by value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tr {
    /// Which language.
    pub language: Language,
}

impl Tr {
    /// Words in this language.
    #[must_use]
    pub const fn new(language: Language) -> Self {
        Self { language }
    }
    /// The text of a key.
    #[must_use]
    pub fn s(&self, key: &str) -> String {
        LOCALES.lookup(&self.language.identifier(), key)
    }
    /// The text of a key with a count, `{ $n }`, which chooses the plural.
    #[must_use]
    pub fn n(&self, key: &str, n: impl Borrow<i64>) -> String {
        self.look_up(key, HashMap::from([(Cow::Borrowed("n"), FluentValue::from(*n.borrow()))]))
    }
    /// The text of a key with one argument.
    #[must_use]
    pub fn a(&self, key: &str, name: &'static str, value: impl Display) -> String {
        self.look_up(key, HashMap::from([(Cow::Borrowed(name), FluentValue::from(value.to_string()))]))
    }
    /// The text of a key with two counts.
    #[must_use]
    pub fn of(&self, key: &str, n: impl Borrow<i64>, all: impl Borrow<i64>) -> String {
        let args =
            [(Cow::Borrowed("n"), FluentValue::from(*n.borrow())), (Cow::Borrowed("all"), FluentValue::from(*all.borrow()))];
        self.look_up(key, HashMap::from(args))
    }
    /// The text of a key with any arguments.
    #[must_use]
    pub fn args<N: AsRef<str>>(&self, key: &str, args: &[(N, String)]) -> String {
        let named = |(name, value): &(N, String)| (Cow::Owned(name.as_ref().to_owned()), FluentValue::from(value.clone()));
        self.look_up(key, args.iter().map(named).collect())
    }
    /// What a theme is called.
    #[must_use]
    pub fn theme(&self, theme: &ThemeId) -> String {
        self.theme_of(theme.as_str())
    }
    /// What the theme of this id is called; the id itself where the catalogue does not know it.
    #[must_use]
    pub fn theme_of(&self, id: &str) -> String {
        self.known(&format!("theme-{id}")).unwrap_or_else(|| id.to_owned())
    }
    /// The text of a code that came from elsewhere, such as a board; none when the catalogue does not know it.
    #[must_use]
    pub fn known(&self, key: &str) -> Option<String> {
        LOCALES.try_lookup(&self.language.identifier(), key)
    }

    fn look_up(&self, key: &str, args: HashMap<Cow<'static, str>, FluentValue<'_>>) -> String {
        LOCALES.lookup_with_args(&self.language.identifier(), key, &args)
    }
}

#[cfg(test)]
mod tests;
