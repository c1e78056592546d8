//! A file on its way in: written to the disk piece by piece, its size held against its first bytes, looked over when it is whole.

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::App;
use super::assets::AddAssetError;
use crate::media::at_the_bench;
use crate::media::blobs::{BlobError, Staged};
use crate::media::clips::{self, Container, HEAD};
use crate::media::intake::{self, MediaError, check_size};

/// A file that is being received. Dropped before it is kept, it is gone.
#[derive(Debug)]
pub struct Upload {
    staged: Staged,
    file: File,
    head: Vec<u8>,
    size_bytes: u64,
}

/// A file that was looked over and found good.
#[derive(Debug)]
pub(in crate::app) struct Received {
    staged: Staged,
    /// Its length in bytes.
    pub(in crate::app) size_bytes: u64,
    /// What it is.
    pub(in crate::app) seen: Seen,
}

/// What a file is.
#[derive(Debug)]
pub(in crate::app) enum Seen {
    /// A picture.
    Still(intake::Found),
    /// A clip.
    Clip(Container, Box<clips::Inspected>),
}

impl Upload {
    /// Begins one.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub async fn begin(app: &App) -> Result<Self, AddAssetError> {
        let staged = app.blobs.stage();
        let made = File::create_new(staged.path()).await;
        let file = made.map_err(|source| unwritten(&staged, source))?;
        Ok(Self { staged, file, head: Vec::with_capacity(HEAD), size_bytes: 0 })
    }

    /// Adds the next piece.
    ///
    /// # Errors
    /// When the file becomes larger than what it is may be; when it cannot be written.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), AddAssetError> {
        let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(piece.get(..room).unwrap_or_default());
        self.size_bytes += piece.len() as u64;
        check_size(&self.head, self.size_bytes).map_err(AddAssetError::Media)?;
        self.file.write_all(piece).await.map_err(|source| unwritten(&self.staged, source))
    }

    /// Ends it: the file is whole, and is looked over.
    pub(in crate::app) async fn look_over(mut self, app: &App) -> Result<Received, AddAssetError> {
        self.file.flush().await.map_err(|source| unwritten(&self.staged, source))?;
        drop(self.file);
        let seen = match Container::of(&self.head) {
            Some(container) => {
                let inspected = clips::inspect(&app.ffmpeg, self.staged.path(), container).await;
                Seen::Clip(container, Box::new(inspected.map_err(|fault| AddAssetError::Media(MediaError::Clip(fault)))?))
            }
            None => {
                let path = self.staged.path().to_owned();
                let looked_at = at_the_bench(move || std::fs::read(path).map(|bytes| intake::inspect(&bytes))).await;
                let found = looked_at.map_err(|source| unwritten(&self.staged, source))?;
                Seen::Still(found.map_err(AddAssetError::Media)?)
            }
        };
        Ok(Received { staged: self.staged, size_bytes: self.size_bytes, seen })
    }
}

impl Received {
    /// Keeps it as a blob.
    pub(in crate::app) async fn keep(self) -> Result<playlists::id::Digest, AddAssetError> {
        self.staged.keep().await.map(|(digest, _)| digest).map_err(AddAssetError::Blob)
    }
}

fn unwritten(staged: &Staged, source: std::io::Error) -> AddAssetError {
    AddAssetError::Blob(BlobError::Write { path: staged.path().to_owned(), source })
}
