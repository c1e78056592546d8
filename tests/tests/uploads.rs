//! The promise that an upload survives anything: a real browser with tus-js-client, a cut wire, a reload, a killed server. The bytes
//! that arrive are those of the file, and none that had arrived is sent again.

use std::path::PathBuf;

use bangtin_tests::browser::Browser;
use bangtin_tests::eventually::{STARTUP, eventually};
use bangtin_tests::pictures::{png, speckled};
use bangtin_tests::proxy::Wire;
use bangtin_tests::world::{Place, World, world};
use playlists::id::Digest;

const DESK: (u32, u32) = (1440, 900);
const TELEPHONE: (u32, u32) = (390, 844);
/// Fast enough for a test, slow enough to be cut in the middle: bytes a second.
const SLOW: u32 = 400_000;
/// Where the wire is cut: bytes that have passed.
const MIDDLE: u64 = 1_200_000;

/// A picture of more than two megabytes, as a file.
fn large(world: &World) -> (PathBuf, Vec<u8>) {
    let bytes = png(&speckled(1000, 760, 7));
    assert!(bytes.len() > 2_000_000, "{} bytes can be cut in the middle", bytes.len());
    let path = world.path("Ảnh lớn.png");
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

/// A browser with the library before it.
async fn library(world: &World) -> Browser {
    let login = world.administrator().await;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&site(world), login).await;
    browser.open(&format!("{}/assets", site(world))).await;
    browser.speak("en").await;
    browser.until("uploads are ready", "return !!document.querySelector('[data-ready]')").await;
    browser
}

fn site(world: &World) -> String {
    format!("http://{}", world.http.address)
}

async fn passed(world: &World, more_than: u64) {
    eventually("the upload is in its middle", STARTUP, async || {
        let passed = world.http.bytes_up();
        if passed > more_than { Ok(()) } else { Err(format!("{passed} bytes")) }
    })
    .await;
}

async fn added(browser: &Browser) {
    browser.until("the file is taken", "return !!document.querySelector('[data-progress] li[data-state=added]')").await;
    browser.until("it is in the library", "return document.querySelectorAll('.library .card').length === 1").await;
}

/// The file's bytes lie in the blobs, and nothing was sent twice but what was on the wire when it was cut.
fn arrived_once(world: &World, bytes: &[u8], before: u64) {
    let digest = Digest::of(bytes).to_string();
    let blob = world.path("data/blobs").join(&digest[..2]).join(&digest[2..]);
    assert!(std::fs::read(blob).unwrap() == bytes, "the bytes differ");
    let sent = world.http.bytes_up() - before;
    assert!(sent < bytes.len() as u64 + MIDDLE / 2, "{sent} bytes were sent for {}", bytes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_connection_is_cut_goes_on_where_it_stood() {
    world(Place::Within, async |world| {
        let (path, bytes) = large(world);
        let browser = library(world).await;
        let before = world.http.bytes_up();
        world.http.set(Wire::UpSlow(SLOW));
        browser.fill("#file", &path.display().to_string()).await;
        passed(world, before + MIDDLE).await;
        world.http.set(Wire::Cut);
        browser.until("the page says so", "return !!document.querySelector('[data-progress] li[data-state=waits]')").await;
        browser.photograph("upload-cut-1440-en", DESK).await;
        world.http.set(Wire::Whole);
        added(&browser).await;
        arrived_once(world, &bytes, before);
        browser.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_the_server_was_killed_and_the_page_reloaded() {
    world(Place::Apart, async |world| {
        let (path, bytes) = large(world);
        let browser = library(world).await;
        let before = world.http.bytes_up();
        world.http.set(Wire::UpSlow(SLOW));
        browser.fill("#file", &path.display().to_string()).await;
        passed(world, before + MIDDLE).await;
        // The wire first, so that what has passed is written and synced; then the server loses what it has in memory.
        world.http.set(Wire::Cut);
        let folder = world.path("data/blobs/uploads");
        eventually("what has passed is noted", STARTUP, async || noted(world, &folder).await).await;
        world.kill_server();
        world.start_server(Place::Apart).await;
        world.http.set(Wire::Whole);
        browser.script("window.onbeforeunload = null; window.stop(); return 1").await;
        browser.open(&format!("{}/playlists", site(world))).await;
        browser.open(&format!("{}/assets", site(world))).await;
        let unfinished = "return document.querySelectorAll('[data-progress] li[data-state=unfinished]').length === 1";
        browser.until("the page tells of what is not finished", unfinished).await;
        for (language, size) in [("en", DESK), ("vi", TELEPHONE)] {
            browser.size(size.0, size.1).await;
            browser.speak(language).await;
            browser.until("it is still told", unfinished).await;
            browser.photograph(&format!("upload-unfinished-{}-{language}", size.0), size).await;
        }
        browser.fill("#file", &path.display().to_string()).await;
        added(&browser).await;
        browser.until("nothing is unfinished", "return !document.querySelector('[data-state=unfinished]')").await;
        arrived_once(world, &bytes, before);
        browser.close().await;
    })
    .await;
}

/// Whether the one upload that is under way has all its bytes noted.
async fn noted(world: &World, folder: &std::path::Path) -> Result<(), String> {
    let length = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().metadata().unwrap().len();
    let open = bangtin::store::uploads::open(&world.app().db, None, 9).await.unwrap();
    match open.as_slice() {
        [upload] if upload.synced == length => Ok(()),
        other => Err(format!("{length} bytes, noted: {other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_files_at_once_each_have_their_own_answer_and_one_can_be_given_up() {
    world(Place::Within, async |world| {
        let browser = library(world).await;
        let (large, _) = large(world);
        let mut paths = vec![large];
        let cut = png(&speckled(64, 48, 2));
        for (name, bytes) in [
            ("cảnh đẹp.png", png(&speckled(64, 48, 1))),
            ("hỏng.png", cut[..cut.len() / 2].to_vec()),
            ("danh sách.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".to_vec()),
            ("rỗng.jpg", Vec::new()),
        ] {
            std::fs::write(world.path(name), bytes).unwrap();
            paths.push(world.path(name));
        }
        world.http.set(Wire::UpSlow(SLOW));
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        browser.fill("#file", &paths.join("\n")).await;
        let all = "return [...document.querySelectorAll('[data-progress] li')].map((li) => li.dataset.state)";
        browser
            .until(
                "all but the large one are settled",
                &format!("{all}.filter((state) => state === 'added' || state === 'refused').length === 4"),
            )
            .await;
        browser.photograph("upload-many-1440-en", DESK).await;
        let said = browser.script("return [...document.querySelectorAll('[data-progress] li')].map((li) => li.innerText)").await;
        let said: Vec<&str> = said.as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
        for (line, words) in
            [(1, "Taken"), (2, "the file is damaged or incomplete"), (3, "it is none of JPEG, PNG"), (4, "the file is empty")]
        {
            assert!(said[line].contains(words), "{line}: {said:?}");
        }
        browser.press("[data-progress] li:first-child button").await;
        browser.until("it is given up", "return !!document.querySelector('[data-progress] li[data-state=cancelled]')").await;
        eventually("nothing of it is left", STARTUP, async || {
            let left = std::fs::read_dir(world.path("data/blobs/uploads")).unwrap().count();
            if left == 0 { Ok(()) } else { Err(format!("{left} files")) }
        })
        .await;
        browser.size(TELEPHONE.0, TELEPHONE.1).await;
        browser.photograph("upload-many-390-en", TELEPHONE).await;
        let complaints = browser.complaints().await;
        // The browser notes each refusal; one that is given up may still be on the wire.
        let is_refusal = |line: &String| line.contains("422") || line.contains("423");
        assert!(complaints.iter().all(is_refusal), "{complaints:?}");
        browser.close().await;
    })
    .await;
}
