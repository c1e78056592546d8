//! What each campaign gets of a board over an interval, past or to come: counted from the same course that the timeline tells.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::{BoardId, CampaignId};
use ::playlists::schedule::{Airtime, Forecast, Overrides, Schedule};
use ::playlists::trust::manifest::Manifest;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::App;
use super::course::{Course, Names, course};
use crate::store::StoreError;

/// The figures of a board.
#[derive(Debug, Clone, Default)]
pub struct BoardForecast {
    /// Who gets what of the loop.
    pub counted: Forecast,
    /// What each ticker gets over the loop.
    pub running: BTreeMap<CampaignId, Airtime>,
    /// How long the board had no manifest.
    pub unknown: TimeDelta,
    /// What the board keeps of pictures and clips by the last manifest of the interval, in bytes.
    pub kept_bytes: u64,
    /// Names of the campaigns.
    pub names: Names,
}

/// What somebody gets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share<'a> {
    /// `campaign`, `ticker` (a campaign's running text over the loop), `default`, `safe-item` or `notice`.
    pub shows: &'static str,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<&'a CampaignId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Plays that start within the interval.
    pub plays: u64,
    /// Time on the screen, in milliseconds.
    pub shown_ms: i64,
    /// Of the time in which the board shows something, 0 to 1.
    pub share: f64,
    /// Plays in an hour in which the board shows something, on average.
    pub plays_per_hour: f64,
    /// Plays that are due by plays per hour and are not started.
    pub lapses: usize,
}

/// The figures of a board from an instant to another; none when there is no such board.
///
/// # Errors
/// When the database fails, or holds a manifest that this server did not sign.
pub async fn board_forecast(
    app: &App,
    board: &BoardId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<BoardForecast>, StoreError> {
    let Some(course) = course(app, board, from, until).await? else { return Ok(None) };
    let work = tokio::task::spawn_blocking(move || BoardForecast::of_course(&course)).await;
    let mut forecast = work.map_err(|error| StoreError::unreadable("forecast", error))?;
    let named = forecast.named();
    forecast.names = Names::load(app, &[], &named).await?;
    Ok(Some(forecast))
}

impl BoardForecast {
    /// By one manifest from an instant to another.
    #[must_use]
    pub fn by_manifest(
        manifest: &Manifest,
        schedule: &Schedule,
        under: &Overrides,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        Self {
            counted: schedule.forecast(under, from, until),
            running: schedule.running(under, from, until),
            kept_bytes: manifest.items.iter().map(|item| item.size).sum(),
            ..Self::default()
        }
    }

    fn of_course(course: &Course) -> Self {
        let mut all = Self::default();
        for (from, until, manifest) in course.parts() {
            match manifest {
                Some((manifest, schedule)) => {
                    all.go_on(Self::by_manifest(manifest, schedule, &Overrides::default(), from, until));
                }
                None => all.unknown += until - from,
            }
        }
        all
    }

    fn go_on(&mut self, later: Self) {
        self.counted.go_on(later.counted);
        for (id, airtime) in later.running {
            self.running.entry(id).or_default().add(airtime);
        }
        self.kept_bytes = later.kept_bytes;
    }

    /// Every campaign that the figures name.
    fn named(&self) -> BTreeSet<CampaignId> {
        let displaced = self.counted.displaced.iter().flat_map(|displaced| displaced.by.iter().chain([&displaced.campaign]));
        let lapsed = self.counted.lapses.iter().map(|(id, _)| id);
        self.counted.campaigns.keys().chain(self.running.keys()).chain(displaced).chain(lapsed).cloned().collect()
    }

    /// Who gets how much, most first; who gets nothing is named only if plays that were due are not started.
    #[must_use]
    pub fn shares(&self) -> Vec<Share<'_>> {
        let mut lapses: BTreeMap<&CampaignId, usize> = BTreeMap::new();
        for (id, _) in &self.counted.lapses {
            *lapses.entry(id).or_default() += 1;
        }
        let share = |shows, campaign: Option<&'_ CampaignId>, airtime: Airtime| Share {
            shows,
            campaign: None,
            name: None,
            plays: airtime.plays,
            shown_ms: airtime.shown_ms,
            share: self.counted.share(airtime),
            plays_per_hour: self.counted.plays_per_hour(airtime),
            lapses: campaign.and_then(|id| lapses.get(id)).copied().unwrap_or_default(),
        };
        let named = |id, share| Share { campaign: Some(id), name: self.names.campaigns.get(id).map(String::as_str), ..share };
        let playing: BTreeSet<&CampaignId> = self.counted.campaigns.keys().chain(lapses.keys().copied()).collect();
        let airtime = |id| self.counted.campaigns.get(id).copied().unwrap_or_default();
        let mut shares: Vec<Share<'_>> =
            playing.into_iter().map(|id| named(id, share("campaign", Some(id), airtime(id)))).collect();
        shares.extend(self.running.iter().map(|(id, airtime)| named(id, share("ticker", None, *airtime))));
        let counted = &self.counted;
        for (shows, airtime) in [("default", counted.default), ("safe-item", counted.safe_item), ("notice", counted.notices)] {
            if airtime.shown_ms > 0 {
                shares.push(share(shows, None, airtime));
            }
        }
        shares.sort_by_key(|share| (share.shows == "ticker", Reverse(share.shown_ms)));
        shares
    }
}
