//! The demo, started for the figures, and talked to as a browser would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bangtin_tests::process::{Process, program};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::site::Site;

/// Longest wait for anything: a first start makes the pictures of a whole year.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// The running demo.
pub(crate) struct Demo {
    /// From the start of the process to the third board's first picture.
    pub(crate) first_picture: Duration,
    /// From the start of the process until every board is on its newest manifest.
    pub(crate) all_settled: Duration,
    site: Site,
    folder: TempDir,
    process: Process,
}

impl Drop for Demo {
    /// Asked to end, so that its players end with it.
    fn drop(&mut self) {
        end(&self.process);
    }
}

/// Asks a process to end, and waits until it has.
pub(crate) fn end(process: &Process) {
    if let Some(pid) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
        wait("the process ends", || {
            (!Path::new(&format!("/proc/{}/stat", process.id())).exists() || is_zombie(process.id())).then_some(())
        });
    }
}

fn is_zombie(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

impl Demo {
    /// Starts it on free ports with an empty data folder, and signs in.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(program("bangtin"));
        command.args(["demo", "--listen-http", "127.0.0.1:0", "--listen-mqtt", "127.0.0.1:0", "--log", "warn", "--data"]);
        command.arg(folder.path()).env_remove("DISPLAY");
        let started = Instant::now();
        let process = Process::start("bangtin demo", &mut command);
        let address = wait("the demo tells its address", || {
            process.lines().iter().find_map(|line| Some(line.split_once("http://")?.1.split_whitespace().next()?.to_owned()))
        });
        let frames = |board: &PathBuf| board.join("frames/latest.png").is_file();
        wait("three boards show a picture", || {
            (boards(folder.path()).iter().filter(|board| frames(board)).count() == 3).then_some(())
        });
        let first_picture = started.elapsed();
        let login = std::fs::read_to_string(folder.path().join("login.txt")).expect("the demo wrote a login");
        let password = login.lines().find_map(|line| line.strip_prefix("password: ")).expect("it holds a password");
        let site = Site::sign_in(address, "admin", password);
        let mut demo = Self { first_picture, all_settled: Duration::ZERO, site, folder, process };
        demo.settled();
        demo.all_settled = started.elapsed();
        demo
    }

    /// Saves a campaign for all boards and waits until every connected board reports the revision that came of it.
    pub(crate) fn save_campaign(&self, number: usize) -> Duration {
        let saved = Instant::now();
        self.site.save_campaign(&format!("Figure+{number}"), "photos");
        self.settled();
        saved.elapsed()
    }

    /// How long the editor waits for the picture of a slide, from one letter to the next.
    pub(crate) fn preview(&self, board: &str, number: usize) -> Duration {
        let title = format!("Festival Trà Thái Nguyên lần thứ {number}");
        let slide = format!(
            r#"{{"template":"event","content":{{"texts":{{"vi":{{"title":"{title}","place":"Quảng trường Võ Nguyên Giáp"}}}},"dates":{{"day":"2026-11-14"}}}}}}"#
        );
        let asked = Instant::now();
        assert!(self.site.preview(board, &slide) > 1000, "a picture comes");
        asked.elapsed()
    }

    /// Process id of the server.
    pub(crate) fn server(&self) -> u32 {
        self.process.id()
    }

    /// Its pages.
    pub(crate) const fn site(&self) -> &Site {
        &self.site
    }

    /// The pictures of this size that the server made, as files.
    pub(crate) fn slides(&self, width: u32, height: u32) -> Vec<PathBuf> {
        let cache = self.folder.path().join("players/b-01840");
        let mut found = Vec::new();
        files(&cache, &mut |path| {
            let size = image::ImageReader::open(path).and_then(image::ImageReader::with_guessed_format).ok();
            if size.and_then(|reader| reader.into_dimensions().ok()) == Some((width, height)) && !path.ends_with("latest.png") {
                found.push(path.to_owned());
            }
        });
        found.sort();
        found
    }

    /// Waits until no board waits for anything: all live, none updating.
    fn settled(&self) {
        wait("all boards are on their newest manifest", || {
            let metrics = self.site.metrics();
            let has = |line: &str| metrics.lines().any(|found| found == line);
            (has("bangtin_boards{state=\"live\"} 92")
                && has("bangtin_boards{state=\"updating\"} 0")
                && has("bangtin_publish_wanted_rows 0"))
            .then_some(())
        });
    }
}

fn boards(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("players")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn files(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, see) } else { see(&path) }
    }
}

/// Looks every few milliseconds, up to [`LIMIT`].
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
