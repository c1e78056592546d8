//! The promise that a plan goes in and out as it is: carried out by a running server as a whole or not at all, exported and imported
//! elsewhere byte for byte, and played to the millisecond as `bangtin timeline` tells it without any server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bangtin::ports::{Clock as _, SystemClock};
use bangtin_tests::desk::Desk;
use bangtin_tests::process::program;
use bangtin_tests::world::{Place, World, world};
use chrono::{DateTime, Days, SecondsFormat, TimeDelta, Utc};
use playlists::local::{broadcast_day, day_start};
use serde_json::{Map, Value};

/// A board of everything: playlists within playlists, a default, plays per hour, languages, a countdown, running text.
const PLAN: &str = r##"
bangtin: 1
unit: thai-nguyen
units:
  - {id: thai-nguyen, name: Thái Nguyên, tier: province}
  - {id: dinh-hoa, name: Định Hóa, tier: commune, parent: thai-nguyen}
boards:
  - {id: b-0001, name: Bảng tin chợ, geometry: 256x128, languages: {vi: 3, en: 1}, lanes: {province: 2, commune: 1}, default_playlist: standing}
assets:
  - {id: tea, name: Chè, theme: products, source: Sở Công Thương, files: {vi: {file: media/tea.svg}, en: {file: media/tea-en.svg}}}
  - {id: notice, name: Thông báo, slide: {template: text, texts: {vi: {body: Nghỉ lễ}, en: {body: Closed}}}}
  - {id: counted, name: Đếm ngược, slide: {template: countdown, texts: {vi: {title: Hội chè}}, dates: {day: THE-DAY}}}
  - {id: greeting, name: Lời chào, ticker: {texts: {vi: Xin chào quý khách, en: Welcome}, band: "#a00f16", speed: 1}}
playlists:
  - {id: inner, name: Trong, entries: [{asset: tea, duration: 6s}, {asset: counted, duration: 5s}, {asset: notice, duration: 4.5s}]}
  - {id: standing, name: Thường ngày, entries: [{playlist: inner, take: 2}, {asset: notice, duration: 8s}]}
campaigns:
  - {id: fair, name: Hội chè, theme: trade, playlist: standing, weight: 3, targets: {all: true}, windows: [{cron: "0 6 * * *", duration: 2h}], approved: true}
  - {id: commune, name: Xã, unit: dinh-hoa, playlist: inner, weight: 1, targets: {boards: [b-0001]}, windows: [{cron: "0 7 * * *", duration: 2h}], approved: true}
  - {id: hourly, name: Mỗi giờ, playlist: inner, per_hour: 9, targets: {all: true}, approved: true}
  - {id: run, name: Chạy, ticker: greeting, weight: 1, targets: {all: true}, approved: true}
  - {id: later, name: Nháp, playlist: inner, weight: 1, targets: {all: true, shape: wide}}
stand_downs:
  - {id: mourning, name: Quốc tang, themes: [tourism], from: 2099-01-01, until: 2099-01-03}
"##;

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

fn plan() -> String {
    let day = (now() + TimeDelta::days(9)).date_naive();
    PLAN.replace("THE-DAY", &day.to_string())
}

/// A folder with a plan and its files.
fn laid_down(folder: &Path, plan: &str) -> PathBuf {
    std::fs::create_dir_all(folder.join("media")).unwrap();
    for (file, colour) in [("tea.svg", "#2f7d32"), ("tea-en.svg", "#8d6e63")] {
        let drawing = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><rect width="64" height="32" fill="{colour}"/></svg>"#
        );
        std::fs::write(folder.join("media").join(file), drawing).unwrap();
    }
    std::fs::write(folder.join("plan.yaml"), plan).unwrap();
    folder.to_owned()
}

/// The program on a server's data.
fn bangtin(data: &Path, keys: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("bangtin"));
    command.arg("--data").arg(data).arg("--keys").arg(keys).args(arguments).output().expect("the server's program starts")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Every file of a folder by its path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_carried_out_beside_a_running_server_or_not_at_all_and_goes_out_as_it_came() {
    world(Place::Apart, async |world: &mut World| {
        let board = world.add_board("b-0001", "256x128").await;
        let desk = world.desk().await;
        let (data, keys) = (world.path("data"), world.path("keys"));
        let run = |arguments: &[&str]| bangtin(&data, &keys, arguments);
        let empty = said(&run(&["export"]));
        let folder = laid_down(&world.path("plan"), &plan());
        let file = folder.to_str().unwrap();

        let told = said(&run(&["import", file, "--dry-run"]));
        assert!(told.contains("added\tcampaign\thourly\tMỗi giờ") && told.contains("Would be: 13 added, 1 changed"), "{told}");
        assert_eq!(said(&run(&["export"])), empty, "a dry run changes nothing");

        refused_as_a_whole(world, &run, &empty);

        let told = said(&run(&["import", file]));
        assert!(told.contains("Done: 13 added, 1 changed, 0 ended, 1 unchanged"), "{told}");
        let again = said(&run(&["import", file]));
        assert!(again.contains("Done: 0 added, 0 changed, 0 ended, 15 unchanged"), "{again}");

        let out = world.path("out");
        said(&run(&["export", "--out", out.to_str().unwrap()]));
        assert_eq!(std::fs::read_to_string(out.join("plan.yaml")).unwrap(), said(&run(&["export"])));
        assert!(!run(&["export", "--out", out.to_str().unwrap()]).status.success(), "a plan is not overwritten");
        imported_elsewhere(world, &out);

        world.desired_is_settled(&board).await;
        plays_as_the_plan_says(&desk, &out.join("plan.yaml"));
        counts_as_the_plan_says(&desk, &run, &out.join("plan.yaml"));
    })
    .await;
}

/// One fault anywhere, told with file and line, and nothing of the rest is carried out.
fn refused_as_a_whole(world: &World, run: &impl Fn(&[&str]) -> Output, before: &str) {
    let right = plan();
    for (from, to, place, words) in [
        ("media/tea-en.svg", "media/none.svg", "assets[0].files.en", "none.svg"),
        ("per_hour: 9", "per_hour: 700", "campaigns[2].per_hour", "3240 s fit"),
        ("id: b-0001, name", "id: b-0002, name", "boards[0]", "bangtin board add"),
        ("template: text", "template: txet", "assets[1].slide", "template"),
        ("weight: 3", "wieght: 3", "campaigns[0]", "did you mean weight?"),
    ] {
        let wrong = right.replace(from, to).replace("boards: [b-0001]", "all: true");
        let folder = laid_down(&world.path("wrong"), &wrong);
        let output = run(&["import", folder.to_str().unwrap()]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(65), "{to}: {told}");
        let line = wrong.lines().position(|line| line.contains(to)).expect("it is there") + 1;
        let start = format!("{}:{line}:", folder.join("plan.yaml").display());
        let fault = told.lines().find(|told| told.starts_with(&start) && told.contains(place) && told.contains(words));
        assert!(fault.is_some(), "{to}: not {start} … {place} … {words} in\n{told}");
        assert_eq!(said(&run(&["export"])), before, "{to}: nothing was changed");
    }
}

/// On a server that has nothing but the board, what was exported is imported, and exported alike.
fn imported_elsewhere(world: &World, plan: &Path) {
    let (data, keys) = (world.path("other/data"), world.path("other/keys"));
    let run = |arguments: &[&str]| said(&bangtin(&data, &keys, arguments));
    run(&["keys", "init", "--root-on-server"]);
    run(&["unit", "add", "--id", "thai-nguyen", "--name", "Thái Nguyên", "--tier", "province"]);
    let identity = world.path("other/b-0001.json");
    let board = ["board", "add", "--id", "b-0001", "--name", "B", "--unit", "thai-nguyen", "--commune", "05527"];
    run(&[&board[..], &["--geometry", "256x128", "--identity", identity.to_str().unwrap()]].concat());
    run(&["import", plan.to_str().unwrap()]);
    let out = world.path("other/out");
    run(&["export", "--out", out.to_str().unwrap()]);
    let (ours, theirs) = (files(plan), files(&out));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (file, bytes) in &ours {
        assert!(theirs[file] == *bytes, "{} is another", file.display());
    }
    assert!(ours.len() >= 3, "the plan and its pictures: {:?}", ours.keys());
}

/// A line of the server's timeline as the command writes it.
fn as_told(line: &Value) -> Value {
    let mut told = Map::new();
    for field in ["from", "until", "shows", "language", "due", "notice", "zone", "strip", "speed"] {
        told.extend(line.get(field).map(|value| (field.to_owned(), value.clone())));
    }
    told.extend(line["campaigns"].get(0).map(|campaign| ("campaign".to_owned(), campaign["id"].clone())));
    told.extend(line.get("asset").map(|asset| ("asset".to_owned(), asset["id"].clone())));
    told.into()
}

/// From the next broadcast day on, row by row, page by page.
fn plays_as_the_plan_says(desk: &Desk, plan: &Path) {
    let zone = chrono_tz::Asia::Ho_Chi_Minh;
    let from = day_start(broadcast_day(now(), zone) + Days::new(1), zone) + TimeDelta::milliseconds(1_234_567);
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let (from, to) = (text(from), text(from + TimeDelta::hours(8)));
    let mut ours: Vec<Value> = Vec::new();
    let mut next = Some(format!("/api/v1/boards/b-0001/timeline?from={from}&to={to}&step=entry"));
    let mut pages = 0;
    while let Some(path) = next {
        let answer = desk.open(&path, "en");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page: Value = answer.body.parse().unwrap();
        let mut lines: Vec<Value> = page["timeline"].as_array().unwrap().iter().map(as_told).collect();
        pages += 1;
        // A page may tell a crossing in two: its rest goes on where it was cut.
        let cut = ours.iter().rposition(|line| line["zone"] == "bottom");
        let rest = lines.iter().position(|line| line["zone"] == "bottom");
        if let (Some(cut), Some(rest)) = (cut, rest)
            && ours[cut]["until"] == page["from"]
            && lines[rest]["from"] == page["from"]
            && pages > 1
        {
            ours[cut]["until"] = lines.remove(rest)["until"].clone();
        }
        ours.extend(lines);
        next = page.get("next").map(|next| next.as_str().unwrap().to_owned());
    }
    let plan = plan.to_str().unwrap();
    let output = Command::new(program("bangtin"))
        .args(["timeline", "--plan", plan, "--board", "b-0001", "--from", &from, "--to", &to])
        .output()
        .unwrap();
    let theirs: Vec<Value> = said(&output).lines().map(|line| line.parse().unwrap()).collect();
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "row {number}: the server's, then the plan's");
    }
    assert_eq!(ours.len(), theirs.len());
    assert!(pages > 1 && ours.iter().any(|line| line["zone"] == "bottom"), "{pages} pages, {} rows", ours.len());
}

/// What each campaign gets is the same over the API, by the command beside the server, and by the plan without one.
fn counts_as_the_plan_says(desk: &Desk, run: &impl Fn(&[&str]) -> Output, plan: &Path) {
    let zone = chrono_tz::Asia::Ho_Chi_Minh;
    let start = |days| day_start(broadcast_day(now(), zone) + Days::new(days), zone).to_rfc3339_opts(SecondsFormat::Millis, true);
    let (from, to) = (start(1), start(3));
    let answer = desk.open(&format!("/api/v1/boards/b-0001/forecast?from={from}&to={to}"), "en");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let told: Value = answer.body.parse().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let share = |share: &Value| {
        let figures = (share["plays"].as_u64().unwrap(), share["shown_ms"].as_i64().unwrap(), share["lapses"].as_u64().unwrap());
        ((text(&share["shows"]), text(&share["campaign"])), figures)
    };
    let over_the_api: BTreeMap<_, _> = told["shares"].as_array().unwrap().iter().map(share).collect();
    let counted = |more: &[&str]| -> BTreeMap<_, _> {
        let asked = ["forecast", "--board", "b-0001", "--from", &from, "--to", &to];
        let printed = said(&run(&[&asked[..], more].concat()));
        let line = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let shown_ms = (fields[5].parse::<f64>().unwrap() * 1000.0).round() as i64;
            let figures = (fields[3].parse().unwrap(), shown_ms, fields[7].parse().unwrap());
            ((fields[0].to_owned(), fields[1].to_owned()), figures)
        };
        printed.lines().skip(1).map(line).collect()
    };
    assert_eq!(over_the_api, counted(&[]), "over the API, then by the command");
    assert_eq!(over_the_api, counted(&["--plan", plan.to_str().unwrap()]), "over the API, then by the plan");
    assert!(over_the_api.len() > 3 && over_the_api.keys().any(|(shows, _)| shows == "ticker"), "{over_the_api:?}");
    let wrong = desk.open(&format!("/api/v1/boards/b-0001/forecast?from={to}&to={from}"), "en");
    assert!(wrong.status == 400 && wrong.body.contains("it must lie after from"), "{}", wrong.body);
    assert_eq!(desk.open("/api/v1/boards/b-9999/forecast", "en").status, 404);
}
