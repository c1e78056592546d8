//! What a board's day costs: its list, and one look-up in it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use divan::{Bencher, black_box};
use playlists::asset::Kind;
use playlists::campaign::{Campaign, Level, Period, Plays, Share, Weight};
use playlists::geometry::Geometry;
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::playlist::{Entry, Playlist};
use playlists::schedule::Schedule;
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, MAX_BYTES, Manifest};
use playlists::unit::Tier;
use playlists::window::Window;

fn main() {
    divan::main();
}

/// The two manifests that are measured.
#[derive(Debug, Clone, Copy)]
enum Size {
    /// 500 campaigns of 50 entries each; the entries share 100 assets. It is larger than a manifest may be.
    Campaigns500x50,
    /// As many campaigns of 50 entries as fit in [`MAX_BYTES`].
    Largest,
}

const SIZES: [Size; 2] = [Size::Campaigns500x50, Size::Largest];

#[divan::bench(args = SIZES)]
fn make_ready(bencher: Bencher, size: Size) {
    let manifest = manifest(size);
    bencher.bench_local(|| Schedule::new(black_box(&manifest)).expect("no faults"));
}

#[divan::bench(args = SIZES)]
fn list_of_a_day(bencher: Bencher, size: Size) {
    let schedule = Schedule::new(&manifest(size)).expect("no faults");
    bencher.bench_local(|| schedule.day(black_box(day())));
}

#[divan::bench(args = SIZES, sample_size = 10_000)]
fn look_up(bencher: Bencher, size: Size) {
    let list = Schedule::new(&manifest(size)).expect("no faults").day(day());
    let mut second = 0;
    bencher.bench_local(|| {
        second = (second + 7919) % 86_400;
        list.at(black_box(list.start() + TimeDelta::seconds(second)))
    });
}

fn day() -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(20_780)
}

fn manifest(size: Size) -> Manifest {
    match size {
        Size::Campaigns500x50 => with_campaigns(500),
        Size::Largest => {
            let bytes = |campaigns| serde_json::to_vec(&with_campaigns(campaigns)).expect("a manifest serialises").len();
            let each = (bytes(20) - bytes(10)) / 10;
            let most = (1..=MAX_BYTES / each + 1).rev().find(|campaigns| bytes(*campaigns) <= MAX_BYTES).expect("one fits");
            with_campaigns(most)
        }
    }
}

fn with_campaigns(count: usize) -> Manifest {
    let items: Vec<_> = (0..100).map(item).collect();
    let still = |entry: usize| {
        let asset = format!("asset-{}", entry % 100).parse().expect("an id");
        Entry::still(asset, digest(entry % 100), Duration::from_secs(10))
    };
    let playlist = |n: usize| Playlist { id: name(n).parse().expect("an id"), entries: (n..n + 50).map(still).collect() };
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
