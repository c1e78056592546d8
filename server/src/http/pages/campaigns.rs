//! Campaigns: the list, and where each stands in time.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::{DateTime, Utc};
use playlists::campaign::{Level, Period, Share};
use playlists::id::{CampaignId, ThemeId};
use serde::Deserialize;

use super::windows;
use crate::app::campaign_draft::OPERATORS_ZONE;
use crate::app::{campaigns, stand_downs};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;
use crate::store::campaigns::StoredCampaign;

/// Campaigns of one page.
const PAGE: usize = 100;

/// Where a campaign stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Draft,
    /// Held back until it is resumed.
    Paused,
    Coming,
    /// Its theme is held back.
    Held,
    /// Within its period, between two of its windows.
    Resting,
    Running,
    Over,
}

/// Where a campaign stands; `held` are the themes that are held back now.
pub(super) fn phase(campaign: &StoredCampaign, held: &BTreeSet<ThemeId>, now: DateTime<Utc>) -> Phase {
    if campaign.is_over(now) {
        Phase::Over
    } else if !campaign.approved {
        Phase::Draft
    } else if campaign.paused {
        Phase::Paused
    } else if campaign.period.from.is_some_and(|from| now < from) {
        Phase::Coming
    } else if campaign.theme.as_ref().is_some_and(|theme| held.contains(theme)) {
        Phase::Held
    } else if !campaign.windows.is_empty() && !campaign.windows.iter().any(|window| window.contains(now, OPERATORS_ZONE)) {
        Phase::Resting
    } else {
        Phase::Running
    }
}

/// A phase in words, and the class of its badge.
pub(super) fn phase_name(t: Tr, phase: Phase) -> (String, &'static str) {
    match phase {
        Phase::Draft => (t.s("phase-draft"), "faulty"),
        Phase::Paused => (t.s("phase-paused"), "faulty"),
        Phase::Coming => (t.s("phase-coming"), "updating"),
        Phase::Held => (t.s("stand-down-holds"), "faulty"),
        Phase::Resting => (t.s("phase-resting"), "never"),
        Phase::Running => (t.s("phase-running"), "live"),
        Phase::Over => (t.s("phase-over"), "never"),
    }
}

struct Summary {
    id: String,
    name: String,
    phase: String,
    class: &'static str,
    period: String,
    windows: String,
    boards: String,
    share: String,
    theme: String,
    priority: bool,
    ticker: bool,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct ListPage {
    frame: Frame,
    t: Tr,
    campaigns: Vec<Summary>,
    search: String,
    later: Option<String>,
}

/// What the list is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// `GET /campaigns`.
pub(in crate::http) async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let (t, now) = (visitor.t, site.app.clock.now());
    let after = asked.after.parse::<CampaignId>().ok();
    let mut found = campaigns::list(&site.app, &asked.q, after.as_ref(), u32::try_from(PAGE + 1).unwrap_or(u32::MAX)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let later = found.last().filter(|_| more).map(|last| format!("/campaigns?q={}&after={}", escape(&asked.q), last.id));
    let held = stand_downs::held_now(&site.app).await?;
    let campaigns = found.iter().map(|campaign| summary(t, campaign, &held, now)).collect();
    page(&ListPage { frame: Frame::of(&visitor, "campaigns"), t, campaigns, search: asked.q.clone(), later })
}

fn summary(t: Tr, campaign: &StoredCampaign, held: &BTreeSet<ThemeId>, now: DateTime<Utc>) -> Summary {
    let (phase, class) = phase_name(t, phase(campaign, held, now));
    let boards = i64::try_from(campaign.boards.len()).unwrap_or(i64::MAX);
    let windows: Vec<_> = campaign.windows.iter().map(|window| windows::sentence(t, window)).collect();
    Summary {
        id: campaign.id.to_string(),
        name: campaign.name.clone(),
        phase,
        class,
        period: period(t, &campaign.period),
        windows: if windows.is_empty() { t.s("windows-always") } else { windows.join("; ") },
        boards: if campaign.all_boards { t.s("boards-all") } else { t.n("boards-count", boards) },
        share: share(t, campaign.share),
        theme: campaign.theme.as_ref().map(|theme| t.theme(theme)).unwrap_or_default(),
        priority: campaign.level == Level::Priority,
        ticker: campaign.plays.ticker().is_some(),
    }
}

/// How much of the loop a campaign gets, in words.
pub(super) fn share(t: Tr, share: Share) -> String {
    match share {
        Share::Weight(weight) => t.n("share-weight", i64::from(weight.get())),
        Share::PerHour(plays) => t.n("share-per-hour", i64::from(plays.get())),
    }
}

fn period(t: Tr, period: &Period) -> String {
    match (period.from, period.until) {
        (None, None) => t.s("period-open"),
        (Some(from), None) => t.a("period-from", "from", t.instant(from)),
        (None, Some(until)) => t.a("period-until", "until", t.instant(until)),
        (Some(from), Some(until)) => format!("{} – {}", t.instant(from), t.instant(until)),
    }
}

#[cfg(test)]
mod tests {
    use playlists::campaign::Weight;
    use playlists::window::Window;

    use super::*;
    use crate::store::campaigns::CampaignPlays;

    #[test]
    fn a_campaign_is_draft_coming_held_running_or_over() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().expect("an instant"));
        let now = at("2026-11-23T00:00:00Z").expect("now");
        let plain = StoredCampaign {
            id: "c-1".parse().expect("an id"),
            unit: "u-1".parse().expect("an id"),
            name: "Chè".to_owned(),
            plays: CampaignPlays::Playlist("p-1".parse().expect("an id")),
            level: Level::Normal,
            share: Share::Weight(Weight::ONE),
            theme: Some("tourism".parse().expect("a theme")),
            period: Period::default(),
            windows: Vec::new(),
            all_boards: true,
            boards: Vec::new(),
            approved: true,
            paused: false,
            version: 1,
            changed_ms: 0,
        };
        let none = BTreeSet::new();
        let held = BTreeSet::from(["tourism".parse().expect("a theme")]);
        let evenings =
            Window::new("0 18 * * *".parse().expect("a cron"), std::time::Duration::from_secs(3600)).expect("a window");
        let period = |from, until| StoredCampaign { period: Period { from, until }, ..plain.clone() };
        assert_eq!(phase(&plain, &none, now), Phase::Running);
        assert_eq!(phase(&plain, &held, now), Phase::Held);
        assert_eq!(phase(&StoredCampaign { windows: vec![evenings], ..plain.clone() }, &none, now), Phase::Resting);
        assert_eq!(phase(&StoredCampaign { approved: false, ..plain.clone() }, &held, now), Phase::Draft);
        assert_eq!(phase(&StoredCampaign { paused: true, ..plain.clone() }, &held, now), Phase::Paused);
        assert_eq!(phase(&period(at("2026-11-24T00:00:00Z"), None), &none, now), Phase::Coming);
        assert_eq!(phase(&period(None, at("2026-11-23T00:00:00Z")), &held, now), Phase::Over);
    }
}
