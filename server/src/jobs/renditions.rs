//! The loop that makes renditions of stills, slides and tickers: newest first, each once; a failure keeps its reason.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use playlists::asset::Kind;
use playlists::geometry::Geometry;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::campaign_draft::OPERATORS_ZONE;
use crate::app::draw::{self, DrawError, Unfit};
use crate::app::faults;
use crate::live::Change;
use crate::media::blobs::BlobError;
use crate::media::intake::MediaError;
use crate::media::stills;
use crate::store::assets::{Asset, AssetVersion};
use crate::store::faults::Fault as Told;
use crate::store::renditions::{Rendition, State, Variant};
use crate::store::{StoreError, asset_versions, assets, publish_wanted, renditions};
use crate::telemetry::chain;

/// Renditions made before the boards of their geometries are told.
const BATCH: u32 = 8;
/// Longest wait between two tries, in milliseconds.
const LONGEST_WAIT_MS: i64 = 10 * 60 * 1000;
/// Longest reason kept of a failure, in characters.
const LONGEST_REASON: usize = 500;

/// Makes renditions until it is told to stop.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    super::repeat("making renditions", &app.live.renditions, &stop, || until_done(&app, &stop)).await;
}

async fn until_done(app: &App, stop: &CancellationToken) -> Result<(), StoreError> {
    while !stop.is_cancelled() && run_once(app).await? > 0 {}
    Ok(())
}

/// Makes one batch and wakes the boards that wait for it; answers how many it worked on.
///
/// # Errors
/// When the database fails; what was not saved is made again.
pub async fn run_once(app: &App) -> Result<usize, StoreError> {
    let wanted = renditions::wanted(&app.db, Kind::Still, app.clock.now_ms(), BATCH).await?;
    let mut done = Vec::with_capacity(wanted.len());
    for rendition in wanted {
        done.push(make(app, rendition).await?);
    }
    settle(app, done, stills::MEDIA_TYPE).await
}

/// Saves how far these renditions are and wakes the boards that wait for them; answers how many there are.
pub(super) async fn settle(app: &App, done: Vec<Rendition>, media_type: &str) -> Result<usize, StoreError> {
    if done.is_empty() {
        return Ok(0);
    }
    let settled: BTreeSet<Geometry> =
        done.iter().filter(|rendition| rendition.state != State::Wanted).map(|rendition| rendition.key.geometry).collect();
    let mut tx = app.db.write().await?;
    for rendition in &done {
        let media_type = matches!(rendition.state, State::Ready { .. }).then_some(media_type);
        renditions::save(&mut tx, rendition, media_type).await?;
    }
    for geometry in settled {
        publish_wanted::wake_geometry(&mut tx, geometry).await?;
    }
    tx.commit().await?;
    app.live.publish.notify_one();
    let worked_on = done.len();
    for rendition in done {
        app.live.tell(Change::Asset(rendition.key.of.asset));
    }
    Ok(worked_on)
}

/// Why a rendition could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The file, the board or ffmpeg.
    #[error(transparent)]
    Media(MediaError),
    /// The disk.
    #[error(transparent)]
    Blob(BlobError),
    /// The picture cannot be drawn.
    #[error("{}", chain(.0))]
    Draw(DrawError),
    /// Nothing to make it of.
    #[error("the asset is gone")]
    NoAsset,
}

impl Fault {
    /// As pages say it; of a picture of this day.
    fn told(&self, day: NaiveDate) -> Told {
        match self {
            Self::Media(fault) => faults::of_media(fault),
            Self::Blob(fault) => faults::of_blob(fault),
            Self::Draw(fault) => faults::of_draw(fault, day),
            Self::NoAsset => Told::plain("rendition-fault-original"),
        }
    }

    /// The disk may do better next time; a picture that cannot be decoded will not.
    fn is_passing(&self) -> bool {
        match self {
            Self::Blob(fault) | Self::Draw(DrawError::Blob(fault)) => {
                matches!(fault, BlobError::Read { .. } | BlobError::Write { .. })
            }
            Self::Media(MediaError::Clip(fault)) => fault.is_passing(),
            Self::Media(_) | Self::Draw(_) | Self::NoAsset => false,
        }
    }
}

async fn make(app: &App, rendition: Rendition) -> Result<Rendition, StoreError> {
    let made = match original(app, &rendition).await? {
        Some((asset, version)) => render(app, &asset, &version, &rendition).await,
        None => Err(Fault::NoAsset),
    };
    Ok(outcome(app, rendition, made))
}

/// The asset and its version that a rendition is made of.
pub(super) async fn original(app: &App, rendition: &Rendition) -> Result<Option<(Asset, AssetVersion)>, StoreError> {
    let asset = assets::get(&app.db, &rendition.key.of.asset).await?;
    let version = asset_versions::get(&app.db, &rendition.key.of).await?;
    Ok(asset.zip(version))
}

/// The rendition as it is to be saved after it was made, or after that failed.
pub(super) fn outcome(app: &App, rendition: Rendition, made: Result<State, Fault>) -> Rendition {
    let now_ms = app.clock.now_ms();
    match made {
        Ok(state) => Rendition { state, changed_ms: now_ms, ..rendition },
        Err(fault) => {
            let attempt = rendition.attempt.saturating_add(1);
            tracing::warn!(asset.id = %rendition.key.of.asset, error = %chain(&fault), "a rendition at {} cannot be made", rendition.key.geometry);
            if fault.is_passing() {
                Rendition { state: State::Wanted, attempt, changed_ms: now_ms + wait_ms(attempt), ..rendition }
            } else {
                let today = app.clock.now().with_timezone(&OPERATORS_ZONE).date_naive();
                let error = fault.to_string().chars().take(LONGEST_REASON).collect();
                let fault = Some(fault.told(rendition.key.variant.day().unwrap_or(today)));
                Rendition { state: State::Failed { error, fault }, attempt, changed_ms: now_ms, ..rendition }
            }
        }
    }
}

async fn render(app: &App, asset: &Asset, version: &AssetVersion, rendition: &Rendition) -> Result<State, Fault> {
    let today = app.clock.now().with_timezone(&OPERATORS_ZONE).date_naive();
    let day = rendition.key.variant.day().unwrap_or(today);
    let geometry = rendition.key.geometry;
    let drawn = match rendition.key.variant {
        Variant::Overlay(size) => draw::overlay(app, version, size.room(geometry)).await,
        Variant::Whole | Variant::Day(_) => draw::version(app, asset.kind, version, geometry, day, Unfit::Refused).await,
    };
    let drawn = drawn.map_err(Fault::Draw)?;
    let size_bytes = drawn.png.len() as u64;
    let sha256 = app.blobs.put(drawn.png).await.map_err(Fault::Blob)?;
    Ok(State::Ready { sha256, size_bytes, strip_width: drawn.strip_width })
}

/// Two seconds, doubled with each try, up to ten minutes.
fn wait_ms(attempt: u32) -> i64 {
    1_000_i64.checked_shl(attempt.min(20)).unwrap_or(LONGEST_WAIT_MS).min(LONGEST_WAIT_MS)
}
