//! The stage, frame by frame, by a clock that is an argument.

use super::*;
use crate::ports::OutputError;
use crate::stage::compose;
use chrono::DateTime;
use playlists::wire::reports::PlayedItem;
use proptest::prelude::*;

#[path = "machine_clip_tests.rs"]
mod clips;
#[path = "machine_overlay_tests.rs"]
mod overlays;
#[path = "machine_ticker_tests.rs"]
mod tickers;

#[derive(Default)]
struct Seen {
    frames: Vec<Frame>,
    settled: Vec<Option<Digest>>,
    sights: Vec<Frame>,
}
impl Output for Seen {
    fn present(&mut self, frame: &Frame) -> Result<(), OutputError> {
        self.frames.push(frame.clone());
        Ok(())
    }
    fn settled(&mut self, sight: &Sight) -> Result<(), OutputError> {
        self.settled.push(sight.on.item);
        self.sights.push(Frame::clone(&sight.frame));
        Ok(())
    }
    fn pump(&mut self) -> bool {
        true
    }
    fn pump_every(&self) -> Option<Duration> {
        None
    }
}

fn geometry() -> Geometry {
    Geometry::new(4, 3).expect("a geometry")
}
fn digest(number: u8) -> Digest {
    Digest::of(&[number])
}
fn still(number: u8) -> Arc<Frame> {
    Arc::new(Frame::filled(geometry(), 0x0020_2020 + u32::from(number) * 0x0003_0507))
}
fn source(number: u8) -> Source {
    let form = if number < 100 { Form::Still } else { Form::Clip };
    Source { item: digest(number), size: 1, form, path: "x".into() }
}
fn shot(number: u8, second: i64) -> Shot {
    Shot {
        content: Content::Item(source(number)),
        played: Some(PlayedItem { sha256: digest(number), asset: None, campaign: None }),
        since: DateTime::from_timestamp(second, 0).expect("in range"),
        rev: Revision(1),
        interrupts: false,
        overlaid: false,
    }
}
fn machine(transition: Transition) -> Machine {
    Machine::new(geometry(), transition, Arc::new(Screen::default()))
}
fn answer(machine: &mut Machine, number: u8) {
    if machine.wanted().is_some_and(|wanted| wanted.item == digest(number)) {
        machine.take(Message::Decoded { item: digest(number), result: Ok(Opened::Still(still(number))) });
    }
}
fn plays(machine: &mut Machine) -> Vec<Play> {
    machine.reports().filter_map(|r| if let Report::Ended(play) = r { Some(play) } else { None }).collect()
}
const MS: Duration = Duration::from_millis(1);

#[test]
fn the_last_picture_stays_until_the_next_one_is_decoded() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.tick(Duration::ZERO, &mut output);
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    assert_eq!(machine.tick(MS, &mut output), None);
    assert_eq!(output.frames, [Frame::resident(geometry())]);
    answer(&mut machine, 1);
    machine.tick(MS * 2, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(1)));
    assert_eq!(machine.tick(MS * 900, &mut output), None, "nothing changes, so nothing is drawn");
    assert_eq!(output.frames.len(), 2);
}

#[test]
fn after_a_fade_the_frame_is_the_still_pixel_by_pixel() {
    let fade = Transition::Fade(MS * 400);
    let (mut machine, mut output) = (machine(fade), Seen::default());
    for number in [1, 2] {
        machine.take(Message::Order(Order::Show(shot(number, i64::from(number)))));
        machine.tick(MS * 1000 * u32::from(number), &mut output);
        answer(&mut machine, number);
        let mut now = MS * 1000 * u32::from(number);
        while let Some(due) = machine.tick(now, &mut output) {
            assert!(due > now);
            now = due;
        }
    }
    assert_eq!(output.frames.last(), Some(&*still(2)));
    assert_eq!(output.settled.last(), Some(&Some(digest(2))));
    assert!(output.frames.len() > 15, "the fade was seen: {}", output.frames.len());
}

#[test]
fn a_play_lasts_from_its_first_frame_to_the_next_ones() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    answer(&mut machine, 1);
    machine.tick(MS * 100, &mut output);
    machine.take(Message::Order(Order::Show(shot(1, 10))));
    machine.tick(MS * 10_100, &mut output);
    let mut last = shot(2, 20);
    last.interrupts = true;
    machine.take(Message::Order(Order::Show(last)));
    machine.tick(MS * 15_000, &mut output);
    answer(&mut machine, 2);
    machine.tick(MS * 15_100, &mut output);
    let plays: Vec<_> = plays(&mut machine).iter().map(|p| (p.start, p.shown, p.interrupted)).collect();
    assert_eq!(plays, [(MS * 100, MS * 10_000, false), (MS * 10_100, MS * 5000, true)]);
}

#[test]
fn a_broken_item_leaves_the_picture_and_says_so() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    answer(&mut machine, 1);
    machine.tick(MS, &mut output);
    machine.take(Message::Order(Order::Show(shot(2, 10))));
    assert_eq!(machine.wanted().map(|s| s.item), Some(digest(2)));
    machine.take(Message::Decoded { item: digest(2), result: Err(DecodeError::Form("x".to_owned())) });
    machine.tick(MS * 2, &mut output);
    assert_eq!(output.frames.last(), Some(&*still(1)));
    assert!(machine.reports().any(|r| matches!(r, Report::Broken { item, .. } if item == digest(2))));
    assert_eq!(machine.wanted(), None, "it is not tried in a loop");
}

fn black(machine: &Machine) -> Duration {
    machine.screen.figures().black
}
fn broken(machine: &mut Machine, number: u8) {
    assert_eq!(machine.wanted().map(|source| source.item), Some(digest(number)));
    machine.take(Message::Decoded { item: digest(number), result: Err(DecodeError::Form("x".to_owned())) });
}

#[test]
fn the_time_until_the_first_picture_is_black_but_a_board_with_nothing_to_show_is_not() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.tick(Duration::ZERO, &mut output);
    machine.tick(MS * 1000, &mut output);
    assert_eq!(black(&machine), Duration::ZERO, "nobody has asked for anything");
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    machine.tick(MS * 1000, &mut output);
    machine.tick(MS * 1700, &mut output);
    assert_eq!(black(&machine), MS * 700, "it is told while it lasts");
    answer(&mut machine, 1);
    machine.tick(MS * 1750, &mut output);
    machine.tick(MS * 9000, &mut output);
    assert_eq!(black(&machine), MS * 750);
}

#[test]
fn a_late_picture_is_black_where_the_board_was_dark_but_not_where_another_picture_stays() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    answer(&mut machine, 1);
    machine.tick(Duration::ZERO, &mut output);
    machine.take(Message::Order(Order::Show(shot(2, 10))));
    machine.tick(MS * 10, &mut output);
    machine.tick(MS * 500, &mut output);
    answer(&mut machine, 2);
    machine.tick(MS * 600, &mut output);
    assert_eq!(black(&machine), Duration::ZERO, "the picture before it stayed");
    machine.take(Message::Order(Order::Show(Shot { content: Content::Dark, played: None, ..shot(0, 20) })));
    machine.tick(MS * 1000, &mut output);
    machine.tick(MS * 5000, &mut output);
    assert_eq!(black(&machine), Duration::ZERO, "a dark board is as it should be");
    machine.take(Message::Order(Order::Show(shot(3, 30))));
    machine.tick(MS * 5000, &mut output);
    answer(&mut machine, 3);
    machine.tick(MS * 5040, &mut output);
    assert_eq!(black(&machine), MS * 40);
}

#[test]
fn an_item_that_gives_no_picture_is_black_until_something_else_is_shown() {
    let (mut machine, mut output) = (machine(Transition::Cut), Seen::default());
    machine.take(Message::Order(Order::Show(shot(1, 0))));
    machine.tick(Duration::ZERO, &mut output);
    broken(&mut machine, 1);
    machine.tick(MS * 100, &mut output);
    machine.tick(MS * 900, &mut output);
    machine.take(Message::Order(Order::Show(Shot { content: Content::Dark, played: None, ..shot(0, 20) })));
    machine.tick(MS * 1000, &mut output);
    machine.tick(MS * 2000, &mut output);
    assert_eq!(black(&machine), MS * 1000);
}

#[test]
fn a_screen_that_takes_no_frames_is_black() {
    struct Dead;
    impl Output for Dead {
        fn present(&mut self, _: &Frame) -> Result<(), OutputError> {
            Err(OutputError::NotBuilt)
        }
        fn settled(&mut self, _: &Sight) -> Result<(), OutputError> {
            Ok(())
        }
        fn pump(&mut self) -> bool {
            true
        }
        fn pump_every(&self) -> Option<Duration> {
            None
        }
    }
    let mut machine = machine(Transition::Cut);
    machine.tick(Duration::ZERO, &mut Dead);
    machine.tick(MS * 1000, &mut Dead);
    assert_eq!(black(&machine), MS * 1000);
    machine.tick(MS * 2000, &mut Seen::default());
    machine.tick(MS * 3000, &mut Seen::default());
    assert_eq!(black(&machine), MS * 2000);
}

#[test]
fn a_fade_cut_short_goes_on_from_what_is_on_the_screen() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 400)), Seen::default());
    for (number, ms) in [(1, 0), (2, 1000)] {
        machine.take(Message::Order(Order::Show(shot(number, i64::from(number)))));
        answer(&mut machine, number);
        machine.tick(MS * ms, &mut output);
    }
    machine.tick(MS * 1100, &mut output);
    let seen = output.frames.last().expect("a frame").clone();
    assert!(seen != *still(1) && seen != *still(2), "a quarter of the fade is on");
    machine.take(Message::Order(Order::Show(shot(3, 3))));
    answer(&mut machine, 3);
    machine.tick(MS * 1110, &mut output);
    assert_eq!(output.frames.last(), Some(&seen));
}

#[test]
fn frames_that_a_fade_leaves_out_are_told_with_the_play() {
    let (mut machine, mut output) = (machine(Transition::Fade(MS * 400)), Seen::default());
    for (number, ms) in [(1, 0), (2, 1000)] {
        machine.take(Message::Order(Order::Show(shot(number, i64::from(number)))));
        answer(&mut machine, number);
        machine.tick(MS * ms, &mut output);
    }
    machine.tick(MS * 1125, &mut output);
    machine.take(Message::Order(Order::Stop));
    machine.tick(MS * 2000, &mut output);
    let dropped: Vec<_> = plays(&mut machine).iter().map(|play| play.dropped).collect();
    assert_eq!(dropped, [0, 5]);
    assert_eq!(machine.screen.figures().dropped, 5);
}

proptest! {
    #[test]
    fn there_is_never_a_black_frame_between_items(
        steps in proptest::collection::vec((0u8..6, 0u64..700, any::<bool>(), any::<bool>()), 1..200),
        fade in any::<bool>(),
    ) {
        let transition = if fade { Transition::Fade(MS * 400) } else { Transition::Cut };
        let (mut machine, mut output) = (machine(transition), Seen::default());
        let mut now = Duration::ZERO;
        for (second, (number, wait, decoded, ahead)) in steps.into_iter().enumerate() {
            let order = if ahead { Order::Prepare(source(number)) } else { Order::Show(shot(number, second as i64)) };
            machine.take(Message::Order(order));
            machine.tick(now, &mut output);
            if decoded && let Some(wanted) = machine.wanted() {
                let number = (0..6).find(|n| digest(*n) == wanted.item).expect("one of ours");
                machine.take(Message::Decoded { item: wanted.item, result: Ok(Opened::Still(still(number))) });
            }
            now += Duration::from_millis(wait);
            machine.tick(now, &mut output);
        }
        prop_assert!(output.frames.iter().all(|frame| frame.pixels().iter().all(|pixel| *pixel != 0)));
    }
}
