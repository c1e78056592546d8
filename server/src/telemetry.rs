//! Where log lines go: to standard error, as text for people or as JSON for machines.
//!
//! Fields come from one table: `board.id`, `asset.id`, `campaign.id`, `playlist.id`, `manifest.revision`, `http.route`, `mqtt.topic`,
//! `request.id`, `duration_ms`, `size_bytes`, `error`. `error` = someone must act; `warn` = degraded; `info` = what an operator
//! would tell a colleague.

use std::error::Error;
use std::fmt::Write as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins to write log lines. A second call in one process changes nothing: the first subscriber stays.
pub fn init(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if begun.is_err() {
        tracing::debug!("log lines are written already");
    }
}

/// An error with all its causes, as one line: what was attempted, then why it failed.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
