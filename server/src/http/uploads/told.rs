//! What a client tells of a file: headers of tus 1.0, read without trust.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use data_encoding::BASE64;
use playlists::asset::{Fit, Language};

use crate::app::uploads::resumable::Announced;

/// Longest `Upload-Metadata`, in bytes.
const LONGEST: usize = 4096;

/// `Upload-Metadata`: names, and values in base64.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Reads the header; none when it cannot be read.
    pub(super) fn read(header: Option<&HeaderValue>) -> Option<Self> {
        let Some(header) = header else { return Some(Self::default()) };
        let text = header.to_str().ok().filter(|text| text.len() <= LONGEST)?;
        let mut told = BTreeMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = String::from_utf8(BASE64.decode(value.trim().as_bytes()).ok()?).ok()?;
            if told.insert(name.to_owned(), value).is_some() {
                return None;
            }
        }
        Some(Self(told))
    }

    /// The file that it announces; none when a value means nothing. `filename`, `fit`; `asset` and `language` of a new version.
    pub(super) fn announced(mut self, size_bytes: u64) -> Option<Announced> {
        let mut take = |name| self.0.remove(name).filter(|value: &String| !value.is_empty());
        let fit = take("fit").map_or(Some(Fit::default()), |fit| fit.parse().ok())?;
        let asset = take("asset").map(|asset| asset.parse()).transpose().ok()?;
        let language = take("language").map_or(Some(Language::undetermined()), |language| language.parse().ok())?;
        Some(Announced { name: take("filename").unwrap_or_default(), size_bytes, fit, asset, language })
    }
}

/// A header that is a whole number.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Option<Metadata> {
        Metadata::read(Some(&HeaderValue::from_static(text)))
    }

    #[test]
    fn a_client_names_file_and_fit() {
        // "Ảnh bìa.png" and "contain".
        let announced = read("filename 4bqibmggYsOsYS5wbmc=,fit Y29udGFpbg==, relativePath").expect("read").announced(7);
        let announced = announced.expect("announced");
        assert_eq!((announced.name.as_str(), announced.size_bytes), ("Ảnh bìa.png", 7));
        assert_eq!((announced.fit, announced.asset, announced.language), (Fit::Contain, None, Language::undetermined()));
        assert_eq!(Metadata::read(None), Some(Metadata::default()));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in ["filename not-base64!", "filename /w==", "filename YQ==,filename YQ=="] {
            assert_eq!(read(text), None, "{text}");
        }
        // fit "wide"; a language that is none.
        for text in ["fit d2lkZQ==", "language ISE="] {
            assert_eq!(read(text).expect("read").announced(1), None, "{text}");
        }
    }
}
