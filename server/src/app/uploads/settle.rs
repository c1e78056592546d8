//! What becomes of uploads that are whole, and of those that nobody goes on with.

use futures_util::StreamExt;

use super::fault;
use super::received::Upload as Whole;
use super::resumable::{refuse, remove_bytes, until_ms};
use crate::app::App;
use crate::app::assets::{self, AddAssetError, Label};
use crate::media::clips::{ClipFault, HEAD};
use crate::media::intake::MediaError;
use crate::store::uploads::{State, Upload, UploadId};
use crate::store::{StoreError, uploads};
use crate::telemetry::chain;

/// Uploads that are loaded at once.
const BATCH: u32 = 16;
/// Uploads looked over at once: a still need not wait for a clip. Pictures and clips have their own bounds within.
const AT_ONCE: usize = 3;
/// How often looking one over may fail for want of the machine.
const MOST_ATTEMPTS: u32 = 6;
/// Rows of uploads swept out in one go.
const SWEPT: u32 = 200;

/// Looks over uploads that are whole, and adds or refuses them; answers how many it settled or put off. The file stays until that is
/// noted: a server that is killed here does it again, and the same bytes are the same asset.
///
/// # Errors
/// When the database fails; what was not noted is done again.
pub async fn run_once(app: &App) -> Result<usize, StoreError> {
    let whole = uploads::whole(&app.db, app.clock.now_ms(), BATCH).await?;
    let mut settled = futures_util::stream::iter(whole).map(|upload| settle(app, upload)).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(one) = settled.next().await {
        one?;
        done += 1;
    }
    Ok(done)
}

async fn settle(app: &App, upload: Upload) -> Result<(), StoreError> {
    let added = add(app, &upload).await;
    let settled = match added {
        Ok(asset) => {
            uploads::settle(&app.db, &upload.id, &State::Added(asset), until_ms(app.clock.now_ms())).await?;
            remove_bytes(app, &upload.id).await;
            Ok(())
        }
        Err(error) if is_passing(&error) && upload.attempt + 1 < MOST_ATTEMPTS => {
            let attempt = upload.attempt + 1;
            tracing::warn!(upload = %upload.id, error = %chain(&error), "an upload cannot be looked over now; it is tried again");
            uploads::put_off(&app.db, &upload.id, attempt, app.clock.now_ms() + (1_000_i64 << attempt)).await
        }
        Err(error) => {
            tracing::info!(upload = %upload.id, error = %chain(&error), "an upload was refused");
            refuse(app, &upload, fault::of(&error)).await
        }
    };
    app.live.settled.notify_waiters();
    settled
}

async fn add(app: &App, upload: &Upload) -> Result<playlists::id::AssetId, AddAssetError> {
    let name = upload.id.as_str();
    let staged = app.blobs.stage_part(name).await.map_err(AddAssetError::Blob)?;
    let head = app.blobs.parts().head(name, HEAD).await.map_err(|source| {
        AddAssetError::Blob(crate::media::blobs::BlobError::Write { path: app.blobs.parts().path(name), source })
    })?;
    let whole = Whole::whole(staged, head, upload.size_bytes);
    if let Some(asset) = &upload.asset {
        // It is brought to boards' shapes as the version before it.
        return assets::add_version(app, asset, upload.language.clone(), None, whole).await.map(|asset| asset.id);
    }
    let stem = upload.name.rsplit_once('.').map_or(upload.name.as_str(), |(stem, _)| stem);
    let name = if stem.trim().is_empty() { upload.name.clone() } else { stem.to_owned() };
    let label = Label { unit: upload.unit.clone(), name, language: upload.language.clone(), fit: upload.fit };
    assets::add_upload(app, label, whole).await.map(|asset| asset.id)
}

/// Whether the machine failed, and not the file.
const fn is_passing(error: &AddAssetError) -> bool {
    matches!(
        error,
        AddAssetError::Blob(_)
            | AddAssetError::Random(_)
            | AddAssetError::Store(_)
            | AddAssetError::Media(MediaError::Clip(ClipFault::Io(_)))
    )
}

/// Forgets uploads of which nothing was heard for long, and what became of old ones; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> Result<usize, StoreError> {
    let ended = uploads::ended(&app.db, app.clock.now_ms(), SWEPT).await?;
    let mut swept = 0;
    for id in ended {
        // Somebody who adds to it right now keeps it.
        let Some(_hold) = app.blobs.parts().hold(id.as_str()) else { continue };
        if uploads::forget(&app.db, &id).await? {
            remove_bytes(app, &id).await;
            swept += 1;
        }
    }
    Ok(swept)
}

/// Brings files and rows together after a restart: bytes that may not have reached the disk are cut off, files that no row knows go.
/// Only for the one process that serves, before it does.
///
/// # Errors
/// When the database fails.
pub async fn mend(app: &App) -> Result<(), StoreError> {
    let parts = app.blobs.parts();
    let mut after: Option<UploadId> = None;
    loop {
        let open = uploads::open(&app.db, after.as_ref(), BATCH).await?;
        let Some(last) = open.last() else { break };
        after = Some(last.id.clone());
        for upload in open {
            if let Err(error) = parts.cut(upload.id.as_str(), upload.synced).await {
                tracing::warn!(upload = %upload.id, error = %error, "an upload has lost its bytes and is forgotten");
                uploads::forget(&app.db, &upload.id).await?;
            }
        }
    }
    let names = match parts.names().await {
        Ok(names) => names,
        Err(error) => {
            tracing::warn!(error = %error, "the folder of uploads cannot be read");
            return Ok(());
        }
    };
    for name in names {
        let Ok(id) = name.parse::<UploadId>() else { continue };
        let known = uploads::get(&app.db, &id).await?;
        if !known.is_some_and(|upload| matches!(upload.state, State::Open | State::Whole)) {
            remove_bytes(app, &id).await;
        }
    }
    Ok(())
}
