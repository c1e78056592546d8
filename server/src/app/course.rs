//! What a board plays over an interval, past or future, by the manifests that were signed for it; and why at an instant.
//!
//! A broadcast day is told by the last manifest signed before its end: a manifest keeps what ended during the day until the day is
//! over, so that one has the whole day right. Where the owner changed lanes, languages or ranks during the day, the list was made anew
//! at that instant: what is before it is told by the last manifest signed before it. Days to come are told by the newest. Before the first manifest nothing is known.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::Language;
use ::playlists::geometry::Geometry;
use ::playlists::id::{AssetId, BoardId, CampaignId, Digest, Revision};
use ::playlists::local::{broadcast_day, day_start};
use ::playlists::schedule::{Explanation, Overrides, Running, Schedule, Showing, Stretch, TickerStretch, What, explain};
use ::playlists::trust::envelope::{DocumentType, Envelope};
use ::playlists::trust::manifest::Manifest;
use ::playlists::trust::roles::{Role, Root};
use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;

use super::App;
use crate::store::{StoreError, assets, board_changes, boards, campaigns, manifests, renditions};

/// Longest interval that is told in one go.
pub const LONGEST: TimeDelta = TimeDelta::days(31);
/// Most manifests of the interval that are looked through; a board gets some a day.
const MOST_MANIFESTS: u32 = 20_000;

/// What a board plays: manifests in the order of the intervals for which each counts, without gap.
#[derive(Debug, Clone)]
pub struct Course {
    /// The board's zone.
    pub time_zone: Tz,
    /// Its pixels.
    pub geometry: Geometry,
    parts: Vec<Part>,
}

/// An interval with the manifest that counts for it.
#[derive(Debug, Clone)]
struct Part {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// None: before the board's first manifest.
    manifest: Option<(Manifest, Schedule)>,
}

/// What is told of an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// By a manifest.
    Known(T),
    /// The board had no manifest from then until then.
    Unknown(DateTime<Utc>, DateTime<Utc>),
}

/// The course of a board from an instant to another; none when there is no such board.
///
/// # Errors
/// When the database fails, or holds a manifest that this server did not sign.
pub async fn course(app: &App, board: &BoardId, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Option<Course>, StoreError> {
    let Some(found) = boards::get(&app.db, board).await? else { return Ok(None) };
    let until = until.min(from + LONGEST);
    let tz = found.time_zone;
    let days = cut(days(from, until, tz), &relisted(app, board, from, until, tz).await?);
    let last_ms = days.last().map_or(0, |(_, end)| end.timestamp_millis());
    // The first day's manifest is the last one before that day's end, so the list begins before it.
    let first_ms = days.first().map_or(0, |(_, end)| end.timestamp_millis());
    let heads = manifests::heads(&app.db, board, first_ms, last_ms, MOST_MANIFESTS).await?;
    let counts = |end: DateTime<Utc>| heads.iter().rev().find(|(_, made)| *made < end.timestamp_millis()).map(|(rev, _)| *rev);
    let mut parts: Vec<(DateTime<Utc>, DateTime<Utc>, Option<Revision>)> = Vec::new();
    for (start, end) in days.into_iter().filter(|(start, end)| *start < until && from < *end) {
        let (start, end, rev) = (start.max(from), end.min(until), counts(end));
        match parts.last_mut() {
            Some((_, last_end, last)) if *last == rev => *last_end = end,
            _ => parts.push((start, end, rev)),
        }
    }
    let mut revs: Vec<Revision> = parts.iter().filter_map(|(.., rev)| *rev).collect();
    revs.dedup();
    let envelopes = manifests::envelopes(&app.db, board, &revs).await?;
    let root = app.keys.root.clone();
    let work = tokio::task::spawn_blocking(move || {
        let read = |(rev, envelope): (Revision, Vec<u8>)| Ok((rev, read(&root, &envelope)?));
        let known = envelopes.into_iter().map(read).collect::<Result<BTreeMap<_, _>, String>>()?;
        let part = |(from, until, rev): (DateTime<Utc>, DateTime<Utc>, Option<Revision>)| Part {
            from,
            until,
            manifest: rev.and_then(|rev| known.get(&rev).cloned()),
        };
        Ok(parts.into_iter().map(part).collect())
    });
    let parts = work.await.map_err(|error| error.to_string()).and_then(|parts| parts);
    let parts = parts.map_err(|reason| StoreError::Unreadable { what: "manifest.envelope", reason })?;
    Ok(Some(Course { time_zone: tz, geometry: found.geometry, parts }))
}

/// When the list of a broadcast day that an interval touches was made anew.
async fn relisted(
    app: &App,
    board: &BoardId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    tz: Tz,
) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let days = days(from, until, tz);
    let first_ms = days.first().map_or(0, |(start, _)| start.timestamp_millis());
    let last_ms = days.last().map_or(0, |(_, end)| end.timestamp_millis());
    let found = board_changes::relisted(&app.db, board, first_ms, last_ms, MOST_MANIFESTS).await?;
    Ok(found.into_iter().filter_map(DateTime::from_timestamp_millis).collect())
}

/// Days in parts, each with one list: from one instant of `cuts` to the next.
fn cut(days: Vec<(DateTime<Utc>, DateTime<Utc>)>, cuts: &[DateTime<Utc>]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let parts = |(start, end): (DateTime<Utc>, DateTime<Utc>)| {
        let edges: Vec<_> = cuts.iter().copied().filter(|cut| start < *cut && *cut < end).chain([end]).collect();
        let starts: Vec<_> = [start].into_iter().chain(edges.iter().copied()).collect();
        starts.into_iter().zip(edges).collect::<Vec<_>>()
    };
    days.into_iter().flat_map(parts).collect()
}

/// The broadcast days that an interval touches: first instant, and first instant after.
fn days(from: DateTime<Utc>, until: DateTime<Utc>, tz: Tz) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut days = Vec::new();
    let mut date = broadcast_day(from, tz);
    while day_start(date, tz) < until || days.is_empty() {
        let Some(next) = date.checked_add_days(Days::new(1)) else { break };
        days.push((day_start(date, tz), day_start(next, tz)));
        date = next;
    }
    days
}

fn read(root: &Root, envelope: &[u8]) -> Result<(Manifest, Schedule), String> {
    let envelope = Envelope::parse(envelope).map_err(|error| error.to_string())?;
    let payload = root.open(Role::Publish, DocumentType::Manifest, &envelope).map_err(|error| error.to_string())?;
    let manifest: Manifest = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
    let schedule = Schedule::new(&manifest).map_err(|error| error.to_string())?;
    Ok((manifest, schedule))
}

impl Course {
    /// Entry by entry, at most `most` of them; costs some milliseconds a day.
    #[must_use]
    pub fn entries(&self, most: usize) -> Vec<Told<Showing>> {
        let overrides = Overrides::default();
        let mut told = Vec::new();
        for part in &self.parts {
            match &part.manifest {
                Some((_, schedule)) => {
                    let left = most.saturating_sub(told.len());
                    told.extend(schedule.timeline(&overrides, part.from, part.until).take(left).map(Told::Known));
                }
                None => told.push(Told::Unknown(part.from, part.until)),
            }
        }
        told.truncate(most);
        told
    }

    /// Who shares the board, in stretches that people can read; at most `most` of them.
    #[must_use]
    pub fn stretches(&self, most: usize) -> Vec<Told<Stretch>> {
        let overrides = Overrides::default();
        let mut told: Vec<Told<Stretch>> = Vec::new();
        for part in &self.parts {
            let Some((_, schedule)) = &part.manifest else {
                told.push(Told::Unknown(part.from, part.until));
                continue;
            };
            for stretch in schedule.stretches(&overrides, part.from, part.until) {
                match told.last_mut() {
                    Some(Told::Known(last)) if last.shows == stretch.shows => last.until = stretch.until,
                    _ => told.push(Told::Known(stretch)),
                }
            }
            if told.len() > most {
                break;
            }
        }
        told.truncate(most);
        told
    }

    /// What runs over the loop, crossing by crossing, at most `most` of them; an end of the course cuts one that lies across it.
    #[must_use]
    pub fn crossings(&self, most: usize) -> Vec<Running> {
        let overrides = Overrides::default();
        let mut told: Vec<Running> = Vec::new();
        for part in &self.parts {
            let Some((_, schedule)) = &part.manifest else { continue };
            let left = most.saturating_sub(told.len());
            told.extend(schedule.crossings(&overrides, part.from, part.until).take(left));
        }
        told
    }

    /// Which tickers take turns over the loop, in stretches; at most `most` of them.
    #[must_use]
    pub fn tickers(&self, most: usize) -> Vec<TickerStretch> {
        let overrides = Overrides::default();
        let mut told: Vec<TickerStretch> = Vec::new();
        for part in &self.parts {
            let Some((_, schedule)) = &part.manifest else { continue };
            for stretch in schedule.ticker_stretches(&overrides, part.from, part.until) {
                match told.last_mut() {
                    Some(last) if last.until == stretch.since && last.campaigns == stretch.campaigns => {
                        last.until = stretch.until
                    }
                    _ => told.push(stretch),
                }
            }
        }
        told.truncate(most);
        told
    }

    /// The intervals in their order, each with the manifest that counts for it; none: before the board's first manifest.
    pub(super) fn parts(&self) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>, Option<&(Manifest, Schedule)>)> {
        self.parts.iter().map(|part| (part.from, part.until, part.manifest.as_ref()))
    }

    /// Why the board shows what it shows at an instant of the course; none where it had no manifest.
    ///
    /// # Errors
    /// When the database holds a manifest that contradicts itself.
    pub fn explain(&self, at: DateTime<Utc>) -> Result<Option<Explanation>, StoreError> {
        let part = self.parts.iter().find(|part| part.from <= at && at < part.until);
        let Some((manifest, _)) = part.and_then(|part| part.manifest.as_ref()) else { return Ok(None) };
        let explained = explain(manifest, &Overrides::default(), at);
        explained.map(Some).map_err(|error| StoreError::unreadable("manifest.envelope", error))
    }
}

/// Names of what is shown, for people.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Of assets.
    pub assets: BTreeMap<AssetId, String>,
    /// Of campaigns.
    pub campaigns: BTreeMap<CampaignId, String>,
    /// Of which asset strips of running text are, and in which language.
    pub strips: BTreeMap<Digest, (AssetId, Language)>,
}

impl Names {
    /// Of these entries' assets and campaigns, and of these campaigns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(app: &App, shown: &[&Showing], of: &BTreeSet<CampaignId>) -> Result<Self, StoreError> {
        Self::with_tickers(app, shown, &[], of).await
    }

    /// The same, and of what runs over them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_tickers(
        app: &App,
        shown: &[&Showing],
        running: &[Running],
        of: &BTreeSet<CampaignId>,
    ) -> Result<Self, StoreError> {
        let crossings = || running.iter().filter_map(|running| running.what.as_ref());
        let strips = renditions::shown_by(&app.db, &crossings().map(|crossing| crossing.ticker.item).collect()).await?;
        let mut wanted: BTreeSet<AssetId> = strips.values().map(|(asset, _)| asset.clone()).collect();
        let mut campaigns_of = of.clone();
        campaigns_of.extend(crossings().filter_map(|crossing| crossing.campaign.clone()));
        for showing in shown {
            if let What::Entry(slot) = &showing.what {
                wanted.extend(slot.asset.clone());
                campaigns_of.extend(slot.campaign.clone());
            }
        }
        let found = assets::many(&app.db, &wanted.into_iter().collect::<Vec<_>>()).await?;
        let campaigns = campaigns::names(&app.db, &campaigns_of.into_iter().collect::<Vec<_>>()).await?;
        Ok(Self { assets: found.into_iter().map(|asset| (asset.id, asset.name)).collect(), campaigns, strips })
    }
    /// A campaign's name; its id where it has none.
    #[must_use]
    pub fn campaign<'a>(&'a self, id: &'a CampaignId) -> &'a str {
        self.campaigns.get(id).map_or(id.as_str(), String::as_str)
    }
    /// An asset's name; its id where it has none.
    #[must_use]
    pub fn asset<'a>(&'a self, id: &'a AssetId) -> &'a str {
        self.assets.get(id).map_or(id.as_str(), String::as_str)
    }
}
