//! A file on its way in: written to the disk piece by piece, its size held against its first bytes, looked over when it is whole.

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::app::App;
use crate::app::assets::AddAssetError;
use crate::media::blobs::{BlobError, Staged};
use crate::media::clips::{self, Container, HEAD, is_photograph};
use crate::media::in_time;
use crate::media::intake::{self, MediaError, check_size};

/// A file that is being received. Dropped before it is kept, it is gone.
#[derive(Debug)]
pub struct Upload {
    staged: Staged,
    /// None when it came whole.
    file: Option<File>,
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
        Ok(Self { staged, file: Some(file), head: Vec::with_capacity(HEAD), size_bytes: 0 })
    }

    /// One that came in pieces and is whole.
    pub(super) const fn whole(staged: Staged, head: Vec<u8>, size_bytes: u64) -> Self {
        Self { staged, file: None, head, size_bytes }
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
        match &mut self.file {
            Some(file) => file.write_all(piece).await.map_err(|source| unwritten(&self.staged, source)),
            None => Err(unwritten(&self.staged, std::io::ErrorKind::Unsupported.into())),
        }
    }

    /// Ends it: the file is whole, and is looked over.
    pub(in crate::app) async fn look_over(mut self, app: &App) -> Result<Received, AddAssetError> {
        if let Some(mut file) = self.file.take() {
            file.flush().await.map_err(|source| unwritten(&self.staged, source))?;
        }
        look_over(app, self.staged, &self.head, self.size_bytes).await
    }
}

/// Looks a whole file over that begins with `head`.
async fn look_over(app: &App, staged: Staged, head: &[u8], size_bytes: u64) -> Result<Received, AddAssetError> {
    check_size(head, size_bytes).map_err(AddAssetError::Media)?;
    let seen = match Container::of(head) {
        Some(container) => Seen::Clip(container, Box::new(inspect(app, &staged, container).await?)),
        None if is_photograph(head) => return look_over_photograph(app, staged).await,
        None => match look_at(&staged).await? {
            Looked::Still(found) => Seen::Still(found),
            Looked::Moves(container) => Seen::Clip(container, Box::new(inspect(app, &staged, container).await?)),
        },
    };
    Ok(Received { staged, size_bytes, seen })
}

async fn inspect(app: &App, staged: &Staged, container: Container) -> Result<clips::Inspected, AddAssetError> {
    let inspected = clips::inspect(&app.ffmpeg, staged.path(), container).await;
    inspected.map_err(|fault| AddAssetError::Media(MediaError::Clip(fault)))
}

/// What a file of pixels is: a still, or a GIF or WebP that moves and is a clip.
enum Looked {
    Still(intake::Found),
    Moves(Container),
}

async fn look_at(staged: &Staged) -> Result<Looked, AddAssetError> {
    let bytes = tokio::fs::read(staged.path()).await.map_err(|source| unwritten(staged, source))?;
    in_time(move || look_at_bytes(&bytes)).await.map_err(AddAssetError::Media)
}

fn look_at_bytes(bytes: &[u8]) -> Result<Looked, MediaError> {
    let form = intake::form(bytes)?;
    if intake::movement(bytes, form)?.is_some()
        && let Some(container) = Container::of_media_type(form.media_type())
    {
        return Ok(Looked::Moves(container));
    }
    intake::inspect(bytes).map(Looked::Still)
}

/// A photograph that only ffmpeg reads is kept as the PNG that it makes of it.
async fn look_over_photograph(app: &App, staged: Staged) -> Result<Received, AddAssetError> {
    let made = app.blobs.stage();
    clips::photograph(&app.ffmpeg, staged.path(), made.path()).await.map_err(AddAssetError::Media)?;
    let size_bytes = tokio::fs::metadata(made.path()).await.map_err(|source| unwritten(&made, source))?.len();
    match look_at(&made).await? {
        Looked::Still(found) => Ok(Received { staged: made, size_bytes, seen: Seen::Still(found) }),
        Looked::Moves(_) => Err(AddAssetError::Media(MediaError::Unknown)),
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
