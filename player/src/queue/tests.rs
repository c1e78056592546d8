use super::*;
use chrono::DateTime;
use playlists::id::Digest;
use playlists::wire::reports::ClockQuality;
use std::sync::atomic::{AtomicU64, Ordering};

fn board() -> BoardId {
    "b-05443".parse().expect("an id")
}
fn boot(name: &str) -> BootId {
    name.parse().expect("an id")
}
fn open(path: &Path) -> (Queue, Opened) {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let draw = || format!("epoch-{}", DRAWN.fetch_add(1, Ordering::Relaxed)).parse().expect("an id");
    Queue::open(path, draw).expect("opened")
}
fn play(boot_name: &str, number: u64) -> KeptPlay {
    let item = PlayedItem { sha256: Digest::of(&[u8::try_from(number % 3).expect("small")]), asset: None, campaign: None };
    KeptPlay { boot: boot(boot_name), item, start_ms: number * 1000, shown_ms: 1000, flags: 0, rev: Revision(1) }
}
fn keep(queue: &Queue, plays: &[KeptPlay]) -> u64 {
    queue.push_plays(plays, Anchor(0, 5, ClockQuality::Rtc)).expect("kept")
}
fn ack(epoch: &QueueEpoch, upto: u64) -> Ack {
    Ack { v: V, board: board(), stream: Stream::Plays, epoch: epoch.clone(), upto }
}
fn batch(queue: &Queue) -> Plays {
    queue.plays(&board()).expect("read").expect("rows wait")
}

#[test]
fn plays_stay_until_they_are_acknowledged_and_keep_their_numbers_across_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let (queue, _) = open(&path);
    queue.anchor(&boot("boot-1"), Anchor(0, 5, ClockQuality::Rtc)).expect("kept");
    keep(&queue, &(0..5).map(|n| play("boot-1", n)).collect::<Vec<_>>());
    let first = batch(&queue);
    assert_eq!((first.first, first.rows.len(), first.items.len(), first.anchors.len()), (0, 5, 3, 1));
    assert_eq!(queue.acknowledge(&ack(&first.epoch, 3)).expect("deleted"), 3);
    drop(queue);
    let (queue, opened) = open(&path);
    assert_eq!(opened, Opened::Whole);
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
    let (queue, _) = open(&folder.path().join("queue.redb"));
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
    let (queue, _) = open(&folder.path().join("queue.redb"));
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
    let (queue, _) = open(&path);
    keep(&queue, &[play("boot-1", 0)]);
    let before = batch(&queue).epoch;
    drop(queue);
    std::fs::write(&path, b"this is no database").expect("written");
    let (queue, opened) = open(&path);
    assert!(matches!(opened, Opened::MovedAside(aside) if aside.exists()));
    keep(&queue, &[play("boot-2", 0)]);
    let after = batch(&queue);
    assert_ne!(after.epoch, before);
    assert_eq!(after.first, 0);
}

#[test]
fn a_full_queue_drops_its_oldest_rows_and_counts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut queue, _) = open(&folder.path().join("queue.redb"));
    queue.most_plays = 3;
    assert_eq!(keep(&queue, &(0..3).map(|n| play("boot-1", n)).collect::<Vec<_>>()), 0);
    assert_eq!(keep(&queue, &[play("boot-1", 3), play("boot-1", 4)]), 2);
    assert_eq!(batch(&queue).first, 2);
}

#[test]
fn events_wait_like_plays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (queue, _) = open(&folder.path().join("queue.redb"));
    assert_eq!(queue.events(&board()).expect("read"), None);
    let t = DateTime::from_timestamp(1, 0).expect("in range");
    let event = Event { t, code: "fork".to_owned(), detail: "x".to_owned(), facts: std::collections::BTreeMap::new() };
    queue.push_events(&[event.clone(), event]).expect("kept");
    let events = queue.events(&board()).expect("read").expect("events wait");
    assert_eq!((events.first, events.events.len()), (0, 2));
    let ack = Ack { stream: Stream::Event, ..ack(&events.epoch, 2) };
    assert_eq!(queue.acknowledge(&ack).expect("deleted"), 2);
}

#[test]
fn a_file_cut_short_anywhere_never_stops_the_queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.redb");
    let (queue, _) = open(&path);
    keep(&queue, &[play("boot-1", 0)]);
    drop(queue);
    let whole = std::fs::read(&path).expect("read");
    for part in 0..16 {
        std::fs::write(&path, whole.get(..whole.len() * part / 16).expect("shorter")).expect("written");
        let (queue, _) = open(&path);
        keep(&queue, &[play("boot-2", 0)]);
        assert!(!batch(&queue).anchors.is_empty(), "cut to {part} of 16");
    }
}
