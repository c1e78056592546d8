//! Where overlays lie, and when they change.

use super::super::decode::Form;
use super::super::sprite::tests::file;
use super::*;
use chrono_tz::Asia::Ho_Chi_Minh;
use chrono_tz::Europe::Berlin;
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
fn board(text: &str) -> Geometry {
    text.parse().expect("a geometry")
}
fn clock(corner: Corner, zone: Tz) -> Overlay {
    Overlay { corner, size: OverlaySize::default(), shows: Shows::Clock(Clock::Time, zone) }
}
fn logo() -> (Source, Sprite) {
    let bytes = file(3, 2, |_, _| [9, 9, 9, 255]);
    let source = Source { item: Digest::of(&bytes), size: 1, form: Form::Overlay { room: (9, 9) }, path: "x".into() };
    (source, Sprite::overlay(&bytes, (9, 9)).expect("a picture"))
}
fn picture(corner: Corner, period: Period) -> Overlay {
    Overlay { corner, size: OverlaySize::default(), shows: Shows::Picture(logo().0, period) }
}
/// Overlays whose picture is there.
fn overlays(list: Vec<Overlay>) -> Overlays {
    let mut overlays = Overlays::new();
    overlays.order(list);
    let (source, sprite) = logo();
    overlays.take(source.item, sprite);
    overlays
}
fn ground(overlaid: bool, band: usize) -> Ground {
    Ground { geometry: board("640x320"), overlaid, band }
}
fn said(overlays: &Overlays) -> Vec<String> {
    let said = |laid: &Laid| match &laid.seen {
        Seen::Clock(text) => text.clone(),
        Seen::Picture(_) => "logo".to_owned(),
    };
    overlays.laid().iter().map(said).collect()
}

#[test]
fn an_overlay_lies_in_its_corner_a_margin_from_the_edges_and_below_above_the_running_text() {
    use Corner::{BottomLeft, BottomRight, TopLeft, TopRight};
    for (on, sprite, band, expected) in [
        ("64x256", (30, 20), 0, [(1, 1), (33, 1), (1, 235), (33, 235)]),
        ("64x256", (30, 20), 24, [(1, 1), (33, 1), (1, 211), (33, 211)]),
        ("256x128", (60, 20), 0, [(3, 3), (193, 3), (3, 105), (193, 105)]),
        ("256x128", (60, 20), 21, [(3, 3), (193, 3), (3, 84), (193, 84)]),
        ("640x320", (100, 38), 40, [(8, 8), (532, 8), (8, 234), (532, 234)]),
        ("1920x160", (60, 64), 0, [(4, 4), (1856, 4), (4, 92), (1856, 92)]),
        ("1920x160", (60, 64), 92, [(4, 4), (1856, 4), (4, 0), (1856, 0)]),
        // There is no row left for it above the text: it stays, and is covered.
        ("1920x160", (60, 64), 93, [(4, 4), (1856, 4), (4, 92), (1856, 92)]),
        ("1920x160", (60, 64), 160, [(4, 4), (1856, 4), (4, 92), (1856, 92)]),
        ("16x16", (7, 7), 0, [(1, 1), (8, 1), (1, 8), (8, 8)]),
        ("16x16", (16, 16), 0, [(0, 0); 4]),
        ("1x1", (1, 1), 0, [(0, 0); 4]),
        ("1x1", (1, 1), 1, [(0, 0); 4]),
    ] {
        let found = [TopLeft, TopRight, BottomLeft, BottomRight].map(|corner| place(corner, sprite, board(on), band));
        assert_eq!(found, expected, "{sprite:?} on {on} with {band} rows of running text");
    }
}

proptest! {
    #[test]
    fn what_is_no_larger_than_its_room_lies_on_the_board_and_meets_no_other(
        width in 1_u32..4000, height in 1_u32..2000, per_cent in 5_u8..=40, band in 0_usize..400,
    ) {
        let on = Geometry::new(width, height).expect("a geometry");
        let (columns, rows) = OverlaySize::new(per_cent).expect("a size").room(on);
        let (columns, rows) = (columns as usize, rows as usize);
        let places = Corner::ALL.map(|corner| place(corner, (columns, rows), on, band));
        for (left, top) in places {
            prop_assert!(left >= 0 && left + columns as i64 <= i64::from(width));
            prop_assert!(top >= 0 && top + rows as i64 <= i64::from(height));
        }
        let [(left, _), (right, _), ..] = places;
        prop_assert!(width < 4 || left + columns as i64 <= right);
        let free = i64::from(height) - band as i64;
        let below = places[2].1 + rows as i64;
        prop_assert!(below <= free || places[2] == place(Corner::BottomLeft, (columns, rows), on, 0));
    }
}

#[test]
fn a_clock_changes_at_the_full_minute_and_asks_to_be_looked_at_then() {
    let mut overlays = overlays(vec![clock(Corner::TopRight, Ho_Chi_Minh)]);
    let second = Duration::from_secs(1);
    for (wall, changed, text, next) in [
        ("2026-11-26T05:04:30Z", true, "12:04", 30_000),
        ("2026-11-26T05:04:30.500Z", false, "12:04", 29_500),
        ("2026-11-26T05:04:59.999Z", false, "12:04", 1),
        ("2026-11-26T05:05:00Z", true, "12:05", 60_000),
        // A correction by less than the eye sees leaves the minute as it is; one by more does not.
        ("2026-11-26T05:04:59.900Z", false, "12:05", 60_100),
        ("2026-11-26T05:04:59.700Z", true, "12:04", 300),
        ("2026-11-26T09:00:00Z", true, "16:00", 60_000),
    ] {
        assert_eq!(overlays.move_to(at(wall), ground(true, 0)), changed, "{wall}");
        assert_eq!(said(&overlays), [text], "{wall}");
        assert_eq!(overlays.next((second, at(wall))), Some(second + Duration::from_millis(next)), "{wall}");
    }
    assert!(overlays.move_to(at("2026-11-26T09:00:01Z"), ground(false, 0)));
    assert!(said(&overlays).is_empty());
    assert_eq!(overlays.next((second, at("2026-11-26T09:00:01Z"))), None, "nothing is to be drawn");
}

#[test]
fn the_clock_goes_on_an_hour_where_summer_time_begins() {
    let mut overlays = overlays(vec![clock(Corner::TopRight, Berlin)]);
    overlays.move_to(at("2026-03-29T00:59:59.500Z"), ground(true, 0));
    assert_eq!(said(&overlays), ["01:59"]);
    let next = overlays.next((Duration::ZERO, at("2026-03-29T00:59:59.500Z")));
    assert_eq!(next, Some(Duration::from_millis(500)));
    assert!(overlays.move_to(at("2026-03-29T01:00:00Z"), ground(true, 0)));
    assert_eq!(said(&overlays), ["03:00"]);
}

#[test]
fn a_picture_is_there_from_the_instant_to_the_instant_that_its_item_says() {
    let period = Period { from: Some(at("2026-11-26T05:00:10Z")), until: Some(at("2026-11-26T05:00:20Z")) };
    let mut overlays = overlays(vec![picture(Corner::TopLeft, period)]);
    for (wall, is_there, next) in [
        ("2026-11-26T05:00:09Z", false, Some(1)),
        ("2026-11-26T05:00:10Z", true, Some(10)),
        ("2026-11-26T05:00:19Z", true, Some(1)),
        ("2026-11-26T05:00:20Z", false, None),
    ] {
        overlays.move_to(at(wall), ground(true, 0));
        assert_eq!(!said(&overlays).is_empty(), is_there, "{wall}");
        assert_eq!(overlays.next((Duration::ZERO, at(wall))), next.map(Duration::from_secs), "{wall}");
    }
}

#[test]
fn a_picture_is_tried_again_when_its_room_has_changed() {
    let list = |room| {
        let source = Source { form: Form::Overlay { room }, ..logo().0 };
        vec![Overlay { shows: Shows::Picture(source, Period::default()), ..picture(Corner::TopLeft, Period::default()) }]
    };
    let mut overlays = Overlays::new();
    overlays.order(list((2, 2)));
    overlays.broken(logo().0.item, false);
    overlays.order(list((2, 2)));
    assert_eq!(overlays.wanted(), None);
    overlays.order(list((9, 9)));
    assert_eq!(overlays.wanted().map(|source| source.item), Some(logo().0.item));
}

#[test]
fn what_is_said_again_is_no_change_and_what_runs_below_lifts_the_lower_corners_only() {
    let list = || vec![picture(Corner::BottomLeft, Period::default()), clock(Corner::TopRight, Ho_Chi_Minh)];
    let mut overlays = overlays(list());
    let wall = at("2026-11-26T05:04:30Z");
    assert!(overlays.move_to(wall, ground(true, 0)));
    let before = Arc::clone(overlays.laid());
    overlays.order(list());
    assert!(!overlays.move_to(wall, ground(true, 0)));
    assert!(Arc::ptr_eq(&before, overlays.laid()), "nothing is drawn again for it");
    assert_eq!(overlays.wanted(), None, "its picture is kept");
    assert!(overlays.move_to(wall, ground(true, 40)));
    let rise = |number: usize| before[number].place.1 - overlays.laid()[number].place.1;
    assert_eq!([rise(0), rise(1)], [40, 0]);
}
