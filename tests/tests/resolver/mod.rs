//! The promise that there is one answer to what is on: a resolver written from the rules alone, in another language, lists the
//! same days as the product, runs the same tickers, and is overruled in the same way.

mod manifests;
mod overrides;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Command;

use bangtin_tests::process::{installed, run};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;
use playlists::schedule::{DayList, Overrides, Reader, Running, Schedule, Showing, What};
use playlists::trust::manifest::Manifest;
use serde_json::{Value, json};

/// How many random manifests are compared; each for one whole day.
const MANIFESTS: u64 = 60;
/// Instants of that day at which each is asked under overrides.
const INSTANTS: usize = 40;

#[test]
fn two_resolvers_list_the_same_days() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifest.json");
    for seed in 0..MANIFESTS {
        let mut random = Rng::with_seed(seed);
        let now = manifests::day(&mut random);
        let manifest = manifests::manifest(&mut random, now);
        std::fs::write(&file, manifest.to_string()).unwrap();
        let schedule = schedule(&manifest);
        let day = schedule.day(schedule.day_of(now));
        let ours: Vec<_> = day.slots().map(|slot| slot_line(&slot, &day)).collect();
        assert_same(&ours, &python(&file, &[now], &["--list"]), seed, &manifest);
        let ours: Vec<_> = schedule.tickers(day.date()).crossings().map(|run| crossing_line(&run)).collect();
        assert_same(&ours, &python(&file, &[now], &["--tickers"]), seed, &manifest);
    }
}

#[test]
fn two_resolvers_are_overruled_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let (file, over) = (folder.path().join("manifest.json"), folder.path().join("overrides.json"));
    for seed in 0..MANIFESTS {
        let mut random = Rng::with_seed(seed);
        let now = manifests::day(&mut random);
        let manifest = manifests::manifest(&mut random, now);
        let overrides = overrides::overrides(&mut random, now);
        std::fs::write(&file, manifest.to_string()).unwrap();
        std::fs::write(&over, overrides.to_string()).unwrap();
        let schedule = schedule(&manifest);
        let day = schedule.day(schedule.day_of(now));
        let length = (day.end() - day.start()).num_milliseconds();
        let instants: Vec<_> = (0..INSTANTS).map(|_| day.start() + TimeDelta::milliseconds(random.i64(0..length))).collect();
        let theirs = python(&file, &instants, &["--overrides", over.to_str().unwrap()]);
        let parsed: Overrides = serde_json::from_value(overrides.clone()).unwrap();
        let mut reader = Reader::new(schedule);
        let ours: Vec<_> = instants.iter().map(|at| answer(&mut reader, &parsed, *at).to_string()).collect();
        let theirs: String = theirs.lines().map(|line| line.parse::<Value>().unwrap().to_string() + "\n").collect();
        assert_same(&ours, &theirs, seed, &json!({ "manifest": manifest, "overrides": overrides }));
    }
}

fn schedule(manifest: &Value) -> Schedule {
    let manifest: Manifest = serde_json::from_value(manifest.clone()).unwrap();
    Schedule::new(&manifest).unwrap()
}

/// What the other resolver writes.
fn python(manifest: &Path, instants: &[DateTime<Utc>], arguments: &[&str]) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("outside/resolve.py");
    let mut python = Command::new(installed("python3"));
    // It leaves no compiled modules in the project's folders.
    run(python.arg("-B").arg(script).arg(manifest).args(instants.iter().map(|at| rfc(*at))).args(arguments))
}

fn assert_same(ours: &[String], theirs: &str, seed: u64, input: &Value) {
    for (number, (ours, theirs)) in ours.iter().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "seed {seed}, line {number} of {input:#}");
    }
    assert_eq!(ours.len(), theirs.lines().count(), "seed {seed}");
}

fn rfc(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A line of JSON as the other resolver writes it.
fn line(parts: &[Option<String>]) -> String {
    let text = |part: &Option<String>| part.as_ref().map_or("null".to_owned(), |part| format!("\"{part}\""));
    format!("[{}]", parts.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn text(id: Option<&impl Display>) -> Option<String> {
    id.map(ToString::to_string)
}

/// A slot: dark stretches are cut at the day's ends.
fn slot_line(slot: &Showing, day: &DayList) -> String {
    let ends = [Some(rfc(slot.since.max(day.start()))), Some(rfc(slot.until.min(day.end())))];
    let shown = match &slot.what {
        What::Dark | What::Notice { .. } => [None, None, None, None, None],
        What::Entry(slot) => [
            text(slot.campaign.as_ref()),
            text(slot.asset.as_ref()),
            Some(slot.item.to_string()),
            Some(slot.language.as_str().to_owned()),
            slot.due.map(rfc),
        ],
    };
    line(&[ends.as_slice(), shown.as_slice()].concat())
}

fn crossing_line(run: &Running) -> String {
    let campaign = run.what.as_ref().and_then(|crossing| text(crossing.campaign.as_ref()));
    let strip = run.what.as_ref().map(|crossing| crossing.ticker.item.to_string());
    line(&[Some(rfc(run.since)), Some(rfc(run.until)), campaign, strip])
}

/// What is on the screen and runs over it.
fn answer(reader: &mut Reader, overrides: &Overrides, at: DateTime<Utc>) -> Value {
    let running = reader.ticker_under(overrides, at).what;
    let ticker = running.as_ref().and_then(|crossing| text(crossing.campaign.as_ref()));
    let ticker_notice = running.as_ref().and_then(|crossing| text(crossing.notice.as_ref()));
    let [shows, item, asset, campaign, notice] = match reader.resolve_under(overrides, at).what {
        What::Dark => [Some("dark".to_owned()), None, None, None, None],
        What::Notice { notice, item } => {
            [Some("notice".to_owned()), Some(item.to_string()), None, None, Some(notice.to_string())]
        }
        What::Entry(slot) => {
            let (asset, campaign) = (text(slot.asset.as_ref()), text(slot.campaign.as_ref()));
            [Some("item".to_owned()), Some(slot.item.to_string()), asset, campaign, None]
        }
    };
    json!({ "shows": shows, "item": item, "asset": asset, "campaign": campaign, "notice": notice,
        "ticker": ticker, "ticker_notice": ticker_notice })
}
