//! `bangtin demo`: a whole province on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use playlists::id::BoardId;
use playlists::plan::{self as plans, Document};
use playlists::wire::messages::Identity;

use super::plan::{self, Unfit, file_of};
use super::say::announce;
use super::serve::{Signals, until_end};
use super::{block_on, import};
use crate::app::plans::{Files, PlanError};
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

/// What the demo shows.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// Show another plan, with its boards, instead of the province's: a file, or a folder with `plan.yaml`; its files lie beside it.
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
}

/// A plan that was read, and where it and its files are.
struct Plan {
    document: Document,
    path: PathBuf,
    files: Files,
}

impl Plan {
    fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let Some(given) = &arguments.plan else {
            let path = PathBuf::from(plan::FILE);
            let document = samples::province().map_err(|faults| Unfit::new(path.clone(), faults))?;
            return Ok(Self { document, path, files: samples::files() });
        };
        let (document, path) = (plan::read(given)?, file_of(given));
        let files = Files::Folder(path.parent().map_or_else(PathBuf::new, PathBuf::from));
        Ok(Self { document, path, files })
    }

    /// Lays its contents down, where nothing of them is there yet.
    async fn lay_down(self, app: &App) -> anyhow::Result<()> {
        match samples::lay_down(app, self.document, &self.files, import::words).await {
            Ok(_) => Ok(()),
            Err(PlanError::Faults(faults)) => Err(Unfit::new(self.path, faults).into()),
            Err(other) => Err(other.into()),
        }
    }
}

/// Runs the demo until it is told to end; a second start goes on with the same data.
///
/// # Errors
/// When the plan does not hold, the server does not start, or a part of it dies.
pub fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    let plan = Plan::read(arguments)?;
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
        let Boards { identities, others } = boards(&running.app, &plan.document.plan, &fleet).await?;
        let (data, log) = (config.data.join("players"), config.log.clone());
        let fleet_data = config.data.join("fleet");
        let (http, mqtt) = (running.http, running.mqtt);
        let driven = Players { programme, identities, fleet, others, fleet_data, data, http, mqtt, log };
        let stop = running.tasks().stop_token();
        running.tasks().start("players", players(driven, stop));
        // Boards show the safe item meanwhile.
        if let Err(refused) = plan.lay_down(&running.app).await {
            running.stop().await;
            return Err(refused);
        }
        announce(format_args!("Bangtin's demo: http://{http}  (MQTT on {mqtt})"));
        announce(format_args!("Sign in with what {} says. Ctrl-C ends the demo; a second start resumes it.", login.display()));
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

/// The boards that the demo drives.
struct Boards {
    /// Identity files of those with a player each.
    identities: Vec<PathBuf>,
    /// Whether there are more.
    others: bool,
}

/// Adds the plan's boards where they are not there yet, and tells the identity files of those to drive.
async fn boards(app: &App, plan: &plans::Plan, folder: &Path) -> anyhow::Result<Boards> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let keep = |identity: &Identity| {
        let file = identity_file(folder, &identity.board);
        // Left by a start that was cut off: its board was not added.
        if file.exists() {
            fs::remove_file(&file)?;
        }
        write_private(&file, &serde_json::to_vec_pretty(identity)?).map_err(std::io::Error::other)
    };
    samples::set_up(app, plan, |identities| identities.iter().try_for_each(keep)).await?;
    let first = app::boards::first(app, DRIVEN + 1).await?;
    let mut identities: Vec<PathBuf> = first.iter().map(|board| identity_file(folder, &board.id)).collect();
    let others = identities.len() > DRIVEN as usize;
    identities.truncate(DRIVEN as usize);
    if let Some(missing) = identities.iter().find(|file| !file.is_file()) {
        anyhow::bail!("{} is missing, the board's only key: remove the data folder and start again", missing.display());
    }
    Ok(Boards { identities, others })
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
