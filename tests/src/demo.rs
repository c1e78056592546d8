//! `bangtin demo` as a process: started in a folder of the test's, with its login, its boards, and every process it has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use playlists::plan::{self, Plan};
use rustix::process::{Pid, Signal, kill_process};

use crate::eventually::{SOON, STARTUP, eventually};
use crate::process::{Process, program};

/// A running demo without a display. Dropped, it and its players are killed.
#[derive(Debug)]
pub struct Demo {
    /// The demo's own process.
    pub process: Process,
    /// Where its pages are, without a slash at the end.
    pub site: String,
    /// Where its broker listens.
    pub mqtt: SocketAddr,
    /// The file with the login, as it was printed.
    pub login_file: PathBuf,
    data: PathBuf,
}

/// The frame that a player shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The board.
    pub board: String,
    /// The picture's file, PNG.
    pub picture: Vec<u8>,
    /// Digest of the item it comes from.
    pub item: String,
}

/// What a demo has on its boards unless it is started for the year: drawings on each shape and a slide, at every hour. Pictures for a
/// whole year take minutes to be made, and running text lies over all others.
const CAMPAIGNS: [&str; 3] = ["drawn-wide", "drawn-tall", "reading"];

/// The folder of the province's plan.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../playlists/samples")
}

/// The province's plan with some of its campaigns only, all its boards, and what they need.
fn shortened(campaigns: &[&str]) -> Plan {
    let text = std::fs::read_to_string(samples().join("plan.yaml")).expect("the province has a plan");
    let mut plan = plan::read(&text).expect("it holds").plan;
    plan.campaigns.retain(|campaign| campaigns.contains(&campaign.id.as_str()));
    for board in &mut plan.boards {
        (board.default_playlist, board.overlays) = (None, Vec::new());
    }
    plan.playlists.retain(|list| plan.campaigns.iter().any(|campaign| campaign.playlist.as_ref() == Some(&list.id)));
    let entries: Vec<_> = plan.playlists.iter().flat_map(|list| &list.entries).collect();
    plan.assets.retain(|asset| entries.iter().any(|entry| entry.asset.as_ref() == Some(&asset.id)));
    plan
}

/// Writes the province's plan into a folder with its files, but with these campaigns only; gives where it is.
///
/// # Panics
/// When the folder does not take files.
#[must_use]
pub fn plan_of(campaigns: &[&str], folder: &Path) -> PathBuf {
    let plan = shortened(campaigns);
    for file in plan.assets.iter().flat_map(|asset| asset.files.values()) {
        let to = folder.join(&file.file);
        std::fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("a folder can be made");
        std::fs::copy(samples().join(&file.file), to).expect("the plan's file is there");
    }
    std::fs::create_dir_all(folder).expect("a folder can be made");
    let path = folder.join("plan.yaml");
    std::fs::write(&path, plan::write(&plan)).expect("the plan can be written");
    path
}

/// The command that starts a demo with its data in `data`, on ports that it chooses, without a display and settings of the machine's.
#[must_use]
pub fn command(program: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["demo", "--listen-http", "127.0.0.1:0", "--listen-mqtt", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_remove("DISPLAY")
        .current_dir(data.parent().expect("a data folder lies in a folder"));
    command
}

impl Demo {
    /// Starts it with a few of the province's campaigns, and waits until it has printed its address and where its login is.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(data: &Path) -> Self {
        let plan = plan_of(&CAMPAIGNS, &data.with_extension("plan"));
        Self::run(data, command(&program("bangtin"), data).arg("--plan").arg(plan)).await
    }

    /// Starts it as people do, with the province's plan of the year, and waits likewise.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start_with_the_year(data: &Path) -> Self {
        Self::run(data, &mut command(&program("bangtin"), data)).await
    }

    async fn run(data: &Path, command: &mut Command) -> Self {
        let mut process = Process::start("bangtin demo", command);
        let (site, mqtt) = process
            .line("prints its addresses", STARTUP, |line| {
                let (site, rest) = line.strip_prefix("Bangtin's demo: ")?.split_once("  (MQTT on ")?;
                Some((site.to_owned(), rest.trim_end_matches(')').parse().ok()?))
            })
            .await;
        let login_file = process
            .line("prints where its login is", SOON, |line| {
                Some(PathBuf::from(line.strip_prefix("Sign in with what ")?.split_once(" says.")?.0))
            })
            .await;
        Self { process, site, mqtt, login_file, data: data.to_owned() }
    }

    /// Login and password, as the login file says.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn login(&self) -> (String, String) {
        let text = std::fs::read_to_string(&self.login_file).expect("the login file is there");
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).expect("the login file is whole").to_owned();
        (value("login: "), value("password: "))
    }

    /// The boards that have players, in the order of their ids.
    ///
    /// # Panics
    /// When a player has no folder yet.
    #[must_use]
    pub fn boards(&self) -> Vec<String> {
        let folders = std::fs::read_dir(self.data.join("players")).expect("the players have folders");
        let mut boards: Vec<_> =
            folders.map(|folder| folder.expect("a folder").file_name().into_string().expect("an id")).collect();
        boards.sort();
        boards
    }

    /// A board's player's data folder.
    #[must_use]
    pub fn player(&self, board: &str) -> PathBuf {
        self.data.join("players").join(board)
    }

    /// What a board's player shows; none before its first picture, and while a picture gives way to the next.
    #[must_use]
    pub fn shown(&self, board: &str) -> Option<Shown> {
        let frames = self.player(board).join("frames");
        let about = || serde_json::from_slice::<serde_json::Value>(&std::fs::read(frames.join("latest.json")).ok()?).ok();
        let before = about()?;
        let picture = std::fs::read(frames.join("latest.png")).ok()?;
        // Picture and description are two files: only a picture with the same description before and after is surely its own.
        if about()? != before {
            return None;
        }
        Some(Shown { board: board.to_owned(), picture, item: before.get("item")?.as_str()?.to_owned() })
    }

    /// Waits until three players have each shown a picture, and gives those pictures in the order of the boards' ids.
    ///
    /// # Panics
    /// When they do not.
    pub async fn first_pictures(&self) -> Vec<Shown> {
        eventually("three players show a picture each", STARTUP, async || {
            if !self.data.join("players").is_dir() {
                return Err("no player yet".to_owned());
            }
            let shown: Vec<_> = self.boards().iter().filter_map(|board| self.shown(board)).collect();
            if shown.len() == 3 { Ok(shown) } else { Err(format!("{} pictures", shown.len())) }
        })
        .await
    }

    /// Ids of all processes that work with the demo's data: its own and its players'.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        processes_with(&self.data)
    }

    /// Presses Ctrl-C, and waits until it has ended.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn interrupt(&mut self) -> ExitStatus {
        signal(i32::try_from(self.process.id()).expect("a process id"), Signal::INT);
        self.process.ended().await
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill();
        for player in self.processes() {
            signal(player, Signal::KILL);
        }
    }
}

/// Processes that were started with `data` among their arguments.
fn processes_with(data: &Path) -> Vec<i32> {
    let needle = data.as_os_str().as_encoded_bytes();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let named = |id: &i32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.windows(needle.len()).any(|part| part == needle)
    };
    ids.filter(named).collect()
}

/// It may have ended by itself: then there is nothing to tell.
fn signal(id: i32, signal: Signal) {
    let _ = Pid::from_raw(id).map(|pid| kill_process(pid, signal));
}
