//! What may play at an instant: rules 3 to 5, each asked anew.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level, Plays, Share};
use playlists::hours::Interval;
use playlists::id::{CampaignId, PlaylistId};
use playlists::playlist::{Content, Entry};
use playlists::trust::manifest::Manifest;
use playlists::unit::Tier;

use super::wall;

/// The answer of rules 3 to 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum May {
    Dark,
    Campaigns(Vec<Active>),
    Default(Valid),
    Safe,
}

/// A campaign that may play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) id: CampaignId,
    pub(crate) tier: Tier,
    pub(crate) level: Level,
    pub(crate) share: Share,
    pub(crate) playlist: PlaylistId,
    pub(crate) valid: Valid,
}

/// The valid entries of a playlist, by number: the languages of an asset, or the valid entries of a nested playlist.
pub(crate) type Valid = BTreeMap<usize, Shows>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shows {
    Languages(Vec<String>),
    Playlist(Valid),
}

/// Operating hours, with the instants of each date's intervals remembered.
pub(crate) struct Hours<'a> {
    manifest: &'a Manifest,
    dates: BTreeMap<NaiveDate, Vec<(i64, i64)>>,
    midnights: BTreeMap<NaiveDate, i64>,
}

impl<'a> Hours<'a> {
    pub(crate) fn new(manifest: &'a Manifest) -> Self {
        Self { manifest, dates: BTreeMap::new(), midnights: BTreeMap::new() }
    }

    pub(crate) fn is_lit(&mut self, at: i64) -> bool {
        let Some(hours) = &self.manifest.hours else { return true };
        let tz = self.manifest.time_zone;
        let today = wall::wall(at, tz).date();
        for exception in hours.exceptions.iter().filter(|exception| exception.whole_day) {
            let mut midnight = |date: NaiveDate| {
                *self.midnights.entry(date).or_insert_with(|| wall::instant(date.and_hms_opt(0, 0, 0).expect("midnight"), tz))
            };
            if midnight(exception.date) <= at && at < midnight(exception.date + TimeDelta::days(1)) {
                return false;
            }
        }
        [-2, -1, 0, 1].into_iter().any(|days| {
            let date = today + TimeDelta::days(days);
            let spans = self.dates.entry(date).or_insert_with(|| intervals(self.manifest, date));
            spans.iter().any(|(from, until)| *from <= at && at < *until)
        })
    }
}

fn intervals(manifest: &Manifest, date: NaiveDate) -> Vec<(i64, i64)> {
    let hours = manifest.hours.as_ref().expect("asked only where there are hours");
    let exceptions: Vec<_> = hours.exceptions.iter().filter(|exception| exception.date == date).collect();
    let intervals: Vec<Interval> = if exceptions.is_empty() {
        hours.weekly.iter().filter(|w| w.days.contains(&date.weekday())).flat_map(|w| w.intervals.clone()).collect()
    } else {
        exceptions.iter().flat_map(|exception| exception.intervals.clone()).collect()
    };
    let instants = |interval: Interval| {
        let until = if interval.until > interval.from { date } else { date + TimeDelta::days(1) };
        let instant = |date: NaiveDate, time| wall::instant(date.and_time(time), manifest.time_zone);
        (instant(date, interval.from), instant(until, interval.until))
    };
    intervals.into_iter().map(instants).collect()
}

/// Rules 3 to 5 for one broadcast day.
pub(crate) struct Rules<'a> {
    manifest: &'a Manifest,
    hours: Hours<'a>,
    /// The starts and length of each window of each campaign version, from 31 days before the day.
    windows: Vec<Vec<(Vec<i64>, i64)>>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(manifest: &'a Manifest, from: i64, until: i64) -> Self {
        let windows = manifest.campaigns.iter().map(|campaign| {
            let starts = |window: &playlists::window::Window| {
                let length = i64::try_from(window.duration().as_millis()).expect("at most 31 days");
                (wall::starts(window, from - length, until, manifest.time_zone), length)
            };
            campaign.windows.iter().map(starts).collect()
        });
        Self { manifest, hours: Hours::new(manifest), windows: windows.collect() }
    }

    /// The versions of campaigns whose period and windows hold while the board is lit.
    pub(crate) fn on_stretch(&mut self, at: i64) -> Vec<&'a Campaign> {
        if !self.hours.is_lit(at) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (campaign, windows) in self.manifest.campaigns.iter().zip(&self.windows) {
            let in_window = |(starts, length): &(Vec<i64>, i64)| starts.iter().any(|start| *start <= at && at < start + length);
            let in_windows = windows.is_empty() || windows.iter().any(in_window);
            if inside(campaign.period.from, campaign.period.until, at) && in_windows {
                found.push(campaign);
            }
        }
        found
    }

    /// Those that are not stood down.
    fn standing(&mut self, at: i64) -> Vec<&'a Campaign> {
        let mut found = self.on_stretch(at);
        let stand_downs = &self.manifest.stand_downs;
        let held = |theme| stand_downs.iter().any(|s| s.themes.contains(theme) && inside(s.period.from, s.period.until, at));
        found.retain(|campaign| !campaign.theme.as_ref().is_some_and(held));
        found
    }

    /// The tickers that may run.
    pub(crate) fn tickers_at(&mut self, at: i64) -> Vec<&'a Campaign> {
        let mut found = self.standing(at);
        found.retain(|campaign| match &campaign.plays {
            Plays::Playlist(_) => false,
            Plays::Ticker(ticker) => {
                let item = self.manifest.item(&ticker.item).expect("a manifest names its items");
                inside(item.from, item.until, at)
            }
        });
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found
    }

    /// What may play, and the campaigns with plays per hour beside it.
    pub(crate) fn at(&mut self, at: i64) -> (May, Vec<Active>) {
        if !self.hours.is_lit(at) {
            return (May::Dark, Vec::new());
        }
        let mut active = Vec::new();
        for campaign in self.standing(at) {
            let Plays::Playlist(playlist) = &campaign.plays else { continue };
            let valid = valid(self.manifest, playlist, at);
            if !valid.is_empty() {
                let (id, playlist) = (campaign.id.clone(), playlist.clone());
                active.push(Active { id, tier: campaign.tier, level: campaign.level, share: campaign.share, playlist, valid });
            }
        }
        let weighted = |active: &Active| matches!(active.share, Share::Weight(_));
        if active.iter().any(|active| active.level == Level::Priority && weighted(active)) {
            active.retain(|active| active.level == Level::Priority);
        }
        active.sort_by(|one, other| one.id.cmp(&other.id));
        let (mut active, hourly): (Vec<_>, Vec<_>) = active.into_iter().partition(weighted);
        if active.first().is_some_and(|active| active.level == Level::Priority) {
            let ranked = active.iter().filter_map(|a| Some((*self.manifest.ranks.get(&a.id)?, a.id.clone())));
            if let Some((_, first)) = ranked.min() {
                active.retain(|active| active.id == first);
            }
        }
        if !active.is_empty() {
            return (May::Campaigns(active), hourly);
        }
        let default = valid(self.manifest, &self.manifest.default_playlist, at);
        (if default.is_empty() { May::Safe } else { May::Default(default) }, hourly)
    }
}

fn inside(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>, at: i64) -> bool {
    from.is_none_or(|from| from.timestamp_millis() <= at) && until.is_none_or(|until| at < until.timestamp_millis())
}

pub(crate) fn entries<'a>(manifest: &'a Manifest, id: &PlaylistId) -> &'a [Entry] {
    &manifest.playlists.iter().find(|playlist| playlist.id == *id).expect("a manifest names its playlists").entries
}

/// The id by which a playlist starts the day where no campaign plays it itself.
pub(crate) fn starts_by<'a>(manifest: &'a Manifest, id: &'a PlaylistId) -> &'a PlaylistId {
    let playlist = manifest.playlists.iter().find(|playlist| playlist.id == *id).expect("a manifest names its playlists");
    playlist.of.as_ref().unwrap_or(&playlist.id)
}

pub(crate) fn valid(manifest: &Manifest, id: &PlaylistId, at: i64) -> Valid {
    let mut valid = Valid::new();
    for (number, entry) in entries(manifest, id).iter().enumerate() {
        if !inside(entry.from, entry.until, at) {
            continue;
        }
        match &entry.content {
            Content::Asset { versions, .. } => {
                let shown = versions.iter().filter(|(language, digest)| {
                    let mix = &manifest.languages;
                    let spoken = mix.is_empty() || mix.contains_key(*language) || language.as_str() == "und";
                    let item = manifest.item(digest).expect("a manifest names its items");
                    spoken && inside(item.from, item.until, at)
                });
                let languages: Vec<_> = shown.map(|(language, _)| language.to_string()).collect();
                if !languages.is_empty() {
                    valid.insert(number, Shows::Languages(languages));
                }
            }
            Content::Playlist { playlist, .. } => {
                let nested = self::valid(manifest, playlist, at);
                if !nested.is_empty() {
                    valid.insert(number, Shows::Playlist(nested));
                }
            }
        }
    }
    valid
}
