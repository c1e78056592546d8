//! `bangtin demo` as a process: started in a folder of the test's, with its login, its boards, and every process it has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

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
    /// Starts it and waits until it has printed its address and where its login is.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(data: &Path) -> Self {
        let mut process = Process::start("bangtin demo", &mut command(&program("bangtin"), data));
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
