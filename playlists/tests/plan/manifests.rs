//! Every board of a plan that holds has a manifest that holds.

use chrono::{DateTime, Utc};
use playlists::plan::{Drawn, read};
use playlists::schedule::{Schedule, What};
use proptest::prelude::*;

use crate::WHOLE;
use crate::generate::plan;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn local_times_are_in_the_plans_zone_and_a_date_as_an_end_is_included() {
    let plan = read(WHOLE).expect("it holds").plan;
    let manifest = plan.manifest(&"b-00001".parse().expect("an id"), &Drawn::default()).expect("a manifest");
    let first = manifest.campaigns.iter().find(|campaign| campaign.id.as_str() == "first").expect("it is approved");
    assert_eq!(first.period.from, Some(at("2025-12-31T23:00:00Z")));
    assert_eq!(first.period.until, Some(at("2026-12-31T22:59:30Z")));
    let gap = manifest.playlists.iter().find(|playlist| playlist.id.as_str() == "standing").expect("the default");
    assert_eq!(gap.entries[1].until, Some(at("2026-03-29T01:00:00Z")), "02:30 is skipped on that day");
    assert_eq!(manifest.stand_downs[0].period.until, Some(at("2026-05-02T22:00:00Z")));
}

#[test]
fn what_is_not_approved_or_paused_or_aimed_elsewhere_does_not_play() {
    let plan = read(WHOLE).expect("it holds").plan;
    let ids = |board: &str| -> Vec<String> {
        let manifest = plan.manifest(&board.parse().expect("an id"), &Drawn::default()).expect("a manifest");
        manifest.campaigns.iter().map(|campaign| campaign.id.to_string()).collect()
    };
    assert_eq!(ids("b-00001"), ["first"]);
    assert_eq!(ids("b-00002"), Vec::<String>::new());
}

#[test]
fn recall_blackout_and_notices_overrule_what_plays() {
    let plan = read(WHOLE).expect("it holds").plan;
    let board = "b-00002".parse().expect("an id");
    let schedule = Schedule::new(&plan.manifest(&board, &Drawn::default()).expect("a manifest")).expect("it holds");
    let overrides = plan.overrides(&board, &Drawn::default()).expect("overrides");
    let showing = schedule.resolve_under(&overrides, at("2026-07-01T09:00:00Z"));
    assert!(
        matches!(showing.what, What::Entry(slot) if slot.asset.is_some()),
        "the slide is recalled, so the notice shows nothing"
    );
    assert_eq!(overrides.recalled_items.len(), 2, "the slide in its two languages");
    assert_eq!(plan.overrides(&"b-00001".parse().expect("an id"), &Drawn::default()).expect("overrides").blackouts.len(), 1);
    assert!(plan.manifest(&"b-00009".parse().expect("an id"), &Drawn::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_board_of_a_plan_that_holds_has_a_manifest_that_holds(plan in plan()) {
        for board in &plan.boards {
            let manifest = plan.manifest(&board.id, &Drawn::default()).expect("a manifest");
            prop_assert_eq!(manifest.faults(), Vec::new());
        }
    }
}
