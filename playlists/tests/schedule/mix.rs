//! The mix of the random manifests: a property is worth as much as its cases are, so every rule must decide often enough in them.
//!
//! A rule *decides* an instant if the answer there (what is on the screen, and what runs over it) becomes another when the rule's
//! input is taken away: the exceptions from the hours, the ranks, the recalls. That says more than a word of `explain`, which names
//! the last rule only, and sees what a rule does by way of credits and places, too. Where there is nothing to take away the rule is
//! read off the answer: [`Told`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level};
use playlists::id::CampaignId;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Crossing, NoticeShows, Overrides, Reader, Refusal, Schedule, Showing, Shows, What};
use playlists::trust::manifest::Manifest;
use playlists::unit::Tier;
use playlists::window::{Starts, Window};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::generate::{Scene, any_scene, campaign, id};

/// Scenes that are drawn, always the same ones.
const SCENES: usize = 400;
/// Instants tried in each.
const INSTANTS: usize = 8;
/// A rule decides at least this part of the instants: one in twenty.
const LEAST: usize = SCENES * INSTANTS / 20;

/// Takes a rule's input out of a scene.
type Without = fn(&mut Manifest, &mut Overrides);

/// Rules by counterfactual.
const COUNTERFACTUALS: [(&str, Without); 16] = [
    ("recall", |_, over| (over.recalled_items, over.recalled_campaigns) = Default::default()),
    ("blackout", |_, over| over.blackouts.clear()),
    ("takeover", |_, over| over.notices.retain(|notice| !matches!(notice.shows, NoticeShows::Takeover { .. }))),
    ("ticker notice", |_, over| over.notices.retain(|notice| !matches!(notice.shows, NoticeShows::Ticker(_)))),
    ("hours", |manifest, _| manifest.hours = None),
    ("exception of hours", |manifest, _| manifest.hours.iter_mut().for_each(|hours| hours.exceptions.clear())),
    ("stand-down", |manifest, _| manifest.stand_downs.clear()),
    ("window", |manifest, _| without_windows(manifest, |starts| matches!(starts, Starts::Cron(_)))),
    ("lunar window", |manifest, _| without_windows(manifest, |starts| matches!(starts, Starts::Lunar(_)))),
    ("weeks", |manifest, _| each_window(manifest, |w| rebuilt(w).except(w.excluded().clone()).expect("as before"))),
    ("excluded dates", |manifest, _| each_window(manifest, |w| w.clone().except(BTreeSet::new()).expect("none"))),
    ("level", |manifest, _| manifest.campaigns.iter_mut().for_each(|campaign| campaign.level = Level::Normal)),
    ("rank", |manifest, _| manifest.ranks.clear()),
    ("nested take", |manifest, _| {
        each_entry(manifest, |entry| {
            if let Content::Playlist { take, .. } = &mut entry.content {
                *take = None;
            }
        })
    }),
    ("validity of entries", |manifest, _| {
        each_entry(manifest, |entry| (entry.from, entry.until) = (None, None));
        manifest.items.iter_mut().for_each(|item| (item.from, item.until) = (None, None));
    }),
    ("language mix", |manifest, _| manifest.languages.clear()),
];

/// Windows that do not stay are taken away; a campaign that had no others has none then, and may play always.
fn without_windows(manifest: &mut Manifest, goes: fn(&Starts) -> bool) {
    for campaign in &mut manifest.campaigns {
        campaign.windows.retain(|window| !goes(window.occasion()));
    }
}

fn each_window(manifest: &mut Manifest, change: fn(&Window) -> Window) {
    for window in manifest.campaigns.iter_mut().flat_map(|campaign| &mut campaign.windows) {
        *window = change(window);
    }
}

/// The same starts and duration, and nothing else.
fn rebuilt(window: &Window) -> Window {
    Window::starting(window.occasion().clone(), window.duration()).expect("as before")
}

fn each_entry(manifest: &mut Manifest, change: fn(&mut Entry)) {
    manifest.playlists.iter_mut().flat_map(|playlist| &mut playlist.entries).for_each(change);
}

/// What is known of an instant.
struct Told<'a> {
    manifest: &'a Manifest,
    overrides: &'a Overrides,
    schedule: &'a Schedule,
    at: DateTime<Utc>,
    showing: &'a Showing,
    running: Option<&'a Crossing>,
}

/// Whether a rule decides an instant.
type Decides = fn(&Told<'_>) -> bool;

/// Rules that are read off the answer.
const READ_OFF: [(&str, Decides); 8] = [
    ("lane gives away", lane_gives_away),
    ("fair pick", fair_pick),
    ("per_hour due", |told| slot_due(told).is_some()),
    ("per_hour scaled down", scaled),
    ("cut at a segment's end", cut),
    (
        "default playlist",
        |told| matches!(&told.showing.what, What::Entry(slot) if slot.campaign.is_none() && slot.asset.is_some()),
    ),
    ("safe item", |told| matches!(&told.showing.what, What::Entry(slot) if slot.asset.is_none())),
    ("ticker", |told| told.running.is_some_and(|crossing| crossing.campaign.is_some())),
];

impl Told<'_> {
    /// The campaigns that share the loop by weight, where one of them is on.
    fn sharing(&self) -> Vec<&Campaign> {
        let What::Entry(slot) = &self.showing.what else { return Vec::new() };
        let stretches = self.schedule.stretches(self.overrides, self.at, self.at + TimeDelta::milliseconds(1));
        let Some(Shows::Loop { weighted, .. }) = stretches.first().map(|stretch| &stretch.shows) else { return Vec::new() };
        if !slot.campaign.as_ref().is_some_and(|campaign| weighted.contains(campaign)) {
            return Vec::new();
        }
        let version = |name: &CampaignId| self.manifest.campaigns.iter().find(|c| c.id == *name && c.period.contains(self.at));
        weighted.iter().filter_map(version).collect()
    }
}

/// Two of its lane could have been on.
fn fair_pick(told: &Told<'_>) -> bool {
    let What::Entry(slot) = &told.showing.what else { return false };
    let sharing = told.sharing();
    let tier = |campaign: &&&Campaign| Some(&campaign.id) == slot.campaign.as_ref();
    let lane = sharing.iter().find(tier).map(|campaign| campaign.tier);
    sharing.iter().filter(|campaign| Some(campaign.tier) == lane).count() > 1
}

/// A lane with a weight has nothing to play; if it had, something else would be on.
fn lane_gives_away(told: &Told<'_>) -> bool {
    let sharing = told.sharing();
    let (Some(first), Some(last)) = (sharing.iter().map(|c| c.tier).min(), sharing.iter().map(|c| c.tier).max()) else {
        return false;
    };
    if first != last {
        return false;
    }
    let (tier, weight) = match first {
        Tier::Commune => (Tier::Province, told.manifest.lanes.province),
        Tier::Province => (Tier::Commune, told.manifest.lanes.commune),
    };
    let mut manifest = told.manifest.clone();
    let entry = Entry::still(id("more"), manifest.items[0].sha256, Duration::from_secs(10));
    manifest.playlists.push(Playlist { of: None, id: id("more"), entries: vec![entry] });
    manifest.campaigns.push(Campaign { tier, level: sharing[0].level, ..campaign("more", 1) });
    weight > 0 && answer(&mut reader(&manifest), told.overrides, told.at) != (told.showing.what.clone(), told.running.cloned())
}

fn slot_due(told: &Told<'_>) -> Option<DateTime<Utc>> {
    let What::Entry(slot) = &told.showing.what else { return None };
    slot.due
}

/// A play is on that was due while more than an hour holds was asked for.
fn scaled(told: &Told<'_>) -> bool {
    let Some(due) = slot_due(told) else { return false };
    let refusals = told.schedule.refusals(told.manifest, due, due + TimeDelta::milliseconds(1));
    refusals.iter().any(|refusal| matches!(refusal, Refusal::TooMuch { .. }))
}

/// The slot of the list is not as long as any such entry is.
fn cut(told: &Told<'_>) -> bool {
    let showing = told.schedule.resolve(told.at);
    let What::Entry(slot) = &showing.what else { return false };
    let entries = told.manifest.playlists.iter().flat_map(|playlist| &playlist.entries);
    let mut lengths = entries.filter_map(|entry| match &entry.content {
        Content::Asset { asset, versions, duration } => {
            let shown = Some(asset) == slot.asset.as_ref() && versions.get(&slot.language) == Some(&slot.item);
            shown.then_some(*duration)
        }
        Content::Playlist { .. } => None,
    });
    let length = (showing.until - showing.since).to_std().expect("until is later");
    slot.asset.is_some() && !lengths.any(|duration| duration == length)
}

fn reader(manifest: &Manifest) -> Reader {
    Reader::new(Schedule::new(manifest).expect("no faults"))
}

/// What is on the screen, and what runs over it.
fn answer(reader: &mut Reader, overrides: &Overrides, at: DateTime<Utc>) -> (What, Option<Crossing>) {
    (reader.resolve_under(overrides, at).what, reader.ticker_under(overrides, at).what)
}

#[test]
fn every_rule_decides_one_in_twenty_of_the_instants_tried() {
    let mut runner = TestRunner::deterministic();
    let mut counts = BTreeMap::<&str, usize>::new();
    for _ in 0..SCENES {
        let scene = any_scene(INSTANTS).new_tree(&mut runner).expect("a scene").current();
        count(&scene, &mut counts);
    }
    let names = COUNTERFACTUALS.iter().map(|(name, _)| *name).chain(READ_OFF.iter().map(|(name, _)| *name));
    let told = |name: &str| counts.get(name).copied().unwrap_or(0);
    let table: Vec<_> = names
        .map(|name| (told(name), format!("{name}: {:.1} %", 100.0 * told(name) as f64 / (SCENES * INSTANTS) as f64)))
        .collect();
    println!("{}", table.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n"));
    let rare: Vec<_> = table.iter().filter(|(count, _)| *count < LEAST).map(|(_, line)| line).collect();
    assert!(rare.is_empty(), "these decide less than one in twenty: {rare:#?}");
}

fn count(scene: &Scene, counts: &mut BTreeMap<&str, usize>) {
    let Scene { manifest, overrides, instants, .. } = scene;
    let schedule = Schedule::new(manifest).expect("no faults");
    let mut plain = Reader::new(schedule.clone());
    let answers: Vec<_> = instants.iter().map(|at| answer(&mut plain, overrides, *at)).collect();
    for (name, take_away) in COUNTERFACTUALS {
        let (mut manifest, mut overrides) = (manifest.clone(), overrides.clone());
        take_away(&mut manifest, &mut overrides);
        let mut other = reader(&manifest);
        let differ = instants.iter().zip(&answers).filter(|(at, is)| answer(&mut other, &overrides, **at) != **is).count();
        *counts.entry(name).or_default() += differ;
    }
    for (at, (_, running)) in instants.iter().zip(&answers) {
        let showing = plain.resolve_under(overrides, *at);
        let told = Told { manifest, overrides, schedule: &schedule, at: *at, showing: &showing, running: running.as_ref() };
        for (name, decides) in READ_OFF {
            *counts.entry(name).or_default() += usize::from(decides(&told));
        }
    }
}
