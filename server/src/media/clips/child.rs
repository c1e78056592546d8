//! The one place that starts ffmpeg: as a child without terminal, network or environment, with limits, in a group of its own.
//!
//! `setpriv`, `prlimit` and `nice` (util-linux and coreutils, on every Debian) each replace themselves by the next program, so that
//! the child is one process: it dies with the server, gains no rights, and is bounded in memory, processor time and file size.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdout, Command};
use tokio::time::timeout;

use super::ClipFault;

/// Most address space, in bytes: room for 4K with its reference frames and two threads.
const MOST_MEMORY: u64 = 3 << 30;
/// Largest file it may write, in bytes.
const MOST_WRITTEN: u64 = 4 << 30;
/// What is kept of its complaints, in bytes: the first ones say most.
const MOST_SAID: usize = 4096;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 300;
/// How long it may take to say what it is.
const GREETING: Duration = Duration::from_secs(20);
/// Exit codes of `nice` when the program cannot be executed, or is not there.
const NOT_STARTED: [i32; 2] = [126, 127];
/// Where programs are looked for: the server's environment may hold secrets and is not handed on.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The programs that work on clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
}

impl Default for Ffmpeg {
    fn default() -> Self {
        Self::at(Path::new("ffmpeg"))
    }
}

impl Ffmpeg {
    /// This ffmpeg, a path or a name to be found in the usual folders; ffprobe lies beside it.
    #[must_use]
    pub fn at(ffmpeg: &Path) -> Self {
        Self { ffmpeg: ffmpeg.to_owned(), ffprobe: ffmpeg.with_file_name("ffprobe") }
    }

    /// Whether all is there that clips need.
    ///
    /// # Errors
    /// When a program is missing, or this ffmpeg cannot encode H.264.
    pub async fn check(&self) -> Result<(), ClipFault> {
        let (version, _) = run(self.ffprobe(words(&["-version"]), GREETING), GREETING, all::<65_536>).await?;
        version.map_err(ClipFault::Io)?;
        let (encoders, _) = run(self.ffmpeg(words(&["-hide_banner", "-encoders"]), GREETING), GREETING, all::<65_536>).await?;
        let known = encoders.map_err(ClipFault::Io)?;
        if String::from_utf8_lossy(&known).contains("libx264") {
            return Ok(());
        }
        Err(ClipFault::Ffmpeg("it was built without libx264, which encodes H.264".to_owned()))
    }

    pub(super) fn ffmpeg(&self, arguments: Vec<OsString>, deadline: Duration) -> Confined {
        confined(&self.ffmpeg, arguments, deadline)
    }
    pub(super) fn ffprobe(&self, arguments: Vec<OsString>, deadline: Duration) -> Confined {
        confined(&self.ffprobe, arguments, deadline)
    }
}

/// A command that is ready to be run.
pub(super) struct Confined {
    command: Command,
    program: String,
}

/// Arguments as ffmpeg takes them.
pub(super) fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// A path as ffmpeg takes it: `file:` keeps it from being read as another protocol or an option. It is made whole, since the child runs
/// in `/`.
pub(super) fn file(path: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    address
}

fn confined(program: &Path, arguments: Vec<OsString>, deadline: Duration) -> Confined {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--no-new-privs", "prlimit", "--core=0"])
        .arg(format!("--as={MOST_MEMORY}"))
        .arg(format!("--fsize={MOST_WRITTEN}"))
        // Two threads may use twice the time; the deadline below is what usually ends it.
        .arg(format!("--cpu={}", deadline.as_secs().saturating_mul(2).max(1)))
        .args(["nice", "-n", "5"])
        .arg(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    Confined { command, program: program.display().to_string() }
}

/// Runs it to its end and hands its output to `read`; answers what that made of it, and what the child complained of. Whoever drops
/// this future kills the child.
///
/// # Errors
/// When it cannot be started, does not end in time, or fails.
pub(super) async fn run<T, F: Future<Output = T>>(
    confined: Confined,
    deadline: Duration,
    read: impl FnOnce(ChildStdout) -> F,
) -> Result<(T, String), ClipFault> {
    let ended = run_to_end(confined, deadline, read).await?;
    ended.fault.map_or(Ok((ended.made, ended.said)), Err)
}

/// How a child ended.
pub(super) struct Ended<T> {
    /// What was made of its output.
    pub(super) made: T,
    /// What it complained of.
    pub(super) said: String,
    /// Why it failed; none when it did not.
    pub(super) fault: Option<ClipFault>,
}

/// Like [`run`], for those who want what was read of a child that failed: it may have failed because nobody read on.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub(super) async fn run_to_end<T, F: Future<Output = T>>(
    mut confined: Confined,
    deadline: Duration,
    read: impl FnOnce(ChildStdout) -> F,
) -> Result<Ended<T>, ClipFault> {
    let not_started = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ClipFault::NotInstalled { program: "setpriv".to_owned() },
        _ => ClipFault::Io(source),
    };
    let mut child = confined.command.spawn().map_err(not_started)?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(ClipFault::Io(io::Error::other("the child has no pipes")));
    };
    let work = async { tokio::join!(read(out), first_words(err), child.wait()) };
    let ended = timeout(deadline, work).await;
    let Ok((made, said, status)) = ended else { return Err(ClipFault::TooSlow(deadline)) };
    let status = status.map_err(ClipFault::Io)?;
    let fault = (!status.success()).then(|| failure(status, &said, confined.program));
    Ok(Ended { made, said, fault })
}

fn failure(status: ExitStatus, said: &str, program: String) -> ClipFault {
    match (status.code(), status.signal()) {
        (Some(code), _) if NOT_STARTED.contains(&code) => ClipFault::NotInstalled { program },
        (Some(_), _) if said.contains("failed to execute") => ClipFault::NotInstalled { program: "nice".to_owned() },
        (Some(code), _) => ClipFault::Ffmpeg(reason(said).unwrap_or_else(|| format!("it ended with code {code}"))),
        (None, signal) => ClipFault::Ffmpeg(format!("it was ended by signal {}", signal.unwrap_or_default())),
    }
}

/// The first complaint, without addresses in memory and paths of this machine.
pub(super) fn reason(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, rest)| rest);
    let line = match line.strip_prefix("file:").and_then(|rest| rest.split_once(": ")) {
        Some((_, rest)) => rest,
        None => line,
    };
    Some(line.chars().take(LONGEST_REASON).collect())
}

/// What it complains of first; the rest is read and dropped, so that it never waits for a reader.
async fn first_words(mut from: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(read) = from.read(&mut piece).await {
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        let room = MOST_SAID.saturating_sub(kept.len());
        kept.extend_from_slice(bytes.get(..room.min(read)).unwrap_or_default());
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// All it writes, at most this many bytes; the rest is left unread, and the child fails at it.
///
/// # Errors
/// When the pipe cannot be read.
pub(super) async fn all<const MOST: usize>(out: ChildStdout) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    out.take(MOST as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_the_folder_one_is_in_reaches_the_child_whole() {
        let here = std::env::current_dir().expect("a folder");
        assert_eq!(file(Path::new("data/a.mp4")), OsString::from(format!("file:{}/data/a.mp4", here.display())));
        assert_eq!(file(Path::new("/data/a.mp4")), OsString::from("file:/data/a.mp4"));
    }
}
