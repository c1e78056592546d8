//! What lies over the loop in the corners of the board: a clock, a logo or a seal. It stands still while pictures change under it; in a
//! lower corner it makes way for running text.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use playlists::campaign::Period;
use playlists::geometry::Geometry;
use playlists::id::Digest;
use playlists::overlay::{Clock, Corner, OverlaySize, margin};

use super::clock;
use super::decode::Source;
use super::sprite::{Sprite, Sprites};

/// How far the time may go back and what lies stays: small corrections of the clock would else make a minute flicker.
const NEAR: TimeDelta = TimeDelta::milliseconds(250);

/// What is to lie over the loop in one corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Where.
    pub corner: Corner,
    /// How high it is, in per cent of the board's height.
    pub size: OverlaySize,
    /// What is shown.
    pub shows: Shows,
}

/// What an overlay shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// The time of day in this zone.
    Clock(Clock, Tz),
    /// A picture, in the period in which it may be shown.
    Picture(Source, Period),
}

impl Overlay {
    fn source(&self) -> Option<&Source> {
        match &self.shows {
            Shows::Picture(source, _) => Some(source),
            Shows::Clock(..) => None,
        }
    }
}

/// An overlay as it lies over the picture.
#[derive(Debug, Clone)]
pub struct Laid {
    /// Its corner.
    pub corner: Corner,
    /// What it shows.
    pub seen: Seen,
    /// Its pixels.
    pub sprite: Arc<Sprite>,
    /// The column and the row of its upper left corner.
    pub place: (i64, i64),
}

/// What is seen of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A clock that says this.
    Clock(String),
    /// This item.
    Picture(Digest),
}

impl PartialEq for Laid {
    fn eq(&self, other: &Self) -> bool {
        // Another decoding of the same item is the same picture.
        (self.corner, &self.seen, self.place) == (other.corner, &other.seen, other.place)
            && (self.sprite.width(), self.sprite.height()) == (other.sprite.width(), other.sprite.height())
    }
}

/// Where the stage is while overlays lie on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ground {
    /// The board's pixels.
    pub(super) geometry: Geometry,
    /// Whether overlays may lie over what is on.
    pub(super) overlaid: bool,
    /// How many of the lowest rows running text takes.
    pub(super) band: usize,
}

/// The overlays of a stage.
pub(super) struct Overlays {
    overlays: Vec<Overlay>,
    pictures: Sprites,
    laid: Arc<[Laid]>,
    /// For which ground, and from when until when by the wall clock, that holds; none when it is to be looked at anew.
    holds: Option<(Ground, DateTime<Utc>, DateTime<Utc>)>,
    /// It has changed since the output was shown it.
    is_news: bool,
}

impl Overlays {
    pub(super) fn new() -> Self {
        Self { overlays: Vec::new(), pictures: Sprites::new(), laid: Arc::default(), holds: None, is_news: false }
    }

    /// What lies over the loop from now on.
    pub(super) fn order(&mut self, overlays: Vec<Overlay>) {
        let before = std::mem::replace(&mut self.overlays, overlays);
        // In another room a picture may fit that did not, or not fit any more.
        let sources = || self.overlays.iter().filter_map(Overlay::source);
        let is_as_before = |source: &&Source| before.iter().filter_map(Overlay::source).any(|old| old == *source);
        self.pictures.order(|item| sources().filter(is_as_before).any(|source| source.item == *item));
        self.holds = None;
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.overlays.is_empty()
    }

    /// The picture that is to be decoded.
    pub(super) fn wanted(&self) -> Option<&Source> {
        self.pictures.lacking(self.overlays.iter().filter_map(Overlay::source))
    }

    /// A picture was decoded.
    pub(super) fn take(&mut self, item: Digest, picture: Sprite) {
        if names(&self.overlays, &item) {
            self.pictures.take(item, picture);
            self.holds = None;
        }
    }

    /// An item gives no picture: it is not asked for again, or not until it is ordered again where its bytes `may_come`.
    pub(super) fn broken(&mut self, item: Digest, may_come: bool) {
        if names(&self.overlays, &item) {
            self.pictures.broken(item, may_come);
        }
    }

    /// Goes to `wall`, the time of day. Whether something else lies over the picture than before.
    pub(super) fn move_to(&mut self, wall: DateTime<Utc>, ground: Ground) -> bool {
        let still = |(of, since, until): (Ground, DateTime<Utc>, DateTime<Utc>)| of == ground && since <= wall && wall < until;
        if self.holds.is_some_and(still) {
            return false;
        }
        let (since, until) = self.steady(wall);
        self.holds = Some((ground, since.checked_sub_signed(NEAR).unwrap_or(since), until));
        let laid: Vec<_> = self.overlays.iter().filter_map(|overlay| self.lay(overlay, wall, ground)).collect();
        if *laid == *self.laid {
            return false;
        }
        (self.laid, self.is_news) = (laid.into(), true);
        true
    }

    /// When to look again, on the clock by which it is `now`.
    pub(super) fn next(&self, (now, wall): (Duration, DateTime<Utc>)) -> Option<Duration> {
        let (_, _, until) = self.holds.filter(|(ground, _, until)| ground.overlaid && *until < DateTime::<Utc>::MAX_UTC)?;
        Some(now + (until - wall).to_std().unwrap_or_default().max(Duration::from_millis(1)))
    }

    /// What lies over the picture; the same `Arc` as long as it is the same.
    pub(super) const fn laid(&self) -> &Arc<[Laid]> {
        &self.laid
    }

    /// Whether it has changed since the output was shown it.
    pub(super) const fn is_news(&self) -> bool {
        self.is_news
    }

    /// The output was shown it.
    pub(super) const fn shown(&mut self) {
        self.is_news = false;
    }

    /// The stretch of time around `wall` in which the time alone changes nothing.
    fn steady(&self, wall: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let ever = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        self.overlays.iter().fold(ever, |(since, until), overlay| match &overlay.shows {
            Shows::Clock(_, zone) => {
                let (run, rest) = clock::minute(wall, *zone);
                let begun = wall.checked_sub_signed(run).unwrap_or(since);
                (since.max(begun), until.min(wall.checked_add_signed(rest).unwrap_or(until)))
            }
            Shows::Picture(_, period) => {
                let edges = || [period.from, period.until].into_iter().flatten();
                let (before, after) = (edges().filter(|edge| *edge <= wall).max(), edges().filter(|edge| *edge > wall).min());
                (before.map_or(since, |edge| since.max(edge)), after.map_or(until, |edge| until.min(edge)))
            }
        })
    }

    fn lay(&self, overlay: &Overlay, wall: DateTime<Utc>, ground: Ground) -> Option<Laid> {
        if !ground.overlaid {
            return None;
        }
        let (seen, sprite) = match &overlay.shows {
            Shows::Clock(clock, zone) => {
                let room = overlay.size.room(ground.geometry);
                let face = clock::face(*clock, (wall, *zone), room, ground.geometry)?;
                (Seen::Clock(face.text), Arc::new(face.sprite))
            }
            Shows::Picture(source, period) => {
                let picture = self.pictures.get(&source.item).filter(|_| period.contains(wall))?;
                (Seen::Picture(source.item), Arc::clone(picture))
            }
        };
        let place = place(overlay.corner, (sprite.width(), sprite.height()), ground.geometry, ground.band);
        Some(Laid { corner: overlay.corner, seen, sprite, place })
    }
}

fn names(overlays: &[Overlay], item: &Digest) -> bool {
    overlays.iter().filter_map(Overlay::source).any(|source| source.item == *item)
}

/// The column and the row of the upper left corner of what has so many columns and rows, in this corner of the board. Below it lies above
/// the `band` of running text where it then still lies on the board.
fn place(corner: Corner, (width, height): (usize, usize), board: Geometry, band: usize) -> (i64, i64) {
    let length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let margin = i64::from(margin(board));
    // What is nearly as long as the board goes without part of the margin, not over the edge.
    let last = |side: u32, length: i64| (i64::from(side) - length).max(0);
    let (last_column, last_row) = (last(board.width(), length(width)), last(board.height(), length(height)));
    let left = if corner.is_left() { margin.min(last_column) } else { (last_column - margin).max(0) };
    if corner.is_top() {
        return (left, margin.min(last_row));
    }
    let row = last_row - margin;
    let lifted = row - length(band);
    (left, if lifted >= 0 { lifted } else { row.max(0) })
}

#[cfg(test)]
#[path = "overlay_tests.rs"]
mod tests;
