//! The broker with real connections: logins, topics, the outbox, reports, and what a restart loses (nothing).

use std::future::Future;
use std::sync::atomic::Ordering;

use playlists::id::{BoardId, Revision};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::wire::messages::{Ack, Command, CommandKind, Desired, Stream, V};
use playlists::wire::reports::{Event as Happened, Events};
use playlists::wire::topics::{Down, Up, to_board};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet};

use super::*;
use crate::app::{commands, tokens as app_tokens};
use crate::store::{fixtures, outbox};
use crate::testing::{Engine, World, eventually, on_both_databases, signed, token_request};
use peer::Peer;

mod ending;
mod hostile;

on_both_databases![
    a_board_logs_in_with_its_own_name_and_token_only,
    a_desired_state_reaches_the_board_and_leaves_the_outbox,
    events_are_acknowledged_over_the_broker_once_they_are_stored,
    a_revoked_board_is_cut_off_by_the_next_sweep_and_stays_out,
    a_board_that_breaks_off_is_gone_by_its_will,
    what_a_board_asks_to_be_kept_is_not_kept,
    an_order_reaches_the_board_signed,
    a_token_that_ended_lets_nobody_in,
    everything_is_published_again_to_a_broker_that_forgot,
    an_external_mosquitto_does_the_same,
];

/// How often boards that were revoked are looked for here.
const SWEEP: Duration = Duration::from_millis(100);

struct Running {
    world: World,
    tracker: TaskTracker,
    token: CancellationToken,
    endpoint: Endpoint,
}

async fn running(world: World) -> Running {
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let config = BrokerConfig::Embedded { listen: "127.0.0.1:0".parse().expect("an address"), max_clients: 100, sweep: SWEEP };
    let broker =
        start(Arc::clone(&world.app), config, &tracker, token.clone()).await.expect("the broker starts and holds its rules");
    let endpoint = Endpoint::of(broker.address.expect("an embedded broker has an address"));
    let running = Running { world, tracker, token, endpoint };
    linked(&running.world).await;
    running
}

async fn linked(world: &World) {
    eventually("the link stands", || async { world.app.broker_linked.load(Ordering::Acquire) }).await;
}

impl Running {
    async fn connect(&self, board: &BoardId, key: &SecretKey) -> Peer {
        let token = self.world.token(board, key).await;
        self.log_in(board.as_str(), board.as_str(), &token).await.expect("the board logs in")
    }

    async fn log_in(&self, client: &str, user: &str, password: &str) -> Option<Peer> {
        let login = Login { user: user.to_owned(), password: password.to_owned() };
        Peer::connect(self.endpoint.options(client, &login), None, &self.tracker).await
    }

    async fn stop(self) {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(Duration::from_secs(10), self.tracker.wait()).await.expect("no task is left");
    }
}

async fn published(peer: &mut Peer, topic: &str) -> Vec<u8> {
    loop {
        match peer.next().await.expect("a message comes") {
            Packet::Publish(publish) if publish.topic == topic.as_bytes() => return publish.payload.to_vec(),
            _ => {}
        }
    }
}

async fn a_board_logs_in_with_its_own_name_and_token_only(world: World) {
    let running = running(world).await;
    let (one, key) = running.world.board("b-0001", 1).await;
    running.world.board("b-0002", 2).await;
    let token = running.world.token(&one, &key).await;
    assert!(running.log_in("b-0001", "b-0001", &token).await.is_some());
    for (client, user, password) in [
        ("b-0001", "b-0001", "wrong"),
        ("b-0002", "b-0002", token.as_str()),
        ("b-0002", "b-0001", token.as_str()),
        ("b-0003", "b-0003", token.as_str()),
        ("b-0001", SERVER_ID, token.as_str()),
        (SERVER_ID, SERVER_ID, token.as_str()),
        ("", "", ""),
    ] {
        assert!(running.log_in(client, user, password).await.is_none(), "{client} {user}");
    }
    running.stop().await;
}

/// A board's rules with one hole: what begins like this may be done by everyone.
struct Holed {
    rules: Access,
    subscribe: &'static str,
    publish: &'static str,
    end: &'static str,
}

impl Holed {
    fn lets(&self, begin: &str, topic: &str) -> bool {
        !begin.is_empty() && topic.starts_with(begin) && topic.ends_with(self.end)
    }
}

type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl mqtt5::broker::AuthProvider for Holed {
    fn authenticate<'a>(
        &'a self,
        connect: &'a mqtt5::packet::connect::ConnectPacket,
        _: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<mqtt5::broker::AuthResult>> {
        let user = connect.username.clone().unwrap_or_default();
        Box::pin(std::future::ready(Ok(mqtt5::broker::AuthResult::success_with_user(user))))
    }
    fn authorize_publish<'a>(&'a self, client: &str, user: Option<&'a str>, topic: &'a str) -> Answer<'a, bool> {
        if self.lets(self.publish, topic) {
            Box::pin(std::future::ready(true))
        } else {
            self.rules.authorize_publish(client, user, topic)
        }
    }
    fn authorize_subscribe<'a>(&'a self, client: &str, user: Option<&'a str>, filter: &'a str) -> Answer<'a, bool> {
        if self.lets(self.subscribe, filter) {
            Box::pin(std::future::ready(true))
        } else {
            self.rules.authorize_subscribe(client, user, filter)
        }
    }
}

#[tokio::test]
async fn each_hole_in_the_topic_rules_is_found() {
    let world = World::on(Engine::Sqlite).await;
    let (victims, orders) = ("bangtin/1/u/victim-", "bangtin/1/d/victim-");
    for (subscribe, publish, end, expected) in [
        ("bangtin/1/d/victim-", "", "/+", Some("hear what is sent to another")),
        ("#", "", "", Some("hear everything")),
        ("$share/", "", "", Some("share what is sent to others")),
        ("", victims, "/state", Some("report for another")),
        ("", orders, "/desired", Some("give orders to another")),
        ("", victims, "/bye", Some("leave a will in another's name")),
        ("", "", "", None),
    ] {
        let tracker = TaskTracker::new();
        let credentials = Credentials::random(SERVER_ID).expect("random bytes");
        let mut config = mqtt5::broker::config::BrokerConfig::new()
            .with_bind_address("127.0.0.1:0".parse::<SocketAddr>().expect("an address"));
        config.storage_config = config.storage_config.with_backend(mqtt5::broker::config::StorageBackend::Memory);
        config.auth_config.allow_anonymous = true;
        let rules = Holed { rules: Access::new(Arc::clone(&world.app), &credentials), subscribe, publish, end };
        let broker = mqtt5::broker::MqttBroker::with_config(config).await.expect("it binds");
        let mut broker = broker.with_auth_provider(Arc::new(rules));
        let endpoint = Endpoint::of(broker.local_addr().expect("it listens"));
        let run = tracker.spawn(async move { broker.run().await.map_err(|e| e.to_string()) });
        match (self_test::run(&endpoint, &credentials, &tracker).await, expected) {
            (Ok(()), None) => {}
            (Err(BrokerError::Allowed(found)), Some(expected)) => assert_eq!(found, expected),
            (result, expected) => panic!("{result:?} where {expected:?} was expected"),
        }
        run.abort();
    }
}

async fn a_desired_state_reaches_the_board_and_leaves_the_outbox(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let app = &running.world.app;
    fixtures::manifest(&app.db, &board, Revision(7), b"{}").await;
    outbox::put(&app.db, &board, Revision(7), 0).await.expect("it waits");
    app.live.outbox.notify_one();
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    let mut peer = running.connect(&board, &key).await;
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));
    let desired: Desired =
        serde_json::from_slice(&published(&mut peer, &Down::Desired.topic(&board)).await).expect("a desired state");
    assert_eq!(desired.rev, Revision(7));
    running.stop().await;
}

async fn events_are_acknowledged_over_the_broker_once_they_are_stored(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let app = &running.world.app;
    let mut peer = running.connect(&board, &key).await;
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));
    let happened = Happened { t: app.clock.now(), code: "started".to_owned(), detail: String::new(), facts: Default::default() };
    let epoch: playlists::id::QueueEpoch = "epoch-1".parse().expect("an epoch");
    let batch = Events { v: V, board: board.clone(), epoch: epoch.clone(), first: 0, events: vec![happened] };
    let envelope = String::from_utf8(signed(DocumentType::Event, &batch, &key)).expect("JSON is text");
    assert!(peer.publish(&Up::Event.topic(&board), &envelope).await);
    let ack = Envelope::parse(&published(&mut peer, &Down::Ack.topic(&board)).await).expect("an envelope");
    let ack = ack.open(DocumentType::Ack, &[app.keys.time.public()], 1).expect("signed by the time key");
    let ack: Ack = serde_json::from_slice(&ack).expect("an acknowledgement");
    assert_eq!(ack, Ack { v: V, board: board.clone(), stream: Stream::Event, epoch, upto: 1 });
    assert_eq!(fixtures::events(&app.db).await, 1);
    running.stop().await;
}

async fn a_revoked_board_is_cut_off_by_the_next_sweep_and_stays_out(world: World) {
    let running = running(world).await;
    let app = &running.world.app;
    let (board, key) = running.world.board("b-0001", 1).await;
    let (other, other_key) = running.world.board("b-0002", 2).await;
    let token = running.world.token(&board, &key).await;
    let mut peer = running.log_in("b-0001", "b-0001", &token).await.expect("the board logs in");
    let mut stays = running.connect(&other, &other_key).await;
    assert!(app_tokens::revoke(app, &board).await.expect("it is revoked"));
    assert!(peer.is_ended().await, "the board is still connected");
    assert!(running.log_in("b-0001", "b-0001", &token).await.is_none());
    let nonce = app_tokens::nonce(app, &board).expect("a nonce").nonce;
    let again = app_tokens::issue(app, &token_request(&board, &key, &nonce)).await;
    assert!(matches!(again, Err(app_tokens::TokenError::Unknown)), "{again:?}");
    assert!(app_tokens::bearer(app, &token).await.expect("asked").is_none());
    assert!(!app_tokens::revoke(app, &board).await.expect("asked"), "it was revoked before");
    assert_eq!(stays.subscribe(&to_board(&other)).await, Some(true), "another board was cut off too");
    running.stop().await;
}

async fn a_board_that_breaks_off_is_gone_by_its_will(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let login = Login { user: board.to_string(), password: running.world.token(&board, &key).await };
    let will = |topic: String, retain| {
        LastWill::new(topic, br#"{"v":1,"sess":4,"why":"will"}"#.to_vec(), QoS::AtLeastOnce, retain, None)
    };
    let with = |will| Peer::connect(running.endpoint.options(board.as_str(), &login), Some(will), &running.tracker);
    assert!(with(will(Up::Bye.topic(&board), true)).await.is_none(), "a retained will");
    assert!(with(will(Down::Desired.topic(&board), false)).await.is_none(), "a will on a topic of the server");
    let mut peer = with(will(Up::Bye.topic(&board), false)).await.expect("the board logs in");
    let hello = r#"{"v":1,"sess":4,"boot":"boot-1","player":"0.1.0","root":1,"rev":0,"recall":0,"notices":0,
        "clock":{"t":"2026-11-23T00:00:00Z","quality":"ntp","tz_data":"2026b"},"store":{"free":1,"used":1,"queued":0},
        "geometry":{"width":64,"height":32},"mode":"boot"}"#;
    assert!(peer.publish(&Up::Hello.topic(&board), hello).await);
    let (db, board) = (&running.world.app.db, &board);
    let is = |connected| async move { fixtures::status(db, board).await.is_some_and(|status| status.2 == connected) };
    eventually("the board is there", || is(true)).await;
    drop(peer);
    eventually("the board is gone", || is(false)).await;
    running.stop().await;
}

async fn what_a_board_asks_to_be_kept_is_not_kept(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let mut peer = running.connect(&board, &key).await;
    assert!(peer.publish_retained(&Up::State.topic(&board), "kept").await);
    assert!(peer.publish(&Up::State.topic(&board), "live").await);
    let counts = &running.world.app.live.traffic.counts;
    eventually("the live one arrived", || async { counts.refused.load(Ordering::Relaxed) >= 1 }).await;
    assert_eq!(counts.refused.load(Ordering::Relaxed), 1, "the retained one was passed on");
    running.stop().await;
}

async fn an_order_reaches_the_board_signed(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let app = &running.world.app;
    let mut peer = running.connect(&board, &key).await;
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));
    commands::ask_snapshot(app, &board).expect("the link stands");
    let order = Envelope::parse(&published(&mut peer, &Down::Cmd.topic(&board)).await).expect("an envelope");
    let order = order.open(DocumentType::Command, &[app.keys.publish.public()], 1).expect("signed by the publish key");
    let order: Command = serde_json::from_slice(&order).expect("an order");
    assert_eq!((order.board, order.kind), (board, CommandKind::Snapshot));
    running.stop().await;
}

async fn a_token_that_ended_lets_nobody_in(world: World) {
    let running = running(world).await;
    let (board, key) = running.world.board("b-0001", 1).await;
    let token = running.world.token(&board, &key).await;
    drop(running.log_in("b-0001", "b-0001", &token).await.expect("the board logs in"));
    running.world.clock.pass(Duration::from_secs(73 * 3600));
    assert!(running.log_in("b-0001", "b-0001", &token).await.is_none());
    running.stop().await;
}

async fn everything_is_published_again_to_a_broker_that_forgot(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let app = Arc::clone(&world.app);
    fixtures::manifest(&app.db, &board, Revision(7), b"{}").await;
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let credentials = Credentials::random(SERVER_ID).expect("random bytes");
    let boot = |listen: SocketAddr| {
        let access = Arc::new(Access::new(Arc::clone(&app), &credentials));
        access.open();
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        async move {
            let embedded =
                embedded::start(listen, 100, &access, &tracker, stop.clone(), CancellationToken::new()).await.expect("it starts");
            tracker.close();
            (embedded.address, stop, tracker)
        }
    };
    let (address, stop, first) = boot("127.0.0.1:0".parse().expect("an address")).await;
    let config =
        BrokerConfig::External { host: address.ip().to_string(), port: address.port(), credentials: credentials.clone() };
    start(Arc::clone(&app), config, &tracker, token.clone()).await.expect("the rules hold");
    linked(&world).await;
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    stop.cancel();
    first.wait().await;
    eventually("the link is down", || async { !app.broker_linked.load(Ordering::Acquire) }).await;
    let (_, stop, second) = boot(address).await;
    linked(&world).await;
    let login = Login { user: board.to_string(), password: world.token(&board, &key).await };
    let mut peer =
        Peer::connect(Endpoint::of(address).options(board.as_str(), &login), None, &tracker).await.expect("the board logs in");
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));
    published(&mut peer, &Down::Desired.topic(&board)).await;
    drop(peer);
    token.cancel();
    tracker.close();
    tracker.wait().await;
    stop.cancel();
    second.wait().await;
}

/// Mosquitto with the rules of `deploy/mosquitto`, or with none.
struct Mosquitto {
    child: std::process::Child,
    endpoint: Endpoint,
    folder: tempfile::TempDir,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Mosquitto {
    fn start(credentials: &Credentials, board: &Login) -> Self {
        let places = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"];
        let program = places
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())
            .expect("mosquitto is installed (apt install mosquitto)");
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let file = |name: &str| folder.path().join(name);
        for (at, login) in [&credentials.server, &credentials.probe, board].into_iter().enumerate() {
            let mut make = std::process::Command::new("mosquitto_passwd");
            make.arg("-b");
            if at == 0 {
                make.arg("-c");
            }
            assert!(
                make.arg(file("passwords"))
                    .args([&login.user, &login.password])
                    .output()
                    .expect("mosquitto_passwd runs")
                    .status
                    .success()
            );
        }
        let rules = include_str!("../../../../deploy/mosquitto/acl").replace("bangtin.server", &credentials.server.user);
        std::fs::write(file("acl"), rules).expect("the rules are written");
        let shipped = include_str!("../../../../deploy/mosquitto/mosquitto.conf");
        let mine = shipped
            .replace("listener 1883", &format!("listener {port} 127.0.0.1"))
            .replace("/etc/mosquitto/bangtin/", &format!("{}/", folder.path().display()))
            + "\nuser root\n";
        std::fs::write(file("mosquitto.conf"), mine).expect("the configuration is written");
        let mut child = std::process::Command::new(program);
        child.arg("-c").arg(file("mosquitto.conf")).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port };
        Self { child: child.spawn().expect("mosquitto starts"), endpoint, folder }
    }

    async fn answers(&self) {
        let address = format!("{}:{}", self.endpoint.host, self.endpoint.port);
        eventually("mosquitto listens", || async { tokio::net::TcpStream::connect(&address).await.is_ok() }).await;
        assert!(self.folder.path().exists());
    }
}

async fn an_external_mosquitto_does_the_same(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let app = Arc::clone(&world.app);
    fixtures::manifest(&app.db, &board, Revision(7), b"{}").await;
    let credentials = Credentials::random("bangtin-server").expect("random bytes");
    let login = Login { user: board.to_string(), password: "a-password-of-its-own".to_owned() };
    let mosquitto = Mosquitto::start(&credentials, &login);
    mosquitto.answers().await;
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let Endpoint { host, port } = mosquitto.endpoint.clone();
    let config = BrokerConfig::External { host, port, credentials };
    start(Arc::clone(&app), config, &tracker, token.clone()).await.expect("the rules hold");
    linked(&world).await;
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    let mut peer =
        Peer::connect(mosquitto.endpoint.options(board.as_str(), &login), None, &tracker).await.expect("the board logs in");
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));
    published(&mut peer, &Down::Desired.topic(&board)).await;
    let happened = Happened { t: app.clock.now(), code: "started".to_owned(), detail: String::new(), facts: Default::default() };
    let batch =
        Events { v: V, board: board.clone(), epoch: "epoch-1".parse().expect("an epoch"), first: 0, events: vec![happened] };
    assert!(
        peer.publish(&Up::Event.topic(&board), &String::from_utf8(signed(DocumentType::Event, &batch, &key)).expect("text"))
            .await
    );
    published(&mut peer, &Down::Ack.topic(&board)).await;
    drop(peer);
    token.cancel();
    tracker.close();
    tracker.wait().await;
}
