//! `bangtin demo`: a whole province on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use playlists::id::BoardId;

use super::block_on;
use super::say::announce;
use super::serve::{Signals, until_end};
use crate::app::{self, App, samples, sign_in};
use crate::config::Config;
use crate::demo::{Players, players};
use crate::keys::{Keys, random_seed, write_private};
use crate::lifecycle::{self, StartError};
use crate::ports::SystemClock;

/// The demo's administrator.
const LOGIN: &str = "admin";
/// How many boards have a player of their own: one of each of the first three geometries. The others are virtual.
const DRIVEN: u32 = 3;

/// Runs the demo until it is told to end; a second start goes on with the same data.
///
/// # Errors
/// When the server does not start, or a part of it dies.
pub fn run(config: Config) -> anyhow::Result<()> {
    block_on(async move {
        let mut signals = Signals::new()?;
        anyhow::ensure!(
            !config.tls.http && !config.tls.mqtt,
            "the demo speaks plain text within this machine; leave out tls settings and addresses beyond it, or use `bangtin serve`"
        );
        let programme = player_programme()?;
        fs::create_dir_all(&config.data).map_err(|source| StartError::Data { path: config.data.clone(), source })?;
        if !Keys::are_in(&config.keys) {
            Keys::init(&config.keys, &config.keys)?;
        }
        let running = lifecycle::start(&config, Arc::new(SystemClock)).await?;
        let login = login(&running.app, &config.data).await?;
        let fleet = config.data.join("boards");
        let identities = boards(&running.app, &fleet).await?;
        announce(format_args!("Bangtin's demo: http://{}  (MQTT on {})", running.http, running.mqtt));
        announce(format_args!("Sign in with what {} says. Ctrl-C ends the demo; a second start resumes it.", login.display()));
        let (data, log) = (config.data.join("players"), config.log.clone());
        let fleet_data = config.data.join("fleet");
        let driven = Players { programme, identities, fleet, fleet_data, data, http: running.http, mqtt: running.mqtt, log };
        let stop = running.tasks().stop_token();
        running.tasks().start("players", players(driven, stop));
        until_end(running, &mut signals).await
    })
}

/// The player lies beside this programme.
fn player_programme() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this programme does not know where it lies")?;
    let player = own.with_file_name("bangtin-player");
    anyhow::ensure!(player.is_file(), "{} is missing: build it with `cargo build --release --workspace`", player.display());
    Ok(player)
}

/// Lays the province and the samples down where they are not there yet, and tells the identity files of the boards to drive.
async fn boards(app: &App, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for identity in samples::import_province(app).await? {
        write_private(&identity_file(folder, &identity.board), &serde_json::to_vec_pretty(&identity)?)?;
    }
    samples::import(app, &samples::PROVINCE.parse()?).await?;
    let first = app::boards::first(app, DRIVEN).await?;
    let files: Vec<PathBuf> = first.iter().map(|board| identity_file(folder, &board.id)).collect();
    if let Some(missing) = files.iter().find(|file| !file.is_file()) {
        anyhow::bail!("{} is missing: the first start was cut off; remove the data folder and start again", missing.display());
    }
    Ok(files)
}

fn identity_file(folder: &Path, board: &BoardId) -> PathBuf {
    folder.join(format!("{board}.json"))
}

/// The file with the administrator's login and password; made at the first start.
async fn login(app: &App, data: &Path) -> anyhow::Result<PathBuf> {
    let path = data.join("login.txt");
    if path.exists() {
        return Ok(path);
    }
    let password = data_encoding::BASE32_NOPAD.encode(random_seed()?.get(..10).unwrap_or_default()).to_lowercase();
    sign_in::create_account(app, LOGIN, &password).await.context("the demo's administrator cannot be made")?;
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, format!("login: {LOGIN}\npassword: {password}\n")).context("the login file cannot be written")?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600)).context("the login file cannot be made private")?;
    fs::rename(&unfinished, &path).context("the login file cannot be written")?;
    Ok(path)
}
