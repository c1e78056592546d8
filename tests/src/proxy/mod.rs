//! A wire between a client and a server on loopback that can be cut, held, slowed, left half open and counted.

mod mqtt;
mod pass;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// Connections stand, but nothing passes from the server to the client; it comes later.
    DownHeld,
    /// Connections stand, but nothing passes either way; it comes later.
    Held,
    /// All connections are ended, new ones at once too.
    Cut,
    /// Half open: connections stand and are taken, but what is said disappears, and neither end hears that the other has hung up.
    /// What has begun to disappear on a connection does so until a cut: half of a conversation is none.
    Swallowed,
    /// Half open one way: what the server says disappears.
    DownSwallowed,
    /// Half open the other way: what the client says disappears.
    UpSwallowed,
    /// No more than so many bytes a second pass to the client, on each connection.
    Slow(u32),
    /// No more than so many bytes a second pass to the server, on each connection.
    UpSlow(u32),
    /// Each connection ends when so many bytes have passed to the client, counted from this state's beginning.
    Truncated(u32),
    /// What passes are whole MQTT packets, and of those none that holds the server's signed acknowledgement.
    WithoutAcks,
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
    swallowed: AtomicU64,
    acks: AtomicU64,
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

    /// Bytes that disappeared.
    #[must_use]
    pub fn bytes_swallowed(&self) -> u64 {
        self.counts.swallowed.load(Ordering::Relaxed)
    }

    /// Signed acknowledgements that were dropped.
    #[must_use]
    pub fn acks_dropped(&self) -> u64 {
        self.counts.acks.load(Ordering::Relaxed)
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
        tasks.spawn(pass::join((client, server), wire.clone(), cuts, Arc::clone(&counts)));
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

    #[tokio::test]
    async fn what_a_half_open_wire_swallows_never_comes_and_nobody_is_told() {
        let proxy = Proxy::start(echo().await).await;
        let mut client = TcpStream::connect(proxy.address).await.expect("connects");
        proxy.set(Wire::DownSwallowed);
        client.write_all(b"mat").await.expect("writes");
        crate::eventually("the echo is swallowed", crate::eventually::SOON, async || {
            if proxy.bytes_swallowed() == 3 { Ok(()) } else { Err(proxy.bytes_swallowed()) }
        })
        .await;
        proxy.set(Wire::Whole);
        client.write_all(b"nua").await.expect("the connection stands");
        crate::eventually("it goes on swallowing", crate::eventually::SOON, async || {
            if proxy.bytes_swallowed() == 6 { Ok(()) } else { Err(proxy.bytes_swallowed()) }
        })
        .await;
        assert_eq!(proxy.bytes_down(), 0);
        proxy.set(Wire::Cut);
        assert!(matches!(client.read(&mut [0; 4]).await, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn a_truncated_answer_ends_at_its_byte() {
        let proxy = Proxy::start(echo().await).await;
        proxy.set(Wire::Truncated(5));
        let mut client = TcpStream::connect(proxy.address).await.expect("connects");
        client.write_all(b"cat ngan").await.expect("writes");
        let mut heard = Vec::new();
        let _ = client.read_to_end(&mut heard).await;
        assert_eq!(heard, b"cat n");
    }

    #[tokio::test]
    async fn a_slow_wire_passes_everything_in_its_time() {
        let proxy = Proxy::start(echo().await).await;
        proxy.set(Wire::Slow(100_000));
        let mut client = TcpStream::connect(proxy.address).await.expect("connects");
        let began = std::time::Instant::now();
        client.write_all(&[7; 30_000]).await.expect("writes");
        let mut heard = vec![0; 30_000];
        client.read_exact(&mut heard).await.expect("hears");
        assert!(heard.iter().all(|byte| *byte == 7));
        assert!(began.elapsed() >= std::time::Duration::from_millis(200), "{:?}", began.elapsed());
    }
}
