//! PURE: the clock among the overlays: what it says at a local time, how large its letters are, and its picture: white letters on a dark
//! plate, so that they are read over any picture.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use playlists::geometry::Geometry;
use playlists::overlay::Clock;

use super::glyphs::{Glyphs, Size};
use super::sprite::Sprite;

/// Opacity of the plate, of 255: 72 per cent leave white letters 9:1 on the brightest picture; 7:1 is asked for (WCAG 2, level AAA).
const PLATE: u8 = 184;
/// As wide as any time and any date: figures are of one width.
const WIDEST: [&str; 2] = ["00:00", "00/00"];
/// The date is at most this part of the time's height, but where that would be too small.
const DATE: f64 = 0.7;

/// A clock as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// What it says, one line after the other.
    pub text: String,
    /// Its plate with the letters on it.
    pub sprite: Sprite,
}

/// How a clock is set.
struct Setting<'a> {
    time: &'a Size,
    /// The date below it.
    date: Option<&'a Size>,
    /// Of the plate around the letters, on all four sides.
    padding: usize,
    /// Between the two lines.
    apart: usize,
    width: usize,
    height: usize,
}

/// The clock at this instant in this zone, in so many columns and rows: more where its smallest letters need them and the board has them.
/// None on a board that is too small for any letters.
#[must_use]
pub fn face(clock: Clock, (now, zone): (DateTime<Utc>, Tz), room: (u32, u32), board: Geometry) -> Option<Face> {
    let glyphs = Glyphs::shipped();
    let side = |side: u32| side as usize;
    let room = (side(room.0), side(room.1));
    let set = setting(glyphs, clock, room, (side(board.width()), side(board.height())))?;
    let local = local(now, zone);
    let mut lines = vec![(local.format("%H:%M").to_string(), set.time, set.padding)];
    if let Some(date) = set.date {
        lines.push((local.format("%d/%m").to_string(), date, set.padding + set.time.height + set.apart));
    }
    let mut sprite = Sprite::filled(set.width, set.height, [0, 0, 0, PLATE]);
    for (text, size, top) in &lines {
        let left = set.width.saturating_sub(glyphs.width(text, size)?) / 2;
        glyphs.write(text, size, &mut sprite, (left, *top));
    }
    let text = lines.into_iter().map(|(text, ..)| text).collect::<Vec<_>>().join(" ");
    Some(Face { text, sprite })
}

/// How long the minute has run at this instant in this zone, and how long it still runs.
pub(super) fn minute(now: DateTime<Utc>, zone: Tz) -> (TimeDelta, TimeDelta) {
    let local = local(now, zone);
    let run =
        Duration::from_secs(u64::from(local.second())) + Duration::from_nanos(u64::from(local.nanosecond() % 1_000_000_000));
    let run = TimeDelta::from_std(run).unwrap_or_default();
    (run, TimeDelta::minutes(1) - run)
}

/// The local time; at the ends of what can be counted that of UTC.
fn local(now: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    let utc = now.naive_utc();
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

/// The largest setting within the room; where its smallest letters need more, in what they need.
fn setting(glyphs: &Glyphs, clock: Clock, room: (usize, usize), board: (usize, usize)) -> Option<Setting<'_>> {
    let set = |date: bool| {
        let least = least(glyphs, date)?;
        // A second line takes no rows beyond the room.
        let rows = if date { room.1 } else { room.1.max(least.height) };
        let (columns, rows) = (room.0.max(least.width).min(board.0), rows.min(board.1));
        glyphs.sizes().find_map(|time| with(glyphs, time, date).filter(|set| set.width <= columns && set.height <= rows))
    };
    match clock {
        Clock::Time => set(false),
        Clock::TimeAndDate => set(true).or_else(|| set(false)),
    }
}

/// The smallest setting.
fn least(glyphs: &Glyphs, date: bool) -> Option<Setting<'_>> {
    with(glyphs, glyphs.sizes().last()?, date)
}

/// The setting with letters of this size, and of a size that goes with it for the date.
fn with<'a>(glyphs: &'a Glyphs, time: &'a Size, date: bool) -> Option<Setting<'a>> {
    let [widest, widest_date] = WIDEST;
    let padding = (time.height * 3 / 20).max(1);
    let apart = padding + 1;
    let (mut width, mut height) = (glyphs.width(widest, time)?, time.height);
    let mut line = None;
    if date {
        let columns = width;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "at most 144")]
        let rows = (time.height as f64 * DATE) as usize;
        let size = glyphs.largest(widest_date, columns, rows).or(glyphs.sizes().last())?;
        (width, height) = (width.max(glyphs.width(widest_date, size)?), height + apart + size.height);
        line = Some(size);
    }
    Some(Setting { time, date: line, padding, apart, width: width + 2 * padding, height: height + 2 * padding })
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
