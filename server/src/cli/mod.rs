//! The command line: what an administrator types, and what it answers. The only place that prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its standard streams")]

pub mod board;
pub mod demo;
pub mod explain;
pub mod export;
pub mod forecast;
pub mod import;
pub mod keys;
pub mod plan;
pub mod rows;
pub mod say;
pub mod serve;
pub mod slide;
pub mod timeline;
pub mod unit;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::say::{Unsaid, say};
use crate::config::{Config, DEFAULT_LOG, DEMO_LOG, SETTINGS, Values};
use crate::edge::authority::CA_CERTIFICATE;
use crate::edge::certificates::CertificateError;
use crate::edge::{self, given};
use crate::media::clips::Ffmpeg;
use crate::ports::{Clock as _, SystemClock};
use crate::telemetry::{self, chain};

/// Exit code for settings that are wrong (`EX_CONFIG` of sysexits.h is 78; 64, `EX_USAGE`, is what this family of servers uses).
const EXIT_CONFIG: u8 = 64;

/// Exit code for a plan that does not hold (`EX_DATAERR`).
const EXIT_DATA: u8 = 65;

#[derive(Parser)]
#[command(name = "bangtin", version, about = "Schedules what public LED boards show, and proves what they showed")]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// The settings that can be said as flags; each has a key in the file and a variable of the same name.
#[derive(Args, Clone, Default)]
pub struct Settings {
    /// File with settings; without it `bangtin.toml` is read where it exists.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the database, pictures and keys.
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Address and port for browsers and boards.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen_http: Option<String>,
    /// Address and port of the embedded MQTT broker.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen_mqtt: Option<String>,
    /// Where boards reach this server over HTTP.
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Where boards reach the broker.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    public_mqtt: Option<String>,
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Folder of the signing keys.
    #[arg(long, global = true, value_name = "FOLDER")]
    keys: Option<String>,
    /// Programme that works on clips, a name or a path; ffprobe lies beside it.
    #[arg(long, global = true, value_name = "PROGRAMME")]
    ffmpeg: Option<String>,
    /// auto: ports beyond this machine speak TLS; on: all ports do.
    #[arg(long, global = true, value_name = "auto|on")]
    tls: Option<String>,
    /// PEM file with the server's certificate and intermediates; without it the server makes its own.
    #[arg(long, global = true, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// PEM file with the certificate's private key.
    #[arg(long, global = true, value_name = "FILE")]
    tls_key: Option<String>,
    /// PEM file with the authorities that boards pin for a given certificate.
    #[arg(long, global = true, value_name = "FILE")]
    tls_ca: Option<String>,
    /// true: ports beyond this machine speak plain text.
    #[arg(long, global = true, value_name = "true|false")]
    allow_plain: Option<String>,
    /// Which log lines: error, warn, info, debug, or a filter.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// `text` or `json`.
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve,
    /// Run a whole province on this machine: server and 92 boards: three with players, the others virtual.
    Demo(demo::Arguments),
    /// Check the settings, tell every fault, change nothing.
    Check,
    /// Tell why a board shows what it shows, and why every other campaign does not.
    Explain(explain::Arguments),
    /// Count what each campaign gets of a board, on this server or by a plan without one.
    Forecast(forecast::Arguments),
    /// Tell what this server has as a plan, with its files.
    Export(export::Arguments),
    /// Carry a plan out on this server, as a whole or not at all.
    Import(import::Arguments),
    /// Signing keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Boards.
    #[command(subcommand)]
    Board(board::Command),
    /// Plans as files.
    #[command(subcommand)]
    Plan(plan::Command),
    /// Tell what a board of a plan plays, without a server.
    Timeline(timeline::Arguments),
    /// Templates, and the slides made of them.
    #[command(subcommand)]
    Slide(slide::Command),
    /// Units, who own boards and content.
    #[command(subcommand)]
    Unit(unit::Command),
}

impl Settings {
    /// What was said as flags.
    #[must_use]
    pub fn flags(&self) -> Values {
        let said = [
            ("data", &self.data),
            ("listen_http", &self.listen_http),
            ("listen_mqtt", &self.listen_mqtt),
            ("public_url", &self.public_url),
            ("public_mqtt", &self.public_mqtt),
            ("database", &self.database),
            ("keys", &self.keys),
            ("ffmpeg", &self.ffmpeg),
            ("tls", &self.tls),
            ("tls_certificate", &self.tls_certificate),
            ("tls_key", &self.tls_key),
            ("tls_ca", &self.tls_ca),
            ("allow_plain", &self.allow_plain),
            ("log", &self.log),
            ("log_format", &self.log_format),
        ];
        said.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut flags = cli.settings.flags();
    if matches!(cli.command, Command::Demo(_)) {
        flags.entry("data").or_insert_with(|| "demo-data".to_owned());
    }
    let Some(mut config) = read_config(&flags, cli.settings.config.as_deref()) else { return ExitCode::from(EXIT_CONFIG) };
    if matches!(cli.command, Command::Demo(_)) && config.log == DEFAULT_LOG {
        DEMO_LOG.clone_into(&mut config.log);
    }
    telemetry::init(&config.log, config.log_format);
    let done = match cli.command {
        Command::Check => check(&config),
        Command::Serve => serve::run(config),
        Command::Demo(arguments) => demo::run(config, &arguments),
        Command::Explain(arguments) => explain::run(&config, &arguments),
        Command::Forecast(arguments) => forecast::run(&config, &arguments),
        Command::Export(arguments) => export::run(&config, &arguments),
        Command::Import(arguments) => import::run(&config, &arguments),
        Command::Keys(command) => keys::run(&config, &command),
        Command::Board(command) => board::run(&config, command),
        Command::Plan(command) => plan::run(&command),
        Command::Timeline(arguments) => timeline::run(&arguments),
        Command::Slide(command) => slide::run(command),
        Command::Unit(command) => unit::run(&config, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // `bangtin slide list | head`: who asked has heard enough.
        Err(error) if matches!(error.downcast_ref(), Some(Unsaid::Unheard)) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bangtin: {error:#}");
            if error.is::<plan::Unfit>() { ExitCode::from(EXIT_DATA) } else { ExitCode::FAILURE }
        }
    }
}

fn read_config(flags: &Values, file: Option<&Path>) -> Option<Config> {
    let path = file.unwrap_or(Path::new("bangtin.toml"));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(e) if file.is_none() && e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => {
            eprintln!("bangtin: the settings file {} cannot be read: {e}", path.display());
            return None;
        }
    };
    match Config::read(flags, &environment(), text.as_deref().map(|text| (path, text))) {
        Ok(config) => Some(config),
        Err(faults) => {
            eprintln!("bangtin: {} of the settings are wrong; nothing was started", faults.len());
            faults.iter().for_each(|fault| eprintln!("  {fault}"));
            None
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Values {
    SETTINGS.iter().filter_map(|setting| Some((setting.key, std::env::var(setting.variable()).ok()?))).collect()
}

fn check(config: &Config) -> anyhow::Result<()> {
    if let Some(files) = &config.tls.given {
        given::read(files, &edge::names(config), SystemClock.now()).map_err(CertificateError::Given)?;
    }
    say!("The settings are right:");
    let here = |given: &Option<String>| given.clone().unwrap_or_else(|| "(where it listens)".to_owned());
    for (key, value) in [
        ("data", config.data.display().to_string()),
        ("listen_http", config.listen_http.to_string()),
        ("listen_mqtt", config.listen_mqtt.to_string()),
        ("public_url", here(&config.public_url)),
        ("public_mqtt", here(&config.public_mqtt)),
        ("database", config.database.to_string()),
        ("keys", config.keys.display().to_string()),
        ("ffmpeg", config.ffmpeg.display().to_string()),
        ("encrypted", encrypted(config)),
        ("log", config.log.clone()),
        ("log_format", format!("{:?}", config.log_format).to_lowercase()),
    ] {
        say!("  {key:<12} {value}");
    }
    // No fault of the settings: a server for stills needs none of it.
    if let Err(fault) = block_on(async { Ok(Ffmpeg::at(&config.ffmpeg).check().await) })? {
        say!("Clips cannot be taken: {}", chain(&fault));
    }
    Ok(())
}

/// What is encrypted, and whom boards believe.
fn encrypted(config: &Config) -> String {
    let ports = match (config.tls.http, config.tls.mqtt) {
        (true, true) => "both ports",
        (true, false) => "HTTP only",
        (false, true) => "MQTT only",
        (false, false) => return if config.is_open() { "nothing, open to the network" } else { "nothing" }.to_owned(),
    };
    match &config.tls.given {
        Some(files) => format!("{ports}, with the certificate {}", files.certificate.display()),
        None => format!("{ports}, with an authority of its own, {}", config.keys.join(CA_CERTIFICATE).display()),
    }
}

/// Runs an asynchronous command to its end.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
