//! Use cases: load, decide, save. No SQL, no HTTP and no MQTT in here: those are edges that call in.

pub mod assets;
pub mod board_forecast;
pub mod board_list;
pub mod board_settings;
pub mod boards;
mod campaign_content;
pub mod campaign_draft;
pub mod campaigns;
#[cfg(test)]
mod clips_tests;
pub mod commands;
pub mod compose;
pub mod contents;
pub mod course;
#[cfg(test)]
mod course_tests;
pub mod dating;
pub mod defaults;
mod demand;
pub mod draw;
pub mod explain;
pub mod faults;
mod fits;
#[cfg(test)]
mod fits_tests;
pub mod forecast;
pub mod fresh;
pub mod hours;
mod join;
pub mod lengths;
pub mod nesting;
pub mod now_showing;
#[cfg(test)]
mod operating_tests;
pub mod overlay_draft;
pub mod overlays;
#[cfg(test)]
mod overlays_tests;
pub mod overview;
pub mod pins;
pub mod plans;
pub mod playlists;
pub mod presence;
pub mod preview;
pub mod publish;
#[cfg(test)]
mod publish_tests;
pub mod reports;
#[cfg(test)]
mod rules_tests;
pub mod safe_item;
pub mod samples;
pub mod setup;
#[cfg(test)]
mod setup_tests;
pub mod shown;
pub mod sign_in;
pub mod slides;
mod sources;
pub mod stand_downs;
#[cfg(test)]
mod tests;
mod tickers;
#[cfg(test)]
mod tickers_tests;
pub mod tokens;
pub mod units;
pub mod upkeep;
#[cfg(test)]
mod upkeep_tests;
pub mod uploads;
#[cfg(test)]
mod versions_tests;
pub mod window_draft;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use unicode_normalization::UnicodeNormalization;

use crate::edge::Edge;
use crate::keys::Keys;
use crate::live::Live;
use crate::media::blobs::Blobs;
use crate::media::clips::Ffmpeg;
use crate::media::previews::Previews;
use crate::ports::Clock;
use crate::store::Db;

/// What every use case works with.
pub struct App {
    /// The database.
    pub db: Db,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The server's signing keys and the root.
    pub keys: Keys,
    /// Originals and renditions, by digest.
    pub blobs: Blobs,
    /// The programs that work on clips.
    pub ffmpeg: Ffmpeg,
    /// Who must hear of changes.
    pub live: Live,
    /// Previews that were made lately.
    pub previews: Previews,
    /// Whether the link to the broker stands; while it does not, every board is *unknown*.
    pub broker_linked: AtomicBool,
    /// Where boards reach this server, such as `http://127.0.0.1:8080`; goes into identity files.
    pub public_url: String,
    /// Where boards reach the broker, `host:port` or a URL; goes into identity files.
    pub public_mqtt: String,
    /// How boards and browsers come in: what is encrypted, and whom boards pin.
    pub edge: Edge,
}

/// What is wrong with one field of a form; pages say it in the operator's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: String,
    /// Key of the message in the locales, such as `error-name-empty`.
    pub code: &'static str,
    /// What the message names.
    pub args: Vec<(&'static str, String)>,
}

impl FieldError {
    /// An error without arguments.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str) -> Self {
        Self { field: field.into(), code, args: Vec::new() }
    }
    /// With one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.args.push((name, value.into()));
        self
    }
}

/// Every code that a [`FieldError`] of the use cases in this crate may carry: each is a key in every locale.
pub const FIELD_ERROR_CODES: &[&str] = &[
    "error-asset-unknown",
    "error-beside-long",
    "error-beside-long-default",
    "error-board-unknown",
    "error-boards-none",
    "error-brightness-range",
    "error-campaign-unknown",
    "error-colour-form",
    "error-countdown-far",
    "error-countdown-past",
    "error-cron-form",
    "error-date-form",
    "error-default-long",
    "error-duration-range",
    "error-entries-circle",
    "error-entries-deep",
    "error-entries-many",
    "error-entries-none",
    "error-entries-sum",
    "error-field-empty",
    "error-field-unknown",
    "error-fit-unknown",
    "error-focus-range",
    "error-hours-kind",
    "error-hours-many",
    "error-hours-none",
    "error-lanes-range",
    "error-language-form",
    "error-language-none",
    "error-language-range",
    "error-language-unknown",
    "error-level-unknown",
    "error-long-beside",
    "error-lunar-day",
    "error-lunar-month",
    "error-name-empty",
    "error-name-long",
    "error-note-long",
    "error-overlay-size",
    "error-overlay-unknown",
    "error-per-hour-alone",
    "error-per-hour-full",
    "error-per-hour-much",
    "error-per-hour-range",
    "error-period-past",
    "error-period-reversed",
    "error-picture-unknown",
    "error-picture-unseen",
    "error-playlist-unknown",
    "error-rank-range",
    "error-share-unknown",
    "error-shown-unknown",
    "error-slide-address",
    "error-slide-code",
    "error-slide-code-room",
    "error-slide-contrast",
    "error-slide-focus",
    "error-slide-form",
    "error-slide-glyph",
    "error-slide-level",
    "error-slide-overflow",
    "error-slide-template",
    "error-stand-down-unknown",
    "error-stand-downs-many",
    "error-take-range",
    "error-template-unknown",
    "error-text-long",
    "error-texts-none",
    "error-theme-unknown",
    "error-themes-none",
    "error-ticker-empty",
    "error-ticker-in-playlist",
    "error-ticker-per-hour",
    "error-ticker-speed",
    "error-ticker-unknown",
    "error-tier-unknown",
    "error-time-form",
    "error-unit-name-letters",
    "error-unit-taken",
    "error-weight-range",
    "error-window-days-none",
    "error-window-duration",
    "error-window-except",
    "error-window-except-many",
    "error-window-never",
    "error-window-week-of",
    "error-window-weeks",
    "error-windows-many",
];

/// Longest name of anything, in characters.
pub const LONGEST_NAME: usize = 200;

/// A name as it is kept, trimmed and in NFC; or what is wrong with it.
fn checked_name(name: &str, errors: &mut Vec<FieldError>) -> String {
    let name: String = name.trim().nfc().filter(|c| !c.is_control()).collect();
    if name.is_empty() {
        errors.push(FieldError::new("name", "error-name-empty"));
    } else if name.chars().count() > LONGEST_NAME {
        errors.push(FieldError::new("name", "error-name-long").with("most", LONGEST_NAME.to_string()));
    }
    name
}

/// An error and its causes on one line, for a form that says what is wrong in a document.
fn fault_text(fault: &(dyn std::error::Error + 'static)) -> String {
    crate::telemetry::chain(fault)
}

/// A new id: rises with time, and is never drawn twice.
fn new_id(now_ms: i64) -> Result<String, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let millis = u64::try_from(now_ms).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string())
}
