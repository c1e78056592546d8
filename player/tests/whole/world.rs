//! A server, its board and that board's players, in a folder of their own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bangtin_player::frame::Frame;
use bangtin_player::identity::{Addresses, Identity};
use bangtin_player::ports::{Clock, Ports};
use bangtin_player::stage::moving::Decoding;
use bangtin_player::stage::transition::Transition;
use bangtin_player::{Cadence, Config, Running, output, snapshot, start};
use playlists::geometry::Geometry;
use playlists::id::{Digest, Revision};
use playlists::trust::envelope::DocumentType;
use playlists::trust::manifest::Manifest;
use playlists::wire::messages::Identity as IdentityFile;
use tokio::net::TcpListener;

use crate::clock::Hand;
use crate::samples::{board_key, manifest};
use crate::server::{Shared, lock, pinned, serve, signed};

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) address: String,
    pub(crate) served: Shared,
    pub(crate) clock: Hand,
    /// The boards' pixels.
    geometry: Geometry,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(geometry()).await
    }

    /// With boards of these pixels.
    #[allow(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    pub(crate) async fn of(geometry: Geometry) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (served, clock) = (Shared::default(), Hand::default());
        tokio::spawn(serve(listener, Arc::clone(&served), clock.clone()));
        Self { folder: tempfile::tempdir().expect("a folder"), address, served, clock, geometry }
    }

    /// A manifest of these pictures, whose content is served from now on.
    pub(crate) fn manifest(&self, rev: u64, pictures: &[&Frame]) -> (Manifest, Vec<Digest>) {
        let files: Vec<_> = pictures.iter().map(|frame| snapshot::png(frame)).collect();
        let items: Vec<_> = files.iter().map(|bytes| (Digest::of(bytes), bytes.len() as u64)).collect();
        lock(&self.served).content.extend(files.into_iter().map(|bytes| (Digest::of(&bytes).to_string(), bytes)));
        (manifest(rev, &items), items.into_iter().map(|(digest, _)| digest).collect())
    }

    /// Signs and serves a manifest.
    pub(crate) fn serve(&self, manifest: &Manifest) {
        lock(&self.served).manifest = Some((manifest.rev, signed(DocumentType::Manifest, manifest)));
    }

    /// Puts these pictures into a manifest of this revision.
    pub(crate) fn publish(&self, rev: u64, pictures: &[&Frame]) -> Vec<Digest> {
        let (manifest, items) = self.manifest(rev, pictures);
        self.serve(&manifest);
        items
    }

    pub(crate) fn serve_envelope(&self, rev: u64, envelope: Vec<u8>) {
        lock(&self.served).manifest = Some((Revision(rev), envelope));
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        lock(&self.served).asked.get(path).copied().unwrap_or(0)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn identity_file(&self) -> IdentityFile {
        let (root_sha256, root) = pinned();
        IdentityFile {
            v: 1,
            board: "b-05443".parse().expect("an id"),
            secret_key: board_key().to_hex(),
            geometry: self.geometry,
            server: self.address.clone(),
            mqtt: "127.0.0.1:1".to_owned(),
            tls_ca: None,
            issued: None,
            root_sha256,
            root,
        }
    }

    /// A player in a hurry, by the machine's own clock.
    pub(crate) async fn player(&self, data: &str) -> Running {
        self.clock.flow();
        let hurry = Duration::from_millis(50);
        let cadence = Cadence { poll: hurry, state: hurry * 4, state_apart: hurry, batch: hurry, ..Cadence::default() };
        self.player_with(data, cadence, Arc::new(bangtin_player::clock::SystemClock::start())).await
    }

    /// A player of a machine that starts now, by the clock moved by hand.
    /// It polls every minute or, where the hand jumps while an answer is under way and would falsify its time, hardly ever.
    pub(crate) async fn player_by_hand(&self, data: &str, poll: Duration) -> Running {
        let second = Duration::from_secs(1);
        let cadence = Cadence { poll, state_apart: second, batch: second, ..Cadence::default() };
        self.player_with(data, cadence, self.clock.machine()).await
    }

    pub(crate) async fn player_with(&self, data: &str, cadence: Cadence, clock: Arc<dyn Clock>) -> Running {
        let identity = Identity::check(&self.identity_file(), &Addresses::default()).expect("an identity");
        let frames = self.path(&format!("{data}-frames"));
        let output = output::open(output::Kind::Headless, &identity.board, Some(frames), false);
        let config =
            Config { identity, data: self.path(data), transition: Transition::Cut, decoding: Decoding::default(), cadence };
        start(config, Ports { clock, output }).await.expect("started")
    }
}

pub(crate) fn geometry() -> Geometry {
    Geometry::new(8, 4).expect("a geometry")
}

/// A picture like no other number's.
pub(crate) fn picture(number: u32) -> Frame {
    Frame::filled(geometry(), (0x0010_2030 + number * 0x0005_0711) & 0x00FF_FFFF)
}

pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        while !condition() {
            looks.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), waiting).await.is_ok(), "{what}: not within 30 s");
}

pub(crate) fn shows(running: &Running, frame: &Frame) -> bool {
    running.screen().on().is_some_and(|on| *on.frame == *frame)
}
