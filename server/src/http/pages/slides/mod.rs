//! Slides from templates: the gallery, the editor, and what the editor asks while a slide is filled in.

pub(in crate::http) mod edit;
mod form;
pub(in crate::http) mod gallery;
mod lines;
pub(in crate::http) mod look;
pub(in crate::http) mod pictures;
pub(in crate::http) mod save;

use crate::http::words::{Language, Tr};
use crate::media::slides::language::Language as SetIn;
use crate::media::slides::template::Words;

/// A template's words in the language of the page.
fn page_words(t: Tr, words: &Words) -> String {
    let language = match t.language {
        Language::Vietnamese => SetIn::Vi,
        Language::English => SetIn::En,
    };
    words.get(&language).cloned().unwrap_or_default()
}

/// A language that slides are set in, by the name that the page gives it.
fn language_name(t: Tr, language: SetIn) -> String {
    match language {
        SetIn::Vi => t.s("slide-language-vi"),
        SetIn::En => t.s("slide-language-en"),
        SetIn::Zh => t.s("slide-language-zh"),
        SetIn::Ko => t.s("slide-language-ko"),
    }
}

#[cfg(test)]
mod tests;
