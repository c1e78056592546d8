//! `bangtin-player fleet`: the identities of a folder, driven as virtual boards until it is told to end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::ending::Ending;
use crate::Cadence;
use crate::fleet::{Fleet, FleetConfig};
use crate::identity::{Addresses, Identity};

/// Boards started in a second, unless told otherwise.
const A_SECOND: f64 = 50.0;

/// What is said on the command line.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder of identity files, ID.json each, as `bangtin board add` gives them out.
    #[arg(long, value_name = "DIR")]
    identities: PathBuf,
    /// How many of them to drive, in the order of their names; all, when left out.
    #[arg(long, value_name = "N")]
    boards: Option<usize>,
    /// How many of them to leave out before the first.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: usize,
    /// Folder that holds what the boards must not forget.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The server's address instead of the identities', such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The broker's address instead of the identities'.
    #[arg(long, value_name = "HOST:PORT")]
    mqtt: Option<String>,
    /// Time over which the boards start, in seconds; 50 a second, when left out.
    #[arg(long, value_name = "SECONDS")]
    ramp: Option<f64>,
    /// Each board fetches everything itself; else an item is fetched once and lies on the disk once.
    #[arg(long)]
    fetch_each: bool,
    /// Seconds between two polls, ± 10 %.
    #[arg(long, value_name = "SECONDS")]
    poll: Option<f64>,
    /// Seconds between two states when nothing changes, ± 10 %.
    #[arg(long, value_name = "SECONDS")]
    state: Option<f64>,
    /// Seconds at least between two states.
    #[arg(long, value_name = "SECONDS")]
    state_apart: Option<f64>,
    /// Seconds that a play waits for others before it is sent.
    #[arg(long, value_name = "SECONDS")]
    batch: Option<f64>,
    /// Seconds between two lines that tell how the fleet is.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    status: f64,
    /// End as soon as standard input is closed: whoever holds its other end is gone.
    #[arg(long)]
    while_stdin_open: bool,
}

/// Drives the boards until it is told to end.
///
/// # Errors
/// When an identity is wrong, there are too few, or the fleet does not start or end.
#[expect(clippy::print_stdout, reason = "the status is what this command is run for")]
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut ending = Ending::new(arguments.while_stdin_open)?;
    let cadence = cadence(&arguments)?;
    let every = seconds("--status", arguments.status)?.max(Duration::from_millis(100));
    let addresses = Addresses { server: arguments.server.clone(), mqtt: arguments.mqtt.clone() };
    let identities = identities(&arguments.identities, arguments.skip, arguments.boards, &addresses)?;
    #[expect(clippy::cast_precision_loss, reason = "a count of boards")]
    let ramp = seconds("--ramp", arguments.ramp.unwrap_or(identities.len() as f64 / A_SECOND))?;
    let config = FleetConfig { identities, data: arguments.data, cadence, ramp, fetch_each: arguments.fetch_each };
    let fleet = Fleet::start(config).await.context("the fleet could not start")?;
    let mut look = tokio::time::interval(every);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ending.asked() => break,
            _ = look.tick() => println!("{}", fleet.sum()),
        }
    }
    tokio::select! {
        ended = fleet.stop() => anyhow::ensure!(ended, "not all boards ended in time"),
        () = ending.insisted() => anyhow::bail!("the fleet was cut off while it ended"),
    }
    println!("All boards have ended.");
    Ok(())
}

fn cadence(arguments: &Arguments) -> anyhow::Result<Cadence> {
    let mut cadence = Cadence::default();
    for (name, said, place) in [
        ("--poll", arguments.poll, &mut cadence.poll),
        ("--state", arguments.state, &mut cadence.state),
        ("--state-apart", arguments.state_apart, &mut cadence.state_apart),
        ("--batch", arguments.batch, &mut cadence.batch),
    ] {
        if let Some(said) = said {
            *place = seconds(name, said)?;
        }
    }
    Ok(cadence)
}

fn seconds(name: &str, said: f64) -> anyhow::Result<Duration> {
    let duration = Duration::try_from_secs_f64(said).ok().filter(|duration| *duration <= Duration::from_secs(86_400));
    duration.with_context(|| format!("{name} {said} is no time: say seconds from 0 to 86400"))
}

/// The identities of a folder in the order of their names: so many, after those left out.
fn identities(folder: &Path, skip: usize, boards: Option<usize>, addresses: &Addresses) -> anyhow::Result<Vec<Identity>> {
    let unreadable = || format!("the folder of identities {} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    let found = files.len();
    let files: Vec<_> = files.into_iter().skip(skip).take(boards.unwrap_or(usize::MAX)).collect();
    anyhow::ensure!(
        !files.is_empty() && boards.is_none_or(|boards| boards == files.len()),
        "{} holds {found} identity files, which is too few to leave out {skip} and drive {}; `bangtin board add --from` makes more",
        folder.display(),
        boards.map_or_else(|| "one".to_owned(), |boards| boards.to_string()),
    );
    let mut known = std::collections::BTreeMap::new();
    let mut identities = Vec::with_capacity(files.len());
    for path in files {
        let identity = Identity::read(&path, addresses).with_context(|| format!("{} cannot be used", path.display()))?;
        if let Some(other) = known.insert(identity.board.clone(), path.clone()) {
            anyhow::bail!("{} and {} are both of the board {}", other.display(), path.display(), identity.board);
        }
        identities.push(identity);
    }
    Ok(identities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_identities_are_told_with_their_number() {
        let folder = tempfile::tempdir().expect("a folder");
        for boards in [None, Some(3)] {
            let error = identities(folder.path(), 0, boards, &Addresses::default()).expect_err("none there");
            assert!(error.to_string().contains("holds 0 identity files"), "{error}");
        }
    }

    #[test]
    fn a_time_is_said_in_seconds() {
        assert_eq!(seconds("--ramp", 0.5).expect("a time"), Duration::from_millis(500));
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 86_401.0] {
            assert!(seconds("--ramp", wrong).is_err(), "{wrong}");
        }
    }
}
