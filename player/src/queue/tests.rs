use super::*;
use chrono::DateTime;
use playlists::id::Digest;
use playlists::wire::reports::ClockQuality;
use std::sync::atomic::{AtomicU64, Ordering};

fn board() -> BoardId {
    "b-05443".parse().expect("an id")
}
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1, 0).expect("in range")
}
fn boot(name: &str) -> BootId {
    name.parse().expect("an id")
}
fn open(path: &Path) -> Queue {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let draw = || format!("epoch-{}", DRAWN.fetch_add(1, Ordering::Relaxed)).parse().expect("an id");
    Queue::open(path, draw).expect("opened")
}
fn play(boot_name: &str, number: u64) -> KeptPlay {
    let item = PlayedItem { sha256: Digest::of(&[u8::try_from(number % 3).expect("small")]), asset: None, campaign: None };
    KeptPlay { boot: boot(boot_name), item, start_ms: number * 1000, shown_ms: 1000, flags: 0, rev: Revision(1) }
}
fn keep(queue: &Queue, plays: &[KeptPlay]) -> u64 {
    queue.push_plays(plays, Anchor(0, 5, ClockQuality::Rtc), now()).expect("kept")
}
fn ack(epoch: &QueueEpoch, upto: u64) -> Ack {
    Ack { v: V, board: board(), stream: Stream::Plays, epoch: epoch.clone(), upto }
}
fn event(code: &str) -> Event {
    Event { t: now(), code: code.to_owned(), detail: "x".to_owned(), facts: std::collections::BTreeMap::new() }
}
fn events(queue: &Queue) -> Events {
    queue.events(&board()).expect("read").expect("events wait")
}
fn batch(queue: &Queue) -> Plays {
    queue.plays(&board()).expect("read").expect("rows wait")
}

#[test]
fn plays_stay_until_they_are_acknowledged_and_keep_their_numbers_across_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let queue = open(&path);
    queue.anchor(&boot("boot-1"), Anchor(0, 5, ClockQuality::Rtc)).expect("kept");
    keep(&queue, &(0..5).map(|n| play("boot-1", n)).collect::<Vec<_>>());
    let first = batch(&queue);
    assert_eq!((first.first, first.rows.len(), first.items.len(), first.anchors.len()), (0, 5, 3, 1));
    assert_eq!(queue.acknowledge(&ack(&first.epoch, 3)).expect("deleted"), 3);
    drop(queue);
    let queue = open(&path);
    assert_eq!(queue.moved_aside(), None);
    keep(&queue, &[play("boot-2", 9)]);
    let second = batch(&queue);
    assert_eq!((second.epoch.clone(), second.first, second.rows.len()), (first.epoch, 3, 2));
    assert_eq!(queue.acknowledge(&ack(&second.epoch, 5)).expect("deleted"), 2);
    let third = batch(&queue);
    assert_eq!((third.first, third.boot), (5, boot("boot-2")));
}

#[test]
fn an_acknowledgement_of_another_epoch_or_of_rows_never_numbered_deletes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    keep(&queue, &[play("boot-1", 0), play("boot-1", 1)]);
    let epoch = batch(&queue).epoch;
    let other: QueueEpoch = "another".parse().expect("an id");
    assert_eq!(queue.acknowledge(&ack(&other, 2)).expect("asked"), 0);
    assert_eq!(queue.acknowledge(&ack(&epoch, 3)).expect("asked"), 0);
    let events = Ack { stream: Stream::Event, ..ack(&epoch, 0) };
    assert_eq!(queue.acknowledge(&events).expect("asked"), 0);
    assert_eq!(queue.waiting().expect("counted"), (2, 0));
    assert_eq!(queue.acknowledge(&ack(&epoch, 2)).expect("deleted"), 2);
    assert_eq!(queue.acknowledge(&ack(&epoch, 2)).expect("twice is once"), 0);
}

#[test]
fn a_batch_holds_at_most_five_hundred_rows_of_one_run_and_one_revision() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    keep(&queue, &(0..600).map(|n| play("boot-1", n)).collect::<Vec<_>>());
    let rows = batch(&queue).rows.len();
    assert!(rows <= MOST_ROWS && rows > 200, "{rows}");
    let size = serde_json::to_vec(&batch(&queue)).expect("json").len();
    assert!(size < 90_000, "{size} bytes fit into a signed message");
}

#[test]
fn a_damaged_file_is_moved_aside_and_a_new_epoch_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let queue = open(&path);
    keep(&queue, &[play("boot-1", 0)]);
    let before = batch(&queue).epoch;
    drop(queue);
    std::fs::write(&path, b"this is no database").expect("written");
    let queue = open(&path);
    assert!(queue.moved_aside().is_some_and(|aside| aside.exists()));
    keep(&queue, &[play("boot-2", 0)]);
    let after = batch(&queue);
    assert_ne!(after.epoch, before);
    assert_eq!(after.first, 0);
}

#[test]
fn a_full_queue_drops_its_oldest_rows_tells_it_and_begins_a_new_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut queue = open(&folder.path().join("queue.redb"));
    queue.most_plays = 700;
    assert_eq!(keep(&queue, &(0..700).map(|n| play("boot-1", n)).collect::<Vec<_>>()), 0);
    let sent = batch(&queue);
    assert_eq!(keep(&queue, &[play("boot-1", 700)]), 500, "all that may have been sent, so that none is numbered twice");
    let after = batch(&queue);
    assert_ne!(after.epoch, sent.epoch, "the server does not wait for what will never come");
    assert_eq!((after.first, after.rows.first().map(|row| row.1)), (0, Some(500_000)));
    assert_eq!(queue.acknowledge(&ack(&sent.epoch, 300)).expect("asked"), 0, "a late word about the old epoch deletes nothing");
    let told = events(&queue).events;
    let [told] = told.as_slice() else { panic!("one event: {told:?}") };
    assert_eq!(told.code, "plays-dropped");
    assert_eq!(
        (told.facts.get("first").map(String::as_str), told.facts.get("upto").map(String::as_str)),
        (Some("0"), Some("500"))
    );
    assert_eq!(queue.acknowledge(&ack(&after.epoch, 201)).expect("deleted"), 201);
}

#[test]
fn a_refused_batch_is_set_aside_told_and_does_not_hold_up_what_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    keep(&queue, &[play("boot-1", 0), play("boot-1", 1)]);
    let bad = batch(&queue);
    keep(&queue, &[play("boot-1", 2)]);
    let range = Range::from(&bad);
    assert_eq!(queue.set_aside(&range, "report-index", now()).expect("set aside"), 2);
    assert_eq!(queue.set_aside(&range, "report-index", now()).expect("asked"), 0, "twice is once");
    let after = batch(&queue);
    assert_ne!(after.epoch, bad.epoch);
    assert_eq!((after.first, after.rows.len(), after.rows.first().map(|row| row.1)), (0, 1, Some(2000)));
    let refused = queue.refused().expect("read");
    let [refused] = refused.as_slice() else { panic!("one batch: {refused:?}") };
    assert_eq!((refused.epoch.clone(), refused.first, refused.rows.len()), (bad.epoch.clone(), 0, 2));
    let told = events(&queue).events;
    let [told] = told.as_slice() else { panic!("one event: {told:?}") };
    assert_eq!(told.code, "plays-refused");
    let fact = |name: &str| told.facts.get(name).map(String::as_str);
    assert_eq!(
        (fact("epoch"), fact("first"), fact("upto"), fact("reason")),
        (Some(bad.epoch.as_str()), Some("0"), Some("2"), Some("report-index"))
    );
}

#[test]
fn refused_events_are_told_once_and_what_tells_of_them_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    queue.push_events(&[event("fork")], now()).expect("kept");
    assert_eq!(queue.set_aside(&Range::from(&events(&queue)), "report-range", now()).expect("set aside"), 1);
    let told = events(&queue);
    assert_eq!(told.events.iter().map(|event| event.code.as_str()).collect::<Vec<_>>(), ["events-refused"]);
    assert_eq!(queue.set_aside(&Range::from(&told), "report-range", now()).expect("set aside"), 1);
    assert_eq!(queue.waiting().expect("counted"), (0, 0), "or it would go on for ever");
    assert_eq!(queue.refused().expect("read").len(), 2);
}

#[test]
fn only_so_many_refused_batches_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    for number in 0..MOST_REFUSED + 2 {
        keep(&queue, &[play("boot-1", number)]);
        queue.set_aside(&Range::from(&batch(&queue)), "report-index", now()).expect("set aside");
    }
    assert_eq!(queue.refused().expect("read").len() as u64, MOST_REFUSED);
}

#[test]
fn a_queue_that_the_disk_does_not_give_is_opened_as_soon_as_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    std::fs::create_dir(&path).expect("in its place");
    let queue = open(&path);
    assert!(queue.push_plays(&[play("boot-1", 0)], Anchor(0, 5, ClockQuality::Rtc), now()).is_err());
    std::fs::remove_dir(&path).expect("removed");
    keep(&queue, &[play("boot-1", 0)]);
    assert_eq!(batch(&queue).rows.len(), 1);
    assert_eq!(queue.moved_aside(), None, "a disk that fails is no damage");
}

#[test]
fn two_players_do_not_share_a_queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let _first = open(&path);
    let second = Queue::open(&path, || "epoch-x".parse().expect("an id"));
    assert!(second.is_err_and(|error| error.is_in_use()));
}

#[test]
fn events_wait_like_plays() {
    let folder = tempfile::tempdir().expect("a folder");
    let queue = open(&folder.path().join("queue.redb"));
    assert_eq!(queue.events(&board()).expect("read"), None);
    queue.push_events(&[event("fork"), event("fork")], now()).expect("kept");
    let events = events(&queue);
    assert_eq!((events.first, events.events.len()), (0, 2));
    let ack = Ack { stream: Stream::Event, ..ack(&events.epoch, 2) };
    assert_eq!(queue.acknowledge(&ack).expect("deleted"), 2);
}

#[test]
fn a_file_cut_short_anywhere_never_stops_the_queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let queue = open(&path);
    keep(&queue, &[play("boot-1", 0)]);
    drop(queue);
    let whole = std::fs::read(&path).expect("read");
    for part in 0..16 {
        std::fs::write(&path, whole.get(..whole.len() * part / 16).expect("shorter")).expect("written");
        let queue = open(&path);
        keep(&queue, &[play("boot-2", 0)]);
        assert!(!batch(&queue).anchors.is_empty(), "cut to {part} of 16");
    }
}
