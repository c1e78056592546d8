//! Assets: pictures and clips as files, slides from templates, running texts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::asset::{Fit, Language};
use crate::id::{AssetId, Digest, ThemeId, UnitId};
use crate::plan::schema::{FitWord, Hex, Id};
use crate::plan::values::{Length, When};

/// What entries show. It has exactly one of `files`, `slide` and `ticker`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its id: 1 to 64 of a–z, 0–9 and -.
    #[schemars(with = "Id")]
    pub id: AssetId,
    /// Its name, for people.
    pub name: String,
    /// The unit that owns it; the plan's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub unit: Option<UnitId>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub theme: Option<ThemeId>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Who has the rights, and what they allow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rights: String,
    /// Not shown before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Not shown after; a date is included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
    /// How a picture or clip of another shape is brought to a board's.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(with = "FitWord")]
    pub fit: Fit,
    /// What stays in sight when it is cut: shares of its width and height, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
    /// A picture or clip by language; `und` for one without words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, File>")]
    pub files: BTreeMap<Language, File>,
    /// How long a clip plays; absent for a picture. Its entries play that long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    /// A template and what it is filled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slide: Option<Slide>,
    /// Running text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<Ticker>,
}

/// A file beside the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path, from the plan's folder.
    pub file: String,
    /// SHA-256 of its bytes, to be held against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Hex>")]
    pub sha256: Option<Digest>,
}

/// A slide: the templates and their fields are listed by `bangtin slide list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slide {
    /// The template.
    pub template: String,
    /// Texts by language and field. The languages are the asset's; without any it has `und` alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, String>>")]
    pub texts: BTreeMap<Language, BTreeMap<String, String>>,
    /// Days by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub dates: BTreeMap<String, NaiveDate>,
    /// What QR codes lead to, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub addresses: BTreeMap<String, String>,
    /// Levels by field, 1 to 5.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, u8>,
    /// Pictures by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pictures: BTreeMap<String, Picture>,
}

/// A picture on a slide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Its path, from the plan's folder.
    pub file: String,
    /// SHA-256 of its bytes, to be held against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Hex>")]
    pub sha256: Option<Digest>,
    /// What stays in sight when it is cut: shares of its width and height, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
}

/// Running text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticker {
    /// The text by language.
    #[schemars(with = "BTreeMap<String, String>")]
    pub texts: BTreeMap<Language, String>,
    /// The letters' colour; #ffffff, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ink: Option<String>,
    /// The band's colour; what plays shows through, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// Whole pixels a frame, 1 to 20, of 50 frames a second; 2, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
}

impl Ticker {
    /// How fast it runs, in pixels a second.
    #[must_use]
    pub fn pixels_a_second(&self) -> u32 {
        self.speed.unwrap_or(2).saturating_mul(50)
    }
}

impl Asset {
    /// The languages that it exists in; `und` for content without words.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        let of_slide = self.slide.iter().flat_map(|slide| slide.texts.keys());
        let of_ticker = self.ticker.iter().flat_map(|ticker| ticker.texts.keys());
        let found: Vec<Language> = self.files.keys().chain(of_slide).chain(of_ticker).cloned().collect();
        if found.is_empty() { vec![Language::undetermined()] } else { found }
    }
}
