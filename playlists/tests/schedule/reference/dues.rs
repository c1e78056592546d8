//! Plays per hour: rule 9, due by due.

use std::collections::BTreeSet;

use playlists::campaign::{Campaign, Level, Plays, Share};
use playlists::id::{CampaignId, PlaylistId};
use playlists::playlist::Content;
use playlists::trust::manifest::Manifest;
use playlists::unit::Tier;

use super::day::{h, steps, stretches};
use super::may::{Active, Rules, entries};

const HOUR: i128 = 3_600_000;

/// Versions of a campaign that agree in these are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) id: CampaignId,
    tier: Tier,
    pub(crate) level: Level,
    per_hour: u32,
    pub(crate) playlist: PlaylistId,
}

impl Key {
    fn of_campaign(campaign: &Campaign) -> Option<Self> {
        let (Share::PerHour(plays), Plays::Playlist(playlist)) = (campaign.share, &campaign.plays) else { return None };
        let (id, playlist) = (campaign.id.clone(), playlist.clone());
        Some(Self { id, tier: campaign.tier, level: campaign.level, per_hour: plays.get(), playlist })
    }
    pub(crate) fn of(active: &Active) -> Self {
        let Share::PerHour(plays) = active.share else { unreachable!("asked of campaigns with plays per hour only") };
        let (id, playlist) = (active.id.clone(), active.playlist.clone());
        Self { id, tier: active.tier, level: active.level, per_hour: plays.get(), playlist }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Played,
    Lapsed,
}

#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) key: Key,
    pub(crate) at: i64,
    /// The end of the stretch.
    pub(crate) until: i64,
    pub(crate) state: State,
}

/// The longest entry that the board shows, however deep.
pub(crate) fn longest(manifest: &Manifest, playlist: &PlaylistId) -> i64 {
    let mix = &manifest.languages;
    let length = |content: &Content| match content {
        Content::Asset { versions, duration, .. } => {
            let shown = versions.keys().any(|tag| mix.is_empty() || mix.contains_key(tag) || tag.as_str() == "und");
            if shown { i64::try_from(duration.as_millis()).expect("at most a day") } else { 0 }
        }
        Content::Playlist { playlist, .. } => longest(manifest, playlist),
    };
    entries(manifest, playlist).iter().map(|entry| length(&entry.content)).max().unwrap_or(0)
}

/// Every play that is due in a day.
pub(crate) fn all(manifest: &Manifest, from: i64, until: i64) -> Vec<Due> {
    let mut rules = Rules::new(manifest, from, until);
    if manifest.campaigns.iter().all(|campaign| Key::of_campaign(campaign).is_none()) {
        return Vec::new();
    }
    // Who is on a stretch of its own, from when to when.
    let asking = stretches(steps(manifest, from, until), until, |at| {
        rules.on_stretch(at).into_iter().filter_map(Key::of_campaign).collect::<BTreeSet<_>>()
    });
    let plays_at = |key: &Key, at: i64| -> i128 {
        let (now, ..) = asking.iter().find(|(_, from, until)| *from <= at && at < *until).expect("the day has no gap");
        let asked: i128 = now.iter().map(|key| i128::from(key.per_hour) * i128::from(longest(manifest, &key.playlist))).sum();
        let wanted = i128::from(key.per_hour);
        if asked <= HOUR * 9 / 10 { wanted } else { (wanted * (HOUR * 9 / 10) / asked).max(1) }
    };
    let keys: BTreeSet<_> = asking.iter().flat_map(|(keys, ..)| keys.iter().cloned()).collect();
    let mut dues = Vec::new();
    for key in keys {
        let mut own: Vec<(i64, i64)> = Vec::new();
        for (_, from, until) in asking.iter().filter(|(keys, ..)| keys.contains(&key)) {
            match own.last_mut() {
                Some((_, end)) if *end == *from => *end = *until,
                _ => own.push((*from, *until)),
            }
        }
        for (start, end) in own {
            let starts = asking.iter().map(|(_, from, _)| *from).filter(|from| start <= *from && *from < end);
            let rates: BTreeSet<i128> = starts.map(|at| plays_at(&key, at)).collect();
            for plays in rates {
                // ⌊h · min(hour / plays, stretch) / 2⁶⁵⌋: the smaller of two floors.
                let (lot, length) = (i128::from(h(&["stagger", key.id.as_str()])), i128::from(end - start));
                let offset = (lot * HOUR / (plays << 65)).min(lot * length / (1 << 65));
                let mut k = 0;
                loop {
                    let at = start + i64::try_from(offset + k * HOUR / plays).expect("within a day");
                    if at >= end {
                        break;
                    }
                    if plays_at(&key, at) == plays {
                        dues.push(Due { key: key.clone(), at, until: end, state: State::Waiting });
                    }
                    k += 1;
                }
            }
        }
    }
    dues.sort_by_key(|due| (due.at, due.key.clone()));
    dues
}
