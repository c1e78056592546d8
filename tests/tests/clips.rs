//! The promise that a clip which is uploaded is the clip that is shown: from the form to the frame, frame by frame, also by boards
//! side by side; and that a file which only calls itself a clip is refused with the reason.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use bangtin::ports::{Clock as _, SystemClock};
use bangtin_tests::boards::Board;
use bangtin_tests::clips::{ffmpeg, frames_by_ffmpeg};
use bangtin_tests::desk::Desk;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::world::{Place, World, world};
use playlists::asset::Kind;
use playlists::id::{AssetId, Digest};
use playlists::schedule::{Schedule, What};

/// Frames a second of every rendition from a source of this rate.
const FRAME_MS: i64 = 40;
/// Different frames that are looked at.
const LOOKED_AT: usize = 20;

/// A moving picture with sound, as a camera would give it.
fn filmed(world: &World, seconds: u32) -> PathBuf {
    let file = world.path("phim.mov");
    let sources =
        format!("-f lavfi -i testsrc2=s=320x180:r=50:d={seconds} -f lavfi -i sine=d={seconds} -pix_fmt yuv420p -c:a aac");
    ffmpeg(&sources, &file);
    file
}

/// The asset of that name, as the library links it.
fn asset(desk: &Desk, name: &str) -> AssetId {
    let library = desk.open(&format!("/assets?q={name}"), "vi").body;
    let id = library.split("href=\"/assets/").nth(1).and_then(|rest| rest.split('"').next());
    id.expect("the library lists it").parse().expect("an id")
}

/// The rendition of the one clip in the board's manifest, once it is named there.
async fn rendition(world: &World, board: &Board) -> Digest {
    world.desired_is_settled(board).await;
    eventually("the manifest names the clip", STARTUP, async || {
        let items = world.manifest(board).await.items;
        items.iter().find(|item| item.kind == Kind::Clip).map(|item| item.sha256).ok_or("not yet")
    })
    .await
}

/// Watches the board until it has shown many frames of the clip: each one is ffmpeg's frame of its number, bit by bit.
async fn shows_ffmpegs_frames(world: &World, board: &Board, item: Digest) {
    let frames = frames_by_ffmpeg(&world.app().blobs.path(&item), board.geometry);
    let mut seen = BTreeSet::new();
    eventually(&format!("{} shows {LOOKED_AT} frames of the clip", board.id), SOON, async || {
        if let Some(on) = world.on(board).filter(|on| on.item == Some(item)) {
            assert!(frames.get(on.number) == Some(&on.frame.to_rgb()), "frame {} of {} is not ffmpeg's", on.number, board.id);
            seen.insert(on.number);
        }
        if seen.len() >= LOOKED_AT { Ok(()) } else { Err(format!("{} frames", seen.len())) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_goes_from_the_form_to_the_screen_and_each_frame_is_ffmpegs() {
    world(Place::Within, async |world| {
        let (wide, odd) = (world.add_board("b-05527", "64x32").await, world.add_board("b-05530", "33x65").await);
        world.start_player(&wide).await;
        world.start_player(&odd).await;
        let desk = world.desk().await;
        let sent = desk.upload(&filmed(world, 4), "text/html", "vi");
        assert_eq!((sent.status, sent.location.as_str()), (303, "/assets?added=1"));
        let clip = asset(&desk, "phim");
        let page = desk.open(&format!("/assets/{clip}"), "vi").body;
        assert!(page.contains("320 × 180") && page.contains("4,0 giây"), "the page tells its size and length");

        let list = world.playlist(1, &[&clip]).await;
        let form = [
            ("name", "Phim mới"),
            ("playlist", list.as_str()),
            ("level", "priority"),
            ("weight", "10"),
            ("from", ""),
            ("until", ""),
            ("aim", "some"),
            ("board", wide.id.as_str()),
            ("board", odd.id.as_str()),
            ("approved", "yes"),
            ("do", "save"),
        ];
        let saved = desk.send("/campaigns", &form);
        assert!(saved.status == 303 && saved.location.starts_with("/campaigns/"), "{saved:?}");
        for board in [&wide, &odd] {
            let item = rendition(world, board).await;
            let length = world.manifest(board).await.items.iter().find(|one| one.sha256 == item).and_then(|one| one.duration);
            assert_eq!(length, Some(Duration::from_secs(4)), "a clip plays its length, whatever the playlist says");
            shows_ffmpegs_frames(world, board, item).await;
            world.desired_is_reported(board).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_side_by_side_that_were_started_at_different_moments_show_the_same_frame() {
    world(Place::Within, async |world| {
        // Between polls the time is not set anew: it would make up for what an answer took.
        world.cadence.poll = Duration::from_secs(3600);
        let (left, right) = (world.add_board("b-05527", "64x32").await, world.add_board("b-05530", "64x32").await);
        let desk = world.desk().await;
        assert_eq!(desk.upload(&filmed(world, 8), "text/html", "vi").status, 303);
        let clip = asset(&desk, "phim");
        world.show(1, &[&clip], &[&left, &right]).await;
        let item = rendition(world, &left).await;
        world.start_player(&left).await;
        shows_ffmpegs_frames(world, &left, item).await;
        world.start_player(&right).await;
        shows_ffmpegs_frames(world, &right, item).await;

        let schedules = [world.manifest(&left).await, world.manifest(&right).await].map(|manifest| Schedule::new(&manifest));
        let schedules = schedules.map(|schedule| schedule.expect("a schedule"));
        let mut alike = BTreeSet::new();
        eventually(&format!("both show the same of {LOOKED_AT} frames at the same moment"), SOON, async || {
            let before = SystemClock.now();
            let (Some(one), Some(other)) = (world.on(&left), world.on(&right)) else { return Err("nothing is on".to_owned()) };
            let after = SystemClock.now();
            // On a busy machine the test itself may be held up between its two looks: then it has seen nothing.
            if (after - before).num_milliseconds() > FRAME_MS / 4 {
                return Err("held up between two looks".to_owned());
            }
            let wanted = schedules.iter().map(|schedule| schedule.resolve(before)).map(|now| (now.what, now.since));
            let wanted: Vec<_> =
                wanted.map(|(what, since)| (matches!(what, What::Entry(slot) if slot.item == item), since)).collect();
            let in_step = one.item == other.item && one.since == other.since && one.number.abs_diff(other.number) <= 1;
            if in_step && wanted.iter().all(|(is_clip, since)| *is_clip && Some(*since) == one.since) {
                alike.insert(one.number);
            }
            let numbers = (one.number, other.number);
            if alike.len() >= LOOKED_AT { Ok(()) } else { Err(format!("{} alike; now frames {numbers:?}", alike.len())) }
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_calls_itself_a_clip_is_refused_with_the_reason_in_the_operators_language() {
    world(Place::Within, async |world| {
        let desk = world.desk().await;
        let whole = std::fs::read(filmed(world, 1)).expect("read");
        let sound = world.path("chi-tieng.mp4");
        ffmpeg("-f lavfi -i sine=d=1 -c:a aac", &sound);
        for (name, bytes, vietnamese, english) in [
            (
                "cut.mp4",
                &whole[..whole.len() / 2],
                "video bị hỏng hoặc không đầy đủ; hãy xuất lại và gửi lần nữa.",
                "the clip is damaged or incomplete; export it anew and send it again.",
            ),
            (
                "list.mp4",
                b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n".as_slice(),
                "không phải JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV hay WebM.",
                "it is none of JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV and WebM.",
            ),
            (
                "sound.mp4",
                &std::fs::read(&sound).expect("read"),
                "tệp không có hình chuyển động, chỉ có âm thanh hoặc trống.",
                "there is no moving picture in it, only sound or nothing.",
            ),
            ("empty.mp4", b"", "tệp rỗng.", "the file is empty."),
        ] {
            let file = world.path(name);
            std::fs::write(&file, bytes).expect("written");
            for (language, reason) in [("vi", vietnamese), ("en", english)] {
                let said = format!("{name}: {reason}");
                let sentence = desk.upload(&file, "text/plain", language);
                assert_eq!((sentence.status, sentence.body.as_str()), (422, said.as_str()), "{language}");
                let page = desk.upload(&file, "text/html", language);
                assert!(page.status == 422 && page.body.contains(&said) && page.body.contains("</html>"), "{language} {page:?}");
            }
        }
        assert!(!desk.open("/assets", "en").body.contains("href=\"/assets/"), "nothing of it is in the library");
    })
    .await;
}
