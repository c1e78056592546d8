//! `GET /mqtt`: MQTT over WebSocket, for networks that let only this port out. The broker decides who may log in.

use std::io;
use std::net::SocketAddr;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, future};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::site::Site;

/// The one subprotocol.
const PROTOCOL: &str = "mqtt";
/// Largest message: the broker's largest packet, and what frames it.
const LARGEST: usize = 260 * 1024;

/// Upgrades a connection and leads it to the broker.
pub(super) async fn open(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(tunnel) = site.app.edge.tunnel.get().cloned() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(LARGEST).max_frame_size(LARGEST).write_buffer_size(0);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "ask for the subprotocol mqtt\n").into_response();
    }
    let stop = site.stop.clone();
    upgrade.on_upgrade(async move |socket| {
        let carried = stop.run_until_cancelled(Box::pin(tunnel.carry(stream(socket), peer.ip()))).await;
        if let Some(Err(error)) = carried {
            tracing::warn!(peer = %peer.ip(), error = %error, "a connection could not be passed on to the broker");
        }
    })
}

/// A WebSocket's binary messages as one stream of bytes; anything that is no MQTT ends it.
fn stream(socket: WebSocket) -> impl tokio::io::AsyncRead + tokio::io::AsyncWrite {
    let (sink, source) = socket.split();
    let source = source.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => None,
            Ok(Message::Text(_)) => Some(Err(io::Error::other("MQTT is binary"))),
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let sink = sink.sink_map_err(io::Error::other).with(|bytes: Bytes| future::ready(Ok::<_, io::Error>(Message::Binary(bytes))));
    tokio::io::join(StreamReader::new(source), SinkWriter::new(CopyToBytes::new(sink)))
}
