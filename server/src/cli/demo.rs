//! `bangtin demo`: a whole province on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::block_on;
use super::serve::{Signals, until_end};
use crate::app::{App, samples, sign_in};
use crate::config::Config;
use crate::demo::{Players, players};
use crate::keys::{Keys, random_seed};
use crate::lifecycle;
use crate::ports::SystemClock;

/// The demo's administrator.
const LOGIN: &str = "admin";

/// Runs the demo until it is told to end; a second start goes on with the same data.
///
/// # Errors
/// When the server does not start, or a part of it dies.
pub fn run(config: Config) -> anyhow::Result<()> {
    block_on(async move {
        let mut signals = Signals::new()?;
        let programme = player_programme()?;
        if !Keys::are_in(&config.keys) {
            Keys::init(&config.keys, &config.keys)?;
        }
        let running = lifecycle::start(&config, Arc::new(SystemClock)).await?;
        let login = login(&running.app, &config.data).await?;
        let boards = samples::province(&running.app, &config.data.join("boards")).await.context("the province cannot be made")?;
        samples::import(&running.app).await.context("the samples cannot be imported")?;
        println!("Bangtin's demo: http://{}  ({} boards, MQTT on {})", running.http, boards.count, running.mqtt);
        println!("Sign in with what {} says. Ctrl-C ends the demo; a second start resumes it.", login.display());
        let driven = Players { programme, identities: boards.driven, data: config.data.join("players"), http: running.http, mqtt: running.mqtt };
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
