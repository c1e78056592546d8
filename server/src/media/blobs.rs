//! Bytes by digest in a folder: written once under a temporary name, synced, renamed; never changed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use playlists::id::Digest;

/// Folder of what is being written.
const UNFINISHED: &str = "unfinished";

/// A folder of blobs, `ab/cdef…` by the digest's hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    /// Number of the next temporary name in this process.
    next: Arc<AtomicU64>,
}

/// What went wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It cannot be written.
    #[error("the bytes of {digest} cannot be written to {folder}")]
    Write {
        /// Which bytes.
        digest: Digest,
        /// Where to.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be read.
    #[error("the bytes of {digest} cannot be read from {path}")]
    Read {
        /// Which bytes.
        digest: Digest,
        /// From where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What lies there is something else: the disk lost or changed bytes.
    #[error("{path} does not hold the bytes of {digest}")]
    Changed {
        /// Which bytes should lie there.
        digest: Digest,
        /// Where.
        path: PathBuf,
    },
}

impl Blobs {
    /// Blobs in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder.join(UNFINISHED))?;
        Ok(Self { folder: folder.to_owned(), next: Arc::new(AtomicU64::new(0)) })
    }

    /// Removes what an earlier process left half-written; only for the one process that serves.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn clear_unfinished(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(self.folder.join(UNFINISHED))? {
            fs::remove_file(entry?.path())?;
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

    /// Keeps these bytes and tells their digest. When it returns they are on the disk; the same bytes twice are one blob.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        let blobs = self.clone();
        tokio::task::spawn_blocking(move || blobs.put_now(&bytes)).await.expect("writing a blob does not panic")
    }

    /// All bytes of a blob, hashed again on the way.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not what it was.
    pub async fn read(&self, digest: Digest) -> Result<Bytes, BlobError> {
        let path = self.path(&digest);
        tokio::task::spawn_blocking(move || {
            let bytes = fs::read(&path).map_err(|source| BlobError::Read { digest, path: path.clone(), source })?;
            if Digest::of(&bytes) != digest {
                return Err(BlobError::Changed { digest, path });
            }
            Ok(Bytes::from(bytes))
        })
        .await
        .expect("reading a blob does not panic")
    }

    fn put_now(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        let held = fs::read(&path).is_ok_and(|held| held == bytes);
        if held {
            return Ok(digest);
        }
        self.write(&path, bytes).map_err(|source| BlobError::Write { digest, folder: self.folder.clone(), source })?;
        Ok(digest)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(UNFINISHED).join(format!("{}-{number}", std::process::id()));
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut file = File::create_new(&unfinished)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            // The disk may be full: what was half-written must not stay. That this fails too changes nothing.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        File::open(folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_bytes_are_kept_once_and_read_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path()).expect("the folder opens");
        let digest = blobs.put(Bytes::from_static(b"tea")).await.expect("written");
        assert_eq!(digest, Digest::of(b"tea"));
        assert_eq!(blobs.put(Bytes::from_static(b"tea")).await.expect("written"), digest);
        assert_eq!(blobs.read(digest).await.expect("read"), Bytes::from_static(b"tea"));
    }

    #[tokio::test]
    async fn changed_bytes_are_noticed_and_mended_by_putting_them_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path()).expect("the folder opens");
        let digest = blobs.put(Bytes::from_static(b"tea")).await.expect("written");
        fs::write(blobs.path(&digest), b"teA").expect("the disk rots");
        assert!(matches!(blobs.read(digest).await, Err(BlobError::Changed { .. })));
        blobs.put(Bytes::from_static(b"tea")).await.expect("written");
        assert!(blobs.read(digest).await.is_ok());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_an_error_not_a_panic() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path()).expect("the folder opens");
        fs::remove_dir_all(folder.path()).expect("the folder goes");
        fs::write(folder.path(), b"a file in its place").expect("a file is written");
        assert!(matches!(blobs.put(Bytes::from_static(b"tea")).await, Err(BlobError::Write { .. })));
        fs::remove_file(folder.path()).expect("the file goes");
        fs::create_dir(folder.path()).expect("the folder comes back for the clean-up");
    }
}
