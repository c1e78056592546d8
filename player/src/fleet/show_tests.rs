use super::*;
use crate::cache::CacheError;
use crate::stage::ticker::Run;
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
        overlaid: false,
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

fn run(strip: &Source, from_ms: i64, until_ms: i64) -> Run {
    let at = |ms| DateTime::from_timestamp_millis(ms).expect("in range");
    Run {
        source: strip.clone(),
        played: PlayedItem { sha256: strip.item, asset: None, campaign: None },
        speed: 50,
        since: at(from_ms),
        until: at(until_ms),
        rev: Revision(7),
    }
}

/// Crossings that have ended: start and length in milliseconds, and whether each was cut short.
fn crossings(reports: &[Report]) -> Vec<(u128, u128, bool)> {
    let over = |report: &Report| match report {
        Report::Ended(play) if play.is_over => Some((play.start.as_millis(), play.shown.as_millis(), play.interrupted)),
        _ => None,
    };
    reports.iter().filter_map(over).collect()
}

#[test]
fn each_crossing_counts_once_as_long_as_it_was_while_the_loop_goes_on() {
    let (picture, strip) = (bytes(b"picture"), bytes(b"strip"));
    let ms = Duration::from_millis;
    let mut show = Show::new(s(0));
    // The monotonic clock was at zero a second after the epoch.
    show.take(Order::Tie(DateTime::from_timestamp(1, 0).expect("in range")), s(0));
    show.take(Order::Run(vec![run(&strip, 2000, 5000), run(&strip, 5000, 8000)]), s(0));
    assert_eq!(show.wanted(), Some(strip.clone()));
    show.hashed(strip.item, Ok(()), ms(500));
    show.take(Order::Run(vec![run(&strip, 2000, 5000), run(&strip, 5000, 8000)]), ms(1200));
    assert_eq!(show.wanted(), None, "it is hashed once, however often it is ordered");
    show.take(shot(&picture, false), ms(1500));
    assert_eq!(show.wanted(), Some(picture.clone()));
    show.hashed(picture.item, Ok(()), ms(1700));
    assert_eq!(crossings(&show.reports()), [], "it runs since then, for nothing runs on a dark board");
    show.take(Order::Run(vec![run(&strip, 5000, 8000), run(&strip, 8000, 11_000)]), ms(4003));
    assert_eq!(crossings(&show.reports()), [(1700, 2300, false)], "three milliseconds of being called late are left out");
    show.take(Order::Show(dark()), ms(6000));
    let reports = show.reports();
    assert_eq!(crossings(&reports), [(4003, 1997, true)]);
    assert!(plays(&reports).iter().any(|play| play.0 == picture.item), "and the picture's play is told as well");
    show.take(Order::Stop, ms(6500));
    assert_eq!(crossings(&show.reports()), []);
}

fn dark() -> Shot {
    Shot {
        content: Content::Dark,
        played: None,
        since: DateTime::UNIX_EPOCH,
        rev: Revision(7),
        interrupts: true,
        overlaid: false,
    }
}

#[test]
fn a_strip_whose_bytes_are_others_never_counts_until_they_have_come() {
    let (picture, strip) = (bytes(b"picture"), bytes(b"strip"));
    let mut show = Show::new(s(0));
    show.take(shot(&picture, false), s(0));
    show.wanted();
    show.hashed(picture.item, Ok(()), s(0));
    show.take(Order::Run(vec![run(&strip, 0, 5000)]), s(0));
    assert_eq!(show.wanted(), Some(strip.clone()));
    show.reports();
    show.hashed(strip.item, Err(DecodeError::Bytes(CacheError::Rot { wanted: strip.item })), s(1));
    assert!(matches!(show.reports().as_slice(), [Report::Broken { item, .. }] if *item == strip.item));
    assert_eq!(show.wanted(), None, "it is not tried in a loop");
    show.take(Order::Run(vec![run(&strip, 0, 5000)]), s(2));
    assert_eq!(show.wanted(), Some(strip.clone()));
    show.hashed(strip.item, Ok(()), s(2));
    show.take(Order::Stop, s(4));
    assert_eq!(crossings(&show.reports()), [(2000, 2000, true)]);
}
