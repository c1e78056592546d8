//! Publishing to many boards: a real server, and a fleet of virtual boards with real connections; beside it a plain retained publish
//! to as many clients of Mosquitto.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bangtin::app::assets::NewAsset;
use bangtin::app::playlists::{EntryDraft, PlaylistDraft};
use bangtin::app::{self, board_list};
use bangtin::config::{Config, LogFormat, Tls};
use bangtin::keys::{Keys, write_private};
use bangtin::ports::SystemClock;
use bangtin::store::DatabaseUrl;
use bangtin::store::units::Unit;
use bangtin_tests::mosquitto::free_address;
use bangtin_tests::pictures::{png, speckled};
use bangtin_tests::process::{Process, installed, program};
use playlists::asset::Fit;
use playlists::unit::Tier;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tempfile::TempDir;

use crate::cost::Cost;
use crate::demo::{end, wait};
use crate::site::Site;

/// Campaigns saved, one after the other.
const SAVES: usize = 3;
/// How long each picture is on: a new manifest takes over when it ends.
const ENTRY_S: u32 = 2;
/// How long the server is watched while nothing changes.
const IDLE: Duration = Duration::from_secs(60);
/// Bytes of the peer's messages: about what a desired state takes with these manifests.
const PAYLOAD: usize = 2500;
const LOGIN: (&str, &str) = ("bench", "a-password-for-figures");

/// All figures for so many boards.
pub(crate) fn of(boards: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut province = Province::start(&runtime, boards);
    println!("\npublishing to {boards} virtual boards of one process (three geometries, entries of {ENTRY_S} s), {SAVES} saves");
    let idle = Cost::of(province.server.id(), IDLE);
    println!(
        "  the server while nothing changes: {:.1} s of CPU a minute, {:.1} MB (PSS)",
        idle.cpu_per_cent * 0.6,
        idle.memory_mb
    );
    println!(
        "  the fleet: {:.2} MB a board (PSS)",
        Cost::of(province.fleet.id(), Duration::from_secs(2)).memory_mb / boards as f64
    );
    let peer = runtime.block_on(peer(boards));
    println!("  save →       all signed   broker has all   last in force   last reported   server CPU");
    for number in 0..SAVES {
        let [signed, sent, force, reported] = province.save(number).map(|time| time.as_secs_f64());
        println!(
            "            {signed:>10.2} s {sent:>13.2} s {force:>13.2} s {reported:>13.2} s {:>10.1} s   broker has all ÷ peer {:.1}",
            province.spent(),
            sent / peer.as_secs_f64()
        );
    }
    println!(
        "  peer: {boards} retained messages of {PAYLOAD} bytes to a Mosquitto client each: the last heard after {:.3} s",
        peer.as_secs_f64()
    );
}

struct Province {
    site: Site,
    server: Process,
    fleet: Process,
    boards: usize,
    playlist: String,
    ticks: f64,
    _folder: TempDir,
}

impl Province {
    fn start(runtime: &tokio::runtime::Runtime, boards: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (http, mqtt) = (free_address(), free_address());
        let config = config(&folder, http, mqtt);
        let identities = folder.path().join("identities");
        let playlist = runtime.block_on(Box::pin(furnish(&config, &identities, boards)));
        let mut command = Command::new(program("bangtin"));
        command.arg("serve").args(["--log", "error", "--data"]).arg(&config.data).arg("--keys").arg(&config.keys);
        command.args(["--listen-http", &http.to_string(), "--listen-mqtt", &mqtt.to_string()]).current_dir(folder.path());
        let server = Process::start("bangtin serve", &mut command);
        wait("the server answers", || server.lines().iter().any(|line| line.starts_with("bangtin answers")).then_some(()));
        let site = Site::sign_in(http.to_string(), LOGIN.0, LOGIN.1);
        let mut command = Command::new(program("bangtin-player"));
        command.arg("fleet").arg("--identities").arg(&identities).arg("--data").arg(folder.path().join("fleet"));
        command.args(["--boards", &boards.to_string(), "--status", "0.1"]);
        let fleet = Process::start("bangtin-player fleet", &mut command);
        site.save_campaign("First", &playlist);
        let ticks = crate::cost::cpu_s(server.id());
        let province = Self { site, server, fleet, boards, playlist, ticks, _folder: folder };
        province.settled();
        province
    }

    /// Saves a campaign: until all manifests are signed, the broker has them, the last is in force, the last is reported.
    fn save(&mut self, number: usize) -> [Duration; 4] {
        let before = self.revisions().map_or(0, |(_, high)| high);
        self.ticks = crate::cost::cpu_s(self.server.id());
        let saved = Instant::now();
        self.site.save_campaign(&format!("Figure+{number}"), &self.playlist);
        let (mut signed, mut sent, mut force) = (None, None, None);
        wait("the last board reports the campaign's revision", || {
            let metrics = self.site.metrics();
            let now = saved.elapsed();
            if Site::figure(&metrics, "bangtin_publish_wanted_rows") == 0 {
                let _ = *signed.get_or_insert(now);
            }
            if signed.is_some() && Site::figure(&metrics, "bangtin_outbox_rows") == 0 {
                let _ = *sent.get_or_insert(now);
            }
            if self.revisions().is_some_and(|(low, _)| low > before) {
                let _ = *force.get_or_insert(now);
            }
            std::thread::sleep(Duration::from_millis(50));
            (force.is_some() && sent.is_some() && self.is_settled(&metrics)).then_some(())
        });
        let none = Duration::ZERO;
        [signed.unwrap_or(none), sent.unwrap_or(none), force.unwrap_or(none), saved.elapsed()]
    }

    /// CPU time of the server since the last save began.
    fn spent(&self) -> f64 {
        crate::cost::cpu_s(self.server.id()) - self.ticks
    }

    /// Lowest and highest revision in force, as the fleet says.
    fn revisions(&self) -> Option<(u64, u64)> {
        let lines = self.fleet.lines();
        let told = lines.iter().rev().find_map(|line| line.split_once(", revisions "))?.1;
        let (low, rest) = told.split_once(" to ")?;
        Some((low.parse().ok()?, rest.split(',').next()?.parse().ok()?))
    }

    fn is_settled(&self, metrics: &str) -> bool {
        Site::figure(metrics, "bangtin_boards{state=\"live\"}") == self.boards
            && Site::figure(metrics, "bangtin_publish_wanted_rows") == 0
    }

    fn settled(&self) {
        wait("all boards are live on their newest manifest", || {
            std::thread::sleep(Duration::from_millis(200));
            self.is_settled(&self.site.metrics()).then_some(())
        });
    }
}

impl Drop for Province {
    fn drop(&mut self) {
        end(&self.fleet);
        end(&self.server);
    }
}

fn config(folder: &TempDir, http: SocketAddr, mqtt: SocketAddr) -> Config {
    let data = folder.path().join("data");
    fs::create_dir_all(&data).expect("a temporary folder takes folders");
    let keys = folder.path().join("keys");
    Keys::init(&keys, &keys).expect("keys are made");
    Config {
        database: DatabaseUrl::Sqlite(data.join("bangtin.db")),
        data,
        listen_http: http,
        listen_mqtt: mqtt,
        public_url: Some(format!("http://{http}")),
        public_mqtt: Some(mqtt.to_string()),
        keys,
        tls: Tls::default(),
        ffmpeg: "ffmpeg".into(),
        log: "error".to_owned(),
        log_format: LogFormat::Text,
    }
}

/// Boards, an administrator, two pictures and their playlist, laid down before the server starts.
async fn furnish(config: &Config, identities: &std::path::Path, boards: usize) -> String {
    let app = bangtin::lifecycle::open(config, Arc::new(SystemClock)).await.expect("the database opens");
    let unit = Unit { id: "tinh".parse().expect("an id"), name: "Tỉnh".to_owned(), tier: Tier::Province, parent: None };
    app::units::add(&app, &unit).await.expect("the unit is new");
    app::sign_in::create_account(&app, LOGIN.0, LOGIN.1).await.expect("the account is new");
    let geometries = ["320x160", "64x256", "256x128"];
    let rows = geometries.iter().cycle().take(boards).enumerate();
    let rows = rows.map(|(n, geometry)| format!("b-{n:05},Bảng {n},tinh,05527,{geometry}\n"));
    let table = format!("id,name,unit,commune,geometry\n{}", rows.collect::<String>());
    fs::create_dir_all(identities).expect("a folder");
    board_list::add_all(&app, table.as_bytes(), |all| {
        all.iter().try_for_each(|identity| {
            let json = serde_json::to_vec(identity)?;
            write_private(&identities.join(format!("{}.json", identity.board)), &json).map_err(std::io::Error::other)
        })
    })
    .await
    .expect("the boards are new");
    let mut entries = Vec::new();
    for seed in 0..2 {
        let bytes = png(&speckled(64, 48, seed));
        let new = NewAsset { unit: unit.id.clone(), name: format!("Ảnh {seed}"), fit: Fit::Cover, bytes };
        let asset = app::assets::add(&app, new).await.expect("the picture is taken");
        entries.push(EntryDraft { asset_id: asset.id.to_string(), duration_s: ENTRY_S.to_string(), ..EntryDraft::default() });
    }
    let draft = PlaylistDraft { name: "Danh sách".to_owned(), entries };
    let playlist = app::playlists::save(&app, &unit.id, None, draft).await.expect("saved").expect("the form holds");
    app.db.close().await;
    playlist.to_string()
}

/// The same number of retained messages through Mosquitto, each to one client: until the last has heard its own.
async fn peer(clients: usize) -> Duration {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (address, file) = (free_address(), folder.path().join("mosquitto.conf"));
    let user = if rustix::process::geteuid().is_root() { "user root\n" } else { "" };
    let text =
        format!("listener {} {}\nallow_anonymous true\npersistence false\nlog_dest none\n{user}", address.port(), address.ip());
    fs::write(&file, text).expect("a temporary folder takes files");
    let _broker = Process::start("mosquitto", Command::new(installed("mosquitto")).arg("-c").arg(&file));
    wait("mosquitto answers", || std::net::TcpStream::connect(address).ok().map(drop));
    let tasks = tokio_util::task::TaskTracker::new();
    let (heard, mut hears) = tokio::sync::mpsc::channel(clients);
    let (ready, mut readies) = tokio::sync::mpsc::channel(clients);
    for number in 0..clients {
        let (client, events) = connect(address, &format!("c-{number}"));
        let filter = format!("bench/{number}");
        client.try_subscribe(filter, QoS::AtLeastOnce).expect("there is room");
        tasks.spawn(listen(client, events, ready.clone(), heard.clone()));
    }
    for _ in 0..clients {
        readies.recv().await.expect("every client subscribes");
    }
    let (publisher, mut events) = connect(address, "publisher");
    tasks.spawn(async move { while events.poll().await.is_ok() {} });
    let begun = Instant::now();
    for number in 0..clients {
        publisher.publish(format!("bench/{number}"), QoS::AtLeastOnce, true, vec![b'x'; PAYLOAD]).await.expect("it is taken");
    }
    for _ in 0..clients {
        hears.recv().await.expect("every client hears");
    }
    begun.elapsed()
}

fn connect(address: SocketAddr, name: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
    options.set_keep_alive(Duration::from_secs(60));
    AsyncClient::new(options, 64)
}

async fn listen(
    _client: AsyncClient,
    mut events: EventLoop,
    ready: tokio::sync::mpsc::Sender<()>,
    heard: tokio::sync::mpsc::Sender<()>,
) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::SubAck(_))) => ready.send(()).await.expect("somebody waits"),
            Ok(Event::Incoming(Packet::Publish(_))) => {
                let _ = heard.send(()).await;
                return;
            }
            Ok(_) => {}
            Err(error) => panic!("a client of the peer fell out: {error}"),
        }
    }
}
