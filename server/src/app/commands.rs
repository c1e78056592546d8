//! Orders to boards: signed by `publish`, carried out once, never content.

use std::sync::atomic::Ordering;
use std::time::Duration;

use playlists::id::BoardId;
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::wire::messages::{Command, CommandKind, V};
use playlists::wire::topics::Down;

use super::App;
use crate::traffic::{Full, Message};

/// An order that did not arrive within this is not carried out any more.
pub const VALID_FOR: Duration = Duration::from_secs(60);

/// Why an order was not given.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No link to the broker.
    #[error("there is no link to the broker; the order was not given")]
    NotLinked,
    /// Too much waits.
    #[error("the order was not given")]
    Busy(#[source] Full),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for the order's name")]
    Random(#[source] getrandom::Error),
}

/// Asks a board for a picture of its screen; it comes by `PUT snapshot`.
///
/// # Errors
/// When there is no link, too many messages wait, or the system gives no random bytes.
pub fn ask_snapshot(app: &App, board: &BoardId) -> Result<(), CommandError> {
    give(app, board, CommandKind::Snapshot)
}

fn give(app: &App, board: &BoardId, kind: CommandKind) -> Result<(), CommandError> {
    if !app.broker_linked.load(Ordering::Acquire) {
        return Err(CommandError::NotLinked);
    }
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(CommandError::Random)?;
    let issued = app.clock.now();
    let command = Command {
        v: V,
        cmd_id: data_encoding::HEXLOWER.encode(&name),
        board: board.clone(),
        kind,
        issued,
        not_after: issued + VALID_FOR,
    };
    let payload = serde_json::to_vec(&command).unwrap_or_default();
    let envelope = Envelope::sign(DocumentType::Command, &payload, &[&app.keys.publish]);
    let message = Message { topic: Down::Cmd.topic(board), payload: envelope.to_json(), expiry: Some(VALID_FOR) };
    app.live.traffic.send(message).map_err(CommandError::Busy)
}
