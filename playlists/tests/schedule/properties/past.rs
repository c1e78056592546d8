//! The past of a list never changes: what is published, changed or withdrawn during a day carries that instant.
//!
//! Two things are left out, because the rules make them depend on what comes: the last two seconds before the change (rule 10 starts
//! no entry in the last 2 s of a segment), and plays per hour of a campaign that is changed so soon that its stretch becomes shorter
//! than an hour divided by its plays (rule 9 staggers by the length of the stretch).

use chrono::{DateTime, TimeDelta, Utc};
use playlists::campaign::{Campaign, Period, Share, Weight};
use playlists::local::day_start;
use playlists::schedule::{Crossing, Schedule, What};
use playlists::trust::manifest::Manifest;
use proptest::prelude::*;

use super::{cases, ms, schedule};
use crate::generate::any_manifest;
use crate::reference::may::Rules;

/// What is done to a campaign during the day.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Publish,
    Withdraw,
    Change,
}

/// The manifest before and after a deed at `now`.
fn done(manifest: &Manifest, deed: Deed, name: &str, now: DateTime<Utc>) -> (Manifest, Manifest) {
    let (mut before, mut after) = (manifest.clone(), manifest.clone());
    let own = |campaign: &Campaign| campaign.id.as_str() == name;
    let ended = |campaign: &Campaign| {
        let until = Some(campaign.period.until.map_or(now, |until| until.min(now)));
        Campaign { period: Period { until, ..campaign.period }, ..campaign.clone() }
    };
    let begun = |campaign: &Campaign| {
        let from = Some(campaign.period.from.map_or(now, |from| from.max(now)));
        Campaign { period: Period { from, ..campaign.period }, ..campaign.clone() }
    };
    let is_some =
        |campaign: &Campaign| campaign.period.until.is_none_or(|until| campaign.period.from.is_none_or(|from| from < until));
    let (versions, others): (Vec<_>, Vec<_>) = manifest.campaigns.iter().cloned().partition(own);
    match deed {
        Deed::Publish => {
            before.campaigns.clone_from(&others);
            after.campaigns = others.into_iter().chain(versions.iter().map(begun).filter(is_some)).collect();
        }
        Deed::Withdraw => {
            after.campaigns = others.into_iter().chain(versions.iter().map(ended).filter(is_some)).collect();
        }
        Deed::Change => {
            let heavier = |campaign: Campaign| match campaign.share {
                Share::Weight(weight) => {
                    Campaign { share: Share::Weight(Weight::new(weight.get() % 1000 + 1).expect("a weight")), ..campaign }
                }
                Share::PerHour(_) => Campaign { windows: Vec::new(), ..campaign },
            };
            let changed = versions.iter().map(begun).filter(is_some).map(heavier);
            after.campaigns = others.into_iter().chain(versions.iter().map(ended).filter(is_some)).chain(changed).collect();
        }
    }
    (before, after)
}

proptest! {
    #![proptest_config(cases(384))]

    #[test]
    fn a_list_has_the_same_past_after_a_campaign_is_published_changed_or_withdrawn(
        (manifest, date) in any_manifest(),
        deed in prop::sample::select(vec![Deed::Publish, Deed::Withdraw, Deed::Change]),
        number in 0..8,
        offset in 0_i64..86_400_000,
    ) {
        let now = day_start(date, manifest.time_zone) + TimeDelta::milliseconds(offset);
        let name = format!("c{number}");
        let (before, after) = done(&manifest, deed, &name, now);
        prop_assert_eq!(after.faults(), []);
        // A version with plays per hour keeps its dues where an hour of its stretch is left.
        let start = ms(day_start(date, manifest.time_zone));
        let cut_short = !matches!(deed, Deed::Publish) && {
            let mut rules = Rules::new(&manifest, start, start + 25 * 3_600_000);
            let mut on = |at: i64| {
                let own = |campaign: &&Campaign| campaign.id.as_str() == name && matches!(campaign.share, Share::PerHour(_));
                rules.on_stretch(at).into_iter().find(own).map(|campaign| campaign.period.from)
            };
            let last = on(ms(now) - 1);
            last.is_some() && (start > ms(now) - 3_600_000 || !(1..=60).all(|minutes| on(ms(now) - 1 - minutes * 60_000) == last))
        };
        prop_assume!(!cut_short);
        let (before, after) = (schedule(&before), schedule(&after));
        let settled = now - TimeDelta::seconds(2);
        let shown = |schedule: &Schedule| -> Vec<(DateTime<Utc>, What)> {
            schedule.day(date).slots().filter(|slot| slot.since < settled).map(|slot| (slot.since, slot.what)).collect()
        };
        prop_assert_eq!(shown(&before), shown(&after));
        let run = |schedule: &Schedule| -> Vec<(DateTime<Utc>, Option<Crossing>)> {
            schedule.tickers(date).crossings().filter(|run| run.since < settled).map(|run| (run.since, run.what)).collect()
        };
        prop_assert_eq!(run(&before), run(&after));
    }
}
