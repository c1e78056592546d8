//! Bytes by digest in a folder: written once under a temporary name, synced, renamed; never changed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use playlists::id::Digest;

/// A folder of blobs, `ab/cdef…` by the digest's hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

/// Why a blob cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is none of this digest.
    #[error("there is no blob {0}")]
    Missing(Digest),
    /// It cannot be read.
    #[error("the blob {digest} cannot be read")]
    Read {
        /// Which one.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be written: most often the disk is full.
    #[error("the blob {path} cannot be written; is there room on the disk?")]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its bytes have another digest: the disk lost or changed some.
    #[error("the blob {0} is damaged")]
    Damaged(Digest),
}

impl Blobs {
    /// Blobs in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("unfinished"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Removes what a server that was killed left half-written: only for the one process that serves, before it does.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn clear_unfinished(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.folder.join("unfinished"))? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Where the blob of this digest lies, whether or not it is there.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let (head, tail) = name.split_at(2);
        self.folder.join(head).join(tail)
    }

    /// Stores these bytes; they are on the disk when this returns. Bytes that are there already are not written again.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<Digest, BlobError> {
        let blobs = self.clone();
        blocking(move || blobs.put_now(&bytes)).await
    }

    /// All bytes of a blob, whose digest is checked.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or it is damaged.
    pub async fn read(&self, digest: &Digest) -> Result<Vec<u8>, BlobError> {
        let (path, digest) = (self.path(digest), *digest);
        blocking(move || {
            let bytes = std::fs::read(path).map_err(|source| unreadable(digest, source))?;
            if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(BlobError::Damaged(digest)) }
        })
        .await
    }

    /// A blob opened for reading, and its length in bytes. The bytes are not checked: who reads them does.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn open_file(&self, digest: &Digest) -> Result<(File, u64), BlobError> {
        let (path, digest) = (self.path(digest), *digest);
        blocking(move || {
            let file = File::open(path).map_err(|source| unreadable(digest, source))?;
            let length = file.metadata().map_err(|source| unreadable(digest, source))?.len();
            Ok((file, length))
        })
        .await
    }

    /// Length of a blob in bytes; none when there is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn len(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let (path, digest) = (self.path(digest), *digest);
        blocking(move || match std::fs::metadata(path) {
            Ok(about) => Ok(Some(about.len())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BlobError::Read { digest, source }),
        })
        .await
    }

    fn put_now(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        let length = bytes.len() as u64;
        if std::fs::metadata(&path).is_ok_and(|about| about.len() == length) {
            return Ok(digest);
        }
        self.write(&digest, &path, bytes).map_err(|source| BlobError::Write { path, source })?;
        Ok(digest)
    }

    fn write(&self, digest: &Digest, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        if !folder.exists() {
            std::fs::create_dir_all(folder)?;
            File::open(&self.folder)?.sync_all()?;
        }
        // Two writers of the same bytes may meet; each has a file of its own, and the last rename wins with the same bytes.
        let unfinished = self.folder.join("unfinished").join(format!("{digest}-{:016x}", fastrand::u64(..)));
        let written = write_synced(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, path));
        if written.is_err() {
            // The error says what happened; a rest that stays is removed at the next start.
            let _ = std::fs::remove_file(&unfinished);
        }
        written?;
        File::open(folder)?.sync_all()
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn unreadable(digest: Digest, source: io::Error) -> BlobError {
    if source.kind() == io::ErrorKind::NotFound { BlobError::Missing(digest) } else { BlobError::Read { digest, source } }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, BlobError> + Send + 'static) -> Result<T, BlobError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(died) => std::panic::resume_unwind(died.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_are_found_again_by_their_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let digest = blobs.put(b"red".to_vec()).await.expect("written");
        assert_eq!(blobs.put(b"red".to_vec()).await.expect("written twice"), digest);
        assert_eq!(blobs.read(&digest).await.expect("read"), b"red");
        assert_eq!(blobs.len(&digest).await.expect("length"), Some(3));
        assert_eq!(blobs.open_file(&digest).await.expect("opened").1, 3);
        let other = Digest::of(b"blue");
        assert_eq!(blobs.len(&other).await.expect("length"), None);
        assert!(matches!(blobs.read(&other).await, Err(BlobError::Missing(_))));
        assert_eq!(std::fs::read_dir(folder.path().join("unfinished")).expect("a folder").count(), 0);
    }

    #[tokio::test]
    async fn damage_on_the_disk_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let digest = blobs.put(b"red".to_vec()).await.expect("written");
        std::fs::write(blobs.path(&digest), b"rad").expect("changed");
        assert!(matches!(blobs.read(&digest).await, Err(BlobError::Damaged(_))));
    }
}
