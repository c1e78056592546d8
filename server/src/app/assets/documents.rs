//! Slides and tickers as assets: a document for each language, kept as the original of that language's version.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::{AssetKind, Fit, Focus, Language};
use ::playlists::id::{AssetId, UnitId};
use chrono::{DateTime, NaiveDate, TimeDelta};

use super::{Asset, Decided, KeepError, blank, decide, new_asset_id, replaced};
use crate::app::{App, FieldError, checked_name};
use crate::media::slides::colour::Colour;
use crate::media::slides::document::{
    DocumentError, MOST_PIXELS_A_FRAME, MOST_TICKER_CHARACTERS, SLIDE_TYPE, SlideDocument, TICKER_TYPE, TickerDocument,
};
use crate::media::slides::language::Language as SetIn;
use crate::media::slides::library::{self, Loaded};
use crate::media::slides::template::FieldKind;
use crate::store::assets::AssetVersion;
use crate::store::{StoreError, assets};

/// Where the day begins last on Earth, behind UTC: a day that has begun anywhere is not past.
const LAST_ON_EARTH: TimeDelta = TimeDelta::hours(12);

/// A slide as an editor gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct SlideDraft {
    /// Its name.
    pub name: String,
    /// What it shows, in all its languages; its pictures are blobs, such as the originals of assets.
    pub document: SlideDocument,
}

/// A ticker as an editor gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickerDraft {
    /// Its name.
    pub name: String,
    /// What runs, by language: `vi`, `en`, `zh` or `ko`; empty ones are left out.
    pub texts: BTreeMap<String, String>,
    /// Colour of the letters, `#rrggbb`.
    pub ink: String,
    /// Colour behind them, `#rrggbb`; empty: nothing.
    pub band: String,
    /// Pixels a frame, at 50 frames a second: 1 to 20.
    pub pixels_a_frame: String,
}

/// Adds a slide, or saves one that is there: each language that has changed gets a new version, one that is left out is withdrawn.
/// Fields are named `name`, `template`, `texts.LANGUAGE.FIELD`, `dates.FIELD`, `addresses.FIELD`, `levels.FIELD` and `pictures.FIELD`.
///
/// # Errors
/// The outer one when it cannot be kept, the inner one with all that is wrong in the form.
pub async fn save_slide(
    app: &App,
    unit: &UnitId,
    id: Option<&AssetId>,
    draft: &SlideDraft,
) -> Result<Result<Asset, Vec<FieldError>>, KeepError> {
    let versions = match slide_versions(app, draft).await? {
        Ok(versions) => versions,
        Err(errors) => return Ok(Err(errors)),
    };
    let name = checked_name(&draft.name, &mut Vec::new());
    save(app, AssetKind::Slide, unit, id, &name, &versions).await
}

/// Adds a ticker, or saves one that is there: each language that has changed gets a new version, one that is left out is withdrawn.
/// Fields are named `name`, `texts`, `texts.LANGUAGE`, `ink`, `band` and `pixels_a_frame`.
///
/// # Errors
/// The outer one when it cannot be kept, the inner one with all that is wrong in the form.
pub async fn save_ticker(
    app: &App,
    unit: &UnitId,
    id: Option<&AssetId>,
    draft: &TickerDraft,
) -> Result<Result<Asset, Vec<FieldError>>, KeepError> {
    let versions = match ticker_versions(app, draft).await? {
        Ok(versions) => versions,
        Err(errors) => return Ok(Err(errors)),
    };
    let name = checked_name(&draft.name, &mut Vec::new());
    save(app, AssetKind::Ticker, unit, id, &name, &versions).await
}

/// A slide's languages as they would be kept, their documents kept already; or all that is wrong in the form.
///
/// # Errors
/// When a document cannot be kept.
pub(in crate::app) async fn slide_versions(
    app: &App,
    draft: &SlideDraft,
) -> Result<Result<Vec<AssetVersion>, Vec<FieldError>>, KeepError> {
    let mut errors = Vec::new();
    checked_name(&draft.name, &mut errors);
    let today = app.clock.now().checked_sub_signed(LAST_ON_EARTH).unwrap_or(DateTime::UNIX_EPOCH).date_naive();
    let checked = check_slide(app, &draft.document, today, &mut errors).await?;
    let Some((document, days)) = checked.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
    let mut versions = Vec::new();
    for (language, part) in document.by_language() {
        let language = language.map_or_else(|| Ok(Language::undetermined()), |language| language.code().parse());
        let language = language.map_err(|e| KeepError::Store(StoreError::unreadable("language", e)))?;
        versions.push(AssetVersion { days, ..kept(app, language, SLIDE_TYPE, part.to_json()).await? });
    }
    Ok(Ok(versions))
}

/// A ticker's languages as they would be kept, their documents kept already; or all that is wrong in the form.
///
/// # Errors
/// When a document cannot be kept.
pub(in crate::app) async fn ticker_versions(
    app: &App,
    draft: &TickerDraft,
) -> Result<Result<Vec<AssetVersion>, Vec<FieldError>>, KeepError> {
    let mut errors = Vec::new();
    checked_name(&draft.name, &mut errors);
    let documents = check_ticker(draft, &mut errors);
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let mut versions = Vec::new();
    for (language, document) in documents {
        versions.push(kept(app, language, TICKER_TYPE, document.to_json()).await?);
    }
    Ok(Ok(versions))
}

/// A slide's document in all its languages; none where the asset is no slide.
///
/// # Errors
/// When a document cannot be read.
pub async fn slide(app: &App, asset: &Asset) -> Result<Option<SlideDocument>, KeepError> {
    let mut parts = Vec::new();
    for version in asset.versions.values().filter(|_| asset.kind == AssetKind::Slide) {
        let bytes = app.blobs.read(&version.sha256).await.map_err(KeepError::Blob)?;
        parts.push(SlideDocument::read(&bytes).map_err(unreadable)?);
    }
    Ok(SlideDocument::together(parts))
}

/// A ticker's documents by language; none where the asset is no ticker.
///
/// # Errors
/// When a document cannot be read.
pub async fn ticker(app: &App, asset: &Asset) -> Result<BTreeMap<Language, TickerDocument>, KeepError> {
    let mut parts = BTreeMap::new();
    for version in asset.versions.values().filter(|_| asset.kind == AssetKind::Ticker) {
        let bytes = app.blobs.read(&version.sha256).await.map_err(KeepError::Blob)?;
        parts.insert(version.language.clone(), TickerDocument::read(&bytes).map_err(unreadable)?);
    }
    Ok(parts)
}

fn unreadable(fault: DocumentError) -> KeepError {
    KeepError::Store(StoreError::unreadable("asset's document", fault))
}

/// Keeps a document as a blob: the first version of its language as it would be.
async fn kept(app: &App, language: Language, media_type: &str, bytes: Vec<u8>) -> Result<AssetVersion, KeepError> {
    let size_bytes = bytes.len() as u64;
    let sha256 = app.blobs.put(bytes).await.map_err(KeepError::Blob)?;
    Ok(AssetVersion {
        language,
        version: 1,
        media_type: media_type.to_owned(),
        sha256,
        size_bytes,
        pixels: None,
        fit: Fit::Stretch,
        focus: Focus::MIDDLE,
        clip: None,
        days: None,
        created_ms: app.clock.now_ms(),
        withdrawn_ms: None,
    })
}

async fn save(
    app: &App,
    kind: AssetKind,
    unit: &UnitId,
    id: Option<&AssetId>,
    name: &str,
    versions: &[AssetVersion],
) -> Result<Result<Asset, Vec<FieldError>>, KeepError> {
    let new = id.cloned().map_or_else(|| new_asset_id(app), Ok).map_err(KeepError::Store)?;
    decide!(app, KeepError::Store, {
        let old = assets::get(&app.db, &new).await.map_err(KeepError::Store)?;
        if old.as_ref().is_some_and(|old| old.kind != kind) {
            return Ok(Decided::Nothing(Err(vec![FieldError::new("asset", "error-asset-unknown")])));
        }
        let mut asset = old.clone().unwrap_or_else(|| blank(app, new.clone(), unit.clone(), String::new(), kind));
        name.clone_into(&mut asset.name);
        let change = replaced(app, &mut asset, versions.to_vec(), false).await.map_err(KeepError::Store)?;
        Ok(if old.as_ref() == Some(&asset) { Decided::Nothing(Ok(asset)) } else { Decided::Change(change, Ok(asset)) })
    })
}

fn check_ticker(draft: &TickerDraft, errors: &mut Vec<FieldError>) -> Vec<(Language, TickerDocument)> {
    let mut colour = |field: &str, text: &str| {
        let colour = text.trim().to_ascii_lowercase().parse::<Colour>();
        colour.map_err(|_| errors.push(FieldError::new(field, "error-colour-form"))).ok()
    };
    let ink = colour("ink", &draft.ink);
    let band = if draft.band.trim().is_empty() { None } else { colour("band", &draft.band) };
    let speed = draft.pixels_a_frame.trim().parse().ok().filter(|speed| (1..=MOST_PIXELS_A_FRAME).contains(speed));
    if speed.is_none() {
        errors.push(FieldError::new("pixels_a_frame", "error-ticker-speed").with("most", MOST_PIXELS_A_FRAME.to_string()));
    }
    let mut documents = Vec::new();
    for (tag, text) in draft.texts.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let field = || format!("texts.{tag}");
        let Some(language) = tag.parse::<SetIn>().ok().and_then(|_| tag.parse::<Language>().ok()) else {
            errors.push(FieldError::new(field(), "error-language-unknown"));
            continue;
        };
        let document =
            TickerDocument { text: text.clone(), ink: ink.unwrap_or(Colour([255; 3])), band, pixels_a_frame: speed.unwrap_or(1) };
        match document.checked() {
            Ok(document) => documents.push((language, document)),
            Err(_) => errors.push(FieldError::new(field(), "error-text-long").with("most", MOST_TICKER_CHARACTERS.to_string())),
        }
    }
    if documents.is_empty() && draft.texts.values().all(|text| text.trim().is_empty()) {
        errors.push(FieldError::new("texts", "error-texts-none"));
    }
    documents
}

type Days = Option<(NaiveDate, NaiveDate)>;

/// A slide's document, checked, and the days that it has pictures for; none where something is wrong, which is added to `errors`.
async fn check_slide(
    app: &App,
    document: &SlideDocument,
    today: NaiveDate,
    errors: &mut Vec<FieldError>,
) -> Result<Option<(SlideDocument, Days)>, KeepError> {
    let Ok(loaded) = library::shipped(&document.template) else {
        errors.push(FieldError::new("template", "error-template-unknown"));
        return Ok(None);
    };
    let document = match document.clone().checked() {
        Ok(document) => document,
        Err(fault) => {
            errors.push(FieldError::new("template", "error-slide-form").with("reason", super::super::fault_text(&fault)));
            return Ok(None);
        }
    };
    check_fields(&loaded, &document, errors);
    for (field, digest) in document.pictures().map_err(unreadable)? {
        if app.blobs.len(&digest).await.map_err(KeepError::Blob)?.is_none() {
            errors.push(FieldError::new(format!("pictures.{field}"), "error-picture-unknown"));
        }
    }
    let days = match document.days(&loaded, today) {
        Ok(days) => days,
        Err(field) => {
            errors.push(FieldError::new(format!("dates.{field}"), "error-countdown-past"));
            None
        }
    };
    Ok(Some((document, days)))
}

/// Everything that must be filled in is, and nothing else.
fn check_fields(loaded: &Loaded, document: &SlideDocument, errors: &mut Vec<FieldError>) {
    let content = &document.content;
    let fields = &loaded.template.fields;
    if content.texts.is_empty() && fields.values().any(|field| field.kind == FieldKind::Text && !field.optional) {
        errors.push(FieldError::new("texts", "error-texts-none"));
    }
    let filled: [(&str, FieldKind, BTreeSet<&String>); 4] = [
        ("dates", FieldKind::Date, content.dates.keys().collect()),
        ("addresses", FieldKind::Address, content.addresses.keys().collect()),
        ("levels", FieldKind::Level, content.levels.keys().collect()),
        ("pictures", FieldKind::Picture, content.pictures.keys().collect()),
    ];
    let mut check = |place: &str, kind: FieldKind, filled: &BTreeSet<&String>| {
        for field in filled.iter().filter(|name| fields.get(**name).is_none_or(|field| field.kind != kind)) {
            errors.push(FieldError::new(format!("{place}.{field}"), "error-field-unknown"));
        }
        let needed = fields.iter().filter(|(_, field)| field.kind == kind && !field.optional);
        for (field, _) in needed.filter(|(name, _)| !filled.contains(name)) {
            errors.push(FieldError::new(format!("{place}.{field}"), "error-field-empty"));
        }
    };
    for (language, texts) in &content.texts {
        check(&format!("texts.{language}"), FieldKind::Text, &texts.keys().collect());
    }
    for (place, kind, filled) in &filled {
        check(place, *kind, filled);
    }
}
