//! Random valid manifests, around the days on which their zones change their clocks, and what lies over them.

mod campaigns;
mod manifests;
mod overrides;
mod scenes;
mod windows;

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono_tz::Tz;
use playlists::asset::Kind;
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Weight};
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::playlist::Playlist;
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, Manifest};
use playlists::unit::Tier;

pub(crate) use self::manifests::{any_hours as hours, any_manifest};
pub(crate) use self::overrides::{any_overrides, shifted};
pub(crate) use self::scenes::{Scene, any_scene};
pub(crate) use self::windows::window;

/// A parse that a test relies on.
pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().expect("the text names one")
}

/// A manifest with one item, an empty default playlist and nothing else.
pub(crate) fn manifest(tz: Tz) -> Manifest {
    let safe = item(0);
    Manifest {
        v: 1,
        board: id("b-05443"),
        board_key: SecretKey::from_seed(&[7; 32]).public(),
        key_epoch: KeyEpoch(1),
        rev: Revision(1),
        issued: DateTime::UNIX_EPOCH,
        fresh_s: 1_209_600,
        max_offline_s: 15_552_000,
        recall_min: Version(0),
        time_zone: tz,
        tz_data: chrono_tz::IANA_TZDB_VERSION.to_owned(),
        geometry: Geometry::new(640, 320).expect("a geometry"),
        hours: None,
        brightness: 100,
        overlays: Vec::new(),
        lanes: Lanes::default(),
        languages: BTreeMap::new(),
        default_playlist: id("default"),
        safe_item: safe.sha256,
        items: vec![safe],
        playlists: vec![Playlist { of: None, id: id("default"), entries: Vec::new() }],
        campaigns: Vec::new(),
        ranks: BTreeMap::new(),
        stand_downs: Vec::new(),
    }
}

/// Item number `number`, always valid.
pub(crate) fn item(number: usize) -> Item {
    Item {
        sha256: digest(number),
        size: 1000,
        kind: Kind::Still,
        duration: None,
        from: None,
        until: None,
        approvals: Vec::new(),
        evergreen: true,
        strict_time: false,
    }
}

pub(crate) fn digest(number: usize) -> Digest {
    Digest::of(format!("item {number}").as_bytes())
}

/// A campaign of this id that plays the playlist of the same id, always, in the commune's lane.
pub(crate) fn campaign(name: &str, weight: u32) -> Campaign {
    Campaign {
        id: id(name),
        unit: id("u1"),
        tier: Tier::Commune,
        level: Level::Normal,
        theme: None,
        plays: Plays::Playlist(id(name)),
        period: Period::default(),
        windows: Vec::new(),
        share: Share::Weight(Weight::new(weight).expect("a weight")),
    }
}
