//! `bangtin import`: carries a plan out on this server, as a whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;

use super::block_on;
use super::plan::{Unfit, file_of, read};
use super::say::say;
use crate::app::FieldError;
use crate::app::plans::{self, Change, Decision, Files, Outcome, PlanError};
use crate::config::Config;
use crate::http::words::{Language, Tr};
use crate::lifecycle;
use crate::ports::SystemClock;

/// What is to be imported.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// The plan, or a folder with `plan.yaml`; its files lie beside it.
    pub plan: PathBuf,
    /// Only say what would change.
    #[arg(long)]
    pub dry_run: bool,
}

/// Imports.
///
/// # Errors
/// When the plan cannot be read or does not hold, here or at all, or the database fails.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<()> {
    let document = read(&arguments.plan)?;
    let file = file_of(&arguments.plan);
    let folder = file.parent().map_or_else(PathBuf::new, PathBuf::from);
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        let files = Files::Folder(folder);
        let done = if arguments.dry_run {
            plans::decide(&app, &document, &files, words).await
        } else {
            plans::import(&app, &document, &files, words).await
        };
        app.db.close().await;
        match done {
            Ok(decision) => tell(&decision, arguments.dry_run)?,
            Err(PlanError::Faults(faults)) => return Err(Unfit::new(file, faults).into()),
            Err(other) => return Err(other.into()),
        }
        Ok(())
    })
}

/// A form's fault in English.
pub(super) fn words(error: &FieldError) -> String {
    Tr::new(Language::English).args(error.code, &error.args)
}

fn tell(decision: &Decision, dry: bool) -> anyhow::Result<()> {
    let of = |outcome| decision.changes.iter().filter(move |change| change.outcome == outcome);
    for outcome in [Outcome::Added, Outcome::Changed, Outcome::Ended] {
        for change in of(outcome) {
            say!("{}", line(change));
        }
    }
    let count = |outcome| of(outcome).count();
    let (added, changed, ended) = (count(Outcome::Added), count(Outcome::Changed), count(Outcome::Ended));
    let unchanged = count(Outcome::Unchanged);
    let verb = if dry { "Would be" } else { "Done" };
    say!("{verb}: {added} added, {changed} changed, {ended} ended, {unchanged} unchanged; what the plan does not name stays.");
    Ok(())
}

fn line(change: &Change) -> String {
    let jumps = match change.jumps {
        0 => String::new(),
        1 => "\tthe loop jumps on 1 board".to_owned(),
        boards => format!("\tthe loop jumps on {boards} boards"),
    };
    format!("{}\t{}\t{}\t{}{jumps}", change.outcome.as_str(), change.what.as_str(), change.id, change.name)
}
