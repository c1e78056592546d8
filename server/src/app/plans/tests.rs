//! A plan is carried out as a whole or not at all, twice is once, and what is exported is what was imported.

use super::{Files, Outcome, PlanError, decide, export, import};
use crate::app::tests::board;
use crate::app::{App, FieldError};
use crate::testing::{Engine, World, on_both_databases};
use playlists::overlay::Overlay;
use playlists::plan::{self, Document, Drawn};
use std::borrow::Cow;

on_both_databases![
    what_is_exported_from_a_server_and_imported_on_an_empty_one_is_exported_alike,
    importing_twice_changes_nothing_the_second_time,
    a_plan_with_one_fault_changes_nothing_at_all,
    a_dry_run_says_what_would_change_and_changes_nothing,
    boards_play_what_the_plan_says,
];

const TEXT: &str = r##"
bangtin: 1
unit: province
units:
  - {id: province, name: Tỉnh, tier: province}
boards:
  - {id: b-0001, name: Bảng tin, unit: province, geometry: 64x32, languages: {vi: 3, en: 1}, default_playlist: standing, overlays: [{corner: top-right, clock: time-and-date}, {corner: bottom-left, picture: picture, size: 20}]}
assets:
  - id: notice
    name: Thông báo
    theme: reading
    source: Sở VHTTDL
    until: 2027-12-31
    slide:
      template: text
      texts:
        vi: {title: Thông báo, body: Nghỉ lễ}
        en: {title: Notice, body: Closed}
  - id: picture
    name: Ảnh
    fit: contain
    focus: [0.25, 0.5]
    files: {und: {file: a.svg}}
  - id: text
    name: Chữ chạy
    ticker: {texts: {vi: Xin chào}, band: "#a00f16", speed: 1}
playlists:
  - id: inner
    name: Trong
    entries: [{asset: notice, duration: 8s}, {asset: picture, duration: 2500ms, until: 2026-12-31}]
  - id: standing
    name: Thường ngày
    entries: [{playlist: inner, take: 1}, {asset: picture, duration: 6s}]
campaigns:
  - id: tet
    name: Tết
    theme: national-days
    level: priority
    playlist: inner
    weight: 3
    targets: {boards: [b-0001]}
    from: 2026-01-01
    windows: [{lunar: {month: 1, day: 1, at: "00:00"}, duration: 3d}]
    approved: true
  - id: hourly
    name: Mỗi giờ
    playlist: standing
    per_hour: 4
    targets: {all: true}
    approved: true
  - id: running
    name: Chạy
    ticker: text
    weight: 2
    targets: {boards: [b-0001]}
    approved: true
  - id: draft
    name: Nháp
    playlist: inner
    weight: 1
    targets: {all: true, shape: wide}
stand_downs:
  - {id: mourning, name: Quốc tang, themes: [reading], from: 2027-01-01T12:00, until: 2027-01-02}
"##;

const SVG: &str =
    r##"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><rect width="64" height="32" fill="#a00f16"/></svg>"##;

const WRONG_FILE: &str = "{file: a.svg, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}";

fn document(text: &str) -> Document {
    plan::read(text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn words(error: &FieldError) -> String {
    format!("{} {}", error.field, error.code)
}

fn files() -> Files {
    Files::Within(|path| (path == "a.svg").then(|| Cow::Owned(SVG.as_bytes().to_vec())))
}

async fn server(world: World) -> World {
    let world = crate::app::tests::furnished(world).await;
    board(&world.app, "b-0001").await;
    world
}

async fn exported(app: &App) -> String {
    plan::write(&export(app).await.expect("an export").plan)
}

async fn what_is_exported_from_a_server_and_imported_on_an_empty_one_is_exported_alike(world: World) {
    let world = server(world).await;
    import(&world.app, &document(TEXT), &files(), words).await.expect("an import");
    let first = exported(&world.app).await;
    for words in [
        "template: text",
        "take: 1",
        "per_hour: 4",
        "focus: [0.25, 0.5]",
        "lunar:",
        "clock: time-and-date",
        "picture: picture, size: 20",
        "ticker: text",
        "until: 2026-12-31",
        "mourning",
    ] {
        assert!(first.contains(words), "{words} in\n{first}");
    }
    let other = server(World::on(Engine::Sqlite).await).await;
    let again = document(&first);
    let from = world.app.clone();
    let files = export(&from).await.expect("an export").files;
    let folder = tempfile::tempdir().expect("a folder");
    for (file, sha256) in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, from.blobs.read(&sha256).await.expect("kept")).expect("written");
    }
    import(&other.app, &again, &Files::Folder(folder.path().to_owned()), words).await.expect("an import");
    assert_eq!(exported(&other.app).await, first);
}

async fn importing_twice_changes_nothing_the_second_time(world: World) {
    let world = server(world).await;
    let first = import(&world.app, &document(TEXT), &files(), words).await.expect("an import");
    assert!(first.changes.iter().any(|change| change.outcome == Outcome::Added), "{:#?}", first.changes);
    let second = import(&world.app, &document(TEXT), &files(), words).await.expect("an import");
    let changed: Vec<_> = second.changes.iter().filter(|change| change.outcome != Outcome::Unchanged).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

async fn a_plan_with_one_fault_changes_nothing_at_all(world: World) {
    let world = server(world).await;
    let before = exported(&world.app).await;
    for (right, wrong, place, said) in [
        ("file: a.svg", "file: b.svg", "assets[1].files.und", "no file b.svg"),
        ("template: text", "template: txet", "assets[0].slide", "template"),
        ("id: b-0001, name", "id: b-0002, name", "boards[0]", "bangtin board add"),
        ("geometry: 64x32", "geometry: 128x64", "boards[0].geometry", "64x32"),
        ("{file: a.svg}", WRONG_FILE, "assets[1].files.und", "SHA-256"),
        ("per_hour: 4", "per_hour: 406", "campaigns[1].per_hour", "error-per-hour-alone"),
    ] {
        let text = TEXT.replace(right, wrong).replace("boards: [b-0001]", "all: true");
        let fault = import(&world.app, &document(&text), &files(), words).await.expect_err(wrong);
        let PlanError::Faults(faults) = fault else { panic!("{fault:?}") };
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.contains(place) && told.contains(said)), "{wrong}: {told:#?}");
        assert!(faults.iter().all(|fault| fault.place.line > 1), "{told:#?}");
        assert_eq!(exported(&world.app).await, before, "{wrong}");
    }
}

async fn a_dry_run_says_what_would_change_and_changes_nothing(world: World) {
    let world = server(world).await;
    import(&world.app, &document(TEXT), &files(), words).await.expect("an import");
    let before = exported(&world.app).await;
    let text = TEXT.replace("per_hour: 4", "per_hour: 6").replace("duration: 8s", "duration: 9s");
    let decision = decide(&world.app, &document(&text), &files(), words).await.expect("a decision");
    let changed: Vec<_> = decision.changes.iter().filter(|change| change.outcome == Outcome::Changed).collect();
    let ids: Vec<_> = changed.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(ids, ["inner", "hourly"]);
    assert!(changed[1].jumps >= 1, "{changed:#?}");
    assert_eq!(exported(&world.app).await, before);
    import(&world.app, &document(&text), &files(), words).await.expect("an import");
    assert!(exported(&world.app).await.contains("per_hour: 6"));
}

async fn boards_play_what_the_plan_says(world: World) {
    let world = server(world).await;
    import(&world.app, &document(TEXT), &files(), words).await.expect("an import");
    crate::app::tests::settle(&world.app).await;
    let id = "b-0001".parse().expect("an id");
    let manifest = crate::app::tests::manifest(&world.app, &id).await;
    let of_plan = document(TEXT).plan.manifest(&id, &Drawn::default()).err();
    assert!(of_plan.is_none(), "{of_plan:?}");
    let ids: Vec<_> = manifest.campaigns.iter().map(|campaign| campaign.id.to_string()).collect();
    assert_eq!(ids, ["hourly", "running", "tet"]);
    let strip = manifest.campaigns[1].plays.ticker().expect("a ticker");
    assert!(strip.speed == 50 && manifest.item(&strip.item).is_some(), "{strip:?}");
    assert_eq!(manifest.languages.len(), 2);
    assert_eq!(manifest.stand_downs.len(), 1);
    let of_plan = document(TEXT).plan.manifest(&id, &Drawn::default()).expect("a manifest").overlays;
    let lies =
        |overlays: &[Overlay]| overlays.iter().map(|over| (over.corner, over.size, over.picture().is_some())).collect::<Vec<_>>();
    assert_eq!((lies(&manifest.overlays), manifest.overlays.len()), (lies(&of_plan), 2));
}
