//! Random overrides: recalls, blackouts and notices.

use chrono::{DateTime, TimeDelta, Utc};
use playlists::campaign::{Period, Ticker};
use playlists::schedule::{Blackout, Notice, NoticeShows, Overrides, Severity};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::{digest, id};

/// Random overrides, their instants counted from 1970: [`shifted`] brings them to where they matter.
pub(crate) fn any_overrides() -> impl Strategy<Value = Overrides> {
    let at = || (-100_000_i64..100_000).prop_map(|seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds));
    let open = move || prop_oneof![1 => Just(None), 4 => at().prop_map(Some)];
    let blackout = (open(), open(), any::<bool>())
        .prop_map(|(from, until, safe_item)| Blackout { period: Period { from, until }, safe_item });
    let shows = prop_oneof![
        1 => (0_usize..9).prop_map(|item| NoticeShows::Takeover { item: digest(item) }),
        1 => (0_usize..9, 100_u32..4000).prop_map(|(item, width)| NoticeShows::Ticker(Ticker { item: digest(item), width, speed: 60 })),
    ];
    let severity = select(vec![Severity::Minor, Severity::Severe, Severity::Extreme]);
    let notice = (0_u8..9, severity, at(), 1_i64..60_000, any::<bool>(), shows).prop_map(
        |(number, severity, effective, seconds, lights, shows)| Notice {
            id: id(format!("n{number}")),
            severity,
            effective,
            expires: effective + TimeDelta::seconds(seconds),
            lights,
            shows,
        },
    );
    let notices = vec(notice, 1..6).prop_map(|mut notices| {
        notices.sort_by(|one, other| one.id.cmp(&other.id));
        notices.dedup_by(|one, other| one.id == other.id);
        notices
    });
    let items = btree_set((0_usize..9).prop_map(digest), 0..4);
    let campaigns = btree_set((0_usize..8).prop_map(|n| id(format!("c{n}"))), 0..3);
    let blackouts = prop_oneof![2 => Just(Vec::new()), 1 => vec(blackout, 1..3)];
    (items, campaigns, blackouts, notices).prop_map(|(recalled_items, recalled_campaigns, blackouts, notices)| Overrides {
        recalled_items,
        recalled_campaigns,
        blackouts,
        notices,
    })
}

/// The same overrides about another instant.
pub(crate) fn shifted(mut overrides: Overrides, to: DateTime<Utc>) -> Overrides {
    let by = to - DateTime::UNIX_EPOCH;
    for notice in &mut overrides.notices {
        (notice.effective, notice.expires) = (notice.effective + by, notice.expires + by);
    }
    for Blackout { period, .. } in &mut overrides.blackouts {
        (period.from, period.until) = (period.from.map(|at| at + by), period.until.map(|at| at + by));
    }
    overrides
}
