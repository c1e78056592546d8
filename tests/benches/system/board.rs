//! A board by itself: a player with its content on disk and a server that does not answer.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bangtin_player::banks::{Bank, Banks};
use bangtin_player::cache::Cache;
use bangtin_tests::process::program;
use chrono::DateTime;
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, PlaylistId, Revision, Version};
use playlists::playlist::{Entry, Playlist};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, Manifest};
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root};

/// A file that the board plays, and for how long.
pub(crate) struct Content<'a> {
    pub(crate) path: &'a Path,
    pub(crate) kind: Kind,
    pub(crate) duration: Duration,
}

/// The command that runs a player of this size with these files in its cache, one after the other, again and again.
pub(crate) fn player(folder: &Path, size: (u32, u32), contents: &[Content<'_>]) -> Command {
    let geometry = Geometry::new(size.0, size.1).expect("a geometry");
    let data = folder.join("data");
    let (cache, _) = Cache::open(data.join("content"));
    let items = contents.iter().map(|content| item(&cache, content)).collect();
    let (key, board_key) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
    let keys = || RoleKeys { keys: vec![key.public()], threshold: 1 };
    let roles = [Role::Root, Role::Publish, Role::Recall, Role::Notice, Role::Time].map(|role| (role, keys())).into();
    let approve = ApproveThresholds { routine: 0, wide: 0 };
    let root = Root { v: 1, version: Version(1), key_epoch: KeyEpoch(0), roles, approve };
    let sign = |kind, json: serde_json::Result<Vec<u8>>| Envelope::sign(kind, &json.expect("json"), &[&key]);
    let root = sign(DocumentType::Root, serde_json::to_vec(&root));
    let manifest = manifest(&board_key, geometry, contents, items);
    let manifest = sign(DocumentType::Manifest, serde_json::to_vec(&manifest)).to_json();
    let bank = Bank { manifest: Some(String::from_utf8(manifest).expect("json is text")), ..Bank::default() };
    Banks::<Bank>::open(&data, "bank").0.save(&bank).expect("the bank is kept");
    let identity = serde_json::json!({
        "v": 1, "board": "b-00001", "secret_key": board_key.to_hex(), "geometry": geometry,
        "server": "http://127.0.0.1:9", "mqtt": "127.0.0.1:9", "root_sha256": Digest::of(&root.to_json()), "root": root,
    });
    let path = folder.join("identity.json");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    serde_json::to_writer(file.expect("a file"), &identity).expect("written");
    let mut command = Command::new(program("bangtin-player"));
    command.args(["run", "--identity"]).arg(&path).arg("--data").arg(&data);
    command
}

/// Puts a file into the cache and describes it.
fn item(cache: &Cache, content: &Content<'_>) -> Item {
    let bytes = fs::read(content.path).expect("the file is there");
    let (sha256, size) = (Digest::of(&bytes), bytes.len());
    fs::create_dir_all(cache.path(&sha256).parent().expect("a shelf")).expect("a folder");
    fs::write(cache.path(&sha256), &bytes).expect("written");
    let duration_ms = (content.kind == Kind::Clip).then_some(content.duration.as_millis());
    let described = serde_json::json!({ "sha256": sha256, "size": size, "kind": content.kind, "duration_ms": duration_ms });
    serde_json::from_value(described).expect("an item")
}

/// The files one after the other, and nothing else.
fn manifest(board_key: &SecretKey, geometry: Geometry, contents: &[Content<'_>], items: Vec<Item>) -> Manifest {
    let playlist: PlaylistId = "default".parse().expect("an id");
    let entry = |(number, (content, item)): (usize, (&Content<'_>, &Item))| {
        Entry::still(format!("asset-{number}").parse().expect("an id"), item.sha256, content.duration)
    };
    let entries = contents.iter().zip(&items).enumerate().map(entry).collect();
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
        geometry,
        hours: None,
        brightness: 100,
        overlays: Vec::new(),
        lanes: Lanes::default(),
        languages: std::collections::BTreeMap::new(),
        safe_item: items.first().expect("something to show").sha256,
        items,
        playlists: vec![Playlist { of: None, id: playlist.clone(), entries }],
        campaigns: Vec::new(),
        ranks: std::collections::BTreeMap::new(),
        stand_downs: Vec::new(),
        default_playlist: playlist,
    }
}
