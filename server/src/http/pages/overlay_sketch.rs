//! A sketch of what lies over a board's loop, while its form is filled in: pictures as boards show them, clocks about so. Pure.

use playlists::geometry::Geometry;
use playlists::overlay::{Corner, margin};

use crate::app::overlay_draft::OverlayDraft;

/// Height of a clock's figures, as a part of that of its letters' line.
const FIGURES: f64 = 0.7;
/// Space around a clock's figures, as a part of their height.
const PADDING: f64 = 0.15;
/// Width of a time, and of a date, as a multiple of the height of its figures.
const TIME_WIDTH: f64 = 3.9;
const DATE_WIDTH: f64 = 4.1;
/// Height of a date's figures, as a part of that of the time's.
const DATE: f64 = 0.7;

/// A board with what lies over its loop; lengths are its pixels.
pub(super) struct Sketch {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pictures: Vec<Picture>,
    pub(super) clocks: Vec<Clock>,
}

/// A picture in its corner.
pub(super) struct Picture {
    pub(super) asset: String,
    /// Per cent of the board's height.
    pub(super) size: u8,
    pub(super) place: Place,
    /// To which corner of its place it is held, as SVG says it.
    pub(super) held: &'static str,
}

/// A clock in its corner.
pub(super) struct Clock {
    pub(super) place: Place,
    /// The column of its middle.
    pub(super) middle: f64,
    pub(super) lines: Vec<Line>,
}

/// One line of a clock.
pub(super) struct Line {
    pub(super) text: &'static str,
    pub(super) size: f64,
    pub(super) baseline: f64,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The sketch of a form; what does not hold yet is left out.
pub(super) fn sketch(board: Geometry, drafts: &[OverlayDraft]) -> Sketch {
    let mut sketch = Sketch { width: board.width(), height: board.height(), pictures: Vec::new(), clocks: Vec::new() };
    for draft in drafts {
        let Some(size) = draft.size() else { continue };
        let (columns, rows) = size.room(board);
        let room = (f64::from(columns), f64::from(rows));
        match (draft.shows.trim(), draft.picture()) {
            ("time", _) => sketch.clocks.push(clock(draft.corner, room, board, &["14:05"])),
            ("time-and-date", _) => sketch.clocks.push(clock(draft.corner, room, board, &["14:05", "26/11"])),
            (_, Some(asset)) => sketch.pictures.push(Picture {
                asset: asset.to_string(),
                size: size.get(),
                place: place(draft.corner, room, board),
                held: held(draft.corner),
            }),
            (_, None) => {}
        }
    }
    sketch
}

fn clock(corner: Corner, (columns, rows): (f64, f64), board: Geometry, texts: &[&'static str]) -> Clock {
    let has_date = texts.len() > 1;
    let (wide, high) = (
        if has_date { TIME_WIDTH.max(DATE_WIDTH * DATE) } else { TIME_WIDTH } + 2.0 * PADDING,
        1.0 + 2.0 * PADDING + if has_date { DATE + PADDING } else { 0.0 },
    );
    // The figures of the time, as high as both sides allow.
    let figures = (rows / high).min(columns / wide);
    let place = place(corner, (figures * wide, figures * high), board);
    let line = |(text, (share, above)): (&&'static str, (f64, f64))| Line {
        text,
        size: figures * share / FIGURES,
        baseline: place.y + figures * (PADDING + above + share),
    };
    let lines = texts.iter().zip([(1.0, 0.0), (DATE, 1.0 + PADDING)]).map(line).collect();
    Clock { place, middle: place.x + place.width / 2.0, lines }
}

fn place(corner: Corner, (width, height): (f64, f64), board: Geometry) -> Place {
    let margin = f64::from(margin(board));
    let x = if corner.is_left() { margin } else { f64::from(board.width()) - margin - width };
    let y = if corner.is_top() { margin } else { f64::from(board.height()) - margin - height };
    Place { x, y, width, height }
}

const fn held(corner: Corner) -> &'static str {
    match corner {
        Corner::TopLeft => "xMinYMin",
        Corner::TopRight => "xMaxYMin",
        Corner::BottomLeft => "xMinYMax",
        Corner::BottomRight => "xMaxYMax",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(corner: Corner, shows: &str, size: &str) -> OverlayDraft {
        OverlayDraft { corner, shows: shows.to_owned(), size: size.to_owned() }
    }

    #[test]
    fn everything_lies_in_its_corner_within_the_board() {
        for board in ["64x256", "256x128", "640x320", "1920x160"] {
            let board: Geometry = board.parse().expect("a geometry");
            let margin = f64::from(margin(board));
            let (right, bottom) = (f64::from(board.width()) - margin, f64::from(board.height()) - margin);
            for corner in Corner::ALL {
                for shows in ["time", "time-and-date", "picture:logo"] {
                    let sketch = sketch(board, &[draft(corner, shows, "30")]);
                    let places = sketch.pictures.iter().map(|one| one.place).chain(sketch.clocks.iter().map(|one| one.place));
                    let [Place { x, y, width, height }] = places.collect::<Vec<_>>()[..] else { panic!("one of them") };
                    let near = |one: f64, other: f64| (one - other).abs() < 0.01;
                    assert!(if corner.is_left() { near(x, margin) } else { near(x + width, right) }, "{board} {corner} {shows}");
                    assert!(if corner.is_top() { near(y, margin) } else { near(y + height, bottom) }, "{board} {corner} {shows}");
                    assert!(width <= right / 2.0 + margin && height <= bottom / 2.0 + margin, "{board} {corner} {shows}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_hold_yet_is_left_out() {
        let board = "640x320".parse().expect("a geometry");
        let wrong =
            [draft(Corner::TopLeft, "time", "41"), draft(Corner::TopRight, "", "12"), draft(Corner::BottomLeft, "date", "")];
        let sketch = sketch(board, &wrong);
        assert!(sketch.pictures.is_empty() && sketch.clocks.is_empty());
    }

    #[test]
    fn a_clock_s_lines_lie_one_below_the_other_on_its_plate() {
        let board = "640x320".parse().expect("a geometry");
        let sketch = sketch(board, &[draft(Corner::TopRight, "time-and-date", "30")]);
        let clock = &sketch.clocks[0];
        let [time, date] = &clock.lines[..] else { panic!("two lines") };
        assert!(
            clock.place.y < time.baseline && time.baseline < date.baseline && date.baseline < clock.place.y + clock.place.height
        );
        assert!(date.size < time.size && (clock.middle - clock.place.x - clock.place.width / 2.0).abs() < 0.01);
    }
}
