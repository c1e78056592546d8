//! What must hold when a fault is over: the invariants of the protocol, as far as they can be seen from outside.

use std::collections::BTreeMap;

use bangtin::store::outbox;
use bangtin_player::banks::{Bank, Banks};
use chrono::{DateTime, Utc};
use playlists::id::BoardId;
use playlists::wire::reports::OVER_LOOP;

use crate::boards::Board;
use crate::eventually::{SOON, eventually};
use crate::ledger::{self, StoredEvent, StoredPlay};
use crate::world::World;

/// Plays of one board may overlap by so much: each is dated by itself, from anchors that differ by milliseconds.
const OVERLAP_MS: i64 = 250;
/// The longest time between two plays of a board that always has something to show.
const GAP_MS: i64 = 700;
/// More than any of these worlds needs on a board's disk.
const MOST_BYTES: u64 = 64 << 20;

/// Whether the player ran all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// Then its plays leave no time out.
    Ran,
    /// Then what was on the screen when it was killed, and the time until it was back, is in no play.
    WasKilled,
}

/// How far a board has come; nothing of it ever falls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    sess: i64,
    rev: i64,
    floor: Option<DateTime<Utc>>,
}

impl World {
    /// Waits until the board has what is wanted and the server has all that the board reports, then looks whether anything was
    /// lost, doubled, turned back or shown that must not be: I1, I2, I4, I5, I6 and I8 of the protocol.
    ///
    /// # Panics
    /// When one does not hold.
    pub async fn all_is_well(&mut self, board: &Board, player: Player) {
        self.desired_is_reported(board).await;
        self.all_acknowledged(&board.id).await;
        let app = self.app();
        eventually("the outbox is empty", SOON, async || {
            let waiting = outbox::waiting(&app.db, 100).await.expect("the outbox is read");
            if waiting.is_empty() { Ok(()) } else { Err(format!("{waiting:?}")) }
        })
        .await;
        let (plays, events) = (ledger::plays(&app, &board.id).await, ledger::events(&app, &board.id).await);
        each_play_is_there_once(&plays, &events, player);
        self.nothing_fell(board).await;
        self.only_what_was_made_was_shown(board).await;
        let bytes = bytes_below(&board.data);
        assert!(bytes < MOST_BYTES, "{} holds {bytes} bytes", board.data.display());
    }

    async fn nothing_fell(&mut self, board: &Board) {
        let status = ledger::status(&self.app(), &board.id).await.expect("the board has reported");
        let (_, found) = Banks::<Bank>::open(&board.data, "bank");
        assert!(found.damaged.is_empty(), "banks are replaced as a whole: {:?}", found.damaged);
        let floor = found.held.expect("a bank is held").floor;
        let now = Marks { sess: status.sess, rev: status.rev, floor };
        let before = self.marks.insert(board.id.clone(), now).unwrap_or_default();
        assert!(now.sess >= before.sess && now.rev >= before.rev && now.floor >= before.floor, "{now:?} after {before:?}");
    }
}

/// # Panics
/// When a play is missing, without an event that tells of it, or stored under two numbers.
fn each_play_is_there_once(plays: &[StoredPlay], events: &[StoredEvent], player: Player) {
    let mut of_epochs: BTreeMap<&str, Vec<&StoredPlay>> = BTreeMap::new();
    for play in plays {
        of_epochs.entry(&play.epoch).or_default().push(play);
    }
    for (epoch, plays) in &of_epochs {
        let mut next = 0;
        for play in plays {
            assert!(
                play.number == next || events.iter().any(|event| tells_of_loss(event, epoch, next, play.number)),
                "number {next} of epoch {epoch} is neither stored nor told as lost, but {play:?} is stored; {events:#?}"
            );
            next = play.number + 1;
        }
    }
    // Running text plays over the loop, at the same time.
    let mut plays: Vec<&StoredPlay> = plays.iter().filter(|play| play.flags & i64::from(OVER_LOOP) == 0).collect();
    plays.sort_by_key(|play| play.started_ms);
    for pair in plays.windows(2) {
        let [one, other] = pair else { continue };
        let between = other.started_ms - one.started_ms - one.shown_ms;
        assert!(between >= -OVERLAP_MS, "two plays at one time, {between} ms apart: {pair:#?}");
        let is_told = one.epoch == other.epoch && one.number + 1 != other.number;
        assert!(player == Player::WasKilled || is_told || between <= GAP_MS, "no play for {between} ms: {pair:#?}");
    }
}

/// Whether the event says that the plays of an epoch from number `first` up to `upto` are lost.
fn tells_of_loss(event: &StoredEvent, epoch: &str, first: i64, upto: i64) -> bool {
    let facts: BTreeMap<String, String> = serde_json::from_str(&event.facts).unwrap_or_default();
    let fact = |name: &str| facts.get(name).map(String::as_str);
    event.code == "plays-lost-to-restore"
        && fact("epoch") == Some(epoch)
        && fact("first") == Some(&first.to_string())
        && fact("upto") == Some(&upto.to_string())
}

fn bytes_below(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes_below(&entry.path()),
            about => about.map_or(0, |about| about.len()),
        })
        .sum()
}

/// The marks of all boards.
pub(crate) type AllMarks = BTreeMap<BoardId, Marks>;
