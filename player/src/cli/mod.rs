//! The command line: `run`, `fleet` and `show-identity`.

mod ending;
mod fleet;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::ending::Ending;
use crate::clock::SystemClock;
use crate::identity::{Addresses, Identity, IdentityError};
use crate::output;
use crate::ports::Ports;
use crate::stage::moving::Decoding;
use crate::stage::transition::Transition;
use crate::{Cadence, Config, start};

/// Exit code for a bad identity file: data or signature (sysexits `EX_DATAERR`).
const BAD_DATA: u8 = 65;
/// Exit code for settings that are wrong, as the server's: an identity file that is missing or open to others, or an address that
/// is none. systemd must not start it again.
const BAD_SETTINGS: u8 = 64;

/// Bangtin's player: shows what a board is to show, with or without a network.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays until it is stopped.
    Run(Run),
    /// Drives many virtual boards: everything but the screen is real, and what they show is hashed instead of drawn.
    Fleet(fleet::Arguments),
    /// Says which board an identity file is for.
    ShowIdentity {
        /// The identity file.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// The board's identity file, as `bangtin board add` gives it out; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// Folder that holds what the player must not forget.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where frames become visible; auto is a window where there is a display, else headless.
    #[arg(long, value_enum, default_value_t = OutputKind::Auto)]
    output: OutputKind,
    /// Headless: folder that holds the latest picture as latest.png and latest.json.
    #[arg(long, value_name = "DIR")]
    frames: Option<PathBuf>,
    /// How one picture gives way to the next.
    #[arg(long, value_enum, default_value_t = TransitionKind::Fade)]
    transition: TransitionKind,
    /// What decodes clips; auto is the decoder within the player up to 1280x720 pixels, above that ffmpeg where the machine has it.
    #[arg(long, value_enum, default_value_t = DecoderKind::Auto)]
    decoder: DecoderKind,
    /// The server's address instead of the identity's, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The broker's address instead of the identity's.
    #[arg(long, value_name = "HOST:PORT|URL")]
    mqtt: Option<String>,
    /// End as soon as standard input is closed: whoever holds its other end is gone.
    #[arg(long)]
    while_stdin_open: bool,
}

impl Cli {
    /// Which log lines are written unless `RUST_LOG` says so: of a fleet only what an operator must know.
    #[must_use]
    pub const fn log(&self) -> &'static str {
        if matches!(self.command, Command::Fleet(_)) { "error,bangtin_player::fleet=info" } else { "info" }
    }

    /// Most threads on which work may block.
    #[must_use]
    pub const fn blocking_threads(&self) -> usize {
        if matches!(self.command, Command::Fleet(_)) { 64 } else { 8 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputKind {
    Auto,
    Window,
    Headless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TransitionKind {
    Cut,
    Fade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DecoderKind {
    Auto,
    BuiltIn,
    Ffmpeg,
}

/// Carries out a command; `has_display` says whether there is a desktop.
///
/// # Errors
/// With what was attempted and why it failed.
pub async fn run(cli: Cli, has_display: bool) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(args) => play(args, has_display).await,
        Command::Fleet(arguments) => Box::pin(fleet::run(arguments)).await,
        Command::ShowIdentity { identity } => show_identity(&identity),
    }
}

/// The exit code that tells a supervisor whether to try again.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<IdentityError>() {
        Some(IdentityError::Read { .. } | IdentityError::Permissions { .. } | IdentityError::Address(_)) => {
            ExitCode::from(BAD_SETTINGS)
        }
        Some(IdentityError::Form(_) | IdentityError::Key(_) | IdentityError::Root(_) | IdentityError::Authorities(_)) => {
            ExitCode::from(BAD_DATA)
        }
        None => ExitCode::FAILURE,
    }
}

async fn play(args: Run, has_display: bool) -> anyhow::Result<()> {
    let addresses = Addresses { server: args.server, mqtt: args.mqtt };
    let identity = Identity::read(&args.identity, &addresses)?;
    let kind = match args.output {
        OutputKind::Auto => output::Kind::Auto,
        OutputKind::Window => output::Kind::Window,
        OutputKind::Headless => output::Kind::Headless,
    };
    let transition = match args.transition {
        TransitionKind::Cut => Transition::Cut,
        TransitionKind::Fade => Transition::default(),
    };
    let decoding = match args.decoder {
        DecoderKind::Auto => Decoding::Auto,
        DecoderKind::BuiltIn => Decoding::BuiltIn,
        DecoderKind::Ffmpeg => Decoding::Ffmpeg,
    };
    let output = output::open(kind, &identity.board, args.frames, has_display);
    let ports = Ports { clock: Arc::new(SystemClock::start()), output };
    tracing::info!(board.id = %identity.board, "the player starts, {} pixels", identity.geometry);
    let mut ending = Ending::new(args.while_stdin_open)?;
    let config = Config { identity, data: args.data, transition, decoding, cadence: Cadence::default() };
    let running = start(config, ports).await.context("the player could not start")?;
    tokio::select! {
        () = ending.asked() => {}
        () = running.ended() => {}
    }
    tracing::info!("the player ends");
    tokio::select! {
        () = running.stop() => {}
        () = ending.insisted() => anyhow::bail!("the player was cut off while it ended"),
        () = tokio::time::sleep(Duration::from_secs(30)) => anyhow::bail!("the player did not end within 30 s"),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of a command")]
fn show_identity(path: &std::path::Path) -> anyhow::Result<()> {
    let identity = Identity::read(path, &Addresses::default())?;
    println!("board     {}", identity.board);
    println!("key       {}", identity.key.public());
    println!("geometry  {}", identity.geometry);
    println!("server    {}", identity.server);
    println!("broker    {}", identity.broker);
    println!(
        "trusts    {}",
        if identity.tls_ca.is_some() { "the certificate authority it carries" } else { "the authorities of its system" }
    );
    println!("root      version {}", identity.root.version);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(identity: &std::path::Path) -> String {
        let error = show_identity(identity).expect_err("no identity");
        format!("{:?}", exit_code(&error))
    }

    #[test]
    fn wrong_settings_and_bad_data_have_codes_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("identity.json");
        assert_eq!(code(&path), format!("{:?}", ExitCode::from(64)), "it is missing");
        crate::files::replace(&path, b"{}", 0o644).expect("written");
        assert_eq!(code(&path), format!("{:?}", ExitCode::from(64)), "others may read it");
        crate::files::replace(&path, b"{}", 0o600).expect("written");
        assert_eq!(code(&path), format!("{:?}", ExitCode::from(65)), "it holds no identity");
    }
}
