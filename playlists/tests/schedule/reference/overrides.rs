//! Rules 1 and 2 over what the rules below give: recall, blackout and notices, asked anew at each instant.

use chrono::{DateTime, Utc};
use playlists::id::{Digest, NoticeId};
use playlists::schedule::{NoticeShows, Overrides, Showing, What};
use playlists::trust::manifest::Manifest;

use super::may::Hours;

/// What must be on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Must {
    Dark,
    Notice(NoticeId, Digest),
    Item(Digest),
    /// Something in the place of this recalled item, or of a recalled campaign's.
    Another(Digest),
}

/// What must be on at an instant; `beneath` is what the manifest alone gives.
pub(crate) fn at(manifest: &Manifest, overrides: &Overrides, now: DateTime<Utc>, beneath: &Showing) -> Must {
    let lit = Hours::new(manifest).is_lit(now.timestamp_millis());
    let may = |item: &Digest| !overrides.recalled_items.contains(item);
    let blackouts: Vec<_> = overrides.blackouts.iter().filter(|blackout| blackout.period.contains(now)).collect();
    if !blackouts.is_empty() {
        let safe = lit && may(&manifest.safe_item) && blackouts.iter().all(|blackout| blackout.safe_item);
        return if safe { Must::Item(manifest.safe_item) } else { Must::Dark };
    }
    let mut takeovers = Vec::new();
    for notice in &overrides.notices {
        let active = notice.effective <= now && now < notice.expires && (lit || notice.lights);
        if let NoticeShows::Takeover { item } = notice.shows
            && active
            && may(&item)
        {
            takeovers.push((notice, item));
        }
    }
    if let Some(most) = takeovers.iter().map(|(notice, _)| notice.severity).max() {
        takeovers.retain(|(notice, _)| notice.severity == most);
        takeovers.sort_by_key(|(notice, _)| (std::cmp::Reverse(notice.effective), notice.id.clone()));
        let turns = (now - takeovers[0].0.effective).num_milliseconds() / 10_000;
        let (notice, item) = takeovers[usize::try_from(turns).expect("it has begun") % takeovers.len()];
        return Must::Notice(notice.id.clone(), item);
    }
    let What::Entry(slot) = &beneath.what else { return Must::Dark };
    let recalled = slot.campaign.as_ref().is_some_and(|id| overrides.recalled_campaigns.contains(id));
    if recalled || !may(&slot.item) { Must::Another(slot.item) } else { Must::Item(slot.item) }
}
