//! A board's timeline: who shares the board through a broadcast day, drawn and as a list; entry by entry, and why, at an instant.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::id::{BoardId, CampaignId};
use playlists::local::{broadcast_day, day_start};
use playlists::schedule::{Shows, Stretch, TickerStretch};
use serde::Deserialize;

use crate::app::boards;
use crate::app::course::{Names, Told, course};
use crate::app::explain::explain;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::http::{reasons, times};

/// Most stretches of a day; a window lasts a minute at least.
const MOST: usize = 3000;
/// Marks of the hours along a day.
const MARKS: i32 = 8;

/// A stretch of a row, in seconds from the day's start.
struct Bar {
    from: i64,
    length: i64,
    title: String,
}

/// Whoever shares the board, with when.
struct Row {
    name: String,
    link: String,
    class: &'static str,
    bars: Vec<Bar>,
}

/// A stretch as a line of the list.
struct Stint {
    from: String,
    until: String,
    /// Instant of its start, as the field of an instant takes it.
    at: String,
    shows: Vec<(String, String)>,
    text: String,
    now: bool,
}

/// Why one campaign is on or not.
struct Part {
    id: String,
    name: String,
    text: String,
    on: bool,
    next: String,
}

/// Why the board shows what it shows.
struct Explained {
    at: String,
    what: String,
    rule: String,
    since: String,
    until: String,
    parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelinePage {
    frame: Frame,
    t: Tr,
    id: String,
    name: String,
    day: String,
    day_name: String,
    before: String,
    after: String,
    today: bool,
    seconds: i64,
    /// Where now lies, in seconds from the day's start.
    now: Option<i64>,
    marks: Vec<String>,
    rows: Vec<Row>,
    stints: Vec<Stint>,
    explained: Option<Explained>,
    at: String,
    from_stamp: String,
    until_stamp: String,
    unknown: bool,
}

/// Which day, and which instant is to be explained.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    day: String,
    #[serde(default)]
    at: String,
}

/// `GET /boards/{id}/timeline?day&at`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let (t, app) = (visitor.t, &site.app);
    let id: BoardId = id.parse().map_err(|_| PageError::Missing)?;
    let board = boards::get(app, &id).await?.ok_or(PageError::Missing)?;
    let (now, tz) = (app.clock.now(), board.time_zone);
    let at = times::from_field(&asked.at);
    let today = broadcast_day(now, tz);
    let day = asked.day.parse::<NaiveDate>().ok().or_else(|| at.map(|at| broadcast_day(at, tz))).unwrap_or(today);
    let moved =
        |by: u64, forth: bool| if forth { day.checked_add_days(Days::new(by)) } else { day.checked_sub_days(Days::new(by)) };
    let (Some(before), Some(after)) = (moved(1, false), moved(1, true)) else { return Err(PageError::Unreadable) };
    let (from, until) = (day_start(day, tz), day_start(after, tz));
    if !(1970..2100).contains(&chrono::Datelike::year(&day)) {
        return Err(PageError::Unreadable);
    }
    let course = course(app, &id, from, until).await?.ok_or(PageError::Missing)?;
    let work = tokio::task::spawn_blocking(move || (course.stretches(MOST), course.tickers(MOST))).await;
    let (told, tickers) = work.map_err(PageError::failed)?;
    let running = tickers.iter().flat_map(|stretch| &stretch.campaigns);
    let of: BTreeSet<CampaignId> = told.iter().flat_map(ids).chain(running).cloned().collect();
    let names = Names::load(app, &[], &of).await?;
    let explained = match at {
        Some(at) => explained(&site, t, &id, at).await?,
        None => None,
    };
    page(&TimelinePage {
        frame: Frame::of(&visitor, "boards"),
        t,
        id: id.to_string(),
        name: board.name,
        day: day.to_string(),
        day_name: t.date(day),
        before: before.to_string(),
        after: after.to_string(),
        today: day == today,
        seconds: (until - from).num_seconds(),
        now: (from <= now && now < until).then(|| (now - from).num_seconds()),
        marks: marks(from, until, tz),
        rows: rows(t, &told, &names, from).into_iter().chain(ticker_rows(t, &tickers, &names, from)).collect(),
        stints: told.iter().map(|told| stint(t, told, &tickers, &names, now)).collect(),
        explained,
        at: times::to_field(at.unwrap_or(now)),
        from_stamp: from.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        until_stamp: until.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        unknown: told.iter().all(|told| matches!(told, Told::Unknown(..))),
    })
}

fn ids(told: &Told<Stretch>) -> impl Iterator<Item = &CampaignId> {
    named(told).map(|(id, _)| id)
}

/// Whoever shares the board, and whether by plays per hour.
fn named(told: &Told<Stretch>) -> impl Iterator<Item = (&CampaignId, bool)> {
    let (weighted, per_hour) = match told {
        Told::Known(Stretch { shows: Shows::Loop { weighted, per_hour }, .. }) => (&weighted[..], &per_hour[..]),
        Told::Known(_) | Told::Unknown(..) => (&[][..], &[][..]),
    };
    weighted.iter().map(|id| (id, false)).chain(per_hour.iter().map(|id| (id, true)))
}

/// Local times along a day.
fn marks(from: DateTime<Utc>, until: DateTime<Utc>, tz: Tz) -> Vec<String> {
    let step = (until - from) / MARKS;
    (0..MARKS).map(|n| (from + step * n).with_timezone(&tz).format("%H:%M").to_string()).collect()
}

fn span(told: &Told<Stretch>) -> (DateTime<Utc>, DateTime<Utc>) {
    match told {
        Told::Known(stretch) => (stretch.since, stretch.until),
        Told::Unknown(from, until) => (*from, *until),
    }
}

/// A row for each campaign in the order of their first turns, then the default playlist, the safe item, notices, and dark stretches.
fn rows(t: Tr, told: &[Told<Stretch>], names: &Names, day: DateTime<Utc>) -> Vec<Row> {
    let mut rows: BTreeMap<(u8, usize), Row> = BTreeMap::new();
    let mut order: BTreeMap<&CampaignId, usize> = BTreeMap::new();
    for told in told {
        let (from, until) = span(told);
        let bar = || Bar {
            from: (from - day).num_seconds(),
            length: (until - from).num_seconds().max(1),
            title: format!("{} – {}", t.clock_time(from), t.clock_time(until)),
        };
        let mut put = |key, name: String, link: String, class| {
            rows.entry(key).or_insert_with(|| Row { name, link, class, bars: Vec::new() }).bars.push(bar());
        };
        for (id, per_hour) in named(told) {
            let next = order.len();
            let number = *order.entry(id).or_insert(next);
            let class = if per_hour { "bar-hourly" } else { "bar-campaign" };
            put((0, number), name(t, names, id, per_hour), format!("/campaigns/{id}"), class);
        }
        match told {
            Told::Known(Stretch { shows: Shows::Loop { weighted, .. }, .. }) if !weighted.is_empty() => {}
            Told::Known(Stretch { shows: Shows::Loop { .. }, .. }) => {
                put((1, 0), t.s("now-default"), String::new(), "bar-default");
            }
            Told::Known(Stretch { shows: Shows::SafeItem, .. }) => put((2, 0), t.s("now-safe"), String::new(), "bar-default"),
            Told::Known(Stretch { shows: Shows::Notices(_), .. }) => put((3, 0), t.s("now-notice"), String::new(), "bar-notice"),
            Told::Known(Stretch { shows: Shows::Dark, .. }) => put((4, 0), t.s("now-dark"), String::new(), "bar-dark"),
            Told::Unknown(..) => put((5, 0), t.s("timeline-unknown"), String::new(), "bar-dark"),
        }
    }
    rows.into_values().collect()
}

/// A row for each campaign that runs a ticker, in the order of their first turns.
fn ticker_rows(t: Tr, tickers: &[TickerStretch], names: &Names, day: DateTime<Utc>) -> Vec<Row> {
    let mut rows: Vec<(&CampaignId, Row)> = Vec::new();
    for stretch in tickers {
        for id in &stretch.campaigns {
            let bar = Bar {
                from: (stretch.since - day).num_seconds(),
                length: (stretch.until - stretch.since).num_seconds().max(1),
                title: format!("{} – {}", t.clock_time(stretch.since), t.clock_time(stretch.until)),
            };
            match rows.iter_mut().find(|(known, _)| *known == id) {
                Some((_, row)) => row.bars.push(bar),
                None => {
                    let name = t.a("timeline-ticker", "name", names.campaign(id));
                    rows.push((id, Row { name, link: format!("/campaigns/{id}"), class: "bar-ticker", bars: vec![bar] }));
                }
            }
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A campaign's name; of one with plays per hour, that it has them.
fn name(t: Tr, names: &Names, id: &CampaignId, per_hour: bool) -> String {
    let name = names.campaign(id);
    if per_hour { t.a("timeline-per-hour", "name", name) } else { name.to_owned() }
}

fn stint(t: Tr, told: &Told<Stretch>, tickers: &[TickerStretch], names: &Names, now: DateTime<Utc>) -> Stint {
    let (from, until) = span(told);
    let mut shows: Vec<_> =
        named(told).map(|(id, per_hour)| (format!("/campaigns/{id}"), name(t, names, id, per_hour))).collect();
    let over_it = tickers.iter().filter(|stretch| stretch.since < until && from < stretch.until);
    let over_it: BTreeSet<&CampaignId> = over_it.flat_map(|stretch| &stretch.campaigns).collect();
    shows.extend(over_it.iter().map(|id| (format!("/campaigns/{id}"), t.a("timeline-ticker", "name", names.campaign(id)))));
    let text = match told {
        Told::Known(Stretch { shows: Shows::Loop { weighted, .. }, .. }) if !weighted.is_empty() => String::new(),
        Told::Known(Stretch { shows: Shows::Loop { .. }, .. }) => t.s("now-default"),
        Told::Known(Stretch { shows: Shows::SafeItem, .. }) => t.s("now-safe"),
        Told::Known(Stretch { shows: Shows::Notices(_), .. }) => t.s("now-notice"),
        Told::Known(Stretch { shows: Shows::Dark, .. }) => t.s("now-dark"),
        Told::Unknown(..) => t.s("timeline-unknown"),
    };
    // A field of time knows minutes: the first whole one within the stretch.
    let minute = from + TimeDelta::seconds(59);
    Stint {
        from: t.clock_time(from),
        until: t.clock_time(until),
        at: times::to_field(minute),
        shows,
        text,
        now: from <= now && now < until,
    }
}

async fn explained(site: &Site, t: Tr, id: &BoardId, at: DateTime<Utc>) -> Result<Option<Explained>, PageError> {
    let Some(explained) = explain(&site.app, id, at).await? else { return Ok(None) };
    let part = |(id, because): &(CampaignId, crate::app::explain::Because)| Part {
        id: id.to_string(),
        name: if explained.tickers.contains(id) {
            t.a("timeline-ticker", "name", explained.names.campaign(id))
        } else {
            explained.names.campaign(id).to_owned()
        },
        text: reasons::because(t, &explained, because),
        on: reasons::code(because) == "on",
        next: reasons::next(because).map(|next| t.stamp(next)).unwrap_or_default(),
    };
    let mut parts: Vec<_> = explained.reasons.iter().map(part).collect();
    parts.sort_by_key(|part| !part.on);
    let on = explained.explanation.as_ref();
    Ok(Some(Explained {
        at: t.instant(at),
        what: on.map_or_else(|| t.s("timeline-unknown"), |on| reasons::what(t, &explained.names, on)),
        rule: on.map(|on| reasons::rule(t, on.rule)).unwrap_or_default(),
        since: on.map(|on| t.stamp(on.showing.since)).unwrap_or_default(),
        until: on.map(|on| t.stamp(on.showing.until)).unwrap_or_default(),
        parts,
    }))
}
