//! A server's pages, used as a browser would: signed in, forms posted, figures read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::demo::{LIMIT, wait};

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

    /// Sends a file in one piece of a resumable upload, whose address it gives.
    pub(crate) fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let name = data_encoding::BASE64.encode(name.as_bytes());
        let announced = format!("Tus-Resumable: 1.0.0\r\nUpload-Length: {}\r\nUpload-Metadata: filename {name}\r\n", bytes.len());
        let answer = self.exchange("POST /uploads", &announced, &[]);
        let place = answer.lines().find_map(|line| line.to_lowercase().strip_prefix("location: ").map(str::to_owned));
        let place = place.unwrap_or_else(|| panic!("the upload was not begun:\n{answer}"));
        let piece = "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n";
        let answer = self.exchange(&format!("PATCH {place}"), piece, bytes);
        assert!(answer.starts_with("HTTP/1.1 204"), "the file was not taken:\n{answer}");
        place
    }

    /// Waits until an upload has become an asset.
    pub(crate) fn looked_over(&self, upload: &str) {
        wait("the file is looked over", || {
            let told = self.exchange(&format!("GET {upload}"), "", &[]);
            assert!(!told.contains("\"refused\""), "the file was refused:\n{told}");
            told.contains("\"added\"").then_some(())
        });
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
        let answer = self.exchange(&what, "Accept: application/json\r\nContent-Type: application/json\r\n", slide.as_bytes());
        let begins: String = answer.chars().take(2000).collect();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"faults\":[]"), "there is no preview:\n{begins}");
        answer.len()
    }

    fn send(&self, what: &str, body: &str) -> String {
        self.exchange(what, "Content-Type: application/x-www-form-urlencoded\r\n", body.as_bytes())
    }

    /// A request with these headers, and the whole answer.
    fn exchange(&self, what: &str, headers: &str, body: &[u8]) -> String {
        let Self { address, cookie } = self;
        let mut stream = TcpStream::connect(address).expect("the server answers");
        stream.set_read_timeout(Some(LIMIT)).expect("a timeout is set");
        let head = format!(
            "{what} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             {headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the request is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer is read");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
