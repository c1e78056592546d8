//! An MQTT client that says and hears what a test wants, under whatever name it gives itself.

use std::net::SocketAddr;
use std::time::Duration;

use bangtin::app::{App, tokens};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::wire::messages::{Identity, TokenRequest, V};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, Publish};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};

use crate::eventually::SOON;

/// A connected client. It reads only while something is waited for.
pub struct Client {
    client: AsyncClient,
    events: EventLoop,
}

/// How a client introduces itself.
#[derive(Debug, Clone)]
pub struct Login {
    /// Client id.
    pub client: String,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Topic of its will, if it has one.
    pub will: Option<String>,
}

impl Login {
    /// As this board, with a real token.
    ///
    /// # Panics
    /// When the server gives none.
    pub async fn of(app: &App, identity: &Identity) -> Self {
        let nonce = tokens::nonce(app, &identity.board).expect("random bytes").nonce;
        let request = TokenRequest { v: V, board: identity.board.clone(), nonce };
        let request = serde_json::to_vec(&request).expect("a request is JSON");
        let key = SecretKey::from_hex(&identity.secret_key).expect("an identity holds a key");
        let envelope = Envelope::sign(DocumentType::TokenRequest, &request, &[&key]).to_json();
        let password = tokens::issue(app, &envelope).await.expect("a token is given").token;
        let name = identity.board.to_string();
        Self { client: name.clone(), user: name, password, will: None }
    }
}

impl Client {
    /// Connects, with nothing of an earlier session.
    ///
    /// # Errors
    /// The broker's reason to refuse; [`ConnectReturnCode::ServerUnavailable`] when it closes without one.
    ///
    /// # Panics
    /// When the broker does not answer.
    pub async fn connect(broker: SocketAddr, login: &Login) -> Result<Self, ConnectReturnCode> {
        let mut options = MqttOptions::new(&login.client, broker.ip().to_string(), broker.port());
        options.set_credentials(&login.user, &login.password).set_clean_start(true).set_keep_alive(Duration::from_secs(60));
        options.set_max_packet_size(Some(256 * 1024));
        if let Some(topic) = &login.will {
            options.set_last_will(LastWill::new(topic, "will", QoS::AtLeastOnce, false, None));
        }
        let (client, events) = AsyncClient::new(options, 64);
        let mut client = Self { client, events };
        match client.next("the broker answers").await {
            Ok(Packet::ConnAck(_)) => Ok(client),
            Ok(other) => panic!("the broker begins with {other:?}"),
            Err(error) => match *error {
                ConnectionError::ConnectionRefused(code) => Err(code),
                _ => Err(ConnectReturnCode::ServerUnavailable),
            },
        }
    }

    /// Subscribes, and waits for the broker's answer, whatever it is: what counts is what arrives.
    ///
    /// # Panics
    /// When the broker does not answer.
    pub async fn subscribe(&mut self, filter: &str) {
        self.client.try_subscribe(filter, QoS::AtLeastOnce).expect("there is room");
        while !matches!(self.next("a subscription is answered").await.expect("the connection stands"), Packet::SubAck(_)) {}
    }

    /// Publishes, and waits for the broker's answer, whatever it is.
    ///
    /// # Panics
    /// When the broker does not answer.
    pub async fn publish(&mut self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, payload.into()).expect("there is room");
        while !matches!(self.next("a message is answered").await.expect("the connection stands"), Packet::PubAck(_)) {}
    }

    /// Everything that comes up to the message for which `is_last` holds, that one included.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn hear_until(&mut self, what: &str, is_last: impl Fn(&Publish) -> bool) -> Vec<Publish> {
        let mut heard = Vec::new();
        loop {
            if let Packet::Publish(publish) = self.next(what).await.expect("the connection stands") {
                heard.push(publish);
                if heard.last().is_some_and(&is_last) {
                    return heard;
                }
            }
        }
    }

    async fn next(&mut self, what: &str) -> Result<Packet, Box<ConnectionError>> {
        loop {
            let event = tokio::time::timeout(SOON, self.events.poll()).await;
            let Ok(event) = event else { panic!("not within {SOON:?}: {what}") };
            match event.map_err(Box::new)? {
                Event::Incoming(packet) => return Ok(packet),
                Event::Outgoing(_) => {}
            }
        }
    }
}
