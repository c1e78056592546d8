//! A wire that can be cut, held and counted, between a client and a server on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// Everything passes.
    #[default]
    Whole,
    /// Connections stand, but nothing passes from the server to the client.
    DownHeld,
    /// Connections stand, but nothing passes either way.
    Held,
    /// All connections are ended, new ones at once too.
    Cut,
}

/// What the wire does now, and how often it was cut: a cut that is mended at once still ends what stood.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    wire: Wire,
    cuts: u64,
}

/// What passed.
#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

/// A proxy for TCP; gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where clients connect.
    pub address: SocketAddr,
    wire: watch::Sender<State>,
    server: watch::Sender<SocketAddr>,
    counts: Arc<Counts>,
    _stop: DropGuard,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `server`; until [`Proxy::lead_to`] names another.
    ///
    /// # Panics
    /// When loopback has no port left.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (wire, watched) = watch::channel(State::default());
        let (server, led_to) = watch::channel(server);
        let counts = Arc::new(Counts::default());
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let serve = accept(listener, led_to, watched, Arc::clone(&counts), tasks.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(serve));
        Self { address, wire, server, counts, _stop: stop.drop_guard() }
    }

    /// New connections go to this server from now on: one that was started again has another port.
    pub fn lead_to(&self, server: SocketAddr) {
        self.server.send_replace(server);
    }

    /// Changes what the wire does, for standing connections too.
    pub fn set(&self, wire: Wire) {
        self.wire.send_modify(|state| {
            state.wire = wire;
            state.cuts += u64::from(wire == Wire::Cut);
        });
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Bytes passed to the server.
    #[must_use]
    pub fn bytes_up(&self) -> u64 {
        self.counts.up.load(Ordering::Relaxed)
    }

    /// Bytes passed to clients.
    #[must_use]
    pub fn bytes_down(&self) -> u64 {
        self.counts.down.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    server: watch::Receiver<SocketAddr>,
    wire: watch::Receiver<State>,
    counts: Arc<Counts>,
    tasks: TaskTracker,
) {
    while let Ok((client, _)) = listener.accept().await {
        let State { wire: now, cuts } = *wire.borrow();
        if now == Wire::Cut {
            continue;
        }
        let address = *server.borrow();
        let Ok(server) = TcpStream::connect(address).await else { continue };
        counts.connections.fetch_add(1, Ordering::Relaxed);
        tasks.spawn(join((client, server), wire.clone(), cuts, Arc::clone(&counts)));
    }
}

/// Passes bytes both ways until either end closes, the wire is cut or the proxy is gone.
async fn join((client, server): (TcpStream, TcpStream), mut wire: watch::Receiver<State>, cuts: u64, counts: Arc<Counts>) {
    let (client_out, client_in) = client.into_split();
    let (server_out, server_in) = server.into_split();
    tokio::select! {
        () = pass(client_out, server_in, (wire.clone(), cuts), &[Wire::Held], &counts.up) => {}
        () = pass(server_out, client_in, (wire.clone(), cuts), &[Wire::Held, Wire::DownHeld], &counts.down) => {}
        // Bytes on the way are lost here: that is what a cut wire does.
        _ = wire.wait_for(|state| state.cuts != cuts) => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    (mut wire, cuts): (watch::Receiver<State>, u64),
    held: &[Wire],
    count: &AtomicU64,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let goes_on =
            wire.wait_for(|state| !held.contains(&state.wire) || state.cuts != cuts).await.is_ok_and(|s| s.cuts == cuts);
        if !goes_on {
            return;
        }
        let Some(bytes) = buffer.get(..read) else { return };
        if to.write_all(bytes).await.is_err() {
            return;
        }
        count.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        TaskTracker::new().spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut out, mut into) = stream.split();
                let _ = tokio::io::copy(&mut out, &mut into).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_cut_wire_ends_connections_and_a_whole_one_passes_again() {
        let proxy = Proxy::start(echo().await).await;
        let mut client = TcpStream::connect(proxy.address).await.expect("connects");
        client.write_all(b"chao").await.expect("writes");
        let mut heard = [0; 4];
        client.read_exact(&mut heard).await.expect("hears");
        assert_eq!(&heard, b"chao");
        proxy.set(Wire::Cut);
        proxy.set(Wire::Whole);
        assert!(matches!(client.read(&mut heard).await, Ok(0) | Err(_)));
        let mut client = TcpStream::connect(proxy.address).await.expect("connects again");
        client.write_all(b"lai!").await.expect("writes");
        client.read_exact(&mut heard).await.expect("hears");
        assert_eq!(&heard, b"lai!");
        assert_eq!((proxy.connections(), proxy.bytes_up(), proxy.bytes_down()), (2, 8, 8));
    }

    #[tokio::test]
    async fn what_is_held_comes_later() {
        let proxy = Proxy::start(echo().await).await;
        let mut client = TcpStream::connect(proxy.address).await.expect("connects");
        proxy.set(Wire::DownHeld);
        client.write_all(b"cham").await.expect("writes");
        crate::eventually("the bytes go up", crate::eventually::SOON, async || {
            if proxy.bytes_up() == 4 { Ok(()) } else { Err(proxy.bytes_up()) }
        })
        .await;
        assert_eq!(proxy.bytes_down(), 0);
        proxy.set(Wire::Whole);
        let mut heard = [0; 4];
        client.read_exact(&mut heard).await.expect("hears");
        assert_eq!(&heard, b"cham");
    }
}
