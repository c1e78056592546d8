//! The promise that there is one answer to what is on: a resolver written from the rules alone, in another language, lists the
//! same days as the product.

use std::path::PathBuf;
use std::process::Command;

use bangtin_tests::process::{installed, run};
use chrono::{DateTime, SecondsFormat, Utc};
use fastrand::Rng;
use playlists::schedule::{DayList, Schedule, Showing, What};
use playlists::trust::manifest::Manifest;
use serde_json::{Value, json};

/// How many random manifests are compared; each for one whole day.
const MANIFESTS: u64 = 60;
/// Zones with and without changes of the clock, one of them by half an hour.
const ZONES: [&str; 4] = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
/// Ordinary days, and those on which the zones above change their clocks.
const DAYS: [&str; 6] = [
    "2026-11-23T05:00:00Z",
    "2026-03-29T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-11-01T06:30:00Z",
    "2026-04-04T15:30:00Z",
    "2026-10-03T16:00:00Z",
];

#[test]
fn two_resolvers_list_the_same_days() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..MANIFESTS {
        let mut random = Rng::with_seed(seed);
        let now: DateTime<Utc> = random.choice(DAYS).unwrap().parse().unwrap();
        let manifest = manifest(&mut random, now);
        let file = folder.path().join("manifest.json");
        std::fs::write(&file, manifest.to_string()).unwrap();
        let theirs = run(Command::new(installed("python3")).arg(script()).arg(&file).arg(rfc(now)).arg("--list"));
        let parsed: Manifest = serde_json::from_value(manifest.clone()).unwrap();
        let schedule = Schedule::new(&parsed).unwrap();
        let day = schedule.day(schedule.day_of(now));
        let ours: Vec<_> = day.slots().map(|slot| line(&slot, &day)).collect();
        for (number, (ours, theirs)) in ours.iter().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "seed {seed}, slot {number} of {manifest:#}");
        }
        assert_eq!(ours.len(), theirs.lines().count(), "seed {seed}");
    }
}

fn script() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("outside/resolve.py")
}

fn rfc(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A slot as the script writes it: dark stretches cut at the day's ends.
fn line(slot: &Showing, day: &DayList) -> String {
    let (since, until) = (rfc(slot.since.max(day.start())), rfc(slot.until.min(day.end())));
    let text = |value: Option<String>| value.map_or("null".to_owned(), |value| format!("\"{value}\""));
    let (campaign, asset, item) = match &slot.what {
        What::Dark => (None, None, None),
        What::Notice { item, .. } => (None, None, Some(item.to_string())),
        What::Entry(slot) => {
            let name = |id: &dyn std::fmt::Display| id.to_string();
            (slot.campaign.as_ref().map(|c| name(c)), slot.asset.as_ref().map(|a| name(a)), Some(slot.item.to_string()))
        }
    };
    format!("[\"{since}\", \"{until}\", {}, {}, {}]", text(campaign), text(asset), text(item))
}

/// A manifest with hours, exceptions, validity, nested playlists, language versions, levels and lanes, all by chance.
fn manifest(random: &mut Rng, now: DateTime<Utc>) -> Value {
    let near = |random: &mut Rng| rfc(now + chrono::TimeDelta::milliseconds(random.i64(-40_000_000..40_000_000)));
    let digests: Vec<String> = (0..12).map(|n| format!("{n:064x}")).collect();
    let items: Vec<Value> = digests
        .iter()
        .map(|sha256| {
            let mut item = json!({ "sha256": sha256, "size": 10, "kind": "still" });
            if random.u8(..5) == 0 {
                item["until"] = near(random).into();
            }
            item
        })
        .collect();
    let entry = |random: &mut Rng, number: usize| {
        let mut versions = json!({ "und": digests[number % 12] });
        if random.bool() {
            versions = json!({ "vi": digests[number % 12], "en": digests[(number + 1) % 12] });
        }
        let mut entry =
            json!({ "asset": format!("asset-{number}"), "versions": versions, "duration_ms": random.u32(4..400) * 1000 });
        if random.u8(..6) == 0 {
            entry["from"] = near(random).into();
        }
        entry
    };
    let mut playlists: Vec<Value> = Vec::new();
    for number in 0..4_usize {
        let mut entries: Vec<Value> = (0..random.usize(1..6))
            .map(|_| {
                let n = random.usize(..20);
                entry(random, n)
            })
            .collect();
        if number > 0 && random.bool() {
            entries.push(json!({ "playlist": "list-0", "take": random.u32(1..4) }));
        }
        if number > 0 && random.u8(..3) == 0 {
            entries.insert(0, json!({ "playlist": "list-0" }));
        }
        playlists.push(json!({ "id": format!("list-{number}"), "entries": entries }));
    }
    let campaigns: Vec<Value> = (0..random.usize(..7)).map(|number| campaign(random, number, &near)).collect();
    let mut manifest = json!({
        "v": 1, "board": "b-05443", "board_key": format!("{:064x}", 7), "key_epoch": 1, "rev": 1, "issued": rfc(now),
        "fresh_s": 1, "max_offline_s": 1, "recall_min": 0, "time_zone": random.choice(ZONES).unwrap(), "tz_data": "2026",
        "geometry": { "width": 64, "height": 256 }, "brightness": 80,
        "lanes": { "province": random.u32(1..4), "commune": random.u32(1..4) },
        "languages": { "vi": 3, "en": 1 }, "items": items, "playlists": playlists, "campaigns": campaigns,
        "default_playlist": "list-3", "safe_item": digests[11],
    });
    if random.bool() {
        manifest["hours"] = hours(random, now);
    }
    manifest
}

fn campaign(random: &mut Rng, number: usize, near: &impl Fn(&mut Rng) -> String) -> Value {
    let cron = [
        "0 5 * * *",
        "30 2 * * *",
        "*/20 * * * Mon-Fri",
        "15 22 * * 0,6",
        "0 0 25 * *",
        "0 6 1-7 * Mon",
        "10 1-3 * 3,10,11 7",
        "0 */5 * * *",
    ];
    let mut campaign = json!({
        "id": format!("campaign-{number}"), "unit": "unit", "tier": if random.bool() { "province" } else { "commune" },
        "level": if random.u8(..4) == 0 { "priority" } else { "normal" },
        "playlist": format!("list-{}", random.u8(..4)), "weight": random.u32(1..9),
    });
    if random.u8(..3) == 0 {
        campaign["from"] = near(random).into();
    }
    let windows: Vec<Value> = (0..random.usize(..3))
        .map(|_| json!({ "cron": random.choice(cron).unwrap(), "duration_ms": random.u32(1..1500) * 60_000 }))
        .collect();
    if !windows.is_empty() {
        campaign["windows"] = windows.into();
    }
    campaign
}

fn hours(random: &mut Rng, now: DateTime<Utc>) -> Value {
    let date = now.date_naive();
    let mut hours = json!({ "weekly": [
        { "days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "intervals": [{ "from": "05:30", "until": "11:00" }, { "from": "13:00", "until": "01:30" }] },
        { "days": ["Sat", "Sun"], "intervals": [{ "from": "02:30", "until": "02:30" }] },
    ] });
    if random.bool() {
        let intervals = if random.bool() { json!([{ "from": "20:00", "until": "04:00" }]) } else { json!([]) };
        hours["exceptions"] = json!([{ "date": date, "intervals": intervals, "whole_day": random.u8(..3) == 0 }]);
    }
    hours
}
