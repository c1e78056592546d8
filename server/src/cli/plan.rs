//! `bangtin plan`: plans as files, checked and told without a server.

use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::plan::{self, Document, Fault, When};

/// The plan's file in a folder.
pub const FILE: &str = "plan.yaml";

/// What is to be done.
#[derive(Debug, PartialEq, Eq, clap::Subcommand)]
pub enum Command {
    /// Check a plan, tell every fault, change nothing.
    Check {
        /// The plan, a file of YAML or JSON, or a folder with `plan.yaml`.
        file: PathBuf,
        /// Print the plan as JSON, for other programs.
        #[arg(long)]
        json: bool,
    },
    /// Print a plan in its canonical form.
    Format {
        /// The plan.
        file: PathBuf,
    },
    /// Print the JSON Schema of plans.
    Schema,
}

/// The interval that two words of a command line mean in a board's zone.
///
/// # Errors
/// When it is none, or longer than what is told at once.
pub fn interval(from: &When, to: &When, zone: Tz, longest: TimeDelta) -> anyhow::Result<(DateTime<Utc>, DateTime<Utc>)> {
    let (from, until) = (from.begins(zone), to.ends(zone));
    ensure!(from < until, "--to must lie after --from");
    ensure!(until - from <= longest, "at most {} days are told at once", longest.num_days());
    Ok((from, until))
}

/// A plan that does not hold: the process ends with 65 (`EX_DATAERR` of sysexits.h).
#[derive(Debug)]
pub struct Unfit {
    file: PathBuf,
    faults: Vec<Fault>,
}

impl Unfit {
    /// What is wrong in a file.
    #[must_use]
    pub const fn new(file: PathBuf, faults: Vec<Fault>) -> Self {
        Self { file, faults }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan does not hold; nothing was changed")?;
        for fault in &self.faults {
            write!(f, "\n{}:{fault}", self.file.display())?;
        }
        Ok(())
    }
}
impl std::error::Error for Unfit {}

/// The file that is meant: a folder's is its `plan.yaml`.
#[must_use]
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE) } else { path.to_owned() }
}

/// Reads a plan's file, or that of a folder.
///
/// # Errors
/// When the file cannot be read, or [`Unfit`].
pub fn read(path: &Path) -> anyhow::Result<Document> {
    let file = file_of(path);
    let bytes = std::fs::read(&file).with_context(|| format!("the plan {} cannot be read", file.display()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow::anyhow!("the plan {} is not text in UTF-8; save it as such", file.display()))?;
    Ok(plan::read(&text).map_err(|faults| Unfit::new(file, faults))?)
}

/// Runs one.
///
/// # Errors
/// When the plan cannot be read or does not hold.
pub fn run(command: &Command) -> anyhow::Result<()> {
    let text = match command {
        Command::Check { file, json: false } => {
            let plan = read(file)?.plan;
            let counts = [plan.boards.len(), plan.assets.len(), plan.playlists.len(), plan.campaigns.len()];
            let [boards, assets, playlists, campaigns] = counts;
            format!("The plan holds: {boards} boards, {assets} assets, {playlists} playlists, {campaigns} campaigns.\n")
        }
        Command::Check { file, json: true } => plan::json(&read(file)?.plan) + "\n",
        Command::Format { file } => plan::write(&read(file)?.plan),
        Command::Schema => plan::schema(),
    };
    piped(std::io::stdout().lock().write_all(text.as_bytes()).map_err(Into::into))
}

/// Whoever reads only the beginning has what he wants.
///
/// # Errors
/// Every other.
pub fn piped(done: anyhow::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) => Ok(()),
        done => done,
    }
}
