//! The promise that nothing travels in the open beyond one machine, and that a board speaks only with its own server: over TLS,
//! by WebSocket where a port is closed, and with a clock that says 1970.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bangtin::app::sign_in;
use bangtin::config::{Config, LogFormat, Tls};
use bangtin::edge::authority;
use bangtin::keys::Keys;
use bangtin::lifecycle;
use bangtin::ports::{Clock as _, SystemClock};
use bangtin::store::DatabaseUrl;
use bangtin_tests::boards::Board;
use bangtin_tests::client::Login;
use bangtin_tests::clock::off;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::ledger;
use bangtin_tests::process::{Process, installed, program, run};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, Speech, World, world_that_speaks};
use chrono::{DateTime, TimeDelta};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_uploaded_is_shown_over_https_and_mqtts_pixel_by_pixel() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        assert!(board.identity.server.starts_with("https://"), "{}", board.identity.server);
        assert!(board.identity.mqtt.starts_with("mqtts://"), "{}", board.identity.mqtt);
        world.start_player(&board).await;
        let picture = world.upload_speckled(1).await;
        world.show(1, &[&picture], &[&board]).await;
        world.shows(&board, &picture).await;
        world.desired_is_reported(&board).await;
        assert!(world.http.bytes_down() > 0 && world.mqtt.bytes_down() > 0, "both ways were used");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_whose_clock_says_1970_connects_and_shows_its_picture() {
    a_1970_clock_connects(Speech::Tls).await;
}

pub(crate) async fn a_1970_clock_connects(speech: Speech) {
    world_that_speaks(speech, Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        let since_1970 = SystemClock.now() - DateTime::UNIX_EPOCH;
        world.start_player_by(&board, off(-since_1970)).await;
        let picture = world.upload_speckled(1).await;
        world.show(1, &[&picture], &[&board]).await;
        world.shows(&board, &picture).await;
        world.desired_is_reported(&board).await;
        assert!(world.mqtt.bytes_up() > 0, "MQTT was used");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_says_nothing_to_a_server_whose_certificate_has_ended() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_by(&board, off(TimeDelta::days(500))).await;
        says_nothing(world, &board).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_says_nothing_to_a_server_of_another_authority() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let mut board = world.add_board("b-05527", "96x48").await;
        board.identity.tls_ca = Some(other_authority(&world.path("other")));
        world.start_player(&board).await;
        says_nothing(world, &board).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_broker_port_is_got_round_by_websocket_on_the_https_port() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.mqtt.set(Wire::Cut);
        world.start_player_apart(&board);
        world.player_writes(&board, "the broker is reached by wss://").await;
        let picture = world.upload_speckled(1).await;
        world.show(1, &[&picture], &[&board]).await;
        let rendition = world.rendition(&board, &picture).await;
        world.leaves_frame(&board, &rendition).await;
        world.desired_is_reported(&board).await;
        assert_eq!(world.mqtt.bytes_down(), 0, "the broker's port was closed");
        // On a street's cadence its last plays are acknowledged after a minute: it takes them along.
        world.stop_player(&board).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_killed_and_keeps_its_authority() {
    world_that_speaks(Speech::Tls, Place::Apart, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&first], &[&board]).await;
        world.shows(&board, &first).await;
        world.kill_server();
        world.start_server(Place::Apart).await;
        world.show_instead(&campaign, 1, &[&second], &[&board]).await;
        world.shows(&board, &second).await;
        world.desired_is_reported(&board).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_and_mosquitto_take_the_servers_certificate_by_its_authority_alone() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        let picture = world.upload_speckled(1).await;
        world.show(1, &[&picture], &[&board]).await;
        world.desired_is_settled(&board).await;
        let ca = world.path("keys").join(authority::CA_CERTIFICATE);
        let other = world.path("other.pem");
        std::fs::write(&other, other_authority(&world.path("other"))).expect("the folder takes files");

        let https = format!("https://{}/healthz", world.http.address);
        assert_eq!(curl(&["--cacert", path(&ca), &https]), Some(0), "curl takes it");
        assert_eq!(curl(&["--cacert", path(&other), &https]), Some(60), "curl refuses another authority's");
        let (port, elsewhere) = (world.http.address.port(), "bangtin.invalid");
        let named = format!("https://{elsewhere}:{port}/healthz");
        let there = format!("{elsewhere}:{port}:127.0.0.1");
        assert_eq!(curl(&["--cacert", path(&ca), "--resolve", &there, &named]), Some(60), "curl refuses another name");
        let plain = format!("http://{}/healthz", world.http.address);
        let led =
            run(Command::new(installed("curl")).args(["-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", &plain]));
        assert_eq!(led.trim(), format!("308 https://{}/", world.http.address), "plain HTTP is led to https");

        let login = Login::of(&world.app(), &board.identity).await;
        let topic = format!("bangtin/1/d/{}/+", board.id);
        let heard = mosquitto(world, &login, &ca, &topic);
        assert!(heard.contains("\"rev\""), "mosquitto_sub heard {heard:?}");
        assert_eq!(mosquitto(world, &login, &other, &topic), "", "mosquitto_sub refuses another authority's");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_beyond_this_machine_are_encrypted_unless_plain_text_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    Keys::init(&keys, &keys).expect("keys are made");
    let serve = |more: &[&str]| {
        let mut command = Command::new(program("bangtin"));
        command.current_dir(folder.path()).args(["serve", "--data", "data", "--keys", "keys", "--listen-mqtt", "127.0.0.1:0"]);
        command.args(["--listen-http", "0.0.0.0:0"]).args(more);
        command
    };
    let mut nowhere = Process::start("bangtin serve", &mut serve(&[]));
    assert_eq!(nowhere.ended().await.code(), Some(64));
    wrote(&nowhere, "set public_url").await;
    let mut wrong = Process::start("bangtin serve", &mut serve(&["--public-url", "http://10.0.0.7"]));
    assert_eq!(wrong.ended().await.code(), Some(64));
    wrote(&wrong, "write https://").await;
    let mut encrypted = Process::start("bangtin serve", &mut serve(&["--public-url", "https://10.0.0.7"]));
    encrypted.line("speaks TLS", STARTUP, |line| line.contains("answers on https://0.0.0.0:").then_some(())).await;
    assert!(encrypted.stop().await.success());
    let mut plain = Process::start("bangtin serve", &mut serve(&["--allow-plain", "true"]));
    plain.line("speaks plain text", STARTUP, |line| line.contains("answers on http://0.0.0.0:").then_some(())).await;
    plain.line("warns", SOON, |line| line.contains("plain text is taken beyond this machine").then_some(())).await;
    assert!(plain.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_warns_in_both_languages_while_plain_text_is_taken_beyond_this_machine() {
    for (listen, is_open) in [("0.0.0.0:0", true), ("127.0.0.1:0", false)] {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(folder.path(), listen);
        Keys::init(&config.keys, &config.keys).expect("keys are made");
        let running = Box::pin(lifecycle::start(&config, Arc::new(SystemClock))).await.expect("the server starts");
        sign_in::create_account(&running.app, "quan.tri", "a password of ours").await.expect("an account");
        let entered = sign_in::sign_in(&running.app, "quan.tri", "a password of ours").await.expect("asked");
        let (session, _) = entered.expect("the password fits");
        for (language, words) in [("vi", "Không mã hóa."), ("en", "Not encrypted.")] {
            for place in ["", "assets", "campaigns"] {
                let url = format!("http://127.0.0.1:{}/{place}", running.http.port());
                let cookies = format!("bangtin-session={session}; bangtin-language={language}");
                let page = run(Command::new(installed("curl")).args(["-sf", "-H", &format!("cookie: {cookies}"), &url]));
                assert_eq!(page.contains(words) && page.contains("class=\"alarm\""), is_open, "{listen} {url} {language}");
            }
        }
        assert!(running.stop().await, "the server ends in time");
    }
}

/// Waits until what a program that has ended wrote is read to these words.
async fn wrote(process: &Process, words: &str) {
    eventually(&format!("it wrote {words:?}"), SOON, async || {
        let lines = process.lines();
        if lines.iter().any(|line| line.contains(words)) { Ok(()) } else { Err(lines.join("\n")) }
    })
    .await;
}

/// Waits until the board has tried to speak several times, and sees that nothing came of it.
async fn says_nothing(world: &World, board: &Board) {
    eventually("the board tries three times", STARTUP, async || {
        let tried = world.http.connections();
        if tried >= 3 { Ok(()) } else { Err(format!("{tried} times")) }
    })
    .await;
    let app = world.app();
    assert!(ledger::status(&app, &board.id).await.is_none(), "the board reported to a server that is not its own");
    assert_eq!(world.mqtt.connections(), 0, "without a token from the server nothing is said to the broker");
}

/// The certificate of an authority that no board of the world knows.
fn other_authority(folder: &Path) -> String {
    std::fs::create_dir_all(folder).expect("the folder takes folders");
    authority::ensure(folder, &["127.0.0.1".to_owned()], SystemClock.now()).expect("an authority is made").ca_pem
}

fn config(folder: &Path, listen_http: &str) -> Config {
    Config {
        data: folder.join("data"),
        listen_http: listen_http.parse().expect("an address"),
        listen_mqtt: "127.0.0.1:0".parse().expect("an address"),
        public_url: None,
        public_mqtt: None,
        database: DatabaseUrl::Sqlite(folder.join("data/bangtin.db")),
        keys: folder.join("keys"),
        tls: Tls::default(),
        ffmpeg: "ffmpeg".into(),
        log: String::new(),
        log_format: LogFormat::Text,
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path is text")
}

/// The exit code of curl.
fn curl(arguments: &[&str]) -> Option<i32> {
    let output = Command::new(installed("curl")).args(["-sf", "-o", "/dev/null", "--max-time", "20"]).args(arguments).output();
    output.expect("curl runs").status.code()
}

/// What mosquitto_sub hears first of a topic, in ten seconds at most.
fn mosquitto(world: &World, login: &Login, ca: &Path, topic: &str) -> String {
    let port = world.mqtt.address.port().to_string();
    let mut command = Command::new(installed("mosquitto_sub"));
    command.args(["-V", "5", "-h", "127.0.0.1", "-p", &port, "--cafile", path(ca), "-C", "1", "-W", "10", "-t", topic]);
    command.args(["-i", &login.client, "-u", &login.user, "-P", &login.password]);
    String::from_utf8_lossy(&command.output().expect("mosquitto_sub runs").stdout).into_owned()
}
