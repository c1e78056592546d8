//! A server's use cases on a database of their own, without its edges: what operators do, and what is signed of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bangtin::app::assets::NewAsset;
use bangtin::app::boards::NewBoard;
use bangtin::app::campaigns::CampaignDraft;
use bangtin::app::playlists::{EntryDraft, PlaylistDraft};
use bangtin::app::{self, App};
use bangtin::edge::Edge;
use bangtin::jobs;
use bangtin::keys::Keys;
use bangtin::live::Live;
use bangtin::media::blobs::Blobs;
use bangtin::media::clips::Ffmpeg;
use bangtin::media::previews::Previews;
use bangtin::ports::Clock;
use bangtin::store::units::Unit;
use bangtin::store::{DatabaseUrl, Db};
use chrono::{DateTime, Utc};
use playlists::asset::Fit;
use playlists::geometry::Geometry;
use playlists::id::{AssetId, BoardId, CampaignId, PlaylistId, UnitId, Version};
use playlists::trust::accept::{Accepted, Held, Standing, Verdict, accept};
use playlists::trust::key::SecretKey;
use playlists::unit::Tier;
use playlists::wire::messages::Identity;
use tempfile::TempDir;

use crate::clock::SetClock;
use crate::postgres::Database;

/// Most rounds in which jobs may find work left by one another.
const MOST_ROUNDS: usize = 50;

/// Both databases that the product runs on.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A database that the product runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// An empty one, in `folder` where it is a file.
    #[must_use]
    pub fn empty(self, folder: &Path) -> DatabaseUrl {
        match self {
            Self::Sqlite => DatabaseUrl::Sqlite(folder.join("bangtin.db")),
            Self::Postgres => DatabaseUrl::Postgres(Database::make().url),
        }
    }
}

/// A server's use cases with one unit.
pub struct House {
    /// What operators do.
    pub app: App,
    /// Its time of day.
    pub clock: Arc<SetClock>,
    /// The one unit.
    pub unit: UnitId,
    _folder: TempDir,
}

impl House {
    /// An empty one, at this time of day.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn new(engine: Engine, now: DateTime<Utc>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys = folder.path().join("keys");
        Keys::init(&keys, &keys).expect("keys are made");
        let clock = Arc::new(SetClock::at(now));
        let app = App {
            db: Db::open(&engine.empty(folder.path())).await.expect("the database opens"),
            clock: Arc::<SetClock>::clone(&clock),
            keys: Keys::load(&keys).expect("keys are read"),
            blobs: Blobs::open(&folder.path().join("blobs")).expect("the folder is writable"),
            ffmpeg: Ffmpeg::default(),
            live: Live::new(),
            previews: Previews::since(now.timestamp_millis()),
            broker_linked: AtomicBool::new(false),
            public_url: "http://127.0.0.1:1".to_owned(),
            public_mqtt: "127.0.0.1:1".to_owned(),
            edge: Edge::default(),
        };
        app::safe_item::ensure(&app).await.expect("the safe item is there");
        let unit = Unit { id: id("thai-nguyen"), name: "Thái Nguyên".to_owned(), tier: Tier::Province, parent: None };
        app::units::add(&app, &unit).await.expect("the unit is new");
        Self { app, clock, unit: unit.id, _folder: folder }
    }

    /// Adds a board of the commune Định Hóa.
    ///
    /// # Panics
    /// When it cannot be added.
    pub async fn board(&self, board: &str, geometry: &str) -> Identity {
        let new = NewBoard {
            id: id(board),
            name: format!("Bảng {board}"),
            unit: self.unit.clone(),
            commune_code: "05527".to_owned(),
            place: None,
            geometry: geometry.parse::<Geometry>().expect("a geometry"),
            time_zone: chrono_tz::Asia::Ho_Chi_Minh,
        };
        app::boards::add(&self.app, new).await.expect("the board is new").1
    }

    /// Uploads a picture.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> AssetId {
        let new = NewAsset { unit: self.unit.clone(), name: name.to_owned(), fit: Fit::Cover, bytes };
        app::assets::add(&self.app, new).await.expect("the picture is taken").id
    }

    /// Makes a playlist of these assets, ten seconds each.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn playlist(&self, assets: &[&AssetId]) -> PlaylistId {
        let entry =
            |asset: &&AssetId| EntryDraft { asset_id: asset.to_string(), duration_s: "10".to_owned(), ..EntryDraft::default() };
        let draft = PlaylistDraft { name: "Danh sách".to_owned(), entries: assets.iter().map(entry).collect() };
        let saved = app::playlists::save(&self.app, &self.unit, None, draft).await.expect("the database works");
        saved.expect("the form holds")
    }

    /// Makes an approved campaign of this playlist on all boards, always.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn campaign(&self, playlist: &PlaylistId) -> CampaignId {
        let draft = everywhere(playlist);
        let saved = app::campaigns::save(&self.app, &self.unit, None, draft).await.expect("the database works");
        saved.expect("the form holds")
    }

    /// Runs the jobs until none has anything left to do.
    ///
    /// # Panics
    /// When a job fails, or they never end.
    pub async fn settle(&self) {
        for _ in 0..MOST_ROUNDS {
            let made = jobs::renditions::run_once(&self.app).await.expect("renditions are made");
            let published = app::publish::run_once(&self.app).await.expect("manifests are published");
            if made == 0 && published.looked_at == 0 {
                return;
            }
        }
        panic!("the jobs still find work after {MOST_ROUNDS} rounds");
    }

    /// The newest manifest of a board, as that board accepts it.
    ///
    /// # Panics
    /// When there is none, or the board refuses it.
    pub async fn accepted(&self, identity: &Identity, held: Option<Held>) -> Accepted {
        let envelope = self.envelope(&identity.board).await;
        let board_key = SecretKey::from_hex(&identity.secret_key).expect("an identity holds a key").public();
        let standing = Standing {
            board: &identity.board,
            board_key: &board_key,
            root: &self.app.keys.root,
            held,
            recall: Version(0),
            now: Some(self.clock.now()),
        };
        match accept(&envelope, &standing).expect("the board accepts its manifest") {
            Verdict::Newer(accepted) => *accepted,
            Verdict::Same => panic!("there is nothing newer"),
        }
    }

    /// The newest manifest's envelope.
    ///
    /// # Panics
    /// When there is none.
    pub async fn envelope(&self, board: &BoardId) -> Vec<u8> {
        app::publish::envelope(&self.app, board).await.expect("the database works").expect("there is a manifest").2
    }
}

/// A campaign as the form gives it: approved, on all boards, from now on.
#[must_use]
pub fn everywhere(playlist: &PlaylistId) -> CampaignDraft {
    CampaignDraft {
        name: "Chiến dịch".to_owned(),
        playlist_id: playlist.to_string(),
        level: "normal".to_owned(),
        weight: "3".to_owned(),
        all_boards: true,
        approved: true,
        ..CampaignDraft::default()
    }
}

/// Parses an id.
fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a good id")
}
