//! What must hold of every manifest, at every instant. The table in this crate's README says which promise is held by which test.

mod against;
mod answers;
mod fair;
mod hourly;
mod overrides;
mod passes;
mod past;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::schedule::{Schedule, Showing, What};
use playlists::trust::manifest::Manifest;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

use crate::reference;

/// So many cases. A seed that fails is kept in `proptest-regressions`, is committed, and is tried first from then on.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let kept = FileFailurePersistence::SourceParallel("proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

fn schedule(manifest: &Manifest) -> Schedule {
    Schedule::new(manifest).expect("the manifest has no faults")
}

/// An answer in the reference's words.
fn plain(showing: &Showing) -> reference::Shown {
    let entry = match &showing.what {
        What::Dark | What::Notice { .. } => None,
        What::Entry(slot) => Some(reference::Entry {
            campaign: slot.campaign.clone(),
            asset: slot.asset.clone(),
            item: slot.item,
            language: slot.language.to_string(),
        }),
    };
    reference::Shown { since: ms(showing.since), until: ms(showing.until), entry }
}

fn ms(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_millis()
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("within the calendar")
}

fn millisecond() -> TimeDelta {
    TimeDelta::milliseconds(1)
}
