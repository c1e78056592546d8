//! The end of a whole server while people, boards and slow clients are connected; and a database that others hold for long.

use playlists::geometry::Geometry;
use playlists::unit::Tier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::app::boards::{self, NewBoard};
use crate::app::{safe_item, sign_in, units};
use crate::config::{Config, LogFormat, Tls};
use crate::jobs;
use crate::keys::Keys;
use crate::lifecycle;
use crate::ports::SystemClock;
use crate::store::publish_wanted;
use crate::store::units::Unit;
use crate::testing::Ground;

/// An upload that stands still is waited for as any other work, 20 s; the rest takes about a second on a machine at rest, far less than
/// the next bound would add (30 s in all).
const IN_TIME: Duration = Duration::from_secs(25);

fn config(ground: &Ground) -> Config {
    let data = ground.folder.path().to_owned();
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Config {
        keys: data.join("keys"),
        data,
        listen_http: any,
        listen_mqtt: any,
        public_url: None,
        public_mqtt: None,
        database: ground.database.clone(),
        ffmpeg: "ffmpeg".into(),
        tls: Tls::default(),
        log: String::new(),
        log_format: LogFormat::Text,
    }
}

/// Sends this and yields the connection.
async fn say(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it is listened on");
    stream.write_all(text.as_bytes()).await.expect("it is sent");
    stream
}

async fn ends_in_time_with_everything_open(engine: Engine) {
    let ground = Ground::on(engine);
    let config = config(&ground);
    Keys::init(&config.keys, &config.keys).expect("keys are made");
    let running = lifecycle::start(&config, Arc::new(SystemClock)).await.expect("the server starts");
    let (app, http) = (Arc::clone(&running.app), running.http);
    sign_in::create_account(&app, "quan.tri", "a password of ours").await.expect("an account");
    let (session, _) = sign_in::sign_in(&app, "quan.tri", "a password of ours").await.expect("asked").expect("it fits");

    let head = |line: &str| format!("{line}\r\nhost: {http}\r\ncookie: bangtin-session={session}\r\n");
    let mut page = say(http, &(head("GET /live HTTP/1.1") + "\r\n")).await;
    let mut answer = [0; 12];
    page.read_exact(&mut answer).await.expect("the stream begins");
    assert_eq!(&answer, b"HTTP/1.1 200");
    let half_a_head = say(http, &head("GET / HTTP/1.1")).await;
    let upload = "content-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000\r\n\r\n--x\r\n";
    let half_an_upload = say(http, &(head("POST /assets HTTP/1.1") + upload)).await;
    let half_a_connect = say(running.mqtt, "\u{10}").await;

    let unit = Unit { id: "u".parse().expect("an id"), name: "U".to_owned(), tier: Tier::Province, parent: None };
    units::add(&app, &unit).await.expect("a unit");
    let new = NewBoard::simple(
        "b-0001".parse().expect("an id"),
        "B".to_owned(),
        unit.id,
        "05443".to_owned(),
        Geometry::new(64, 32).expect("a geometry"),
    );
    let (board, identity) = boards::add(&app, new).await.expect("a board");
    let key = SecretKey::from_hex(&identity.secret_key).expect("a key");
    let nonce = app_tokens::nonce(&app, &board).expect("a nonce").nonce;
    let token = app_tokens::issue(&app, &token_request(&board, &key, &nonce)).await.expect("a token").token;
    let login = Login { user: board.to_string(), password: token };
    let peers = TaskTracker::new();
    eventually("the link stands", || async { app.broker_linked.load(Ordering::Acquire) }).await;
    let mut peer =
        Peer::connect(Endpoint::of(running.mqtt).options(board.as_str(), &login), None, &peers).await.expect("the board logs in");
    assert_eq!(peer.subscribe(&to_board(&board)).await, Some(true));

    let in_time = tokio::time::timeout(IN_TIME, running.stop()).await.expect("it ends in time");
    assert!(in_time);
    assert!(peer.is_ended().await, "the board is still connected");
    drop((page, half_a_head, half_an_upload, half_a_connect));
}

#[tokio::test]
async fn a_server_ends_in_time_with_everything_open_on_sqlite() {
    Box::pin(ends_in_time_with_everything_open(Engine::Sqlite)).await;
}

#[tokio::test]
async fn a_server_ends_in_time_with_everything_open_on_postgres() {
    Box::pin(ends_in_time_with_everything_open(Engine::Postgres)).await;
}

/// The database is held for longer than anyone waits for a lock, while a change waits to be published and a revision to be
/// taken from the outbox.
async fn nothing_is_lost_while_the_database_is_held(engine: Engine) {
    let world = World::impatient(engine, Duration::from_millis(200)).await;
    let app = Arc::clone(&world.app);
    safe_item::ensure(&app).await.expect("the safe item is laid down");
    let (published, _) = world.board("b-0001", 1).await;
    let (changed, _) = world.board("b-0002", 2).await;
    fixtures::manifest(&app.db, &published, Revision(7), b"{}").await;
    let mut tx = app.db.write().await.expect("a transaction");
    publish_wanted::mark(&mut tx, std::slice::from_ref(&changed), 0).await.expect("it is marked");
    tx.commit().await.expect("it lasts");
    let running = running(world).await;
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    outbox::put(&app.db, &published, Revision(7), 0).await.expect("it waits");

    let held = fixtures::hold(&app.db).await;
    let jobs = [
        running.tracker.spawn(jobs::publish::run(Arc::clone(&app), running.token.clone())),
        running.tracker.spawn(jobs::renditions::run(Arc::clone(&app), running.token.clone())),
    ];
    app.live.outbox.notify_one();
    // Each try of ours fails after as long as the jobs wait, and they began before.
    for _ in 0..4 {
        assert!(outbox::put(&app.db, &changed, Revision(1), 0).await.is_err(), "the database is not held");
    }
    assert_eq!(fixtures::outbox_rows(&app.db).await, 1);
    drop(held);

    let wanted = || async { crate::app::publish::envelope(&app, &changed).await.expect("asked").is_some() };
    eventually("the change is published", wanted).await;
    eventually("the outbox is empty", || async { fixtures::outbox_rows(&app.db).await == 0 }).await;
    assert!(publish_wanted::list(&app.db, i64::MAX, 9).await.expect("listed").is_empty());
    assert!(jobs.iter().all(|job| !job.is_finished()), "a job died");
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_while_sqlite_is_held() {
    Box::pin(nothing_is_lost_while_the_database_is_held(Engine::Sqlite)).await;
}

#[tokio::test]
async fn nothing_is_lost_while_postgres_is_held() {
    Box::pin(nothing_is_lost_while_the_database_is_held(Engine::Postgres)).await;
}
