//! Playlists: the list, and a form whose entries are added, removed and moved by buttons, with or without script.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::asset::AssetKind;
use playlists::id::{AssetId, PlaylistId};
use serde::Deserialize;

use super::assets::{Card, card};
use super::fields::{Errors, Fields};
use crate::app::pins::length_of;
use crate::app::playlists::{self as plans, EntryDraft, PlaylistDraft, seconds};
use crate::app::{FieldError, assets, lengths, units};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, escape};
use crate::http::words::Tr;
use crate::store;
use crate::store::assets::Asset;
use crate::store::playlists::StoredEntry;

/// Playlists of one page.
const PAGE: usize = 100;
/// Assets offered beside the form.
const OFFERED: u32 = 60;
/// Seconds a new entry is on the screen.
const NEW_ENTRY_S: &str = "10";

struct Summary {
    id: String,
    name: String,
    entries: i64,
    length: String,
    changed: String,
    first: Option<String>,
}

#[derive(Template)]
#[template(path = "playlists.html")]
struct ListPage {
    frame: Frame,
    t: Tr,
    playlists: Vec<Summary>,
    search: String,
    later: Option<String>,
}

/// An entry in the form.
struct Line {
    asset: String,
    /// The playlist within, where it is one.
    list: String,
    take: String,
    /// How many slots it gets where nothing is said.
    all: String,
    from: String,
    until: String,
    /// Whether it is not always valid, or something is wrong with that.
    limited: bool,
    name: String,
    seconds: String,
    /// How long it plays, where it is a clip: then nobody may say otherwise.
    clip: Option<String>,
    fault: String,
    number: usize,
    first: bool,
    last: bool,
    /// Which of its buttons takes the focus after a move.
    focus: &'static str,
}

#[derive(Template)]
#[template(path = "playlist.html")]
struct FormPage {
    frame: Frame,
    t: Tr,
    /// Empty for a new one.
    id: String,
    title: String,
    name: String,
    lines: Vec<Line>,
    total: String,
    offered: Vec<Card>,
    /// Playlists that can be put into this one: id and name.
    lists: Vec<(String, String)>,
    errors: Errors,
    saved: bool,
}

/// What the list is asked for.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// Whether the form was just saved.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Saved {
    #[serde(default)]
    saved: bool,
}

/// `GET /playlists`.
pub(in crate::http) async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let after = asked.after.parse::<PlaylistId>().ok();
    let mut found = plans::list(&site.app, &asked.q, after.as_ref(), u32::try_from(PAGE + 1).unwrap_or(u32::MAX)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let later = found.last().filter(|_| more).map(|last| format!("/playlists?q={}&after={}", escape(&asked.q), last.id));
    let rounds = lengths::of(&site.app, &found.iter().map(|playlist| playlist.id.clone()).collect::<Vec<_>>()).await?;
    let summary = |playlist: &store::playlists::StoredPlaylist| Summary {
        id: playlist.id.to_string(),
        name: playlist.name.clone(),
        entries: i64::try_from(playlist.entries.len()).unwrap_or(i64::MAX),
        length: t.length(whole(rounds.get(&playlist.id).map_or(0.0, |round| round.ms))),
        changed: t.instant_ms(playlist.changed_ms),
        first: playlist.entries.iter().find_map(StoredEntry::asset_id).map(ToString::to_string),
    };
    let playlists = found.iter().map(summary).collect();
    page(&ListPage { frame: Frame::of(&visitor, "playlists"), t, playlists, search: asked.q.clone(), later })
}

/// Milliseconds as a whole number.
#[allow(clippy::cast_possible_truncation, reason = "clamped to a range that i64 holds")]
fn whole(ms: f64) -> i64 {
    ms.clamp(0.0, 1e12) as i64
}

/// `GET /playlists/new`.
pub(in crate::http) async fn new(State(site): State<Site>, visitor: Visitor) -> Result<Html<String>, PageError> {
    form(&site, &visitor, "", PlaylistDraft::default(), &[], ("", usize::MAX), false).await
}

/// `GET /playlists/{id}`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(saved): Query<Saved>,
) -> Result<Html<String>, PageError> {
    let id = id.parse::<PlaylistId>().map_err(|_| PageError::Missing)?;
    let stored = plans::get(&site.app, &id).await?.ok_or(PageError::Missing)?;
    let draft = PlaylistDraft { name: stored.name.clone(), entries: stored.entries.iter().map(EntryDraft::of).collect() };
    form(&site, &visitor, id.as_str(), draft, &[], ("", usize::MAX), saved.saved).await
}

/// What a button of the form asks for.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Save,
    /// Only show the form anew, its entries in the order sent.
    Look,
    Add(String),
    Nest(String),
    Remove(usize),
    Up(usize),
    Down(usize),
}

fn act(text: &str) -> Act {
    let (word, what) = text.split_once(':').unwrap_or((text, ""));
    match (word, what.parse::<usize>()) {
        ("look", _) => Act::Look,
        ("add", _) => Act::Add(what.to_owned()),
        ("nest", _) => Act::Nest(what.to_owned()),
        ("remove", Ok(n)) => Act::Remove(n),
        ("up", Ok(n)) => Act::Up(n),
        ("down", Ok(n)) => Act::Down(n),
        _ => Act::Save,
    }
}

/// Does what a button asks for to the entries; tells which entry's which button takes the focus.
fn apply(act: &Act, entries: &mut Vec<EntryDraft>) -> (&'static str, usize) {
    match act {
        Act::Save | Act::Look => {}
        Act::Nest(list) => entries.push(EntryDraft { playlist_id: list.clone(), ..EntryDraft::default() }),
        Act::Add(asset) => {
            entries.push(EntryDraft { asset_id: asset.clone(), duration_s: NEW_ENTRY_S.to_owned(), ..EntryDraft::default() })
        }
        Act::Remove(n) if *n < entries.len() => {
            entries.remove(*n);
            return ("remove", (*n).min(entries.len().saturating_sub(1)));
        }
        Act::Up(n) if *n > 0 && *n < entries.len() => {
            entries.swap(*n, *n - 1);
            return (if *n == 1 { "down" } else { "up" }, *n - 1);
        }
        Act::Down(n) if *n + 1 < entries.len() => {
            entries.swap(*n, *n + 1);
            return (if *n + 2 == entries.len() { "up" } else { "down" }, *n + 1);
        }
        Act::Remove(_) | Act::Up(_) | Act::Down(_) => {}
    }
    ("", usize::MAX)
}

/// `POST /playlists` and `POST /playlists/{id}`: saves, or changes the entries of the form that is being filled in.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    id: Option<Path<String>>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = id.map(|Path(id)| id.parse::<PlaylistId>()).transpose().map_err(|_| PageError::Missing)?;
    let fields = Fields(sent);
    let mut columns = ["asset", "seconds", "list", "take", "from", "until"].map(|name| fields.all(name).into_iter());
    let entries = std::iter::from_fn(|| {
        let [asset, seconds, list, take, from, until] = columns.each_mut().map(Iterator::next);
        let rest = |text: Option<String>| text.unwrap_or_default();
        Some(EntryDraft {
            asset_id: asset?,
            duration_s: rest(seconds),
            playlist_id: rest(list),
            take: rest(take),
            from: rest(from),
            until: rest(until),
        })
    })
    .collect();
    let mut draft = PlaylistDraft { name: fields.one("name"), entries };
    let (act, shown) = (act(&fields.one("do")), id.as_ref().map(ToString::to_string).unwrap_or_default());
    if act != Act::Save {
        let focus = apply(&act, &mut draft.entries);
        return Ok(form(&site, &visitor, &shown, draft, &[], focus, false).await?.into_response());
    }
    let unit = units::own(&site.app)
        .await?
        .ok_or_else(|| PageError::failed(std::io::Error::other("there is no unit of the province")))?
        .id;
    match plans::save(&site.app, &unit, id.as_ref(), draft.clone()).await? {
        Ok(id) => Ok(Redirect::to(&format!("/playlists/{id}?saved=true")).into_response()),
        Err(errors) => {
            let body = form(&site, &visitor, &shown, draft, &errors, ("", usize::MAX), false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

async fn form(
    site: &Site,
    visitor: &Visitor,
    id: &str,
    draft: PlaylistDraft,
    errors: &[FieldError],
    focus: (&'static str, usize),
    saved: bool,
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let ids: Vec<AssetId> = draft.entries.iter().filter_map(|entry| entry.asset_id.parse().ok()).collect();
    let named: HashMap<_, _> =
        store::assets::many(&site.app.db, &ids).await?.into_iter().map(|asset| (asset.id.to_string(), asset)).collect();
    let clip = |entry: &EntryDraft| named.get(&entry.asset_id).and_then(Asset::clip_ms).map(length_of);
    let offered = assets::list(&site.app, "", None, OFFERED).await?;
    let within: Vec<PlaylistId> = draft.entries.iter().filter_map(|entry| entry.playlist_id.parse().ok()).collect();
    let inner: HashMap<_, _> =
        store::playlists::many(&site.app.db, &within).await?.into_iter().map(|list| (list.id.to_string(), list.name)).collect();
    let rounds: HashMap<_, _> =
        lengths::of(&site.app, &within).await?.into_iter().map(|(id, round)| (id.to_string(), round)).collect();
    let others = plans::list(&site.app, "", None, OFFERED).await?;
    let (errors, count) = (Errors::of(t, errors), draft.entries.len());
    let fields = ["asset_id", "duration_s", "playlist_id", "take", "from", "until"];
    let line = |(number, entry): (usize, &EntryDraft)| Line {
        asset: entry.asset_id.clone(),
        list: entry.playlist_id.clone(),
        take: entry.take.clone(),
        all: rounds.get(&entry.playlist_id).map(|round| round.entries.to_string()).unwrap_or_default(),
        from: entry.from.clone(),
        until: entry.until.clone(),
        limited: !entry.from.is_empty() || !entry.until.is_empty(),
        name: match named.get(&entry.asset_id) {
            Some(asset) => asset.name.clone(),
            None => inner.get(&entry.playlist_id).unwrap_or(&entry.asset_id).clone(),
        },
        seconds: clip(entry).map_or_else(|| entry.duration_s.clone(), seconds),
        clip: clip(entry).map(|length| t.clip_length(length)),
        fault: fields.map(|field| errors.at(&format!("entries.{number}.{field}"))).concat(),
        number,
        first: number == 0,
        last: number + 1 == count,
        focus: if focus.1 == number { focus.0 } else { "" },
    };
    let typed = |entry: &EntryDraft| entry.duration_s.replace(',', ".").parse::<f64>().map_or(0.0, |seconds| seconds * 1000.0);
    #[expect(clippy::cast_precision_loss, reason = "an hour at most")]
    let ms = |entry: &EntryDraft| match rounds.get(&entry.playlist_id) {
        Some(round) => round.within_ms(entry.take.parse().ok()),
        None => clip(entry).map_or_else(|| typed(entry), |length| length as f64),
    };
    let total = whole(draft.entries.iter().map(ms).sum::<f64>());
    page(&FormPage {
        frame: Frame::of(visitor, "playlists"),
        t,
        id: id.to_owned(),
        title: if id.is_empty() { t.s("playlist-new") } else { draft.name.clone() },
        name: draft.name.clone(),
        lines: draft.entries.iter().enumerate().map(line).collect(),
        total: t.length(total),
        offered: offered.iter().filter(|asset| asset.kind != AssetKind::Ticker).map(|asset| card(t, asset)).collect(),
        lists: others.into_iter().filter(|list| list.id.as_str() != id).map(|list| (list.id.to_string(), list.name)).collect(),
        errors,
        saved,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_move_by_buttons_and_the_focus_goes_with_them() {
        let names = |entries: &[EntryDraft]| entries.iter().map(|entry| entry.asset_id.clone()).collect::<String>();
        let start: Vec<_> = ["a", "b", "c"]
            .map(|id| EntryDraft { asset_id: id.to_owned(), duration_s: "5".to_owned(), ..EntryDraft::default() })
            .into();
        for (button, order, focus) in [
            ("up:1", "bac", ("down", 0)),
            ("up:2", "acb", ("up", 1)),
            ("down:0", "bac", ("down", 1)),
            ("down:1", "acb", ("up", 2)),
            ("remove:2", "ab", ("remove", 1)),
            ("up:0", "abc", ("", usize::MAX)),
            ("down:2", "abc", ("", usize::MAX)),
            ("remove:9", "abc", ("", usize::MAX)),
            ("add:d", "abcd", ("", usize::MAX)),
            ("look", "abc", ("", usize::MAX)),
        ] {
            let mut entries = start.clone();
            assert_eq!(apply(&act(button), &mut entries), focus, "{button}");
            assert_eq!(names(&entries), order, "{button}");
        }
        assert_eq!(act("save"), Act::Save);
    }
}
