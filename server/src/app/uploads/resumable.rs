//! Uploads in pieces: announced, added to from where they stand, given up or forgotten. What was acknowledged is never lost: a piece
//! counts once it is on the disk and the database knows.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use playlists::asset::{Fit, Language};
use playlists::id::AssetId;

use super::fault;
use crate::app::assets::AddAssetError;
use crate::app::{App, checked_name, new_id, units};
use crate::media::clips;
use crate::media::intake::{MediaError, check_size};
use crate::media::parts::Part;
use crate::store::faults::Fault;
use crate::store::uploads::State;
pub use crate::store::uploads::{Upload, UploadId};
use crate::store::{StoreError, uploads};

/// Most uploads that an account may have under way.
pub const MOST_OPEN: u32 = 100;
/// How long an upload is kept of which nothing is heard, and how long one may ask what became of it.
pub const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes that may be lost when the machine loses its power during a piece: after so many the disk is waited for.
const CHECKPOINT: u64 = 8 << 20;
/// Bytes of the disk that uploads leave to everything else.
const RESERVE: u64 = 256 << 20;

/// A file that somebody announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Name of the file; what it becomes is called like it, without its ending.
    pub name: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// How it is to be brought to a board's shape.
    pub fit: Fit,
    /// The asset that it becomes a version of; none: an asset of its own.
    pub asset: Option<AssetId>,
    /// In which language; `und`: without words.
    pub language: Language,
}

/// Why an upload cannot be begun or go on.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// There is none of this id, of this account.
    #[error("there is no such upload")]
    Missing,
    /// Somebody else adds to it.
    #[error("another request adds to the upload")]
    Busy,
    /// It stands elsewhere.
    #[error("the upload stands at {0} bytes")]
    Offset(u64),
    /// More bytes came than were announced.
    #[error("more bytes came than the {0} that were announced")]
    TooLong(u64),
    /// The connection ended before the piece did; what came is kept.
    #[error("the piece was cut off; {0} bytes are kept")]
    CutOff(u64),
    /// The account has enough under way.
    #[error("{MOST_OPEN} uploads are under way")]
    TooMany,
    /// The disk is full.
    #[error("there is no room on the server's disk")]
    NoRoom,
    /// The file is refused.
    #[error("the file is refused: {}", .0.code)]
    Refused(Fault),
    /// The disk failed.
    #[error("the upload cannot be written")]
    Disk(#[source] std::io::Error),
    /// The system gives no random bytes for its id.
    #[error("the system gives no random bytes for an id")]
    Random(#[source] getrandom::Error),
    /// The database failed.
    #[error("the upload cannot be noted")]
    Store(#[source] StoreError),
}

impl UploadError {
    /// The code that pages have words for.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(fault) => fault.clone(),
            Self::Missing => Fault::plain("upload-fault-gone"),
            Self::Busy | Self::Offset(_) => Fault::plain("upload-fault-busy"),
            Self::TooLong(_) => Fault::plain("upload-fault-longer"),
            Self::CutOff(_) => Fault::plain("upload-fault-cut-off"),
            Self::TooMany => Fault::plain("upload-fault-many").with("most", MOST_OPEN),
            Self::NoRoom => Fault::plain("upload-fault-full"),
            Self::Disk(_) | Self::Random(_) | Self::Store(_) => Fault::plain("upload-fault-server"),
        }
    }

    fn disk(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::NoRoom,
            _ => Self::Disk(source),
        }
    }

    fn refused(error: &AddAssetError) -> Self {
        Self::Refused(fault::of(error))
    }
}

/// Begins an upload: what cannot be taken is refused before a byte of it is sent.
///
/// # Errors
/// When it is empty, too large or has no name; when the account has too many under way, or there is no room.
pub async fn begin(app: &App, account: &str, announced: Announced) -> Result<Upload, UploadError> {
    let mut faults = Vec::new();
    let name = checked_name(&announced.name, &mut faults);
    if !faults.is_empty() {
        return Err(UploadError::refused(&AddAssetError::Name));
    }
    if announced.size_bytes == 0 {
        return Err(UploadError::refused(&AddAssetError::Media(MediaError::Empty)));
    }
    if announced.size_bytes > clips::MOST_BYTES {
        return Err(UploadError::refused(&AddAssetError::Media(MediaError::TooLarge(announced.size_bytes))));
    }
    let parts = app.blobs.parts();
    if parts.room().await.map_err(UploadError::Disk)? < announced.size_bytes.saturating_add(RESERVE) {
        return Err(UploadError::NoRoom);
    }
    let unit = units::own(app).await.map_err(UploadError::Store)?.ok_or_else(no_unit)?.id;
    let now_ms = app.clock.now_ms();
    let id = new_id(now_ms).map_err(UploadError::Random)?;
    let id: UploadId = id.parse().map_err(|e| UploadError::Store(StoreError::unreadable("new id", e)))?;
    let upload = Upload {
        id,
        account: account.to_owned(),
        unit,
        name,
        fit: announced.fit,
        asset: announced.asset,
        language: announced.language,
        size_bytes: announced.size_bytes,
        synced: 0,
        state: State::Open,
        attempt: 0,
        look_ms: now_ms,
        until_ms: until_ms(now_ms),
        created_ms: now_ms,
    };
    // The file first: a row without one would be an upload that cannot go on; a file without a row is swept out.
    parts.begin(upload.id.as_str()).await.map_err(UploadError::disk)?;
    match uploads::begin(&app.db, &upload, i64::from(MOST_OPEN)).await {
        Ok(true) => Ok(upload),
        other => {
            parts.remove(upload.id.as_str()).await.map_err(UploadError::Disk)?;
            Err(other.map_or_else(UploadError::Store, |_| UploadError::TooMany))
        }
    }
}

fn no_unit() -> UploadError {
    UploadError::Store(StoreError::unreadable("unit", "there is none to own what is uploaded"))
}

pub(super) fn until_ms(now_ms: i64) -> i64 {
    now_ms.saturating_add(i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX))
}

/// An account's upload, and how many of its bytes are there; all of those are on the disk and noted when this returns.
///
/// # Errors
/// When the account has none such, or the machine fails.
pub async fn find(app: &App, account: &str, id: &UploadId) -> Result<(Upload, u64), UploadError> {
    let upload = uploads::get(&app.db, id).await.map_err(UploadError::Store)?;
    let upload = upload.filter(|upload| upload.account == account).ok_or(UploadError::Missing)?;
    if upload.state != State::Open {
        let size_bytes = upload.size_bytes;
        return Ok((upload, size_bytes));
    }
    let parts = app.blobs.parts();
    let there = parts.length(id.as_str()).await.map_err(UploadError::Disk)?.ok_or(UploadError::Missing)?;
    if there <= upload.synced {
        return Ok((upload, there));
    }
    let there = parts.synced_length(id.as_str()).await.map_err(UploadError::Disk)?.ok_or(UploadError::Missing)?;
    let there = there.min(upload.size_bytes);
    note(app, &upload, there).await?;
    Ok((upload, there))
}

/// What an account has under way, with the bytes that are there of each.
///
/// # Errors
/// When the database fails.
pub async fn open_of(app: &App, account: &str) -> Result<Vec<Upload>, StoreError> {
    uploads::open_of(&app.db, account, MOST_OPEN).await
}

/// Adds to an upload from `offset` on, and answers where it stands then. Whatever ends the stream, what came of it is kept.
///
/// # Errors
/// When the account has none such, somebody else adds to it, it stands elsewhere, or too much comes; when the file turns out to be
/// none that is taken; when the stream fails, or the disk or the database do.
pub async fn append<E>(
    app: &App,
    account: &str,
    id: &UploadId,
    offset: u64,
    mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<u64, UploadError> {
    let (upload, stands_at) = find(app, account, id).await?;
    match &upload.state {
        State::Refused(fault) => return Err(UploadError::Refused(fault.clone())),
        _ if offset != stands_at => return Err(UploadError::Offset(stands_at)),
        State::Whole | State::Added(_) => return Ok(stands_at),
        State::Open => {}
    }
    let hold = app.blobs.parts().hold(id.as_str()).ok_or(UploadError::Busy)?;
    let mut part = app.blobs.parts().extend(hold).await.map_err(UploadError::disk)?;
    if part.length() != offset {
        return Err(UploadError::Offset(part.length()));
    }
    let (mut noted, mut is_known) = (offset, false);
    let ended = loop {
        let piece = match pieces.next().await {
            Some(Ok(piece)) => piece,
            Some(Err(_)) => break Ended::CutOff,
            None => break Ended::Well,
        };
        if part.length() + piece.len() as u64 > upload.size_bytes {
            break Ended::TooLong;
        }
        part = part.write(piece).await.map_err(UploadError::disk)?;
        if !is_known && part.length() >= upload.size_bytes.min(clips::HEAD as u64) {
            check_head(app, &upload).await?;
            is_known = true;
        }
        if part.length() - noted >= CHECKPOINT {
            part = part.sync().await.map_err(UploadError::disk)?;
            noted = part.length();
            note(app, &upload, noted).await?;
        }
    };
    let part: Part = part.sync().await.map_err(UploadError::disk)?;
    let length = part.length();
    note(app, &upload, length).await?;
    drop(part);
    if length == upload.size_bytes {
        app.live.uploads.notify_one();
    }
    match ended {
        Ended::Well => Ok(length),
        Ended::CutOff => Err(UploadError::CutOff(length)),
        Ended::TooLong => Err(UploadError::TooLong(upload.size_bytes)),
    }
}

/// How a stream of pieces ended.
enum Ended {
    Well,
    CutOff,
    TooLong,
}

async fn note(app: &App, upload: &Upload, synced: u64) -> Result<(), UploadError> {
    let now_ms = app.clock.now_ms();
    uploads::advance(&app.db, &upload.id, synced, now_ms, until_ms(now_ms)).await.map_err(UploadError::Store)
}

/// Refuses a file whose first bytes say that it is larger than what it is may be, or nothing that is taken.
async fn check_head(app: &App, upload: &Upload) -> Result<(), UploadError> {
    let head = app.blobs.parts().head(upload.id.as_str(), clips::HEAD).await.map_err(UploadError::Disk)?;
    let Err(refused) = check_size(&head, upload.size_bytes) else { return Ok(()) };
    let fault = fault::of(&AddAssetError::Media(refused));
    refuse(app, upload, fault.clone()).await.map_err(UploadError::Store)?;
    Err(UploadError::Refused(fault))
}

/// Settles an upload as refused; its bytes go.
pub(super) async fn refuse(app: &App, upload: &Upload, fault: Fault) -> Result<(), StoreError> {
    tracing::info!(upload = %upload.id, "an upload was refused: {}", fault.code);
    uploads::settle(&app.db, &upload.id, &State::Refused(fault), until_ms(app.clock.now_ms())).await?;
    remove_bytes(app, &upload.id).await;
    Ok(())
}

/// Removes the bytes of an upload whose row no longer needs them; what stays is swept out later.
pub(super) async fn remove_bytes(app: &App, id: &UploadId) {
    if let Err(error) = app.blobs.parts().remove(id.as_str()).await {
        tracing::warn!(upload = %id, error = %error, "the bytes of an upload stay for now");
    }
}

/// Gives an upload up, or forgets what became of it. One that waits to be looked over stays.
///
/// # Errors
/// When the account has none such, somebody adds to it, or the database fails.
pub async fn give_up(app: &App, account: &str, id: &UploadId) -> Result<(), UploadError> {
    let upload = uploads::get(&app.db, id).await.map_err(UploadError::Store)?;
    upload.filter(|upload| upload.account == account).ok_or(UploadError::Missing)?;
    let _hold = app.blobs.parts().hold(id.as_str()).ok_or(UploadError::Busy)?;
    if uploads::forget(&app.db, id).await.map_err(UploadError::Store)? {
        remove_bytes(app, id).await;
        return Ok(());
    }
    Err(UploadError::Busy)
}
