//! `bangtin explain`: why a board shows what it shows at an instant, and why nothing else.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use playlists::id::BoardId;

use super::block_on;
use super::say::say;
use crate::app::explain::explain;
use crate::config::Config;
use crate::http::reasons;
use crate::http::words::{Language, Tr};
use crate::lifecycle;
use crate::ports::{Clock as _, SystemClock};

/// What is to be explained.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// The board.
    #[arg(long, value_name = "ID")]
    pub board: BoardId,
    /// The instant, RFC 3339, such as `2026-02-16T17:00:00Z`; now, if not said.
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<DateTime<Utc>>,
    /// `vi` or `en`.
    #[arg(long, default_value = "vi", value_parser = ["vi", "en"])]
    pub lang: String,
}

/// Explains.
///
/// # Errors
/// When there is no such board, or the database fails.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<()> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        let t = Tr::new(Language::of(&arguments.lang).unwrap_or_default());
        let at = arguments.at.unwrap_or_else(|| SystemClock.now());
        let explained = explain(&app, &arguments.board, at).await?;
        let explained = explained.with_context(|| format!("there is no board {}; see: bangtin board list", arguments.board))?;
        say!("{}\t{}", arguments.board, t.instant(at));
        match &explained.explanation {
            Some(on) => {
                say!("{}\t{}", reasons::what(t, &explained.names, on), reasons::rule(t, on.rule));
            }
            None => say!("{}", t.s("timeline-unknown-text")),
        }
        for (id, because) in &explained.reasons {
            let next = reasons::next(because).map(|next| t.stamp(next)).unwrap_or_else(|| "-".to_owned());
            say!("{id}\t{}\t{}\t{next}", explained.names.campaign(id), reasons::because(t, &explained, because));
        }
        app.db.close().await;
        Ok(())
    })
}
