//! Campaigns: the list, the form, and after saving which boards have taken it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use playlists::campaign::{Level, Period};
use playlists::id::{CampaignId, PlaylistId};
use playlists::window::Window;
use serde::Deserialize;

use super::fields::{Errors, Fields};
use super::overview::{Line, line, place_name};
use super::windows::{self, WindowView};
use crate::app::campaign_draft::{CampaignDraft, OPERATORS_ZONE, WindowDraft};
use crate::app::{FieldError, campaigns, overview, playlists as plans, units};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::times;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;
use crate::store::campaigns::StoredCampaign;

/// Campaigns of one page.
const PAGE: usize = 100;
/// Playlists offered in the form.
const OFFERED: u32 = 500;

/// Where a campaign stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Draft,
    /// Held back until it is resumed.
    Paused,
    Coming,
    /// Within its period, between two of its windows.
    Resting,
    Running,
    Over,
}

fn phase((approved, paused): (bool, bool), period: &Period, windows: &[Window], now: DateTime<Utc>) -> Phase {
    if period.until.is_some_and(|until| until <= now) {
        Phase::Over
    } else if !approved {
        Phase::Draft
    } else if paused {
        Phase::Paused
    } else if period.from.is_some_and(|from| now < from) {
        Phase::Coming
    } else if !windows.is_empty() && !windows.iter().any(|window| window.contains(now, OPERATORS_ZONE)) {
        Phase::Resting
    } else {
        Phase::Running
    }
}

/// A phase in words, and the class of its badge.
fn phase_name(t: Tr, phase: Phase) -> (String, &'static str) {
    match phase {
        Phase::Draft => (t.s("phase-draft"), "faulty"),
        Phase::Paused => (t.s("phase-paused"), "faulty"),
        Phase::Coming => (t.s("phase-coming"), "updating"),
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
    weight: u32,
    priority: bool,
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

/// A choice of a list.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// A board that may be picked.
struct Pick {
    id: String,
    name: String,
    place: String,
    geometry: String,
    ticked: bool,
}

/// How far the boards are.
struct Reach {
    boards: Vec<Line>,
    done: i64,
    all: i64,
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct FormPage {
    frame: Frame,
    t: Tr,
    /// Empty for a new one.
    id: String,
    title: String,
    phase: Option<(String, &'static str)>,
    may_end: bool,
    draft: CampaignDraft,
    playlists: Vec<Choice>,
    windows: Vec<WindowView>,
    picks: Vec<Pick>,
    geometries: Vec<String>,
    errors: Errors,
    saved: bool,
    went: Option<(&'static str, String)>,
    may_pause: bool,
    paused: bool,
    reach: Option<Reach>,
}

#[derive(Template)]
#[template(path = "parts/starts.html")]
struct StartsPart {
    t: Tr,
    starts: Vec<String>,
    empty: bool,
}

/// What the list is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// What a new campaign starts with, or how the last step went.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Opening {
    #[serde(default)]
    playlist: String,
    #[serde(default)]
    saved: bool,
    /// `paused`, `resumed` or `ended`: a step just taken.
    #[serde(default)]
    went: String,
    /// The campaign that the new one is to be like.
    #[serde(default)]
    copy: String,
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
    let campaigns = found.iter().map(|campaign| summary(t, campaign, now)).collect();
    page(&ListPage { frame: Frame::of(&visitor, "campaigns"), t, campaigns, search: asked.q.clone(), later })
}

fn summary(t: Tr, campaign: &StoredCampaign, now: DateTime<Utc>) -> Summary {
    let (phase, class) = phase_name(t, phase((campaign.approved, campaign.paused), &campaign.period, &campaign.windows, now));
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
        weight: campaign.weight.get(),
        priority: campaign.level == Level::Priority,
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

/// `GET /campaigns/new`.
pub(in crate::http) async fn new(
    State(site): State<Site>,
    visitor: Visitor,
    Query(opening): Query<Opening>,
) -> Result<Html<String>, PageError> {
    if let Ok(id) = opening.copy.parse::<CampaignId>() {
        let original = campaigns::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
        let mut draft = draft_from(&original);
        campaigns::as_copy(&mut draft, &original, visitor.t.a("copy-name", "name", &original.name), site.app.clock.now());
        return form(&site, &visitor, None, draft, &[], &opening).await;
    }
    let draft = CampaignDraft {
        playlist_id: opening.playlist.clone(),
        level: "normal".to_owned(),
        weight: "10".to_owned(),
        from: times::to_field(site.app.clock.now()),
        all_boards: true,
        ..CampaignDraft::default()
    };
    form(&site, &visitor, None, draft, &[], &Opening::default()).await
}

/// `GET /campaigns/{id}`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(opening): Query<Opening>,
) -> Result<Html<String>, PageError> {
    let id = id.parse::<CampaignId>().map_err(|_| PageError::Missing)?;
    let stored = campaigns::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    form(&site, &visitor, Some(&stored), draft_from(&stored), &[], &opening).await
}

/// The form of a campaign as it is stored.
fn draft_from(stored: &StoredCampaign) -> CampaignDraft {
    CampaignDraft {
        name: stored.name.clone(),
        playlist_id: stored.playlist.to_string(),
        level: stored.level.as_str().to_owned(),
        weight: stored.weight.get().to_string(),
        from: stored.period.from.map(times::to_field).unwrap_or_default(),
        until: stored.period.until.map(times::to_field).unwrap_or_default(),
        windows: stored.windows.iter().map(windows::from_stored).collect(),
        all_boards: stored.all_boards,
        boards: stored.boards.iter().map(ToString::to_string).collect(),
        approved: stored.approved,
    }
}

/// What is said of a step just taken: the banner's class and its words.
fn went(t: Tr, word: &str) -> Option<(&'static str, String)> {
    match word {
        "paused" => Some(("note", t.s("campaign-paused"))),
        "resumed" => Some(("good", t.s("campaign-resumed"))),
        "ended" => Some(("note", t.s("campaign-ended"))),
        _ => None,
    }
}

pub(super) fn draft_of(fields: &Fields) -> CampaignDraft {
    CampaignDraft {
        name: fields.one("name"),
        playlist_id: fields.one("playlist"),
        level: fields.one("level"),
        weight: fields.one("weight"),
        from: fields.one("from"),
        until: fields.one("until"),
        windows: windows::from_fields(fields),
        all_boards: fields.one("aim") != "some",
        boards: fields.all("board"),
        approved: fields.has("approved"),
    }
}

/// Adds or takes away a window, as a button of the form asks; false when it asks for saving.
fn change_windows(button: &str, windows: &mut Vec<WindowDraft>) -> bool {
    match button.split_once(':').unwrap_or((button, "")) {
        ("window-form", _) => {
            let days = windows::DAYS.map(str::to_owned).into();
            windows.push(WindowDraft::Form { days, from: "07:00".to_owned(), until: "09:00".to_owned() });
        }
        ("window-cron", _) => {
            windows.push(WindowDraft::Cron { cron: "0 7 * * Mon-Fri".to_owned(), duration_minutes: "60".to_owned() })
        }
        ("window-remove", number) => {
            if let Some(number) = number.parse::<usize>().ok().filter(|number| *number < windows.len()) {
                windows.remove(number);
            }
        }
        _ => return false,
    }
    true
}

/// `POST /campaigns` and `POST /campaigns/{id}`.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = id.map(|Path(id)| id.parse::<CampaignId>()).transpose().map_err(|_| PageError::Missing)?;
    let stored = match &id {
        Some(id) => Some(campaigns::get(&site.app, id).await?.ok_or(PageError::Missing)?),
        None => None,
    };
    let fields = Fields(sent);
    let mut draft = draft_of(&fields);
    let none = Opening::default();
    if change_windows(&fields.one("do"), &mut draft.windows) {
        return Ok(form(&site, &visitor, stored.as_ref(), draft, &[], &none).await?.into_response());
    }
    let unit = units::own(&site.app)
        .await?
        .ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit of the province")))?
        .id;
    match campaigns::save(&site.app, &unit, id.as_ref(), draft.clone()).await? {
        Ok(id) => Ok(Redirect::to(&format!("/campaigns/{id}?saved=true")).into_response()),
        Err(errors) => {
            let body = form(&site, &visitor, stored.as_ref(), draft, &errors, &none).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

/// `GET /campaigns/next-starts`: of the one expression among the fields sent.
pub(in crate::http) async fn next_starts(
    State(site): State<Site>,
    visitor: Visitor,
    Query(sent): Query<Vec<(String, String)>>,
) -> Result<Html<String>, PageError> {
    let cron = sent.iter().find(|(name, _)| name.ends_with("cron")).map(|(_, value)| value.as_str()).unwrap_or_default();
    let starts = windows::next_starts(visitor.t, cron, site.app.clock.now()).unwrap_or_default();
    page(&StartsPart { t: visitor.t, starts, empty: cron.trim().is_empty() })
}

async fn form(
    site: &Site,
    visitor: &Visitor,
    stored: Option<&StoredCampaign>,
    draft: CampaignDraft,
    errors: &[FieldError],
    opening: &Opening,
) -> Result<Html<String>, PageError> {
    let (t, now) = (visitor.t, site.app.clock.now());
    let errors = Errors::of(t, errors);
    let fleet = overview::fleet(&site.app).await?;
    let pick = |board: &overview::Judged| Pick {
        id: board.row.board_id.clone(),
        name: board.row.name.clone(),
        place: overview::place(&board.row.commune_code).map_or_else(String::new, |place| place_name(t, place)),
        geometry: format!("{} × {}", board.row.width, board.row.height),
        ticked: draft.boards.contains(&board.row.board_id),
    };
    let picks: Vec<_> = fleet.iter().map(pick).collect();
    let mut geometries: Vec<_> = picks.iter().map(|pick| pick.geometry.clone()).collect();
    geometries.sort();
    geometries.dedup();
    let after: Option<&PlaylistId> = None;
    let offered = plans::list(&site.app, "", after, OFFERED).await?;
    let choice = |playlist: &crate::store::playlists::StoredPlaylist| Choice {
        value: playlist.id.to_string(),
        name: playlist.name.clone(),
        chosen: playlist.id.as_str() == draft.playlist_id,
    };
    let windows =
        draft.windows.iter().enumerate().map(|(number, window)| windows::view(t, number, window, &errors, now)).collect();
    page(&FormPage {
        frame: Frame::of(visitor, "campaigns"),
        t,
        id: stored.map(|campaign| campaign.id.to_string()).unwrap_or_default(),
        title: stored.map_or_else(|| t.s("campaign-new"), |campaign| campaign.name.clone()),
        phase: stored
            .map(|campaign| phase_name(t, phase((campaign.approved, campaign.paused), &campaign.period, &campaign.windows, now))),
        may_end: stored.is_some_and(|campaign| campaign.period.until.is_none_or(|until| now < until)),
        playlists: offered.iter().map(choice).collect(),
        windows,
        picks,
        geometries,
        errors,
        saved: opening.saved,
        went: went(t, &opening.went),
        may_pause: stored.is_some_and(|campaign| !campaign.paused && !campaign.is_over(now)),
        paused: stored.is_some_and(|campaign| campaign.paused && !campaign.is_over(now)),
        reach: stored.map(|campaign| reach(t, site, campaign, &fleet)),
        draft,
    })
}

/// Which of its boards show what they should, the others first.
fn reach(t: Tr, site: &Site, campaign: &StoredCampaign, fleet: &[overview::Judged]) -> Reach {
    let aimed =
        |board: &&overview::Judged| campaign.all_boards || campaign.boards.iter().any(|id| id.as_str() == board.row.board_id);
    let mut boards: Vec<_> = fleet.iter().filter(aimed).map(|board| line(t, site, board)).collect();
    boards.sort_by_key(|line| line.settled);
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Reach { done: whole(boards.iter().filter(|line| line.settled).count()), all: whole(boards.len()), boards }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_draft_coming_running_or_over() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().expect("an instant"));
        let now = at("2026-11-23T00:00:00Z").expect("now");
        let period = |from, until| Period { from, until };
        assert_eq!(phase((true, false), &period(None, None), &[], now), Phase::Running);
        let evenings =
            Window::new("0 18 * * *".parse().expect("a cron"), std::time::Duration::from_secs(3600)).expect("a window");
        assert_eq!(phase((true, false), &period(None, None), &[evenings], now), Phase::Resting);
        assert_eq!(phase((false, false), &period(None, None), &[], now), Phase::Draft);
        assert_eq!(phase((true, true), &period(None, None), &[], now), Phase::Paused);
        assert_eq!(phase((true, false), &period(at("2026-11-24T00:00:00Z"), None), &[], now), Phase::Coming);
        assert_eq!(phase((true, false), &period(None, at("2026-11-23T00:00:00Z")), &[], now), Phase::Over);
    }

    #[test]
    fn windows_are_added_and_taken_away_by_buttons() {
        let mut windows = Vec::new();
        assert!(change_windows("window-form", &mut windows));
        assert!(change_windows("window-cron", &mut windows));
        assert!(change_windows("window-remove:0", &mut windows));
        assert!(change_windows("window-remove:7", &mut windows));
        assert!(matches!(windows.as_slice(), [WindowDraft::Cron { .. }]));
        assert!(!change_windows("save", &mut windows));
    }
}
