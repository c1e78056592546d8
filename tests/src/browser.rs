//! Chromium without a screen, driven over WebDriver: what an operator sees.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::eventually::{SOON, STARTUP, eventually};
use crate::pictures;
use crate::process::{Process, installed};

/// A browser with an empty profile.
#[derive(Debug)]
pub struct Browser {
    /// What drives it.
    pub client: Client,
    _driver: Process,
    _profile: TempDir,
}

/// What chromedriver answers beside WebDriver.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }
    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Starts a browser whose page is `width` by `height` pixels.
    ///
    /// # Panics
    /// When Chromium or its driver is not installed or does not answer.
    pub async fn start(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut driver = Process::start("chromedriver", Command::new(installed("chromedriver")).arg("--port=0"));
        let port = driver
            .line("names its port", SOON, |line| {
                line.split("on port ").nth(1)?.trim_end_matches('.').trim().parse::<u16>().ok().filter(|port| *port != 0)
            })
            .await;
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--accept-lang=vi",
            format!("--user-data-dir={}", profile.path().display()),
        ]);
        let mut capabilities = Capabilities::new();
        let options = json!({ "binary": installed("chromium"), "args": arguments });
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens a session");
        let browser = Self { client, _driver: driver, _profile: profile };
        browser.size(width, height).await;
        browser
    }

    /// Makes the page this large; a window could not be as narrow as a telephone.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn size(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Opens an address and waits until the page is loaded.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|e| panic!("{url} does not open: {e}"));
    }

    /// Waits for what `css` selects, and presses it.
    ///
    /// # Panics
    /// When there is nothing such, or it cannot be pressed.
    pub async fn press(&self, css: &str) {
        eventually(&format!("{css} is pressed"), SOON, async || self.client.find(Locator::Css(css)).await?.click().await).await;
    }

    /// Types into a field that is emptied first, or chooses a file.
    ///
    /// # Panics
    /// When there is no such field.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        if field.prop("type").await.expect("a field has a type").as_deref() != Some("file") {
            field.clear().await.unwrap_or_else(|e| panic!("{css} is not emptied: {e}"));
        }
        field.send_keys(text).await.unwrap_or_else(|e| panic!("{css} takes no keys: {e}"));
    }

    /// What a script gives back that is the body of a function.
    ///
    /// # Panics
    /// When it fails.
    pub async fn script(&self, body: &str) -> Value {
        self.client.execute(body, Vec::new()).await.unwrap_or_else(|e| panic!("{body}: {e}"))
    }

    /// Waits until a script gives back true.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&self, what: &str, body: &str) {
        eventually(what, STARTUP, async || match self.client.execute(body, Vec::new()).await {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(other) => Err(format!("{other}; the page says: {}", self.text().await.unwrap_or_default())),
            Err(error) => Err(error.to_string()),
        })
        .await;
    }

    /// The page's text.
    ///
    /// # Errors
    /// When the page is being loaded.
    pub async fn text(&self) -> Result<String, fantoccini::error::CmdError> {
        self.client.find(Locator::Css("body")).await?.text().await
    }

    /// Signs in with login and password, as far as the overview.
    ///
    /// # Panics
    /// When the overview does not open.
    pub async fn sign_in(&self, site: &str, (login, password): (String, String)) {
        self.open(&format!("{site}/sign-in")).await;
        self.fill("#login", &login).await;
        self.fill("#password", &password).await;
        self.press(".door button.primary").await;
        self.until("the overview opens", "return location.pathname === '/' && !!document.querySelector('main')").await;
    }

    /// Has the page said in `vi` or `en`, by its button if it is not.
    ///
    /// # Panics
    /// When it stays in the other language.
    pub async fn speak(&self, language: &str) {
        if self.script("return document.documentElement.lang").await != language {
            self.press(&format!(".bar-end button[value={language}]")).await;
            self.until("the language is another", &format!("return document.documentElement.lang === '{language}'")).await;
        }
    }

    /// Presses the tabulator.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn tabulate(&self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            self.devtools("Input.dispatchKeyEvent", key).await;
        }
    }

    /// Keeps a picture of the window for people to look at, `target/screenshots/NAME.png`, and gives the file.
    ///
    /// # Panics
    /// When the picture is not of these pixels, or blank.
    pub async fn photograph(&self, name: &str, pixels: (u32, u32)) -> PathBuf {
        let test = std::env::current_exe().expect("a test knows where it runs");
        let folder = test.ancestors().nth(3).expect("a test lies in target/PROFILE/deps").join("screenshots");
        std::fs::create_dir_all(&folder).expect("the target folder takes folders");
        let file = folder.join(format!("{name}.png"));
        self.screenshot(&file).await;
        let picture = pictures::read(&std::fs::read(&file).expect("it was just written"));
        assert_eq!(picture.dimensions(), pixels, "{name}");
        let colours: HashSet<_> = picture.pixels().collect();
        assert!(colours.len() > 50, "{name} is blank: {} colours", colours.len());
        file
    }

    /// Writes what is in the window into a PNG file.
    ///
    /// # Panics
    /// When the browser gives no picture or the file cannot be written.
    pub async fn screenshot(&self, file: &Path) {
        let shot = self.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
        let png = shot.get("data").and_then(serde_json::Value::as_str).and_then(|text| BASE64.decode(text.as_bytes()).ok());
        std::fs::write(file, png.expect("the browser gives a picture")).expect("the picture's folder takes files");
    }

    /// What the browser has complained about since it was last asked: errors on the console, and any breach of the page's policy.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Extra { path: "se/log", body: json!({ "type": "browser" }) }).await;
        let log = log.expect("the browser's log can be read");
        let lines = log.as_array().cloned().unwrap_or_default();
        let text = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
        let bad = |line: &&Value| line["level"] == "SEVERE" || text(line).contains("Content Security Policy");
        lines.iter().filter(bad).map(text).collect()
    }

    /// Ends the browser.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn close(self) {
        self.client.clone().close().await.expect("the browser ends its session");
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.client.issue_cmd(Extra { path: "goog/cdp/execute", body }).await;
        answer.unwrap_or_else(|e| panic!("{command}: {e}"))
    }
}
