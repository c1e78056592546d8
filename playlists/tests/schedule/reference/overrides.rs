//! Rules 1 and 2 over what the rules below give: recall, blackout and notices, asked anew at each instant.

use chrono::{DateTime, TimeDelta, Utc};
use playlists::campaign::{Campaign, Plays, Ticker};
use playlists::id::{CampaignId, Digest, NoticeId, PlaylistId};
use playlists::playlist::Content;
use playlists::schedule::{Notice, NoticeShows, Overrides};
use playlists::trust::manifest::Manifest;

use super::may::{Hours, Shows, entries, valid};
use super::{Entry, Shown};

/// What must be on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Must {
    Dark,
    Notice(NoticeId, Digest),
    Entry(Entry),
}

/// What must run over it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MustRun {
    Nothing,
    Notice(NoticeId, Digest),
    Campaign(CampaignId),
}

/// The gravest of some notices, the newest first.
fn gravest<T: Copy>(mut notices: Vec<(&Notice, T)>) -> Vec<(&Notice, T)> {
    let most = notices.iter().map(|(notice, _)| notice.severity).max();
    notices.retain(|(notice, _)| Some(notice.severity) == most);
    notices.sort_by_key(|(notice, _)| (std::cmp::Reverse(notice.effective), notice.id.clone()));
    notices
}

fn active(notice: &Notice, now: DateTime<Utc>) -> bool {
    notice.effective <= now && now < notice.expires
}

/// The takeovers that have the screen, in turn.
fn takeovers(overrides: &Overrides, now: DateTime<Utc>, lit: bool) -> Vec<(&Notice, Digest)> {
    let shown = overrides.notices.iter().filter(|notice| active(notice, now) && (lit || notice.lights));
    let pictures = shown.filter_map(|notice| match notice.shows {
        NoticeShows::Takeover { item } => Some((notice, item)),
        NoticeShows::Ticker(_) => None,
    });
    gravest(pictures.filter(|(_, item)| !overrides.recalled_items.contains(item)).collect())
}

/// What must be on at an instant; `beneath` is what the manifest alone gives, and `place` where that stands.
pub(crate) fn at(
    manifest: &Manifest,
    overrides: &Overrides,
    now: DateTime<Utc>,
    beneath: &Shown,
    place: Option<&(PlaylistId, usize)>,
) -> Must {
    let at = now.timestamp_millis();
    let lit = Hours::new(manifest).is_lit(at);
    let blackouts: Vec<_> = overrides.blackouts.iter().filter(|blackout| blackout.period.contains(now)).collect();
    if !blackouts.is_empty() {
        let safe = lit && blackouts.iter().all(|blackout| blackout.safe_item);
        return if safe { safe_item(manifest, overrides) } else { Must::Dark };
    }
    let takeovers = takeovers(overrides, now, lit);
    if let Some((newest, _)) = takeovers.first() {
        let turns = (now - newest.effective).num_milliseconds() / 10_000;
        let (notice, item) = takeovers[usize::try_from(turns).expect("it has begun") % takeovers.len()];
        return Must::Notice(notice.id.clone(), item);
    }
    let Some(entry) = &beneath.entry else { return Must::Dark };
    let recalled = entry.campaign.as_ref().is_some_and(|id| overrides.recalled_campaigns.contains(id));
    if !recalled && !overrides.recalled_items.contains(&entry.item) {
        return Must::Entry(entry.clone());
    }
    if !recalled && let Some((playlist, number)) = place {
        let count = entries(manifest, playlist).len();
        let after: Vec<_> = (1..=count).map(|step| (number + step) % count).collect();
        if let Some(found) = instead(manifest, overrides, playlist, &after, entry, at) {
            return Must::Entry(Entry { campaign: entry.campaign.clone(), ..found });
        }
        let own = |campaign: &&Campaign| Some(&campaign.id) == entry.campaign.as_ref() && campaign.period.contains(now);
        if let Some(Plays::Playlist(playlist)) = manifest.campaigns.iter().find(own).map(|campaign| &campaign.plays) {
            let all: Vec<_> = (0..entries(manifest, playlist).len()).collect();
            if let Some(found) = instead(manifest, overrides, playlist, &all, entry, at) {
                return Must::Entry(Entry { campaign: entry.campaign.clone(), ..found });
            }
        }
    }
    let all: Vec<_> = (0..entries(manifest, &manifest.default_playlist).len()).collect();
    let default = instead(manifest, overrides, &manifest.default_playlist, &all, entry, at);
    default.map_or_else(|| safe_item(manifest, overrides), Must::Entry)
}

fn safe_item(manifest: &Manifest, overrides: &Overrides) -> Must {
    let item = manifest.safe_item;
    if overrides.recalled_items.contains(&item) {
        return Must::Dark;
    }
    Must::Entry(Entry { campaign: None, asset: None, item, language: "und".to_owned() })
}

/// The first of these entries of a playlist that is valid and not recalled, in the recalled one's language if it has it.
fn instead(
    manifest: &Manifest,
    overrides: &Overrides,
    playlist: &PlaylistId,
    order: &[usize],
    recalled: &Entry,
    at: i64,
) -> Option<Entry> {
    let valid = valid(manifest, playlist, at);
    order.iter().find_map(|number| match (&entries(manifest, playlist)[*number].content, valid.get(number)?) {
        (Content::Asset { asset, versions, .. }, Shows::Languages(languages)) => {
            let may = |language: &&String| {
                let item = versions.iter().find(|(tag, _)| tag.as_str() == language.as_str()).expect("it has this version").1;
                !overrides.recalled_items.contains(item)
            };
            let same = languages.iter().filter(may).find(|language| **language == recalled.language);
            let language = same.or_else(|| languages.iter().find(may))?;
            let item = *versions.iter().find(|(tag, _)| tag.as_str() == language.as_str()).expect("it has this version").1;
            Some(Entry { campaign: None, asset: Some(asset.clone()), item, language: language.clone() })
        }
        (Content::Playlist { playlist, .. }, Shows::Playlist(_)) => {
            let all: Vec<_> = (0..entries(manifest, playlist).len()).collect();
            instead(manifest, overrides, playlist, &all, recalled, at)
        }
        _ => unreachable!("an entry shows what it is"),
    })
}

/// What must run at an instant; `beneath` is the campaign whose ticker the manifest alone gives.
pub(crate) fn run(manifest: &Manifest, overrides: &Overrides, now: DateTime<Utc>, beneath: Option<&CampaignId>) -> MustRun {
    let lit = Hours::new(manifest).is_lit(now.timestamp_millis());
    let blacked_out = overrides.blackouts.iter().any(|blackout| blackout.period.contains(now));
    if !lit || blacked_out || !takeovers(overrides, now, true).is_empty() {
        return MustRun::Nothing;
    }
    let recalled = |item: &Digest| overrides.recalled_items.contains(item);
    let strips = overrides.notices.iter().filter_map(|notice| match notice.shows {
        NoticeShows::Ticker(ticker) if active(notice, now) && !recalled(&ticker.item) => Some((notice, ticker)),
        NoticeShows::Ticker(_) | NoticeShows::Takeover { .. } => None,
    });
    let strips = gravest(strips.collect());
    if let Some((newest, _)) = strips.first() {
        // One crossing each, over and over, from the newest one's start.
        let crossing = |ticker: &Ticker| {
            let pixels = f64::from(ticker.width) + f64::from(manifest.geometry.width());
            TimeDelta::milliseconds((pixels * 1000.0 / f64::from(ticker.speed)).ceil() as i64)
        };
        let mut at = newest.effective;
        for (notice, ticker) in strips.iter().cycle() {
            at += crossing(ticker);
            if now < at {
                return MustRun::Notice(notice.id.clone(), ticker.item);
            }
        }
    }
    let Some(id) = beneath.filter(|id| !overrides.recalled_campaigns.contains(*id)) else { return MustRun::Nothing };
    let own = |campaign: &&Campaign| campaign.id == *id && campaign.period.contains(now);
    let strip = manifest.campaigns.iter().find(own).and_then(|campaign| campaign.plays.ticker());
    if strip.is_some_and(|ticker| recalled(&ticker.item)) { MustRun::Nothing } else { MustRun::Campaign(id.clone()) }
}
