//! The boards of a [`World`] with their players, in the test's process or as programs that can be killed, and what can be seen
//! of them.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bangtin::app::{self, boards::NewBoard};
use bangtin::store::overview::fleet_row;
use bangtin::store::renditions::State;
use bangtin_player::clock::SystemClock;
use bangtin_player::identity::{Addresses, Identity as Checked};
use bangtin_player::ports::{Clock, Ports};
use bangtin_player::stage::Onscreen;
use bangtin_player::stage::moving::Decoding;
use bangtin_player::stage::transition::Transition;
use bangtin_player::{Running, output};
use image::RgbImage;
use playlists::geometry::Geometry;
use playlists::id::{AssetId, BoardId, Digest};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use playlists::wire::messages::Identity;
use serde_json::Value;

use crate::eventually::{SOON, STARTUP, eventually};
use crate::ledger;
use crate::pictures;
use crate::process::{Process, limitable, program};
use crate::witness::Witness;
use crate::world::{World, in_time};

/// A board.
#[derive(Debug, Clone)]
pub struct Board {
    /// As `bangtin board add` gives it out; its addresses are those of the world's wires.
    pub identity: Identity,
    /// Its id.
    pub id: BoardId,
    /// Its pixels.
    pub geometry: Geometry,
    /// Where its player keeps everything.
    pub data: PathBuf,
    /// Where a player that is a program of its own leaves the frame on its screen.
    pub frames: PathBuf,
}

impl Board {
    /// The newest frame that the player has left, as a PNG, and what is told of it; none while one of the two is being replaced.
    #[must_use]
    pub fn left_frame(&self) -> Option<(Vec<u8>, Value)> {
        let (about, png) = (self.frames.join("latest.json"), self.frames.join("latest.png"));
        let told = || -> Option<Value> { serde_json::from_slice(&std::fs::read(&about).ok()?).ok() };
        let (before, frame, after) = (told()?, std::fs::read(&png).ok()?, told()?);
        // The picture is written first: between two like descriptions lies their own.
        (before == after).then_some((frame, before))
    }
}

/// A player at work.
#[derive(Debug)]
pub(crate) enum Player {
    Within(Running),
    Apart(Process),
}

impl Player {
    pub(crate) fn on(&self) -> Option<Onscreen> {
        if let Self::Within(running) = self { running.screen().on() } else { None }
    }

    pub(crate) async fn stop(self) {
        match self {
            Self::Within(running) => running.stop().await,
            Self::Apart(mut process) => {
                let status = process.stop().await;
                assert!(status.success(), "the player ended with {status}");
            }
        }
    }
}

impl World {
    /// Adds a board of the commune Định Hóa.
    ///
    /// # Panics
    /// When it cannot be added.
    pub async fn add_board(&mut self, id: &str, geometry: &str) -> Board {
        let id: BoardId = id.parse().expect("an id");
        let geometry: Geometry = geometry.parse().expect("a geometry");
        let new = NewBoard::simple(id.clone(), format!("Bảng {id}"), self.unit.clone(), "05527".to_owned(), geometry);
        let (_, identity) = app::boards::add(&self.app(), new).await.expect("the board is new");
        let (data, frames) = (self.path(&format!("{id}/data")), self.path(&format!("{id}/frames")));
        let board = Board { identity, id, geometry, data, frames };
        self.boards.push(board.clone());
        board
    }

    /// Gives a board other pixels, and its player, which must not run, an identity that says so.
    ///
    /// # Panics
    /// When there is no such board, or its player runs.
    pub async fn resize(&mut self, board: &mut Board, geometry: &str) {
        assert!(!self.players.contains_key(&board.id), "the player of {} runs", board.id);
        let geometry: Geometry = geometry.parse().expect("a geometry");
        let resized = app::boards::resize(&self.app(), &board.id, geometry).await.expect("the database works");
        assert!(resized, "there is no board {}", board.id);
        (board.geometry, board.identity.geometry) = (geometry, geometry);
        self.boards.push(board.clone());
    }

    /// Starts the board's player within the test's process, without a screen that anybody sees.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_player(&mut self, board: &Board) {
        self.start_player_by(board, Arc::new(SystemClock::start())).await;
    }

    /// The same, by another clock than the machine's.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_player_by(&mut self, board: &Board, clock: Arc<dyn Clock>) {
        self.start_within(board, clock, None).await;
    }

    /// The same as [`World::start_player`], but it leaves the frame on its screen, as a player apart does.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_player_with_frames(&mut self, board: &Board) {
        self.start_within(board, Arc::new(SystemClock::start()), Some(board.frames.clone())).await;
        self.witnesses.push((board.id.clone(), Witness::of_folder(&board.frames)));
    }

    async fn start_within(&mut self, board: &Board, clock: Arc<dyn Clock>, frames: Option<PathBuf>) {
        let identity = Checked::check(&board.identity, &Addresses::default()).expect("the identity holds");
        let output = output::open(output::Kind::Headless, &board.id, frames, false);
        let ports = Ports { clock, output };
        let config = bangtin_player::Config {
            identity,
            data: board.data.clone(),
            transition: Transition::Cut,
            decoding: Decoding::default(),
            cadence: self.cadence,
        };
        let running = Box::pin(bangtin_player::start(config, ports)).await.expect("the player starts");
        self.witnesses.push((board.id.clone(), Witness::of_screen(running.screen())));
        let before = self.players.insert(board.id.clone(), Player::Within(running));
        assert!(before.is_none(), "one player for a board");
    }

    /// Starts the board's player as the real program.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_player_apart(&mut self, board: &Board) {
        let identity = self.path(&format!("{}/identity.json", board.id));
        let json = serde_json::to_vec(&board.identity).expect("an identity is JSON");
        std::fs::create_dir_all(&board.data).expect("the world's folder takes folders");
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&identity);
        std::io::Write::write_all(&mut file.expect("the file is ours"), &json).expect("the file takes what is written");
        let mut command = limitable(&program("bangtin-player"));
        command.arg("run").arg("--identity").arg(&identity).arg("--data").arg(&board.data);
        command.args(["--output", "headless", "--transition", "cut"]).arg("--frames").arg(&board.frames);
        let process = Process::start(&format!("bangtin-player of {}", board.id), &mut command);
        self.witnesses.push((board.id.clone(), Witness::of_folder(&board.frames)));
        let before = self.players.insert(board.id.clone(), Player::Apart(process));
        assert!(before.is_none(), "one player for a board");
    }

    /// Waits until the player apart writes a line with these words.
    ///
    /// # Panics
    /// When it never does, or no player apart runs.
    pub async fn player_writes(&mut self, board: &Board, words: &str) {
        let Some(Player::Apart(process)) = self.players.get_mut(&board.id) else { panic!("no player apart runs") };
        process.line(&format!("writes {words:?}"), STARTUP, |line| line.contains(words).then_some(())).await;
    }

    /// Ends the board's player in order.
    ///
    /// # Panics
    /// When none runs, or it does not end.
    pub async fn stop_player(&mut self, board: &Board) {
        let player = self.players.remove(&board.id).expect("a player runs");
        in_time(&format!("the player of {}", board.id), player.stop()).await;
    }

    /// Ends the board's player as a power cut would, at this moment from now.
    ///
    /// # Panics
    /// When it is no program of its own, or has ended before.
    pub async fn kill_player_after(&mut self, board: &Board, moment: Duration) {
        let Some(Player::Apart(mut process)) = self.players.remove(&board.id) else {
            panic!("only a player apart can be killed")
        };
        let ended = tokio::time::timeout(moment, process.ended()).await;
        assert!(ended.is_err(), "the player ended of itself: {ended:?}");
        process.kill();
    }

    /// Ends the board's player as a power cut would.
    ///
    /// # Panics
    /// When it is no program of its own.
    pub fn kill_player(&mut self, board: &Board) {
        let Some(Player::Apart(mut process)) = self.players.remove(&board.id) else {
            panic!("only a player apart can be killed")
        };
        process.kill();
    }

    /// The process of the board's player.
    ///
    /// # Panics
    /// When it is no program of its own.
    #[must_use]
    pub fn player_process(&self, board: &Board) -> &Process {
        let Some(Player::Apart(process)) = self.players.get(&board.id) else { panic!("only a player apart is a process") };
        process
    }

    /// What is on the board's screen.
    #[must_use]
    pub fn on(&self, board: &Board) -> Option<Onscreen> {
        self.players.get(&board.id).and_then(Player::on)
    }

    /// Waits until the board shows this asset, and gives the rendition that it shows: digest and picture, as the server made it.
    ///
    /// # Panics
    /// When it never does, or when a single pixel on the screen differs from the rendition.
    pub async fn shows(&self, board: &Board, asset: &AssetId) -> Digest {
        let (item, picture) = self.rendition(board, asset).await;
        let on = eventually(&format!("{} shows {asset} ({item})", board.id), SOON, async || {
            let on = self.on(board).ok_or("nothing".to_owned())?;
            if on.item == Some(item) { Ok(on) } else { Err(format!("{:?} of revision {}", on.item, on.rev)) }
        })
        .await;
        assert!(on.frame.to_rgb() == picture.into_raw(), "the frame of {} is not the rendition {item}", board.id);
        item
    }

    /// Waits until the player has left a frame of this rendition; needs no server.
    ///
    /// # Panics
    /// When it never does, or when a single pixel differs.
    pub async fn leaves_frame(&self, board: &Board, (item, picture): &(Digest, RgbImage)) {
        let frame = eventually(&format!("{} leaves a frame of {item}", board.id), SOON, async || {
            let (frame, told) = board.left_frame().ok_or("no frame, or it changes")?;
            if told.get("item").and_then(Value::as_str) == Some(&item.to_string()) { Ok(frame) } else { Err(told.to_string()) }
        })
        .await;
        assert!(pictures::read(&frame) == *picture, "the frame of {} is not the rendition {item}", board.id);
    }

    /// The asset as the server made it for this board.
    ///
    /// # Panics
    /// When it is never made.
    pub async fn rendition(&self, board: &Board, asset: &AssetId) -> (Digest, RgbImage) {
        let app = self.app();
        let item = eventually(&format!("{asset} is made for {}", board.geometry), STARTUP, async || {
            let made = app::assets::renditions_of(&app, asset).await.expect("the database works");
            let here = made.into_iter().find(|rendition| rendition.key.geometry == board.geometry).map(|made| made.state);
            if let Some(State::Ready { sha256, .. }) = here { Ok(sha256) } else { Err(format!("{here:?}")) }
        })
        .await;
        let bytes = app.blobs.read(&item).await.expect("the blob is there");
        assert_eq!(Digest::of(&bytes), item, "a blob is named by its bytes");
        let picture = pictures::read(&bytes);
        assert_eq!(picture.dimensions(), (board.geometry.width(), board.geometry.height()));
        (item, picture)
    }

    /// Waits until what the board reports is what is wanted on it, and nothing is wrong.
    ///
    /// # Panics
    /// When it never is.
    pub async fn desired_is_reported(&self, board: &Board) {
        let app = self.app();
        eventually(&format!("desired = reported on {}", board.id), SOON, async || {
            let row = fleet_row(&app.db, board.id.as_str()).await.expect("the database works").expect("there is such a board");
            let right = row.wanted == 0 && row.desired.is_some() && row.desired == row.reported;
            if right && row.errors.as_deref() == Some("[]") { Ok(()) } else { Err(format!("{row:?}")) }
        })
        .await;
    }

    /// Waits until the board's plan is signed, whether or not a player runs.
    ///
    /// # Panics
    /// When it never is.
    pub async fn desired_is_settled(&self, board: &Board) {
        let app = self.app();
        eventually(&format!("the plan of {} is signed", board.id), SOON, async || {
            let row = fleet_row(&app.db, board.id.as_str()).await.expect("the database works").expect("there is such a board");
            if row.wanted == 0 && row.desired.is_some() { Ok(()) } else { Err(format!("{row:?}")) }
        })
        .await;
    }

    /// Waits until the board reports that nothing is left to be acknowledged, but perhaps what happened just then: pictures that
    /// change every second end a play at the very moment of the report.
    ///
    /// # Panics
    /// When it never does.
    pub async fn all_acknowledged(&self, board: &BoardId) {
        let app = self.app();
        eventually(&format!("everything of {board} is acknowledged"), STARTUP, async || {
            let status = ledger::status(&app, board).await;
            if status.as_ref().is_none_or(|status| status.queued <= 1) { Ok(()) } else { Err(format!("{status:?}")) }
        })
        .await;
    }

    /// The newest manifest of a board.
    ///
    /// # Panics
    /// When there is none that the server signed.
    pub async fn manifest(&self, board: &Board) -> Manifest {
        let app = self.app();
        let (_, _, envelope) = app::publish::envelope(&app, &board.id).await.expect("the database works").expect("a manifest");
        let payload = Envelope::parse(&envelope).expect("an envelope");
        let payload = payload.open(DocumentType::Manifest, &[app.keys.publish.public()], 1).expect("it is signed");
        serde_json::from_slice(&payload).expect("a manifest")
    }
}
