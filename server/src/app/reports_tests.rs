//! Reports: late ones change nothing, plays are stored exactly once, and only what is stored is acknowledged.

use playlists::id::{BootId, Digest, Revision, Sequence, Session, Version};
use playlists::trust::key::SecretKey;
use playlists::wire::reports::{Anchor, ByeReason, Clock, ClockQuality, Mode, PlayedItem, Row, Store};

use super::*;
use crate::store::fixtures;
use crate::testing::{NOW_MS, World, on_both_databases, signed};

on_both_databases![
    a_late_or_doubled_report_changes_nothing,
    a_hello_with_an_old_revision_puts_the_wanted_one_into_the_outbox,
    each_play_is_stored_once_and_acknowledged,
    a_batch_beyond_what_is_stored_tells_what_a_restore_has_lost_and_the_board_goes_on,
    a_board_with_a_newer_manifest_than_the_database_knows_is_published_anew,
    the_plays_of_each_board_and_epoch_are_counted_by_themselves,
    plays_that_are_not_the_boards_or_out_of_range_are_refused,
    each_event_is_stored_once,
];

fn clock() -> Clock {
    Clock {
        t: chrono::DateTime::from_timestamp_millis(NOW_MS).expect("a time"),
        quality: ClockQuality::Ntp,
        tz_data: "2026b".to_owned(),
    }
}

fn store() -> Store {
    Store { free: 1, used: 2, queued: 3 }
}

fn hello(sess: u64) -> Vec<u8> {
    let hello = Hello {
        v: 1,
        sess: Session(sess),
        boot: "boot-1".parse::<BootId>().expect("a boot id"),
        player: "0.1.0".to_owned(),
        root: Version(1),
        rev: Revision(0),
        recall: Version(0),
        notices: Version(0),
        clock: clock(),
        store: store(),
        geometry: "64x32".parse().expect("a geometry"),
        mode: Mode::Boot,
    };
    serde_json::to_vec(&hello).expect("it serialises")
}

fn state(sess: u64, seq: u64, mode: Mode) -> Vec<u8> {
    let state = State {
        v: 1,
        sess: Session(sess),
        seq: Sequence(seq),
        mode,
        rev: Revision(5),
        item: Some(Digest::of(b"item")),
        since: Some(clock().t),
        presented_fps: 25.0,
        black_ms: 0,
        temp: None,
        rss: 1,
        disk: store(),
        clock: clock(),
        errors: vec![],
    };
    serde_json::to_vec(&state).expect("it serialises")
}

fn bye(sess: u64) -> Vec<u8> {
    serde_json::to_vec(&Bye { v: 1, sess: Session(sess), why: ByeReason::Will }).expect("it serialises")
}

fn plays(board: &BoardId, first: u64, rows: u64) -> Plays {
    Plays {
        v: 1,
        board: board.clone(),
        epoch: "epoch-1".parse().expect("an epoch"),
        first,
        boot: "boot-1".parse().expect("a boot id"),
        anchors: vec![Anchor(0, NOW_MS, ClockQuality::Ntp)],
        items: vec![PlayedItem { sha256: Digest::of(b"item"), asset: None, campaign: None }],
        rows: (first..first + rows).map(|at| Row(0, at * 10_000, 10_000, 0)).collect(),
        rev: Revision(5),
    }
}

async fn upto(world: &World, board: &BoardId, key: &SecretKey, first: u64, rows: u64) -> u64 {
    let bytes = signed(DocumentType::Plays, &plays(board, first, rows), key);
    acked(world, take(&world.app, board, Up::Plays, &bytes).await)
}

fn acked(world: &World, taken: Result<Option<Envelope>, Refused>) -> u64 {
    let envelope = taken.expect("it is taken").expect("it is acknowledged");
    let payload = envelope.open(DocumentType::Ack, &[world.app.keys.time.public()], 1).expect("the time key signed it");
    serde_json::from_slice::<Ack>(&payload).expect("an acknowledgement").upto
}

async fn a_late_or_doubled_report_changes_nothing(world: World) {
    let (board, _) = world.board("b-0001", 1).await;
    for (up, bytes, expected) in [
        (Up::Hello, hello(5), (5, 0, true, "boot")),
        (Up::State, state(5, 2, Mode::Play), (5, 2, true, "play")),
        (Up::State, state(5, 1, Mode::Fault), (5, 2, true, "play")),
        (Up::State, state(5, 2, Mode::Fault), (5, 2, true, "play")),
        (Up::State, state(4, 9, Mode::Fault), (5, 2, true, "play")),
        (Up::Hello, hello(5), (5, 2, true, "play")),
        (Up::Bye, bye(4), (5, 2, true, "play")),
        (Up::Bye, bye(5), (5, 2, false, "play")),
        (Up::Bye, bye(5), (5, 2, false, "play")),
        (Up::State, state(6, 1, Mode::Stale), (6, 1, true, "stale")),
        (Up::Hello, hello(6), (6, 1, true, "stale")),
        (Up::Bye, bye(5), (6, 1, true, "stale")),
        (Up::Hello, hello(7), (7, 0, true, "boot")),
    ] {
        assert!(take(&world.app, &board, up, &bytes).await.expect("it is taken").is_none());
        let (sess, seq, connected, mode) = fixtures::status(&world.app.db, &board).await.expect("a status");
        assert_eq!((sess, seq, connected, mode.as_str()), expected, "after {up:?} {}", String::from_utf8_lossy(&bytes));
    }
}

async fn a_hello_with_an_old_revision_puts_the_wanted_one_into_the_outbox(world: World) {
    let (board, _) = world.board("b-0001", 1).await;
    take(&world.app, &board, Up::Hello, &hello(1)).await.expect("it is taken");
    assert_eq!(fixtures::outbox_rows(&world.app.db).await, 0);
    fixtures::manifest(&world.app.db, &board, Revision(9), b"{}").await;
    take(&world.app, &board, Up::Hello, &hello(2)).await.expect("it is taken");
    assert_eq!(fixtures::outbox_rows(&world.app.db).await, 1);
}

async fn each_play_is_stored_once_and_acknowledged(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    for (first, rows, expected_upto, expected_plays) in [
        (0, 3, 3, 3),
        (0, 3, 3, 3),
        (2, 3, 5, 5),
        (5, 1, 6, 6),
        (4, 6, 10, 10),
        (0, 500, 500, 500),
        (3, 1, 500, 500),
        (500, 2, 502, 502),
    ] {
        assert_eq!(upto(&world, &board, &key, first, rows).await, expected_upto, "{first} + {rows}");
        assert_eq!(fixtures::plays(&world.app.db).await.0, expected_plays, "{first} + {rows}");
    }
    assert_eq!(fixtures::events(&world.app.db).await, 0, "nothing was lost");
}

async fn a_batch_beyond_what_is_stored_tells_what_a_restore_has_lost_and_the_board_goes_on(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    for (first, rows, expected_upto, expected_plays, expected_events) in [
        (0, 3, 3, 3, 0),
        // A board deletes nothing before it is stored, so 3 to 7 were.
        (8, 2, 10, 5, 1),
        (8, 2, 10, 5, 1),
        // A copy that was long on its way.
        (6, 1, 10, 6, 1),
        (2, 9, 11, 11, 1),
        (20, 1, 21, 12, 2),
    ] {
        assert_eq!(upto(&world, &board, &key, first, rows).await, expected_upto, "{first} + {rows}");
        assert_eq!(fixtures::plays(&world.app.db).await.0, expected_plays, "{first} + {rows}");
        assert_eq!(fixtures::events(&world.app.db).await, expected_events, "{first} + {rows}");
    }
    let told = fixtures::told(&world.app.db).await;
    let facts = |first: &str, upto: &str, count: &str| {
        let facts = [("count", count), ("epoch", "epoch-1"), ("first", first), ("upto", upto)];
        facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let expected: Vec<(String, BTreeMap<String, String>)> = vec![
        ("plays-lost-to-restore".to_owned(), facts("3", "8", "5")),
        ("plays-lost-to-restore".to_owned(), facts("11", "20", "9")),
    ];
    assert_eq!(told, expected);
}

async fn a_board_with_a_newer_manifest_than_the_database_knows_is_published_anew(world: World) {
    let (board, _) = world.board("b-0001", 1).await;
    fixtures::manifest(&world.app.db, &board, Revision(3), b"{}").await;
    for (rev, expected) in [(2, 0), (3, 0), (u64::MAX >> 12, 0), (4, 1)] {
        publish::overtake(&world.app, &board, Revision(rev)).await.expect("compared");
        let wanted = crate::store::publish_wanted::list(&world.app.db, i64::MAX, 9).await.expect("listed");
        assert_eq!(wanted.len(), expected, "revision {rev}");
    }
}

async fn the_plays_of_each_board_and_epoch_are_counted_by_themselves(world: World) {
    let (one, key_one) = world.board("b-0001", 1).await;
    let (two, key_two) = world.board("b-0002", 2).await;
    assert_eq!(upto(&world, &one, &key_one, 0, 4).await, 4);
    assert_eq!(upto(&world, &two, &key_two, 0, 5).await, 5);
    let other = Plays { epoch: "epoch-2".parse().expect("an epoch"), ..plays(&one, 0, 2) };
    let bytes = signed(DocumentType::Plays, &other, &key_one);
    assert_eq!(acked(&world, take(&world.app, &one, Up::Plays, &bytes).await), 2);
}

async fn plays_that_are_not_the_boards_or_out_of_range_are_refused(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let (other, _) = world.board("b-0002", 2).await;
    let good = plays(&board, 0, 2);
    let cases = [
        ("report-signature", signed(DocumentType::Plays, &good, &SecretKey::from_seed(&[9; 32]))),
        ("report-signature", signed(DocumentType::Event, &good, &key)),
        ("report-other-board", signed(DocumentType::Plays, &Plays { board: other, ..good.clone() }, &key)),
        ("report-version", signed(DocumentType::Plays, &Plays { v: 2, ..good.clone() }, &key)),
        ("report-rows", signed(DocumentType::Plays, &plays(&board, 0, 501), &key)),
        ("report-rows", signed(DocumentType::Plays, &plays(&board, 0, 0), &key)),
        ("report-index", signed(DocumentType::Plays, &Plays { rows: vec![Row(1, 0, 1, 0)], ..good.clone() }, &key)),
        ("report-duration", signed(DocumentType::Plays, &Plays { rows: vec![Row(0, 0, u64::MAX, 0)], ..good.clone() }, &key)),
        ("report-undated", signed(DocumentType::Plays, &Plays { rows: vec![Row(0, u64::MAX, 1, 0)], ..good.clone() }, &key)),
        ("report-anchors", signed(DocumentType::Plays, &Plays { anchors: vec![], ..good.clone() }, &key)),
        ("report-number", signed(DocumentType::Plays, &Plays { first: u64::MAX, ..good.clone() }, &key)),
        ("report-envelope", b"{}".to_vec()),
    ];
    for (code, bytes) in cases {
        let refused = take(&world.app, &board, Up::Plays, &bytes).await.expect_err(code);
        assert_eq!(refused.code(), code, "{refused}");
        assert!(!refused.may_pass_later());
    }
    assert_eq!(fixtures::plays(&world.app.db).await, (0, 0));
    let ghost = "b-9999".parse().expect("a board id");
    assert_eq!(take(&world.app, &ghost, Up::Hello, &hello(1)).await.expect_err("no such board").code(), "board-unknown");
    assert_eq!(
        take(&world.app, &ghost, Up::State, &state(1, 1, Mode::Play)).await.expect_err("no such board").code(),
        "board-unknown"
    );
}

async fn each_event_is_stored_once(world: World) {
    let (board, key) = world.board("b-0001", 1).await;
    let event = Event { t: clock().t, code: "download-failed".to_owned(), detail: "no route".to_owned(), facts: BTreeMap::new() };
    let batch = |first, count| Events {
        v: 1,
        board: board.clone(),
        epoch: "epoch-1".parse().expect("an epoch"),
        first,
        events: vec![event.clone(); count],
    };
    for (first, count, expected_upto, expected_events) in [(0, 2, 2, 2), (0, 2, 2, 2), (2, 1, 3, 3), (4, 1, 5, 5), (3, 1, 5, 6)] {
        let bytes = signed(DocumentType::Event, &batch(first, count), &key);
        assert_eq!(acked(&world, take(&world.app, &board, Up::Event, &bytes).await), expected_upto);
        assert_eq!(fixtures::events(&world.app.db).await, expected_events);
    }
}
