//! The promise that a plan is a file that anybody can read: its timeline is worked out by another program to the millisecond, its
//! faults are told with file and line, and what is exported is what was imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bangtin_tests::process::{installed, program, run};
use chrono::DateTime;
use serde_json::Value;

/// A plan in a zone whose clocks change, with windows, hours and dates at the changes.
const BERLIN: &str = r##"
bangtin: 1
time_zone: Europe/Berlin
unit: land
units: [{id: land, name: Land, tier: province}, {id: gemeinde, name: Gemeinde, tier: commune, parent: land}]
boards:
  - id: b-0001
    name: Am Markt
    geometry: 640x320
    languages: {de: 2, en: 1}
    lanes: {province: 2, commune: 1}
    default_playlist: standing
    hours:
      weekly:
        - {days: [Mon, Tue, Wed, Thu, Fri], intervals: [05:30-02:30]}
        - {days: [Sat, Sun], intervals: [07:00-02:45]}
      exceptions: [{date: 2026-10-25, intervals: [01:15-03:30, 20:00-02:00]}]
assets:
  - {id: one, name: Eins, files: {de: {file: a.png}, en: {file: b.png}}}
  - {id: two, name: Zwei, until: 2026-10-25T02:30, files: {und: {file: c.png}}}
  - {id: three, name: Drei, slide: {template: text, texts: {en: {body: Three}}}}
  - {id: counted, name: Noch so viele Tage, slide: {template: countdown, texts: {en: {title: The day}}, dates: {day: 2026-04-11}}}
  - {id: gone, name: Vorbei, until: 2026-01-31, files: {und: {file: d.png}}}
  - {id: text, name: Laufschrift, ticker: {texts: {en: Good morning, vi: Xin chào}, band: "#a00f16", speed: 3}}
  - {id: late, name: Spät, from: 2026-03-29T02:30, ticker: {texts: {en: "To whoever is still awake: good night"}}}
playlists:
  - {id: inner, name: Innen, entries: [{asset: one, duration: 4s}, {asset: two, duration: 6.5s}, {asset: three, duration: 5s}, {asset: gone, duration: 9s, from: 2026-02-01}]}
  - {id: never, name: Nie, entries: [{asset: gone, duration: 9s, from: 2026-02-01}]}
  - {id: standing, name: Immer, entries: [{asset: one, duration: 7s}, {playlist: never}, {playlist: inner, take: 2}, {asset: counted, duration: 6s}]}
  - {id: dated, name: Befristet, entries: [{asset: three, duration: 9s, from: 2026-03-29T02:15}, {asset: two, duration: 3s}]}
campaigns:
  - {id: nightly, name: Nachts, playlist: inner, weight: 3, targets: {all: true}, approved: true, windows: [{cron: "30 2 * * *", duration: 90min}]}
  - {id: hourly, name: Stündlich, unit: gemeinde, playlist: dated, per_hour: 7, targets: {all: true}, approved: true}
  - {id: weekly, name: Wochen, unit: gemeinde, playlist: dated, weight: 2, targets: {boards: [b-0001]}, approved: true, windows: [{cron: "0 */3 * * *", duration: 2h, weeks: {every: 2, of: 2026-03-23}, except: [2026-10-26]}]}
  - {id: moon, name: Mond, level: priority, playlist: standing, weight: 1, targets: {all: true}, approved: true, windows: [{lunar: {month: "*", day: 11, at: "02:45"}, duration: 40min}]}
  - {id: run, name: Läuft, ticker: text, weight: 2, targets: {all: true}, approved: true}
  - {id: run-late, name: Läuft spät, ticker: late, weight: 1, targets: {all: true}, approved: true, windows: [{cron: "0 1 * * *", duration: 4h}]}
  - {id: nothing, name: Nichts, playlist: never, weight: 9, targets: {all: true}, approved: true}
  - {id: until, name: Bis, playlist: inner, weight: 1, targets: {all: true}, approved: true, from: 2026-03-28, until: 2026-03-29T02:30}
stand_downs:
  - {id: quiet, name: Ruhe, themes: [tourism], from: 2026-03-29T12:00, until: 2026-03-29T13:00}
"##;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../playlists/samples/plan.yaml")
}

fn bangtin(arguments: &[&str]) -> Output {
    Command::new(program("bangtin")).args(arguments).output().expect("the server's program starts")
}

fn printed(arguments: &[&str]) -> String {
    let output = bangtin(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// How wide texts are only their font tells: the strip of each that runs, by `asset|language`. When each runs is for the other program
/// to work out.
fn strips_of(timeline: &str) -> Value {
    let rows = timeline.lines().map(|line| line.parse::<Value>().expect("JSON")).filter(|row| row["shows"] == "ticker");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.map(|row| (format!("{}|{}", text(&row["asset"]), text(&row["language"])), row["strip"].clone())).collect()
}

/// Compares a board's timeline, line by line, with what the other program makes of the same plan.
fn same_timeline(plan: &Path, board: &str, from: &str, to: &str) -> usize {
    let file = plan.to_str().expect("a path");
    let ours = printed(&["timeline", "--plan", file, "--board", board, "--from", from, "--to", to]);
    let folder = tempfile::tempdir().expect("a folder");
    let (json, strips) = (folder.path().join("plan.json"), folder.path().join("strips.json"));
    std::fs::write(&json, printed(&["plan", "check", file, "--json"])).expect("written");
    std::fs::write(&strips, strips_of(&ours).to_string()).expect("written");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("outside/plan.py");
    // It leaves no compiled modules in the project's folders.
    let mut python = Command::new(installed("python3"));
    let theirs = run(python.arg("-B").arg(script).arg(&json).args([board, from, to]).arg(&strips));
    for (number, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "{board} from {from}, line {number}");
    }
    assert_eq!(ours.lines().count(), theirs.lines().count(), "{board} from {from}");
    ours.lines().count()
}

#[test]
fn another_program_makes_the_same_timeline_of_the_provinces_plan_around_tet() {
    // A wide board with four languages, a tall one, and a commune's.
    for board in ["b-01840", "b-01843", "b-05443"] {
        let lines = same_timeline(&samples(), board, "2026-02-16T13:00:00Z", "2026-02-17T21:00:00Z");
        assert!(lines > 5_000, "{board}: {lines}");
    }
}

#[test]
fn another_program_makes_the_same_timeline_where_clocks_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    std::fs::write(&plan, BERLIN).expect("written");
    for (from, to) in [("2026-03-28T20:00:00Z", "2026-03-30T04:00:00Z"), ("2026-10-24T20:00:00Z", "2026-10-26T05:00:00.123Z")] {
        assert!(same_timeline(&plan, "b-0001", from, to) > 3_000, "{from}");
    }
}

#[test]
fn a_timeline_has_no_gap_and_spans_and_csv_tell_the_same() {
    let file = samples();
    let ask = |more: &[&str]| {
        let plan = file.to_str().expect("a path");
        let asked = ["timeline", "--plan", plan, "--board", "b-01840", "--from", "2026-02-15", "--to", "2026-02-16"];
        printed(&[&asked[..], more].concat())
    };
    let all: Vec<Value> = ask(&[]).lines().map(|line| line.parse().expect("JSON")).collect();
    let (over_it, lines): (Vec<Value>, Vec<Value>) = all.iter().cloned().partition(|line| line["zone"] == "bottom");
    assert!(all.is_sorted_by_key(|line| line["from"].as_str().expect("a text")), "in the order of time");
    assert!(over_it.len() > 500 && over_it.iter().all(|line| line["shows"] == "ticker"), "{}", over_it.len());
    assert!(over_it.windows(2).all(|pair| pair[0]["until"].as_str() <= pair[1]["from"].as_str()), "one text at a time");
    assert!(lines.windows(2).all(|pair| pair[0]["until"] == pair[1]["from"]), "each begins where the one before ends");
    assert_eq!(lines[0]["from"], "2026-02-14T17:00:00.000Z");
    assert_eq!(lines[lines.len() - 1]["until"], "2026-02-16T17:00:00.000Z", "the date is included");
    let csv = ask(&["--format", "csv"]);
    assert_eq!(csv.lines().count(), all.len() + 1);
    let crossing = csv.lines().find(|line| line.contains(",ticker,")).expect("a crossing");
    let told = ["from", "until", "shows", "campaign", "asset", "language", "due", "notice", "zone", "strip", "speed"];
    let told = told.map(|field| over_it[0][field].as_str().map_or_else(|| over_it[0][field].to_string(), str::to_owned));
    assert_eq!(crossing.replace(",,,", ",null,null,"), told.join(","));
    let spans: Vec<Value> = ask(&["--step", "span"]).lines().map(|line| line.parse().expect("JSON")).collect();
    let (over_it, spans): (Vec<Value>, Vec<Value>) = spans.into_iter().partition(|span| span["zone"] == "bottom");
    assert!(!over_it.is_empty() && over_it.iter().all(|span| span["shows"] == "ticker" && span["campaigns"].is_array()));
    assert!(spans.len() < 60, "{}", spans.len());
    assert!(spans.windows(2).all(|pair| pair[0]["until"] == pair[1]["from"]), "each begins where the one before ends");
    let midnight = spans.iter().find(|span| span["campaigns"] == serde_json::json!(["tet-midnight"])).expect("Giao thừa");
    assert_eq!(midnight["from"], "2026-02-16T15:00:00.000Z", "22:00 on the last day of the 12th month, the 29th");
}

#[test]
fn a_forecast_is_what_counting_the_timeline_gives() {
    let file = samples();
    let plan = file.to_str().expect("a path");
    // A whole broadcast day, from 03:00 on: no entry is cut at its start.
    let day = ["--plan", plan, "--board", "b-01840", "--from", "2026-09-01T20:00:00Z", "--to", "2026-09-02T20:00:00Z"];
    let mut counted: BTreeMap<(String, String), (u64, i64)> = BTreeMap::new();
    for row in printed(&[&["timeline"], &day[..]].concat()).lines() {
        let row: Value = row.parse().expect("JSON");
        let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
        let at = |field: &str| DateTime::parse_from_rfc3339(&text(field)).expect("an instant");
        let (plays, ms) = counted.entry((text("shows"), text("campaign"))).or_default();
        (*plays, *ms) = (*plays + 1, *ms + (at("until") - at("from")).num_milliseconds());
    }
    counted.retain(|(shows, _), _| shows != "dark");
    let forecast = printed(&[&["forecast"], &day[..]].concat());
    let mut told = BTreeMap::new();
    for line in forecast.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (plays, seconds): (u64, f64) = (fields[3].parse().expect("plays"), fields[5].parse().expect("seconds"));
        if plays > 0 {
            told.insert((fields[0].to_owned(), fields[1].to_owned()), (plays, (seconds * 1000.0).round() as i64));
        }
    }
    assert_eq!(told, counted, "{forecast}");
    assert!(told.keys().any(|(shows, _)| shows == "ticker") && told.len() > 5, "{forecast}");
    let wrong = bangtin(&["forecast", "--plan", plan, "--board", "b-01840", "--from", "2026-09-02", "--to", "2026-09-01"]);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("--to must lie after --from"));
}

#[test]
fn a_plan_that_does_not_hold_is_told_with_file_and_line_and_ends_with_65() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    std::fs::write(&plan, BERLIN.replace("weight: 3", "wieght: 3")).expect("written");
    let output = bangtin(&["plan", "check", plan.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(65));
    let said = String::from_utf8_lossy(&output.stderr);
    let line = BERLIN.lines().position(|line| line.contains("weight: 3")).expect("it is there") + 1;
    assert!(said.contains(&format!("{}:{line}:", plan.display())) && said.contains("did you mean weight?"), "{said}");
    assert_eq!(bangtin(&["plan", "check", "/nowhere/plan.yaml"]).status.code(), Some(1));
}

#[test]
fn a_plan_in_canonical_form_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    let once = printed(&["plan", "format", samples().to_str().expect("a path")]);
    std::fs::write(&plan, &once).expect("written");
    assert_eq!(printed(&["plan", "format", folder.path().to_str().expect("a path")]), once);
}
