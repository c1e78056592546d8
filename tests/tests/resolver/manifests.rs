//! Random manifests in which every rule has something to say.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::rfc;

/// Zones with and without changes of the clock, one of them by half an hour.
const ZONES: [&str; 5] = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"];
/// Ordinary days, those on which the zones above change their clocks, Tết, the last day before it, and a day of a leap month.
const DAYS: [&str; 10] = [
    "2026-11-23T05:00:00Z",
    "2026-03-29T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-11-01T06:30:00Z",
    "2018-11-04T03:30:00Z",
    "2026-04-04T15:30:00Z",
    "2026-10-03T16:00:00Z",
    "2026-02-16T09:00:00Z",
    "2026-02-17T03:00:00Z",
    "2025-08-08T06:00:00Z",
];
const THEMES: [&str; 2] = ["festival", "trade"];

/// One of the days.
pub(super) fn day(random: &mut Rng) -> DateTime<Utc> {
    random.choice(DAYS).unwrap().parse().unwrap()
}

/// An instant within about half a day.
pub(super) fn near(random: &mut Rng, now: DateTime<Utc>) -> String {
    rfc(now + TimeDelta::milliseconds(random.i64(-40_000_000..40_000_000)))
}

/// Of the twelve items.
pub(super) fn digest(number: usize) -> String {
    format!("{number:064x}")
}

/// A manifest with all that one can have, each by chance.
pub(super) fn manifest(random: &mut Rng, now: DateTime<Utc>) -> Value {
    let items: Vec<Value> = (0..12)
        .map(|number| {
            let mut item = json!({ "sha256": digest(number), "size": 10, "kind": "still" });
            if random.u8(..6) == 0 {
                item["until"] = near(random, now).into();
            }
            item
        })
        .collect();
    let playlists: Vec<Value> = (0..4).map(|number| playlist(random, number, now)).collect();
    let campaigns: Vec<Value> = (0..random.usize(..8)).flat_map(|number| campaign(random, number, now)).collect();
    let mut manifest = json!({
        "v": 1, "board": "b-05443", "board_key": format!("{:064x}", 7), "key_epoch": 1, "rev": 1, "issued": rfc(now),
        "fresh_s": 1, "max_offline_s": 1, "recall_min": 0, "time_zone": random.choice(ZONES).unwrap(), "tz_data": "2026",
        "geometry": { "width": 64, "height": 256 }, "brightness": 80,
        "lanes": { "province": random.u32(0..4), "commune": random.u32(1..4) },
        "items": items, "playlists": playlists, "campaigns": campaigns, "default_playlist": "list-3", "safe_item": digest(11),
    });
    if random.u8(..4) > 0 {
        manifest["languages"] = json!({ "vi": 3, "en": 1, "ko": random.u32(1..3) });
    }
    if random.bool() {
        manifest["hours"] = hours(random, now);
    }
    if random.bool() {
        manifest["ranks"] = (0..2).map(|_| (format!("campaign-{}", random.u8(..7)), json!(random.u32(1..3)))).collect();
    }
    if random.u8(..3) == 0 {
        let (from, until) = (now - TimeDelta::seconds(random.i64(0..40_000)), now + TimeDelta::seconds(random.i64(0..40_000)));
        manifest["stand_downs"] = json!([{ "themes": [random.choice(THEMES).unwrap()], "from": rfc(from), "until": rfc(until) }]);
    }
    manifest
}

fn playlist(random: &mut Rng, number: usize, now: DateTime<Utc>) -> Value {
    let count = random.usize(1..6);
    let mut entries: Vec<Value> = (0..count).map(|_| entry(random, now)).collect();
    // The default playlist may have nothing that is valid.
    if number == 3 && random.u8(..3) == 0 {
        entries.truncate(1);
        entries[0]["until"] = near(random, now).into();
    }
    if number == 2 && random.bool() {
        entries.push(json!({ "playlist": "list-1", "take": random.u32(1..4) }));
    }
    if (1..3).contains(&number) && random.bool() {
        entries.push(json!({ "playlist": "list-0", "take": random.u32(1..4) }));
    }
    if (1..3).contains(&number) && random.u8(..3) == 0 {
        entries.insert(0, json!({ "playlist": "list-0" }));
    }
    let mut playlist = json!({ "id": format!("list-{number}"), "entries": entries });
    // Some are versions of another.
    if random.u8(..3) == 0 {
        playlist["of"] = format!("list-{}", random.u8(..6)).into();
    }
    playlist
}

fn entry(random: &mut Rng, now: DateTime<Utc>) -> Value {
    let number = random.usize(..20);
    let versions = match random.u8(..4) {
        0 => json!({ "vi": digest(number % 12), "en": digest((number + 1) % 12) }),
        1 => json!({ "ko": digest(number % 12), "und": digest((number + 2) % 12), "zh": digest((number + 3) % 12) }),
        _ => json!({ "und": digest(number % 12) }),
    };
    let mut entry = json!({ "asset": format!("asset-{number}"), "versions": versions, "duration_ms": random.u32(4..300) * 1000 });
    if random.u8(..6) == 0 {
        entry["from"] = near(random, now).into();
    }
    entry
}

/// A campaign, or two versions of one.
fn campaign(random: &mut Rng, number: usize, now: DateTime<Utc>) -> Vec<Value> {
    let mut campaign = json!({
        "id": format!("campaign-{number}"), "unit": "unit", "tier": if random.bool() { "province" } else { "commune" },
        "level": if random.u8(..4) == 0 { "priority" } else { "normal" },
    });
    if random.u8(..3) == 0 {
        campaign["theme"] = (*random.choice(&THEMES).unwrap()).into();
    }
    let windows: Vec<Value> = (0..random.usize(..3)).map(|_| window(random, now)).collect();
    if !windows.is_empty() {
        campaign["windows"] = windows.into();
    }
    match random.u8(..7) {
        0 => {
            campaign["ticker"] =
                json!({ "item": digest(random.usize(..12)), "width": random.u32(1..6000), "speed": random.u32(20..300) });
            campaign["weight"] = random.u32(1..9).into();
        }
        1 | 2 => {
            campaign["playlist"] = format!("list-{}", random.u8(..4)).into();
            campaign["per_hour"] = (if random.u8(..3) == 0 { random.u32(30..400) } else { random.u32(1..20) }).into();
        }
        _ => {
            campaign["playlist"] = format!("list-{}", random.u8(..4)).into();
            campaign["weight"] = random.u32(1..9).into();
        }
    }
    if random.u8(..4) > 0 {
        return vec![campaign];
    }
    let changed = near(random, now);
    let mut after = campaign.clone();
    campaign["until"] = changed.clone().into();
    after["from"] = changed.into();
    if random.bool() && after.get("playlist").is_some() {
        after["playlist"] = format!("list-{}", random.u8(..4)).into();
    }
    if random.bool() { vec![campaign, after] } else { vec![after] }
}

fn window(random: &mut Rng, now: DateTime<Utc>) -> Value {
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
    let lunar =
        [("1", "1"), ("12", "last"), ("*", "15"), ("*", "1"), ("6", "15"), ("10", "15"), ("2", "11"), ("9", "16"), ("*", "last")];
    let mut window = if random.u8(..4) == 0 {
        let (month, day) = *random.choice(&lunar).unwrap();
        let number = |text: &str| text.parse::<u8>().map_or_else(|_| Value::from(text), Value::from);
        json!({ "lunar": { "month": number(month), "day": number(day), "at": format!("{:02}:30", random.u8(..24)) } })
    } else {
        json!({ "cron": random.choice(cron).unwrap() })
    };
    window["duration_ms"] = (random.u32(1..1500) * 60_000).into();
    let date = |random: &mut Rng| (now + TimeDelta::days(random.i64(-2..2))).date_naive();
    if random.u8(..4) == 0 {
        window["weeks"] = json!({ "every": random.u8(2..4), "of": date(random) - TimeDelta::days(7) });
    }
    if random.u8(..4) == 0 {
        window["except"] = json!([date(random)]);
    }
    window
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
