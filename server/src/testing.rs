//! A server with a database of its own and a clock set by hand, for the tests of this package; and both databases to test on.

#[allow(unreachable_pub, reason = "of the harness, which is a library")]
#[path = "../../tests/src/command.rs"]
mod command;
#[allow(unreachable_pub, reason = "of the harness, which is a library")]
#[path = "../../tests/src/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::id::{BoardId, KeyEpoch, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root};
use playlists::wire::messages::{TokenRequest, V};

use crate::app::{App, tokens};
use crate::edge::Edge;
use crate::keys::Keys;
use crate::live::Live;
use crate::media::blobs::Blobs;
use crate::media::clips::Ffmpeg;
use crate::media::previews::Previews;
use crate::ports::Clock;
use crate::store::{DatabaseUrl, Db, fixtures};

/// 2026-11-23T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_392_000_000;

pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).expect("a time in range")
    }
}

/// A database that the product runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Runs each of these stories, `async fn name(world: World)`, on both databases: as `name::sqlite` and as `name::postgres`. One
/// that is left out of the list is dead code, which the lints refuse.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::testing::{Engine, World};

            #[tokio::test]
            async fn sqlite() {
                super::$story(World::on(Engine::Sqlite).await).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::$story(World::on(Engine::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// A folder, and an empty database: in it where that is a file. Both go when it is dropped.
pub(crate) struct Ground {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: DatabaseUrl,
    postgres: Option<postgres::Database>,
}

impl Ground {
    pub(crate) fn on(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match engine {
            Engine::Sqlite => {
                let database = DatabaseUrl::Sqlite(folder.path().join("db"));
                Self { folder, database, postgres: None }
            }
            Engine::Postgres => {
                let made = postgres::Database::make();
                Self { folder, database: DatabaseUrl::Postgres(made.url.clone()), postgres: Some(made) }
            }
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(database) = self.postgres.take()
            && !std::thread::panicking()
        {
            database.remove();
        }
    }
}

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<HandClock>,
    ground: Ground,
}

impl World {
    pub(crate) async fn on(engine: Engine) -> Self {
        let ground = Ground::on(engine);
        let db = Db::open(&ground.database).await.expect("the database opens");
        Self::of(ground, db)
    }

    /// One whose database waits at most this long for a lock.
    pub(crate) async fn impatient(engine: Engine, lock: Duration) -> Self {
        let ground = Ground::on(engine);
        let db = Db::open_with(&ground.database, lock).await.expect("the database opens");
        Self::of(ground, db)
    }

    fn of(ground: Ground, db: Db) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(NOW_MS)));
        let app = App {
            db,
            clock: Arc::clone(&clock) as _,
            keys: keys(),
            blobs: Blobs::open(&ground.folder.path().join("blobs")).expect("the blobs open"),
            ffmpeg: Ffmpeg::default(),
            live: Live::new(),
            previews: Previews::since(NOW_MS),
            broker_linked: AtomicBool::new(false),
            public_url: "http://127.0.0.1:1".to_owned(),
            public_mqtt: "127.0.0.1:1".to_owned(),
            edge: Edge::default(),
        };
        Self { app: Arc::new(app), clock, ground }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.ground.folder.path()
    }

    /// A board with the key of this seed.
    pub(crate) async fn board(&self, name: &str, seed: u8) -> (BoardId, SecretKey) {
        let board: BoardId = name.parse().expect("a board id");
        let key = SecretKey::from_seed(&[seed; 32]);
        fixtures::board(&self.app.db, &board, key.public()).await;
        (board, key)
    }

    /// A token for it, got as a board gets one.
    pub(crate) async fn token(&self, board: &BoardId, key: &SecretKey) -> String {
        let nonce = tokens::nonce(&self.app, board).expect("a nonce").nonce;
        tokens::issue(&self.app, &token_request(board, key, &nonce)).await.expect("a token").token
    }
}

pub(crate) fn token_request(board: &BoardId, key: &SecretKey, nonce: &str) -> Vec<u8> {
    let request = TokenRequest { v: V, board: board.clone(), nonce: nonce.to_owned() };
    signed(DocumentType::TokenRequest, &request, key)
}

/// A document in an envelope signed by this key.
pub(crate) fn signed(document: DocumentType, value: &impl serde::Serialize, key: &SecretKey) -> Vec<u8> {
    Envelope::sign(document, &serde_json::to_vec(value).expect("it serialises"), &[key]).to_json()
}

/// Waits until it holds, at most ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(holds().await, "not within ten seconds: {what}");
}

fn keys() -> Keys {
    let key = |seed: u8| SecretKey::from_seed(&[seed; 32]);
    let (root_key, publish, time) = (key(201), key(202), key(203));
    let role = |key: &SecretKey| RoleKeys { keys: vec![key.public()], threshold: 1 };
    let roles = BTreeMap::from([
        (Role::Root, role(&root_key)),
        (Role::Publish, role(&publish)),
        (Role::Time, role(&time)),
        (Role::Recall, role(&publish)),
        (Role::Notice, role(&publish)),
    ]);
    let root = Root { v: 1, version: Version(1), key_epoch: KeyEpoch(1), roles, approve: ApproveThresholds::default() };
    let root_envelope = signed(DocumentType::Root, &root, &root_key);
    Keys { root, root_envelope, publish, time, nonce_secret: [7; 32] }
}
