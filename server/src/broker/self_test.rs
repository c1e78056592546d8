//! Six things that no board may do, tried at each start by a probe with a board's rights. What counts is whether a message
//! arrives, not what the broker answers. Each try ends with a message that must arrive, sent after the forbidden one, so that
//! "nothing came" is known and not waited for.

use playlists::id::BoardId;
use playlists::wire::topics::{Down, Up, to_board};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::LastWill;
use tokio_util::task::TaskTracker;

use super::credentials::{Credentials, secret};
use super::peer::{Endpoint, Peer};
use super::{BrokerError, TESTER_ID};

struct Probe<'a> {
    endpoint: &'a Endpoint,
    credentials: &'a Credentials,
    tracker: &'a TaskTracker,
    /// The probe's own name.
    board: BoardId,
    /// The board that the probe tries to hear and to speak for; there is none of this name.
    victim: BoardId,
}

/// Tries all six.
pub(super) async fn run(endpoint: &Endpoint, credentials: &Credentials, tracker: &TaskTracker) -> Result<(), BrokerError> {
    let name = secret().map_err(BrokerError::Random)?;
    let victim = format!("victim-{}", name.get(..16).unwrap_or(&name));
    let untested = |e: playlists::id::IdError| BrokerError::Untested(e.to_string());
    let probe = Probe {
        endpoint,
        credentials,
        tracker,
        board: credentials.probe.user.parse().map_err(untested)?,
        victim: victim.parse().map_err(untested)?,
    };
    let mut server = probe.server().await?;
    probe.hears(&mut server, &to_board(&probe.victim), "hear what is sent to another").await?;
    probe.hears(&mut server, "#", "hear everything").await?;
    probe.hears(&mut server, "$share/probe/bangtin/1/d/+/+", "share what is sent to others").await?;
    probe.speaks(&mut server, &Up::State.topic(&probe.victim), "report for another").await?;
    probe.speaks(&mut server, &Down::Desired.topic(&probe.victim), "give orders to another").await?;
    probe.leaves_will(&mut server, "leave a will in another's name").await?;
    tracing::info!("the broker's topic rules hold: six forbidden operations were tried");
    Ok(())
}

impl Probe<'_> {
    async fn server(&self) -> Result<Peer, BrokerError> {
        let options = self.endpoint.options(TESTER_ID, &self.credentials.server);
        let mut server =
            Peer::connect(options, None, self.tracker).await.ok_or_else(|| lost("the server cannot log in at the broker"))?;
        let (victim, own) = (&self.victim, &self.board);
        for topic in [
            Up::State.topic(victim),
            Up::Bye.topic(victim),
            Down::Desired.topic(victim),
            Up::State.topic(own),
            Up::Bye.topic(own),
        ] {
            if server.subscribe(&topic).await != Some(true) {
                return Err(lost("the server may not hear the boards"));
            }
        }
        Ok(server)
    }

    async fn connect(&self, will: Option<LastWill>) -> Option<Peer> {
        let options = self.endpoint.options(self.board.as_str(), &self.credentials.probe);
        Peer::connect(options, will, self.tracker).await
    }

    async fn hears(&self, server: &mut Peer, filter: &str, what: &'static str) -> Result<(), BrokerError> {
        let mut probe = self.connect(None).await.ok_or_else(|| lost("the probe cannot log in at the broker"))?;
        if probe.subscribe(&to_board(&self.board)).await != Some(true) {
            return Err(lost("the probe may not hear what is sent to itself"));
        }
        if probe.subscribe(filter).await.is_none() {
            return Ok(()); // the broker ended the connection: refused
        }
        let (forbidden, last) = markers()?;
        if !server.publish(&Down::Cmd.topic(&self.victim), &forbidden).await
            || !server.publish(&Down::Cmd.topic(&self.board), &last).await
        {
            return Err(lost("the server may not speak to boards"));
        }
        verdict(probe.sees_before(&forbidden, &last).await, what)
    }

    async fn speaks(&self, server: &mut Peer, topic: &str, what: &'static str) -> Result<(), BrokerError> {
        let (forbidden, last) = markers()?;
        let mut probe = self.connect(None).await.ok_or_else(|| lost("the probe cannot log in at the broker"))?;
        if !probe.publish(topic, &forbidden).await {
            // The broker may end the connection for it; what counts is what arrives.
            probe = self.connect(None).await.ok_or_else(|| lost("the probe cannot log in at the broker"))?;
        }
        if !probe.publish(&Up::State.topic(&self.board), &last).await {
            return Err(lost("the probe may not report for itself"));
        }
        verdict(server.sees_before(&forbidden, &last).await, what)
    }

    async fn leaves_will(&self, server: &mut Peer, what: &'static str) -> Result<(), BrokerError> {
        let (forbidden, last) = markers()?;
        let will = |topic: String, text: &str| LastWill::new(topic, text.as_bytes().to_vec(), QoS::AtLeastOnce, false, None);
        // A refused connection is a refused will; a connection is broken at once, so that the will is due.
        drop(self.connect(Some(will(Up::Bye.topic(&self.victim), &forbidden))).await);
        let own = self.connect(Some(will(Up::Bye.topic(&self.board), &last))).await;
        drop(own.ok_or_else(|| lost("the probe may not leave a will for itself"))?);
        verdict(server.sees_before(&forbidden, &last).await, what)
    }
}

fn verdict(seen: Option<bool>, what: &'static str) -> Result<(), BrokerError> {
    match seen {
        Some(false) => Ok(()),
        Some(true) => Err(BrokerError::Allowed(what)),
        None => Err(lost("a message that is allowed did not arrive")),
    }
}

fn markers() -> Result<(String, String), BrokerError> {
    Ok((secret().map_err(BrokerError::Random)?, secret().map_err(BrokerError::Random)?))
}

fn lost(what: &str) -> BrokerError {
    BrokerError::Untested(what.to_owned())
}
