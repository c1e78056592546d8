//! The voice between server and boards: the embedded broker or an external one, the server's link to it, and who may say what.
//!
//! **What is never lost, and why.** A revision wanted on a board waits in the outbox until the broker's PubAck for it; a broker
//! that forgot (a connection without session) gets everything again. A report is acknowledged to the broker only once it is
//! committed; plays and events stay on the board until the server's signed acknowledgement, so even a broker that loses its
//! queues costs nothing but time.

mod access;
mod credentials;
mod embedded;
mod inbound;
mod link;
mod outbound;
mod peer;
mod self_test;
mod window;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use access::Access;
pub use credentials::{Credentials, CredentialsError, Login};
use link::{Pace, Wire};
use peer::Endpoint;

/// Client id and user name of the server: no board id can hold a full stop.
const SERVER_ID: &str = "bangtin.server";
/// Client id of the server's part in the self-test.
const TESTER_ID: &str = "bangtin.self-test";

/// Which broker.
#[derive(Debug, Clone)]
pub enum BrokerConfig {
    /// In this process. Good for about 9,000 boards from many addresses; it takes 10,000 connections from one address.
    Embedded {
        /// Where it listens; port 0 lets the system choose.
        listen: SocketAddr,
        /// Most clients at once.
        max_clients: usize,
        /// How often boards are looked for whose token has ended or that were revoked; they are cut off.
        sweep: Duration,
    },
    /// Another program, such as Mosquitto.
    External {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// The server's login, and the probe's.
        credentials: Credentials,
    },
}

/// Why the broker does not stand.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The embedded broker cannot listen.
    #[error("the broker cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: Box<mqtt5::MqttError>,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The self-test could not be carried out.
    #[error("the broker's topic rules could not be tested: {0}")]
    Untested(String),
    /// A board may do what no board may do.
    #[error("the broker lets a board {0}; fix its topic rules, the server does not run with them")]
    Allowed(&'static str),
    /// The link was started before.
    #[error("the link to the broker was started before")]
    Started,
}

/// A broker that stands and was tested.
pub struct Broker {
    /// Where it listens; none for an external one.
    pub address: Option<SocketAddr>,
}

/// Starts the broker (or reaches the external one), tests its topic rules, and starts the link. It returns once the rules are
/// tested; the link then comes and goes by itself and tells so in [`App::broker_linked`].
///
/// # Errors
/// When the broker cannot listen or be reached, or lets a board do what no board may do.
pub async fn start(
    app: Arc<App>,
    config: BrokerConfig,
    tracker: &TaskTracker,
    token: CancellationToken,
) -> Result<Broker, BrokerError> {
    // The broker outlives the link, so that the link's last words still arrive.
    let broker_token = CancellationToken::new();
    let stop_broker = broker_token.clone().drop_guard();
    let (endpoint, logins, inside) = match config {
        BrokerConfig::External { host, port, credentials } => (Endpoint { host, port }, credentials, None),
        BrokerConfig::Embedded { listen, max_clients, sweep } => {
            let credentials = Credentials::random(SERVER_ID).map_err(BrokerError::Random)?;
            let access = Arc::new(Access::new(Arc::clone(&app), &credentials));
            let embedded = embedded::start(listen, max_clients, &access, tracker, broker_token, token.clone()).await?;
            let endpoint = Endpoint::of(reachable(embedded.address));
            (endpoint, credentials, Some((access, embedded, sweep)))
        }
    };
    self_test::run(&endpoint, &logins, tracker).await?;
    let address = inside.as_ref().map(|(_, embedded, _)| embedded.address);
    let gate = inside.as_ref().map(|(access, _, _)| Arc::clone(access));
    if let Some((access, embedded, every)) = inside {
        access.end_self_test();
        tracker.spawn(embedded::sweep(access, embedded, every, token.clone()));
    }
    let wire = Wire { endpoint: &endpoint, login: &logins.server, gate, pace: Pace::default() };
    link::start(app, wire, tracker, token, stop_broker)?;
    Ok(Broker { address })
}

/// Where this process reaches what listens on `bound`.
pub(crate) fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}
