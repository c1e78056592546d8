//! A campaign's form, and after saving which boards have taken it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::campaign::Share;
use playlists::id::{CampaignId, PlaylistId};
use playlists::theme::THEMES;
use serde::Deserialize;

use super::campaigns::{phase, phase_name};
use super::fields::{Errors, Fields};
use super::overview::{Line, line, place_name};
use super::windows::{self, WindowView};
use crate::app::campaign_draft::{CampaignDraft, StartsDraft, WindowDraft};
use crate::app::{FieldError, assets, campaigns, overview, playlists as plans, stand_downs, units};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::campaigns::StoredCampaign;

/// Playlists, and tickers, offered in the form.
const OFFERED: u32 = 500;

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
    tickers: Vec<Choice>,
    themes: Vec<Choice>,
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
    words: String,
    starts: Vec<String>,
    empty: bool,
}

/// What a new campaign starts with, or how the last step went.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Opening {
    #[serde(default)]
    playlist: String,
    /// An asset of kind ticker.
    #[serde(default)]
    ticker: String,
    #[serde(default)]
    saved: bool,
    /// `paused`, `resumed` or `ended`: a step just taken.
    #[serde(default)]
    went: String,
    /// The campaign that the new one is to be like.
    #[serde(default)]
    copy: String,
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
        shown: if opening.ticker.is_empty() { "playlist" } else { "ticker" }.to_owned(),
        playlist_id: opening.playlist.clone(),
        ticker_asset_id: opening.ticker.clone(),
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
        shown: if stored.plays.ticker().is_some() { "ticker" } else { "playlist" }.to_owned(),
        playlist_id: stored.plays.playlist().map(ToString::to_string).unwrap_or_default(),
        ticker_asset_id: stored.plays.ticker().map(ToString::to_string).unwrap_or_default(),
        level: stored.level.as_str().to_owned(),
        share: if matches!(stored.share, Share::PerHour(_)) { "per_hour" } else { "weight" }.to_owned(),
        weight: if let Share::Weight(weight) = stored.share { weight.get().to_string() } else { "10".to_owned() },
        per_hour: if let Share::PerHour(plays) = stored.share { plays.get().to_string() } else { String::new() },
        theme: stored.theme.as_ref().map(ToString::to_string).unwrap_or_default(),
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
        "refused" => Some(("bad", t.s("campaign-not-resumed"))),
        _ => None,
    }
}

pub(super) fn draft_of(fields: &Fields) -> CampaignDraft {
    CampaignDraft {
        name: fields.one("name"),
        shown: fields.one("shown"),
        playlist_id: fields.one("playlist"),
        ticker_asset_id: fields.one("ticker"),
        level: fields.one("level"),
        share: fields.one("share"),
        weight: fields.one("weight"),
        per_hour: fields.one("per_hour"),
        theme: fields.one("theme"),
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
            windows.push(StartsDraft::Form { days, from: "07:00".to_owned(), until: "09:00".to_owned() }.into());
        }
        ("window-cron", _) => {
            let (cron, duration_minutes) = ("0 7 * * Mon-Fri".to_owned(), "60".to_owned());
            windows.push(StartsDraft::Cron { cron, duration_minutes }.into());
        }
        ("window-lunar", _) => {
            let (month, day, at) = ("1".to_owned(), "1".to_owned(), "00:00".to_owned());
            windows.push(StartsDraft::Lunar { month, day, at, duration_minutes: "1440".to_owned() }.into());
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

/// `GET /campaigns/next-starts`: of the one window among the fields sent.
pub(in crate::http) async fn next_starts(
    State(site): State<Site>,
    visitor: Visitor,
    Query(sent): Query<Vec<(String, String)>>,
) -> Result<Html<String>, PageError> {
    let window = windows::from_fields(&Fields(sent)).into_iter().next();
    let (words, starts, empty) = window.map_or_else(Default::default, |window| {
        let (words, starts) = windows::told(visitor.t, &window, site.app.clock.now());
        (words, starts, windows::is_empty(&window))
    });
    page(&StartsPart { t: visitor.t, words, starts, empty })
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
    let held = stand_downs::held_now(&site.app).await?;
    let offered = plans::list(&site.app, "", after, OFFERED).await?;
    let choice = |playlist: &crate::store::playlists::StoredPlaylist| Choice {
        value: playlist.id.to_string(),
        name: playlist.name.clone(),
        chosen: playlist.id.as_str() == draft.playlist_id,
    };
    let tickers = assets::tickers(&site.app, OFFERED).await?;
    let ticker = |asset: &crate::store::assets::Asset| Choice {
        value: asset.id.to_string(),
        name: asset.name.clone(),
        chosen: asset.id.as_str() == draft.ticker_asset_id,
    };
    let theme = |id: &&str| Choice { value: (*id).to_owned(), name: t.theme_of(id), chosen: *id == draft.theme };
    let windows =
        draft.windows.iter().enumerate().map(|(number, window)| windows::view(t, number, window, &errors, now)).collect();
    page(&FormPage {
        frame: Frame::of(visitor, "campaigns"),
        t,
        id: stored.map(|campaign| campaign.id.to_string()).unwrap_or_default(),
        title: stored.map_or_else(|| t.s("campaign-new"), |campaign| campaign.name.clone()),
        phase: stored.map(|campaign| phase_name(t, phase(campaign, &held, now))),
        may_end: stored.is_some_and(|campaign| campaign.period.until.is_none_or(|until| now < until)),
        playlists: offered.iter().map(choice).collect(),
        tickers: tickers.iter().map(ticker).collect(),
        themes: THEMES.iter().map(theme).collect(),
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
    fn windows_are_added_and_taken_away_by_buttons() {
        let mut windows = Vec::new();
        assert!(change_windows("window-form", &mut windows));
        assert!(change_windows("window-cron", &mut windows));
        assert!(change_windows("window-remove:0", &mut windows));
        assert!(change_windows("window-remove:7", &mut windows));
        assert!(change_windows("window-lunar", &mut windows));
        let [cron, lunar] = windows.as_slice() else { panic!("{windows:?}") };
        assert!(matches!((&cron.starts, &lunar.starts), (StartsDraft::Cron { .. }, StartsDraft::Lunar { .. })));
        assert!(!change_windows("save", &mut windows));
    }
}
