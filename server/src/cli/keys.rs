//! `bangtin keys`: making the signing keys.

use std::path::PathBuf;

use super::say::say;
use crate::config::Config;
use crate::keys::Keys;

/// What can be done with keys.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the server's keys, and a root that names them; nothing that exists is overwritten.
    Init {
        /// Folder for the root's own key, on a medium that leaves this machine.
        #[arg(long, value_name = "FOLDER")]
        root_folder: Option<PathBuf>,
        /// Keep the root's own key beside the server's: for trials only, a thief of this machine could then name new keys.
        #[arg(long, conflicts_with = "root_folder")]
        root_on_server: bool,
    },
}

/// Carries the command out.
///
/// # Errors
/// When the keys cannot be made.
pub fn run(config: &Config, command: &Command) -> anyhow::Result<()> {
    let Command::Init { root_folder, root_on_server } = command;
    let root_folder = match (root_folder, root_on_server) {
        (Some(folder), _) => folder.clone(),
        (None, true) => config.keys.clone(),
        (None, false) => anyhow::bail!("say where the root's own key goes: --root-folder FOLDER, or --root-on-server for trials"),
    };
    Keys::init(&config.keys, &root_folder)?;
    say!("Made the server's keys in {} and the root's own key in {}.", config.keys.display(), root_folder.display());
    if !root_on_server {
        say!("Take {} off this machine and keep it safe: who holds it can name new keys.", root_folder.display());
    }
    Ok(())
}
