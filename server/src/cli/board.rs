//! `bangtin board`: a board's identity file, its end, and the list of boards.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, UnitId};

use super::block_on;
use super::unit::which_there_are;
use crate::app::boards::{self, AddBoardError, NewBoard};
use crate::app::tokens;
use crate::config::Config;
use crate::keys::write_private;
use crate::lifecycle;
use crate::ports::SystemClock;

/// What can be done with boards.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a board and write its identity file, with which its player is started.
    Add {
        /// Its id: 4 to 32 of a-z, 0-9 and -.
        #[arg(long)]
        id: BoardId,
        /// Its name, as operators know it.
        #[arg(long)]
        name: String,
        /// The unit that owns it.
        #[arg(long)]
        unit: UnitId,
        /// Five-digit code of its commune.
        #[arg(long)]
        commune: String,
        /// Its pixels, such as 640x320.
        #[arg(long)]
        geometry: Geometry,
        /// Where the identity file goes; it holds the board's private key.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
    },
    /// Take a board's key away: it gets no token any more, and a running server cuts it off within a minute.
    Revoke {
        /// Its id.
        #[arg(long)]
        id: BoardId,
    },
    /// List the boards.
    List,
}

/// Carries the command out.
///
/// # Errors
/// When the board cannot be added or the file cannot be written.
pub fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        match command {
            Command::Add { id, name, unit, commune, geometry, identity: path } => {
                anyhow::ensure!(!path.exists(), "{} exists already; nothing was changed", path.display());
                let new = NewBoard::simple(id, name, unit, commune, geometry);
                let (board, identity) = match boards::add(&app, new).await {
                    Err(AddBoardError::NoUnit(unit)) => {
                        anyhow::bail!("the board cannot be added: there is no unit {unit}; {}", which_there_are(&app).await?)
                    }
                    other => other.context("the board cannot be added")?,
                };
                let json = serde_json::to_vec_pretty(&identity)?;
                write_private(&path, &json)?;
                println!("Added {board}. Start its player with: bangtin-player run --identity {}", path.display());
            }
            Command::Revoke { id } => {
                let revoked = tokens::revoke(&app, &id).await.context("the board cannot be revoked")?;
                anyhow::ensure!(revoked, "there is no board {id}, or it was revoked before; nothing was changed");
                println!("Revoked {id}. A running server cuts it off within a minute.");
            }
            Command::List => list(&app).await?,
        }
        app.db.close().await;
        Ok(())
    })
}

async fn list(app: &crate::app::App) -> anyhow::Result<()> {
    let mut after: Option<BoardId> = None;
    loop {
        let page = boards::list(app, "", after.as_ref(), 500).await?;
        for board in &page {
            println!("{}\t{}\t{}\t{}", board.id, board.geometry, board.commune_code, board.name);
        }
        match page.last() {
            Some(last) if page.len() == 500 => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}
