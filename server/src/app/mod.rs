//! Use cases: load, decide, save. No SQL, no HTTP and no MQTT in here: those are edges that call in.

pub mod commands;
pub mod dating;
pub mod fresh;
pub mod presence;
pub mod publish;
pub mod reports;
pub mod tokens;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::keys::Keys;
use crate::live::Live;
use crate::media::blobs::Blobs;
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
    /// Who must hear of changes.
    pub live: Live,
    /// Whether the link to the broker stands; while it does not, every board is *unknown*.
    pub broker_linked: AtomicBool,
    /// Where boards reach this server, such as `http://127.0.0.1:8080`; goes into identity files.
    pub public_url: String,
    /// Where boards reach the broker, `host:port`; goes into identity files.
    pub public_mqtt: String,
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
