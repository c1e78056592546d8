//! The server is told to end while somebody is being served.

use std::time::{Duration, Instant};

use bangtin_tests::client::Login;
use bangtin_tests::eventually::{SOON, eventually};
use bangtin_tests::ledger;
use bangtin_tests::world::{Place, world};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Story;

/// Longer than answers may take to go out at the end, far less than work may.
const A_WHILE: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_being_worked_on_is_finished_before_the_server_ends() {
    world(Place::Apart, async |world| {
        let story = Story::begin(world).await;
        let app = world.app();
        let batch =
            eventually("a batch is stored", SOON, async || ledger::batches(&app, &story.board.id).await.pop().ok_or("none yet"))
                .await
                .envelope;
        let token = Login::of(&app, &story.board.identity).await.password;
        let mut stream = TcpStream::connect(world.http.address).await.unwrap();
        let head = format!(
            "POST /board/v1/plays HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\
             content-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            batch.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut begun = [0; 25];
        stream.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n", "the body is waited for");

        let answered = async {
            let told = Instant::now();
            eventually("a while passes", SOON, async || if told.elapsed() > A_WHILE { Ok(()) } else { Err("not yet") }).await;
            stream.write_all(&batch).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        let ((), answer) = tokio::join!(world.stop_server(), answered);
        assert!(answer.starts_with("HTTP/1.1 200"), "it was cut off: {answer:?}");
        world.start_server(Place::Apart).await;
        world.all_is_well(&story.board, bangtin_tests::aftermath::Player::Ran).await;
    })
    .await;
}
