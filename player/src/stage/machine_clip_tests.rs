//! Clips on the stage, by a clock that is an argument.

use super::*;
use crate::stage::moving::Moving;
use crate::stage::reel::{Feeder, Step, Timeline, reel};

/// A clip of frames of 40 ms, each of a colour of its own.
struct Strip {
    frames: usize,
    next: usize,
    breaks_at: Option<usize>,
}
const FORTY: Duration = Duration::from_millis(40);

impl Timeline for Strip {
    fn frames(&self) -> usize {
        self.frames
    }
    fn start(&self, frame: usize) -> Duration {
        FORTY * u32::try_from(frame.min(self.frames)).expect("few")
    }
    fn frame_at(&self, position: Duration) -> usize {
        usize::try_from(position.as_millis() / 40).expect("short").min(self.frames - 1)
    }
}
impl Moving for Strip {
    fn seek(&mut self, frame: usize) {
        self.next = frame;
    }
    fn next(&mut self, into: &mut Frame) -> Result<Option<usize>, DecodeError> {
        if self.breaks_at == Some(self.next) {
            return Err(DecodeError::Form("broken".to_owned()));
        }
        if self.next >= self.frames {
            return Ok(None);
        }
        into.clone_from(&moving(self.next));
        self.next += 1;
        Ok(Some(self.next - 1))
    }
}
pub(super) fn moving(number: usize) -> Frame {
    Frame::filled(geometry(), 0x0040_0000 + u32::try_from(number).expect("few"))
}
/// A clip and its feeder, which the test turns by hand.
fn clip(frames: usize, breaks_at: Option<usize>) -> (Opened, Feeder) {
    let strip = || Strip { frames, next: 0, breaks_at };
    let (reel, feeder) = reel(Arc::new(strip()), geometry(), Box::new(strip()), Box::new(|| {}));
    (Opened::Moving(reel), feeder)
}
pub(super) fn answer_clip(machine: &mut Machine, number: u8, frames: usize) -> Feeder {
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(number)));
    let (opened, feeder) = clip(frames, None);
    machine.take(Message::Decoded { item: digest(number), result: Ok(opened) });
    feeder
}
pub(super) fn turn(feeder: &mut Feeder) {
    while feeder.step() == Step::Done {}
}
/// Clips of the tests have numbers from 100; a shot of second 0 began when the clock stood at zero.
pub(super) const CLIP: u8 = 100;

#[test]
fn a_clip_shows_each_frame_at_its_time_and_stays_on_the_last() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    machine.tick(Duration::ZERO, &mut output);
    let mut feeder = answer_clip(&mut machine, CLIP, 50);
    turn(&mut feeder);
    let (mut now, mut times) = (Duration::ZERO, Vec::new());
    loop {
        let before = output.frames.len();
        let due = machine.tick(now, &mut output);
        turn(&mut feeder);
        times.extend((before..output.frames.len()).map(|_| now));
        let Some(due) = due else { break };
        assert!(due > now);
        now = due;
    }
    let shown: Vec<_> = output.frames.iter().skip(1).cloned().collect();
    assert!(shown == (0..50).map(moving).collect::<Vec<_>>(), "{}", shown.len());
    assert!(times.iter().copied().eq((0..50).map(|number| FORTY * number)), "{times:?}");
    machine.tick(MS * 60_000, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(49)), "the slot lasts longer than the clip");
    assert_eq!(machine.screen.figures().dropped, 0);
    assert_eq!(machine.screen.on().map(|on| on.number), Some(49), "a snapshot is of the frame that is on");
    let clip = Some(digest(CLIP));
    assert_eq!(output.settled, [None, clip, clip], "its first frame and its last; two seconds are too short for one between");
}

#[test]
fn who_comes_late_sees_the_frame_of_the_time_and_none_of_the_start() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 100))));
    let origin = DateTime::from_timestamp_millis(101_010).expect("in range");
    machine.take(Message::Order(Order::Tie(origin)));
    machine.tick(Duration::ZERO, &mut output);
    let mut feeder = answer_clip(&mut machine, CLIP, 500);
    turn(&mut feeder);
    machine.tick(Duration::ZERO, &mut output);
    assert_eq!(output.frames, [Frame::resident(geometry())], "frame 25 is not decoded yet");
    turn(&mut feeder);
    let due = machine.tick(MS * 5, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(25)));
    assert_eq!(due, Some(MS * 30), "frames lie on the grid of the wall clock");
    assert_eq!(machine.screen.figures().dropped, 0, "what was before its time was not dropped");
}

#[test]
fn frames_that_come_too_late_are_left_out_and_counted() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 500);
    turn(&mut feeder);
    machine.tick(Duration::ZERO, &mut output);
    turn(&mut feeder);
    machine.tick(MS * 165, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(4)));
    assert_eq!(machine.screen.figures().dropped, 3);
    // The decoder stands still: the newest frame comes, then none, then the one of the time.
    machine.tick(MS * 800, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(6)), "six are decoded ahead");
    machine.tick(MS * 1000, &mut output);
    turn(&mut feeder);
    machine.tick(MS * 1000, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(25)));
    machine.take(Message::Order(Order::Stop));
    machine.tick(MS * 1001, &mut output);
    let dropped: Vec<_> = plays(&mut machine).iter().map(|play| play.dropped).collect();
    assert_eq!(dropped, [3 + 1 + 18]);
    let numbers: Vec<_> = output.frames.iter().map(|frame| frame.pixels()[0]).collect();
    assert!(numbers.is_sorted(), "never out of order: {numbers:x?}");
}

#[test]
fn a_clock_set_anew_moves_the_clip_but_one_that_slews_does_not_make_it_stutter() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 5000);
    turn(&mut feeder);
    machine.tick(MS * 1000, &mut output);
    turn(&mut feeder);
    machine.tick(MS * 1000, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(25)));
    turn(&mut feeder);
    let tie = |ms| Message::Order(Order::Tie(DateTime::from_timestamp_millis(ms).expect("in range")));
    machine.take(tie(-3));
    let due = machine.tick(MS * 1001, &mut output);
    assert_eq!((output.frames.last(), due), (Some(&moving(25)), Some(MS * 1043)), "it waits and does not go back");
    for (origin, frame) in [(60_000, 1525), (-500, 12)] {
        machine.take(tie(origin));
        for _ in 0..2 {
            machine.tick(MS * 1001, &mut output);
            turn(&mut feeder);
        }
        machine.tick(MS * 1001, &mut output);
        assert_eq!(output.frames.last(), Some(&moving(frame)));
    }
    assert_eq!(machine.screen.figures().dropped, 0);
}

#[test]
fn a_clip_longer_than_its_slot_is_cut_and_fades_while_it_moves() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 400)), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    answer(&mut machine, 1);
    machine.tick(Duration::ZERO, &mut output);
    machine.take(Message::Order(Order::Prepare(source(CLIP))));
    let mut feeder = answer_clip(&mut machine, CLIP, 500);
    turn(&mut feeder);
    machine.take(Message::Order(Order::Show(shot(CLIP, 10))));
    let mut now = MS * 10_000;
    let before = output.frames.len();
    while now < MS * 11_000 {
        now = machine.tick(now, &mut output).expect("it moves");
        turn(&mut feeder);
    }
    let blended = |ms: u32| {
        let mut out = [0];
        let share = ms * compose::ALL / 400;
        compose::blend(&mut out, still(1).pixels(), moving(usize::try_from(ms / 40).expect("few")).pixels(), share);
        out[0]
    };
    let fade: Vec<_> = output.frames.iter().skip(before).take(20).map(|frame| frame.pixels()[0]).collect();
    assert_eq!(fade, (0..20).map(|frame| blended(frame * 20)).collect::<Vec<_>>());
    assert_eq!(output.frames.get(before + 20), Some(&moving(10)));
    machine.take(Message::Order(Order::Show(shot(2, 11))));
    machine.tick(now, &mut output);
    assert_eq!(output.frames.last(), Some(&moving(25)), "it goes on until the next one is there");
    answer(&mut machine, 2);
    while let Some(due) = machine.tick(now, &mut output) {
        now = due;
        turn(&mut feeder);
    }
    assert_eq!(output.frames.last(), Some(&*still(2)));
    assert_eq!(feeder.step(), Step::Closed, "nobody decodes for a clip that has left");
    assert_eq!(black(&machine), Duration::ZERO);
}

#[test]
fn a_clip_that_breaks_keeps_its_last_frame_and_is_opened_anew_when_it_is_asked_for() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    assert!(machine.wanted().is_some());
    let (opened, mut feeder) = clip(50, Some(10));
    machine.take(Message::Decoded { item: digest(CLIP), result: Ok(opened) });
    for frame in 0..20 {
        turn(&mut feeder);
        machine.tick(FORTY * frame, &mut output);
    }
    assert_eq!(output.frames.last(), Some(&moving(9)));
    let broken = machine.reports().filter(|report| matches!(report, Report::Broken { .. })).count();
    assert_eq!(broken, 1);
    assert_eq!(machine.wanted(), None, "it is not tried in a loop");
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 50);
    for _ in 0..2 {
        turn(&mut feeder);
        machine.tick(FORTY * 20, &mut output);
    }
    assert_eq!(output.frames.last(), Some(&moving(20)));
}

#[test]
fn a_clip_in_a_loop_begins_anew_without_a_pause() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 400)), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 25);
    for number in 0..25 {
        turn(&mut feeder);
        machine.tick(FORTY * number, &mut output);
    }
    machine.take(Message::Order(Order::Prepare(source(CLIP))));
    let mut again = answer_clip(&mut machine, CLIP, 25);
    turn(&mut again);
    machine.take(Message::Order(Order::Show(shot(CLIP, 1))));
    for number in 25..50 {
        machine.tick(FORTY * number, &mut output);
        turn(&mut again);
    }
    let shown = output.frames.clone();
    assert!(shown == (0..50).map(|number| moving(number % 25)).collect::<Vec<_>>());
    assert_eq!(feeder.step(), Step::Closed);
}

#[test]
fn a_thousand_changes_between_stills_and_clips_leave_no_black_millisecond() {
    for transition in [Transition::Cut, Transition::Fade(MS * 400)] {
        let (mut machine, mut output) = (machine(transition), Seen::default());
        let mut feeders: Vec<Feeder> = Vec::new();
        let mut at_first = Duration::ZERO;
        for round in 0..1000_u32 {
            let number = if round % 3 == 0 {
                u8::try_from(round % 7).expect("small")
            } else {
                CLIP + u8::try_from(round % 5).expect("small")
            };
            machine.take(Message::Order(Order::Show(shot(number, i64::from(round)))));
            let mut now = MS * 1000 * round;
            while now < MS * 1000 * (round + 1) {
                let due = machine.tick(now, &mut output);
                // Every third time the decoder takes its time.
                if round % 3 != 1 || now > MS * (1000 * round + 100) || round == 0 {
                    if let Some(wanted) = machine.wanted() {
                        let opened = if wanted.form == Form::Still {
                            Opened::Still(still(number))
                        } else {
                            let (opened, feeder) = clip(20, None);
                            feeders.push(feeder);
                            opened
                        };
                        machine.take(Message::Decoded { item: wanted.item, result: Ok(opened) });
                    }
                    feeders.retain_mut(|feeder| {
                        turn(feeder);
                        feeder.step() != Step::Closed
                    });
                    machine.take(Message::Woken);
                }
                now = due.unwrap_or(now + MS * 20).min(now + MS * 20);
            }
            output.frames.drain(..output.frames.len() - 1).for_each(|frame| assert_ne!(frame.pixels()[0], 0, "round {round}"));
            assert!(feeders.len() <= 2, "clips that have left are closed");
            if round == 0 {
                at_first = black(&machine);
            }
        }
        assert_eq!(black(&machine), at_first, "until the very first picture the resident one was on");
        let shown = plays(&mut machine).len();
        assert_eq!(shown, 999);
    }
}

#[test]
fn a_clip_that_is_faded_out_moves_on_meanwhile() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 400)), Seen::default());
    machine.take(Message::Order(Order::Show(shot(CLIP, 0))));
    let mut feeder = answer_clip(&mut machine, CLIP, 50);
    turn(&mut feeder);
    machine.tick(Duration::ZERO, &mut output);
    machine.take(Message::Order(Order::Show(shot(1, 1))));
    machine.tick(MS * 20, &mut output);
    turn(&mut feeder);
    answer(&mut machine, 1);
    for ms in [40, 140, 240] {
        machine.tick(MS * ms, &mut output);
        turn(&mut feeder);
    }
    let mut half = Frame::black(geometry());
    compose::blend(half.pixels_mut(), moving(6).pixels(), still(1).pixels(), compose::ALL / 2);
    assert_eq!(output.frames.last(), Some(&half), "at 240 ms frame 6 is on its way out, half of it");
    machine.tick(MS * 440, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(1)));
}
