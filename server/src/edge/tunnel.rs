//! The way of a connection that came over TLS or WebSocket to the embedded broker, which itself listens in plain text only.
//!
//! The broker's own TLS reads its certificate once, and its WebSocket needs a port of its own; so both end here, and the broker
//! sees a connection of this machine. From which address it really came is noted before the first byte is passed on.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Longest for the broker to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest for the last words in one direction once the other has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The real addresses of connections that this machine passes on to the broker, by their near end.
#[derive(Debug, Default)]
pub struct Origins(Mutex<HashMap<SocketAddr, IpAddr>>);

impl Origins {
    /// Whence a connection that the broker sees came.
    #[must_use]
    pub fn of(&self, seen: SocketAddr) -> IpAddr {
        self.all().get(&seen).copied().unwrap_or(seen.ip())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SocketAddr, IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the broker, for at most so many at a time.
#[derive(Debug, Clone)]
pub struct Tunnel {
    broker: SocketAddr,
    origins: Arc<Origins>,
    places: Arc<Semaphore>,
}

/// Forgets where a connection came from when it ends.
struct Noted<'a>(&'a Origins, SocketAddr);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.all().remove(&self.1);
    }
}

impl Tunnel {
    /// To the broker at this address of this machine.
    #[must_use]
    pub fn new(broker: SocketAddr, origins: Arc<Origins>, most: usize) -> Self {
        Self { broker, origins, places: Arc::new(Semaphore::new(most)) }
    }

    /// Carries one connection until either side ends it.
    ///
    /// # Errors
    /// When all places are taken, or the broker takes no connection.
    pub async fn carry(&self, stream: impl AsyncRead + AsyncWrite, from: IpAddr) -> io::Result<()> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(io::Error::other("as many clients as the broker takes are connected already"));
        };
        let broker = timeout(CONNECT, TcpStream::connect(self.broker)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        broker.set_nodelay(true)?;
        let near = broker.local_addr()?;
        self.origins.all().insert(near, from);
        let _noted = Noted(&self.origins, near);
        join(stream, broker).await;
        Ok(())
    }
}

/// Passes bytes both ways. When one side ends, the other has a moment to say what it has left: neither holds the other's place.
async fn join(client: impl AsyncRead + AsyncWrite, broker: TcpStream) {
    let (mut from_client, mut to_client) = split(client);
    let (mut from_broker, mut to_broker) = broker.into_split();
    let up = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_broker).await;
        let _ = to_broker.shutdown().await;
    };
    let down = async {
        let _ = tokio::io::copy(&mut from_broker, &mut to_client).await;
        let _ = timeout(LAST_WORDS, to_client.shutdown()).await;
    };
    tokio::pin!(up, down);
    tokio::select! {
        () = &mut down => {}
        () = &mut up => drop(timeout(LAST_WORDS, down).await),
    }
}
