//! A database of an older version is brought to this one with all that it holds.

use std::collections::BTreeMap;

use sqlx::migrate::Migrator;

use super::playlists::Shows;
use super::renditions::State;
use super::{DatabaseUrl, Db, MIGRATIONS, assets, on, playlists, renditions};
use crate::testing::{Engine, Ground};

/// The last migration before assets had language versions.
const BEFORE: i64 = 5;

/// What a server of that version had stored: a still and a clip, both made, and a playlist of both.
const ROWS: &[&str] = &[
    "insert into unit (unit_id, name, tier, created_ms) values ('u', 'U', 'province', 0)",
    "insert into asset (asset_id, unit_id, name, name_search, kind, media_type, sha256, size_bytes, width, height, fit, created_ms)
     values ('still', 'u', 'Ảnh', 'anh', 'still', 'image/png', 'STILL', 10, 640, 320, 'contain', 1)",
    "insert into asset (asset_id, unit_id, name, name_search, kind, media_type, sha256, size_bytes, width, height, fit, created_ms,
     duration_ms, poster_sha256) values ('clip', 'u', 'Phim', 'phim', 'clip', 'video/mp4', 'CLIP', 20, 96, 64, 'cover', 2, 2400, 'STILL')",
    "insert into rendition (asset_id, width, height, fit, state, sha256, size_bytes, media_type, attempt, changed_ms)
     values ('still', 64, 32, 'contain', 'ready', 'CLIP', 5, 'image/png', 0, 3)",
    "insert into rendition (asset_id, width, height, fit, state, error, attempt, changed_ms)
     values ('clip', 64, 32, 'cover', 'failed', 'damaged', 1, 4)",
    "insert into playlist (playlist_id, unit_id, name, name_search, version, created_ms, changed_ms) values ('p', 'u', 'P', 'p', 2, 5, 6)",
    "insert into playlist_version (playlist_id, version, entries, created_ms) values ('p', 1, '[]', 5)",
    r#"insert into playlist_version (playlist_id, version, entries, created_ms)
     values ('p', 2, '[{"asset_id":"still","duration_ms":8000},{"asset_id":"clip","duration_ms":2400}]', 6)"#,
];

async fn older(url: &DatabaseUrl) {
    let earlier = MIGRATIONS.iter().filter(|migration| migration.version <= BEFORE).cloned().collect();
    let earlier = Migrator::with_migrations(earlier);
    let (still, clip) = ("1".repeat(64), "2".repeat(64));
    let rows: Vec<String> =
        ROWS.iter().map(|row| row.replace("'STILL'", &format!("'{still}'")).replace("'CLIP'", &format!("'{clip}'"))).collect();
    match url {
        DatabaseUrl::Sqlite(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let pool = sqlx::SqlitePool::connect_with(options).await.expect("opened");
            earlier.run(&pool).await.expect("the older tables");
            for row in rows {
                sqlx::query(sqlx::AssertSqlSafe(row)).execute(&pool).await.expect("stored");
            }
            pool.close().await;
        }
        DatabaseUrl::Postgres(url) => {
            let pool = sqlx::PgPool::connect(url).await.expect("opened");
            earlier.run(&pool).await.expect("the older tables");
            for row in rows {
                sqlx::query(sqlx::AssertSqlSafe(row)).execute(&pool).await.expect("stored");
            }
            pool.close().await;
        }
    }
}

async fn assets_become_versions_without_words(engine: Engine) {
    let ground = Ground::on(engine);
    older(&ground.database).await;
    let db = Db::open(&ground.database).await.expect("brought to this version");
    let id = |text: &str| text.parse().expect("an id");
    let found = assets::many(&db, &[id("clip"), id("still")]).await.expect("loaded");
    let facts: BTreeMap<_, _> = found
        .iter()
        .map(|asset| {
            let version = asset.main().expect("a version");
            (
                asset.id.as_str(),
                (version.language.as_str(), version.version, version.fit.as_str(), version.pixels, asset.clip_ms()),
            )
        })
        .collect();
    assert_eq!(facts["still"], ("und", 1, "contain", Some((640, 320)), None));
    assert_eq!(facts["clip"], ("und", 1, "cover", Some((96, 64)), Some(2400)));
    let made = renditions::list(&db, &id("still"), 9).await.expect("listed");
    assert!(matches!(made[0].state, State::Ready { size_bytes: 5, strip_width: None, .. }), "{made:?}");
    let failed = renditions::list(&db, &id("clip"), 9).await.expect("listed");
    assert_eq!((failed[0].attempt, &failed[0].state), (1, &State::Failed { error: "damaged".to_owned(), fault: None }));
    let list = playlists::get(&db, &"p".parse().expect("an id")).await.expect("loaded").expect("there");
    let Shows::Asset { pinned, .. } = &list.entries[1].shows else { panic!("{list:?}") };
    assert_eq!(pinned.versions.values().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(playlists::showing(&db, &[id("clip")]).await.expect("found"), [list.id]);
    let kept: i64 =
        on!(&db, |pool| sqlx::query_scalar("select count(*) from playlist_version").fetch_one(pool).await).expect("counted");
    assert_eq!(kept, 2);
    db.close().await;
}

mod assets_become_versions_without_words_on {
    use super::Engine;

    #[tokio::test]
    async fn sqlite() {
        super::assets_become_versions_without_words(Engine::Sqlite).await;
    }
    #[tokio::test]
    async fn postgres() {
        super::assets_become_versions_without_words(Engine::Postgres).await;
    }
}
