//! Stills on the player and in a browser: the same pictures, times and transition, neither with a screen.

use std::path::PathBuf;
use std::time::Duration;

use bangtin_tests::process::Process;
use playlists::asset::Kind;

use crate::board::{self, Content};
use crate::cost::{Chromium, Cost};

/// How long each still is on.
const TURN: Duration = Duration::from_secs(8);
/// How long each programme is watched, once it has run for [`SETTLED`].
const WATCHED: Duration = Duration::from_secs(60);
/// Its start-up is not what is compared.
pub(crate) const SETTLED: Duration = Duration::from_secs(10);

/// Runs both and prints what they cost.
pub(crate) fn beside_chromium(slides: &[PathBuf]) {
    println!("\n640x320, {} stills of 8 s with a fade of 400 ms, no screen, {} s each in turn", slides.len(), WATCHED.as_secs());
    let player = player(slides);
    let chromium = Chromium::start(slides);
    let browser = Cost::of(chromium.id(), WATCHED);
    println!("                     memory (PSS)      CPU, share of one core");
    for (name, cost) in [("bangtin-player", &player), ("chromium", &browser)] {
        println!("  {name:<16} {:>9.1} MB {:>17.2} %", cost.memory_mb, cost.cpu_per_cent);
    }
    println!(
        "  ratio            {:>9.3}    {:>17.3}      (player ÷ chromium)",
        player.memory_mb / browser.memory_mb,
        player.cpu_per_cent / browser.cpu_per_cent
    );
}

fn player(slides: &[PathBuf]) -> Cost {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let contents: Vec<_> = slides.iter().map(|path| Content { path, kind: Kind::Still, duration: TURN }).collect();
    let mut command = board::player(folder.path(), (640, 320), &contents);
    command.args(["--output", "headless", "--frames"]).arg(folder.path().join("frames"));
    let player = Process::start("bangtin-player", &mut command);
    std::thread::sleep(SETTLED);
    Cost::of(player.id(), WATCHED)
}
