//! The forecast beside a campaign's form: what it will get, what it does to others, what boards fetch for it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Response};
use playlists::id::CampaignId;
use playlists::schedule::{Airtime, Displaced, Forecast, Refusal};

use super::campaign_form::draft_of;
use super::fields::{Errors, Fields};
use crate::app::forecast::{AHEAD, Counted, Outlook, forecast};
use crate::app::units;
use crate::http::error::{PageError, page};
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;

/// Groups of boards shown.
const GROUPS: usize = 6;
/// Lines of a group's table, and of what is displaced.
const LINES: usize = 12;

/// One campaign's figures.
struct Line {
    name: String,
    own: bool,
    plays: String,
    share: String,
    /// Its share as things are; empty for what is new, or does not change.
    was: String,
    /// Share in per cent, for the bar.
    percent: i64,
}

/// Boards with the same figures.
struct Group {
    boards: String,
    lines: Vec<Line>,
    more: i64,
    /// Plays per hour that will not be started.
    lapses: String,
    refusals: Vec<String>,
    displaced: Vec<String>,
}

#[derive(Template)]
#[template(path = "parts/forecast.html")]
struct Part {
    t: Tr,
    errors: Errors,
    range: String,
    groups: Vec<Group>,
    /// On how many boards the loop changes at once.
    jumps: String,
    /// Boards that are not shown.
    left_out: i64,
    pictures: Vec<String>,
    /// What does not fit beside plays per hour.
    refused: Vec<String>,
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `POST /campaigns/forecast` and `POST /campaigns/{id}/forecast`: of the form as it stands; nothing is saved.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (t, app) = (visitor.t, &site.app);
    let id = id.map(|Path(id)| id.parse::<CampaignId>()).transpose().map_err(|_| PageError::Missing)?;
    let unit = units::own(app).await?.ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit")))?.id;
    let body = match forecast(app, &unit, id.as_ref(), &draft_of(&Fields(sent))).await? {
        Ok(outlook) => told(t, &outlook)?,
        Err(errors) => page(&Part {
            t,
            errors: Errors::of(t, &errors),
            range: String::new(),
            groups: Vec::new(),
            jumps: String::new(),
            left_out: 0,
            pictures: Vec::new(),
            refused: Vec::new(),
        })?,
    };
    Ok(body.into_response())
}

fn told(t: Tr, outlook: &Outlook) -> Result<Html<String>, PageError> {
    let groups = outlook.counted.iter().take(GROUPS).map(|counted| group(t, outlook, counted)).collect();
    let boards = |counted: &Counted| counted.boards.len();
    let all = whole(outlook.counted.iter().map(boards).sum());
    let jumping = whole(outlook.counted.iter().filter(|counted| counted.jumps).map(boards).sum());
    let beyond: usize = outlook.counted.iter().skip(GROUPS).map(|counted| counted.boards.len()).sum();
    let picture = |of: &crate::app::preview::Pictures| {
        let size = format!("{} × {}", of.geometry.width(), of.geometry.height());
        let bytes = t.bytes(i64::try_from(of.bytes).unwrap_or(i64::MAX));
        let mut said = format!("{size} ({}): {bytes}", t.n("boards-count", whole(of.boards)));
        if of.unmade > 0 {
            said.push_str(&format!(", {}", t.n("forecast-unmade", whole(of.unmade))));
        }
        if of.failed > 0 {
            said.push_str(&format!(", {}", t.n("forecast-failed", whole(of.failed))));
        }
        said
    };
    page(&Part {
        t,
        errors: Errors::default(),
        range: t.args(
            "forecast-range",
            &[("from", t.instant(outlook.from)), ("until", t.instant(outlook.until)), ("days", AHEAD.num_days().to_string())],
        ),
        groups,
        jumps: if jumping == 0 { t.n("step-nothing-now", all) } else { t.of("step-jumps-if", jumping, all) },
        left_out: whole(beyond + outlook.left_out),
        pictures: outlook.pictures.iter().map(picture).collect(),
        refused: Errors::of(t, &outlook.refused).list().iter().map(|(_, text)| text.clone()).collect(),
    })
}

fn group(t: Tr, outlook: &Outlook, counted: &Counted) -> Group {
    let (before, after) = (&counted.before, &counted.after);
    let mut ids: BTreeSet<&CampaignId> = before.campaigns.keys().chain(after.campaigns.keys()).collect();
    ids.insert(&outlook.campaign);
    let of = |forecast: &Forecast, id| forecast.campaigns.get(id).copied().unwrap_or_default();
    let mut found: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let own = *id == outlook.campaign;
            let name = match outlook.names.campaigns.get(id) {
                Some(name) => name.clone(),
                None => t.s("forecast-this"),
            };
            (name, own, of(before, id), of(after, id))
        })
        .collect();
    let running: BTreeSet<&CampaignId> = counted.running_before.keys().chain(counted.running_after.keys()).collect();
    // A campaign that only runs a ticker has no line of its own beneath.
    found.retain(|(_, own, had, gets)| !own || had.plays + gets.plays > 0 || !running.contains(&outlook.campaign));
    for id in running {
        let of = |gets: &std::collections::BTreeMap<CampaignId, Airtime>| gets.get(id).copied().unwrap_or_default();
        let name = t.a("timeline-ticker", "name", name(t, outlook, id));
        found.push((name, *id == outlook.campaign, of(&counted.running_before), of(&counted.running_after)));
    }
    if before.default.plays + after.default.plays > 0 {
        found.push((t.s("now-default"), false, before.default, after.default));
    }
    if before.safe_item.plays + after.safe_item.plays > 0 {
        found.push((t.s("now-safe"), false, before.safe_item, after.safe_item));
    }
    found.sort_by_key(|(_, own, _, gets)| (!own, Reverse(gets.shown_ms)));
    let line = |(name, own, had, gets): &(String, bool, Airtime, Airtime)| {
        let (had, share) = (before.share(*had) * 100.0, after.share(*gets) * 100.0);
        Line {
            name: name.clone(),
            own: *own,
            plays: t.decimal(after.plays_per_hour(*gets)),
            share: percent(t, share),
            was: if percent(t, had) == percent(t, share) { String::new() } else { percent(t, had) },
            percent: share.round() as i64,
        }
    };
    let of_this = |displaced: &&Displaced| displaced.campaign == outlook.campaign || displaced.by.contains(&outlook.campaign);
    // What does not fit beside plays per hour is told for a year ahead, above.
    let refusals = counted.refusals.iter().filter(|refusal| concerns(refusal, &outlook.campaign));
    Group {
        boards: t.n("boards-count", whole(counted.boards.len())),
        lines: found.iter().take(LINES).map(line).collect(),
        more: whole(found.len().saturating_sub(LINES)),
        lapses: lapses(t, outlook, &after.lapses),
        refusals: refusals.map(|refusal| refused(t, refusal)).collect(),
        displaced: after.displaced.iter().filter(of_this).take(LINES).map(|d| displaced(t, outlook, d)).collect(),
    }
}

fn percent(t: Tr, share: f64) -> String {
    format!("{} %", t.decimal(share))
}

/// Whether a refusal is of the campaign that is edited.
fn concerns(refusal: &Refusal, own: &CampaignId) -> bool {
    match refusal {
        Refusal::TooMuch { .. } | Refusal::TooLong { .. } => false,
        Refusal::NeverComes(id) | Refusal::Past { campaign: id, .. } => id == own,
    }
}

fn name(t: Tr, outlook: &Outlook, id: &CampaignId) -> String {
    outlook.names.campaigns.get(id).cloned().unwrap_or_else(|| t.s("forecast-this"))
}

/// Of those that [`concerns`] lets through.
fn refused(t: Tr, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Past { .. } => t.s("error-period-past"),
        Refusal::NeverComes(_) | Refusal::TooMuch { .. } | Refusal::TooLong { .. } => t.s("error-window-never"),
    }
}

/// Plays per hour that lapse, counted by campaign; empty where none does.
fn lapses(t: Tr, outlook: &Outlook, lapses: &[(CampaignId, chrono::DateTime<chrono::Utc>)]) -> String {
    let mut counts: std::collections::BTreeMap<&CampaignId, i64> = std::collections::BTreeMap::new();
    for (id, _) in lapses {
        *counts.entry(id).or_default() += 1;
    }
    let said: Vec<_> = counts.iter().map(|(id, n)| format!("{} × {n}", name(t, outlook, id))).collect();
    if said.is_empty() { String::new() } else { t.a("forecast-lapses", "plays", said.join(", ")) }
}

fn displaced(t: Tr, outlook: &Outlook, displaced: &Displaced) -> String {
    let by: Vec<_> = displaced.by.iter().map(|id| name(t, outlook, id)).collect();
    let words = [
        ("name", name(t, outlook, &displaced.campaign)),
        ("by", by.join(", ")),
        ("since", t.instant(displaced.since)),
        ("until", t.instant(displaced.until)),
    ];
    t.args("forecast-displaced", &words)
}
