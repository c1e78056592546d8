//! The promise that certificates are changed without a restart and without a board lost: given ones that are put in place of the old,
//! and the server's own, which it renews itself. What is wrong is told, and the old certificate stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bangtin::edge::{authority, chain};
use bangtin::ports::{Clock as _, SystemClock};
use bangtin_tests::boards::Board;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::process::{installed, run};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, Speech, World, world_that_speaks};
use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::{AssetId, CampaignId};

/// A board that plays, and what it plays.
struct Story {
    board: Board,
    campaign: CampaignId,
    seed: u32,
}

impl Story {
    async fn begin(world: &mut World) -> Self {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let picture = world.upload_speckled(1).await;
        let campaign = world.show(1, &[&picture], &[&board]).await;
        world.shows(&board, &picture).await;
        Self { board, campaign, seed: 1 }
    }

    /// Another picture is published and shown.
    async fn goes_on(&mut self, world: &World) -> AssetId {
        self.seed += 1;
        let picture = world.upload_speckled(self.seed).await;
        world.show_instead(&self.campaign, 1, &[&picture], &[&self.board]).await;
        world.shows(&self.board, &picture).await;
        world.desired_is_reported(&self.board).await;
        picture
    }

    /// All its connections are ended; it makes new ones, to the server that shows its certificate now.
    async fn comes_back(&mut self, world: &World) {
        let before = world.mqtt.connections();
        for wire in [&world.http, &world.mqtt] {
            wire.set(Wire::Cut);
            wire.set(Wire::Whole);
        }
        eventually(
            "the board connects again",
            STARTUP,
            async || {
                if world.mqtt.connections() > before { Ok(()) } else { Err("not yet") }
            },
        )
        .await;
        self.goes_on(world).await;
    }
}

/// The certificate that the server shows to a client that trusts this authority, as it stands in its file.
fn shown(world: &World, ca: &Path) -> String {
    let mut curl = Command::new(installed("curl"));
    curl.args(["-sS", "-o", "/dev/null", "-m", "20", "-w", "%{certs}", "--cacert"]).arg(ca);
    let told = run(curl.arg(format!("https://{}/healthz", world.http.address)));
    first_certificate(&told)
}

/// The first certificate of a PEM text.
fn first_certificate(text: &str) -> String {
    let rest = text.split_once("-----BEGIN CERTIFICATE-----").expect("a certificate").1;
    rest.split_once("-----END CERTIFICATE-----").expect("its end").0.trim().to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Waits until the server shows the certificate that stands in this file.
async fn comes_to_show(world: &World, ca: &Path, file: &Path) {
    let wanted = first_certificate(&read(file));
    eventually("the server shows the new certificate", SOON, async || {
        if shown(world, ca) == wanted { Ok(()) } else { Err("it shows the old one") }
    })
    .await;
}

/// A certificate of the authority in `folder` that was made at this time, in a file of its own. `names` beside those of this machine.
fn issued(world: &World, folder: &Path, aside: &str, names: &[&str], at: DateTime<Utc>) -> PathBuf {
    let aside = world.path(aside);
    fs::create_dir_all(&aside).expect("the folder takes folders");
    for file in ["tls-ca.key", authority::CA_CERTIFICATE] {
        fs::copy(folder.join(file), aside.join(file)).expect("copied");
    }
    let names: Vec<_> = ["127.0.0.1"].iter().chain(names).map(|&name| name.to_owned()).collect();
    authority::ensure(&aside, &names, at).expect("a certificate is made");
    aside.join("tls-server.pem")
}

/// Puts a file in another's place, whole.
fn put(file: &Path, place: &Path) {
    let fresh = place.with_extension("put");
    fs::copy(file, &fresh).expect("copied");
    fs::rename(fresh, place).expect("replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_certificate_is_exchanged_under_the_running_server_and_boards_stay_and_come_back() {
    world_that_speaks(Speech::Given, Place::Within, async |world| {
        let mut story = Story::begin(world).await;
        let (given, now) = (world.path("given"), SystemClock.now());
        let (ca, place) = (given.join(authority::CA_CERTIFICATE), given.join("tls-server.pem"));
        assert_eq!(shown(world, &ca), first_certificate(&read(&place)));
        let fresh = issued(world, &given, "fresh", &["bang-tin.example"], now);
        assert_ne!(first_certificate(&read(&fresh)), shown(world, &ca));
        let stood = world.mqtt.connections();
        put(&fresh, &place);
        comes_to_show(world, &ca, &fresh).await;
        story.goes_on(world).await;
        assert_eq!(world.mqtt.connections(), stood, "what stood was not ended");
        story.comes_back(world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_certificate_is_told_and_the_old_one_stays_until_the_right_one_comes() {
    world_that_speaks(Speech::Given, Place::Apart, async |world| {
        let mut story = Story::begin(world).await;
        let (given, now) = (world.path("given"), SystemClock.now());
        let (ca, place) = (given.join(authority::CA_CERTIFICATE), given.join("tls-server.pem"));
        let (old, kept) = (shown(world, &ca), world.path("kept.pem"));
        put(&place, &kept);
        let (pinned, other) = (world.path("pinned.pem"), world.path("other"));
        put(&ca, &pinned);
        fs::create_dir_all(&other).expect("the folder takes folders");
        authority::ensure(&other, &["127.0.0.1".to_owned()], now).expect("another authority is made");
        let half = world.path("half.pem");
        fs::write(&half, read(&place).split_at(300).0).expect("written");
        let ended = issued(world, &given, "ended", &[], now - TimeDelta::days(500));
        for (wrong, words) in [
            (half, "holds no private key in PEM form"),
            (ended, "of the chain ended on"),
            (other.join("tls-server.pem"), "does not lead to the certificate authority"),
        ] {
            put(&wrong, &place);
            server_says(world, words).await;
            assert_eq!(shown(world, &pinned), old, "{words}");
        }
        // With its authority beside it another certificate fits, but to no board that pinned the first one.
        put(&other.join(authority::CA_CERTIFICATE), &ca);
        server_says(world, "boards pin another certificate authority").await;
        server_says(world, "the certificate stays as it is").await;
        assert_eq!(shown(world, &pinned), old);
        story.comes_back(world).await;

        put(&pinned, &ca);
        let fresh = issued(world, &world.path("ended"), "fresh", &["bang-tin.example"], now);
        put(&fresh, &place);
        comes_to_show(world, &ca, &fresh).await;
        server_says(world, "the server shows a new certificate").await;
        story.comes_back(world).await;
    })
    .await;
}

async fn server_says(world: &mut World, words: &str) {
    world.server_process().line(&format!("says {words:?}"), SOON, |line| line.contains(words).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_own_certificate_is_renewed_before_its_end_without_a_restart() {
    world_that_speaks(Speech::Tls, Place::Within, async |world| {
        let mut story = Story::begin(world).await;
        let (keys, now) = (world.path("keys"), SystemClock.now());
        let (ca, place) = (keys.join(authority::CA_CERTIFICATE), keys.join("tls-server.pem"));
        let first = shown(world, &ca);
        // As if the server had made it 300 days ago and run ever since: 97 days are left of it.
        let old = issued(world, &keys, "old", &[], now - TimeDelta::days(300));
        let stood = world.mqtt.connections();
        put(&old, &place);
        eventually("a new certificate is shown", SOON, async || {
            let now = shown(world, &ca);
            let is_new = now != first && now != first_certificate(&read(&old));
            if is_new && now == first_certificate(&read(&place)) { Ok(()) } else { Err("an old one") }
        })
        .await;
        let made = chain::certificates(read(&place).as_bytes()).expect("PEM");
        let facts = chain::facts(made.first().expect("a certificate")).expect("it is readable");
        assert!(facts.until > now + TimeDelta::days(390), "it lasts for another year: {}", facts.until);
        story.goes_on(world).await;
        assert_eq!(world.mqtt.connections(), stood, "what stood was not ended");
        story.comes_back(world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_given_certificate_a_board_whose_clock_says_1970_connects() {
    crate::encryption::a_1970_clock_connects(Speech::Given).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_given_certificate_a_closed_broker_port_is_got_round_by_websocket() {
    world_that_speaks(Speech::Given, Place::Within, async |world| {
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
