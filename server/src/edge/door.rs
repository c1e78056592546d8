//! Takes connections and encrypts them. A peer that is slow at it, or speaks something else, holds up nobody.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::tunnel::Tunnel;

/// Longest for a peer to agree on encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most peers at a time that are still agreeing on it; more wait in the system's queue.
const HANDSHAKES: usize = 512;
/// Pause after the system gave no connection, as when it has no file left.
const PAUSE: Duration = Duration::from_millis(200);
/// First byte of every TLS connection.
const TLS_RECORD: u8 = 0x16;

/// A connection, encrypted or plain.
pub enum Stream {
    /// As it came.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether it is encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

/// A port that is listened on, encrypted or plain.
pub struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    /// Where a peer is sent that speaks plain HTTP to an encrypted port.
    instead: Option<Arc<str>>,
    agreeing: JoinSet<Option<(Stream, SocketAddr)>>,
}

impl Door {
    /// Takes connections as they come.
    #[must_use]
    pub fn plain(listener: TcpListener) -> Self {
        Self { listener, tls: None, instead: None, agreeing: JoinSet::new() }
    }

    /// Encrypts every connection; who speaks plain HTTP is told to go to `instead`, where there is one.
    #[must_use]
    pub fn encrypted(listener: TcpListener, tls: Arc<ServerConfig>, instead: Option<&str>) -> Self {
        let tls = Some(TlsAcceptor::from(tls));
        Self { listener, tls, instead: instead.map(Arc::from), agreeing: JoinSet::new() }
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The next connection that is ready. Losing the wait loses no connection.
    pub async fn next(&mut self) -> (Stream, SocketAddr) {
        loop {
            tokio::select! {
                Some(agreed) = self.agreeing.join_next(), if !self.agreeing.is_empty() => {
                    if let Ok(Some(ready)) = agreed {
                        return ready;
                    }
                }
                accepted = self.listener.accept(), if self.agreeing.len() < HANDSHAKES => match accepted {
                    Ok((stream, peer)) => {
                        let _ = stream.set_nodelay(true);
                        let Some(tls) = self.tls.clone() else { return (Stream::Plain(stream), peer) };
                        let instead = self.instead.clone();
                        self.agreeing.spawn(async move { agree(tls, stream, peer, instead).await });
                    }
                    Err(error) => {
                        tracing::warn!(error = %error, "a connection could not be taken");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
    }
}

async fn agree(tls: TlsAcceptor, stream: TcpStream, peer: SocketAddr, instead: Option<Arc<str>>) -> Option<(Stream, SocketAddr)> {
    let agreed = timeout(HANDSHAKE, async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first != [TLS_RECORD] {
            send_away(stream, instead.as_deref()).await?;
            return Err(io::Error::other("it does not speak TLS"));
        }
        tls.accept(stream).await
    });
    match agreed.await {
        Ok(Ok(stream)) => Some((Stream::Tls(Box::new(stream)), peer)),
        Ok(Err(error)) => {
            tracing::info!(peer = %peer.ip(), error = %error, "a connection was not encrypted and ends");
            None
        }
        Err(_) => {
            tracing::info!(peer = %peer.ip(), "a connection took too long to encrypt and ends");
            None
        }
    }
}

/// Whoever types the address without `https://` is led there; nothing of the request is read.
async fn send_away(mut stream: TcpStream, instead: Option<&str>) -> io::Result<()> {
    let Some(instead) = instead else { return Ok(()) };
    let answer =
        format!("HTTP/1.1 308 Permanent Redirect\r\nlocation: {instead}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // What was sent is read to its end: closing with unread bytes would take the answer back.
    let mut sink = tokio::io::sink();
    tokio::io::copy(&mut stream, &mut sink).await.map(drop)
}

/// Serves MQTT over TLS until told to stop.
pub async fn serve_mqtt(mut door: Door, tunnel: Tunnel, stop: CancellationToken) {
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            (stream, peer) = door.next() => {
                let tunnel = tunnel.clone();
                carried.spawn(async move {
                    if let Err(error) = tunnel.carry(stream, peer.ip()).await {
                        tracing::warn!(peer = %peer.ip(), error = %error, "a connection could not be passed on to the broker");
                    }
                });
            }
            Some(_) = carried.join_next(), if !carried.is_empty() => {}
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}
