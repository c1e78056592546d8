//! What boards report, whichever way it came: checked, stored, and acknowledged once it is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use playlists::id::{BoardId, QueueEpoch};
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError};
use playlists::wire::messages::{Ack, Stream, V};
use playlists::wire::reports::{Bye, Event, Events, Hello, MOST_EVENTS, MOST_ROWS, Plays, State};
use playlists::wire::topics::Up;
use serde::de::DeserializeOwned;

use super::dating::{AnchorError, Anchors};
use super::{App, publish};
use crate::failpoint::failpoint;
use crate::live::Change;
use crate::store::plays::{Batch, Play};
use crate::store::queue_position::Lost;
use crate::store::status::BoardKey;
use crate::store::{StoreError, events, outbox, plays, status};
use crate::traffic::Counts;

/// Longest single play: 31 days, far above the longest entry. A longer one is a clock that jumped.
const LONGEST_PLAY: Duration = Duration::from_secs(31 * 24 * 3600);
/// Highest number of a row: what JSON numbers hold exactly.
const HIGHEST_NUMBER: u64 = 1 << 53;
/// Most codes of errors in one state, and most facts of one event.
const MOST_CODES: usize = 32;
/// Longest text of a report, in bytes.
const LONGEST_TEXT: usize = 2_000;

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not the JSON of this report.
    #[error("the report cannot be read")]
    Form(#[source] serde_json::Error),
    /// It has another version of form.
    #[error("the report has the form {0}, not 1")]
    Version(u32),
    /// The envelope is not one.
    #[error("the report's envelope cannot be read")]
    Envelope(#[source] EnvelopeError),
    /// It is not signed by the board's key.
    #[error("the report is not signed by the board's key")]
    Signature(#[source] EnvelopeError),
    /// It speaks of another board.
    #[error("the report speaks of board {0}")]
    OtherBoard(BoardId),
    /// No such board.
    #[error("there is no such board")]
    Unknown,
    /// Empty, or too many rows.
    #[error("the report has {found} rows where 1 to {most} are taken")]
    Rows {
        /// How many it has.
        found: usize,
        /// How many are taken.
        most: usize,
    },
    /// A number of a row is too high.
    #[error("the rows' numbers are too high")]
    Number,
    /// A row names an item that is not listed.
    #[error("row {0} names an item that is not listed")]
    Index(usize),
    /// A row lasts too long.
    #[error("row {0} lasts longer than 31 days")]
    Duration(usize),
    /// A row cannot be dated.
    #[error("row {0} cannot be dated")]
    Undated(usize),
    /// The anchors date nothing.
    #[error("the report's anchors are refused")]
    Anchors(#[source] AnchorError),
    /// A number that is none, or a text that is too long.
    #[error("the report's {0} is out of range")]
    Range(&'static str),
    /// The database did not take it: to be tried again.
    #[error("the report cannot be stored")]
    Store(#[source] StoreError),
}

impl Refused {
    /// Whether trying again may help: it lies with the database, not with the report.
    #[must_use]
    pub const fn may_pass_later(&self) -> bool {
        matches!(self, Self::Store(_))
    }
    /// A code that stays the same.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "report-form",
            Self::Version(_) => "report-version",
            Self::Envelope(_) => "report-envelope",
            Self::Signature(_) => "report-signature",
            Self::OtherBoard(_) => "report-other-board",
            Self::Unknown => "board-unknown",
            Self::Rows { .. } => "report-rows",
            Self::Number => "report-number",
            Self::Index(_) => "report-index",
            Self::Duration(_) => "report-duration",
            Self::Undated(_) => "report-undated",
            Self::Anchors(_) => "report-anchors",
            Self::Range(_) => "report-range",
            Self::Store(_) => "unavailable",
        }
    }
}

/// Takes a report of `board`, whose name the topic or the token vouches for. Plays and events yield the acknowledgement, signed
/// by `time`: everything in it is committed. A batch that was stored before is acknowledged again.
///
/// # Errors
/// When the report is refused, or the database does not take it.
pub async fn take(app: &App, board: &BoardId, up: Up, bytes: &[u8]) -> Result<Option<Envelope>, Refused> {
    let taken = match up {
        Up::Hello => take_hello(app, board, bytes).await.map(|()| None),
        Up::Bye => take_bye(app, board, bytes).await.map(|()| None),
        Up::State => take_state(app, board, bytes).await.map(|()| None),
        Up::Plays => take_plays(app, board, bytes).await.map(Some),
        Up::Event => take_events(app, board, bytes).await.map(Some),
    };
    if let Err(refused) = &taken
        && !refused.may_pass_later()
    {
        Counts::raise(&app.live.traffic.counts.refused);
    }
    taken
}

async fn take_hello(app: &App, board: &BoardId, bytes: &[u8]) -> Result<(), Refused> {
    let hello: Hello = read(bytes)?;
    check_version(hello.v)?;
    check_texts([("player", &hello.player), ("clock", &hello.clock.tz_data)])?;
    let known = key_of(app, board).await?;
    if known.geometry != hello.geometry {
        tracing::warn!(board.id = %board, "the board drives {} pixels, but {} are known", hello.geometry, known.geometry);
    }
    let now_ms = app.clock.now_ms();
    failpoint!("hello-before-commit");
    let changed = status::apply_hello(&app.db, board, &hello, now_ms).await.map_err(Refused::Store)?;
    failpoint!("hello-committed");
    told(app, board, changed);
    let wanted = publish::overtake(app, board, hello.rev).await.map_err(Refused::Store)?;
    if let Some(wanted) = wanted
        && wanted != hello.rev
    {
        outbox::put(&app.db, board, wanted, now_ms).await.map_err(Refused::Store)?;
        app.live.outbox.notify_one();
    }
    Ok(())
}

async fn take_bye(app: &App, board: &BoardId, bytes: &[u8]) -> Result<(), Refused> {
    let bye: Bye = read(bytes)?;
    check_version(bye.v)?;
    let changed = status::apply_bye(&app.db, board, &bye).await.map_err(Refused::Store)?;
    told(app, board, changed);
    Ok(())
}

async fn take_state(app: &App, board: &BoardId, bytes: &[u8]) -> Result<(), Refused> {
    let state: State = read(bytes)?;
    check_version(state.v)?;
    if !state.presented_fps.is_finite() || state.temp.is_some_and(|temp| !temp.is_finite()) {
        return Err(Refused::Range("number"));
    }
    if state.errors.len() > MOST_CODES {
        return Err(Refused::Range("errors"));
    }
    check_texts(state.errors.iter().map(|code| ("errors", code)).chain([("clock", &state.clock.tz_data)]))?;
    failpoint!("state-before-commit");
    let changed = status::apply_state(&app.db, board, &state, app.clock.now_ms()).await.map_err(unknown_or)?;
    failpoint!("state-committed");
    told(app, board, changed);
    if changed {
        publish::overtake(app, board, state.rev).await.map_err(Refused::Store)?;
    }
    Ok(())
}

async fn take_plays(app: &App, board: &BoardId, bytes: &[u8]) -> Result<Envelope, Refused> {
    let report: Plays = open(app, board, DocumentType::Plays, bytes).await?;
    check_version(report.v)?;
    check_board(board, &report.board)?;
    check_numbers(report.first, report.rows.len(), MOST_ROWS)?;
    let plays = dated(&report)?;
    let batch =
        Batch { board: report.board, epoch: report.epoch, first: report.first, rev: report.rev, plays, envelope: bytes.to_vec() };
    let stored = plays::store(&app.db, &batch, app.clock.now_ms()).await.map_err(Refused::Store)?;
    failpoint!("plays-committed");
    told(app, board, true);
    warn_of(board, "plays", stored.lost);
    Ok(ack(app, board, Stream::Plays, batch.epoch, stored.upto))
}

async fn take_events(app: &App, board: &BoardId, bytes: &[u8]) -> Result<Envelope, Refused> {
    let report: Events = open(app, board, DocumentType::Event, bytes).await?;
    check_version(report.v)?;
    check_board(board, &report.board)?;
    check_numbers(report.first, report.events.len(), MOST_EVENTS)?;
    report.events.iter().try_for_each(check_event)?;
    let stored = events::store(&app.db, &report, app.clock.now_ms()).await.map_err(Refused::Store)?;
    failpoint!("events-committed");
    told(app, board, true);
    warn_of(board, "events", stored.lost);
    Ok(ack(app, board, Stream::Event, report.epoch, stored.upto))
}

fn warn_of(board: &BoardId, what: &str, lost: Option<Lost>) {
    if let Some(Lost { first, upto, rows }) = lost {
        tracing::warn!(board.id = %board, "{rows} {what} (numbers {first} to {upto}) are lost to a restore of the database; the board goes on");
    }
}

/// The rows of a report with their instants. Pure.
fn dated(report: &Plays) -> Result<Vec<Play>, Refused> {
    let anchors = Anchors::new(&report.anchors).map_err(Refused::Anchors)?;
    let row = |(at, row): (usize, &playlists::wire::reports::Row)| {
        let item = usize::try_from(row.0).ok().and_then(|index| report.items.get(index)).ok_or(Refused::Index(at))?;
        if Duration::from_millis(row.2) > LONGEST_PLAY {
            return Err(Refused::Duration(at));
        }
        let (started_ms, quality) = anchors.date(row.1).ok_or(Refused::Undated(at))?;
        Ok(Play {
            item: item.sha256,
            asset: item.asset.clone(),
            campaign: item.campaign.clone(),
            started_ms,
            shown_ms: row.2,
            flags: row.3,
            quality,
        })
    };
    report.rows.iter().enumerate().map(row).collect()
}

fn ack(app: &App, board: &BoardId, stream: Stream, epoch: QueueEpoch, upto: u64) -> Envelope {
    let ack = Ack { v: V, board: board.clone(), stream, epoch, upto };
    Envelope::sign(DocumentType::Ack, &serde_json::to_vec(&ack).unwrap_or_default(), &[&app.keys.time])
}

/// The report within an envelope that the board's key signed.
async fn open<T: DeserializeOwned>(app: &App, board: &BoardId, document: DocumentType, bytes: &[u8]) -> Result<T, Refused> {
    let envelope = Envelope::parse(bytes).map_err(Refused::Envelope)?;
    let known = key_of(app, board).await?;
    let payload = envelope.open(document, &[known.key], 1).map_err(Refused::Signature)?;
    read(&payload)
}

async fn key_of(app: &App, board: &BoardId) -> Result<BoardKey, Refused> {
    status::board_key(&app.db, board).await.map_err(Refused::Store)?.ok_or(Refused::Unknown)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(Refused::Form)
}

fn unknown_or(error: StoreError) -> Refused {
    if error.is_dangling() { Refused::Unknown } else { Refused::Store(error) }
}

fn told(app: &App, board: &BoardId, changed: bool) {
    let counts = &app.live.traffic.counts;
    Counts::raise(if changed { &counts.accepted } else { &counts.late });
    if changed {
        app.live.tell(Change::Board(board.clone()));
    }
}

fn check_version(v: u32) -> Result<(), Refused> {
    if v == V { Ok(()) } else { Err(Refused::Version(v)) }
}

fn check_board(board: &BoardId, named: &BoardId) -> Result<(), Refused> {
    if board == named { Ok(()) } else { Err(Refused::OtherBoard(named.clone())) }
}

fn check_numbers(first: u64, found: usize, most: usize) -> Result<(), Refused> {
    if found == 0 || found > most {
        return Err(Refused::Rows { found, most });
    }
    if first > HIGHEST_NUMBER { Err(Refused::Number) } else { Ok(()) }
}

fn check_texts<'a>(texts: impl IntoIterator<Item = (&'static str, &'a String)>) -> Result<(), Refused> {
    texts.into_iter().try_for_each(|(name, text)| {
        if text.len() > LONGEST_TEXT || text.contains('\0') { Err(Refused::Range(name)) } else { Ok(()) }
    })
}

fn check_event(event: &Event) -> Result<(), Refused> {
    let facts: &BTreeMap<String, String> = &event.facts;
    if facts.len() > MOST_CODES {
        return Err(Refused::Range("facts"));
    }
    check_texts([("code", &event.code), ("detail", &event.detail)])?;
    check_texts(facts.iter().flat_map(|(name, value)| [("facts", name), ("facts", value)]))
}

#[cfg(test)]
#[path = "reports_tests.rs"]
mod tests;
