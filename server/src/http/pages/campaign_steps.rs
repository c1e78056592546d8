//! Steps with a campaign as a whole: hold it back, let it go on, end it. A page says before what will happen on the boards.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use playlists::id::{AssetId, CampaignId};
use playlists::schedule::{Showing, What};

use crate::app::campaigns::{self, Step};
use crate::app::overview::{self, BoardState};
use crate::app::preview::{self, Group};
use crate::app::safe_item;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::{assets, campaigns as rows};

/// Lines of the table; boards beyond them are counted.
const SHOWN: usize = 8;

/// What some boards show now, and what after.
struct Change {
    boards: String,
    now: String,
    until: String,
    then: String,
}

#[derive(Template)]
#[template(path = "campaign_step.html")]
struct StepPage {
    frame: Frame,
    t: Tr,
    id: String,
    name: String,
    step: &'static str,
    title: String,
    text: String,
    confirm: String,
    danger: bool,
    changes: Vec<Change>,
    /// Boards in lines that are not shown.
    more: i64,
    /// Boards whose loop changes now, of all at which it is aimed.
    jumping: i64,
    aimed: i64,
    /// Of those at which it is aimed: connected now.
    connected: i64,
}

fn step(word: &str) -> Result<Step, PageError> {
    match word {
        "pause" => Ok(Step::Pause),
        "resume" => Ok(Step::Resume),
        "end" => Ok(Step::End),
        _ => Err(PageError::Missing),
    }
}

/// `GET /campaigns/{id}/pause`, `…/resume` and `…/end`.
pub(in crate::http) async fn ask(
    State(site): State<Site>,
    visitor: Visitor,
    Path((id, word)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, step) = (id.parse::<CampaignId>().map_err(|_| PageError::Missing)?, step(&word)?);
    let campaign = campaigns::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    let Some(supposed) = campaigns::supposed(&site.app, &id, step).await? else {
        // Somebody else was quicker: the campaign's page says how it stands.
        return Ok(Redirect::to(&format!("/campaigns/{id}")).into_response());
    };
    let t = visitor.t;
    let groups = preview::suppose(&site.app, &supposed).await?.groups;
    let (changes, more, jumping) = changes(&site, t, &groups).await?;
    let aimed: BTreeSet<&str> = groups.iter().flat_map(|group| &group.boards).map(|board| board.as_str()).collect();
    let answers = |state| matches!(state, BoardState::Live | BoardState::Updating | BoardState::Faulty);
    let fleet = overview::fleet(&site.app).await?;
    let connected = fleet.iter().filter(|board| answers(board.state) && aimed.contains(board.row.board_id.as_str())).count();
    let (step, title, text, confirm) = match step {
        Step::Pause => ("pause", t.a("pause-title", "name", &campaign.name), t.s("pause-text"), t.s("pause-now")),
        Step::Resume => ("resume", t.a("resume-title", "name", &campaign.name), t.s("resume-text"), t.s("resume-now")),
        Step::End => ("end", t.a("end-ask-title", "name", &campaign.name), t.s("end-text"), t.s("end-now")),
    };
    let body = page(&StepPage {
        frame: Frame::of(&visitor, "campaigns"),
        t,
        id: id.to_string(),
        name: campaign.name,
        danger: step != "resume",
        step,
        title,
        text,
        confirm,
        changes,
        more,
        jumping,
        aimed: whole(aimed.len()),
        connected: whole(connected),
    })?;
    Ok(body.into_response())
}

/// `POST /campaigns/{id}/pause`, `…/resume` and `…/end`.
pub(in crate::http) async fn take(
    State(site): State<Site>,
    Path((id, word)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let id = id.parse::<CampaignId>().map_err(|_| PageError::Missing)?;
    let went = match step(&word)? {
        Step::Pause => campaigns::pause(&site.app, &id).await?.then_some("paused"),
        Step::Resume => match campaigns::resume(&site.app, &id).await? {
            Ok(resumed) => resumed.then_some("resumed"),
            Err(_) => Some("refused"),
        },
        Step::End => campaigns::end_now(&site.app, &id).await?.then_some("ended"),
    };
    Ok(Redirect::to(&went.map_or_else(|| format!("/campaigns/{id}"), |went| format!("/campaigns/{id}?went={went}"))))
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The lines of the table, how many boards are beyond them, and how many boards' loops change now.
async fn changes(site: &Site, t: Tr, groups: &[Group]) -> Result<(Vec<Change>, i64, i64), PageError> {
    let now = site.app.clock.now();
    let mut found: Vec<(usize, Showing, Showing)> = Vec::new();
    for group in groups {
        let (before, after) = (group.before.resolve(now), group.after.resolve(now));
        if before == after {
            continue;
        }
        match found.iter_mut().find(|(_, b, a)| *b == before && *a == after) {
            Some((boards, ..)) => *boards += group.boards.len(),
            None => found.push((group.boards.len(), before, after)),
        }
    }
    found.sort_by_key(|(boards, ..)| std::cmp::Reverse(*boards));
    let jumping = found.iter().map(|(boards, ..)| boards).sum();
    let more = found.iter().skip(SHOWN).map(|(boards, ..)| boards).sum();
    let names = Names::of(site, found.iter().flat_map(|(_, before, after)| [before, after])).await?;
    let line = |(boards, before, after): &(usize, Showing, Showing)| Change {
        boards: t.n("boards-count", whole(*boards)),
        now: names.say(t, before),
        until: t.clock_time(before.until),
        then: names.say(t, after),
    };
    Ok((found.iter().take(SHOWN).map(line).collect(), whole(more), whole(jumping)))
}

/// Names of assets and campaigns.
struct Names {
    assets: BTreeMap<AssetId, String>,
    campaigns: BTreeMap<CampaignId, String>,
}

impl Names {
    async fn of(site: &Site, shown: impl Iterator<Item = &Showing>) -> Result<Self, PageError> {
        let (mut wanted, mut of) = (BTreeSet::new(), BTreeSet::new());
        for showing in shown {
            if let What::Entry(slot) = &showing.what {
                wanted.extend(slot.asset.clone());
                of.extend(slot.campaign.clone());
            }
        }
        let found = assets::many(&site.app.db, &wanted.into_iter().collect::<Vec<_>>()).await?;
        let campaigns = rows::names(&site.app.db, &of.into_iter().collect::<Vec<_>>()).await?;
        Ok(Self { assets: found.into_iter().map(|asset| (asset.id, asset.name)).collect(), campaigns })
    }

    fn say(&self, t: Tr, showing: &Showing) -> String {
        let What::Entry(slot) = &showing.what else { return t.s("now-dark") };
        let what = slot
            .asset
            .as_ref()
            .filter(|asset| !safe_item::is(asset))
            .and_then(|asset| self.assets.get(asset))
            .cloned()
            .unwrap_or_else(|| t.s("now-safe"));
        match slot.campaign.as_ref().and_then(|campaign| self.campaigns.get(campaign)) {
            Some(campaign) => format!("{what} · {campaign}"),
            None => format!("{what} · {}", t.s("now-default")),
        }
    }
}
