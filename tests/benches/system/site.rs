//! A server's pages, used as a browser would: signed in, forms posted, figures read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::demo::LIMIT;

/// A server somebody is signed in to.
pub(crate) struct Site {
    address: String,
    cookie: String,
}

impl Site {
    /// Signs in.
    pub(crate) fn sign_in(address: String, login: &str, password: &str) -> Self {
        let mut site = Self { address, cookie: String::new() };
        let answer = site.send("POST /sign-in", &format!("login={login}&password={password}"));
        let cookie = answer.lines().find_map(|line| {
            line.to_lowercase().starts_with("set-cookie:").then(|| line.split_once(':')?.1.split(';').next().map(str::trim))
        });
        cookie.flatten().expect("signing in gives a cookie").clone_into(&mut site.cookie);
        site
    }

    /// Saves an approved campaign of this playlist for all boards.
    pub(crate) fn save_campaign(&self, name: &str, playlist: &str) {
        let form = format!("name={name}&playlist={playlist}&level=normal&weight=2&aim=all&approved=yes&from=&until=&do=save");
        let answer = self.send("POST /campaigns", &form);
        let begins: String = answer.chars().take(2000).collect();
        assert!(answer.starts_with("HTTP/1.1 303"), "the campaign was not saved:\n{begins}");
    }

    /// One of the server's figures; 0 when it does not tell it.
    pub(crate) fn figure(metrics: &str, name: &str) -> usize {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// All figures of the server.
    pub(crate) fn metrics(&self) -> String {
        self.send("GET /metrics", "")
    }

    /// Asks how a slide looks; the answer's length in bytes.
    pub(crate) fn preview(&self, board: &str, slide: &str) -> usize {
        let what = format!("POST /slides/preview?geometry={board}&language=vi");
        let answer = self.send_as(&what, "application/json", slide);
        let begins: String = answer.chars().take(2000).collect();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"faults\":[]"), "there is no preview:\n{begins}");
        answer.len()
    }

    fn send(&self, what: &str, body: &str) -> String {
        self.send_as(what, "application/x-www-form-urlencoded", body)
    }

    fn send_as(&self, what: &str, kind: &str, body: &str) -> String {
        let Self { address, cookie } = self;
        let mut stream = TcpStream::connect(address).expect("the server answers");
        stream.set_read_timeout(Some(LIMIT)).expect("a timeout is set");
        let head = format!(
            "{what} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Accept: application/json\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("the request is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer is read");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
