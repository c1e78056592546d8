//! What is measured: manifests of any size.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::asset::Kind;
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Weight};
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::playlist::{Entry, Playlist};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, MAX_BYTES, Manifest};
use playlists::unit::Tier;
use playlists::window::Window;

/// As many campaigns of 50 entries as fit in [`MAX_BYTES`].
pub(crate) fn largest() -> usize {
    let bytes = |campaigns| serde_json::to_vec(&with_campaigns(campaigns, 50)).expect("a manifest serialises").len();
    let each = (bytes(20) - bytes(10)) / 10;
    (1..=MAX_BYTES / each + 1).rev().find(|campaigns| bytes(*campaigns) <= MAX_BYTES).expect("one fits")
}

/// So many campaigns of `entries` entries of ten seconds each; the entries share as many assets as a playlist has, twice over.
pub(crate) fn with_campaigns(count: usize, entries: usize) -> Manifest {
    let assets = entries * 2;
    let items: Vec<_> = (0..assets).map(item).collect();
    let still = |entry: usize| {
        let asset = format!("asset-{}", entry % assets).parse().expect("an id");
        Entry::still(asset, digest(entry % assets), Duration::from_secs(10))
    };
    let playlist =
        |n: usize| Playlist { of: None, id: name(n).parse().expect("an id"), entries: (n..n + entries).map(still).collect() };
    Manifest {
        v: 1,
        board: "b-05443".parse().expect("an id"),
        board_key: SecretKey::from_seed(&[7; 32]).public(),
        key_epoch: KeyEpoch(1),
        rev: Revision(1),
        issued: DateTime::<Utc>::UNIX_EPOCH,
        fresh_s: 1_209_600,
        max_offline_s: 15_552_000,
        recall_min: Version(0),
        time_zone: chrono_tz::Asia::Ho_Chi_Minh,
        tz_data: chrono_tz::IANA_TZDB_VERSION.to_owned(),
        geometry: Geometry::new(640, 320).expect("a geometry"),
        hours: None,
        brightness: 100,
        overlays: Vec::new(),
        lanes: Lanes::default(),
        languages: BTreeMap::new(),
        default_playlist: name(0).parse().expect("an id"),
        safe_item: digest(0),
        items,
        playlists: (0..count).map(playlist).collect(),
        campaigns: (0..count).map(campaign).collect(),
        ranks: BTreeMap::new(),
        stand_downs: Vec::new(),
    }
}

fn name(number: usize) -> String {
    format!("c{number:04}")
}

fn digest(number: usize) -> Digest {
    Digest::of(&number.to_be_bytes())
}

fn item(number: usize) -> Item {
    Item {
        sha256: digest(number),
        size: 100_000,
        kind: Kind::Still,
        duration: None,
        from: None,
        until: None,
        approvals: Vec::new(),
        evergreen: false,
        strict_time: false,
    }
}

/// Every second one has a daily window.
fn campaign(number: usize) -> Campaign {
    let cron = format!("{} {} * * *", number % 60, number % 12 + 5).parse().expect("an expression");
    let window = Window::new(cron, Duration::from_secs(8 * 3600)).expect("a window");
    Campaign {
        id: name(number).parse().expect("an id"),
        unit: "u-19".parse().expect("an id"),
        tier: if number.is_multiple_of(3) { Tier::Province } else { Tier::Commune },
        level: Level::Normal,
        theme: None,
        plays: Plays::Playlist(name(number).parse().expect("an id")),
        period: Period::default(),
        windows: if number.is_multiple_of(2) { vec![window] } else { Vec::new() },
        share: Share::Weight(Weight::new(u32::try_from(number % 10).unwrap_or(0) + 1).expect("a weight")),
    }
}
