//! The promise that a clip goes from the form to the manifest: sent over HTTP, made and verified at the board's pixels, named with its
//! length; and that a file which only calls itself a clip is refused with the reason.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bangtin::app::{publish, sign_in};
use bangtin_tests::eventually;
use bangtin_tests::eventually::STARTUP;
use bangtin_tests::process::{installed, run};
use bangtin_tests::world::{Place, world};
use playlists::asset::Kind;
use playlists::id::AssetId;
use playlists::playlist::Content;

/// An operator with curl.
struct Operator {
    site: String,
    folder: tempfile::TempDir,
}

impl Operator {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let cookies = self.file("cookies");
        let mut curl = Command::new(installed("curl"));
        curl.args(["-sS", "-m", "60"]).arg("-b").arg(&cookies).arg("-c").arg(&cookies).args(arguments);
        run(curl.arg(format!("{}{path}", self.site)))
    }
    /// The status and the words that answer an upload.
    fn upload(&self, file: &Path) -> (String, String) {
        let part = format!("file=@{}", file.display());
        let answer =
            self.curl("/assets", &["-w", "\n%{http_code}", "-H", "Accept: text/plain", "-F", "fit=stretch", "-F", &part]);
        let (words, status) = answer.rsplit_once('\n').expect("a status");
        (status.to_owned(), words.to_owned())
    }
}

fn ffmpeg(arguments: &[&str], to: &Path) {
    run(Command::new(installed("ffmpeg")).args(["-v", "error", "-nostdin", "-y"]).args(arguments).arg(to));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_goes_from_the_form_to_the_manifest_with_its_length() {
    world(Place::Within, async |world| {
        let board = world.add_board("b-05527", "65x33").await;
        sign_in::create_account(&world.app(), "van-hanh", "mat khau that dai").await.expect("an account");
        let folder = tempfile::tempdir().expect("a folder");
        let operator = Operator { site: format!("http://{}", world.http.address), folder };
        let login =
            ["-o", "/dev/null", "-w", "%{http_code}", "-d", "login=van-hanh", "--data-urlencode", "password=mat khau that dai"];
        assert_eq!(operator.curl("/sign-in", &login), "303");

        let clip = operator.file("phim.mov");
        let sources =
            ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=50:d=2", "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p"];
        ffmpeg(&sources, &clip);
        assert_eq!(operator.upload(&clip).0, "200");
        let whole = std::fs::read(&clip).expect("read");
        for (name, bytes) in [
            ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".as_slice()),
            ("cut.mp4", &whole[..whole.len() / 2]),
            ("empty.mp4", b""),
        ] {
            let file = operator.file(name);
            std::fs::write(&file, bytes).expect("written");
            let (status, words) = operator.upload(&file);
            assert!(status == "422" && words.starts_with(name) && words.len() > name.len() + 20, "{status} {words}");
        }
        let library = operator.curl("/assets?q=phim", &["-f"]);
        let id = library.split("href=\"/assets/").nth(1).and_then(|rest| rest.split('"').next()).expect("the library lists it");
        assert!(library.contains("320 × 180") && library.contains("2,0 giây"), "its size and length");
        let asset: AssetId = id.parse().expect("an id");

        world.show(1, &[&asset], &[&board]).await;
        let (item, entry) = eventually("the manifest names the clip", STARTUP, async || {
            if publish::envelope(&world.app(), &board.id).await.expect("the database works").is_none() {
                return Err("no manifest yet");
            }
            let manifest = world.manifest(&board).await;
            let clip = manifest.items.iter().find(|item| item.kind == Kind::Clip).cloned();
            let entry = manifest.playlists.iter().flat_map(|list| &list.entries).find_map(|entry| match &entry.content {
                Content::Asset { asset: named, duration, .. } if *named == asset => Some(*duration),
                _ => None,
            });
            clip.zip(entry).ok_or("not yet")
        })
        .await;
        assert_eq!((item.duration, entry), (Some(Duration::from_secs(2)), Duration::from_secs(2)), "nobody asked for one second");
        let rendition = world.app().blobs.path(&item.sha256);
        let probe = ["-v", "error", "-show_entries", "stream=codec_name,width,height,nb_frames", "-of", "csv=p=0"];
        let probed = run(Command::new(installed("ffprobe")).args(probe).arg(&rendition));
        assert_eq!(probed.trim(), "h264,66,34,50", "one picture track, even sides, 25 frames a second, no sound");
        let poster = operator.file("poster.png");
        operator.curl(&format!("/assets/{asset}/preview?w=65&h=33"), &["-f", "-o", poster.to_str().expect("plain letters")]);
        let poster = image::open(&poster).expect("a picture");
        assert_eq!((poster.width(), poster.height()), (65, 33));
    })
    .await;
}
