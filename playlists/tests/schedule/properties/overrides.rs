//! Recall, blackout and notices over what the manifest gives, against the reference at each instant.

use chrono::TimeDelta;
use playlists::schedule::{Reader, What};
use proptest::prelude::*;

use super::{cases, millisecond, ms, plain, schedule};
use crate::generate::{Scene, any_scene};
use crate::reference;
use crate::reference::overrides::{Must, MustRun};

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn under_overrides_answers_follow_one_another_and_are_the_references_throughout(scene in any_scene(1)) {
        let Scene { manifest, date, overrides, instants } = scene;
        let list = reference::day::list(&manifest, date);
        let mut reader = Reader::new(schedule(&manifest));
        let mut plainly = Reader::new(schedule(&manifest));
        let day = schedule(&manifest).day(date);
        let mut showing = reader.resolve_under(&overrides, instants[0]);
        for _ in 0..40 {
            prop_assert!(showing.since < showing.until);
            for at in [showing.since, showing.since + (showing.until - showing.since) / 2, showing.until - millisecond()] {
                prop_assert_eq!(&reader.resolve_under(&overrides, at), &showing);
                // On the day that the reference has listed; a dark answer may reach far beyond.
                let beneath = plain(&plainly.resolve(at));
                let slot = list.slots.iter().position(|slot| slot.since <= ms(at) && ms(at) < slot.until);
                let Some(slot) = slot.filter(|_| day.start() <= at && at < day.end()) else { continue };
                let must = reference::overrides::at(&manifest, &overrides, at, &list.slots[slot], list.places[slot].as_ref());
                prop_assert_eq!(&beneath.entry, &list.slots[slot].entry);
                match (&showing.what, plain(&showing).entry) {
                    (What::Notice { notice, item }, _) => prop_assert_eq!(must, Must::Notice(notice.clone(), *item)),
                    (_, None) => prop_assert_eq!(must, Must::Dark),
                    (_, Some(entry)) => prop_assert_eq!(must, Must::Entry(entry)),
                }
            }
            if showing.until > instants[0] + TimeDelta::days(40) {
                break;
            }
            let next = reader.resolve_under(&overrides, showing.until);
            prop_assert_eq!(next.since, showing.until);
            let emptied = overrides.recalled_items.contains(&manifest.safe_item);
            prop_assert!(emptied || next.what != What::Dark || showing.what != What::Dark, "dark answers are merged");
            showing = next;
        }
    }

    #[test]
    fn under_overrides_tickers_are_the_references(scene in any_scene(24)) {
        let Scene { manifest, date, overrides, instants } = scene;
        let list = reference::day::tickers(&manifest, date);
        let mut reader = Reader::new(schedule(&manifest));
        for asked in instants {
            let running = reader.ticker_under(&overrides, asked);
            for at in [asked, running.since, running.until - millisecond()] {
                let Some((beneath, ..)) = list.iter().find(|(_, from, until)| *from <= ms(at) && ms(at) < *until) else { continue };
                let must = reference::overrides::run(&manifest, &overrides, at, beneath.as_ref());
                let runs = match &running.what {
                    None => MustRun::Nothing,
                    Some(crossing) => match (&crossing.notice, &crossing.campaign) {
                        (Some(notice), _) => MustRun::Notice(notice.clone(), crossing.ticker.item),
                        (None, campaign) => MustRun::Campaign(campaign.clone().expect("one of the two")),
                    },
                };
                prop_assert_eq!(runs, must, "at {}", at);
            }
        }
    }
}
