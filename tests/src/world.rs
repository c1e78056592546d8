//! A whole system for one test: a server with its broker and database, boards with their players, and wires between them that
//! can be cut. [`world()`] starts it, tells the story, and looks at the end whether nothing was left behind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bangtin::app::{self, App};
use bangtin::config::{Config, LogFormat, Tls};
use bangtin::edge::{authority, given::GivenFiles};
use bangtin::keys::Keys;
use bangtin::lifecycle;
use bangtin::ports::{Clock as _, SystemClock};
use bangtin::store::units::Unit;
use bangtin::store::{DatabaseUrl, outbox};
use bangtin_player::Cadence;
use futures_util::FutureExt as _;
use playlists::id::{BoardId, UnitId};
use playlists::unit::Tier;
use tempfile::TempDir;

use crate::aftermath::AllMarks;
use crate::boards::{Board, Player};
use crate::eventually::{SOON, STARTUP, eventually};
use crate::ledger;
use crate::process::{Process, limitable, program};
use crate::proxy::{Proxy, Wire};
use crate::witness::Witness;

/// Longest for a clean end of a player.
const LONGEST_END: Duration = Duration::from_secs(15);

/// Where the server of a world lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the test's own process: it starts at once and hears of changes at once.
    Within,
    /// A process of its own, the real program: it can be killed. What operators do goes beside it into the same database, as the
    /// command line does, so that it is noticed within five seconds.
    Apart,
}

/// How boards and browsers speak with the server of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// In plain text, as on one machine.
    Plain,
    /// Over TLS, with the server's own certificate authority.
    Tls,
    /// Over TLS, with a certificate that was given: `tls-server.pem` in the world's folder `given`, of the authority beside it.
    Given,
}

/// A whole system.
pub struct World {
    /// Between boards and the server's HTTP.
    pub http: Proxy,
    /// Between boards and the broker.
    pub mqtt: Proxy,
    /// How often players started from now on do things. The poll is as rare as on a street, so that what arrives soon arrives
    /// over MQTT; the rest is in a hurry.
    pub cadence: Cadence,
    /// The one unit.
    pub unit: UnitId,
    pub(crate) players: BTreeMap<BoardId, Player>,
    pub(crate) boards: Vec<Board>,
    pub(crate) witnesses: Vec<(BoardId, Witness)>,
    pub(crate) marks: AllMarks,
    speech: Speech,
    folder: TempDir,
    app: Arc<App>,
    server: Option<Server>,
}

enum Server {
    Within(Box<lifecycle::Running>),
    Apart(Process),
}

/// Tells one story in a world of its own. When it fails, all that is known of the world is printed.
///
/// # Panics
/// When the story does, or when at its end something is left: a desired state that was not sent, a play that was not
/// acknowledged, a part that does not end.
pub async fn world(place: Place, story: impl AsyncFnOnce(&mut World)) {
    Box::pin(world_that_speaks(Speech::Plain, place, story)).await;
}

/// The same, in plain text or over TLS.
///
/// # Panics
/// As [`world`].
pub async fn world_that_speaks(speech: Speech, place: Place, story: impl AsyncFnOnce(&mut World)) {
    let lines = tracing_subscriber::fmt().with_env_filter("info,mqtt5=off,sqlx=warn").with_ansi(false).with_test_writer();
    // Another test of this process may have begun already.
    let _ = lines.try_init();
    let mut world = Box::pin(World::start(speech, place)).await;
    let told = async {
        story(&mut world).await;
        world.end().await;
    };
    if let Err(panic) = AssertUnwindSafe(Box::pin(told)).catch_unwind().await {
        eprintln!("{}", world.dump().await);
        resume_unwind(panic);
    }
}

impl World {
    async fn start(speech: Speech, place: Place) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys = folder.path().join("keys");
        Keys::init(&keys, &keys).expect("keys are made");
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let (http, mqtt) = (Proxy::start(nowhere).await, Proxy::start(nowhere).await);
        let config = config(speech, folder.path(), &http, &mqtt);
        let app = lifecycle::open(&config, Arc::new(SystemClock)).await.expect("the database opens");
        let unit = Unit {
            id: "thai-nguyen".parse().expect("an id"),
            name: "Thái Nguyên".to_owned(),
            tier: Tier::Province,
            parent: None,
        };
        app::units::add(&app, &unit).await.expect("the unit is new");
        let hurry = Duration::from_millis(100);
        let cadence = Cadence { state: 3 * hurry, state_apart: hurry, batch: hurry, ..Cadence::default() };
        let (players, boards) = (BTreeMap::new(), Vec::new());
        let (witnesses, marks) = (Vec::new(), AllMarks::new());
        let mut world =
            Self { http, mqtt, cadence, unit: unit.id, players, boards, witnesses, marks, speech, folder, app, server: None };
        world.start_server(place).await;
        world
    }

    /// What operators do; the server's own, where it lives within.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// A folder or file of this world.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the server, with the data it left; the wires lead to it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_server(&mut self, place: Place) {
        assert!(self.server.is_none(), "one server at a time");
        let config = config(self.speech, self.folder.path(), &self.http, &self.mqtt);
        let (server, http, mqtt) = match place {
            Place::Within => {
                let running = Box::pin(lifecycle::start(&config, Arc::new(SystemClock))).await.expect("the server starts");
                self.app = Arc::clone(&running.app);
                let (http, mqtt) = (running.http, running.mqtt);
                (Server::Within(Box::new(running)), http, mqtt)
            }
            Place::Apart => {
                let mut process = Process::start("bangtin serve", &mut command(&config, self.folder.path()));
                let addresses = process.line("tells where it answers", STARTUP, addresses).await;
                (Server::Apart(process), addresses.0, addresses.1)
            }
        };
        self.http.lead_to(http);
        self.mqtt.lead_to(mqtt);
        self.server = Some(server);
    }

    /// Ends the server in order.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn stop_server(&mut self) {
        match self.server.take().expect("a server runs") {
            Server::Within(running) => assert!(running.stop().await, "the server did not end in time"),
            Server::Apart(mut process) => {
                let status = process.stop().await;
                assert!(status.success(), "the server ended with {status}");
            }
        }
    }

    /// Ends the server as a power cut would: nothing is flushed, nobody is told.
    ///
    /// # Panics
    /// When it does not live apart.
    pub fn kill_server(&mut self) {
        let Some(Server::Apart(mut process)) = self.server.take() else { panic!("only a server apart can be killed") };
        process.kill();
    }

    /// The server's process.
    ///
    /// # Panics
    /// When it does not live apart.
    pub fn server_process(&mut self) -> &mut Process {
        let Some(Server::Apart(process)) = &mut self.server else { panic!("only a server apart is a process") };
        process
    }

    /// From now on the server ends, as by a power cut, when it comes by this place; once.
    ///
    /// # Panics
    /// When the world's folder takes no file.
    pub fn arm(&self, failpoint: &str) {
        let (armed, file) = (self.path("failpoint.new"), self.path("failpoint"));
        std::fs::write(&armed, failpoint).expect("the world's folder takes files");
        std::fs::rename(armed, file).expect("the world's folder takes files");
    }

    /// Starts the server, which ends at this place before it has heard of a board.
    ///
    /// # Panics
    /// When it does not come by it, or ends elsewhere.
    pub async fn server_starts_and_dies_at(&mut self, failpoint: &str) {
        self.arm(failpoint);
        let config = config(self.speech, self.folder.path(), &self.http, &self.mqtt);
        self.server = Some(Server::Apart(Process::start("bangtin serve", &mut command(&config, self.folder.path()))));
        self.server_died_at(failpoint).await;
    }

    /// Copies the database as a backup does while the server works.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub async fn back_up(&self) {
        let backup = self.path("backup.db");
        ledger::back_up(&self.app(), &backup).await;
    }

    /// Puts the backup in the database's place, while no server works.
    ///
    /// # Panics
    /// When a server works, or files cannot be replaced.
    pub async fn restore(&mut self) {
        assert!(self.server.is_none(), "a database is not replaced under a server");
        self.app.db.close().await;
        let database = self.path("data/bangtin.db");
        for rest in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(database.with_file_name(format!("bangtin.db{rest}")));
        }
        std::fs::copy(self.path("backup.db"), &database).expect("the database is replaced");
        let config = config(self.speech, self.folder.path(), &self.http, &self.mqtt);
        self.app = lifecycle::open(&config, Arc::new(SystemClock)).await.expect("the database opens");
    }

    /// Waits until the server has ended at the place that was armed.
    ///
    /// # Panics
    /// When it does not come by it, or ends elsewhere.
    pub async fn server_died_at(&mut self, failpoint: &str) {
        let Some(Server::Apart(mut process)) = self.server.take() else { panic!("only a server apart has failpoints") };
        let status = process.ended().await;
        let told = process.lines().iter().any(|line| line.contains(&format!("the failpoint {failpoint} ends the server")));
        assert!(!status.success() && told, "the server ended with {status}, not at {failpoint}:\n{}", process.lines().join("\n"));
    }

    /// Looks whether everything is at rest, and ends it.
    async fn end(&mut self) {
        if self.server.is_some() {
            let app = self.app();
            eventually("the outbox is empty", SOON, async || {
                let waiting = outbox::waiting(&app.db, 100).await.expect("the outbox is read");
                if waiting.is_empty() { Ok(()) } else { Err(format!("{waiting:?}")) }
            })
            .await;
            let boards: Vec<BoardId> = self.players.keys().cloned().collect();
            for board in boards {
                self.all_acknowledged(&board).await;
            }
        }
        for board in &self.boards {
            self.only_what_was_made_was_shown(board).await;
        }
        for (board, player) in std::mem::take(&mut self.players) {
            in_time(&format!("the player of {board}"), player.stop()).await;
        }
        if self.server.is_some() {
            self.stop_server().await;
        }
    }

    /// All that is known, for a test that failed.
    async fn dump(&self) -> String {
        let app = if let Some(Server::Within(running)) = &self.server { Arc::clone(&running.app) } else { self.app() };
        let app = &app;
        let mut text = String::from("--- the world at its end ---");
        let known = async {
            for board in &self.boards {
                let id = &board.identity.board;
                let desired = app::publish::desired(app, id).await.ok().flatten().map(|desired| desired.rev);
                let on = self.players.get(id).and_then(Player::on).map(|on| (on.item, on.since, on.rev));
                let _ = write!(text, "\n{id}: desired {desired:?}\n  reported {:?}", ledger::status(app, id).await);
                let _ = write!(text, "\n  on the screen {on:?}");
                let _ = write!(text, "\n  plays {:#?}", ledger::plays(app, id).await);
                let _ = write!(text, "\n  events {:#?}", ledger::events(app, id).await);
            }
            let waiting = outbox::waiting(&app.db, 100).await;
            let _ = write!(text, "\noutbox {waiting:?}\nwires: http {:?}, mqtt {:?}", self.http, self.mqtt);
        };
        // A database that was closed with its server tells nothing more.
        let _ = AssertUnwindSafe(Box::pin(known)).catch_unwind().await;
        text
    }
}

impl Drop for World {
    /// Standing connections are cut, so that nothing of a failed test holds up its end.
    fn drop(&mut self) {
        self.http.set(Wire::Cut);
        self.mqtt.set(Wire::Cut);
    }
}

/// Waits for an end.
pub(crate) async fn in_time(what: &str, ending: impl Future<Output = ()>) {
    assert!(tokio::time::timeout(LONGEST_END, ending).await.is_ok(), "{what} did not end within {LONGEST_END:?}");
}

fn config(speech: Speech, folder: &Path, http: &Proxy, mqtt: &Proxy) -> Config {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let encrypted = speech != Speech::Plain;
    let given = (speech == Speech::Given).then(|| given(&folder.join("given")));
    Config {
        data: folder.join("data"),
        listen_http: any,
        listen_mqtt: any,
        public_url: Some(format!("{}://{}", if encrypted { "https" } else { "http" }, http.address)),
        public_mqtt: Some(mqtt.address.to_string()),
        database: DatabaseUrl::Sqlite(folder.join("data/bangtin.db")),
        keys: folder.join("keys"),
        ffmpeg: "ffmpeg".into(),
        tls: Tls { http: encrypted, mqtt: encrypted, given },
        log: "info,mqtt5=error".to_owned(),
        log_format: LogFormat::Text,
    }
}

/// The same settings as flags.
fn command(config: &Config, folder: &Path) -> Command {
    let mut command = limitable(&program("bangtin"));
    command.env("BANGTIN_FAILPOINT", folder.join("failpoint"));
    command.current_dir(folder).arg("serve").arg("--data").arg(&config.data).arg("--keys").arg(&config.keys);
    command.arg("--listen-http").arg(config.listen_http.to_string()).arg("--listen-mqtt").arg(config.listen_mqtt.to_string());
    command.arg("--public-url").arg(config.public_url.as_deref().unwrap_or_default());
    command.arg("--public-mqtt").arg(config.public_mqtt.as_deref().unwrap_or_default());
    command.arg("--tls").arg(if config.tls.http { "on" } else { "auto" });
    if let Some(GivenFiles { certificate, key, ca }) = &config.tls.given {
        command.arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        command.args(ca.iter().flat_map(|ca| ["--tls-ca".as_ref(), ca.as_os_str()]));
    }
    command
}

/// A certificate for this machine in this folder, made where it is not there yet.
fn given(folder: &Path) -> GivenFiles {
    let files = [authority::CA_CERTIFICATE, "tls-server.pem"].map(|name| folder.join(name));
    if !files.iter().all(|file| file.exists()) {
        std::fs::create_dir_all(folder).expect("the world's folder takes folders");
        authority::ensure(folder, &["127.0.0.1".to_owned()], SystemClock.now()).expect("a certificate is made");
    }
    let [ca, certificate] = files;
    GivenFiles { key: certificate.clone(), certificate, ca: Some(ca) }
}

/// Reads `bangtin answers on http://ADDRESS and mqtt://ADDRESS`.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (http, mqtt) = line.strip_prefix("bangtin answers on http")?.split_once(" and mqtt")?;
    let after = |text: &'_ str| text.trim_start_matches('s').strip_prefix("://").map(str::to_owned);
    let (http, mqtt) = (after(http)?, after(mqtt)?);
    Some((http.parse().ok()?, mqtt.trim().parse().ok()?))
}
