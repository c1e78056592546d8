//! Roots: which one is believed first, and which one next.

use playlists::id::{Digest, KeyEpoch, Version};
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError};
use playlists::trust::roles::{Role, Root, RootError};
use serde_json::json;

use crate::fixtures::{PUBLISH_SEED, ROOT_SEEDS, key, role, root};

fn envelope(root: &Root, seeds: &[u8]) -> Vec<u8> {
    enveloped(&serde_json::to_vec(root).expect("a root can be written"), seeds)
}

fn enveloped(payload: &[u8], seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
    Envelope::sign(DocumentType::Root, payload, &keys.iter().collect::<Vec<_>>()).to_json()
}

/// The next root, with root keys of its own.
fn next() -> Root {
    let mut next = root();
    next.version = Version(2);
    next.roles.insert(Role::Root, role(&[4, 5], 2));
    next
}

#[test]
fn the_first_root_is_the_one_that_the_board_was_made_with() {
    let first = envelope(&root(), &ROOT_SEEDS);
    assert_eq!(Root::pinned(&first, &Digest::of(&first)).expect("it is the pinned one"), root());
    let other = envelope(&next(), &[4, 5]);
    assert!(matches!(Root::pinned(&other, &Digest::of(&first)), Err(RootError::Pin { .. })));
    let mut longer = first.clone();
    longer.push(b'\n');
    assert!(matches!(Root::pinned(&longer, &Digest::of(&first)), Err(RootError::Pin { .. })));
}

#[test]
fn a_root_is_signed_by_its_own_root_role_and_to_its_own_threshold() {
    for good in [&[1, 2][..], &[2, 3], &[1, 2, 3], &[9, 3, 1]] {
        assert!(Root::signed_by_itself(&envelope(&root(), good)).is_ok(), "{good:?}");
    }
    for bad in [&[][..], &[1], &[1, 1], &[1, 9], &[PUBLISH_SEED, 12]] {
        let refused = Root::signed_by_itself(&envelope(&root(), bad));
        assert!(matches!(refused, Err(RootError::Envelope(EnvelopeError::Signatures { needed: 2, .. }))), "{bad:?}: {refused:?}");
    }
}

#[test]
fn a_pinned_root_that_is_not_signed_by_itself_is_refused_all_the_same() {
    let unsigned = envelope(&root(), &[]);
    assert!(matches!(Root::pinned(&unsigned, &Digest::of(&unsigned)), Err(RootError::Envelope(_))));
}

#[test]
fn the_next_root_needs_the_old_threshold_and_the_new() {
    assert_eq!(root().succeeded_by(&envelope(&next(), &[1, 2, 4, 5])).expect("both thresholds are met"), next());
    for bad in [&[1, 2][..], &[4, 5], &[1, 4, 5], &[1, 2, 4], &[1, 1, 4, 5], &[1, 2, 4, 4]] {
        let refused = root().succeeded_by(&envelope(&next(), bad));
        assert!(matches!(refused, Err(RootError::Envelope(EnvelopeError::Signatures { .. }))), "{bad:?}: {refused:?}");
    }
}

#[test]
fn roots_are_taken_one_after_the_other() {
    for (version, held) in [(0, 1), (1, 1), (3, 1), (u64::MAX, 1), (0, u64::MAX)] {
        let mut held_root = root();
        held_root.version = Version(held);
        let mut found = next();
        found.version = Version(version);
        let refused = held_root.succeeded_by(&envelope(&found, &[1, 2, 4, 5]));
        assert!(matches!(refused, Err(RootError::Order { .. })), "{version} after {held}: {refused:?}");
    }
}

#[test]
fn the_key_epoch_may_rise_and_never_falls() {
    let mut found = next();
    found.key_epoch = KeyEpoch(9);
    assert!(root().succeeded_by(&envelope(&found, &[1, 2, 4, 5])).is_ok());
    found.key_epoch = KeyEpoch(0);
    let refused = root().succeeded_by(&envelope(&found, &[1, 2, 4, 5]));
    assert!(matches!(refused, Err(RootError::KeyEpoch { held: KeyEpoch(1), found: KeyEpoch(0) })), "{refused:?}");
}

#[test]
fn every_role_is_named_with_a_threshold_that_its_different_keys_can_meet() {
    for named in Role::ALL {
        let mut missing = root();
        missing.roles.remove(&named);
        let with = |seeds: &[u8], threshold| {
            let mut root = root();
            root.roles.insert(named, role(seeds, threshold));
            root
        };
        for bad in [missing, with(&[1, 2], 0), with(&[], 0), with(&[], 1), with(&[1, 2], 3), with(&[1, 1], 2)] {
            let refused = Root::signed_by_itself(&envelope(&bad, &[1, 2, 3]));
            assert!(matches!(refused, Err(RootError::Threshold(role)) if role == named), "{named:?}: {refused:?}");
        }
    }
}

#[test]
fn roles_of_a_later_version_are_passed_over() {
    let mut document = serde_json::to_value(root()).expect("a root is JSON");
    document["roles"]["release"] = json!({ "keys": ["a key of another kind"], "threshold": 1 });
    let read =
        Root::signed_by_itself(&enveloped(document.to_string().as_bytes(), &[1, 2])).expect("an unknown role harms nobody");
    assert_eq!(read, root());
}

#[test]
fn a_root_of_another_form_is_refused() {
    let mut later = root();
    later.v = 2;
    let bomb = "[".repeat(100_000);
    for payload in [serde_json::to_vec(&later).expect("a root can be written"), b"{}".to_vec(), bomb.clone().into_bytes()] {
        assert!(matches!(Root::signed_by_itself(&enveloped(&payload, &[1, 2])), Err(RootError::Form(_))));
    }
    assert!(matches!(Root::signed_by_itself(bomb.as_bytes()), Err(RootError::Envelope(EnvelopeError::Form(_)))));
}

#[test]
fn a_document_opens_only_for_the_role_that_may_sign_it() {
    let signed = Envelope::sign(DocumentType::Manifest, b"{}", &[&key(PUBLISH_SEED)]);
    for named in Role::ALL {
        assert_eq!(root().open(named, DocumentType::Manifest, &signed).is_ok(), named == Role::Publish, "{named:?}");
    }
    let mut without = root();
    without.roles.remove(&Role::Publish);
    assert!(without.open(Role::Publish, DocumentType::Manifest, &signed).is_err(), "a role without keys signs nothing");
}

#[test]
fn a_role_is_written_as_the_word_it_is_known_by() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).expect("a role is a word"), role.as_str());
    }
}
