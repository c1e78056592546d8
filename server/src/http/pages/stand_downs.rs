//! Stand-downs: themes held back on all boards; the list, the form, and the end.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use playlists::id::{StandDownId, ThemeId};
use playlists::theme::{self, THEMES};
use serde::Deserialize;
use std::collections::BTreeSet;

use super::fields::{Errors, Fields};
use crate::app::stand_downs::{self, StandDownDraft};
use crate::app::{FieldError, overview};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::stand_downs::StandDownVersion;

/// Stand-downs of the list.
const SHOWN: u32 = 200;
/// Campaigns named beside the form.
const NAMED: usize = 12;

struct Line {
    id: String,
    name: String,
    phase: String,
    class: &'static str,
    period: String,
    themes: String,
}

#[derive(Template)]
#[template(path = "stand_downs.html")]
struct ListPage {
    frame: Frame,
    t: Tr,
    stand_downs: Vec<Line>,
    went: Option<(&'static str, String)>,
}

/// A theme in the form.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
    /// Campaigns of this theme that are not over.
    campaigns: i64,
}

#[derive(Template)]
#[template(path = "stand_down.html")]
struct FormPage {
    frame: Frame,
    t: Tr,
    /// Empty for a new one.
    id: String,
    title: String,
    phase: Option<(String, &'static str)>,
    draft: StandDownDraft,
    themes: Vec<Choice>,
    errors: Errors,
    saved: bool,
    may_end: bool,
    /// Campaigns that it holds back: link and name.
    held: Vec<(String, String)>,
    held_count: i64,
    more: i64,
    /// Campaigns without a theme.
    unthemed: i64,
    boards: i64,
}

/// How the last step went.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Went {
    #[serde(default)]
    saved: bool,
    #[serde(default)]
    ended: bool,
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Where a stand-down stands in time, and the class of its badge.
fn phase(t: Tr, version: &StandDownVersion, now_ms: i64) -> (String, &'static str) {
    if version.is_over(now_ms) {
        (t.s("phase-over"), "never")
    } else if version.from_ms > now_ms {
        (t.s("phase-coming"), "updating")
    } else {
        (t.s("stand-down-holds"), "faulty")
    }
}

fn period(t: Tr, version: &StandDownVersion) -> String {
    let from = t.instant_ms(version.from_ms);
    match version.holds_until_ms() {
        // Taken back before it began.
        Some(until) if until <= version.from_ms => t.a("stand-down-taken-back", "at", t.instant_ms(until)),
        Some(until) => format!("{from} – {}", t.instant_ms(until)),
        None => t.a("period-from", "from", from),
    }
}

/// `GET /stand-downs`.
pub(in crate::http) async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    Query(went): Query<Went>,
) -> Result<Html<String>, PageError> {
    let (t, now_ms) = (visitor.t, site.app.clock.now_ms());
    let mut found = stand_downs::list(&site.app, SHOWN).await?;
    found.sort_by_key(|version| version.is_over(now_ms));
    let line = |version: &StandDownVersion| {
        let (phase, class) = phase(t, version, now_ms);
        let themes: Vec<_> = version.themes.iter().map(|theme| t.theme(theme)).collect();
        let (id, name) = (version.id.to_string(), version.name.clone());
        Line { id, name, phase, class, period: period(t, version), themes: themes.join("; ") }
    };
    page(&ListPage {
        frame: Frame::of(&visitor, "stand-downs"),
        t,
        stand_downs: found.iter().map(line).collect(),
        went: went.ended.then(|| ("note", t.s("stand-down-ended"))),
    })
}

/// `GET /stand-downs/new`.
pub(in crate::http) async fn new(State(site): State<Site>, visitor: Visitor) -> Result<Html<String>, PageError> {
    let draft = StandDownDraft { from: times::to_field(site.app.clock.now()), ..StandDownDraft::default() };
    form(&site, &visitor, None, draft, &[], false).await
}

/// `GET /stand-downs/{id}`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(went): Query<Went>,
) -> Result<Html<String>, PageError> {
    let stored = stored(&site, &id).await?;
    let field = |ms: i64| DateTime::<Utc>::from_timestamp_millis(ms).map(times::to_field).unwrap_or_default();
    let draft = StandDownDraft {
        name: stored.name.clone(),
        themes: stored.themes.iter().map(ToString::to_string).collect(),
        from: field(stored.from_ms),
        until: stored.until_ms.map(field).unwrap_or_default(),
    };
    form(&site, &visitor, Some(&stored), draft, &[], went.saved).await
}

async fn stored(site: &Site, id: &str) -> Result<StandDownVersion, PageError> {
    let id = id.parse::<StandDownId>().map_err(|_| PageError::Missing)?;
    stand_downs::get(&site.app, &id).await?.ok_or(PageError::Missing)
}

/// `POST /stand-downs` and `POST /stand-downs/{id}`.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let old = match id {
        Some(Path(id)) => Some(stored(&site, &id).await?),
        None => None,
    };
    let fields = Fields(sent);
    let draft = StandDownDraft {
        name: fields.one("name"),
        themes: fields.all("theme"),
        from: fields.one("from"),
        until: fields.one("until"),
    };
    match stand_downs::save(&site.app, old.as_ref().map(|old| &old.id), &draft).await? {
        Ok(id) => Ok(Redirect::to(&format!("/stand-downs/{id}?saved=true")).into_response()),
        Err(errors) => {
            let body = form(&site, &visitor, old.as_ref(), draft, &errors, false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

/// `POST /stand-downs/{id}/end`.
pub(in crate::http) async fn end(State(site): State<Site>, Path(id): Path<String>) -> Result<Redirect, PageError> {
    let ended = stand_downs::end_now(&site.app, &stored(&site, &id).await?.id).await?;
    Ok(Redirect::to(if ended { "/stand-downs?ended=true" } else { "/stand-downs" }))
}

async fn form(
    site: &Site,
    visitor: &Visitor,
    stored: Option<&StandDownVersion>,
    draft: StandDownDraft,
    errors: &[FieldError],
    saved: bool,
) -> Result<Html<String>, PageError> {
    let (t, now_ms) = (visitor.t, site.app.clock.now_ms());
    let all: BTreeSet<ThemeId> = THEMES.iter().filter_map(|id| theme::known(id)).collect();
    let (themed, unthemed) = stand_downs::held_by(&site.app, &all).await?;
    let count = |id: &str| {
        let of = themed.iter().filter(|campaign| campaign.theme.as_ref().is_some_and(|theme| theme.as_str() == id));
        whole(of.count())
    };
    let choice = |id: &&str| Choice {
        value: (*id).to_owned(),
        name: t.theme_of(id),
        chosen: draft.themes.iter().any(|theme| theme == id),
        campaigns: count(id),
    };
    let chosen = |theme: &ThemeId| draft.themes.iter().any(|id| id == theme.as_str());
    let held: Vec<_> = themed.iter().filter(|campaign| campaign.theme.as_ref().is_some_and(chosen)).collect();
    let may_end = stored.is_some_and(|stored| !stored.is_over(now_ms));
    page(&FormPage {
        frame: Frame::of(visitor, "stand-downs"),
        t,
        id: stored.map(|stored| stored.id.to_string()).unwrap_or_default(),
        title: stored.map_or_else(|| t.s("stand-down-new"), |stored| stored.name.clone()),
        phase: stored.map(|stored| phase(t, stored, now_ms)),
        themes: THEMES.iter().map(choice).collect(),
        errors: Errors::of(t, errors),
        saved,
        may_end,
        held: held.iter().take(NAMED).map(|campaign| (format!("/campaigns/{}", campaign.id), campaign.name.clone())).collect(),
        held_count: whole(held.len()),
        more: whole(held.len().saturating_sub(NAMED)),
        unthemed: whole(unthemed),
        boards: whole(overview::fleet(&site.app).await?.len()),
        draft,
    })
}
