//! The clock: what it says, when it changes, how large it is, and that it is read over any picture.

use super::*;
use crate::frame::Frame;
use chrono_tz::Asia::Ho_Chi_Minh;
use chrono_tz::Europe::Berlin;
use playlists::overlay::{LEAST_ROWS, OverlaySize};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
fn board(text: &str) -> Geometry {
    text.parse().expect("a geometry")
}
fn size(per_cent: u8) -> OverlaySize {
    OverlaySize::new(per_cent).expect("a size")
}
fn of(clock: Clock, per_cent: u8, on: &str) -> Option<Face> {
    let on = board(on);
    face(clock, (at("2026-11-26T05:04:59Z"), Ho_Chi_Minh), size(per_cent).room(on), on)
}

#[test]
fn a_clock_says_the_time_in_the_board_s_zone_summer_time_too() {
    let room = (1000, 300);
    let on = board("1920x1080");
    for (now, zone, time, date) in [
        ("2026-11-26T05:04:59Z", Ho_Chi_Minh, "12:04", "26/11"),
        ("2026-12-31T17:00:00Z", Ho_Chi_Minh, "00:00", "01/01"),
        // The clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
        ("2026-03-29T00:59:59Z", Berlin, "01:59", "29/03"),
        ("2026-03-29T01:00:00Z", Berlin, "03:00", "29/03"),
        ("2026-10-25T00:59:59Z", Berlin, "02:59", "25/10"),
        ("2026-10-25T01:00:00Z", Berlin, "02:00", "25/10"),
    ] {
        let said = |clock| face(clock, (at(now), zone), room, on).map(|face| face.text);
        assert_eq!(said(Clock::Time).as_deref(), Some(time), "{now}");
        assert_eq!(said(Clock::TimeAndDate), Some(format!("{time} {date}")), "{now}");
    }
}

#[test]
fn a_minute_ends_where_the_local_one_does() {
    let ms = TimeDelta::milliseconds;
    for (now, run) in [("2026-11-26T05:04:00Z", 0), ("2026-11-26T05:04:00.001Z", 1), ("2026-11-26T05:04:59.999Z", 59_999)] {
        assert_eq!(minute(at(now), Ho_Chi_Minh), (ms(run), ms(60_000 - run)), "{now}");
    }
    for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(minute(end, Ho_Chi_Minh).1 > TimeDelta::zero(), "no time is too far off");
    }
    // Liberia was 44 minutes and 30 seconds behind until 1972.
    assert_eq!(minute(at("1971-01-01T00:00:10Z"), chrono_tz::Africa::Monrovia), (ms(40_000), ms(20_000)));
}

#[test]
fn a_clock_is_as_high_as_its_room_lets_it_and_has_letters_one_can_read() {
    for on in ["64x256", "256x128", "640x320", "1920x160", "1920x1080", "3840x2160", "64x32", "16x8192"] {
        for per_cent in 5..=40 {
            for clock in [Clock::Time, Clock::TimeAndDate] {
                let (columns, rows) = size(per_cent).room(board(on));
                let Some(face) = of(clock, per_cent, on) else {
                    assert!(board(on).width() < 32, "{on}: it has room for letters");
                    continue;
                };
                let (width, height) = (face.sprite.width() as u32, face.sprite.height() as u32);
                assert!(width <= board(on).width() && height <= board(on).height(), "{on} {per_cent}: {width}x{height}");
                assert!(height <= rows.max(LEAST_ROWS), "{on} {per_cent}: {height} rows of {rows}");
                // Letters of 9 pixels need 32 columns, with the date 33.
                assert!(width <= columns.max(33), "{on} {per_cent}: {width} columns of {columns}");
            }
        }
    }
    for on in ["1x1", "16x16", "8192x1", "1x8192", "640x10"] {
        assert_eq!(of(Clock::TimeAndDate, 40, on), None, "{on} has no room for any letters");
    }
}

#[test]
fn the_date_is_below_the_time_where_both_can_be_read() {
    for (per_cent, on, text) in [
        (5, "256x128", "12:04"),
        (12, "256x128", "12:04"),
        (17, "256x128", "12:04"),
        (18, "256x128", "12:04 26/11"),
        (12, "640x320", "12:04 26/11"),
        (12, "64x256", "12:04 26/11"),
        (12, "1920x160", "12:04"),
    ] {
        assert_eq!(of(Clock::TimeAndDate, per_cent, on).map(|face| face.text).as_deref(), Some(text), "{per_cent} on {on}");
    }
}

#[test]
fn the_letters_lie_evenly_on_the_plate_and_times_of_all_figures_are_of_one_size() {
    let on = board("640x320");
    for (clock, lines) in [(Clock::Time, 1), (Clock::TimeAndDate, 2)] {
        let sides = |now: DateTime<Utc>| {
            let mut sprite = face(clock, (now, Ho_Chi_Minh), size(20).room(on), on).expect("a clock").sprite;
            let width = sprite.width();
            let rows: Vec<Vec<bool>> = sprite.rows_mut().map(|row| row.iter().map(|p| p & 0xFF > 40).collect()).collect();
            let inked: Vec<_> = rows.iter().map(|row| row.contains(&true)).collect();
            let above = inked.iter().take_while(|inked| !**inked).count();
            let below = inked.iter().rev().take_while(|inked| !**inked).count();
            let blocks = inked.windows(2).filter(|pair| !pair[0] && pair[1]).count();
            (width, inked.len(), above, below, blocks)
        };
        let (width, height, above, below, blocks) = sides(at("2026-11-26T13:08:00Z"));
        assert_eq!((above, blocks), (below, lines));
        assert_eq!(sides(at("2026-11-11T04:11:00Z")), (width, height, above, below, blocks));
    }
}

/// Relative luminance of a grey of 0 to 255 (WCAG 2).
fn luminance(grey: u32) -> f64 {
    let part = f64::from(grey) / 255.0;
    if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

#[test]
fn the_letters_have_a_contrast_of_seven_to_one_over_white_and_every_grey() {
    let on = board("256x128");
    let sprite = face(Clock::Time, (at("2026-11-26T05:08:00Z"), Ho_Chi_Minh), size(20).room(on), on).expect("a clock").sprite;
    for grey in 0..=255 {
        let mut frame = Frame::filled(on, grey << 16 | grey << 8 | grey);
        sprite.draw(&mut frame, (0, 0), 0..128);
        let greys: Vec<_> = frame.pixels().chunks(256).take(sprite.height()).flat_map(|row| &row[..sprite.width()]).collect();
        let (letters, plate) = (greys.iter().map(|p| **p & 255).max(), greys.iter().map(|p| **p & 255).min());
        let contrast = (luminance(letters.expect("pixels")) + 0.05) / (luminance(plate.expect("pixels")) + 0.05);
        assert!(contrast >= 7.0, "{contrast} over {grey}");
    }
}

proptest! {
    #[test]
    fn no_clock_leaves_its_board(width in 1_u32..2000, height in 1_u32..1200, per_cent in 5_u8..=40, date: bool) {
        let on = Geometry::new(width, height).expect("a geometry");
        let clock = if date { Clock::TimeAndDate } else { Clock::Time };
        let room = size(per_cent).room(on);
        if let Some(face) = face(clock, (at("2026-11-26T05:04:59Z"), Ho_Chi_Minh), room, on) {
            prop_assert!(face.sprite.width() as u32 <= width && face.sprite.height() as u32 <= height);
        } else {
            prop_assert!(width < 32 || height < LEAST_ROWS);
        }
    }
}
