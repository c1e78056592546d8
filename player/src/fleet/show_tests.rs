use super::*;
use crate::cache::CacheError;
use chrono::DateTime;
use playlists::wire::reports::PlayedItem;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn bytes(name: &[u8]) -> Source {
    Source { item: Digest::of(name), size: 1, form: crate::stage::decode::Form::Still, path: "nowhere".into() }
}

fn shot(source: &Source, interrupts: bool) -> Order {
    Order::Show(Shot {
        content: Content::Item(source.clone()),
        played: Some(PlayedItem { sha256: source.item, asset: None, campaign: None }),
        since: DateTime::UNIX_EPOCH,
        rev: Revision(7),
        interrupts,
    })
}

fn plays(reports: &[Report]) -> Vec<(Digest, u64, u64, bool)> {
    let play = |report: &Report| match report {
        Report::Ended(play) => Some((play.played.sha256, play.start.as_secs(), play.shown.as_secs(), play.interrupted)),
        _ => None,
    };
    reports.iter().filter_map(play).collect()
}

fn started(reports: &[Report]) -> Vec<Option<Digest>> {
    reports.iter().filter_map(|report| if let Report::Started(on) = report { Some(on.item) } else { None }).collect()
}

#[test]
fn an_item_counts_as_shown_only_after_its_bytes_were_hashed_and_for_the_time_it_had() {
    let (first, second) = (bytes(b"first"), bytes(b"second"));
    let mut show = Show::new(s(0));
    assert_eq!(started(&show.reports()), [None], "the resident picture");
    show.take(shot(&first, false), s(1));
    assert_eq!(started(&show.reports()), [], "nothing was hashed yet");
    assert_eq!(show.wanted(), Some(first.clone()));
    assert_eq!(show.wanted(), None, "one at a time");
    show.hashed(first.item, Ok(()), s(3));
    assert_eq!(started(&show.reports()), [Some(first.item)]);
    assert_eq!(show.figures().black, s(2), "due for two seconds with nothing on");
    show.take(Order::Prepare(second.clone()), s(4));
    assert_eq!(show.wanted(), Some(second.clone()));
    show.hashed(second.item, Ok(()), s(5));
    assert_eq!(started(&show.reports()), [], "prepared is not shown");
    show.take(shot(&second, false), s(9));
    let reports = show.reports();
    assert_eq!(plays(&reports), [(first.item, 3, 6, false)]);
    assert_eq!(started(&reports), [Some(second.item)]);
    show.take(Order::Stop, s(11));
    assert_eq!(plays(&show.reports()), [(second.item, 9, 2, true)]);
    assert_eq!(show.wanted(), None);
}

#[test]
fn bytes_of_another_item_are_reported_never_shown_and_the_picture_before_stays() {
    let (good, bad) = (bytes(b"good"), bytes(b"bad"));
    let mut show = Show::new(s(0));
    show.take(shot(&good, false), s(0));
    show.wanted();
    show.hashed(good.item, Ok(()), s(0));
    show.reports();
    show.take(shot(&bad, false), s(5));
    assert_eq!(show.wanted().map(|source| source.item), Some(bad.item));
    show.hashed(bad.item, Err(DecodeError::Bytes(CacheError::Rot { wanted: bad.item })), s(6));
    let reports = show.reports();
    assert!(matches!(reports.as_slice(), [Report::Broken { item, .. }] if *item == bad.item), "{reports:?}");
    assert_eq!(show.on().0.item, Some(good.item));
    assert_eq!(show.figures().black, s(0), "a late item behind another is not black");
    show.take(Order::Stop, s(8));
    assert_eq!(plays(&show.reports()), [(good.item, 0, 8, true)]);
}

#[test]
fn bytes_are_hashed_again_before_another_showing() {
    let (one, other) = (bytes(b"one"), bytes(b"other"));
    let mut show = Show::new(s(0));
    for (at, source) in [(0, &one), (10, &other), (20, &one)] {
        show.take(shot(source, false), s(at));
        assert_eq!(show.wanted().map(|source| source.item), Some(source.item), "at {at} s");
        show.hashed(source.item, Ok(()), s(at));
    }
    assert_eq!(plays(&show.reports()).len(), 2);
}
