//! What lies over the picture: the overlays in the corners, and over them the running text; and the picture with both.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::geometry::Geometry;
use playlists::id::Digest;

use super::Shot;
use super::decode::Source;
use super::machine::item;
use super::overlay::{Ground, Laid, Overlays};
use super::ticker::{Moved, Over, Ticker};
use crate::frame::Frame;

/// The layers over the picture.
pub(super) struct Layers {
    pub(super) ticker: Ticker,
    pub(super) overlays: Overlays,
    canvas: Canvas,
}

impl Layers {
    pub(super) fn new() -> Self {
        Self { ticker: Ticker::new(), overlays: Overlays::new(), canvas: Canvas::default() }
    }

    /// What is to be decoded for them.
    pub(super) fn wanted(&self) -> Option<&Source> {
        self.ticker.wanted().or_else(|| self.overlays.wanted())
    }

    /// An item gives nothing that could be drawn; its bytes may be there when it is ordered again where they `may_come`.
    pub(super) fn broken(&mut self, item: Digest, may_come: bool) {
        self.ticker.broken(item, may_come);
        self.overlays.broken(item, may_come);
    }

    /// Goes to `wall`, the time of day, over this shot. Running text lies over every item, overlays where the shot may be overlaid.
    pub(super) fn move_to(&mut self, (now, wall): (Duration, DateTime<Utc>), geometry: Geometry, on: Option<&Shot>) -> Moved {
        let ran = self.ticker.move_to((now, wall), geometry, on.and_then(item).is_some());
        let band = self.ticker.over().map_or(0, |over| over.strip.height());
        let changed = self.overlays.move_to(wall, Ground { geometry, overlaid: on.is_some_and(|shot| shot.overlaid), band });
        let next = [ran.next, self.overlays.next((now, wall))].into_iter().flatten().min();
        Moved { changed: ran.changed || changed, next, ..ran }
    }

    /// Whether the output is to be shown what is seen: where the picture `stands`, what lies in a corner has changed, or the running text
    /// is due. And whether it must be.
    pub(super) fn looks(&mut self, now: Duration, stands: bool) -> (bool, bool) {
        let is_news = self.overlays.is_news();
        self.overlays.shown();
        (self.ticker.looks(now, stands || is_news), is_news)
    }

    /// The picture with all that lies over it. `kept` is `picture` where that will be the same frame next time: then only the rows that
    /// change are drawn.
    pub(super) fn draw<'a>(&'a mut self, picture: &'a Frame, kept: Option<&Arc<Frame>>) -> &'a Frame {
        if self.ticker.is_empty() && self.overlays.is_empty() {
            self.canvas = Canvas::default();
        }
        self.canvas.draw(picture, kept, self.overlays.laid(), self.ticker.over())
    }
}

/// The picture as it was drawn last.
#[derive(Default)]
struct Canvas {
    frame: Option<Frame>,
    /// The picture and the overlays that it shows but for its lowest rows; none when it shows others.
    base: Option<(Arc<Frame>, Arc<[Laid]>)>,
    /// How many of its lowest rows running text is drawn over.
    covered: usize,
}

impl Canvas {
    fn draw<'a>(
        &'a mut self,
        picture: &'a Frame,
        kept: Option<&Arc<Frame>>,
        laid: &Arc<[Laid]>,
        over: Option<&Over>,
    ) -> &'a Frame {
        if laid.is_empty() && over.is_none() {
            self.base = None;
            return picture;
        }
        let is_same = |(base, lying): &(Arc<Frame>, Arc<[Laid]>), kept| Arc::ptr_eq(base, kept) && Arc::ptr_eq(lying, laid);
        let is_there = self.base.as_ref().zip(kept).is_some_and(|(base, kept)| is_same(base, kept));
        let rows = if is_there { self.covered } else { usize::MAX };
        let height = picture.geometry().height() as usize;
        let frame = self.frame.get_or_insert_with(|| Frame::black(picture.geometry()));
        frame.copy_lowest(picture, rows);
        for one in laid.iter() {
            one.sprite.draw(frame, one.place, height.saturating_sub(rows)..height);
        }
        self.base = kept.map(|kept| (Arc::clone(kept), Arc::clone(laid)));
        self.covered = over.map_or(0, |over| over.strip.height());
        if let Some(over) = over {
            over.strip.draw_lowest(frame, over.left);
        }
        frame
    }
}
