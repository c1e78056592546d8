//! Chromium without a screen, driven over WebDriver: what an operator sees.

use std::path::Path;
use std::process::Command;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::eventually::SOON;
use crate::process::{Process, installed};

/// A browser with an empty profile.
#[derive(Debug)]
pub struct Browser {
    /// What drives it.
    pub client: Client,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser whose page is `width` by `height` pixels and whose first language is `language`.
    ///
    /// # Panics
    /// When Chromium or its driver is not installed or does not answer.
    pub async fn start(width: u32, height: u32, language: &str) -> Self {
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
            format!("--window-size={width},{height}"),
            format!("--accept-lang={language}"),
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
        Self { client, _driver: driver, _profile: profile }
    }

    /// Writes what the page looks like now into a PNG file.
    ///
    /// # Panics
    /// When the browser gives no picture or the file cannot be written.
    pub async fn screenshot(&self, file: &Path) {
        let png = self.client.screenshot().await.expect("the browser gives a picture");
        std::fs::write(file, png).expect("the picture's folder takes files");
    }

    /// The page's text.
    ///
    /// # Errors
    /// When the page is being loaded.
    pub async fn text(&self) -> Result<String, fantoccini::error::CmdError> {
        self.client.find(fantoccini::Locator::Css("body")).await?.text().await
    }

    /// Ends the browser.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn close(self) {
        self.client.clone().close().await.expect("the browser ends its session");
    }
}
