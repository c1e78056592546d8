//! An operator without a browser: signed in, forms and files sent over HTTP by curl, answers read.

use std::path::Path;
use std::process::Command;

use bangtin::app::sign_in;

use crate::process::{installed, run};
use crate::world::World;

/// Login and password of the one operator.
const LOGIN: (&str, &str) = ("van.hanh", "a password of ours");

/// An answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where it leads; empty where nowhere.
    pub location: String,
    /// Its body.
    pub body: String,
}

/// An operator who is signed in.
#[derive(Debug)]
pub struct Desk {
    site: String,
    session: String,
}

impl World {
    /// Makes an account and signs in.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn desk(&self) -> Desk {
        let app = self.app();
        sign_in::create_account(&app, LOGIN.0, LOGIN.1).await.expect("the account is new");
        let (session, _) = sign_in::sign_in(&app, LOGIN.0, LOGIN.1).await.expect("asked").expect("the password fits");
        Desk { site: format!("http://{}", self.http.address), session }
    }
}

impl Desk {
    /// Opens a page in a language, `vi` or `en`.
    #[must_use]
    pub fn open(&self, path: &str, language: &str) -> Answer {
        self.ask(path, language, &mut Command::new(installed("curl")))
    }

    /// Sends a form, its fields in their order; Vietnamese.
    #[must_use]
    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut curl = Command::new(installed("curl"));
        for (name, value) in fields {
            curl.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        self.ask(path, "vi", &mut curl)
    }

    /// Sends a file through the library's form; `accept` is `text/html` for the page, `text/plain` for one sentence.
    #[must_use]
    pub fn upload(&self, file: &Path, accept: &str, language: &str) -> Answer {
        let mut curl = Command::new(installed("curl"));
        curl.arg("-H")
            .arg(format!("accept: {accept}"))
            .args(["-F", "fit=stretch", "-F"])
            .arg(format!("file=@{}", file.display()));
        self.ask("/assets", language, &mut curl)
    }

    fn ask(&self, path: &str, language: &str, curl: &mut Command) -> Answer {
        let cookies = format!("cookie: bangtin-session={}; bangtin-language={language}", self.session);
        curl.args(["-sS", "-m", "60", "-H", &cookies, "-H", &format!("origin: {}", self.site)]);
        let said = run(curl.args(["-w", "\n%{redirect_url}\n%{http_code}"]).arg(format!("{}{path}", self.site)));
        let (rest, status) = said.rsplit_once('\n').expect("a status");
        let (body, location) = rest.rsplit_once('\n').expect("where it leads");
        let location = location.trim_start_matches(&self.site).to_owned();
        Answer { status: status.parse().expect("a number"), location, body: body.to_owned() }
    }
}
