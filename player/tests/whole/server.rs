//! The server within the test: the boards' HTTP calls, as far as these tests need them, with the means to misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root};
use playlists::wire::messages::{Ack, Fresh, Nonce, Problem, Stream, Token, V};
use playlists::wire::reports::{Event, Events, OVER_LOOP, PlayedItem, Plays, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::clock::Hand;
use crate::samples::board_key;

/// What the server serves, and what it was told.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) manifest: Option<(Revision, Vec<u8>)>,
    /// The roots after the first one.
    pub(crate) roots: Vec<Envelope>,
    pub(crate) content: BTreeMap<String, Vec<u8>>,
    /// Content answers break off after so many bytes, once each.
    pub(crate) cut: Option<usize>,
    /// Content is sent in so many pieces.
    pub(crate) pieces: usize,
    pub(crate) ranges: Vec<String>,
    /// How often each path was asked for; `fresh` without its nonce.
    pub(crate) asked: BTreeMap<String, usize>,
    pub(crate) content_asked: Vec<String>,
    pub(crate) acknowledge: bool,
    /// Batches that hold a play begun before this, in milliseconds, are refused for good.
    pub(crate) refuse_before_ms: u64,
    /// Nobody is answered.
    pub(crate) offline: bool,
    pub(crate) plays: BTreeMap<(String, u64), u64>,
    /// Plays that ran over the loop.
    pub(crate) over_loop: Vec<PlayedItem>,
    pub(crate) batches: usize,
    pub(crate) refused: BTreeSet<u64>,
    pub(crate) events: Vec<Event>,
    pub(crate) states: Vec<State>,
    pub(crate) snapshots: usize,
}

pub(crate) type Shared = Arc<Mutex<Served>>;

pub(crate) fn lock(served: &Shared) -> std::sync::MutexGuard<'_, Served> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key that signs all but where a test says otherwise.
pub(crate) fn key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

/// A root whose role `publish` has this key, signed by [`key`].
pub(crate) fn root(version: u64, publish: &SecretKey) -> Envelope {
    let keys = |key: &SecretKey| RoleKeys { keys: vec![key.public()], threshold: 1 };
    let roles = [Role::Root, Role::Publish, Role::Recall, Role::Notice, Role::Time]
        .map(|role| (role, if role == Role::Publish { keys(publish) } else { keys(&key()) }));
    let approve = ApproveThresholds { routine: 0, wide: 0 };
    let root = Root { v: 1, version: Version(version), key_epoch: KeyEpoch(0), roles: roles.into(), approve };
    Envelope::sign(DocumentType::Root, &serde_json::to_vec(&root).expect("json"), &[&key()])
}

pub(crate) fn signed<T: serde::Serialize>(document: DocumentType, value: &T) -> Vec<u8> {
    Envelope::sign(document, &serde_json::to_vec(value).expect("json"), &[&key()]).to_json()
}

/// Serves one request per connection; `hand` is the server's time.
#[allow(clippy::disallowed_methods, reason = "ends with the test's runtime")]
pub(crate) async fn serve(listener: TcpListener, served: Shared, hand: Hand) {
    while let Ok((stream, _)) = listener.accept().await {
        let (served, hand) = (Arc::clone(&served), hand.clone());
        tokio::spawn(async move { answer(stream, &served, &hand).await });
    }
}

async fn answer(mut stream: TcpStream, served: &Shared, hand: &Hand) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = header(head, "content-length").and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
        break (head.to_owned(), length);
    };
    while bytes.len() < head.len() + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    if lock(served).offline {
        return None;
    }
    let body = bytes.split_off(head.len() + 4);
    let path = head.split_whitespace().nth(1)?.strip_prefix("/board/v1/")?.to_owned();
    let (status, extra, body) = respond(&path, &head, &body, served, hand);
    let is_content = path.starts_with("content/");
    let cut = if is_content { lock(served).cut.take() } else { None };
    let headers = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n", body.len());
    stream.write_all(headers.as_bytes()).await.ok()?;
    let body = body.get(..cut.unwrap_or(body.len()))?;
    let pieces = if is_content { lock(served).pieces.max(1) } else { 1 };
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(15));
    for piece in body.chunks(body.len().div_ceil(pieces).max(1)) {
        stream.write_all(piece).await.ok()?;
        if pieces > 1 {
            pace.tick().await;
        }
    }
    stream.shutdown().await.ok()
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
}

type Response = (&'static str, String, Vec<u8>);

fn ok(body: Vec<u8>) -> Response {
    ("200 OK", String::new(), body)
}

fn respond(path: &str, head: &str, body: &[u8], served: &Shared, hand: &Hand) -> Response {
    let json = |value: serde_json::Result<Vec<u8>>| ok(value.expect("json"));
    let mut served = lock(served);
    *served.asked.entry(path.split('?').next().unwrap_or(path).to_owned()).or_default() += 1;
    if let Some(nonce) = path.strip_prefix("fresh?nonce=") {
        let rev = served.manifest.as_ref().map_or(Revision(0), |(rev, _)| *rev);
        let (zero, board) = (Version(0), "b-05443".parse().expect("an id"));
        let root = Version(1 + served.roots.len() as u64);
        let fresh = Fresh { v: V, nonce: nonce.to_owned(), t: hand.time(), board, rev, recall: zero, notices: zero, root };
        return ok(signed(DocumentType::Fresh, &fresh));
    }
    if let Some(version) = path.strip_prefix("root/") {
        let place = version.parse::<usize>().expect("a version") - 2;
        return ok(served.roots.get(place).expect("a root that was announced").to_json());
    }
    if let Some(digest) = path.strip_prefix("content/") {
        served.content_asked.push(digest.to_owned());
        return content(digest, head, &mut served);
    }
    match path {
        "nonce" => json(serde_json::to_vec(&Nonce { v: V, nonce: "nonce-nonce".to_owned() })),
        "token" => {
            let until = hand.time() + chrono::TimeDelta::hours(72);
            json(serde_json::to_vec(&Token { v: V, token: "token".to_owned(), until }))
        }
        "manifest" => ok(served.manifest.as_ref().map(|(_, envelope)| envelope.clone()).unwrap_or_default()),
        "plays" => plays(&opened(DocumentType::Plays, body), &mut served),
        "event" => {
            let events: Events = opened(DocumentType::Event, body);
            let upto = events.first + events.events.len() as u64;
            served.events.extend(events.events);
            ok(ack(Stream::Event, events.epoch, upto, &key()))
        }
        "state" => {
            served.states.push(serde_json::from_slice(body).expect("a state"));
            ("204 No Content", String::new(), Vec::new())
        }
        "snapshot" => {
            served.snapshots += 1;
            ("204 No Content", String::new(), Vec::new())
        }
        _ => ("204 No Content", String::new(), Vec::new()),
    }
}

fn content(digest: &str, head: &str, served: &mut Served) -> Response {
    let content = served.content.get(digest).cloned().unwrap_or_default();
    let Some(range) = header(head, "range") else { return ok(content) };
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a start");
    served.ranges.push(range);
    let extra = format!("content-range: bytes {from}-{}/{}\r\n", content.len() - 1, content.len());
    ("206 Partial Content", extra, content.get(from..).expect("within").to_vec())
}

fn opened<T: serde::de::DeserializeOwned>(document: DocumentType, body: &[u8]) -> T {
    let envelope = Envelope::parse(body).expect("an envelope");
    let payload = envelope.open(document, &[board_key().public()], 1).expect("signed by the board");
    serde_json::from_slice(&payload).expect("the report")
}

fn plays(plays: &Plays, served: &mut Served) -> Response {
    assert!(!plays.anchors.is_empty(), "plays can be dated");
    served.batches += 1;
    if plays.rows.iter().any(|row| row.1 < served.refuse_before_ms) {
        served.refused.extend(plays.rows.iter().map(|row| row.1));
        let problem = Problem { code: "report-duration".to_owned(), detail: "row 0 lasts longer than 31 days".to_owned() };
        return ("422 Unprocessable Entity", String::new(), serde_json::to_vec(&problem).expect("json"));
    }
    for (number, row) in (plays.first..).zip(&plays.rows) {
        let stored = *served.plays.entry((plays.epoch.to_string(), number)).or_insert(row.1);
        assert_eq!(stored, row.1, "a number names one play for ever");
        if row.3 & OVER_LOOP != 0 {
            served.over_loop.extend(plays.items.get(row.0 as usize).cloned());
        }
    }
    let upto = plays.first + plays.rows.len() as u64;
    let signer = if served.acknowledge { key() } else { board_key() };
    ok(ack(Stream::Plays, plays.epoch.clone(), upto, &signer))
}

fn ack(stream: Stream, epoch: playlists::id::QueueEpoch, upto: u64, signer: &SecretKey) -> Vec<u8> {
    let ack = Ack { v: V, board: "b-05443".parse().expect("an id"), stream, epoch, upto };
    Envelope::sign(DocumentType::Ack, &serde_json::to_vec(&ack).expect("json"), &[signer]).to_json()
}

/// The pinned root's digest and itself.
pub(crate) fn pinned() -> (Digest, Envelope) {
    let root = root(1, &key());
    (Digest::of(&root.to_json()), root)
}
