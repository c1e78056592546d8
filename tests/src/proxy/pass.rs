//! One connection through the wire: bytes each way, as the wire's state has it at the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::interval;

use super::mqtt::Packets;
use super::{Counts, State, Wire};

/// How often a slow wire passes a piece.
const BEAT: Duration = Duration::from_millis(20);

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    fn holds(self, wire: Wire) -> bool {
        wire == Wire::Held || self == Self::Down && wire == Wire::DownHeld
    }

    fn swallows(self, wire: Wire) -> bool {
        match wire {
            Wire::Swallowed => true,
            Wire::DownSwallowed => self == Self::Down,
            Wire::UpSwallowed => self == Self::Up,
            _ => false,
        }
    }
}

/// Passes bytes both ways until either end closes, the wire is cut or the proxy is gone.
pub(super) async fn join(
    (client, server): (TcpStream, TcpStream),
    mut wire: watch::Receiver<State>,
    cuts: u64,
    counts: Arc<Counts>,
) {
    let (client_out, client_in) = client.into_split();
    let (server_out, server_in) = server.into_split();
    let passage = |way| Passage { way, wire: wire.clone(), cuts, counts: Arc::clone(&counts), swallows: false, left: None };
    let (up, down) = (passage(Way::Up), passage(Way::Down));
    tokio::select! {
        () = up.pass(client_out, server_in) => {}
        () = down.pass(server_out, client_in) => {}
        // Bytes on the way are lost here: that is what a cut wire does.
        _ = wire.wait_for(|state| state.cuts != cuts) => {}
    }
}

/// One way of a connection.
struct Passage {
    way: Way,
    wire: watch::Receiver<State>,
    cuts: u64,
    counts: Arc<Counts>,
    /// Whether something has disappeared here.
    swallows: bool,
    /// In a truncated wire: bytes that may still pass.
    left: Option<u32>,
}

impl Passage {
    /// Ends when the connection is to end.
    async fn pass(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 16 * 1024];
        let mut packets = Packets::default();
        loop {
            let read = from.read(&mut buffer).await.unwrap_or(0);
            let (way, cuts) = (self.way, self.cuts);
            let state = self.wire.wait_for(|state| !way.holds(state.wire) || state.cuts != cuts).await;
            let Ok(now) = state.map(|state| *state) else { return };
            if now.cuts != cuts {
                return;
            }
            self.swallows |= way.swallows(now.wire);
            if self.swallows {
                self.counts.swallowed.fetch_add(read as u64, Ordering::Relaxed);
                if read == 0 {
                    // The other end does not hear of it: until a cut ends both.
                    std::future::pending::<()>().await;
                }
                continue;
            }
            let Some(bytes @ [_, ..]) = buffer.get(..read) else { return };
            let acks = (way == Way::Down && now.wire == Wire::WithoutAcks).then_some(&self.counts.acks);
            let bytes = if way == Way::Down { packets.filter(bytes, acks) } else { bytes.to_vec() };
            if !self.write(&mut to, &bytes, now.wire).await {
                return;
            }
        }
    }

    /// Whether the connection goes on.
    async fn write(&mut self, to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], wire: Wire) -> bool {
        match wire {
            Wire::Slow(rate) if self.way == Way::Down => self.write_slowly(to, bytes, rate).await,
            Wire::UpSlow(rate) if self.way == Way::Up => self.write_slowly(to, bytes, rate).await,
            Wire::Truncated(most) if self.way == Way::Down => {
                let left = self.left.get_or_insert(most);
                let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= u32::try_from(taken).unwrap_or(*left);
                let ends = *left == 0;
                self.write_at_once(to, bytes.get(..taken).unwrap_or_default()).await && !ends
            }
            _ => {
                self.left = None;
                self.write_at_once(to, bytes).await
            }
        }
    }

    async fn write_slowly(&self, to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], rate: u32) -> bool {
        let piece = usize::try_from(rate).unwrap_or(1).div_ceil(50).max(1);
        let mut beats = interval(BEAT);
        for piece in bytes.chunks(piece) {
            beats.tick().await;
            if !self.write_at_once(to, piece).await {
                return false;
            }
        }
        true
    }

    async fn write_at_once(&self, to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
        let count: &AtomicU64 = if self.way == Way::Up { &self.counts.up } else { &self.counts.down };
        if to.write_all(bytes).await.is_err() {
            return false;
        }
        count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        true
    }
}
