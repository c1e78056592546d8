//! The rule of acceptance: each step refuses, the earliest decides, and nothing that arrives brings the board down.

use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::{BoardId, Digest, KeyEpoch, Revision, Version};
use playlists::trust::accept::{Accepted, Held, Refusal, Standing, Verdict, accept, read};
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError};
use playlists::trust::key::PublicKey;
use playlists::trust::manifest::{MAX_BYTES, MAX_DEPTH, MAX_ENVELOPE_BYTES, Manifest};
use playlists::trust::roles::Root;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{BOARD_SEED, PUBLISH_SEED, TIME_SEED, key, manifest, root};

/// A board that has held nothing yet, and believes its clock.
struct Board {
    id: BoardId,
    key: PublicKey,
    root: Root,
    held: Option<Held>,
    recall: Version,
    now: Option<DateTime<Utc>>,
}

impl Board {
    fn new() -> Self {
        let manifest = manifest();
        let key = key(BOARD_SEED).public();
        Self { id: manifest.board, key, root: root(), held: None, recall: Version(0), now: Some(manifest.issued) }
    }
    fn holding(key_epoch: KeyEpoch, rev: Revision, sha256: Digest) -> Self {
        Self { held: Some(Held { key_epoch, rev, sha256 }), ..Self::new() }
    }
    fn accept(&self, envelope: &[u8]) -> Result<Verdict, Refusal> {
        let standing = Standing {
            board: &self.id,
            board_key: &self.key,
            root: &self.root,
            held: self.held,
            recall: self.recall,
            now: self.now,
        };
        accept(envelope, &standing)
    }
    fn code(&self, envelope: &[u8]) -> &'static str {
        self.accept(envelope).map_or_else(|refusal| refusal.code(), |_| "accepted")
    }
}

fn published(manifest: &Manifest) -> Vec<u8> {
    published_bytes(&serde_json::to_vec(manifest).expect("a manifest can be written"))
}

fn published_bytes(payload: &[u8]) -> Vec<u8> {
    Envelope::sign(DocumentType::Manifest, payload, &[&key(PUBLISH_SEED)]).to_json()
}

/// What may be wrong, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    LongEnvelope,
    LongPayload,
    Deep,
    Type,
    Signature,
    Form,
    Board,
    BoardKey,
    KeyEpoch,
    Old,
    Ahead,
    Recall,
    Approval,
    Fault,
}

const ORDER: [(Wrong, &str); 14] = [
    (Wrong::LongEnvelope, "manifest-size"),
    (Wrong::LongPayload, "manifest-size"),
    (Wrong::Deep, "manifest-size"),
    (Wrong::Type, "manifest-signature"),
    (Wrong::Signature, "manifest-signature"),
    (Wrong::Form, "manifest-form"),
    (Wrong::Board, "manifest-other-board"),
    (Wrong::BoardKey, "manifest-other-board"),
    (Wrong::KeyEpoch, "manifest-key-epoch"),
    (Wrong::Old, "manifest-rollback"),
    (Wrong::Ahead, "manifest-ahead"),
    (Wrong::Recall, "manifest-recall"),
    (Wrong::Approval, "manifest-approval"),
    (Wrong::Fault, "manifest-fault"),
];

/// A manifest with these things wrong arrives at a board that makes them so.
fn arrival(wrongs: &[Wrong]) -> Result<Verdict, Refusal> {
    let mut board = Board::new();
    let mut manifest: Value = serde_json::to_value(manifest()).expect("a manifest is JSON");
    let (mut document, mut signer) = (DocumentType::Manifest, key(PUBLISH_SEED));
    for wrong in wrongs {
        match wrong {
            Wrong::LongEnvelope => manifest["long"] = json!("x".repeat(MAX_ENVELOPE_BYTES)),
            Wrong::LongPayload if manifest["long"].is_null() => manifest["long"] = json!("x".repeat(MAX_BYTES)),
            Wrong::LongPayload => {}
            Wrong::Deep => manifest["deep"] = (0..MAX_DEPTH).fold(json!(0), |inner, _| json!([inner])),
            Wrong::Type => document = DocumentType::Command,
            Wrong::Signature => signer = key(TIME_SEED),
            Wrong::Form => manifest["items"] = json!("none"),
            Wrong::Board => manifest["board"] = json!("b-05446"),
            Wrong::BoardKey => manifest["board_key"] = json!(key(99).public()),
            Wrong::KeyEpoch => manifest["key_epoch"] = json!(2),
            Wrong::Old => board.held = Some(Held { key_epoch: KeyEpoch(2), rev: Revision(1), sha256: Digest::of(b"held") }),
            Wrong::Ahead => board.now = board.now.map(|now| now - TimeDelta::hours(49)),
            Wrong::Recall => manifest["recall_min"] = json!(1),
            Wrong::Approval => board.root.approve.routine = 1,
            Wrong::Fault => manifest["brightness"] = json!(101),
        }
    }
    if wrongs.contains(&Wrong::KeyEpoch) {
        board.held = board.held.map(|held| Held { key_epoch: KeyEpoch(3), ..held });
    }
    board.accept(&Envelope::sign(document, manifest.to_string().as_bytes(), &[&signer]).to_json())
}

#[test]
fn each_thing_that_is_wrong_is_refused_by_its_own_name() {
    for (wrong, code) in ORDER {
        assert_eq!(arrival(&[wrong]).expect_err("something is wrong").code(), code, "{wrong:?}");
    }
    assert!(matches!(arrival(&[]), Ok(Verdict::Newer(_))), "nothing is wrong");
}

#[test]
fn of_several_things_that_are_wrong_the_earliest_decides() {
    for (place, (wrong, code)) in ORDER.into_iter().enumerate() {
        let from_here: Vec<_> = ORDER.iter().skip(place).map(|(wrong, _)| *wrong).collect();
        let refused = arrival(&from_here).expect_err("much is wrong");
        assert_eq!(refused.code(), code, "{wrong:?} and all after it: {refused}");
        for (other, _) in ORDER.iter().skip(place) {
            assert_eq!(arrival(&[wrong, *other]).expect_err("something is wrong").code(), code, "{wrong:?} and {other:?}");
        }
    }
}

#[test]
fn the_type_is_looked_at_before_the_signature() {
    let refused = arrival(&[Wrong::Type, Wrong::Signature]);
    assert!(matches!(refused, Err(Refusal::Envelope(EnvelopeError::Type { .. }))), "{refused:?}");
    let refused = arrival(&[Wrong::Signature]);
    assert!(matches!(refused, Err(Refusal::Envelope(EnvelopeError::Signatures { valid: 0, needed: 1 }))), "{refused:?}");
}

#[test]
fn what_is_no_envelope_or_holds_no_base64_is_refused() {
    let board = Board::new();
    let mut envelope = Envelope::parse(&published(&manifest())).expect("an envelope");
    envelope.payload.insert(0, '*');
    for bytes in [&b""[..], b"{}", b"\xff\xfe", &envelope.to_json()] {
        assert_eq!(board.code(bytes), "manifest-signature");
    }
}

#[test]
fn an_accepted_manifest_is_handed_over_with_the_digest_of_its_envelope() {
    let envelope = published(&manifest());
    let accepted = Accepted { manifest: manifest(), sha256: Digest::of(&envelope) };
    assert_eq!(Board::new().accept(&envelope).expect("it is good"), Verdict::Newer(Box::new(accepted)));
}

#[test]
fn the_manifest_in_force_is_the_same_however_often_it_comes() {
    let envelope = published(&manifest());
    let mut board = Board::holding(KeyEpoch(1), manifest().rev, Digest::of(&envelope));
    assert_eq!(board.accept(&envelope).expect("it is held"), Verdict::Same);
    board.now = manifest().issued.checked_sub_signed(TimeDelta::days(365));
    assert_eq!(board.accept(&envelope).expect("it is held, whatever the clock says"), Verdict::Same);
}

#[test]
fn another_document_of_the_same_revision_is_a_fork() {
    let board = Board::holding(KeyEpoch(1), manifest().rev, Digest::of(b"another envelope"));
    assert_eq!(board.code(&published(&manifest())), "fork");
}

#[test]
fn the_same_manifest_in_another_envelope_is_a_fork_too() {
    let envelope = published(&manifest());
    let board = Board::holding(KeyEpoch(1), manifest().rev, Digest::of(&envelope));
    let value: Value = serde_json::from_slice(&envelope).expect("an envelope is JSON");
    let pretty = serde_json::to_vec_pretty(&value).expect("it can be written");
    assert_eq!(board.code(&pretty), "fork", "the digest is that of the bytes");
}

#[test]
fn revisions_never_fall_within_a_key_epoch_and_start_again_with_the_next() {
    let rev = manifest().rev;
    let found = |key_epoch, rev| published(&Manifest { key_epoch: KeyEpoch(key_epoch), rev, ..manifest() });
    let below = Revision(rev.0 - 1);
    let held = |key_epoch, rev| Board::holding(KeyEpoch(key_epoch), rev, Digest::of(b"held"));
    assert_eq!(held(1, below).code(&found(1, rev)), "accepted");
    assert_eq!(held(1, rev).code(&found(1, below)), "manifest-rollback");
    assert_eq!(held(1, rev).code(&found(0, rev)), "manifest-rollback");
    assert_eq!(held(0, rev).code(&found(1, below)), "accepted");
    assert_eq!(held(0, Revision(u64::MAX)).code(&found(1, Revision(0))), "accepted");
}

#[test]
fn publish_cannot_begin_a_key_epoch_of_its_own() {
    let raised = Manifest { key_epoch: KeyEpoch(2), ..manifest() };
    let mut board = Board::new();
    let refused = board.accept(&published(&raised));
    assert!(matches!(refused, Err(Refusal::KeyEpoch { found: KeyEpoch(2), root: KeyEpoch(1) })), "{refused:?}");
    board.root.key_epoch = KeyEpoch(2);
    assert_eq!(board.code(&published(&raised)), "accepted");
}

#[test]
fn a_revision_may_lie_48_hours_ahead_of_trusted_time_and_not_a_millisecond_more() {
    let mut board = Board::new();
    let envelope = published(&manifest());
    let edge = manifest().issued - TimeDelta::hours(48);
    for (now, code) in [
        (edge, "accepted"),
        (edge - TimeDelta::milliseconds(1), "manifest-ahead"),
        (edge + TimeDelta::days(900), "accepted"),
        (DateTime::UNIX_EPOCH, "manifest-ahead"),
        (DateTime::<Utc>::MIN_UTC, "manifest-ahead"),
        (DateTime::<Utc>::MAX_UTC, "accepted"),
    ] {
        board.now = Some(now);
        assert_eq!(board.code(&envelope), code, "{now}");
    }
}

#[test]
fn a_board_without_trusted_time_takes_any_revision_that_a_number_can_hold() {
    let mut board = Board::new();
    let largest = Manifest { rev: Revision((1 << 53) - 1), ..manifest() };
    assert_eq!(board.code(&published(&largest)), "manifest-ahead");
    board.now = None;
    assert_eq!(board.code(&published(&largest)), "accepted");
    let beyond = Manifest { rev: Revision(1 << 53), ..manifest() };
    assert_eq!(board.code(&published(&beyond)), "manifest-fault", "nothing could ever follow it");
    let last = Manifest { rev: Revision(u64::MAX), ..manifest() };
    assert_eq!(board.code(&published(&last)), "manifest-fault");
}

#[test]
fn a_manifest_waits_for_the_recall_document_that_it_needs() {
    let mut board = Board::new();
    let envelope = published(&Manifest { recall_min: Version(7), ..manifest() });
    for (recall, code) in [(0, "manifest-recall"), (6, "manifest-recall"), (7, "accepted"), (8, "accepted")] {
        board.recall = Version(recall);
        assert_eq!(board.code(&envelope), code, "{recall} is held");
    }
}

#[test]
fn under_a_root_that_demands_approvals_nothing_new_is_accepted() {
    for (routine, wide) in [(1, 0), (0, 1), (1, 2)] {
        let mut board = Board::new();
        board.root.approve.routine = routine;
        board.root.approve.wide = wide;
        assert_eq!(board.code(&published(&manifest())), "manifest-approval");
        let mut empty = manifest();
        empty.items.clear();
        assert_eq!(board.code(&published(&empty)), "manifest-fault", "without items there is no safe one");
    }
}

#[test]
fn a_manifest_of_another_root_is_refused() {
    let mut board = Board::new();
    let publish = crate::fixtures::role(&[PUBLISH_SEED + 1], 1);
    board.root.roles.insert(playlists::trust::roles::Role::Publish, publish);
    assert_eq!(board.code(&published(&manifest())), "manifest-signature");
}

#[test]
fn size_is_bounded_to_the_byte() {
    let padded = |length: usize| {
        let mut payload = serde_json::to_vec(&manifest()).expect("a manifest can be written");
        payload.resize(length, b' ');
        published_bytes(&payload)
    };
    assert_eq!(Board::new().code(&padded(MAX_BYTES)), "accepted");
    assert_eq!(Board::new().code(&padded(MAX_BYTES + 1)), "manifest-size");
}

#[test]
fn brackets_a_hundred_thousand_deep_are_refused_before_they_are_read() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for bomb in [open.repeat(100_000), format!("{}1{}", open.repeat(100_000), close.repeat(100_000))] {
            assert!(matches!(read(bomb.as_bytes()), Err(Refusal::Size(_))));
            assert_eq!(Board::new().code(&published_bytes(bomb.as_bytes())), "manifest-size");
        }
    }
}

#[test]
fn depth_counts_brackets_and_not_what_stands_in_texts() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(matches!(read(nested(MAX_DEPTH).as_bytes()), Err(Refusal::Form(_))), "deep enough to be read, and no manifest");
    assert!(matches!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(Refusal::Size(_))));
    for text in ["[".repeat(50), r#"\"[[[[[[[[[[[[[[[[[[[[[["#.to_owned(), r"\\".to_owned(), "{\"".repeat(20)] {
        let told = Manifest { tz_data: text.clone(), ..manifest() };
        let payload = serde_json::to_vec(&told).expect("a manifest can be written");
        assert_eq!(read(&payload).expect("the text is only a text"), told, "{text}");
    }
    assert!(matches!(read(format!(r#"["\\",{}]"#, nested(MAX_DEPTH)).as_bytes()), Err(Refusal::Size(_))), "the text has ended");
    assert!(matches!(read("]".repeat(50).as_bytes()), Err(Refusal::Form(_))));
}

#[test]
fn the_deepest_manifest_lies_within_the_limit() {
    let payload = serde_json::to_vec(&manifest()).expect("a manifest can be written");
    assert_eq!(read(&payload).expect("within the limits"), manifest());
}

/// Bytes with some of them replaced, dropped or doubled.
fn mutated(bytes: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (index, what, byte) in changes {
        let Some(place) = (!bytes.is_empty()).then(|| index.index(bytes.len())) else { break };
        match what % 4 {
            0 => bytes[place] = *byte,
            1 => drop(bytes.remove(place)),
            2 => bytes.insert(place, *byte),
            _ => bytes.truncate(place),
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_envelope_changed_anywhere_is_refused_and_brings_nothing_down(changes in changes()) {
        let envelope = published(&manifest());
        let changed = mutated(&envelope, &changes);
        if let Ok(Verdict::Newer(accepted)) = Board::new().accept(&changed) {
            prop_assert_eq!(accepted.manifest, manifest(), "only white space can have changed");
        }
    }

    #[test]
    fn a_signed_payload_changed_anywhere_brings_nothing_down(changes in changes()) {
        let payload = serde_json::to_vec(&manifest()).expect("a manifest can be written");
        let changed = published_bytes(&mutated(&payload, &changes));
        if let Ok(Verdict::Newer(accepted)) = Board::new().accept(&changed) {
            prop_assert_eq!(&accepted.manifest.board, &Board::new().id);
            prop_assert_eq!(accepted.manifest.faults(), Vec::new());
        }
    }

    #[test]
    fn any_bytes_at_all_bring_nothing_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Board::new().accept(&bytes).is_err());
        prop_assert!(Board::new().accept(&published_bytes(&bytes)).is_err());
    }

    #[test]
    fn of_two_manifests_the_higher_stays_whatever_the_order(held in 0_u64..6, held_epoch in 0_u64..3, rev in 0_u64..6, epoch in 0_u64..2) {
        let found = published(&Manifest { key_epoch: KeyEpoch(epoch), rev: Revision(rev), ..manifest() });
        let board = Board::holding(KeyEpoch(held_epoch), Revision(held), Digest::of(b"held"));
        let expected = match (epoch, rev).cmp(&(held_epoch, held)) {
            std::cmp::Ordering::Greater => "accepted",
            std::cmp::Ordering::Equal => "fork",
            std::cmp::Ordering::Less => "manifest-rollback",
        };
        prop_assert_eq!(board.code(&found), expected);
    }
}
