//! The link with a broker that misbehaves: one of which the test decides each packet.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnectReturnCode, PingResp, PubAck, Publish, SubAck, SubscribeReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::traffic::Message;

on_both_databases![
    a_broker_that_stops_reading_costs_time_and_nothing_else,
    a_flood_of_reports_ends_the_connection_and_loses_none,
];

/// Longest that a step of the link may take here.
const SOON: Duration = Duration::from_secs(20);

struct Puppet {
    listener: TcpListener,
}

/// One connection of the link.
struct Line {
    stream: TcpStream,
    read: BytesMut,
}

impl Puppet {
    /// The broker, and the link to it at this pace.
    async fn with_link(world: &World, pace: Pace, tracker: &TaskTracker, token: &CancellationToken) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = Endpoint::of(listener.local_addr().expect("an address"));
        let login = Login { user: SERVER_ID.to_owned(), password: "-".to_owned() };
        let wire = Wire { endpoint: &endpoint, login: &login, gate: None, pace };
        let last = CancellationToken::new().drop_guard();
        link::start(Arc::clone(&world.app), wire, tracker, token.clone(), last).expect("the link starts");
        Self { listener }
    }

    /// The link's next connection, until the server hears the boards. It has no session.
    async fn accept(&self) -> Line {
        let accepted = tokio::time::timeout(SOON, self.listener.accept()).await.expect("the link comes in time");
        let mut line = Line { stream: accepted.expect("a connection").0, read: BytesMut::new() };
        assert!(matches!(line.next().await, Some(Packet::Connect(..))));
        line.send(Packet::ConnAck(ConnAck { session_present: false, code: ConnectReturnCode::Success, properties: None })).await;
        let Some(Packet::Subscribe(subscribe)) = line.next().await else { panic!("the link asks for the reports first") };
        let return_codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce)];
        line.send(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await;
        line
    }
}

impl Line {
    /// The next packet; none when the link has ended the connection.
    async fn next(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.read, None) {
                Ok(packet) => return Some(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("the link speaks no MQTT: {error}"),
            }
            let read = tokio::time::timeout(SOON, self.stream.read_buf(&mut self.read)).await.expect("a packet in time");
            if read.is_ok_and(|bytes| bytes > 0) { continue } else { return None }
        }
    }

    /// The next packet that is no keep-alive and no publish of the server; both are answered.
    async fn served(&mut self) -> Option<Packet> {
        loop {
            match self.next().await? {
                Packet::PingReq(_) => self.send(Packet::PingResp(PingResp)).await,
                Packet::Publish(publish) => self.send(Packet::PubAck(PubAck::new(publish.pkid, None))).await,
                packet => return Some(packet),
            }
        }
    }

    async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).expect("it can be written");
        // The link may be gone: then the next read says so.
        let _ = self.stream.write_all(&bytes).await;
    }
}

async fn a_broker_that_stops_reading_costs_time_and_nothing_else(world: World) {
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let app = &world.app;
    let (board, _) = world.board("b-0001", 1).await;
    // Shorter than the keep-alive: nothing here is silent for so long but a link that is stuck.
    let pace = Pace { stuck: Duration::from_secs(3), ..Pace::default() };
    let puppet = Puppet::with_link(&world, pace, &tracker, &token).await;
    let silent = puppet.accept().await;
    linked(&world).await;
    for _ in 0..60 {
        let message = Message { topic: Down::Cmd.topic(&board), payload: vec![b'x'; 200_000], expiry: None };
        app.live.traffic.send(message).expect("there is room");
    }
    fixtures::manifest(&app.db, &board, Revision(7), b"{}").await;
    outbox::put(&app.db, &board, Revision(7), 0).await.expect("it waits");
    app.live.outbox.notify_one();

    let mut line = puppet.accept().await;
    assert_eq!(fixtures::outbox_rows(&app.db).await, 1, "a row went without its acknowledgement");
    drop(silent);
    let desired = loop {
        match line.next().await.expect("the connection stands") {
            Packet::PingReq(_) => line.send(Packet::PingResp(PingResp)).await,
            Packet::Publish(publish) => {
                line.send(Packet::PubAck(PubAck::new(publish.pkid, None))).await;
                if publish.topic == Down::Desired.topic(&board).as_bytes() {
                    break publish;
                }
            }
            other => panic!("{other:?} was not expected"),
        }
    };
    assert!(desired.retain);
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    drop(line);
    end(&tracker, &token).await;
}

async fn a_flood_of_reports_ends_the_connection_and_loses_none(world: World) {
    const REPORTS: u16 = 300;
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let app = &world.app;
    let (board, key) = world.board("b-0001", 1).await;
    let report = |number: u16| {
        let happened =
            Happened { t: app.clock.now(), code: "started".to_owned(), detail: String::new(), facts: Default::default() };
        let epoch = "epoch-1".parse().expect("an epoch");
        let batch = Events { v: V, board: board.clone(), epoch, first: u64::from(number) - 1, events: vec![happened] };
        let mut publish =
            Publish::new(Up::Event.topic(&board), QoS::AtLeastOnce, signed(DocumentType::Event, &batch, &key), None);
        publish.pkid = number;
        Packet::Publish(publish)
    };
    let puppet = Puppet::with_link(&world, Pace::default(), &tracker, &token).await;
    let mut line = puppet.accept().await;
    linked(&world).await;
    let held = fixtures::hold(&app.db).await;
    for number in 1..=REPORTS {
        line.send(report(number)).await;
    }
    while let Some(packet) = line.served().await {
        assert!(!matches!(packet, Packet::PubAck(_)), "a report was acknowledged before it was stored");
    }
    drop(held);

    // A broker sends again what was not acknowledged, as many at once as the link takes; copies of before may still fill the
    // channel, and then the link breaks off once more.
    let mut line = puppet.accept().await;
    let mut left: std::collections::BTreeSet<u16> = (1..=REPORTS).collect();
    while !left.is_empty() {
        let at_once: Vec<u16> = left.iter().copied().take(60).collect();
        for number in &at_once {
            line.send(report(*number)).await;
        }
        while at_once.iter().any(|number| left.contains(number)) {
            match line.served().await {
                Some(Packet::PubAck(ack)) => drop(left.remove(&ack.pkid)),
                Some(_) => {}
                None => {
                    line = puppet.accept().await;
                    break;
                }
            }
        }
    }
    // A board has one batch on its way and sends them in order; here they come all at once, and what is behind looks lost for a
    // while: only the board's own are counted.
    let stored = fixtures::told(&app.db).await.into_iter().filter(|(code, _)| code == "started").count();
    assert_eq!(stored, usize::from(REPORTS));
    assert_eq!(app.live.traffic.counts.given_up.load(Ordering::Relaxed), 0);
    drop(line);
    end(&tracker, &token).await;
}

async fn end(tracker: &TaskTracker, token: &CancellationToken) {
    token.cancel();
    tracker.close();
    tokio::time::timeout(SOON, tracker.wait()).await.expect("no task is left");
}
