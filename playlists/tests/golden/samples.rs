//! One fixed value of every message and document, and of those with optional parts a second one without them.

use std::collections::BTreeMap;

use playlists::id::{Digest, Revision, Sequence, Session, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use playlists::trust::roles::Root;
use playlists::wire::messages::{
    Ack, Command, CommandKind, Desired, Fresh, Identity, Nonce, NonceRequest, Problem, ServerEpoch, Stream, Token, TokenRequest,
};
use playlists::wire::reports::{
    Anchor, Bye, ByeReason, Clock, ClockQuality, DROPPED_FRAMES, Event, Events, Hello, INTERRUPTED, Mode, PlayedItem, Plays, Row,
    State, Store,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fixtures::{BOARD_SEED, PUBLISH_SEED, ROOT_SEEDS, TIME_SEED, geometry, key, manifest, parsed, revision, root, time};

/// A message: how it is written, and whether a text is read as the same value.
pub(crate) struct Sample {
    /// Its file's name without `.json`.
    pub(crate) name: &'static str,
    /// Pretty JSON with a line end.
    pub(crate) written: String,
    /// Whether this text reads as the value; an error when it cannot be read at all.
    pub(crate) is_read: IsRead,
}

type IsRead = Box<dyn Fn(&str) -> Result<bool, String>>;

fn sample<T: Serialize + DeserializeOwned + PartialEq + 'static>(name: &'static str, value: T) -> Sample {
    let written = serde_json::to_string_pretty(&value).expect("a message can be written") + "\n";
    let is_read = move |text: &str| serde_json::from_str::<T>(text).map(|read| read == value).map_err(|e| e.to_string());
    Sample { name, written, is_read: Box::new(is_read) }
}

/// All of them.
pub(crate) fn all() -> Vec<Sample> {
    let mut all = to_boards();
    all.extend(of_the_http_api());
    all.extend(from_boards());
    all.extend(queued());
    all.extend(signed());
    all
}

const NOW: &str = "2026-11-23T02:30:00Z";

fn to_boards() -> Vec<Sample> {
    let desired = Desired {
        v: 1,
        rev: revision(NOW),
        sha256: Digest::of(b"the manifest's envelope"),
        root: Version(1),
        recall: Version(0),
        notices: Version(0),
        window_s: 20,
        manifest: None,
    };
    // What gzip makes of the same bytes may change with the library, so the packed text is a fixed one.
    let packed = Some("H4sIAAAAAAACA6uuBQBDv6ajAgAAAA==".to_owned());
    vec![
        sample("desired", Desired { manifest: packed, ..desired.clone() }),
        sample("desired-by-https", desired),
        sample("server-epoch", ServerEpoch { v: 1, epoch: "e7a1c3".to_owned(), window_s: 20 }),
        sample("ack", ack(Stream::Plays)),
        sample("ack-event", ack(Stream::Event)),
        sample("command", command()),
        sample("command-resync", Command { kind: CommandKind::Resync, ..command() }),
    ]
}

fn ack(stream: Stream) -> Ack {
    Ack { v: 1, board: parsed("b-05443"), stream, epoch: parsed("q-01"), upto: 1_204 }
}

fn command() -> Command {
    Command {
        v: 1,
        cmd_id: "0199-4c2e".to_owned(),
        board: parsed("b-05443"),
        kind: CommandKind::Snapshot,
        issued: time(NOW),
        not_after: time("2026-11-23T02:31:00Z"),
    }
}

fn of_the_http_api() -> Vec<Sample> {
    let fresh = Fresh {
        v: 1,
        nonce: "Zk3_0aR-x9".to_owned(),
        t: time("2026-11-23T02:30:00.250Z"),
        board: parsed("b-05443"),
        rev: revision(NOW),
        recall: Version(0),
        notices: Version(0),
        root: Version(1),
    };
    let nonce = "1795401000000.000102030405060708090a0b0c0d0e0f.5ca1ab1e".to_owned();
    vec![
        sample("fresh", fresh),
        sample("nonce-request", NonceRequest { v: 1, board: parsed("b-05443") }),
        sample("nonce", Nonce { v: 1, nonce: nonce.clone() }),
        sample("token-request", TokenRequest { v: 1, board: parsed("b-05443"), nonce }),
        sample("token", Token { v: 1, token: "c2VjcmV0IG9mIGEgdGVzdA".to_owned(), until: time("2026-11-26T02:30:00Z") }),
        sample("problem", Problem { code: "token-refused".to_owned(), detail: "a token that holds is needed".to_owned() }),
    ]
}

fn clock(quality: ClockQuality) -> Clock {
    Clock { t: time("2026-11-23T02:30:01.500Z"), quality, tz_data: "2026a".to_owned() }
}

fn store() -> Store {
    Store { free: 8_000_000_000, used: 52_428_800, queued: 37 }
}

fn from_boards() -> Vec<Sample> {
    let hello = Hello {
        v: 1,
        sess: Session(42),
        boot: parsed("boot-7f3a"),
        player: "0.1.0".to_owned(),
        root: Version(1),
        rev: revision(NOW),
        recall: Version(0),
        notices: Version(0),
        clock: clock(ClockQuality::Signed),
        store: store(),
        geometry: geometry(),
        mode: Mode::Play,
    };
    let state = State {
        v: 1,
        sess: Session(42),
        seq: Sequence(3),
        mode: Mode::Play,
        rev: revision(NOW),
        item: Some(Digest::of(b"vi")),
        since: Some(time("2026-11-23T02:29:50Z")),
        presented_fps: 25.0,
        black_ms: 0,
        temp: Some(61.5),
        rss: 73_400_320,
        disk: store(),
        clock: clock(ClockQuality::Ntp),
        errors: vec!["download-failed".to_owned()],
    };
    let dark =
        State { mode: Mode::Boot, rev: Revision(0), item: None, since: None, temp: None, errors: Vec::new(), ..state.clone() };
    vec![
        sample("hello", hello),
        sample("bye", Bye { v: 1, sess: Session(42), why: ByeReason::Will }),
        sample("bye-stop", Bye { v: 1, sess: Session(42), why: ByeReason::Stop }),
        sample("state", state),
        sample("state-dark", dark),
    ]
}

fn queued() -> Vec<Sample> {
    let of_a_campaign =
        PlayedItem { sha256: Digest::of(b"vi"), asset: Some(parsed("a-voting")), campaign: Some(parsed("c-voting")) };
    let plays = Plays {
        v: 1,
        board: parsed("b-05443"),
        epoch: parsed("q-01"),
        first: 1_200,
        boot: parsed("boot-7f3a"),
        anchors: vec![
            Anchor(5_000, 1_795_400_900_000, ClockQuality::Floor),
            Anchor(65_000, 1_795_401_000_000, ClockQuality::Signed),
        ],
        items: vec![of_a_campaign, PlayedItem { sha256: Digest::of(b"safe"), asset: None, campaign: None }],
        rows: vec![Row(0, 65_000, 10_000, 0), Row(1, 75_000, 4_200, INTERRUPTED | DROPPED_FRAMES)],
        rev: revision(NOW),
    };
    let happened = |code: &str, facts: &[(&str, &str)]| Event {
        t: time(NOW),
        code: code.to_owned(),
        detail: "the item could not be fetched".to_owned(),
        facts: facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect::<BTreeMap<_, _>>(),
    };
    let events = Events {
        v: 1,
        board: parsed("b-05443"),
        epoch: parsed("q-01"),
        first: 8,
        events: vec![happened("download-failed", &[("status", "503")]), happened("clock-stepped", &[])],
    };
    vec![sample("plays", plays), sample("events", events)]
}

fn bytes<T: Serialize>(document: &T) -> Vec<u8> {
    serde_json::to_vec(document).expect("a document can be written")
}

fn signed() -> Vec<Sample> {
    let [first, second, _] = ROOT_SEEDS.map(key);
    let (time_key, publish) = (key(TIME_SEED), key(PUBLISH_SEED));
    let root_envelope = Envelope::sign(DocumentType::Root, &bytes(&root()), &[&first, &second]);
    let identity = Identity {
        v: 1,
        board: parsed("b-05443"),
        secret_key: key(BOARD_SEED).to_hex(),
        geometry: geometry(),
        server: "http://127.0.0.1:8080".to_owned(),
        mqtt: "127.0.0.1:1883".to_owned(),
        tls_ca: None,
        issued: None,
        root_sha256: Digest::of(&root_envelope.to_json()),
        root: root_envelope.clone(),
    };
    let encrypted = Identity {
        server: "https://bangtin.example".to_owned(),
        mqtt: "mqtts://bangtin.example:8883".to_owned(),
        tls_ca: Some("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_owned()),
        issued: Some(parsed("2026-02-10T07:30:00Z")),
        ..identity.clone()
    };
    vec![
        sample::<Root>("root", root()),
        sample::<Manifest>("manifest", manifest()),
        sample::<Manifest>("manifest-smallest", smallest()),
        sample::<Manifest>("manifest-rules", rules()),
        sample("envelope-root", root_envelope),
        sample("envelope-manifest", Envelope::sign(DocumentType::Manifest, &bytes(&manifest()), &[&publish])),
        sample("envelope-ack", Envelope::sign(DocumentType::Ack, &bytes(&ack(Stream::Plays)), &[&time_key])),
        sample("identity", identity),
        sample("identity-tls", encrypted),
    ]
}

/// A manifest with the later rules: plays per hour, a ticker, lunar windows, weeks, excluded dates, ranks, stand-downs, overlays.
fn rules() -> Manifest {
    let mut manifest = manifest();
    let head = |id: &str| json!({ "id": id, "unit": "u-province", "tier": "province", "theme": "festival" });
    let with = |mut campaign: Value, rest: Value| {
        if let (Some(fields), Value::Object(rest)) = (campaign.as_object_mut(), rest) {
            fields.extend(rest);
        }
        serde_json::from_value(campaign).expect("a campaign")
    };
    let windows = json!([
        { "lunar": { "month": 1, "day": 1, "at": "00:00" }, "duration_ms": 259_200_000 },
        { "lunar": { "month": "*", "day": "last", "at": "18:30" }, "duration_ms": 3_600_000 },
        { "cron": "0 7 * * Mon", "duration_ms": 600_000, "except": ["2026-12-28"], "weeks": { "every": 2, "of": "2026-11-23" } },
    ]);
    let ticker = json!({ "item": Digest::of(b"vi"), "width": 2_400, "speed": 120 });
    manifest.campaigns.push(with(head("c-often"), json!({ "playlist": "p-storm", "per_hour": 30, "windows": windows })));
    manifest.campaigns.push(with(head("c-words"), json!({ "ticker": ticker, "weight": 2 })));
    manifest.ranks = BTreeMap::from([(parsed("c-storm"), 1)]);
    manifest.stand_downs = serde_json::from_value(json!([
        { "themes": ["festival", "trade"], "from": "2026-12-01T17:00:00Z", "until": "2026-12-03T17:00:00Z" },
    ]))
    .expect("stand-downs");
    manifest.overlays = serde_json::from_value(json!([
        { "corner": "top-right", "size": 12, "clock": "time-and-date" },
        { "corner": "bottom-left", "size": 20, "picture": Digest::of(b"vi") },
    ]))
    .expect("overlays");
    assert_eq!(manifest.faults(), []);
    manifest
}

/// A manifest without anything that may be absent.
fn smallest() -> Manifest {
    let mut manifest = manifest();
    manifest.hours = None;
    manifest.languages.clear();
    manifest.items.truncate(1);
    manifest.playlists.truncate(1);
    manifest.campaigns.clear();
    manifest
}
