//! Values for this crate's own tests, within it and in `tests/`.

use std::time::Duration;

use chrono::DateTime;
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::{AssetId, Digest, KeyEpoch, PlaylistId, Revision, Version};
use playlists::playlist::{Entry, Playlist};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, Manifest};

/// The key of the test board.
pub(crate) fn board_key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// A manifest of these items, each ten seconds in one default playlist; the first is the safe one.
pub(crate) fn manifest(rev: u64, items: &[(Digest, u64)]) -> Manifest {
    let playlist: PlaylistId = "default".parse().expect("an id");
    let asset: AssetId = "a".parse().expect("an id");
    Manifest {
        v: 1,
        board: "b-05443".parse().expect("an id"),
        board_key: board_key().public(),
        key_epoch: KeyEpoch(0),
        rev: Revision(rev),
        issued: DateTime::from_timestamp(1_760_000_000, 0).expect("in range"),
        fresh_s: 1_209_600,
        max_offline_s: 15_552_000,
        recall_min: Version(0),
        time_zone: chrono_tz::Asia::Ho_Chi_Minh,
        tz_data: "2026a".to_owned(),
        geometry: Geometry::new(8, 4).expect("a geometry"),
        hours: None,
        brightness: 100,
        overlays: Vec::new(),
        lanes: Lanes::default(),
        languages: std::collections::BTreeMap::new(),
        items: items.iter().map(|(sha256, size)| item(*sha256, *size)).collect(),
        playlists: vec![Playlist {
            of: None,
            id: playlist.clone(),
            entries: items.iter().map(|(d, _)| Entry::still(asset.clone(), *d, Duration::from_secs(10))).collect(),
        }],
        campaigns: Vec::new(),
        ranks: std::collections::BTreeMap::new(),
        stand_downs: Vec::new(),
        default_playlist: playlist,
        safe_item: items.first().map_or_else(|| Digest::of(b"none"), |(digest, _)| *digest),
    }
}

fn item(sha256: Digest, size: u64) -> Item {
    Item {
        sha256,
        size,
        kind: Kind::Still,
        duration: None,
        from: None,
        until: None,
        approvals: Vec::new(),
        evergreen: false,
        strict_time: false,
    }
}
