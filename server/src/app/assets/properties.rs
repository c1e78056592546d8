//! What holds for all versions of an asset: name, theme, source, rights, when it may be shown, how it is brought to boards' shapes.

use ::playlists::asset::{Fit, Focus, Language};
use ::playlists::id::{AssetId, ThemeId};
use ::playlists::theme;
use unicode_normalization::UnicodeNormalization as _;

use super::{Asset, Decided, decide, replaced};
use crate::app::campaign_draft::local;
use crate::app::{App, FieldError, checked_name};
use crate::store::assets::AssetVersion;
use crate::store::{StoreError, assets};

/// Longest source or rights, in characters.
const LONGEST_NOTE: usize = 1000;

/// An asset's properties as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PropertiesDraft {
    /// Its name.
    pub name: String,
    /// What it is about; empty: nothing in particular.
    pub theme: String,
    /// Who made it; may be empty.
    pub source: String,
    /// By which right it may be shown; may be empty.
    pub rights: String,
    /// Local time such as `2026-11-23T07:00`, or a date; empty: at once.
    pub from: String,
    /// Likewise, and a date is included; empty: without end.
    pub until: String,
    /// `cover`, `contain` or `stretch`; empty: as it is. Of slides and tickers it does not matter.
    pub fit: String,
    /// What stays in sight when it is cut, in per cent from the left, decimals allowed; empty: as it is.
    pub focus_x: String,
    /// Likewise from the top.
    pub focus_y: String,
}

struct Checked {
    name: String,
    theme: Option<ThemeId>,
    source: String,
    rights: String,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    fit: Option<Fit>,
    focus_x: Option<u16>,
    focus_y: Option<u16>,
}

/// Sets all of an asset's properties. What boards show of it changes from now on: playlists that show it get a new version. Fields are
/// named as in the draft.
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form; an asset that does not exist is the field
/// `asset`.
pub async fn set_properties(
    app: &App,
    id: &AssetId,
    draft: &PropertiesDraft,
) -> Result<Result<Asset, Vec<FieldError>>, StoreError> {
    let checked = match draft.check() {
        Ok(checked) => checked,
        Err(errors) => return Ok(Err(errors)),
    };
    decide!(app, std::convert::identity, {
        let Some(old) = assets::get(&app.db, id).await? else { return Ok(Decided::Nothing(Err(unknown()))) };
        let mut asset = Asset {
            name: checked.name.clone(),
            theme: checked.theme.clone(),
            source: checked.source.clone(),
            rights: checked.rights.clone(),
            from_ms: checked.from_ms,
            until_ms: checked.until_ms,
            ..old.clone()
        };
        let shaped = |version: &AssetVersion| {
            let focus = Focus::new(checked.focus_x.unwrap_or(version.focus.x()), checked.focus_y.unwrap_or(version.focus.y()));
            AssetVersion { fit: checked.fit.unwrap_or(version.fit), focus: focus.unwrap_or(version.focus), ..version.clone() }
        };
        let wanted = if asset.kind.is_document() { Vec::new() } else { asset.versions.values().map(shaped).collect() };
        let change = replaced(app, &mut asset, wanted, true).await?;
        Ok(if asset == old { Decided::Nothing(Ok(asset)) } else { Decided::Change(change, Ok(asset)) })
    })
}

/// Takes a language away from an asset; boards show it no more, and its versions stay in the history.
///
/// # Errors
/// The outer one when the database fails, the inner one when there is no such asset (field `asset`) or language (field `language`).
pub async fn withdraw(app: &App, id: &AssetId, language: &Language) -> Result<Result<Asset, Vec<FieldError>>, StoreError> {
    decide!(app, std::convert::identity, {
        let Some(mut asset) = assets::get(&app.db, id).await? else { return Ok(Decided::Nothing(Err(unknown()))) };
        if !asset.versions.contains_key(language) {
            return Ok(Decided::Nothing(Err(vec![FieldError::new("language", "error-language-none")])));
        }
        let others = asset.versions.values().filter(|version| version.language != *language).cloned().collect();
        let change = replaced(app, &mut asset, others, false).await?;
        Ok(Decided::Change(change, Ok(asset)))
    })
}

fn unknown() -> Vec<FieldError> {
    vec![FieldError::new("asset", "error-asset-unknown")]
}

impl PropertiesDraft {
    fn check(&self) -> Result<Checked, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = checked_name(&self.name, &mut errors);
        let theme = match self.theme.trim() {
            "" => None,
            id => theme::known(id).or_else(|| {
                errors.push(FieldError::new("theme", "error-theme-unknown"));
                None
            }),
        };
        let mut note = |field: &str, text: &str| {
            let text: String = text.trim().nfc().collect();
            if text.chars().count() > LONGEST_NOTE {
                errors.push(FieldError::new(field, "error-note-long").with("most", LONGEST_NOTE.to_string()));
            }
            text
        };
        let (source, rights) = (note("source", &self.source), note("rights", &self.rights));
        let (from_ms, until_ms) = validity("", &self.from, &self.until, &mut errors);
        let fit = match self.fit.trim() {
            "" => None,
            fit => fit.parse().map_err(|_| errors.push(FieldError::new("fit", "error-fit-unknown"))).ok(),
        };
        let mut share = |field: &str, text: &str| match thousandths(text) {
            Ok(share) => share,
            Err(()) => {
                errors.push(FieldError::new(field, "error-focus-range"));
                None
            }
        };
        let (focus_x, focus_y) = (share("focus_x", &self.focus_x), share("focus_y", &self.focus_y));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Checked { name, theme, source, rights, from_ms, until_ms, fit, focus_x, focus_y })
    }
}

/// From when until when, in UTC milliseconds, by the fields `from` and `until` with this before their names.
pub(in crate::app) fn validity(place: &str, from: &str, until: &str, errors: &mut Vec<FieldError>) -> (Option<i64>, Option<i64>) {
    let mut read = |field: &str, text: &str, end: bool| match local(text, end) {
        Ok(time) => time.map(|time| time.timestamp_millis()),
        Err(()) => {
            errors.push(FieldError::new(format!("{place}{field}"), "error-time-form"));
            None
        }
    };
    let (from_ms, until_ms) = (read("from", from, false), read("until", until, true));
    if from_ms.zip(until_ms).is_some_and(|(from, until)| until <= from) {
        errors.push(FieldError::new(format!("{place}until"), "error-period-reversed"));
    }
    (from_ms, until_ms)
}

/// Per cent as text, decimals by point or comma, in thousandths.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
fn thousandths(text: &str) -> Result<Option<u16>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let share: f64 = text.replace(',', ".").parse().map_err(|_| ())?;
    if (0.0..=100.0).contains(&share) { Ok(Some((share * 10.0).round() as u16)) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_with_properties_is_said_at_once() {
        let wrong = PropertiesDraft {
            theme: "Lễ hội".to_owned(),
            rights: "x".repeat(1001),
            from: "2026-11-24".to_owned(),
            until: "2026-11-23".to_owned(),
            fit: "zoom".to_owned(),
            focus_x: "101".to_owned(),
            ..PropertiesDraft::default()
        };
        let codes: Vec<_> =
            wrong.check().err().unwrap_or_default().into_iter().map(|e| format!("{} {}", e.field, e.code)).collect();
        let expected = [
            "name error-name-empty",
            "theme error-theme-unknown",
            "rights error-note-long",
            "until error-period-reversed",
            "fit error-fit-unknown",
            "focus_x error-focus-range",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_focus_is_per_cent_with_point_or_comma() {
        assert_eq!(thousandths("33,3"), Ok(Some(333)));
        assert_eq!(thousandths(" 100 "), Ok(Some(1000)));
        assert_eq!(thousandths(""), Ok(None));
        for bad in ["-1", "100.1", "NaN", "x"] {
            assert_eq!(thousandths(bad), Err(()), "{bad}");
        }
    }
}
