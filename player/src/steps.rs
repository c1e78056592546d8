//! PURE: what has to be done so that the wanted manifest plays: desired × cache × disk → steps. Applying them always reaches
//! the target, and twice is once.

use std::collections::{BTreeMap, BTreeSet};

use playlists::id::Digest;
use playlists::overlay::Overlay;
use playlists::trust::manifest::Manifest;

use crate::cache::Index;

/// What has to be done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Remove content that no manifest names.
    Evict(Digest),
    /// Fetch and hash content.
    Download {
        /// Which.
        item: Digest,
        /// Length in bytes.
        size: u64,
    },
    /// Content that cannot fit however much is evicted: it is said once and not tried in a loop.
    Refuse {
        /// Which.
        item: Digest,
        /// Length in bytes.
        size: u64,
    },
    /// All bytes of the wanted manifest are here: it may take over.
    Activate,
}

/// What is asked for and what is there.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The manifest in force.
    pub active: Option<&'a Manifest>,
    /// The accepted one that is to follow it.
    pub wanted: Option<&'a Manifest>,
    /// Items in the order in which they will be needed; what it leaves out comes last.
    pub order: &'a [Digest],
    /// What the cache holds.
    pub held: &'a Index,
    /// Most bytes of content that the disk may hold.
    pub quota: u64,
}

/// The steps from here to where the wanted manifest plays and all content of the one in force is there.
#[must_use]
pub fn plan(situation: &Situation<'_>) -> Vec<Step> {
    let needed = needed(situation);
    let mut steps = Vec::new();
    let missing: Vec<_> = needed.iter().filter(|(item, _)| !situation.held.contains_key(item)).collect();
    let mut used: u64 = situation.held.values().sum();
    let mut spare = situation.held.iter().filter(|(item, _)| !needed.iter().any(|(n, _)| n == *item));
    let mut all_fit = true;
    for (item, size) in missing {
        while used.saturating_add(*size) > situation.quota {
            let Some((evicted, freed)) = spare.next() else { break };
            used = used.saturating_sub(*freed);
            steps.push(Step::Evict(*evicted));
        }
        if used.saturating_add(*size) > situation.quota {
            all_fit = false;
            steps.push(Step::Refuse { item: *item, size: *size });
        } else {
            used = used.saturating_add(*size);
            steps.push(Step::Download { item: *item, size: *size });
        }
    }
    let complete = |manifest: &Manifest| manifest.items.iter().all(|item| situation.held.contains_key(&item.sha256));
    if all_fit && situation.wanted.is_some_and(complete) {
        steps.push(Step::Activate);
    }
    steps
}

/// What both manifests name, the safe items first, then what lies over the loop all the time, then what is needed soonest, then as they are named; each once.
fn needed(situation: &Situation<'_>) -> Vec<(Digest, u64)> {
    let manifests = [situation.active, situation.wanted];
    let named = || manifests.iter().flatten().flat_map(|manifest| &manifest.items).map(|item| (item.sha256, item.size));
    let sizes: BTreeMap<_, _> = named().collect();
    let safe = manifests.iter().flatten().map(|manifest| &manifest.safe_item);
    let pictures = manifests.iter().flatten().flat_map(|manifest| &manifest.overlays).filter_map(Overlay::picture);
    let first = safe.chain(pictures).chain(situation.order).filter_map(|item| Some((*item, *sizes.get(item)?)));
    let mut seen = BTreeSet::new();
    first.chain(named()).filter(|(item, _)| seen.insert(*item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::manifest;
    use proptest::prelude::*;

    fn digest(number: u8) -> Digest {
        Digest::of(&[number])
    }

    #[test]
    fn nothing_wanted_and_nothing_held_asks_for_nothing() {
        let held = Index::new();
        assert_eq!(plan(&Situation { active: None, wanted: None, order: &[], held: &held, quota: 100 }), []);
    }

    #[test]
    fn missing_content_of_the_manifest_in_force_is_fetched_again() {
        let active = manifest(1, &[(digest(1), 10), (digest(2), 10)]);
        let held = Index::from([(digest(1), 10)]);
        let steps = plan(&Situation { active: Some(&active), wanted: None, order: &[], held: &held, quota: 100 });
        assert_eq!(steps, [Step::Download { item: digest(2), size: 10 }]);
    }

    #[test]
    fn what_is_needed_soonest_is_fetched_first_after_the_safe_item() {
        let wanted = manifest(2, &[(digest(1), 10), (digest(2), 10), (digest(3), 10), (digest(4), 10)]);
        let (held, order) = (Index::new(), [digest(4), digest(9), digest(3)]);
        let steps = plan(&Situation { active: None, wanted: Some(&wanted), order: &order, held: &held, quota: 100 });
        assert_eq!(steps, [1, 4, 3, 2].map(|number| Step::Download { item: digest(number), size: 10 }));
    }

    #[test]
    fn what_lies_over_the_loop_is_fetched_right_after_the_safe_item() {
        use playlists::overlay::{Clock, Corner, OverlaySize, Shows};
        let mut wanted = manifest(2, &[(digest(1), 10), (digest(2), 10), (digest(3), 10), (digest(4), 10)]);
        let overlay = |corner, shows| Overlay { corner, size: OverlaySize::default(), shows };
        wanted.overlays =
            vec![overlay(Corner::TopLeft, Shows::Clock(Clock::Time)), overlay(Corner::TopRight, Shows::Picture(digest(3)))];
        let (held, order) = (Index::new(), [digest(4)]);
        let steps = plan(&Situation { active: None, wanted: Some(&wanted), order: &order, held: &held, quota: 100 });
        assert_eq!(steps, [1, 3, 4, 2].map(|number| Step::Download { item: digest(number), size: 10 }));
    }

    #[test]
    fn what_cannot_fit_is_refused_and_what_plays_is_never_evicted() {
        let active = manifest(1, &[(digest(1), 60)]);
        let wanted = manifest(2, &[(digest(2), 60)]);
        let held = Index::from([(digest(1), 60), (digest(9), 30)]);
        let steps = plan(&Situation { active: Some(&active), wanted: Some(&wanted), order: &[], held: &held, quota: 100 });
        assert_eq!(steps, [Step::Evict(digest(9)), Step::Refuse { item: digest(2), size: 60 }]);
    }

    proptest! {
        #[test]
        fn applying_the_steps_reaches_the_target_and_twice_is_once(
            active in proptest::collection::btree_map(0u8..12, 1u64..40, 0..6),
            wanted in proptest::collection::btree_map(0u8..12, 1u64..40, 1..6),
            held in proptest::collection::btree_set(0u8..20, 0..10),
            quota in 0u64..400,
        ) {
            let size = |number: u8| active.get(&number).or_else(|| wanted.get(&number)).copied().unwrap_or(7);
            let list = |numbers: &mut dyn Iterator<Item = u8>| numbers.map(|n| (digest(n), size(n))).collect::<Vec<_>>();
            let old = manifest(1, &list(&mut active.keys().copied()));
            let new = manifest(2, &list(&mut wanted.keys().copied()));
            let mut held: Index = list(&mut held.into_iter()).into_iter().collect();
            let (mut in_force, mut next) = (Some(&old), Some(&new));
            let fits = {
                let all: Index = old.items.iter().chain(&new.items).map(|i| (i.sha256, i.size)).collect();
                all.values().sum::<u64>() <= quota
            };
            for _ in 0..4 {
                let before = held.values().sum::<u64>();
                for step in plan(&Situation { active: in_force, wanted: next, order: &[], held: &held.clone(), quota }) {
                    match step {
                        Step::Evict(item) => {
                            prop_assert!(in_force.is_none_or(|m| m.item(&item).is_none()));
                            prop_assert!(next.is_none_or(|m| m.item(&item).is_none()));
                            held.remove(&item);
                        }
                        Step::Download { item, size } => { held.insert(item, size); }
                        Step::Refuse { .. } => {}
                        Step::Activate => {
                            prop_assert!(new.items.iter().all(|i| held.contains_key(&i.sha256)));
                            (in_force, next) = (next, None);
                        }
                    }
                }
                prop_assert!(held.values().sum::<u64>() <= quota.max(before));
            }
            if fits {
                prop_assert_eq!(in_force.map(|m| m.rev), Some(new.rev));
                prop_assert_eq!(plan(&Situation { active: in_force, wanted: next, order: &[], held: &held, quota }), []);
            }
        }
    }
}
