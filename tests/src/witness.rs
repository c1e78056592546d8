//! Somebody who watches a board's screen all the time, and afterwards tells of every picture that was on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bangtin::ports::{Clock as _, SystemClock};
use bangtin::store::manifests;
use bangtin_player::frame::Frame;
use bangtin_player::stage::clock;
use bangtin_player::stage::screen::Screen;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use image::RgbImage;
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use playlists::id::Digest;
use playlists::overlay::{self, Clock, Corner, Overlay, Shows};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use tokio::time::interval;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::boards::Board;
use crate::clips::frames_by_ffmpeg;
use crate::pictures;
use crate::world::World;

/// Between two looks; no item is shown for so short.
const LOOK: Duration = Duration::from_millis(20);

/// The pixels that were on the screen under each item's name.
type Seen = Arc<Mutex<BTreeMap<Option<Digest>, BTreeSet<Digest>>>>;

/// One player's witness; it looks until it is dropped.
#[derive(Debug)]
pub(crate) struct Witness {
    names: Names,
    seen: Seen,
    _stop: DropGuard,
}

/// How a witness names what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Each picture comes with its item.
    Items,
    /// Picture and description are two files: a player that is killed may leave the new one of the one and the old of the other.
    Nothing,
}

impl Witness {
    /// Looks at the screen of a player within.
    pub(crate) fn of_screen(screen: Arc<Screen>) -> Self {
        let mut last: Option<Arc<Frame>> = None;
        Self::start(Names::Items, move || {
            let on = screen.on().filter(|on| last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &on.frame)))?;
            last = Some(Arc::clone(&on.frame));
            Some((on.item, Digest::of(&on.frame.to_rgb())))
        })
    }

    /// Looks at the frames that a player apart leaves; they are replaced as a whole.
    pub(crate) fn of_folder(frames: &Path) -> Self {
        let (png, mut last) = (frames.join("latest.png"), Vec::new());
        Self::start(Names::Nothing, move || {
            let frame = std::fs::read(&png).ok().filter(|frame| *frame != last)?;
            last.clone_from(&frame);
            Some((None, Digest::of(&pictures::read(&frame).into_raw())))
        })
    }

    fn start(names: Names, mut look: impl FnMut() -> Option<(Option<Digest>, Digest)> + Send + 'static) -> Self {
        let (seen, stop) = (Seen::default(), CancellationToken::new());
        let noted = Arc::clone(&seen);
        let watch = async move {
            let mut looks = interval(LOOK);
            loop {
                looks.tick().await;
                if let Some((item, pixels)) = look() {
                    noted.lock().unwrap_or_else(PoisonError::into_inner).entry(item).or_default().insert(pixels);
                }
            }
        };
        TaskTracker::new().spawn(stop.clone().run_until_cancelled_owned(watch));
        Self { names, seen, _stop: stop.drop_guard() }
    }
}

impl World {
    /// Looks whether all that was ever on the board's screen is, pixel by pixel, an item that the server made, or what a board
    /// shows when there is none.
    ///
    /// # Panics
    /// When anything else was.
    pub async fn only_what_was_made_was_shown(&self, board: &Board) {
        // A board may have had other pixels before.
        let sizes = self.boards.iter().filter(|known| known.id == board.id).map(|known| known.geometry);
        let bare: BTreeSet<Digest> = sizes.flat_map(of_itself).collect();
        for (_, witness) in self.witnesses.iter().filter(|(of, _)| *of == board.id) {
            let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for (item, pixels) in seen {
                let made = match (item, witness.names) {
                    (Some(item), _) => self.made(&item, board.geometry).await,
                    (None, Names::Items) => bare.clone(),
                    (None, Names::Nothing) => {
                        let mut made = bare.clone();
                        let manifests = self.signed_for(board).await;
                        let items = manifests.iter().flat_map(|manifest| &manifest.items).map(|item| item.sha256);
                        for item in items.collect::<BTreeSet<_>>() {
                            made.extend(self.made(&item, board.geometry).await);
                        }
                        for manifest in &manifests {
                            made.extend(self.under_running_text(manifest, board.geometry).await);
                            made.extend(self.under_overlays(manifest, board.geometry).await);
                        }
                        made
                    }
                };
                let others: Vec<_> = pixels.difference(&made).collect();
                assert!(others.is_empty(), "{} showed other pixels as {item:?}: {others:?}", board.id);
            }
        }
    }
}

impl World {
    /// The pixels of an item; of a clip those of each frame, as ffmpeg decodes them.
    async fn made(&self, item: &Digest, board: Geometry) -> BTreeSet<Digest> {
        let blobs = &self.app().blobs;
        let bytes = blobs.read(item).await.expect("what was on the screen was made by the server");
        assert_eq!(Digest::of(&bytes), *item, "a blob is named by its bytes");
        if bytes.get(4..8) == Some(b"ftyp") {
            return frames_by_ffmpeg(&blobs.path(item), board).iter().map(|frame| Digest::of(frame)).collect();
        }
        BTreeSet::from([Digest::of(&pictures::read(&bytes).into_raw())])
    }

    /// The pixels of each still of a manifest with each of its running texts over it, wherever that is.
    async fn under_running_text(&self, manifest: &Manifest, board: Geometry) -> BTreeSet<Digest> {
        let (blobs, mut made) = (&self.app().blobs, BTreeSet::new());
        for ticker in manifest.campaigns.iter().filter_map(|campaign| campaign.plays.ticker()) {
            let strip = blobs.read(&ticker.item).await.expect("what a manifest names was made by the server");
            let strip = image::load_from_memory(&strip).expect("a strip").to_rgba8();
            for item in manifest.items.iter().filter(|item| item.kind == Kind::Still && item.sha256 != ticker.item) {
                let still =
                    pictures::read(&blobs.read(&item.sha256).await.expect("what a manifest names was made by the server"));
                if still.dimensions() == (board.width(), board.height()) {
                    let columns = -i64::from(strip.width())..=i64::from(board.width());
                    made.extend(columns.map(|left| Digest::of(&pictures::with_strip(&still, &strip, left).into_raw())));
                }
            }
        }
        made
    }

    /// The pixels of each still of a manifest with what lies over the loop by it, or a part of that, a clock as it was at any minute since
    /// the manifest was signed. Not under running text, which moves it.
    async fn under_overlays(&self, manifest: &Manifest, board: Geometry) -> BTreeSet<Digest> {
        let (blobs, mut made) = (&self.app().blobs, BTreeSet::new());
        let read = async |item: &Digest| blobs.read(item).await.expect("what a manifest names was made by the server");
        let mut logos = BTreeMap::new();
        for item in manifest.overlays.iter().filter_map(Overlay::picture) {
            logos.insert(*item, image::load_from_memory(&read(item).await).expect("a picture").to_rgba8());
        }
        if manifest.overlays.is_empty() {
            return made;
        }
        let (since, now) = (manifest.issued - TimeDelta::minutes(1), SystemClock.now());
        let minutes: Vec<_> =
            (0..).map(|n| since + TimeDelta::minutes(n)).take_while(|at| *at <= now + TimeDelta::minutes(1)).collect();
        for item in &manifest.items {
            let still = if item.kind == Kind::Still { image::load_from_memory(&read(&item.sha256).await) } else { continue };
            let still = still.expect("a picture").to_rgb8();
            if still.dimensions() != (board.width(), board.height()) {
                continue;
            }
            for parts in 1_u32..1 << manifest.overlays.len() {
                let lying = (0..).zip(&manifest.overlays).filter(|(number, _)| parts & (1 << number) != 0);
                let lying: Vec<&Overlay> = lying.map(|(_, overlay)| overlay).collect();
                for minute in &minutes {
                    let seen = lying.iter().fold(still.clone(), |under, overlay| match &overlay.shows {
                        Shows::Picture(logo) => {
                            let logo = logos.get(logo).expect("it was read");
                            pictures::with_picture(&under, logo, place(overlay.corner, logo.dimensions(), board))
                        }
                        Shows::Clock(clock) => with_clock(&under, overlay, *clock, (*minute, manifest.time_zone), board),
                    });
                    made.insert(Digest::of(&seen.into_raw()));
                }
            }
        }
        made
    }

    /// All manifests that were ever signed for the board.
    async fn signed_for(&self, board: &Board) -> Vec<Manifest> {
        let app = self.app();
        let signed = manifests::newest(&app.db, &board.id, u32::MAX).await.expect("the manifests are read");
        let manifests = signed.into_iter().map(|signed| {
            let payload = Envelope::parse(&signed.envelope).expect("an envelope");
            let payload = payload.open(DocumentType::Manifest, &[app.keys.publish.public()], 1).expect("it is signed");
            serde_json::from_slice(&payload).expect("a manifest")
        });
        manifests.collect()
    }
}

/// The column and the row at which an overlay of so many columns and rows begins.
fn place(corner: Corner, (width, height): (u32, u32), board: Geometry) -> (i64, i64) {
    let margin = overlay::margin(board);
    let left = if corner.is_left() { margin } else { board.width() - margin - width };
    let top = if corner.is_top() { margin } else { board.height() - margin - height };
    (i64::from(left), i64::from(top))
}

/// A picture with a board's clock over it, as players write it.
fn with_clock(under: &RgbImage, overlay: &Overlay, clock: Clock, at: (DateTime<Utc>, Tz), board: Geometry) -> RgbImage {
    let Some(face) = clock::face(clock, at, overlay.size.room(board), board) else { return under.clone() };
    let pixels = under.pixels().map(|pixel| u32::from_be_bytes([0, pixel.0[0], pixel.0[1], pixel.0[2]])).collect();
    let mut frame = Frame::from_pixels(board, pixels).expect("the board's pixels");
    let size = [face.sprite.width(), face.sprite.height()].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    face.sprite.draw(&mut frame, place(overlay.corner, size.into(), board), 0..board.height() as usize);
    RgbImage::from_raw(board.width(), board.height(), frame.to_rgb()).expect("the board's pixels")
}

/// What a board shows of itself: nothing, or its resident picture.
fn of_itself(geometry: Geometry) -> BTreeSet<Digest> {
    [Frame::filled(geometry, 0), Frame::resident(geometry)].iter().map(|frame| Digest::of(&frame.to_rgb())).collect()
}
