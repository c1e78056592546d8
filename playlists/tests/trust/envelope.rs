//! Envelopes: what opens them, and that nothing else does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playlists::trust::envelope::{DocumentType, Envelope, EnvelopeError, MOST_SIGNATURES, Signature, signed_bytes};
use playlists::trust::key::{PublicKey, SecretKey};

use crate::fixtures::{key, parsed};

const DOCUMENT: DocumentType = DocumentType::Ack;
const PAYLOAD: &[u8] = br#"{"v":1,"upto":12}"#;

fn signed(keys: &[&SecretKey]) -> Envelope {
    Envelope::sign(DOCUMENT, PAYLOAD, keys)
}

fn opened(json: &[u8], allowed: &[PublicKey]) -> Result<Vec<u8>, EnvelopeError> {
    Envelope::parse(json)?.open(DOCUMENT, allowed, 1)
}

#[test]
fn the_signed_bytes_are_those_of_the_test_vector_of_the_specification() {
    // github.com/secure-systems-lab/dsse, protocol.md, "Test Vectors".
    let bytes = signed_bytes("http://example.com/HelloWorld", b"hello world");
    assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

#[test]
fn lengths_are_counted_in_bytes_so_no_two_documents_are_signed_as_the_same_bytes() {
    assert_eq!(signed_bytes("t", "bảng".as_bytes()), "DSSEv1 1 t 6 bảng".as_bytes());
    assert_eq!(signed_bytes("", b""), b"DSSEv1 0  0 ");
    assert_ne!(signed_bytes("a b", b"c"), signed_bytes("a", b"b c"));
}

#[test]
fn an_envelope_opens_for_the_key_that_signed_it_also_after_a_journey() {
    let envelope = signed(&[&key(1)]);
    assert_eq!(opened(&envelope.to_json(), &[key(1).public()]).as_deref(), Ok(PAYLOAD));
}

#[test]
fn a_document_is_not_taken_for_one_of_another_type() {
    let envelope = signed(&[&key(1)]);
    let refused = envelope.open(DocumentType::Manifest, &[key(1).public()], 1);
    assert!(matches!(refused, Err(EnvelopeError::Type { .. })), "{refused:?}");
    let renamed = Envelope { payload_type: DocumentType::Manifest.media_type().to_owned(), ..envelope };
    let refused = renamed.open(DocumentType::Manifest, &[key(1).public()], 1);
    assert_eq!(refused, Err(EnvelopeError::Signatures { valid: 0, needed: 1 }));
}

#[test]
fn a_key_that_is_not_allowed_opens_nothing_even_under_an_allowed_name() {
    let (ours, strangers) = (key(1), key(2));
    let envelope = signed(&[&strangers]);
    let refused = Err(EnvelopeError::Signatures { valid: 0, needed: 1 });
    assert_eq!(envelope.open(DOCUMENT, &[ours.public()], 1), refused);
    assert_eq!(envelope.open(DOCUMENT, &[], 1), refused);
    let mut claimed = envelope;
    claimed.signatures.iter_mut().for_each(|signature| signature.keyid = ours.public().id());
    assert_eq!(claimed.open(DOCUMENT, &[ours.public()], 1), refused);
}

#[test]
fn the_same_key_named_twice_counts_once() {
    let (one, two) = (key(1), key(2));
    let doubled = signed(&[&one, &one]);
    assert_eq!(doubled.open(DOCUMENT, &[one.public(), two.public()], 2), Err(EnvelopeError::Signatures { valid: 1, needed: 2 }));
    assert_eq!(doubled.open(DOCUMENT, &[one.public(), one.public()], 2), Err(EnvelopeError::Signatures { valid: 1, needed: 2 }));
    assert_eq!(signed(&[&one, &two]).open(DOCUMENT, &[one.public(), two.public()], 2).as_deref(), Ok(PAYLOAD));
}

#[test]
fn a_bad_signature_beside_good_ones_takes_nothing_from_them() {
    let mut envelope = signed(&[&key(1), &key(2)]);
    envelope.signatures.insert(0, Signature { keyid: key(1).public().id(), sig: "not base64".to_owned() });
    envelope.signatures.insert(0, Signature { keyid: key(2).public().id(), sig: STANDARD.encode([0; 64]) });
    assert_eq!(envelope.open(DOCUMENT, &[key(1).public(), key(2).public()], 2).as_deref(), Ok(PAYLOAD));
}

#[test]
fn an_unsigned_envelope_opens_for_nobody_whatever_the_threshold() {
    let unsigned = signed(&[]);
    for threshold in [0, 1] {
        assert_eq!(
            unsigned.open(DOCUMENT, &[key(1).public()], threshold),
            Err(EnvelopeError::Signatures { valid: 0, needed: 1 })
        );
    }
}

#[test]
fn a_key_of_small_order_signs_nothing() {
    // The neutral point: without the strict rule, a signature of R = neutral and s = 0 would hold for every document.
    let mut neutral = [0; 64];
    neutral[0] = 1;
    let weak: PublicKey = parsed(&format!("01{}", "00".repeat(31)));
    let mut envelope = signed(&[]);
    envelope.signatures.push(Signature { keyid: weak.id(), sig: STANDARD.encode(neutral) });
    assert_eq!(envelope.open(DOCUMENT, &[weak], 1), Err(EnvelopeError::Signatures { valid: 0, needed: 1 }));
}

#[test]
fn flipping_any_single_bit_of_payload_signature_or_key_name_is_refused() {
    let (allowed, envelope) = ([key(1).public()], signed(&[&key(1)]));
    let signature = envelope.signatures.first().expect("it was signed");
    let sig = STANDARD.decode(&signature.sig).expect("a signature is base64");
    for (byte, bit) in (0..PAYLOAD.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut payload = PAYLOAD.to_vec();
        payload[byte] ^= 1 << bit;
        let flipped = Envelope { payload: STANDARD.encode(payload), ..envelope.clone() };
        assert!(flipped.open(DOCUMENT, &allowed, 1).is_err(), "bit {bit} of byte {byte} of the payload");
    }
    for (byte, bit) in (0..sig.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut sig = sig.clone();
        sig[byte] ^= 1 << bit;
        let flipped =
            Envelope { signatures: vec![Signature { sig: STANDARD.encode(sig), ..signature.clone() }], ..envelope.clone() };
        assert!(flipped.open(DOCUMENT, &allowed, 1).is_err(), "bit {bit} of byte {byte} of the signature");
    }
}

#[test]
fn flipping_any_single_bit_of_the_text_that_travels_is_refused() {
    let (allowed, json) = ([key(1).public()], signed(&[&key(1)]).to_json());
    for (byte, bit) in (0..json.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut flipped = json.clone();
        flipped[byte] ^= 1 << bit;
        assert!(opened(&flipped, &allowed).is_err(), "bit {bit} of byte {byte}: {}", String::from_utf8_lossy(&flipped));
    }
}

#[test]
fn cutting_the_text_anywhere_is_refused() {
    let (allowed, json) = ([key(1).public()], signed(&[&key(1)]).to_json());
    for end in 0..json.len() {
        assert!(opened(json.get(..end).expect("within the text"), &allowed).is_err(), "{end} bytes");
    }
}

#[test]
fn sixteen_signatures_are_read_and_seventeen_are_too_many() {
    let keys: Vec<_> = (0..=16).map(key).collect();
    let all: Vec<_> = keys.iter().collect();
    let (last, most) = all.split_last().expect("seventeen keys");
    assert_eq!(most.len(), MOST_SIGNATURES);
    let public: Vec<_> = most.iter().map(|key| key.public()).collect();
    let read = Envelope::parse(&signed(most).to_json()).expect("sixteen are allowed");
    assert_eq!(read.open(DOCUMENT, &public, MOST_SIGNATURES).as_deref(), Ok(PAYLOAD));
    let refused = opened(&signed(&all).to_json(), &[last.public()]);
    assert!(matches!(&refused, Err(EnvelopeError::Form(why)) if why.contains("17")), "{refused:?}");
}

#[test]
fn other_spellings_of_base64_are_refused() {
    let envelope = signed(&[&key(1)]);
    let padded = envelope.payload.trim_end_matches('=').to_owned();
    for payload in [padded, format!("{}\n", envelope.payload), format!(" {}", envelope.payload), "-_-_".to_owned()] {
        let spelled = Envelope { payload: payload.clone(), ..envelope.clone() };
        assert_eq!(spelled.open(DOCUMENT, &[key(1).public()], 1), Err(EnvelopeError::Payload), "{payload:?}");
    }
}

#[test]
fn what_is_no_envelope_is_refused_however_deep_it_lies() {
    for text in ["", "null", "[]", "{}", r#"{"payload":"","payloadType":"","signatures":{}}"#, "\u{feff}{}"] {
        assert!(matches!(Envelope::parse(text.as_bytes()), Err(EnvelopeError::Form(_))), "{text}");
    }
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let bomb = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
        assert!(Envelope::parse(bomb.as_bytes()).is_err());
        assert!(Envelope::parse(open.repeat(100_000).as_bytes()).is_err());
        let within = format!(r#"{{"payload":{bomb},"payloadType":"","signatures":[]}}"#);
        assert!(Envelope::parse(within.as_bytes()).is_err());
        let unknown = format!(r#"{{"payload":"","payloadType":"","signatures":[],"x":{bomb}}}"#);
        let passed_over = Envelope::parse(unknown.as_bytes());
        assert!(passed_over.is_ok_and(|envelope| envelope.open(DOCUMENT, &[key(1).public()], 1).is_err()));
    }
}

#[test]
fn a_secret_key_never_shows_itself() {
    let secret = key(7);
    assert!(!format!("{secret:?}").contains(&secret.to_hex()));
    let refused = SecretKey::from_hex("deadbeef").expect_err("too short");
    assert!(!format!("{refused} {refused:?}").contains("deadbeef"));
    let read = SecretKey::from_hex(&format!("{}\n", secret.to_hex())).expect("a key file ends with a line end");
    assert_eq!(read.public(), secret.public());
}
