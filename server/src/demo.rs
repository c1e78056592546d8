//! The demo's players: real processes, started, watched and started again; one of them drives all boards that have no screen.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// First wait before a player that died is started again; doubled up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest such wait; a player that ran longer than this begins anew with [`FIRST_WAIT`].
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a player may take to end by itself.
const LONGEST_END: Duration = Duration::from_secs(15);
/// Over how many seconds the virtual boards start: the players' first pictures come before them.
const RAMP_S: &str = "15";

/// Which players to run.
#[derive(Debug, Clone)]
pub struct Players {
    /// The player's programme.
    pub programme: PathBuf,
    /// Identity files of the boards to drive with a player each.
    pub identities: Vec<PathBuf>,
    /// Folder of all identity files: the boards after the first ones are driven by one fleet of virtual boards.
    pub fleet: PathBuf,
    /// Whether there are boards after the first ones.
    pub others: bool,
    /// Folder under which the fleet keeps its data.
    pub fleet_data: PathBuf,
    /// Folder under which each player keeps its data.
    pub data: PathBuf,
    /// Where the server answers.
    pub http: SocketAddr,
    /// Where its broker listens.
    pub mqtt: SocketAddr,
    /// Which log lines they write.
    pub log: String,
}

/// Runs one player for each identity, and a fleet where there are more boards, until `stop`.
pub async fn players(players: Players, stop: CancellationToken) {
    let mut running = JoinSet::new();
    for identity in players.identities.clone() {
        running.spawn(keep_running(players.clone(), Driven::Board(identity), stop.clone()));
    }
    if players.others {
        running.spawn(keep_running(players.clone(), Driven::Others, stop.clone()));
    }
    while running.join_next().await.is_some() {}
}

/// What one process drives.
enum Driven {
    /// The board of this identity, with a screen.
    Board(PathBuf),
    /// All boards that have no player, virtually.
    Others,
}

impl std::fmt::Display for Driven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Board(identity) => write!(f, "{}", identity.display()),
            Self::Others => f.write_str("all other boards"),
        }
    }
}

async fn keep_running(players: Players, driven: Driven, stop: CancellationToken) {
    let mut wait = FIRST_WAIT;
    while !stop.is_cancelled() {
        let started = Instant::now();
        match command(&players, &driven).spawn() {
            Ok(child) => watch(child, &stop).await,
            Err(error) => tracing::error!(error = %error, driven = %driven, "a player cannot be started"),
        }
        if stop.is_cancelled() {
            return;
        }
        wait = if started.elapsed() > LONGEST_WAIT { FIRST_WAIT } else { wait };
        tracing::warn!(driven = %driven, wait_ms = wait.as_millis(), "a player ended; it is started again");
        tokio::select! {
            () = sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            () = stop.cancelled() => return,
        }
    }
}

fn command(players: &Players, driven: &Driven) -> Command {
    let mut command = Command::new(&players.programme);
    match driven {
        Driven::Board(identity) => {
            let data = players.data.join(identity.file_stem().unwrap_or_default());
            command.arg("run").arg("--identity").arg(identity).arg("--data").arg(&data);
            command.args(["--output", "auto"]).arg("--frames").arg(data.join("frames")).env("RUST_LOG", &players.log);
        }
        Driven::Others => {
            command.arg("fleet").arg("--identities").arg(&players.fleet).arg("--data").arg(&players.fleet_data);
            command.arg("--skip").arg(players.identities.len().to_string()).args(["--ramp", RAMP_S]);
            // The demo's terminal is for what the demo says; how the boards are, its overview shows.
            command.stdout(Stdio::null()).env("RUST_LOG", "error");
        }
    }
    command
        .arg("--server")
        .arg(format!("http://{}", players.http))
        .arg("--mqtt")
        .arg(players.mqtt.to_string())
        .arg("--while-stdin-open")
        // The other end is held here, and by nobody else: killed in whatever way, this process takes its players with it.
        .stdin(Stdio::piped())
        // Ctrl-C goes to the whole group: the players are ended by this process, in order, not by the terminal.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Waits for the player's end, or ends it: asked first, then made to.
async fn watch(mut child: Child, stop: &CancellationToken) {
    // Waiting for a child closes the pipe to it, if it still has it.
    let _held = child.stdin.take();
    tokio::select! {
        _ = child.wait() => return,
        () = stop.cancelled() => {}
    }
    let asked = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = asked
        && let Err(error) = rustix::process::kill_process(pid, rustix::process::Signal::TERM)
    {
        tracing::debug!(error = %error, "the player was gone already");
    }
    if timeout(LONGEST_END, child.wait()).await.is_err()
        && let Err(error) = child.kill().await
    {
        tracing::warn!(error = %error, "a player could not be ended");
    }
}
