//! `bangtin board`: a board's identity file, its end, and the list of boards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, UnitId};

use super::block_on;
use super::say::say;
use super::unit::which_there_are;
use crate::app::App;
use crate::app::board_list::{self, AddAllError};
use crate::app::boards::{self, AddBoardError, NewBoard};
use crate::app::tokens;
use crate::config::Config;
use crate::keys::write_private;
use crate::lifecycle;
use crate::ports::SystemClock;

/// What can be done with boards.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a board, or those of a table, and write the identity files with which their players are started.
    Add {
        /// The board, where it is one.
        #[command(flatten)]
        one: Option<One>,
        /// Add the boards of this table instead, all or none: CSV with the columns id, name, unit, commune, geometry, and if they
        /// are known lat, lon (degrees) and time_zone.
        #[arg(long, value_name = "FILE", requires = "out", conflicts_with = "One")]
        from: Option<PathBuf>,
        /// With --from: the folder that the identity files go to, ID.json each.
        #[arg(long, value_name = "FOLDER", requires = "from")]
        out: Option<PathBuf>,
    },
    /// Take a board's key away: it gets no token any more, and a running server cuts it off within a minute.
    Revoke {
        /// Its id.
        #[arg(long)]
        id: BoardId,
    },
    /// Give a board other pixels: what it shows is made and published at them.
    Resize {
        /// Its id.
        #[arg(long)]
        id: BoardId,
        /// Its pixels, such as 640x320.
        #[arg(long)]
        geometry: Geometry,
    },
    /// List the boards.
    List,
}

/// One board, as flags say it.
#[derive(clap::Args)]
pub struct One {
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
}

/// Carries the command out.
///
/// # Errors
/// When the board cannot be added or the file cannot be written.
pub fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        match command {
            Command::Add { from: Some(table), out: Some(folder), .. } => add_all(&app, &table, &folder).await?,
            Command::Add { one: None, .. } => {
                anyhow::bail!(
                    "say which board (--id, --name, --unit, --commune, --geometry, --identity), or --from FILE --out FOLDER"
                )
            }
            Command::Add { one: Some(One { id, name, unit, commune, geometry, identity: path }), .. } => {
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
                say!("Added {board}. Start its player with: bangtin-player run --identity {}", path.display());
            }
            Command::Revoke { id } => {
                let revoked = tokens::revoke(&app, &id).await.context("the board cannot be revoked")?;
                anyhow::ensure!(revoked, "there is no board {id}, or it was revoked before; nothing was changed");
                say!("Revoked {id}. A running server cuts it off within a minute.");
            }
            Command::Resize { id, geometry } => {
                let resized = boards::resize(&app, &id, geometry).await.context("the board's pixels cannot be changed")?;
                anyhow::ensure!(resized, "there is no board {id}; nothing was changed");
                let (width, height) = (geometry.width(), geometry.height());
                say!(
                    "{id} has {geometry} pixels now. Write \"geometry\": {{\"width\": {width}, \"height\": {height}}} into its identity file, and start its player anew."
                );
            }
            Command::List => list(&app).await?,
        }
        app.db.close().await;
        Ok(())
    })
}

/// Adds the boards of a table. The identities are written first: a board whose key was lost would be of no use, while a file of a board
/// that was not added does no harm, and is taken away again.
async fn add_all(app: &App, table: &Path, folder: &Path) -> anyhow::Result<()> {
    let text = fs::read(table).with_context(|| format!("the table {} cannot be read", table.display()))?;
    let mut written = Vec::new();
    let added = board_list::add_all(app, &text, |identities| {
        fs::create_dir_all(folder)?;
        for identity in identities {
            let path = folder.join(format!("{}.json", identity.board));
            if path.exists() {
                return Err(std::io::Error::other(format!("{} exists already", path.display())));
            }
            write_private(&path, &serde_json::to_vec_pretty(identity)?).map_err(std::io::Error::other)?;
            written.push(path);
        }
        Ok(())
    });
    match added.await {
        Ok(boards) => say!("Added {} boards. Their identity files are in {}.", boards.len(), folder.display()),
        Err(error) => {
            for path in written {
                fs::remove_file(&path).with_context(|| format!("{} is of no use and cannot be removed", path.display()))?;
            }
            if let AddAllError::Table(faults) = &error {
                faults.iter().for_each(|fault| eprintln!("{}: {fault}", table.display()));
            }
            return Err(anyhow::Error::new(error).context("nothing was changed"));
        }
    }
    Ok(())
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut after: Option<BoardId> = None;
    loop {
        let page = boards::list(app, "", after.as_ref(), 500).await?;
        for board in &page {
            say!("{}\t{}\t{}\t{}", board.id, board.geometry, board.commune_code, board.name);
        }
        match page.last() {
            Some(last) if page.len() == 500 => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}
