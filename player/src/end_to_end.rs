//! Whole players against a small server within the test: HTTP only, real keys, real files.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root};
use playlists::wire::messages::{Ack, Fresh, Identity as IdentityFile, Nonce, Stream, Token, V};
use playlists::wire::reports::Plays;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::api::Api;
use crate::cache::Cache;
use crate::clock::SystemClock;
use crate::download::{DownloadError, download};
use crate::frame::Frame;
use crate::identity::{Addresses, Identity};
use crate::ports::Ports;
use crate::samples::{board_key, manifest};
use crate::stage::decode::tests::png;
use crate::stage::transition::Transition;
use crate::{Cadence, Config, Running, output, start};

/// What the server in the test serves, and what it was told.
#[derive(Default)]
struct Served {
    manifest: Option<(Revision, Vec<u8>)>,
    content: BTreeMap<String, Vec<u8>>,
    /// Content answers break off after so many bytes, once each.
    cut: Option<usize>,
    ranges: Vec<String>,
    /// How often each path was asked for.
    asked: BTreeMap<String, usize>,
    acknowledge: bool,
    plays: BTreeMap<u64, u64>,
    batches: usize,
    snapshots: usize,
}

type Shared = Arc<Mutex<Served>>;

fn lock(served: &Shared) -> std::sync::MutexGuard<'_, Served> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}

fn publish() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn root() -> Envelope {
    let key = publish();
    let keys = RoleKeys { keys: vec![key.public()], threshold: 1 };
    let roles = [Role::Root, Role::Publish, Role::Recall, Role::Notice, Role::Time].map(|role| (role, keys.clone()));
    let approve = ApproveThresholds { routine: 0, wide: 0 };
    let root = Root { v: 1, version: Version(1), key_epoch: KeyEpoch(0), roles: roles.into(), approve };
    Envelope::sign(DocumentType::Root, &serde_json::to_vec(&root).expect("json"), &[&key])
}

/// Serves one request per connection.
async fn serve(listener: TcpListener, served: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let served = Arc::clone(&served);
        tokio::spawn(async move { answer(stream, &served).await });
    }
}

async fn answer(mut stream: TcpStream, served: &Shared) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = header(head, "content-length").and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
        break (head.to_owned(), length);
    };
    while bytes.len() < head.len() + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = bytes.split_off(head.len() + 4);
    let path = head.split_whitespace().nth(1)?.strip_prefix("/board/v1/")?.to_owned();
    let (status, extra, body) = respond(&path, &head, &body, served);
    let cut = if path.starts_with("content/") { lock(served).cut.take() } else { None };
    let headers = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n", body.len());
    stream.write_all(headers.as_bytes()).await.ok()?;
    stream.write_all(body.get(..cut.unwrap_or(body.len()))?).await.ok()?;
    stream.shutdown().await.ok()
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
}

fn signed<T: serde::Serialize>(document: DocumentType, value: &T) -> Vec<u8> {
    Envelope::sign(document, &serde_json::to_vec(value).expect("json"), &[&publish()]).to_json()
}

fn respond(path: &str, head: &str, body: &[u8], served: &Shared) -> (&'static str, String, Vec<u8>) {
    let ok = |body| ("200 OK", String::new(), body);
    let json = |value: serde_json::Result<Vec<u8>>| ok(value.expect("json"));
    let mut served = lock(served);
    *served.asked.entry(path.to_owned()).or_default() += 1;
    if let Some(nonce) = path.strip_prefix("fresh?nonce=") {
        let rev = served.manifest.as_ref().map_or(Revision(0), |(rev, _)| *rev);
        let zero = Version(0);
        let board = "b-05443".parse().expect("an id");
        let fresh =
            Fresh { v: V, nonce: nonce.to_owned(), t: Utc::now(), board, rev, recall: zero, notices: zero, root: Version(1) };
        return ok(signed(DocumentType::Fresh, &fresh));
    }
    if let Some(digest) = path.strip_prefix("content/") {
        let content = served.content.get(digest).cloned().unwrap_or_default();
        let Some(range) = header(head, "range") else { return ok(content) };
        let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a start");
        served.ranges.push(range);
        let extra = format!("content-range: bytes {from}-{}/{}\r\n", content.len() - 1, content.len());
        return ("206 Partial Content", extra, content.get(from..).expect("within").to_vec());
    }
    match path {
        "nonce" => json(serde_json::to_vec(&Nonce { v: V, nonce: "nonce-nonce".to_owned() })),
        "token" => {
            let until = Utc::now() + chrono::TimeDelta::hours(72);
            json(serde_json::to_vec(&Token { v: V, token: "token".to_owned(), until }))
        }
        "manifest" => ok(served.manifest.as_ref().map(|(_, envelope)| envelope.clone()).unwrap_or_default()),
        "plays" => {
            let envelope = Envelope::parse(body).expect("an envelope");
            let payload = envelope.open(DocumentType::Plays, &[board_key().public()], 1).expect("signed by the board");
            let plays: Plays = serde_json::from_slice(&payload).expect("plays");
            assert!(!plays.anchors.is_empty(), "plays can be dated");
            served.batches += 1;
            for (number, row) in (plays.first..).zip(&plays.rows) {
                assert_eq!(*served.plays.entry(number).or_insert(row.1), row.1, "a number names one play for ever");
            }
            let upto = plays.first + plays.rows.len() as u64;
            let ack = Ack { v: V, board: plays.board, stream: Stream::Plays, epoch: plays.epoch, upto };
            let forged = Envelope::sign(DocumentType::Ack, &serde_json::to_vec(&ack).expect("json"), &[&board_key()]);
            ok(if served.acknowledge { signed(DocumentType::Ack, &ack) } else { forged.to_json() })
        }
        "snapshot" => {
            served.snapshots += 1;
            ("204 No Content", String::new(), Vec::new())
        }
        _ => ("204 No Content", String::new(), Vec::new()),
    }
}

struct World {
    folder: tempfile::TempDir,
    address: String,
    served: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl World {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let served = Shared::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&served)));
        Self { folder: tempfile::tempdir().expect("a folder"), address, served, server }
    }

    /// Puts these pictures into a manifest of this revision.
    fn publish(&self, rev: u64, pictures: &[&Frame]) -> Vec<Digest> {
        let files: Vec<_> = pictures.iter().map(|frame| png(frame)).collect();
        let items: Vec<_> = files.iter().map(|bytes| (Digest::of(bytes), bytes.len() as u64)).collect();
        let envelope = signed(DocumentType::Manifest, &manifest(rev, &items));
        let mut served = lock(&self.served);
        served.content.extend(files.into_iter().map(|bytes| (Digest::of(&bytes).to_string(), bytes)));
        served.manifest = Some((Revision(rev), envelope));
        items.into_iter().map(|(digest, _)| digest).collect()
    }

    fn asked(&self, path: &str) -> usize {
        lock(&self.served).asked.get(path).copied().unwrap_or(0)
    }

    fn identity(&self) -> Identity {
        let file = IdentityFile {
            v: 1,
            board: "b-05443".parse().expect("an id"),
            secret_key: board_key().to_hex(),
            geometry: geometry(),
            server: self.address.clone(),
            mqtt: "127.0.0.1:1".to_owned(),
            root_sha256: Digest::of(&root().to_json()),
            root: root(),
        };
        Identity::check(&file, &Addresses::default()).expect("an identity")
    }

    async fn player(&self) -> Running {
        let hurry = Duration::from_millis(50);
        let cadence = Cadence { poll: hurry, state: hurry * 4, state_apart: hurry, batch: hurry, ..Cadence::default() };
        let identity = self.identity();
        let output = output::open(output::Kind::Headless, &identity.board, Some(self.folder.path().join("frames")), false);
        let ports = Ports { clock: Arc::new(SystemClock::start()), output };
        let config = Config { identity, data: self.folder.path().join("data"), transition: Transition::Cut, cadence };
        start(config, ports).await.expect("started")
    }
}

fn geometry() -> Geometry {
    Geometry::new(8, 4).expect("a geometry")
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), waiting).await.is_ok(), "{what}: not within 20 s");
}

fn shows(running: &Running, frame: &Frame) -> bool {
    running.screen().on().is_some_and(|on| *on.frame == *frame)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_picture_is_on_the_screen_pixel_by_pixel_and_again_without_a_network() {
    let world = World::new().await;
    let picture = Frame::filled(geometry(), 0x0012_3456);
    world.publish(1, &[&picture]);
    let running = world.player().await;
    eventually("the picture", || shows(&running, &picture)).await;
    eventually("its snapshot", || lock(&world.served).snapshots > 0).await;
    running.stop().await;
    let written = std::fs::read(world.folder.path().join("frames/latest.png")).expect("a frame");
    assert_eq!(crate::stage::decode::still(&written, geometry()).expect("decoded"), picture);
    world.server.abort();
    let running = world.player().await;
    eventually("the picture without a network", || shows(&running, &picture)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampered_manifests_and_content_leave_the_old_picture() {
    let world = World::new().await;
    let (old, new) = (Frame::filled(geometry(), 0x0011_2233), Frame::filled(geometry(), 0x0044_5566));
    world.publish(1, &[&old]);
    let running = world.player().await;
    eventually("the old picture", || shows(&running, &old)).await;
    let forged = Envelope::sign(DocumentType::Manifest, &serde_json::to_vec(&manifest(2, &[])).expect("json"), &[&board_key()]);
    lock(&world.served).manifest = Some((Revision(2), forged.to_json()));
    eventually("the forged manifest is fetched", || world.asked("manifest") >= 2).await;
    let items = world.publish(3, &[&new]);
    let name = items.first().expect("an item").to_string();
    let good = lock(&world.served).content.insert(name.clone(), vec![7; 20]).expect("the good bytes");
    eventually("the wrong bytes are fetched", || world.asked(&format!("content/{name}")) > 0).await;
    assert!(shows(&running, &old));
    lock(&world.served).content.insert(name, good);
    eventually("the new picture once its bytes are right", || shows(&running, &new)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_are_sent_again_until_the_server_has_signed_for_them() {
    let world = World::new().await;
    world.publish(1, &[&Frame::filled(geometry(), 0x0011_2233)]);
    let running = world.player().await;
    eventually("a picture", || running.screen().on().is_some_and(|on| on.item.is_some())).await;
    running.stop().await;
    let running = world.player().await;
    eventually("the play of the first run", || lock(&world.served).batches > 0).await;
    running.stop().await;
    lock(&world.served).acknowledge = true;
    let before = lock(&world.served).batches;
    let running = world.player().await;
    eventually("the same play once more", || lock(&world.served).batches > before).await;
    running.stop().await;
    assert!(lock(&world.served).plays.contains_key(&0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_broke_off_goes_on_where_it_stopped() {
    let world = World::new().await;
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
    {
        let mut served = lock(&world.served);
        served.content.insert(digest.to_string(), bytes.clone());
        served.cut = Some(150_000);
    }
    let (cache, _) = Cache::open(world.folder.path().join("content")).expect("opened");
    let api = Api::new(&world.address).expect("a client");
    let first = download(&api, &cache, digest, size).await;
    assert!(matches!(first, Err(DownloadError::Broken { .. })), "{first:?}");
    assert!(!cache.path(&digest).exists());
    download(&api, &cache, digest, size).await.expect("the rest");
    assert_eq!(std::fs::read(cache.path(&digest)).expect("read"), bytes);
    assert_eq!(lock(&world.served).ranges.len(), 1);
    let wrong = Digest::of(b"other bytes");
    lock(&world.served).content.insert(wrong.to_string(), bytes);
    let refused = download(&api, &cache, wrong, size).await;
    assert!(matches!(refused, Err(DownloadError::Digest { .. })), "{refused:?}");
    assert!(matches!(download(&api, &cache, wrong, 10).await, Err(DownloadError::TooLong { .. })));
    assert!(!cache.path(&wrong).exists());
}
