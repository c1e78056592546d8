//! Fetching: what the plan says is missing, a few at a time, again later where it failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playlists::id::Digest;
use playlists::trust::manifest::Manifest;

use super::jobs::Done;
use super::trouble::Trouble;
use super::{Agent, chain};
use crate::download::DownloadError;
use crate::fleet::shelf;
use crate::steps::{self, Situation, Step};

/// Most downloads at a time.
const MOST: usize = 2;
/// Longest pause before a failed download is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What is being fetched and what failed.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    look: bool,
    not_before: Duration,
    running: BTreeSet<Digest>,
    failed: BTreeMap<Digest, Failed>,
}

#[derive(Debug, Default)]
struct Failed {
    times: u32,
    again: Duration,
}

impl Fetching {
    /// Something changed: plan again.
    pub(super) fn look_again(&mut self) {
        self.look = true;
    }
    /// Nothing is fetched before this, on the monotonic clock.
    pub(super) fn not_before(&mut self, then: Duration) {
        (self.not_before, self.look) = (then, true);
    }
    fn must_look(&self, now: Duration) -> bool {
        now >= self.not_before && (self.look || self.failed.values().any(|failed| failed.again <= now))
    }
    fn may_try(&self, item: &Digest, now: Duration) -> bool {
        self.running.len() < MOST
            && !self.running.contains(item)
            && self.failed.get(item).is_none_or(|failed| failed.again <= now)
    }
    fn begun(&mut self, item: Digest) {
        self.running.insert(item);
        if let Some(failed) = self.failed.get_mut(&item) {
            failed.again = Duration::MAX;
        }
    }
    /// What is not wanted any more need not be tried again.
    fn looked(&mut self, now: Duration) {
        self.look = false;
        if self.running.len() < MOST {
            self.failed.retain(|_, failed| failed.again > now);
        }
    }
    fn has_failed(&mut self, item: Digest, now: Duration, asked: Option<Duration>) {
        let failed = self.failed.entry(item).or_default();
        failed.times = failed.times.saturating_add(1);
        let longest = Duration::from_secs(1).saturating_mul(1 << failed.times.min(9)).min(LONGEST_PAUSE);
        failed.again = now + asked.unwrap_or_default().max(longest.mul_f64(0.5 + fastrand::f64() / 2.0));
    }
}

impl Agent {
    /// Plans, and begins what may begin.
    pub(super) fn fetch(&mut self) {
        let now = self.now();
        if !self.fetching.must_look(now) {
            return;
        }
        let order = self.order_of_need();
        let situation = Situation {
            active: self.parts.showing.active().map(|active| &active.manifest),
            wanted: self.candidate.as_ref().map(|candidate| &candidate.accepted.manifest),
            order: &order,
            held: &self.parts.held,
            quota: self.parts.quota,
        };
        let steps = steps::plan(&situation);
        self.troubles.set(Trouble::Quota, steps.iter().any(|step| matches!(step, Step::Refuse { .. })));
        if !steps.iter().any(|step| matches!(step, Step::Download { .. })) {
            self.troubles.set(Trouble::Content, false);
        }
        for step in steps {
            match step {
                Step::Evict(item) => self.evict(item),
                Step::Download { item, size } => self.begin_download(item, size, now),
                Step::Refuse { item, size } => {
                    let detail = format!("{size} bytes do not fit into the board's quota");
                    self.note("content-too-large", &detail, &item.to_string());
                }
                Step::Activate => self.candidate_complete(),
            }
        }
        self.fetching.looked(now);
    }

    /// What will be on the screen soonest, first; empty when nothing is missing, as the lists of two days cost some milliseconds.
    fn order_of_need(&self) -> Vec<Digest> {
        let now = self.belief().now;
        let active = self.parts.showing.active().map(|active| (&active.manifest, &active.reader));
        let wanted = self.candidate.as_ref().map(|candidate| (&candidate.accepted.manifest, &candidate.reader));
        let manifests = active.into_iter().chain(wanted);
        let lacks = |manifest: &Manifest| manifest.items.iter().any(|item| !self.parts.held.contains_key(&item.sha256));
        let lacking = manifests.filter(|(manifest, _)| lacks(manifest));
        lacking.flat_map(|(_, reader)| reader.schedule().items_from(now)).collect()
    }

    fn evict(&mut self, item: Digest) {
        let cache = self.parts.cache.clone();
        self.parts.held.remove(&item);
        self.jobs.spawn_blocking(move || Done::Evicted(cache.remove(&item)));
    }

    fn begin_download(&mut self, item: Digest, size: u64, now: Duration) {
        if self.parts.token.is_none() || !self.fetching.may_try(&item, now) {
            return;
        }
        self.fetching.begun(item);
        let (api, cache, shelf) = (self.parts.api.clone(), self.parts.cache.clone(), self.parts.shelf.clone());
        self.jobs.spawn(async move {
            let result = Box::pin(shelf::get(shelf, &api, &cache, item, size)).await;
            Done::Downloaded { item, size, result }
        });
    }

    pub(super) fn on_downloaded(&mut self, item: Digest, size: u64, result: Result<(), DownloadError>) {
        self.fetching.running.remove(&item);
        self.fetching.look_again();
        match result {
            Ok(()) => {
                tracing::info!(item = %item, size_bytes = size, "content was fetched");
                self.fetching.failed.remove(&item);
                self.troubles.set(Trouble::Content, false);
                self.parts.held.insert(item, size);
                self.parts.showing.came(&item);
            }
            Err(error) => {
                let source = if let DownloadError::Api { source, .. } = &error { Some(source) } else { None };
                let asked = source.and_then(crate::api::ApiError::retry_after);
                if source.is_some_and(crate::api::ApiError::is_unauthorised) {
                    self.give_up_token();
                }
                if error.is_of_the_disk() {
                    self.troubles.set(Trouble::Content, true);
                }
                self.note(error.code(), &chain(&error), &item.to_string());
                self.fetching.has_failed(item, self.now(), asked);
            }
        }
    }
}
