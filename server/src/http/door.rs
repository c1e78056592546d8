//! How a connection of the server's port becomes a request's: who is at the other end, and whether it is encrypted.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};

use crate::edge::door::{Door, Stream};

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    address: SocketAddr,
    is_encrypted: bool,
}

/// Noted on requests that came over TLS of this server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encrypted;

impl Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        self.next().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address()
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self { address: *stream.remote_addr(), is_encrypted: stream.io().is_encrypted() }
    }
}

/// Notes on every request who asks, as its address alone, and [`Encrypted`] where it is.
pub(super) fn with_peers(router: Router) -> Router {
    router.layer(from_fn(note))
}

async fn note(ConnectInfo(peer): ConnectInfo<Peer>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ConnectInfo(peer.address));
    if peer.is_encrypted {
        request.extensions_mut().insert(Encrypted);
    }
    next.run(request).await
}
