//! The forecast beside a campaign's form: what it will get, what it does to others, what boards fetch for it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Response};
use playlists::id::CampaignId;
use playlists::schedule::{Airtime, Displaced, Forecast, Refusal};

use super::campaigns::draft_of;
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
    /// Boards that are not shown.
    left_out: i64,
    pictures: Vec<String>,
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
            left_out: 0,
            pictures: Vec::new(),
        })?,
    };
    Ok(body.into_response())
}

fn told(t: Tr, outlook: &Outlook) -> Result<Html<String>, PageError> {
    let groups = outlook.counted.iter().take(GROUPS).map(|counted| group(t, outlook, counted)).collect();
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
        left_out: whole(beyond + outlook.left_out),
        pictures: outlook.pictures.iter().map(picture).collect(),
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
    let refusals = counted.refusals.iter().filter(|refusal| concerns(refusal, &outlook.campaign));
    Group {
        boards: t.n("boards-count", whole(counted.boards.len())),
        lines: found.iter().take(LINES).map(line).collect(),
        more: whole(found.len().saturating_sub(LINES)),
        refusals: refusals.map(|refusal| refused(t, outlook, refusal)).collect(),
        displaced: after.displaced.iter().filter(of_this).take(LINES).map(|d| displaced(t, outlook, d)).collect(),
    }
}

fn percent(t: Tr, share: f64) -> String {
    format!("{} %", t.decimal(share))
}

/// Whether a refusal is of the campaign that is edited, or of all together.
fn concerns(refusal: &Refusal, own: &CampaignId) -> bool {
    match refusal {
        Refusal::TooMuch { .. } | Refusal::TooLong { .. } => true,
        Refusal::NeverComes(id) | Refusal::Past { campaign: id, .. } => id == own,
    }
}

fn name(t: Tr, outlook: &Outlook, id: &CampaignId) -> String {
    outlook.names.campaigns.get(id).cloned().unwrap_or_else(|| t.s("forecast-this"))
}

fn refused(t: Tr, outlook: &Outlook, refusal: &Refusal) -> String {
    match refusal {
        Refusal::TooMuch { since, asked_s, most_s, .. } => t.args(
            "refused-too-much",
            &[("since", t.instant(*since)), ("asked", asked_s.to_string()), ("most", most_s.to_string())],
        ),
        Refusal::TooLong { campaign, length_s, most_s } => {
            let of = campaign.as_ref().map_or_else(|| t.s("now-default"), |id| name(t, outlook, id));
            t.args("refused-too-long", &[("of", of), ("length", length_s.to_string()), ("most", most_s.to_string())])
        }
        Refusal::NeverComes(_) => t.s("error-window-never"),
        Refusal::Past { .. } => t.s("error-period-past"),
    }
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
