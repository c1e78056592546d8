//! A client of the broker that only listens and speaks, for the self-test; and the options that every client here shares.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::credentials::Login;
use super::embedded::MAX_PACKET;

/// Longest wait for anything that a peer waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a broker is reached.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Endpoint {
    pub(super) fn of(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self { host, port: address.port() }
    }

    /// What every client sets: the rules of the client library that were measured to matter.
    pub(super) fn options(&self, client_id: &str, login: &Login) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, &self.host, self.port);
        options.set_credentials(&login.user, &login.password);
        options.set_max_packet_size(u32::try_from(MAX_PACKET).ok());
        options.set_outgoing_inflight_upper_limit(100);
        options.set_connection_timeout(5);
        options
    }
}

/// A connected client.
pub(super) struct Peer {
    client: AsyncClient,
    packets: mpsc::Receiver<Packet>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    /// Breaks the connection without a word, so that a will is sent.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    /// Connects, clean; none when the broker refuses or does not answer.
    pub(super) async fn connect(mut options: MqttOptions, will: Option<LastWill>, tracker: &TaskTracker) -> Option<Self> {
        options.set_clean_start(true);
        options.set_keep_alive(Duration::from_secs(15));
        if let Some(will) = will {
            options.set_last_will(will);
        }
        let (client, eventloop) = AsyncClient::new(options, 16);
        let (sender, packets) = mpsc::channel(256);
        let task = tracker.spawn(forward(eventloop, sender));
        let mut peer = Self { client, packets, task };
        match peer.next().await? {
            Packet::ConnAck(_) => Some(peer),
            _ => None,
        }
    }

    /// The next packet; none when the connection has ended or nothing comes.
    pub(super) async fn next(&mut self) -> Option<Packet> {
        timeout(PATIENCE, self.packets.recv()).await.ok().flatten()
    }

    /// Subscribes and waits for the answer: none when the connection has ended, else whether it was granted.
    pub(super) async fn subscribe(&mut self, filter: &str) -> Option<bool> {
        self.client.try_subscribe(filter, QoS::AtLeastOnce).ok()?;
        loop {
            if let Packet::SubAck(ack) = self.next().await? {
                return Some(ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))));
            }
        }
    }

    /// Publishes with QoS 1 and waits for the broker's answer; false when the connection has ended.
    pub(super) async fn publish(&mut self, topic: &str, payload: &str) -> bool {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, payload.to_owned()).is_ok() && self.is_answered().await
    }

    async fn is_answered(&mut self) -> bool {
        loop {
            match self.next().await {
                Some(Packet::PubAck(_)) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }

    /// Whether the broker ends the connection, whatever it sends before.
    #[cfg(test)]
    pub(super) async fn is_ended(&mut self) -> bool {
        loop {
            match timeout(PATIENCE, self.packets.recv()).await {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Publishes and asks the broker to keep it.
    #[cfg(test)]
    pub(super) async fn publish_retained(&mut self, topic: &str, payload: &str) -> bool {
        self.client.try_publish(topic, QoS::AtLeastOnce, true, payload.to_owned()).is_ok() && self.is_answered().await
    }

    /// Reads until `last` arrives: whether `other` arrived before; none when `last` does not arrive.
    pub(super) async fn sees_before(&mut self, other: &str, last: &str) -> Option<bool> {
        let mut seen = false;
        loop {
            if let Packet::Publish(publish) = self.next().await? {
                seen |= publish.payload == other.as_bytes();
                if publish.payload == last.as_bytes() {
                    return Some(seen);
                }
            }
        }
    }
}

/// Only polls and forwards; a peer that does not read loses packets, which fails its test.
async fn forward(mut eventloop: EventLoop, sender: mpsc::Sender<Packet>) {
    while let Ok(event) = eventloop.poll().await {
        if let Event::Incoming(packet) = event
            && sender.try_send(packet).is_err()
        {
            return;
        }
    }
}
