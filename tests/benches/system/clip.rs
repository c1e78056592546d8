//! A clip on the player and on mpv: the same file on the same X server, one after the other, start-up left out of both.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bangtin_player::banks::{Bank, Banks};
use bangtin_player::cache::Cache;
use bangtin_tests::process::{installed, program};
use chrono::DateTime;
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, PlaylistId, Revision, Version};
use playlists::playlist::{Entry, Playlist};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, Manifest};
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root};

use crate::cost::Cost;
use crate::demo::wait;

/// The clip's and the screen's size.
const SIZE: (u32, u32) = (640, 320);
/// Frames a second.
const RATE: u32 = 25;
/// The clip's length.
const LENGTH: Duration = Duration::from_secs(60);
/// How long each programme is watched, once its first frame has been on for [`SETTLED`].
const WATCHED: Duration = Duration::from_secs(30);
const SETTLED: Duration = Duration::from_secs(5);

/// What was seen of a programme.
struct Seen {
    first: Duration,
    cost: Cost,
    frames: usize,
    /// Frames that came too late or were left out, by the programme's own count.
    dropped: u64,
}

/// Runs both and prints what they cost.
pub(crate) fn beside_mpv() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = made(folder.path());
    let screen = Screen::start(folder.path());
    println!(
        "\none clip of {}x{} at {RATE} a second, H.264 with B-frames, same X server (Xvfb), {} s each in turn; start-up and {} s left out",
        SIZE.0,
        SIZE.1,
        WATCHED.as_secs(),
        SETTLED.as_secs()
    );
    let player = player(folder.path(), &clip, &screen);
    let mpv = mpv(folder.path(), &clip, &screen);
    println!("                     first frame   memory (PSS)   CPU, of one core   frames seen of {}   dropped", expected());
    for (name, seen) in [("bangtin-player", &player), ("mpv", &mpv)] {
        println!(
            "  {name:<16} {:>9.3} s {:>11.1} MB {:>16.2} % {:>18} {:>9}",
            seen.first.as_secs_f64(),
            seen.cost.memory_mb,
            seen.cost.cpu_per_cent,
            seen.frames,
            seen.dropped
        );
    }
    println!(
        "  ratio            {:>9.3}   {:>11.3}    {:>16.3}      (player ÷ mpv)",
        player.first.as_secs_f64() / mpv.first.as_secs_f64(),
        player.cost.memory_mb / mpv.cost.memory_mb,
        player.cost.cpu_per_cent / mpv.cost.cpu_per_cent
    );
    println!("  dropped: by their own counts while they were watched; mpv's in its decoder and at its output");
}

fn expected() -> u64 {
    WATCHED.as_secs() * u64::from(RATE)
}

fn made(folder: &Path) -> PathBuf {
    let path = folder.join("clip.mp4");
    let source = format!("testsrc2=size={}x{}:rate={RATE}:duration={}", SIZE.0, SIZE.1, LENGTH.as_secs());
    let status = Command::new(installed("ffmpeg"))
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", &source, "-c:v", "libx264", "-preset", "veryfast", "-crf", "21"])
        .args(["-pix_fmt", "yuv420p", "-bf", "2", "-g", "50", "-flags", "+cgop", "-movflags", "+faststart"])
        .arg(&path)
        .status();
    assert!(status.expect("ffmpeg starts").success(), "ffmpeg makes the clip");
    path
}

/// A virtual X server whose picture is a file.
struct Screen {
    server: Child,
    display: String,
    picture: File,
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Screen {
    fn start(folder: &Path) -> Self {
        let (told, frames) = (folder.join("display"), folder.join("screen"));
        fs::create_dir_all(&frames).expect("a folder");
        let server = Command::new(installed("Xvfb"))
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{}x{}x24", SIZE.0, SIZE.1), "-fbdir"])
            .arg(&frames)
            .stdout(File::create(&told).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let number = wait("the X server is up", || {
            let told = fs::read_to_string(&told).ok()?;
            told.ends_with('\n').then(|| told.trim().to_owned())
        });
        let picture = File::open(frames.join("Xvfb_screen0")).expect("its picture is a file");
        Self { server, display: format!(":{number}"), picture }
    }

    /// Some rows of the picture, as a digest.
    fn look(&self) -> Digest {
        let row = u64::from(SIZE.0) * 4;
        let length = self.picture.metadata().expect("it is there").len();
        let start = length - row * u64::from(SIZE.1);
        let mut rows = Vec::new();
        for number in (8..u64::from(SIZE.1)).step_by(20) {
            let mut bytes = vec![0; usize::try_from(row).expect("short")];
            self.picture.read_exact_at(&mut bytes, start + number * row).expect("the row is there");
            rows.append(&mut bytes);
        }
        Digest::of(&rows)
    }

    /// Starts a programme and watches it: the first frame is the first change of the picture after its own. `count` is asked how
    /// many frames it has dropped, twice: when it has settled, and when it has been watched.
    fn watch(&self, command: &mut Command, count: impl Fn() -> u64) -> Seen {
        let mut before = BTreeSet::from([self.look()]);
        // The player's own picture, before the clip's first frame, is no frame of the clip.
        before.insert(self.resident());
        let started = Instant::now();
        command.env("DISPLAY", &self.display).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let blank = wait_for_change(self, &before);
        let first = blank.duration_since(started);
        std::thread::sleep(SETTLED);
        let before = count();
        let (cost, frames) = std::thread::scope(|scope| {
            let cost = scope.spawn(|| Cost::of(child.id(), WATCHED));
            let (begun, mut counted, mut before, mut frames) = (Instant::now(), self.look(), self.look(), 0);
            while begun.elapsed() < WATCHED {
                let now = self.look();
                // A picture that is being written looks like another one, but not twice.
                if now == before && now != counted {
                    (counted, frames) = (now, frames + 1);
                }
                before = now;
                std::thread::sleep(Duration::from_millis(5));
            }
            (cost.join().expect("it is measured"), frames)
        });
        let dropped = count().saturating_sub(before);
        let _ = child.kill();
        let _ = child.wait();
        Seen { first, cost, frames, dropped }
    }

    /// What the player's own picture looks like here.
    fn resident(&self) -> Digest {
        let frame = bangtin_player::frame::Frame::resident(Geometry::new(SIZE.0, SIZE.1).expect("a geometry"));
        let mut rows = Vec::new();
        for row in frame.pixels().chunks(SIZE.0 as usize).skip(8).step_by(20) {
            rows.extend(row.iter().flat_map(|pixel| pixel.to_le_bytes()));
        }
        Digest::of(&rows)
    }
}

/// Waits until the picture is none of these and not of one colour.
fn wait_for_change(screen: &Screen, before: &BTreeSet<Digest>) -> Instant {
    let row = vec![0_u8; SIZE.0 as usize * 4 * (8..SIZE.1).step_by(20).count()];
    let black = Digest::of(&row);
    wait("the clip's first frame is on the screen", || {
        let now = screen.look();
        (!before.contains(&now) && now != black).then(Instant::now)
    })
}

/// The player with the clip in its cache and a server that does not answer.
fn player(folder: &Path, clip: &Path, screen: &Screen) -> Seen {
    let data = folder.join("data");
    let bytes = fs::read(clip).expect("the clip is there");
    let (item, size) = (Digest::of(&bytes), bytes.len() as u64);
    let (cache, _) = Cache::open(data.join("content"));
    fs::create_dir_all(cache.path(&item).parent().expect("a shelf")).expect("a folder");
    fs::write(cache.path(&item), &bytes).expect("written");
    let (key, board_key) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
    let keys = || RoleKeys { keys: vec![key.public()], threshold: 1 };
    let roles = [Role::Root, Role::Publish, Role::Recall, Role::Notice, Role::Time].map(|role| (role, keys())).into();
    let approve = ApproveThresholds { routine: 0, wide: 0 };
    let root = Root { v: 1, version: Version(1), key_epoch: KeyEpoch(0), roles, approve };
    let sign = |kind, json: serde_json::Result<Vec<u8>>| Envelope::sign(kind, &json.expect("json"), &[&key]);
    let root = sign(DocumentType::Root, serde_json::to_vec(&root));
    let manifest = manifest(&board_key, item, size);
    let manifest = sign(DocumentType::Manifest, serde_json::to_vec(&manifest)).to_json();
    let bank = Bank { manifest: Some(String::from_utf8(manifest).expect("json is text")), ..Bank::default() };
    Banks::<Bank>::open(&data, "bank").0.save(&bank).expect("the bank is kept");
    let identity = serde_json::json!({
        "v": 1, "board": "b-00001", "secret_key": board_key.to_hex(), "geometry": Geometry::new(SIZE.0, SIZE.1).expect("a geometry"),
        "server": "http://127.0.0.1:9", "mqtt": "127.0.0.1:9", "root_sha256": Digest::of(&root.to_json()), "root": root,
    });
    let path = folder.join("identity.json");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    serde_json::to_writer(file.expect("a file"), &identity).expect("written");
    let (mut command, log) = (Command::new(program("bangtin-player")), folder.join("player.log"));
    command.args(["run", "--output", "window", "--transition", "cut", "--identity"]).arg(&path).arg("--data").arg(&data);
    command.env("RUST_LOG", "info,bangtin_player::stage=debug").stderr(File::create(&log).expect("a file"));
    screen.watch(&mut command, || late(&log))
}

/// Frames that came too late so far, as the player's log says.
fn late(log: &Path) -> u64 {
    let told = fs::read_to_string(log).expect("the log is there");
    let counts =
        told.lines().filter_map(|line| line.split_once(" frames came too late")?.0.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum()
}

fn mpv(folder: &Path, clip: &Path, screen: &Screen) -> Seen {
    let socket = folder.join("mpv");
    let mut command = Command::new(installed("mpv"));
    command.args(["--no-config", "--hwdec=no", "--vo=x11", "--no-audio", "--loop", "--no-border", "--really-quiet"]);
    command
        .arg(format!("--geometry={}x{}+0+0", SIZE.0, SIZE.1))
        .arg(format!("--input-ipc-server={}", socket.display()))
        .arg(clip);
    let properties = ["frame-drop-count", "decoder-frame-drop-count"];
    screen.watch(command.stderr(Stdio::null()), || properties.iter().map(|property| asked(&socket, property)).sum())
}

/// A number that mpv tells.
fn asked(socket: &Path, property: &str) -> u64 {
    let mut mpv = UnixStream::connect(socket).expect("mpv listens");
    mpv.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout is set");
    writeln!(mpv, r#"{{"command":["get_property","{property}"],"request_id":7}}"#).expect("mpv is asked");
    let answers = BufReader::new(mpv).lines().map_while(Result::ok);
    let answers = answers.filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    let answer = answers.into_iter().find(|answer| answer.get("request_id") == Some(&7.into())).expect("mpv answers");
    answer.get("data").and_then(serde_json::Value::as_u64).unwrap_or_default()
}

/// The clip alone, again and again.
fn manifest(board_key: &SecretKey, item: Digest, size: u64) -> Manifest {
    let playlist: PlaylistId = "default".parse().expect("an id");
    let asset = "clip".parse().expect("an id");
    let described =
        serde_json::json!({ "sha256": item, "size": size, "kind": Kind::Clip, "duration_ms": LENGTH.as_millis() as u64 });
    let items: Vec<Item> = serde_json::from_value(serde_json::Value::Array(vec![described])).expect("an item");
    Manifest {
        v: 1,
        board: "b-00001".parse().expect("an id"),
        board_key: board_key.public(),
        key_epoch: KeyEpoch(0),
        rev: Revision(1),
        issued: DateTime::from_timestamp(1_760_000_000, 0).expect("in range"),
        fresh_s: 1_209_600,
        max_offline_s: 15_552_000,
        recall_min: Version(0),
        time_zone: chrono_tz::Asia::Ho_Chi_Minh,
        tz_data: "2026a".to_owned(),
        geometry: Geometry::new(SIZE.0, SIZE.1).expect("a geometry"),
        hours: None,
        brightness: 100,
        lanes: Lanes::default(),
        languages: std::collections::BTreeMap::new(),
        items,
        playlists: vec![Playlist { of: None, id: playlist.clone(), entries: vec![Entry::still(asset, item, LENGTH)] }],
        campaigns: Vec::new(),
        ranks: std::collections::BTreeMap::new(),
        stand_downs: Vec::new(),
        default_playlist: playlist,
        safe_item: item,
    }
}
