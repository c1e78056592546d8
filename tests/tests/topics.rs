//! The promise that a board hears and speaks for itself only, whatever it asks the broker for.

use bangtin::traffic::Message;
use bangtin_tests::boards::Board;
use bangtin_tests::client::{Client, Login};
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, World, world};
use playlists::id::{Revision, Sequence, Session};
use playlists::wire::messages::V;
use playlists::wire::reports::{Clock, ClockQuality, Mode, State, Store};
use playlists::wire::topics::{Down, Up};
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Publish};

const FORGED: &str = "forged";

/// The server says something to this board.
fn say(world: &World, board: &Board, payload: &str) {
    let message = Message { topic: Down::Cmd.topic(&board.id), payload: payload.into(), expiry: None };
    world.app().live.traffic.send(message).unwrap();
}

fn topic(publish: &Publish) -> String {
    String::from_utf8(publish.topic.to_vec()).unwrap()
}

fn state(world: &World, rev: u64) -> Vec<u8> {
    let state = State {
        v: V,
        sess: Session(rev),
        seq: Sequence(1),
        mode: Mode::Play,
        rev: Revision(rev),
        item: None,
        since: None,
        presented_fps: 0.0,
        black_ms: 0,
        temp: None,
        rss: 1,
        disk: Store { free: 1, used: 0, queued: 0 },
        clock: Clock { t: world.app().clock.now(), quality: ClockQuality::Signed, tz_data: "2026a".to_owned() },
        errors: Vec::new(),
    };
    serde_json::to_vec(&state).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_hears_nothing_that_is_meant_for_another_whatever_it_subscribes() {
    world(Place::Within, async |world| {
        let (own, other) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "64x32").await);
        let mut client = Client::connect(world.mqtt.address, &Login::of(&world.app(), &own.identity).await).await.unwrap();
        for filter in [
            "bangtin/1/d/b-05530/+",
            "bangtin/1/d/b-05530/cmd",
            "bangtin/1/d/+/+",
            "bangtin/1/u/+/+",
            "bangtin/1/g/64x32/+",
            "bangtin/#",
            "#",
            "+/+/+/+/+",
            "$share/x/bangtin/1/d/b-05530/+",
            "$share/x/#",
            "$SYS/#",
            "bangtin/1/d/b-05527/+",
        ] {
            client.subscribe(filter).await;
        }
        let picture = world.upload_speckled(1).await;
        world.show(1, &[&picture], &[&own, &other]).await;
        world.desired_is_settled(&other).await;
        for board in [&other, &own, &other, &own] {
            say(world, board, &format!("for {}", board.id));
        }
        say(world, &own, "last");
        let heard = client.hear_until("the last word to the own board", |publish| publish.payload == b"last"[..]).await;
        let strange: Vec<_> = heard.iter().map(topic).filter(|topic| !topic.starts_with("bangtin/1/d/b-05527/")).collect();
        assert!(strange.is_empty(), "{strange:?}");
        assert!(heard.iter().any(|publish| publish.payload == b"for b-05527"[..]), "its own messages must come");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_cannot_speak_for_another_nor_for_the_server() {
    world(Place::Within, async |world| {
        let (own, other) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        let app = world.app();
        let mut client = Client::connect(world.mqtt.address, &Login::of(&app, &own.identity).await).await.unwrap();
        let mut victim = Client::connect(world.mqtt.address, &Login::of(&app, &other.identity).await).await.unwrap();
        victim.subscribe("bangtin/1/d/b-05530/+").await;
        victim.subscribe("bangtin/1/all/+").await;
        for up in Up::ALL {
            client.publish(&up.topic(&other.id), state(world, 77)).await;
        }
        for strange in
            ["bangtin/1/d/b-05530/desired", "bangtin/1/d/b-05530/cmd", "bangtin/1/all/server", "bangtin/1/g/96x48/notice"]
        {
            client.publish(strange, FORGED).await;
        }
        // Twice, so that nothing said before is still on its way when the second has arrived.
        for rev in [1, 2] {
            client.publish(&Up::State.topic(&own.id), state(world, rev)).await;
            eventually("the board's own state is known", SOON, async || {
                let status = ledger::status(&app, &own.id).await;
                let known = status.as_ref().map(|status| u64::try_from(status.rev).unwrap());
                if known == Some(rev) { Ok(()) } else { Err(format!("{status:?}")) }
            })
            .await;
        }
        assert_eq!(ledger::status(&app, &other.id).await, None, "another board's state was changed");
        say(world, &other, "last");
        let heard = victim.hear_until("the server's last word", |publish| publish.payload == b"last"[..]).await;
        assert!(heard.iter().all(|publish| publish.payload != FORGED.as_bytes()), "{heard:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_with_a_wrong_password_or_under_another_name_and_the_right_one_stays() {
    world(Place::Within, async |world| {
        let (own, other) = (world.add_board("b-05527", "96x48").await, world.add_board("b-05530", "96x48").await);
        let login = Login::of(&world.app(), &own.identity).await;
        let mut client = Client::connect(world.mqtt.address, &login).await.unwrap();
        client.subscribe("bangtin/1/d/b-05527/+").await;
        let name = other.id.to_string();
        let (empty, server) = (String::new(), "bangtin.server".to_owned());
        for wrong in [
            Login { password: "wrong".to_owned(), ..login.clone() },
            Login { password: empty.clone(), ..login.clone() },
            Login { client: name.clone(), user: name.clone(), ..login.clone() },
            Login { client: name.clone(), ..login.clone() },
            Login { user: name, ..login.clone() },
            Login { client: server.clone(), user: server, ..login.clone() },
            Login { user: empty.clone(), password: empty, ..login.clone() },
        ] {
            let refused = Client::connect(world.mqtt.address, &wrong).await.err();
            assert_eq!(refused, Some(ConnectReturnCode::BadUserNamePassword), "{wrong:?}");
        }
        let will = Login { will: Some(Up::Bye.topic(&other.id)), ..login };
        let refused = Client::connect(world.mqtt.address, &will).await.err();
        assert_eq!(refused, Some(ConnectReturnCode::NotAuthorized), "a will in another's name");
        say(world, &own, "last");
        client.hear_until("the one that was let in still hears", |publish| publish.payload == b"last"[..]).await;
    })
    .await;
}
