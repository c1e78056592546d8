//! Bytes by digest in a folder: written once under a temporary name, synced, renamed; never changed.
//!
//! What is too large for the memory is written to a [`Staged`] file piece by piece, and kept under its digest when it is whole.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use playlists::id::Digest;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
use sha2::{Digest as _, Sha256};

use super::parts::{Parts, link_or_copy};
use crate::failpoint::failpoint;

/// A folder of blobs, `ab/cdef…` by the digest's hexadecimal digits; beside them, what is still being written or received.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    parts: Parts,
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
        Ok(Self { folder: folder.to_owned(), parts: Parts::open(folder.join("uploads"))? })
    }

    /// Files that come in pieces.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
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

    /// A place for a file that is still being written; it goes when it is dropped, and when the server starts again.
    #[must_use]
    pub fn stage(&self) -> Staged {
        let path = self.folder.join("unfinished").join(format!("staged-{:032x}", fastrand::u128(..)));
        Staged { blobs: self.clone(), path }
    }

    /// A second name for a file that was received in pieces; it stays, whatever becomes of this.
    ///
    /// # Errors
    /// When it is not there, or the disk takes no second name and no copy.
    pub async fn stage_part(&self, name: &str) -> Result<Staged, BlobError> {
        let (staged, part) = (self.stage(), self.parts.path(name));
        blocking(move || match link_or_copy(&part, &staged.path) {
            Ok(()) => Ok(staged),
            Err(source) => Err(BlobError::Write { path: staged.path.clone(), source }),
        })
        .await
    }

    /// Whether a blob still has its digest's bytes; they are read piece by piece.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or it is damaged.
    pub async fn check(&self, digest: &Digest) -> Result<(), BlobError> {
        let (path, digest) = (self.path(digest), *digest);
        blocking(move || {
            let (found, _) = digest_of(&path).map_err(|source| unreadable(digest, source))?;
            if found == digest { Ok(()) } else { Err(BlobError::Damaged(digest)) }
        })
        .await
    }

    /// Every blob that nobody has put here since `before`, in the order of their digests, handed to `each`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn resting_since(&self, before: SystemTime) -> Result<Vec<Digest>, BlobError> {
        let folder = self.folder.clone();
        blocking(move || resting(&folder, before).map_err(|source| BlobError::Write { path: folder, source })).await
    }

    /// Removes a blob, unless somebody has put it here since `before`; whether it is gone. Only for blobs that nothing names.
    ///
    /// It is taken out of its place first and looked at again there: who puts the same bytes meanwhile either renews its time before,
    /// which is seen, or finds it missing and writes it anew.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn discard(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        let (path, aside) = (self.path(digest), self.stage());
        blocking(move || {
            let failed = |source| BlobError::Write { path: path.clone(), source };
            match std::fs::rename(&path, &aside.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                other => other.map_err(failed)?,
            }
            failpoint!("collect-taken-out");
            if std::fs::metadata(&aside.path).and_then(|about| about.modified()).map_err(failed)? < before {
                return Ok(true);
            }
            std::fs::rename(&aside.path, &path).map_err(failed)?;
            Ok(false)
        })
        .await
    }

    fn put_now(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        if is_there(&path, bytes.len() as u64) {
            return Ok(digest);
        }
        self.write(&digest, &path, bytes).map_err(|source| BlobError::Write { path, source })?;
        Ok(digest)
    }

    fn keep_now(&self, unfinished: &Path) -> Result<(Digest, u64), BlobError> {
        let failed = |source| BlobError::Write { path: unfinished.to_owned(), source };
        let (digest, length) = digest_of(unfinished).map_err(failed)?;
        let path = self.path(&digest);
        if is_there(&path, length) {
            return Ok((digest, length));
        }
        let keep = || {
            File::open(unfinished)?.sync_all()?;
            let folder = self.folder_of(&path)?;
            std::fs::rename(unfinished, &path)?;
            File::open(folder)?.sync_all()
        };
        keep().map_err(|source| BlobError::Write { path: path.clone(), source })?;
        Ok((digest, length))
    }

    /// The folder of a blob, made when it is missing.
    fn folder_of<'a>(&'a self, path: &'a Path) -> io::Result<&'a Path> {
        let folder = path.parent().unwrap_or(&self.folder);
        if !folder.exists() {
            std::fs::create_dir_all(folder)?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(folder)
    }

    fn write(&self, digest: &Digest, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = self.folder_of(path)?;
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

/// A file that is being written.
#[derive(Debug)]
pub struct Staged {
    blobs: Blobs,
    path: PathBuf,
}

impl Staged {
    /// Where to write it; nothing is there at first.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps what was written as a blob: its digest and length in bytes. It is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub async fn keep(self) -> Result<(Digest, u64), BlobError> {
        blocking(move || self.blobs.keep_now(&self.path)).await
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Kept or never written, it is not there; a rest that stays is removed at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether a blob of this length is there; if it is, its time is renewed, so that it is not removed as one that nobody wants.
fn is_there(path: &Path, length: u64) -> bool {
    let unchanged = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let times = Timestamps { last_access: unchanged, last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW } };
    // By its path and not by an open file: one that is being removed just now has another, and is written anew.
    let renewed = utimensat(CWD, path, &times, AtFlags::empty()).is_ok();
    renewed && std::fs::metadata(path).is_ok_and(|about| about.len() == length)
}

fn resting(folder: &Path, before: SystemTime) -> io::Result<Vec<Digest>> {
    let mut found = Vec::new();
    for outer in std::fs::read_dir(folder)? {
        let outer = outer?;
        let head = outer.file_name().to_string_lossy().into_owned();
        // Beside them lie what is unfinished and what is being received.
        if head.len() != 2 {
            continue;
        }
        for blob in std::fs::read_dir(outer.path())? {
            let blob = blob?;
            let Ok(digest) = format!("{head}{}", blob.file_name().to_string_lossy()).parse() else { continue };
            if blob.metadata()?.modified()? < before {
                found.push(digest);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A file's digest and length, read piece by piece.
fn digest_of(path: &Path) -> io::Result<(Digest, u64)> {
    const PIECE: usize = 256 << 10;
    let (mut file, mut hash, mut length) = (File::open(path)?, Sha256::new(), 0_u64);
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        length += read as u64;
    }
    Ok((Digest::from_bytes(hash.finalize().into()), length))
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
    async fn a_staged_file_becomes_a_blob_or_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let unfinished = || std::fs::read_dir(folder.path().join("unfinished")).expect("a folder").count();
        for _ in 0..2 {
            let staged = blobs.stage();
            std::fs::write(staged.path(), b"red").expect("written");
            assert_eq!(staged.keep().await.expect("kept"), (Digest::of(b"red"), 3));
        }
        assert_eq!(blobs.read(&Digest::of(b"red")).await.expect("read"), b"red");
        assert_eq!(unfinished(), 0, "bytes that are there already leave nothing behind");
        let staged = blobs.stage();
        std::fs::write(staged.path(), b"blue").expect("written");
        drop(staged);
        assert_eq!(unfinished(), 0);
        blobs.check(&Digest::of(b"red")).await.expect("whole");
        assert!(matches!(blobs.check(&Digest::of(b"blue")).await, Err(BlobError::Missing(_))));
        std::fs::write(blobs.path(&Digest::of(b"red")), b"rad").expect("changed");
        assert!(matches!(blobs.check(&Digest::of(b"red")).await, Err(BlobError::Damaged(_))));
    }

    #[tokio::test]
    async fn a_blob_is_removed_only_if_nobody_has_put_it_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let red = blobs.put(b"red".to_vec()).await.expect("written");
        let blue = blobs.put(b"blue".to_vec()).await.expect("written");
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        let written = std::fs::metadata(blobs.path(&red)).and_then(|about| about.modified()).expect("a time");
        let old = |digest: &Digest| {
            let file = File::options().write(true).open(blobs.path(digest)).expect("opened");
            file.set_modified(written - 40 * day).expect("aged");
        };
        let before = written - 30 * day;
        assert_eq!(blobs.resting_since(before).await.expect("listed"), []);
        old(&red);
        old(&blue);
        let mut both = [red, blue];
        both.sort();
        assert_eq!(blobs.resting_since(before).await.expect("listed"), both);
        // The same bytes are put again after the list was made.
        assert_eq!(blobs.put(b"red".to_vec()).await.expect("there already"), red);
        assert!(!blobs.discard(&red, before).await.expect("kept") && blobs.discard(&blue, before).await.expect("removed"));
        assert_eq!(blobs.read(&red).await.expect("read"), b"red");
        assert!(matches!(blobs.read(&blue).await, Err(BlobError::Missing(_))));
        assert!(!blobs.discard(&blue, before).await.expect("gone already"));
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
