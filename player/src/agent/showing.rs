//! What is on the screen: the manifest in force, its schedule, and the stage that is told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::campaign::Period;
use playlists::id::Digest;
use playlists::schedule::{Reader, Running};
use playlists::trust::manifest::{Item, Manifest};
use playlists::wire::reports::{DROPPED_FRAMES, INTERRUPTED, OVER_LOOP, PlayedItem};
use playlists::{millis, overlay};

use super::{Agent, blocking, chain, log};
use crate::cache::Cache;
use crate::clock::Reading;
use crate::pace::Pace;
use crate::playback::{self, Circumstances, Picture, Scene, Shown};
use crate::presenter::Presenter;
use crate::queue::KeptPlay;
use crate::snapshot;
use crate::stage::decode::{DecodeError, Form, Source};
use crate::stage::overlay::{Overlay, Shows};
use crate::stage::ticker::Run;
use crate::stage::{Content, Onscreen, Order, Play, Report, Screen, Shot};

/// The manifest in force.
#[derive(Debug, Clone)]
pub(crate) struct Active {
    pub(crate) manifest: Manifest,
    pub(crate) sha256: Digest,
    pub(crate) reader: Reader,
}

/// The stage and what it was told.
pub(crate) struct Showing {
    stage: Option<Box<dyn Presenter>>,
    screen: Arc<Screen>,
    cache: Cache,
    active: Option<Active>,
    scene: Option<Scene>,
    circumstances: Option<Circumstances>,
    prepared: Option<Digest>,
    on: Option<Onscreen>,
    pace: Pace,
    /// Until when what the stage was told of running text holds, and in which circumstances.
    runs: Option<(Circumstances, DateTime<Utc>)>,
    /// In which circumstances the stage was told of overlays.
    overlays: Option<Circumstances>,
    /// What is on and cannot go on, until its bytes have come again.
    lost: Option<Digest>,
}

impl Showing {
    pub(crate) fn new(stage: Box<dyn Presenter>, cache: Cache, active: Option<Active>) -> Self {
        let screen = stage.screen();
        let (scene, circumstances, prepared, on, runs, overlays, lost) = (None, None, None, None, None, None, None);
        let (stage, pace) = (Some(stage), Pace::default());
        Self { stage, screen, cache, active, scene, circumstances, prepared, on, pace, runs, overlays, lost }
    }

    pub(crate) fn active(&self) -> Option<&Active> {
        self.active.as_ref()
    }
    pub(super) fn scene(&self) -> Option<&Scene> {
        self.scene.as_ref()
    }
    pub(super) fn on(&self) -> Option<&Onscreen> {
        self.on.as_ref()
    }
    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }
    pub(super) fn stage(&self) -> Option<&dyn Presenter> {
        self.stage.as_deref()
    }
    pub(super) fn take_stage(&mut self) -> Option<Box<dyn Presenter>> {
        self.stage.take()
    }
    /// Another manifest is in force from now on.
    pub(super) fn activate(&mut self, active: Active) {
        self.active = Some(active);
        self.forget();
    }
    /// What is to be shown is to be said again, as after its content came.
    pub(super) fn forget(&mut self) {
        (self.circumstances, self.prepared, self.runs, self.overlays) = (None, None, None, None);
    }
    /// An item's bytes have come: it is shown anew where it could not go on.
    pub(super) fn came(&mut self, item: &Digest) {
        if self.lost.take_if(|lost| lost == item).is_some() && self.on.as_ref().is_some_and(|on| on.item.as_ref() == Some(item)) {
            self.on = None;
        }
        self.forget();
    }
    /// Tells the stage by which time of day clips run: `believed` at the monotonic clock's zero.
    pub(crate) fn tie(&mut self, believed: DateTime<Utc>, now: Duration) {
        if let (Some(origin), Some(stage)) = (self.pace.follow(believed, now), &self.stage)
            && !stage.order(Order::Tie(origin))
        {
            self.pace = Pace::default();
        }
    }
    /// How long what is on may stay.
    pub(super) fn wait(&self, now: DateTime<Utc>) -> Duration {
        let ends = self.scene.as_ref().map(|scene| scene.until).into_iter().chain(self.runs.map(|(_, until)| until));
        ends.min().map_or(Duration::MAX, |until| playback::wait(now, until))
    }

    /// Tells the stage what is to be on the screen at `now`, if that changed, and what comes next.
    pub(crate) fn refresh(&mut self, circumstances: Circumstances, now: DateTime<Utc>) {
        self.refresh_picture(circumstances, now);
        self.refresh_runs(circumstances, now);
        self.refresh_overlays(circumstances);
    }

    fn refresh_picture(&mut self, circumstances: Circumstances, now: DateTime<Utc>) {
        let same = self.circumstances == Some(circumstances);
        let in_time = self.scene.as_ref().is_some_and(|scene| scene.since <= now && now < scene.until);
        if same && in_time {
            self.prepare(circumstances);
            return;
        }
        let Some(active) = &mut self.active else { return };
        let showing = active.reader.resolve(now);
        let scene = playback::scene(&active.manifest, showing, circumstances);
        let on_as_told = self.on.as_ref().is_some_and(|on| is_of(on, &scene));
        let interrupts = self.scene.as_ref().is_some_and(|old| now < old.until);
        if on_as_told || self.say(&scene, interrupts) {
            (self.scene, self.circumstances, self.prepared) = (Some(scene), Some(circumstances), None);
        }
    }

    /// Tells the stage which strips run over the picture: the one of `now`, and the next.
    fn refresh_runs(&mut self, circumstances: Circumstances, now: DateTime<Utc>) {
        if self.runs.is_some_and(|(told, until)| told == circumstances && now < until) {
            return;
        }
        let Some(active) = &mut self.active else { return };
        let running = active.reader.ticker(now);
        let next = active.reader.ticker(running.until);
        let runs = [&running, &next].iter().filter_map(|running| self.run(running, circumstances)).collect();
        if self.stage.as_ref().is_some_and(|stage| stage.order(Order::Run(runs))) {
            self.runs = Some((circumstances, running.until));
        }
    }

    fn run(&self, running: &Running, circumstances: Circumstances) -> Option<Run> {
        let manifest = &self.active.as_ref()?.manifest;
        let (crossing, size) = playback::crossing(manifest, running, circumstances)?;
        let (item, width, speed) = (crossing.ticker.item, crossing.ticker.width, crossing.ticker.speed);
        Some(Run {
            source: Source { item, size, form: Form::Strip { width }, path: self.cache.path(&item) },
            played: PlayedItem { sha256: item, asset: None, campaign: crossing.campaign },
            speed,
            since: running.since,
            until: running.until,
            rev: manifest.rev,
        })
    }

    /// Tells the stage what lies over the loop; when, is its own to see.
    fn refresh_overlays(&mut self, circumstances: Circumstances) {
        let Some(active) = self.active.as_ref().filter(|_| self.overlays != Some(circumstances)) else { return };
        let overlays = playback::overlays(&active.manifest, circumstances);
        let overlays = overlays.into_iter().filter_map(|overlay| self.overlay(&active.manifest, overlay)).collect();
        if self.stage.as_ref().is_some_and(|stage| stage.order(Order::Overlay(overlays))) {
            self.overlays = Some(circumstances);
        }
    }

    fn overlay(&self, manifest: &Manifest, overlay: &overlay::Overlay) -> Option<Overlay> {
        let shows = match overlay.shows {
            overlay::Shows::Clock(clock) => Shows::Clock(clock, manifest.time_zone),
            overlay::Shows::Picture(item) => {
                let Item { size, from, until, .. } = *manifest.item(&item)?;
                let form = Form::Overlay { room: overlay.size.room(manifest.geometry) };
                Shows::Picture(Source { item, size, form, path: self.cache.path(&item) }, Period { from, until })
            }
        };
        Some(Overlay { corner: overlay.corner, size: overlay.size, shows })
    }

    fn say(&self, scene: &Scene, interrupts: bool) -> bool {
        let (content, played) = match &scene.picture {
            Picture::Dark => (Content::Dark, None),
            Picture::Resident => (Content::Resident, None),
            Picture::Item(shown) => (Content::Item(self.source(shown)), Some(played(shown))),
        };
        let shot = Shot { content, played, since: scene.since, rev: scene.rev, interrupts, overlaid: scene.overlaid };
        self.stage.as_ref().is_some_and(|stage| stage.order(Order::Show(shot)))
    }

    /// Has the next item decoded once the present one is on the screen.
    fn prepare(&mut self, circumstances: Circumstances) {
        let (Some(scene), Some(active), Some(on)) = (&self.scene, &mut self.active, &self.on) else { return };
        if self.prepared.is_some() || !is_of(on, scene) {
            return;
        }
        let next = active.reader.resolve(scene.until);
        let Picture::Item(shown) = playback::scene(&active.manifest, next, circumstances).picture else { return };
        let source = self.source(&shown);
        if self.stage.as_ref().is_some_and(|stage| stage.order(Order::Prepare(source))) {
            self.prepared = Some(shown.item);
        }
    }

    fn source(&self, shown: &Shown) -> Source {
        Source { item: shown.item, size: shown.size, form: shown.kind.into(), path: self.cache.path(&shown.item) }
    }

    /// Shows the safe item where nothing of the manifest is on yet and what should be cannot be.
    fn fall_back(&mut self, broken: &Digest) {
        let (Some(active), Some(scene)) = (&self.active, &self.scene) else { return };
        let safe = active.manifest.safe_item;
        // What cannot be drawn over the loop leaves the loop as it is.
        let lies_over = playback::lies_over(&active.manifest, broken);
        if lies_over || safe == *broken || self.on.as_ref().is_some_and(|on| on.item.is_some()) {
            return;
        }
        let Some(item) = active.manifest.item(&safe) else { return };
        let shown = Shown { item: safe, size: item.size, kind: item.kind, asset: None, campaign: None };
        self.say(&Scene { picture: Picture::Item(shown), overlaid: false, ..scene.clone() }, true);
    }
}

/// Whether what is on the screen is this very showing.
fn is_of(on: &Onscreen, scene: &Scene) -> bool {
    let item = if let Picture::Item(shown) = &scene.picture { Some(shown.item) } else { None };
    on.since == Some(scene.since) && on.rev == scene.rev && on.item == item && on.overlaid == scene.overlaid
}

fn played(shown: &Shown) -> PlayedItem {
    PlayedItem { sha256: shown.item, asset: shown.asset.clone(), campaign: shown.campaign.clone() }
}

impl Agent {
    /// What a mode, a clock and the time ask for.
    pub(super) fn show(&mut self) {
        let reading = Reading::exact(self.parts.clock.as_ref());
        self.parts.showing.tie(self.parts.keeper.origin(reading), reading.monotonic);
        let belief = self.belief();
        let circumstances = Circumstances { mode: self.mode(), quality: belief.quality };
        self.parts.showing.refresh(circumstances, belief.now);
    }

    pub(super) async fn on_stage(&mut self, report: Report) {
        match report {
            Report::Started(on) => self.parts.showing.on = Some(on),
            Report::Settled(on) => {
                if self.snapshot_due_for(on.rev) {
                    self.snapshot_wanted = Some(snapshot::ASKED);
                }
                self.parts.showing.on = Some(on);
            }
            Report::Ended(play) => self.keep_play(self.kept(play)).await,
            Report::Broken { item, error } => self.broken(item, &error).await,
            Report::Fault(error) => self.note("output-fault", &chain(&error), ""),
            Report::Closed => {
                tracing::info!("the window was closed: the player ends");
                self.parts.stop.cancel();
            }
        }
    }

    fn kept(&self, play: Play) -> KeptPlay {
        let interrupted = if play.interrupted { INTERRUPTED } else { 0 };
        let dropped = if play.dropped > 0 { DROPPED_FRAMES } else { 0 };
        KeptPlay {
            boot: self.parts.boot.clone(),
            item: play.played,
            start_ms: millis::of(play.start),
            shown_ms: millis::of(play.shown),
            flags: interrupted | dropped | if play.is_over { OVER_LOOP } else { 0 },
            rev: play.rev,
        }
    }

    /// Content whose bytes changed on disk is fetched again; what is no picture is said and left alone.
    async fn broken(&mut self, item: Digest, error: &DecodeError) {
        self.parts.showing.fall_back(&item);
        if !matches!(error, DecodeError::Bytes(_)) {
            self.note("item-unplayable", &chain(error), &item.to_string());
            return;
        }
        self.note("content-lost", &chain(error), &item.to_string());
        self.parts.showing.lost = Some(item);
        let cache = self.parts.cache.clone();
        log(blocking(move || cache.remove(&item)).await, "damaged content could not be removed");
        self.parts.held.remove(&item);
        self.fetching.look_again();
    }
}
