//! `bangtin export`: what this server has, as a plan with its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};

use super::block_on;
use super::plan::{FILE, piped};
use super::say::say;
use crate::app::App;
use crate::app::plans::{self, Exported};
use crate::config::Config;
use crate::lifecycle;
use crate::ports::SystemClock;

/// Where to.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// Folder for `plan.yaml` and the files that it names; without it the plan alone is printed.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Exports.
///
/// # Errors
/// When the database or the media store fails, or the folder holds a plan or cannot be written.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<()> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        let exported = plans::export(&app).await?;
        let text = playlists::plan::write(&exported.plan);
        match &arguments.out {
            None => piped(std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes()).map_err(Into::into))?,
            Some(folder) => {
                write(&app, &exported, &text, folder).await?;
                say!("Wrote {} and {} files.", folder.join(FILE).display(), exported.files.len());
            }
        }
        app.db.close().await;
        Ok(())
    })
}

/// The plan comes last: where it stands, its files do.
async fn write(app: &App, exported: &Exported, text: &str, folder: &Path) -> anyhow::Result<()> {
    let plan = folder.join(FILE);
    ensure!(!plan.exists(), "{} is there already; name another folder", plan.display());
    for (file, sha256) in &exported.files {
        let path = folder.join(file);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).with_context(|| format!("the folder {} cannot be made", above.display()))?;
        }
        let from = app.blobs.path(sha256);
        std::fs::copy(&from, &path).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    std::fs::write(&plan, text).with_context(|| format!("{} cannot be written", plan.display()))
}
