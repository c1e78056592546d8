//! The loop that makes renditions of clips: newest first, one at a time, beside the stills, which need not wait for them.

use std::sync::Arc;

use playlists::asset::Kind;
use tokio_util::sync::CancellationToken;

use super::renditions::{Fault, original, outcome, settle};
use crate::app::App;
use crate::live::Change;
use crate::media::clips::{self, Container};
use crate::media::intake::MediaError;
use crate::store::assets::AssetVersion;
use crate::store::renditions::{Key, Rendition, State};
use crate::store::{StoreError, renditions};
use crate::telemetry::chain;

/// Per cent between two times that pages are told how far a clip is.
const STEP: u32 = 5;

/// Makes renditions of clips until it is told to stop; one that is being made then is begun anew at the next start.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    if let Err(fault) = app.ffmpeg.check().await {
        tracing::warn!(error = %chain(&fault), "clips cannot be taken; stills work");
    }
    super::repeat("making clips", &app.live.clips, &stop, || until_done(&app, &stop)).await;
}

async fn until_done(app: &App, stop: &CancellationToken) -> Result<(), StoreError> {
    loop {
        // Nothing is lost when it is cancelled: ffmpeg is killed, its file removed, and the rendition is still wanted.
        let made = tokio::select! {
            made = run_once(app) => made?,
            () = stop.cancelled() => return Ok(()),
        };
        if made == 0 {
            return Ok(());
        }
    }
}

/// Makes one and wakes the boards that wait for it; answers how many it worked on.
///
/// # Errors
/// When the database fails; what was not saved is made again.
pub async fn run_once(app: &App) -> Result<usize, StoreError> {
    let Some(wanted) = renditions::wanted(&app.db, Kind::Clip, app.clock.now_ms(), 1).await?.pop() else { return Ok(0) };
    let original = original(app, &wanted).await?;
    let made = async {
        match original {
            Some((_, version)) => make(app, &version, &wanted).await,
            None => Err(Fault::NoAsset),
        }
    };
    let made = tokio::select! {
        made = made => Some(made),
        // ffmpeg is killed and its file removed; there is no row to save anything in.
        () = called_off(app, &wanted.key) => None,
    };
    app.live.making.end();
    let Some(made) = made else {
        tracing::info!(asset.id = %wanted.key.of.asset, "a rendition at {} is not wanted any more", wanted.key.geometry);
        return Ok(1);
    };
    settle(app, vec![outcome(app, wanted, made)], clips::MEDIA_TYPE).await?;
    Ok(1)
}

/// Returns once a rendition is not wanted any more.
async fn called_off(app: &App, key: &Key) {
    loop {
        let mut heard = std::pin::pin!(app.live.called_off.notified());
        heard.as_mut().enable();
        // A database that does not answer calls nothing off.
        if renditions::get(&app.db, key).await.is_ok_and(|found| found.is_none()) {
            return;
        }
        heard.await;
    }
}

async fn make(app: &App, version: &AssetVersion, rendition: &Rendition) -> Result<State, Fault> {
    let container = Container::of_media_type(&version.media_type).ok_or(Fault::Media(MediaError::Unknown))?;
    app.blobs.check(&version.sha256).await.map_err(Fault::Blob)?;
    let (original, to) = (app.blobs.path(&version.sha256), app.blobs.stage());
    let (fit, geometry) = ((version.fit, version.focus), rendition.key.geometry);
    let mut told = None;
    let progress = |percent: u32| {
        if told.is_none_or(|told| percent >= told + STEP) {
            told = Some(percent);
            app.live.making.at(&rendition.key, percent);
            app.live.tell(Change::Asset(rendition.key.of.asset.clone()));
        }
    };
    clips::render(&app.ffmpeg, (&original, container), fit, geometry, to.path(), progress)
        .await
        .map_err(|fault| Fault::Media(MediaError::Clip(fault)))?;
    let (sha256, size_bytes) = to.keep().await.map_err(Fault::Blob)?;
    Ok(State::Ready { sha256, size_bytes, strip_width: None })
}
