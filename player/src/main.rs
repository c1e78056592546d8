//! The player's process: logging, the runtime, and nothing else.

use std::process::ExitCode;
use std::time::Duration;

use bangtin_player::cli::{self, Cli};
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

/// Longest wait, at the end, for work that blocks.
const LAST_WORK: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(cli.log()));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let has_display = has_display();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(cli.blocking_threads())
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "no threads can be started");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(cli::run(cli, has_display));
    // A disk that does not answer must not keep the process from ending.
    runtime.shutdown_timeout(LAST_WORK);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            cli::exit_code(&error)
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn has_display() -> bool {
    std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty())
}
