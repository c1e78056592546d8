//! The promise that nothing depends on our own tools: one campaign is followed from the form to the frame with curl, mosquitto_sub,
//! sha256sum and Python alone. Of the project nothing is used but what starts and ends processes.

use std::path::{Path, PathBuf};
use std::process::Command;

use bangtin_tests::demo::Demo;
use bangtin_tests::eventually;
use bangtin_tests::eventually::{SOON, STARTUP};
use bangtin_tests::process::{installed, run};
use serde_json::Value;

/// How long each of the two pictures is on the screen.
const SECONDS: &str = "4";

/// An operator with curl, a board's token with mosquitto_sub, and a folder for what they fetch.
struct Outsider<'a> {
    demo: &'a Demo,
    folder: &'a Path,
    board: String,
}

#[tokio::test]
async fn a_campaign_is_followed_from_the_form_to_the_frame_with_other_peoples_tools() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let us = Outsider { demo: &demo, folder: folder.path(), board };

    us.sign_in();
    us.samples_are_published().await;
    let pictures = [("hinh-mot", 1), ("hinh-hai", 2)].map(|(name, seed)| us.upload(name, seed));
    let playlist = us.save_playlist(&pictures);
    us.save_campaign(&playlist, &pictures).await;

    let token = us.token();
    let manifest = us.manifest(&token).await;
    for (name, _) in &pictures {
        us.shows_when_it_is_due(&token, &manifest, name).await;
    }
}

impl Outsider<'_> {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What curl writes for a path of the site.
    fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let cookies = self.file("cookies");
        let mut curl = Command::new(installed("curl"));
        curl.args(["-sS", "-m", "20"]).arg("-b").arg(&cookies).arg("-c").arg(&cookies).args(arguments);
        run(curl.arg(format!("{}{path}", self.demo.site)))
    }

    /// Sends a form; gives where the answer leads.
    fn send(&self, path: &str, fields: &[&str]) -> String {
        let mut arguments = vec!["-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"];
        for field in fields {
            arguments.extend(["--data-urlencode", *field]);
        }
        let answer = self.curl(path, &arguments);
        let target = answer.strip_prefix("303 ").unwrap_or_else(|| panic!("{path}: {answer}"));
        target.strip_prefix(&self.demo.site).unwrap_or_else(|| panic!("{target} is elsewhere")).to_owned()
    }

    fn sign_in(&self) {
        let (login, password) = self.demo.login();
        assert_eq!(self.send("/sign-in", &[&format!("login={login}"), &format!("password={password}")]), "/");
    }

    /// A board changes when everything that it is to show is made: at the demo's first start, that is all samples.
    async fn samples_are_published(&self) {
        eventually("no board waits for the samples", STARTUP, async || {
            let metrics = self.curl("/metrics", &["-f"]);
            let waiting = metrics.lines().find(|line| line.starts_with("bangtin_publish_wanted_rows ")).unwrap_or_default();
            if waiting.ends_with(" 0") { Ok(()) } else { Err(waiting.to_owned()) }
        })
        .await;
    }

    /// Draws a picture of the board's pixels and uploads it; gives its name and the asset's id.
    fn upload(&self, name: &'static str, seed: u32) -> (&'static str, String) {
        let file = self.file(&format!("{name}.png"));
        self.python("png.py", &["make", file.to_str().unwrap(), "640", "320", &seed.to_string()]);
        let part = format!("file=@{}", file.display());
        let taken =
            self.curl("/assets", &["-f", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Accept: text/plain", "-F", &part]);
        assert_eq!(taken, "200");
        let page = self.curl(&format!("/assets?q={name}"), &["-f"]);
        let id = page.split("href=\"/assets/").nth(1).and_then(|rest| rest.split('"').next());
        (name, id.expect("the library lists it").to_owned())
    }

    fn save_playlist(&self, pictures: &[(&str, String)]) -> String {
        let mut fields = vec!["do=save".to_owned(), "name=Từ bên ngoài".to_owned()];
        for (_, asset) in pictures {
            fields.extend([format!("asset={asset}"), format!("seconds={SECONDS}")]);
        }
        let target = self.send("/playlists", &fields.iter().map(String::as_str).collect::<Vec<_>>());
        let id = target.strip_prefix("/playlists/").and_then(|rest| rest.strip_suffix("?saved=true"));
        id.unwrap_or_else(|| panic!("{target}")).to_owned()
    }

    /// Aims the playlist at the board before everything else, and waits until the pages say that the pictures are made for it and
    /// that the board has taken them.
    async fn save_campaign(&self, playlist: &str, pictures: &[(&str, String)]) {
        let fields = [
            "do=save",
            "name=Từ bên ngoài",
            "level=priority",
            "weight=1",
            "aim=some",
            "approved=yes",
            &format!("playlist={playlist}"),
            &format!("board={}", self.board),
        ];
        let page = self.send("/campaigns", &fields);
        for (name, asset) in pictures {
            eventually(&format!("{name} is made in the board's shape"), STARTUP, async || {
                let html = self.curl(&format!("/assets/{asset}"), &["-f"]);
                if html.contains("badge s-live") { Ok(()) } else { Err("not made") }
            })
            .await;
        }
        eventually("the board has taken the campaign", SOON, async || {
            let html = self.curl(&page, &["-f"]);
            let meter = html.split("class=\"bar-meter\"").nth(1).unwrap_or_default();
            let meter = meter.split('>').next().unwrap_or_default().to_owned();
            if meter.contains("max=\"1\" value=\"1\"") { Ok(()) } else { Err(meter) }
        })
        .await;
    }

    /// The running player's own token: it is bearer over HTTP and password over MQTT.
    fn token(&self) -> String {
        let text = std::fs::read_to_string(self.demo.player(&self.board).join("token.json")).unwrap();
        let held: Value = serde_json::from_str(&text).unwrap();
        held["token"]["token"].as_str().unwrap().to_owned()
    }

    /// Reads the retained message as the board would, and takes the manifest out of it, digest by digest.
    async fn manifest(&self, token: &str) -> PathBuf {
        let (host, port) = (self.demo.mqtt.ip().to_string(), self.demo.mqtt.port().to_string());
        // A board may subscribe exactly this; of what is told there only the wanted manifest is retained.
        let topic = format!("bangtin/1/d/{}/+", self.board);
        // A client id is one connection: the player, coming back, may take it before the message is here.
        let message = eventually("the retained message is read", SOON, async || {
            let mut sub = Command::new(installed("mosquitto_sub"));
            sub.args(["-V", "5", "-h", &host, "-p", &port, "-i", &self.board, "-u", &self.board, "-P", token]);
            let message = run(sub.args(["-t", &topic, "--retained-only", "-q", "1", "-C", "1", "-W", "20"]));
            if message.is_empty() { Err("the player came first") } else { Ok(message) }
        })
        .await;
        let [desired, envelope, manifest] = ["desired.json", "envelope.json", "manifest.json"].map(|name| self.file(name));
        std::fs::write(&desired, message).unwrap();
        let paths = [&desired, &envelope, &manifest].map(|path| path.to_str().unwrap());
        assert_eq!(self.python("desired.py", &paths), sha256sum(&envelope), "the envelope is the one that was announced");
        manifest
    }

    /// While Python says that this picture is on, the player shows it: item, bytes and pixels.
    async fn shows_when_it_is_due(&self, token: &str, manifest: &Path, name: &str) {
        let wanted = self.python("png.py", &["read", self.file(&format!("{name}.png")).to_str().unwrap()]);
        let frames = self.demo.player(&self.board).join("frames");
        eventually(&format!("{name} is due and on the board"), STARTUP, async || {
            let before = self.due(manifest);
            let latest = std::fs::read_to_string(frames.join("latest.json")).unwrap_or_default();
            let latest: Value = serde_json::from_str(&latest).unwrap_or_default();
            let shown = self.python("png.py", &["read", frames.join("latest.png").to_str().unwrap()]);
            let seen = format!("due {before}, shown {latest}, pixels {shown}");
            if latest["item"] != before.as_str() || shown != wanted || self.due(manifest) != before {
                return Err(seen);
            }
            let content = self.file("content");
            let path = format!("/board/v1/content/{before}");
            self.curl(&path, &["-f", "-o", content.to_str().unwrap(), "-H", &format!("Authorization: Bearer {token}")]);
            assert_eq!(sha256sum(&content), before, "the content is the item that the manifest names");
            assert_eq!(self.python("png.py", &["read", content.to_str().unwrap()]), wanted, "and shows what was uploaded");
            Ok(())
        })
        .await;
    }

    /// Digest of the item that the manifest puts on the board now.
    fn due(&self, manifest: &Path) -> String {
        let now = run(Command::new(installed("date")).args(["-u", "+%Y-%m-%dT%H:%M:%S.%3NZ"]));
        let answer = self.python("resolve.py", &[manifest.to_str().unwrap(), now.trim()]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["item"].as_str().unwrap_or("nothing").to_owned()
    }

    fn python(&self, script: &str, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("outside").join(script);
        run(Command::new(installed("python3")).arg(script).args(arguments)).trim().to_owned()
    }
}

/// The digest of a file.
fn sha256sum(file: &Path) -> String {
    let line = run(Command::new(installed("sha256sum")).arg(file));
    line.split_whitespace().next().unwrap_or_default().to_owned()
}
