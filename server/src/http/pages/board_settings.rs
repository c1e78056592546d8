//! A board's settings: light, default playlist, overlays, languages, lanes, ranks.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::id::{BoardId, PlaylistId};
use serde::Deserialize;

use super::fields::{Errors, Fields};
use super::overlay_sketch::{Sketch, sketch};
use super::overlays::{self, CornerLine};
use super::windows::{DAYS, Day, day_name};
use crate::app::board_settings::{SettingsDraft, save as save_settings, to_be_ranked};
use crate::app::hours::{ExceptionDraft, HoursDraft, HoursLine};
use crate::app::{FieldError, boards, playlists as plans};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::StoreError;
use crate::store::boards::Board;

/// Languages that have a field of their own.
const LANGUAGES: [&str; 4] = ["vi", "en", "zh", "ko"];
/// Playlists offered in the form.
const OFFERED: u32 = 500;

/// A choice of a list.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// A line of weekly hours.
struct Line {
    number: usize,
    number_for_people: i64,
    days: Vec<Day>,
    from: String,
    until: String,
    faults: Vec<String>,
}

/// A date on which it is otherwise.
struct OtherDate {
    number: usize,
    number_for_people: i64,
    date: String,
    kinds: Vec<Choice>,
    from: String,
    until: String,
    faults: Vec<String>,
}

/// A name with a number.
struct Numbered {
    value: String,
    name: String,
    number: String,
    fault: String,
}

#[derive(Template)]
#[template(path = "board_settings.html")]
struct SettingsPage {
    frame: Frame,
    t: Tr,
    id: String,
    name: String,
    zone: String,
    draft: SettingsDraft,
    playlists: Vec<Choice>,
    hours: Vec<Line>,
    exceptions: Vec<OtherDate>,
    overlays: Vec<CornerLine>,
    sketch: Sketch,
    languages: Vec<Numbered>,
    other: Numbered,
    ranks: Vec<Numbered>,
    errors: Errors,
    saved: bool,
}

/// How the last step went.
#[derive(Deserialize, Default)]
pub(in crate::http) struct Went {
    #[serde(default)]
    saved: bool,
}

/// What a board is set to, in words, for its page: name and value.
pub(super) async fn summary(site: &Site, t: Tr, board: &Board) -> Result<Vec<(String, String)>, StoreError> {
    let hours = HoursDraft::of(board.hours.as_ref());
    let days = |line: &HoursLine| {
        let names: Vec<_> = line.days.iter().map(|day| day_name(t, day)).collect();
        if names.len() == DAYS.len() { t.s("days-all") } else { names.join(", ") }
    };
    let lines = hours.lines.iter().map(|line| format!("{} {}–{}", days(line), line.from, line.until));
    let lit = if hours.limited { lines.collect::<Vec<_>>().join("; ") } else { t.s("hours-always") };
    let languages = board.rules.languages.iter().map(|(tag, weight)| format!("{} {weight}", language_name(t, tag.as_str())));
    let languages = languages.collect::<Vec<_>>().join(" : ");
    let lanes = board.rules.lanes;
    let lanes = format!("{} {} : {} {}", t.s("setup-tier-province"), lanes.province, t.s("setup-tier-commune"), lanes.commune);
    let over = overlays::in_words(site, t, board).await?;
    Ok(vec![
        (t.s("settings-hours"), lit),
        (t.s("settings-overlays"), over),
        (t.s("settings-languages"), if languages.is_empty() { t.s("languages-any") } else { languages }),
        (t.s("settings-lanes"), lanes),
    ])
}

async fn stored(site: &Site, id: &str) -> Result<Board, PageError> {
    let id = id.parse::<BoardId>().map_err(|_| PageError::Missing)?;
    boards::get(&site.app, &id).await?.ok_or(PageError::Missing)
}

/// `GET /boards/{id}/settings`.
pub(in crate::http) async fn edit(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(went): Query<Went>,
) -> Result<Html<String>, PageError> {
    let board = stored(&site, &id).await?;
    form(&site, &visitor, &board, SettingsDraft::of(&board), &[], went.saved).await
}

/// `POST /boards/{id}/settings`.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let board = stored(&site, &id).await?;
    let fields = Fields(sent);
    let mut draft = draft_of(&fields);
    if change_lines(&fields.one("do"), &mut draft.hours) {
        return Ok(form(&site, &visitor, &board, draft, &[], false).await?.into_response());
    }
    match save_settings(&site.app, &board.id, &draft).await? {
        Ok(()) => Ok(Redirect::to(&format!("/boards/{}/settings?saved=true", board.id)).into_response()),
        Err(errors) => {
            let body = form(&site, &visitor, &board, draft, &errors, false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

/// Adds or takes away a line, as a button of the form asks, or only shows the form anew; false when it asks for saving.
fn change_lines(button: &str, hours: &mut HoursDraft) -> bool {
    let (button, number) = button.split_once(':').unwrap_or((button, ""));
    let number = number.parse::<usize>().unwrap_or(usize::MAX);
    match button {
        "line-add" => hours.lines.push(HoursLine {
            days: DAYS.map(str::to_owned).into(),
            from: "05:30".to_owned(),
            until: "22:00".to_owned(),
        }),
        "exception-add" => hours.exceptions.push(ExceptionDraft { kind: "dark".to_owned(), ..ExceptionDraft::default() }),
        "line-remove" if number < hours.lines.len() => drop(hours.lines.remove(number)),
        "exception-remove" if number < hours.exceptions.len() => drop(hours.exceptions.remove(number)),
        // The sketch of what lies over the loop is drawn anew.
        "line-remove" | "exception-remove" | "look" => {}
        _ => return false,
    }
    true
}

fn draft_of(fields: &Fields) -> SettingsDraft {
    let line = |number: &String| {
        let one = |name: &str| fields.one(&format!("line-{number}-{name}"));
        HoursLine { days: fields.all(&format!("line-{number}-day")), from: one("from"), until: one("until") }
    };
    let exception = |number: &String| {
        let one = |name: &str| fields.one(&format!("exception-{number}-{name}"));
        ExceptionDraft { date: one("date"), kind: one("kind"), from: one("from"), until: one("until") }
    };
    let numbered = |name: &str, prefix: &str| {
        let pair = |value: String| (value.clone(), fields.one(&format!("{prefix}-{value}")));
        fields.all(name).into_iter().map(pair).collect::<Vec<_>>()
    };
    let mut languages = numbered("language", "language");
    let (tag, weight) = (fields.one("other-language"), fields.one("other-weight"));
    if !tag.is_empty() {
        languages.push((tag, weight));
    }
    SettingsDraft {
        name: fields.one("name"),
        hours: HoursDraft {
            limited: fields.one("limited") == "yes",
            lines: fields.all("line").iter().map(line).collect(),
            exceptions: fields.all("exception").iter().map(exception).collect(),
        },
        brightness: fields.one("brightness"),
        default_playlist: fields.one("default_playlist"),
        overlays: overlays::drafts(fields),
        lane_province: fields.one("lane_province"),
        lane_commune: fields.one("lane_commune"),
        languages,
        ranks: numbered("ranked", "rank"),
    }
}

async fn form(
    site: &Site,
    visitor: &Visitor,
    board: &Board,
    draft: SettingsDraft,
    errors: &[FieldError],
    saved: bool,
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let errors = Errors::of(t, errors);
    let after: Option<&PlaylistId> = None;
    let offered = plans::list(&site.app, "", after, OFFERED).await?;
    let choice = |playlist: &crate::store::playlists::StoredPlaylist| Choice {
        value: playlist.id.to_string(),
        name: playlist.name.clone(),
        chosen: playlist.id.as_str() == draft.default_playlist,
    };
    let rank = |campaign: &crate::store::campaigns::StoredCampaign| {
        let id = campaign.id.to_string();
        let number = draft.ranks.iter().find(|(ranked, _)| *ranked == id).map(|(_, rank)| rank.clone()).unwrap_or_default();
        Numbered { fault: errors.at(&format!("ranks.{id}")).to_owned(), name: campaign.name.clone(), number, value: id }
    };
    let (languages, other) = languages(t, &draft, &errors);
    page(&SettingsPage {
        frame: Frame::of(visitor, "boards"),
        t,
        id: board.id.to_string(),
        name: board.name.clone(),
        zone: board.time_zone.name().to_owned(),
        playlists: offered.iter().map(choice).collect(),
        hours: draft.hours.lines.iter().enumerate().map(|(number, line)| hours_line(t, number, line, &errors)).collect(),
        exceptions: draft.hours.exceptions.iter().enumerate().map(|(n, draft)| other_date(t, n, draft, &errors)).collect(),
        sketch: sketch(board.geometry, &draft.overlays),
        overlays: overlays::lines(site, t, &draft.overlays, &errors).await?,
        languages,
        other,
        ranks: to_be_ranked(&site.app, board).await?.iter().map(rank).collect(),
        errors,
        saved,
        draft,
    })
}

/// The languages with a field of their own, those of the board among them; and the one that is written, where it is wrong.
fn languages(t: Tr, draft: &SettingsDraft, errors: &Errors) -> (Vec<Numbered>, Numbered) {
    let line = |tag: &str, number: &str| Numbered {
        value: tag.to_owned(),
        name: language_name(t, tag),
        number: number.to_owned(),
        fault: errors.at(&format!("languages.{tag}")).to_owned(),
    };
    let weight = |tag: &str| draft.languages.iter().find(|(known, _)| known == tag).map_or("", |(_, weight)| weight.as_str());
    let mut lines: Vec<_> = LANGUAGES.iter().map(|tag| line(tag, weight(tag))).collect();
    let (mut other, mut written) = (line("", ""), draft.languages.iter().filter(|(tag, _)| !LANGUAGES.contains(&tag.as_str())));
    for (tag, weight) in &mut written {
        let line = line(tag, weight);
        if line.fault.is_empty() { lines.push(line) } else { other = line }
    }
    (lines, other)
}

fn language_name(t: Tr, tag: &str) -> String {
    match tag {
        "vi" => t.s("language-vi"),
        "en" => t.s("language-en"),
        "zh" => t.s("language-zh"),
        "ko" => t.s("language-ko"),
        other => other.to_owned(),
    }
}

fn people(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1)
}

fn faults(errors: &Errors, place: &str) -> Vec<String> {
    errors.list().iter().filter(|(field, _)| field.starts_with(place)).map(|(_, text)| text.clone()).collect()
}

fn hours_line(t: Tr, number: usize, line: &HoursLine, errors: &Errors) -> Line {
    let day = |value: &'static str| Day { value, name: day_name(t, value), ticked: line.days.iter().any(|day| day == value) };
    Line {
        number,
        number_for_people: people(number),
        days: DAYS.into_iter().map(day).collect(),
        from: line.from.clone(),
        until: line.until.clone(),
        faults: faults(errors, &format!("hours.{number}.")),
    }
}

fn other_date(t: Tr, number: usize, draft: &ExceptionDraft, errors: &Errors) -> OtherDate {
    let kinds = [("dark", t.s("hours-dark")), ("whole_day", t.s("hours-whole-day")), ("lit", t.s("hours-lit"))];
    let choice = |(value, name): (&str, String)| Choice { value: value.to_owned(), name, chosen: value == draft.kind };
    OtherDate {
        number,
        number_for_people: people(number),
        date: draft.date.clone(),
        kinds: kinds.into_iter().map(choice).collect(),
        from: draft.from.clone(),
        until: draft.until.clone(),
        faults: faults(errors, &format!("exceptions.{number}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_taken_away_by_buttons() {
        let mut hours = HoursDraft::default();
        for button in ["line-add", "line-add", "line-remove:0", "line-remove:9", "exception-add", "exception-remove:x"] {
            assert!(change_lines(button, &mut hours), "{button}");
        }
        assert_eq!((hours.lines.len(), hours.exceptions.len()), (1, 1));
        assert!(!change_lines("save", &mut hours));
    }

    #[test]
    fn the_form_sends_what_it_shows() {
        let field = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let sent = [
            ("name", "Bảng"),
            ("limited", "yes"),
            ("line", "0"),
            ("line-0-day", "Mon"),
            ("line-0-day", "Tue"),
            ("line-0-from", "06:00"),
            ("line-0-until", "22:00"),
            ("exception", "0"),
            ("exception-0-date", "2027-02-06"),
            ("exception-0-kind", "whole_day"),
            ("language", "vi"),
            ("language-vi", "3"),
            ("other-language", "ja"),
            ("other-weight", "1"),
            ("ranked", "c-1"),
            ("rank-c-1", "2"),
        ];
        let draft = draft_of(&Fields(sent.map(field).into()));
        assert_eq!(draft.hours.lines[0].days, ["Mon", "Tue"]);
        assert_eq!(draft.hours.exceptions[0].kind, "whole_day");
        assert_eq!(draft.languages, [("vi", "3"), ("ja", "1")].map(field));
        assert_eq!(draft.ranks, [("c-1", "2")].map(field));
    }
}
