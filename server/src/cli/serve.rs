//! `bangtin serve`: the server until it is told to end.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::block_on;
use super::say::announce;
use crate::app::sign_in;
use crate::config::Config;
use crate::edge::authority::CA_CERTIFICATE;
use crate::lifecycle::{self, Running};
use crate::ports::SystemClock;

/// Runs the server.
///
/// # Errors
/// When it does not start, or a part of it dies.
pub fn run(config: Config) -> anyhow::Result<()> {
    block_on(async move {
        let mut signals = Signals::new()?;
        let running = lifecycle::start(&config, Arc::new(SystemClock)).await?;
        let (http, mqtt) = (if config.tls.http { "https" } else { "http" }, if config.tls.mqtt { "mqtts" } else { "mqtt" });
        announce(format_args!("bangtin answers on {http}://{} and {mqtt}://{}", running.http, running.mqtt));
        if running.app.edge.is_own {
            announce(format_args!(
                "Browsers warn of its certificate until they trust {}",
                config.keys.join(CA_CERTIFICATE).display()
            ));
        }
        if let Some(link) = sign_in::ensure_setup_link(&running.app).await.context("no set-up link can be made")? {
            announce(format_args!("No administrator yet. Make one here, once, within a day: {link}"));
        }
        until_end(running, &mut signals).await
    })
}

/// Waits for a signal or the death of a part, then ends the server; a second signal ends it at once.
///
/// # Errors
/// When a part of the server died.
pub async fn until_end(running: Running, signals: &mut Signals) -> anyhow::Result<()> {
    let died = tokio::select! {
        () = signals.next() => false,
        () = running.died() => true,
    };
    eprintln!("bangtin ends; once more to end at once");
    tokio::select! {
        in_time = running.stop() => if !in_time { tracing::warn!("some work did not end in time and was cut short") },
        () = signals.next() => tracing::warn!("ended at once"),
    }
    anyhow::ensure!(!died, "a part of the server died; the lines above say which");
    Ok(())
}

/// The signals that ask a process to end.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }
    /// Returns at the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
