//! The broker within this process: memory only, since the database is the truth and everything is published again at its start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::config::{BrokerConfig, StorageBackend, StorageConfig};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{AuthProvider, MqttBroker};
use playlists::id::BoardId;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::BrokerError;
use super::access::{Access, NothingRetained};
use crate::telemetry::chain;

/// Largest packet, in bytes.
pub(super) const MAX_PACKET: usize = 256 * 1024;
/// Longest life of a session without a connection.
const SESSION: Duration = Duration::from_secs(3600);
/// Messages that wait for one client before senders are held back.
const CLIENT_QUEUE: usize = 256;
/// What waits for one client that is away: messages and bytes.
const AWAY_MESSAGES: usize = 1024;
const AWAY_BYTES: usize = 4 * 1024 * 1024;
/// Longest until its clients have ended: it keeps nothing that the database does not have, so nothing is lost with it.
const END: Duration = Duration::from_secs(1);

/// A broker that runs.
pub(super) struct Embedded {
    pub(super) address: SocketAddr,
    router: Arc<MessageRouter>,
}

impl Embedded {
    /// Ends the board's connection.
    pub(super) async fn kick(&self, board: &BoardId) {
        self.router.disconnect_client(board.as_str()).await;
    }
}

/// Binds and runs it until `stop`; should it end before, `died` is cancelled.
pub(super) async fn start(
    listen: SocketAddr,
    max_clients: usize,
    access: &Arc<Access>,
    tracker: &TaskTracker,
    stop: CancellationToken,
    died: CancellationToken,
) -> Result<Embedded, BrokerError> {
    let failed = |source| BrokerError::Listen { address: listen, source: Box::new(source) };
    let storage = StorageConfig::new()
        .with_backend(StorageBackend::Memory)
        .with_max_queued_messages_per_client(AWAY_MESSAGES)
        .with_max_queued_bytes_per_client(AWAY_BYTES);
    let mut config = BrokerConfig::new()
        .with_bind_address(listen)
        .with_max_clients(max_clients)
        .with_max_packet_size(MAX_PACKET)
        .with_session_expiry(SESSION)
        .with_maximum_qos(1)
        .with_client_channel_capacity(CLIENT_QUEUE)
        .with_sys_topics_enabled(false)
        .with_storage(storage);
    config.event_handler = Some(Arc::new(NothingRetained));
    // The built-in provider is replaced below; without any file it would not even start unless anonymous were allowed.
    config.auth_config.allow_anonymous = true;
    let provider: Arc<dyn AuthProvider> = Arc::clone(access) as _;
    let mut broker = MqttBroker::with_config(config).await.map_err(failed)?.with_auth_provider(provider);
    let address = broker.local_addr().unwrap_or(listen);
    let router = broker.router();
    let mut ready = broker.ready_receiver();
    let shutdown = broker.shutdown_handle();
    tracker.spawn(async move {
        let run = broker.run();
        tokio::pin!(run);
        tokio::select! {
            ended = &mut run => {
                tracing::error!(error = ?ended.err(), "the embedded broker ended by itself");
                died.cancel();
            }
            () = stop.cancelled() => {
                shutdown.shutdown();
                if tokio::time::timeout(END, run).await.is_err() {
                    tracing::info!("some clients of the embedded broker did not end in time and were cut off");
                }
            }
        }
    });
    // An error means that the broker has ended; the self-test will say so.
    let _ = ready.wait_for(|ready| *ready).await;
    tracing::info!("the embedded broker listens on {address}");
    Ok(Embedded { address, router })
}

/// Now and then ends the connections of boards whose token has ended or was taken away.
pub(super) async fn sweep(access: Arc<Access>, embedded: Embedded, every: Duration, token: CancellationToken) {
    while token.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        match access.lapsed().await {
            Ok(boards) => {
                for board in boards {
                    tracing::info!(board.id = %board, "the board's token has ended or was taken away; it is disconnected");
                    access.forget(&board);
                    embedded.kick(&board).await;
                }
            }
            Err(error) => tracing::warn!(error = %chain(&error), "tokens could not be checked"),
        }
    }
}
