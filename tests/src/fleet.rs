//! A fleet of virtual boards beside a [`World`]: the real program, with the world's addresses, in as much of a hurry as its players.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use playlists::id::{BoardId, Digest};

use crate::boards::Board;
use crate::eventually::{SOON, STARTUP, eventually};
use crate::ledger::{self, StoredPlay};
use crate::process::{Process, program};
use crate::world::World;

impl World {
    /// Adds so many boards of one geometry: `b-9000` and on.
    ///
    /// # Panics
    /// When they cannot be added.
    pub async fn add_boards(&mut self, count: usize, geometry: &str) -> Vec<Board> {
        let mut boards = Vec::with_capacity(count);
        for number in 0..count {
            boards.push(self.add_board(&format!("b-{}", 9000 + number), geometry).await);
        }
        boards
    }

    /// Starts a fleet that drives these boards, with what an earlier one of this world has left.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_fleet(&self, boards: &[Board]) -> Process {
        let identities = self.path("fleet-identities");
        fs::create_dir_all(&identities).expect("the world's folder takes folders");
        for board in boards {
            let json = serde_json::to_vec(&board.identity).expect("an identity is JSON");
            let path = identities.join(format!("{}.json", board.id));
            let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            std::io::Write::write_all(&mut file.expect("the file is ours"), &json).expect("it takes what is written");
        }
        let mut command = Command::new(program("bangtin-player"));
        command.arg("fleet").arg("--identities").arg(identities).arg("--data").arg(self.path("fleet"));
        command.arg("--boards").arg(boards.len().to_string());
        command.args(["--ramp", "1", "--state", "0.5", "--state-apart", "0.1", "--batch", "0.1", "--status", "0.2"]);
        Process::start("bangtin-player fleet", &mut command)
    }

    /// Where a fleet keeps what this board must not forget.
    #[must_use]
    pub fn virtual_board(&self, board: &BoardId) -> PathBuf {
        self.path("fleet/boards").join(board.as_str())
    }

    /// Where a fleet keeps this item for this board, and where for all.
    #[must_use]
    pub fn virtual_content(&self, board: &BoardId, item: &Digest) -> [PathBuf; 2] {
        let name = item.to_string();
        let own = self.virtual_board(board).join("content").join(name.get(..2).expect("a digest is longer")).join(&name);
        [own, self.path("fleet/content").join(&name)]
    }

    /// Waits until so many plays of campaigns are stored of this board, and gives all of them.
    ///
    /// # Panics
    /// When they never are, or when a number is missing or doubled, or the queue was begun anew.
    pub async fn stored_once(&self, board: &BoardId, at_least: usize) -> Vec<StoredPlay> {
        let app = self.app();
        let plays = eventually(&format!("{at_least} plays of {board} are stored"), STARTUP, async || {
            let plays = ledger::plays(&app, board).await;
            let of_campaigns = plays.iter().filter(|play| play.campaign_id.is_some()).count();
            if of_campaigns >= at_least { Ok(plays) } else { Err(format!("{of_campaigns} of {}", plays.len())) }
        })
        .await;
        for (play, number) in plays.iter().zip(0..) {
            assert_eq!(play.number, number, "a number is missing or doubled: {plays:#?}");
            assert_eq!(Some(&play.epoch), plays.first().map(|first| &first.epoch), "the queue was begun anew");
        }
        plays
    }
}

/// Ends a fleet in order.
///
/// # Panics
/// When a board does not end in time.
pub async fn end_fleet(fleet: &mut Process) {
    let status = fleet.stop().await;
    assert!(status.success(), "the fleet ended with {status}:\n{}", fleet.lines().join("\n"));
    eventually("the fleet says that all ended", SOON, async || {
        let lines = fleet.lines();
        if lines.iter().any(|line| line == "All boards have ended.") { Ok(()) } else { Err(lines.join("\n")) }
    })
    .await;
}
