//! Running text on the stage, by a clock that is an argument: pixel by pixel, and in step.

use super::clips::{CLIP, answer_clip, moving, turn};
use super::*;
use crate::stage::sprite::Sprite;
use crate::stage::ticker::Run;

/// Running text of the tests has this number.
pub(super) const TEXT: u8 = 50;
const WIDTH: u32 = 3;
/// One pixel in each frame of 20 ms: a crossing of the four pixels of these boards takes 140 ms.
const SPEED: u32 = 50;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("in range")
}
pub(super) fn run(number: u8, from_ms: i64, until_ms: i64) -> Run {
    Run {
        source: Source { form: Form::Strip { width: WIDTH }, ..source(number) },
        played: PlayedItem { sha256: digest(number), asset: None, campaign: None },
        speed: SPEED,
        since: at(from_ms),
        until: at(until_ms),
        rev: Revision(1),
    }
}
/// Half red, nothing, blue; two rows.
fn strip() -> Sprite {
    let file = crate::stage::sprite::tests::file(WIDTH, 2, |x, _| match x {
        0 => [255, 0, 0, 128],
        1 => [9, 9, 9, 0],
        _ => [0, 0, 255, 255],
    });
    Sprite::strip(&file, WIDTH, geometry()).expect("a strip")
}
pub(super) fn answer_strip(machine: &mut Machine, number: u8) {
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(number)));
    machine.take(Message::Decoded { item: digest(number), result: Ok(Opened::Strip(strip())) });
}
/// A stage that shows still 1, and on which these run.
fn lit(runs: Vec<Run>) -> (Machine, Seen) {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    answer(&mut machine, 1);
    machine.take(Message::Order(Order::Run(runs)));
    machine.tick(Duration::ZERO, &mut output);
    (machine, output)
}
/// The picture as it must be with the strip's left edge in this column: by the formula of blending, pixel by pixel.
pub(super) fn expected(picture: &Frame, left: i64) -> Frame {
    let mut frame = picture.clone();
    for (place, pixel) in frame.pixels_mut().iter_mut().enumerate().skip(4) {
        let column = (place % 4) as i64 - left;
        let [_, red, green, blue] = pixel.to_be_bytes().map(f64::from);
        let half = |ground: f64, ink: f64| ((ink * 128.0 / 255.0).round() + (ground * 127.0 / 255.0).round()) as u8;
        match column {
            0 => *pixel = u32::from_be_bytes([0, half(red, 255.0), half(green, 0.0), half(blue, 0.0)]),
            2 => *pixel = 0x0000_00FF,
            _ => {}
        }
    }
    frame
}

#[test]
fn a_strip_crosses_the_lowest_rows_by_one_pixel_a_frame_and_leaves_the_picture_as_it_was() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 1000, 1140)]);
    answer_strip(&mut machine, TEXT);
    let (mut now, mut times) = (MS * 500, Vec::new());
    loop {
        let before = output.frames.len();
        let due = machine.tick(now, &mut output);
        times.extend((before..output.frames.len()).map(|_| now));
        let Some(due) = due else { break };
        assert!(due > now);
        now = due;
    }
    let shown = output.frames.split_off(1);
    let crossing: Vec<_> = (0..7).map(|moved| expected(&still(1), 4 - moved)).chain([Frame::clone(&still(1))]).collect();
    assert!(shown == crossing, "{} frames", shown.len());
    assert!(times.iter().copied().eq((0..8).map(|frame| MS * (1000 + 20 * frame))), "{times:?}");
    assert_eq!(output.settled, [Some(digest(1))], "what runs over it does not make the picture a new one");
    let crossings: Vec<_> = plays(&mut machine).iter().map(|p| (p.start, p.shown, p.interrupted, p.is_over, p.dropped)).collect();
    assert_eq!(crossings, [(MS * 1000, MS * 140, false, true, 0)]);
}

#[test]
fn boards_side_by_side_have_the_strip_in_the_same_column_whenever_they_were_started() {
    for (late, left) in [(1000, 4), (1019, 4), (1020, 3), (1079, 1), (1100, -1)] {
        let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
        // This board's monotonic clock began at 900 ms.
        machine.take(Message::Order(Order::Tie(at(900))));
        machine.take(Message::Order(Order::Show(shot(1, 0))));
        answer(&mut machine, 1);
        machine.take(Message::Order(Order::Run(vec![run(TEXT, 1000, 1140)])));
        answer_strip(&mut machine, TEXT);
        machine.tick(MS * (late - 900), &mut output);
        assert_eq!(output.frames.last(), Some(&expected(&still(1), left)), "at {late} ms");
        assert_eq!(machine.screen.seen().as_deref(), output.frames.last(), "a snapshot is of what is seen");
    }
}

#[test]
fn the_output_is_shown_the_text_every_few_seconds_and_the_bare_picture_when_it_has_gone() {
    // A pixel a second: seven seconds across.
    let (mut machine, mut output) = lit(vec![Run { speed: 1, ..run(TEXT, 0, 7000) }]);
    answer_strip(&mut machine, TEXT);
    for second in 0..9 {
        machine.tick(MS * 1000 * second, &mut output);
    }
    let expected = [Frame::clone(&still(1)), expected(&still(1), 4 - 5), Frame::clone(&still(1))];
    assert!(output.sights == expected, "{} sights", output.sights.len());
    let settled = machine.reports().filter(|report| matches!(report, Report::Settled(_))).count();
    assert_eq!(settled, 1, "it is the same picture all the time");
}

#[test]
fn a_picture_that_comes_under_the_running_text_is_shown_to_the_output_with_it() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 0, 140)]);
    answer_strip(&mut machine, TEXT);
    machine.tick(MS * 60, &mut output);
    machine.take(Message::Order(Order::Show(shot(2, 0))));
    answer(&mut machine, 2);
    machine.tick(MS * 80, &mut output);
    assert_eq!(output.sights.last(), Some(&expected(&still(2), 0)));
    assert_eq!(output.settled, [Some(digest(1)), Some(digest(2))]);
}

#[test]
fn a_fast_strip_moves_by_more_pixels_in_each_frame() {
    let fast = Run { speed: 120, ..run(TEXT, 0, 1000) };
    let (mut machine, mut output) = lit(vec![fast]);
    answer_strip(&mut machine, TEXT);
    let dues: Vec<_> = [0, 25, 50].iter().map(|ms| machine.tick(MS * *ms, &mut output)).collect();
    assert_eq!(dues, [Some(MS * 25), Some(MS * 50), Some(MS * 75)], "three pixels 40 times a second");
    assert_eq!(output.frames.last(), Some(&expected(&still(1), 4 - 6)));
}

#[test]
fn a_clip_goes_on_under_the_running_text() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 50);
    turn(&mut feeder);
    machine.take(Message::Order(Order::Run(vec![run(TEXT, 0, 140)])));
    answer_strip(&mut machine, TEXT);
    for (ms, frame, left) in [(0, 0, 4), (20, 0, 3), (40, 1, 2), (60, 1, 1), (80, 2, 0), (100, 2, -1), (120, 3, -2)] {
        machine.tick(MS * ms, &mut output);
        turn(&mut feeder);
        assert_eq!(output.frames.last(), Some(&expected(&moving(frame), left)), "at {ms} ms");
    }
    machine.tick(MS * 140, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(3)));
    assert_eq!(machine.screen.figures().dropped, 0);
}

#[test]
fn nothing_runs_on_a_dark_board_and_what_runs_there_is_no_play() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 0, 140)]);
    answer_strip(&mut machine, TEXT);
    machine.tick(MS * 60, &mut output);
    assert_eq!(output.frames.last(), Some(&expected(&still(1), 1)));
    machine.take(Message::Order(Order::Show(Shot { content: Content::Dark, played: None, ..shot(0, 1) })));
    machine.tick(MS * 80, &mut output);
    assert_eq!(output.frames.last(), Some(&Frame::black(geometry())));
    machine.tick(MS * 100, &mut output);
    let crossings: Vec<_> = plays(&mut machine).into_iter().filter(|play| play.is_over).collect();
    assert_eq!(crossings.iter().map(|play| (play.shown, play.interrupted)).collect::<Vec<_>>(), [(MS * 20, true)]);
}

#[test]
fn the_next_strip_begins_in_its_time_and_an_order_said_again_changes_nothing() {
    let both = || vec![run(TEXT, 0, 140), run(TEXT + 1, 140, 280)];
    let (mut machine, mut output) = lit(both());
    answer_strip(&mut machine, TEXT);
    answer_strip(&mut machine, TEXT + 1);
    machine.tick(MS * 40, &mut output);
    machine.take(Message::Order(Order::Run(both())));
    assert_eq!(machine.wanted(), None, "both are there");
    for ms in [60, 80, 100, 120, 140, 160] {
        machine.tick(MS * ms, &mut output);
    }
    assert_eq!(output.frames.last(), Some(&expected(&still(1), 3)));
    let crossings: Vec<_> = plays(&mut machine).iter().map(|p| (p.played.sha256, p.shown, p.interrupted)).collect();
    assert_eq!(crossings, [(digest(TEXT), MS * 100, false)], "its first frame was on at 40 ms");
    assert_eq!(machine.screen.figures().dropped, 0);
}

#[test]
fn a_strip_that_is_none_leaves_the_picture_and_is_told_once() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 0, 140)]);
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(TEXT)));
    machine.take(Message::Decoded { item: digest(TEXT), result: Err(DecodeError::Form("x".to_owned())) });
    machine.tick(MS * 60, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(1)));
    assert!(machine.reports().any(|report| matches!(report, Report::Broken { item, .. } if item == digest(TEXT))));
    machine.take(Message::Order(Order::Run(vec![run(TEXT, 140, 280)])));
    assert_eq!(machine.wanted(), None, "it is not tried in a loop, crossing by crossing");
}

#[test]
fn a_strip_whose_bytes_were_gone_runs_when_they_have_come() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 0, 140)]);
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(TEXT)));
    let gone = crate::cache::CacheError::Disk { path: "x".into(), source: std::io::ErrorKind::NotFound.into() };
    machine.take(Message::Decoded { item: digest(TEXT), result: Err(DecodeError::Bytes(gone)) });
    machine.tick(MS * 60, &mut output);
    assert_eq!(machine.wanted(), None);
    machine.take(Message::Order(Order::Run(vec![run(TEXT, 0, 140)])));
    answer_strip(&mut machine, TEXT);
    machine.tick(MS * 80, &mut output);
    assert_eq!(output.frames.last(), Some(&expected(&still(1), 0)));
}

#[test]
fn steps_that_come_too_late_are_counted() {
    let (mut machine, mut output) = lit(vec![run(TEXT, 0, 140)]);
    answer_strip(&mut machine, TEXT);
    for ms in [0, 20, 80, 140] {
        machine.tick(MS * ms, &mut output);
    }
    assert_eq!(machine.screen.figures().dropped, 2);
    assert_eq!(plays(&mut machine).iter().map(|play| play.dropped).collect::<Vec<_>>(), [2]);
}
