//! The real program, killed at any moment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bangtin_player::banks::{Bank, Banks};
use bangtin_player::stage::decode;
use playlists::trust::envelope::{DocumentType, Envelope};

use crate::server::{key, lock};
use crate::world::{World, eventually, geometry, picture};

/// How often it is killed.
const ROUNDS: u64 = 30;
/// Pictures of each manifest.
const PICTURES: u32 = 3;

/// A program that dies with the test.
struct Program(Child);

impl Program {
    fn start(world: &World, server: &str) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_bangtin-player"))
            .args(["run", "--output", "headless", "--transition", "cut", "--server", server])
            .arg("--identity")
            .arg(world.path("identity.json"))
            .arg("--data")
            .arg(world.path("data"))
            .arg("--frames")
            .arg(world.path("frames"))
            .env("RUST_LOG", "off")
            .stdin(Stdio::null())
            .spawn();
        Self(command.expect("started"))
    }

    /// Waits for this long, in which it does not end of itself.
    async fn lives_for(&mut self, moment: Duration) {
        let ends = async {
            let mut looks = tokio::time::interval(Duration::from_millis(5));
            while self.0.try_wait().expect("asked").is_none() {
                looks.tick().await;
            }
        };
        assert!(tokio::time::timeout(moment, ends).await.is_err(), "the player ended of itself");
    }

    /// SIGKILL, and waits until it is gone.
    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        drop(self.0.wait());
    }
}

fn publish(world: &World, rev: u64) {
    let first = u32::try_from(rev).expect("small") * PICTURES;
    let pictures: Vec<_> = (first..first + PICTURES).map(picture).collect();
    world.publish(rev, &pictures.iter().collect::<Vec<_>>());
}

/// Whether what was written as the latest frame is one of this revision's pictures.
fn is_up(frames: &Path, rev: u64) -> bool {
    let first = u32::try_from(rev).expect("small") * PICTURES;
    let frame = fs::read(frames.join("latest.png")).ok().and_then(|bytes| decode::still(&bytes, geometry()).ok());
    frame.is_some_and(|frame| (first..first + PICTURES).any(|number| picture(number) == frame))
}

/// The revision that the banks hold; never are both broken once one was whole.
fn held(data: &Path) -> Option<u64> {
    let (_, found) = Banks::<Bank>::open(data, "bank");
    assert!(found.damaged.is_empty(), "a bank is replaced as a whole: {:?}", found.damaged);
    let envelope = found.held?.manifest?;
    let envelope = Envelope::parse(envelope.as_bytes()).expect("an envelope");
    let manifest = envelope.open(DocumentType::Manifest, &[key().public()], 1).expect("signed");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("json");
    manifest.get("rev")?.as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_has_a_valid_picture_up_from_disk_ever_after() {
    let world = World::new().await;
    let (data, frames, identity) = (world.path("data"), world.path("frames"), world.path("identity.json"));
    fs::write(&identity, serde_json::to_vec(&world.identity_file()).expect("json")).expect("written");
    fs::set_permissions(&identity, fs::Permissions::from_mode(0o600)).expect("its owner's only");
    lock(&world.served).pieces = 4;
    world.clock.flow();
    let mut random = fastrand::Rng::with_seed(8);
    let (mut rev, mut newest_held) = (1, None);
    publish(&world, rev);
    for round in 0..ROUNDS {
        let mut program = Program::start(&world, &world.address);
        program.lives_for(Duration::from_millis(random.u64(0..700))).await;
        program.kill();
        let now_held = held(&data);
        assert!(now_held >= newest_held, "round {round}: what is in force never falls: {now_held:?} after {newest_held:?}");
        newest_held = now_held;
        if let Some(held) = now_held {
            fs::remove_dir_all(&frames).unwrap_or_default();
            let mut program = Program::start(&world, "http://127.0.0.1:1");
            eventually(&format!("round {round}: revision {held} from disk"), || is_up(&frames, held)).await;
            program.kill();
            if held == rev {
                rev += 1;
                publish(&world, rev);
            }
        }
    }
    assert!(rev > 3, "only {rev} revisions: it was always killed too early to test anything");
    fs::remove_dir_all(&frames).unwrap_or_default();
    let _program = Program::start(&world, &world.address);
    eventually("the newest picture at last", || is_up(&frames, rev)).await;
}
