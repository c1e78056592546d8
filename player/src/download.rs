//! Content over HTTP: resumed where it broke off, never longer than it should be, hashed before it counts.

use std::io;
use std::path::{Path, PathBuf};

use playlists::id::Digest;
use reqwest::StatusCode;
use reqwest::header::CONTENT_RANGE;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::api::{Api, ApiError};
use crate::cache::{Cache, CacheError};

/// Bytes read at once from what was begun.
const PIECE: usize = 64 * 1024;

/// Why content was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The call failed; what was fetched stays and is resumed.
    #[error("{item} could not be fetched")]
    Api {
        /// Which content.
        item: Digest,
        /// Why.
        #[source]
        source: ApiError,
    },
    /// The answer broke off; what was fetched stays and is resumed.
    #[error("the transfer of {item} broke off at byte {at} of {size}")]
    Broken {
        /// Which content.
        item: Digest,
        /// How far it came.
        at: u64,
        /// How long it is.
        size: u64,
    },
    /// The server sends more bytes than the manifest says.
    #[error("{item} is longer than {size} bytes")]
    TooLong {
        /// Which content.
        item: Digest,
        /// How long it should be.
        size: u64,
    },
    /// The bytes are not those of the digest; they were thrown away.
    #[error("the bytes that came for {wanted} are those of {found}")]
    Digest {
        /// The digest wanted.
        wanted: Digest,
        /// The digest found.
        found: Digest,
    },
    /// The disk failed.
    #[error("the file {path} cannot be written")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It could not be given its place.
    #[error("{0} could not be given its place")]
    Place(Digest, #[source] CacheError),
}

impl DownloadError {
    /// Whether the board's own disk is to blame.
    #[must_use]
    pub const fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Disk { .. } | Self::Place(..))
    }
    /// A short code for events.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Api { .. } | Self::Broken { .. } => "download-failed",
            Self::TooLong { .. } => "content-too-long",
            Self::Digest { .. } => "content-digest",
            Self::Disk { .. } | Self::Place(..) => "content-disk",
        }
    }
}

/// Fetches `item` of `size` bytes into the cache.
///
/// # Errors
/// When it cannot be reached, is not what it should be, or cannot be written.
pub async fn download(api: &Api, cache: &Cache, item: Digest, size: u64) -> Result<(), DownloadError> {
    let part = cache.part(&item);
    let disk = |source| DownloadError::Disk { path: part.clone(), source };
    if let Some(shelf) = part.parent() {
        fs::create_dir_all(shelf).await.map_err(disk)?;
    }
    let (mut hash, mut at) = begun(&part, size).await.map_err(disk)?;
    let mut file = OpenOptions::new().create(true).append(true).open(&part).await.map_err(disk)?;
    if at < size || size == 0 {
        fetch(api, &part, &mut file, (&mut hash, &mut at), (item, size)).await?;
    }
    file.sync_all().await.map_err(disk)?;
    drop(file);
    let found = Digest::from_bytes(hash.finalize().into());
    if found != item {
        fs::remove_file(&part).await.map_err(disk)?;
        return Err(DownloadError::Digest { wanted: item, found });
    }
    let cache = cache.clone();
    match tokio::task::spawn_blocking(move || cache.admit(&item)).await {
        Ok(admitted) => admitted.map_err(|e| DownloadError::Place(item, e)),
        Err(error) => Err(disk(io::Error::other(error))),
    }
}

async fn fetch(
    api: &Api,
    part: &Path,
    file: &mut File,
    (hash, at): (&mut Sha256, &mut u64),
    (item, size): (Digest, u64),
) -> Result<(), DownloadError> {
    let disk = |source| DownloadError::Disk { path: part.to_owned(), source };
    let mut answer = match api.content(&format!("content/{item}"), *at).await {
        Ok(answer) => answer,
        Err(source) => {
            if matches!(source, ApiError::Refused { status: 416, .. }) {
                file.set_len(0).await.map_err(disk)?;
            }
            return Err(DownloadError::Api { item, source });
        }
    };
    if *at > 0 && !resumes(&answer, *at) {
        file.set_len(0).await.map_err(disk)?;
        (*hash, *at) = (Sha256::new(), 0);
    }
    loop {
        let Ok(piece) = answer.chunk().await else {
            file.sync_all().await.map_err(disk)?;
            return Err(DownloadError::Broken { item, at: *at, size });
        };
        let Some(piece) = piece else { break };
        if *at + piece.len() as u64 > size {
            file.set_len(0).await.map_err(disk)?;
            return Err(DownloadError::TooLong { item, size });
        }
        file.write_all(&piece).await.map_err(disk)?;
        hash.update(&piece);
        *at += piece.len() as u64;
    }
    file.flush().await.map_err(disk)?;
    if *at < size {
        return Err(DownloadError::Broken { item, at: *at, size });
    }
    Ok(())
}

/// Whether the answer goes on at byte `at`.
fn resumes(answer: &reqwest::Response, at: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {at}-"))
}

/// Hash and length of what was begun; what is longer than it may be is begun anew.
async fn begun(part: &Path, size: u64) -> io::Result<(Sha256, u64)> {
    let mut file = match File::open(part).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Sha256::new(), 0)),
        Err(error) => return Err(error),
    };
    if file.metadata().await?.len() > size {
        fs::remove_file(part).await?;
        return Ok((Sha256::new(), 0));
    }
    let (mut hash, mut at) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            return Ok((hash, at));
        }
        hash.update(piece.get(..length).unwrap_or_default());
        at += length as u64;
    }
}
