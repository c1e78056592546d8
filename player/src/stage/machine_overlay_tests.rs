//! Overlays on the stage, by a clock that is an argument: over what they lie, and what is drawn anew for them.

use super::clips::{CLIP, answer_clip, moving, turn};
use super::tickers::{TEXT, answer_strip, run};
use super::*;
use crate::stage::overlay::{Overlay, Shows};
use crate::stage::sprite::Sprite;
use crate::stage::sprite::tests::file;
use playlists::campaign::Period;
use playlists::overlay::{Clock, Corner, OverlaySize};

/// The picture of the tests has this number: 1 pixel, half red.
const LOGO: u8 = 60;

fn logo(corner: Corner, period: Period) -> Overlay {
    let form = Form::Overlay { room: (1, 1) };
    Overlay { corner, size: OverlaySize::default(), shows: Shows::Picture(Source { form, ..source(LOGO) }, period) }
}
fn overlays(machine: &mut Machine, overlays: Vec<Overlay>) {
    machine.take(Message::Order(Order::Overlay(overlays)));
}
fn answer_logo(machine: &mut Machine) {
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(LOGO)));
    let sprite = Sprite::overlay(&file(1, 1, |_, _| [255, 0, 0, 128]), (1, 1)).expect("a picture");
    machine.take(Message::Decoded { item: digest(LOGO), result: Ok(Opened::Overlay(sprite)) });
}
fn entry(number: u8, second: i64) -> Order {
    Order::Show(Shot { overlaid: true, ..shot(number, second) })
}
/// A stage that shows still 1 as an entry of the schedule, with the picture in this corner.
fn laid(corner: Corner) -> (Machine, Seen) {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    answer(&mut machine, 1);
    overlays(&mut machine, vec![logo(corner, Period::default())]);
    answer_logo(&mut machine);
    machine.tick(Duration::ZERO, &mut output);
    (machine, output)
}
/// The picture with the overlay's pixel in this place of its twelve: by the formula of blending.
fn with_logo(picture: &Frame, place: usize) -> Frame {
    let mut frame = picture.clone();
    let pixel = &mut frame.pixels_mut()[place];
    let [_, red, green, blue] = pixel.to_be_bytes().map(f64::from);
    let rest = |ground: f64| (ground * 127.0 / 255.0).round();
    *pixel = u32::from_be_bytes([0, (128.0 + rest(red)) as u8, rest(green) as u8, rest(blue) as u8]);
    frame
}
/// On a board of 4x3 pixels the margin is one pixel: the corners meet in the two middle columns.
const TOP_LEFT: usize = 5;
const BOTTOM_LEFT: usize = 5;
/// Below, a strip of two rows leaves no row but the first.
const LIFTED: usize = 5;

#[test]
fn an_overlay_lies_over_a_still_and_is_drawn_once() {
    let (mut machine, mut output) = laid(Corner::TopLeft);
    assert_eq!(output.frames, [with_logo(&still(1), TOP_LEFT)]);
    for second in 1..5 {
        assert_eq!(machine.tick(MS * 1000 * second, &mut output), None, "nothing is due");
    }
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    machine.tick(MS * 9000, &mut output);
    assert_eq!(output.frames.len(), 1, "nothing has changed");
    assert_eq!(output.sights, output.frames, "the output has been shown it");
    assert_eq!(machine.screen.seen().as_ref(), Some(&Arc::new(with_logo(&still(1), TOP_LEFT))), "a snapshot is of what is seen");
    overlays(&mut machine, Vec::new());
    machine.tick(MS * 10_000, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(1)));
    assert_eq!(output.sights.last(), Some(&*still(1)));
    assert_eq!(output.settled.len(), 2);
    let settled = machine.reports().filter(|report| matches!(report, Report::Settled(_))).count();
    assert_eq!(settled, 1, "it is the same picture all the time");
}

#[test]
fn an_overlay_stands_still_while_pictures_fade_under_it() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 100)), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    answer(&mut machine, 1);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    answer_logo(&mut machine);
    machine.tick(Duration::ZERO, &mut output);
    machine.take(Message::Order(entry(2, 10)));
    answer(&mut machine, 2);
    for ms in [20, 40, 60, 80, 100, 120] {
        machine.tick(MS * ms, &mut output);
        let share = (ms - 20) * 256 / 100;
        let mut between = Frame::black(geometry());
        compose::blend(between.pixels_mut(), still(1).pixels(), still(2).pixels(), share);
        assert_eq!(output.frames.last(), Some(&with_logo(&between, TOP_LEFT)), "at {ms} ms");
    }
    assert_eq!(output.sights.last(), Some(&with_logo(&still(2), TOP_LEFT)));
}

#[test]
fn a_clip_goes_on_under_an_overlay() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(CLIP, 0)));
    let mut feeder = answer_clip(&mut machine, CLIP, 50);
    turn(&mut feeder);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    answer_logo(&mut machine);
    for (ms, frame) in [(0, 0), (40, 1), (80, 2), (120, 3)] {
        machine.tick(MS * ms, &mut output);
        turn(&mut feeder);
        assert_eq!(output.frames.last(), Some(&with_logo(&moving(frame), TOP_LEFT)), "at {ms} ms");
    }
    assert_eq!(machine.screen.figures().dropped, 0);
}

#[test]
fn running_text_lies_over_an_overlay_that_cannot_make_way_and_leaves_it_as_it_was() {
    let (mut machine, mut output) = laid(Corner::BottomLeft);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(1), BOTTOM_LEFT)));
    machine.take(Message::Order(Order::Run(vec![run(TEXT, 0, 140)])));
    answer_strip(&mut machine, TEXT);
    // Half red, nothing, blue: the strip's columns; its rows are the two lowest, of which the overlay lies in the upper.
    for (ms, left) in [(20_u32, 3_i64), (40, 2), (60, 1), (80, 0), (100, -1), (120, -2)] {
        machine.tick(MS * ms, &mut output);
        let expected = tickers::expected(&with_logo(&still(1), LIFTED), left);
        assert_eq!(output.frames.last(), Some(&expected), "at {ms} ms");
        assert_eq!(machine.screen.seen().as_deref(), Some(&expected), "at {ms} ms");
    }
    machine.tick(MS * 140, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(1), BOTTOM_LEFT)));
}

#[test]
fn overlays_go_with_the_loop_onto_a_dark_board_and_come_back_with_it() {
    let (mut machine, mut output) = laid(Corner::TopLeft);
    machine.take(Message::Order(Order::Show(Shot { content: Content::Dark, played: None, ..shot(0, 10) })));
    machine.tick(MS * 20, &mut output);
    assert_eq!(output.frames.last(), Some(&Frame::black(geometry())));
    assert_eq!(output.sights.last(), Some(&Frame::black(geometry())));
    machine.take(Message::Order(entry(2, 20)));
    answer(&mut machine, 2);
    machine.tick(MS * 40, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(2), TOP_LEFT)));
}

#[test]
fn a_notice_has_the_whole_board_also_where_its_picture_is_on_already() {
    let (mut machine, mut output) = laid(Corner::TopLeft);
    machine.take(Message::Order(Order::Show(shot(2, 10))));
    machine.tick(MS * 20, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(1), TOP_LEFT)), "until the notice is decoded");
    answer(&mut machine, 2);
    machine.tick(MS * 40, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(2)));
    machine.take(Message::Order(entry(2, 20)));
    machine.tick(MS * 60, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(2), TOP_LEFT)), "the same picture as an entry");
    machine.take(Message::Order(Order::Show(shot(2, 30))));
    machine.tick(MS * 80, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(2)));
}

#[test]
fn nothing_lies_over_the_player_s_own_picture() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    answer_logo(&mut machine);
    machine.tick(Duration::ZERO, &mut output);
    assert_eq!(output.frames, [Frame::resident(geometry())]);
}

#[test]
fn a_picture_that_comes_late_appears_over_the_still_that_is_on() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    answer(&mut machine, 1);
    machine.tick(Duration::ZERO, &mut output);
    assert_eq!(output.frames, [Frame::clone(&still(1))], "what is due is decoded first");
    answer_logo(&mut machine);
    machine.tick(MS * 20, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(1), TOP_LEFT)));
    assert_eq!(output.sights.last(), output.frames.last(), "the output is shown it");
}

#[test]
fn a_picture_that_is_none_leaves_the_loop_as_it_is_and_is_not_tried_in_a_loop() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    answer(&mut machine, 1);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(LOGO)));
    let error = DecodeError::Overlay { width: 2, height: 1, room: (1, 1) };
    machine.take(Message::Decoded { item: digest(LOGO), result: Err(error) });
    machine.tick(MS * 20, &mut output);
    assert_eq!(output.frames, [Frame::clone(&still(1))]);
    assert!(machine.reports().any(|report| matches!(report, Report::Broken { item, .. } if item == digest(LOGO))));
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    assert_eq!(machine.wanted(), None);
}

#[test]
fn a_picture_whose_bytes_were_gone_appears_when_they_have_come() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    answer(&mut machine, 1);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(LOGO)));
    let gone = crate::cache::CacheError::Disk { path: "x".into(), source: std::io::ErrorKind::NotFound.into() };
    machine.take(Message::Decoded { item: digest(LOGO), result: Err(DecodeError::Bytes(gone)) });
    machine.tick(MS * 20, &mut output);
    assert_eq!(machine.wanted(), None);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period::default())]);
    answer_logo(&mut machine);
    machine.tick(MS * 40, &mut output);
    assert_eq!(output.frames.last(), Some(&with_logo(&still(1), TOP_LEFT)));
}

#[test]
fn the_stage_wakes_when_a_picture_s_time_begins_and_ends() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(entry(1, 0)));
    answer(&mut machine, 1);
    let second = |second| DateTime::from_timestamp(second, 0);
    overlays(&mut machine, vec![logo(Corner::TopLeft, Period { from: second(1), until: second(2) })]);
    answer_logo(&mut machine);
    let (bare, laid) = (Frame::clone(&still(1)), with_logo(&still(1), TOP_LEFT));
    assert_eq!(machine.tick(MS * 300, &mut output), Some(MS * 1000));
    assert_eq!(machine.tick(MS * 1000, &mut output), Some(MS * 2000));
    assert_eq!(machine.tick(MS * 2000, &mut output), None);
    assert_eq!(output.frames, [bare.clone(), laid, bare]);
}

/// A stage of 64x32 pixels with a clock on it, tied to this time of day in milliseconds.
fn clock(origin_ms: i64) -> (Machine, Seen) {
    let geometry = Geometry::new(64, 32).expect("a geometry");
    let (mut machine, output) = (Machine::new(geometry, Transition::Cut, Arc::new(Screen::default())), Seen::default());
    machine.take(tie(origin_ms));
    machine.take(Message::Order(entry(1, 0)));
    let opened = Opened::Still(Arc::new(Frame::filled(geometry, 0x0080_8080)));
    assert!(machine.wanted().is_some());
    machine.take(Message::Decoded { item: digest(1), result: Ok(opened) });
    let shows = Shows::Clock(Clock::Time, chrono_tz::Asia::Ho_Chi_Minh);
    overlays(&mut machine, vec![Overlay { corner: Corner::TopLeft, size: OverlaySize::default(), shows }]);
    (machine, output)
}
fn tie(origin_ms: i64) -> Message {
    Message::Order(Order::Tie(DateTime::from_timestamp_millis(origin_ms).expect("in range")))
}

#[test]
fn the_stage_wakes_at_each_full_minute_and_draws_the_clock_then_and_only_then() {
    // 08:00:00.500 in Vietnam when the monotonic clock was at zero.
    let (mut machine, mut output) = clock(3_600_500);
    let (mut now, mut times) = (MS * 100, Vec::new());
    while times.len() < 4 {
        let before = output.frames.len();
        let due = machine.tick(now, &mut output).expect("the next minute");
        if output.frames.len() > before {
            times.push(now);
        }
        now = due;
    }
    assert_eq!(times, [MS * 100, MS * 59_500, MS * 119_500, MS * 179_500]);
    assert_eq!(output.frames.len(), 4);
    assert!(output.frames.windows(2).all(|pair| pair[0] != pair[1]), "each shows another time");
    assert_eq!(output.sights, output.frames, "the output is shown each");
    for ms in [180_000, 190_000, 239_000] {
        machine.tick(MS * ms, &mut output);
    }
    assert_eq!(output.frames.len(), 4, "nothing is drawn between");
}

#[test]
fn a_clock_that_is_set_anew_shows_the_new_time_at_once() {
    let (mut machine, mut output) = clock(0);
    machine.tick(MS * 100, &mut output);
    let morning = output.frames.last().cloned();
    machine.take(tie(3_600_000));
    machine.tick(MS * 120, &mut output);
    assert_eq!(output.frames.len(), 2);
    assert_ne!(output.frames.last(), morning.as_ref());
    machine.take(tie(0));
    machine.tick(MS * 140, &mut output);
    assert_eq!((output.frames.len(), output.frames.last()), (3, morning.as_ref()));
}
