//! Random scenes: a manifest, what overrules it, and the instants at which it is asked.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::local::day_start;
use playlists::schedule::Overrides;
use playlists::trust::manifest::Manifest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{any_manifest, any_overrides, shifted};

/// A manifest, a broadcast day on which things happen in it, what overrules it on that day, and instants of that day.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) manifest: Manifest,
    pub(crate) date: NaiveDate,
    pub(crate) overrides: Overrides,
    pub(crate) instants: Vec<DateTime<Utc>>,
}

/// A random scene; two in three are overruled by something.
pub(crate) fn any_scene(instants: usize) -> impl Strategy<Value = Scene> {
    let overrides = prop_oneof![1 => Just(Overrides::default()), 2 => any_overrides()];
    (any_manifest(), overrides, vec(0_i64..86_400_000, instants)).prop_map(|((manifest, date), overrides, instants)| {
        let start = day_start(date, manifest.time_zone);
        Scene {
            overrides: shifted(overrides, start + TimeDelta::hours(12)),
            instants: instants.into_iter().map(|ms| start + TimeDelta::milliseconds(ms)).collect(),
            manifest,
            date,
        }
    })
}
