//! A board plays to the millisecond what the plan says: the server's timeline of it, told by the manifests that were signed, is the one
//! that `bangtin timeline --plan` tells of the exported plan; and a plan imported during a day changes nothing of that day's past.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::geometry::Geometry;
use playlists::id::BoardId;
use playlists::plan::{self, Document};
use playlists::schedule::{Overrides, Running, Schedule, Showing, What};

use super::{Files, drawn, export, import};
use crate::app::boards::{self, NewBoard};
use crate::app::course::{Course, Told, course};
use crate::app::tests::{furnished, settle, unit};
use crate::app::{App, FieldError, safe_item};
use crate::testing::{World, on_both_databases};

on_both_databases![
    what_a_server_plays_is_what_the_exported_plan_says_to_the_millisecond,
    a_plan_imported_during_a_day_leaves_its_past_and_from_the_next_day_on_is_what_is_played,
];

const TEXT: &str = r##"
bangtin: 1
unit: province
units:
  - {id: commune, name: Xã, tier: commune, parent: province}
  - {id: province, name: Tỉnh, tier: province}
boards:
  - id: b-0001
    name: Có mọi thứ
    geometry: 256x128
    hours: {weekly: [{days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun], intervals: [05:30-11:00, 13:00-01:30]}]}
    lanes: {province: 2, commune: 3}
    languages: {vi: 3, en: 1}
    ranks: {first: 1}
    default_playlist: standing
  - {id: b-0002, name: Không có gì sẵn, geometry: 256x128}
assets:
  - {id: red, name: Đỏ, files: {vi: {file: red.svg}, en: {file: blue.svg}}}
  - {id: blue, name: Xanh, until: 2026-11-26T12:34:56.789, files: {und: {file: blue.svg}}}
  - {id: notice, name: Thông báo, slide: {template: text, texts: {vi: {body: Nghỉ lễ}, en: {body: Closed}}}}
  - {id: counted, name: Đếm ngược, slide: {template: countdown, texts: {vi: {title: Tết}, en: {title: Tet}}, dates: {day: 2026-11-26}}}
  - {id: gone, name: Đã qua, until: 2026-01-31, files: {und: {file: red.svg}}}
  - {id: text, name: Chữ, ticker: {texts: {vi: Xin chào, en: Hello}, band: "#a00f16", speed: 1}}
  - {id: words, name: Lời, from: 2026-11-25, ticker: {texts: {en: Good night}}}
playlists:
  - {id: deepest, name: Trong cùng, entries: [{asset: red, duration: 3s}, {asset: notice, duration: 4.5s}, {asset: blue, duration: 5s}, {asset: gone, duration: 6s, from: 2026-02-01}]}
  - {id: inner, name: Trong, entries: [{asset: notice, duration: 8s}, {playlist: deepest, take: 2}, {asset: counted, duration: 7s}, {asset: blue, duration: 2.5s, until: 2026-11-25}]}
  - {id: standing, name: Thường ngày, entries: [{playlist: inner, take: 3}, {asset: red, duration: 6s}, {playlist: deepest}]}
  - {id: never, name: Không bao giờ, entries: [{asset: gone, duration: 9s, from: 2026-02-01}]}
campaigns:
  - {id: wide, name: Tỉnh, playlist: standing, weight: 3, targets: {all: true}, approved: true, windows: [{cron: "0 7-20/3 * * *", duration: 90min}]}
  - {id: own, name: Xã, unit: commune, theme: tourism, playlist: inner, weight: 2, targets: {boards: [b-0001]}, approved: true, windows: [{cron: "30 8 * * *", duration: 9h}]}
  - {id: hourly, name: Mỗi giờ, playlist: deepest, per_hour: 7, targets: {all: true}, approved: true}
  - {id: often, name: Luôn, unit: commune, playlist: inner, per_hour: 12, targets: {boards: [b-0002]}, approved: true, windows: [{cron: "10 9 * * *", duration: 200min}]}
  - {id: first, name: Trước hết, level: priority, playlist: inner, weight: 1, targets: {all: true}, approved: true, windows: [{lunar: {month: "*", day: 16, at: "18:00"}, duration: 2h}]}
  - {id: second, name: Sau đó, level: priority, playlist: standing, weight: 9, targets: {all: true}, approved: true, windows: [{lunar: {month: "*", day: 16, at: "19:00"}, duration: 2h}]}
  - {id: nothing, name: Không có gì, playlist: never, weight: 9, targets: {all: true}, approved: true}
  - {id: run, name: Chạy, ticker: text, weight: 2, targets: {all: true}, approved: true}
  - {id: run-words, name: Chạy thêm, ticker: words, weight: 1, targets: {all: true}, approved: true, until: 2026-11-26T10:00}
stand_downs:
  - {id: mourning, name: Quốc tang, themes: [tourism], from: 2026-11-25T09:10:11, until: 2026-11-25T15:00}
"##;

fn document(text: &str) -> Document {
    plan::read(text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn words(error: &FieldError) -> String {
    format!("{} {} {:?}", error.field, error.code, error.args)
}

fn files() -> Files {
    Files::Within(|path| {
        let colour = path.strip_suffix(".svg")?;
        Some(Cow::Owned(crate::app::tests::svg(colour)))
    })
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// What is told of an entry: from when to when, the campaign, the asset and its language, and when it was due.
type Entry = (DateTime<Utc>, DateTime<Utc>, Option<String>, Option<String>, Option<String>, Option<DateTime<Utc>>);

fn entry(showing: &Showing) -> Entry {
    let (since, until) = (showing.since, showing.until);
    let What::Entry(slot) = &showing.what else { return (since, until, None, None, None, None) };
    let asset = slot.asset.as_ref().map(|asset| if safe_item::is(asset) { safe_item::NAME } else { asset.as_str() });
    let campaign = slot.campaign.as_ref().map(ToString::to_string);
    (since, until, campaign, asset.map(str::to_owned), Some(slot.language.to_string()), slot.due)
}

/// What is told of a crossing: from when to when, the campaign, the strip's width and its speed.
fn crossing(running: &Running) -> (DateTime<Utc>, DateTime<Utc>, String, u32, u32) {
    let crossing = running.what.as_ref().expect("a crossing");
    let campaign = crossing.campaign.as_ref().expect("a campaign's").to_string();
    (running.since, running.until, campaign, crossing.ticker.width, crossing.ticker.speed)
}

fn known(course: &Course) -> Vec<Entry> {
    let known = |told: Told<Showing>| match told {
        Told::Known(showing) => entry(&showing),
        Told::Unknown(from, until) => panic!("nothing is known from {from} to {until}"),
    };
    course.entries(1_000_000).into_iter().map(known).collect()
}

async fn told(app: &App, board: &BoardId, from: DateTime<Utc>, until: DateTime<Utc>) -> Course {
    course(app, board, from, until).await.expect("told").expect("a board")
}

/// Compares, entry by entry and crossing by crossing, what the server tells of a board with what the exported plan does.
async fn agree(app: &App, id: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
    let board: BoardId = id.parse().expect("an id");
    let exported = document(&plan::write(&export(app).await.expect("an export").plan)).plan;
    let manifest = exported.manifest(&board, &drawn(&exported, &board)).expect("a manifest");
    let schedule = Schedule::new(&manifest).expect("it holds");
    let overrides = Overrides::default();
    let course = told(app, &board, from, until).await;
    let (ours, theirs) = (known(&course), schedule.timeline(&overrides, from, until).map(|showing| entry(&showing)));
    let theirs: Vec<_> = theirs.collect();
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "{id}, entry {number}: the server's, then the plan's");
    }
    assert_eq!(ours.len(), theirs.len(), "{id}");
    assert!(ours.len() > 5_000, "{id}: {}", ours.len());
    let ours: Vec<_> = course.crossings(1_000_000).iter().map(crossing).collect();
    let theirs: Vec<_> = schedule.crossings(&overrides, from, until).map(|running| crossing(&running)).collect();
    assert_eq!(ours, theirs, "{id}: the server's, then the plan's");
    assert!(ours.len() > 5_000, "{id}: {}", ours.len());
}

async fn server(world: World) -> World {
    let world = furnished(world).await;
    for id in ["b-0001", "b-0002"] {
        let geometry = Geometry::new(256, 128).expect("a geometry");
        let new = NewBoard::simple(id.parse().expect("an id"), "Bảng".to_owned(), unit(), "05443".to_owned(), geometry);
        boards::add(&world.app, new).await.expect("a board");
    }
    import(&world.app, &document(TEXT), &files(), words).await.unwrap_or_else(|fault| panic!("{fault:#?}"));
    settle(&world.app).await;
    world
}

async fn what_a_server_plays_is_what_the_exported_plan_says_to_the_millisecond(world: World) {
    let world = server(world).await;
    // From the first broadcast day on that begins after the import, over the days of the dates above.
    for id in ["b-0001", "b-0002"] {
        agree(&world.app, id, at("2026-11-23T20:00:00Z"), at("2026-11-26T20:00:00Z")).await;
    }
}

async fn a_plan_imported_during_a_day_leaves_its_past_and_from_the_next_day_on_is_what_is_played(world: World) {
    let world = server(world).await;
    let board: BoardId = "b-0001".parse().expect("an id");
    // In the afternoon: not within the first minutes in which a board is lit, whose length plays per hour begin by.
    world.clock.pass(Duration::from_secs(32 * 3600 + 17));
    let now = world.app.clock.now();
    let morning = (at("2026-11-23T20:00:00Z"), now - TimeDelta::seconds(2));
    let before = known(&told(&world.app, &board, morning.0, morning.1).await);
    // One more entry in the innermost list, another order in the one that stands, and another default.
    let text = TEXT
        .replace(
            "{asset: red, duration: 3s}, {asset: notice",
            "{asset: red, duration: 3s}, {asset: red, duration: 2s}, {asset: notice",
        )
        .replace("{asset: red, duration: 6s}, {playlist: deepest}", "{playlist: deepest}, {asset: red, duration: 6s}")
        .replace("default_playlist: standing", "default_playlist: inner")
        .replace("weight: 3, targets", "weight: 4, targets");
    import(&world.app, &document(&text), &files(), words).await.unwrap_or_else(|fault| panic!("{fault:#?}"));
    settle(&world.app).await;
    let after = known(&told(&world.app, &board, morning.0, morning.1).await);
    let first = before.iter().zip(&after).position(|(before, after)| before != after);
    assert_eq!(first.map(|number| (&before[number], &after[number])), None, "the past stays");
    assert_eq!(before.len(), after.len());
    for id in ["b-0001", "b-0002"] {
        agree(&world.app, id, at("2026-11-24T20:00:00Z"), at("2026-11-26T20:00:00Z")).await;
    }
}
