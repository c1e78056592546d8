//! One PostgreSQL for a whole run of the tests, and a database of its own for each test.
//!
//! The first test that asks starts it, under a lock, in a folder named for the program that runs the tests; a small watcher stops
//! it when that program has ended, so that nothing is left behind however the run ends. It listens on a Unix socket only.
//!
//! The server's own tests take this file in as well, with `command` beside it: it needs nothing else of the harness.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use super::command::{installed, run};

/// The operating system's user that runs it where the tests run as root, which PostgreSQL refuses to be.
const SERVICE_USER: &str = "postgres";

/// An empty database.
#[derive(Debug)]
pub struct Database {
    /// For `bangtin`'s configuration: `postgres://…`.
    pub url: String,
    name: String,
}

impl Database {
    /// Makes an empty database; the first of a run starts PostgreSQL too.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start: it is part of what is tested, never skipped.
    #[must_use]
    pub fn make() -> Self {
        let cluster = Cluster::of_this_run();
        let name = format!("t{}_{}", std::process::id(), unique());
        run(cluster.psql().arg("-c").arg(format!("create database {name}")));
        Self { url: format!("postgres:///{name}?host={}&user=postgres", cluster.folder.display()), name }
    }

    /// Removes it before the run ends, whoever is still connected: a run has hundreds.
    ///
    /// # Panics
    /// When PostgreSQL does not do so.
    pub fn remove(self) {
        run(Cluster::of_this_run().psql().arg("-c").arg(format!("drop database {} with (force)", self.name)));
    }
}

struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
}

impl Cluster {
    /// The running cluster; started now if this is the first call of the run.
    fn of_this_run() -> Self {
        let runner = std::os::unix::process::parent_id();
        let folder = std::env::temp_dir().join(format!("bangtin-postgres-{runner}"));
        std::fs::create_dir_all(&folder).expect("the temporary folder takes folders");
        let cluster = Self { folder, programs: programs() };
        let lock = File::create(cluster.folder.join("lock")).expect("the folder is ours");
        flock(&lock, FlockOperation::LockExclusive).expect("a lock on a local file");
        let ready = cluster.folder.join("ready");
        if !ready.exists() {
            cluster.start();
            cluster.watch(runner);
            std::fs::write(&ready, "").expect("the folder is ours");
        }
        cluster
    }

    fn start(&self) {
        // The service user must get through, and make its socket here.
        std::fs::set_permissions(&self.folder, std::fs::Permissions::from_mode(0o777)).expect("the folder is ours");
        let data = self.folder.join("data");
        let init = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", "-D"];
        run(self.service("initdb").args(init).arg(&data));
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=200",
            self.folder.display()
        );
        // Its output goes to the log: a pipe held by a server that lives on would keep us reading for ever.
        let mut start = self.service("pg_ctl");
        start.arg("-D").arg(&data).arg("-o").arg(options).arg("-l").arg(data.join("log")).args(["-w", "-t", "60", "start"]);
        let status = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let log = || std::fs::read_to_string(data.join("log")).unwrap_or_default();
        assert!(status.is_ok_and(|status| status.success()), "PostgreSQL does not start:\n{}", log());
    }

    /// Stops the cluster and removes its folder once the program that runs the tests has ended.
    fn watch(&self, runner: u32) {
        let stop = self.service("pg_ctl");
        let words: Vec<_> = std::iter::once(stop.get_program()).chain(stop.get_args()).map(|w| w.to_string_lossy()).collect();
        let folder = self.folder.display();
        let script = format!(
            "while kill -0 {runner} 2>/dev/null; do sleep 1; done; {} -D {folder}/data -m immediate stop; rm -rf {folder}",
            words.join(" ")
        );
        Command::new(installed("setsid"))
            .args(["--fork", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .status()
            .expect("setsid starts the watcher");
    }

    /// One of PostgreSQL's programs, as the user that may run it.
    fn service(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new(installed("runuser"));
            command.args(["-u", SERVICE_USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }

    fn psql(&self) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.arg("-h").arg(&self.folder).args(["-U", "postgres", "-d", "postgres", "-q", "-X", "-v", "ON_ERROR_STOP=1"]);
        command
    }
}

/// The newest installed PostgreSQL's programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| Path::new(&format!("/usr/lib/postgresql/{version}/bin/initdb")).is_file())
        .max();
    let version = newest.expect("PostgreSQL is missing: `make setup-test` installs it");
    PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))
}

/// A number no other call in this process has had.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_a_database_of_its_own() {
        let (one, two) = (Database::make(), Database::make());
        assert_ne!(one.url, two.url);
        let cluster = Cluster::of_this_run();
        let list = run(cluster.psql().args(["-At", "-c", "select count(*) from pg_database where datname like 't%\\_%'"]));
        assert!(list.trim().parse::<u32>().is_ok_and(|count| count >= 2), "{list}");
        let name = one.name.clone();
        one.remove();
        let left =
            run(cluster.psql().arg("-At").arg("-c").arg(format!("select count(*) from pg_database where datname = '{name}'")));
        assert_eq!(left.trim(), "0");
    }
}
