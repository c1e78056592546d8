//! When a process is asked to end: by a signal, or because whoever started it and held its standard input is gone.

use std::io::Read as _;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// What asks this process to end.
pub(super) struct Ending {
    interrupt: Signal,
    terminate: Signal,
    orphaned: Option<oneshot::Receiver<()>>,
}

impl Ending {
    /// Listens to the signals and, with `while_stdin_open`, to standard input: a pipe whose other end the starter holds closes
    /// when that is killed, however it is killed.
    ///
    /// # Errors
    /// When signals cannot be received, or no thread can be started.
    pub(super) fn new(while_stdin_open: bool) -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
        let terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
        let orphaned = while_stdin_open.then(watch_stdin).transpose().context("standard input cannot be watched")?;
        Ok(Self { interrupt, terminate, orphaned })
    }

    /// Resolves when the process is asked to end.
    pub(super) async fn asked(&mut self) {
        let orphaned = async {
            match &mut self.orphaned {
                Some(closed) => closed.await.unwrap_or_default(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = orphaned => self.orphaned = None,
        }
    }

    /// Resolves when somebody presses Ctrl-C once more.
    pub(super) async fn insisted(&mut self) {
        self.interrupt.recv().await;
    }
}

/// Reads standard input to its end on a thread that the process does not wait for.
fn watch_stdin() -> std::io::Result<oneshot::Receiver<()>> {
    let (closed, is_closed) = oneshot::channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut nothing = [0; 256];
        let mut stdin = std::io::stdin().lock();
        while stdin.read(&mut nothing).is_ok_and(|length| length > 0) {}
        closed.send(()).unwrap_or_default();
    })?;
    Ok(is_closed)
}
