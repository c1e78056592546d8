//! Programs of the machine: found by name, run to their end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program of the machine, by name.
///
/// # Panics
/// When it is not installed.
#[must_use]
pub fn installed(name: &str) -> PathBuf {
    let folders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
    folders
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: `make setup-test` installs it"))
}

/// Runs a program to its end and gives what it wrote on standard output.
///
/// # Panics
/// When it fails, with what it wrote.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ended with {}\n{out}\n{err}", output.status);
    out.into_owned()
}
