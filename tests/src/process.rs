//! A program under test or beside it: started with its output kept, ended with the test.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

pub use crate::command::{installed, run};
use crate::eventually::{SOON, eventually};

/// Most lines of output kept of one program; the first ones are the ones that name addresses.
const MOST_LINES: usize = 20_000;

/// A running program. Dropped, it is killed; if the test is failing, its output is printed.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

/// One of the workspace's programs, beside the test that runs.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("a test knows where it runs");
    let folder = here.ancestors().nth(2).expect("a test lies in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(path.is_file(), "{} is missing: build it with `cargo build --workspace --bins`, or run `make test`", path.display());
    path
}

/// A program whose writes can be [refused](Process::disk_takes_nothing) while it runs: the signal that the system sends then, and
/// no real full disk does, is ignored.
#[must_use]
pub fn limitable(program: &Path) -> Command {
    let mut command = Command::new(installed("sh"));
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(program);
    command
}

impl Process {
    /// Starts a program and keeps what it writes.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start ({command:?}): {e}"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        keep(child.stdout.take().expect("it is piped"), &lines);
        keep(child.stderr.take().expect("it is piped"), &lines);
        Self { name: name.to_owned(), child, lines }
    }

    /// What it wrote so far, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line for which `find` has an answer.
    ///
    /// # Panics
    /// When none comes within `limit`, or the program ends first.
    pub async fn line<T>(&mut self, what: &str, limit: Duration, find: impl Fn(&str) -> Option<T>) -> T {
        let name = self.name.clone();
        eventually(&format!("{name}: {what}"), limit, async || {
            let lines = self.lines();
            if let Some(found) = lines.iter().find_map(|line| find(line)) {
                return Ok(found);
            }
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "{name} ended ({ended:?}) before {what}:\n{}", lines.join("\n"));
            Err(lines.last().cloned().unwrap_or_else(|| "no output".to_owned()))
        })
        .await
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// From now on no file takes a byte from it, as on a full disk, but for the error's name (`EFBIG`): a limit that works for any
    /// user, on any machine. Only for what was started as [`limitable`].
    ///
    /// # Panics
    /// When the system refuses.
    pub fn disk_takes_nothing(&self) {
        self.limit_files(Some(0));
    }

    /// Files take everything again.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn disk_takes_all(&self) {
        self.limit_files(None);
    }

    fn limit_files(&self, current: Option<u64>) {
        prlimit(Some(self.pid()), Resource::Fsize, Rlimit { current, maximum: None }).expect("a process may limit its children");
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has an id")
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(&mut self) -> ExitStatus {
        let pid = self.pid();
        // It may have ended by itself: then there is nothing to ask.
        let _ = kill_process(pid, Signal::TERM);
        self.ended().await
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(&mut self) -> ExitStatus {
        let name = self.name.clone();
        eventually(&format!("{name} ends"), SOON, async || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("still running".to_owned()),
            Err(error) => Err(error.to_string()),
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- output of {} ---\n{}\n--- end of {} ---", self.name, self.lines().join("\n"), self.name);
        }
    }
}

/// Reads until the program closes its end.
fn keep(from: impl Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut kept = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < MOST_LINES {
                kept.push(line);
            }
        }
    });
}
