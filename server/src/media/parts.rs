//! Files that come in pieces, each under the name of its upload: one writer at a time, kept through restarts.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// A folder of such files.
#[derive(Debug, Clone)]
pub struct Parts {
    folder: PathBuf,
    held: Arc<Mutex<BTreeSet<String>>>,
}

/// The right to change a file: nobody else has it until this is dropped.
#[derive(Debug)]
pub struct Hold {
    held: Arc<Mutex<BTreeSet<String>>>,
    name: String,
}

/// A file that is added to at its end.
#[derive(Debug)]
pub struct Part {
    file: File,
    length: u64,
    _hold: Hold,
}

impl Parts {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, held: Arc::default() })
    }

    /// Where a file lies. A name is an upload's id, and no path.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes an empty file.
    ///
    /// # Errors
    /// When there is one already, or it cannot be made.
    pub async fn begin(&self, name: &str) -> io::Result<()> {
        let (path, folder) = (self.path(name), self.folder.clone());
        blocking(move || {
            File::create_new(path)?;
            File::open(folder)?.sync_all()
        })
        .await
    }

    /// The right to change a file; none while somebody has it.
    #[must_use]
    pub fn hold(&self, name: &str) -> Option<Hold> {
        let taken = self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        taken.then(|| Hold { held: Arc::clone(&self.held), name: name.to_owned() })
    }

    /// Opens a file to add to it.
    ///
    /// # Errors
    /// When it is not there, or cannot be opened.
    pub async fn extend(&self, hold: Hold) -> io::Result<Part> {
        let path = self.path(&hold.name);
        blocking(move || {
            let file = OpenOptions::new().append(true).open(path)?;
            let length = file.metadata()?.len();
            Ok(Part { file, length, _hold: hold })
        })
        .await
    }

    /// Length of a file in bytes; none when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn length(&self, name: &str) -> io::Result<Option<u64>> {
        let path = self.path(name);
        blocking(move || match std::fs::metadata(path) {
            Ok(about) => Ok(Some(about.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Length of a file in bytes, all of them on the disk when this returns; none when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn synced_length(&self, name: &str) -> io::Result<Option<u64>> {
        let path = self.path(name);
        blocking(move || match File::open(path) {
            Ok(file) => {
                // The length first: what is added meanwhile is not promised.
                let length = file.metadata()?.len();
                file.sync_data()?;
                Ok(Some(length))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Cuts a file to what is known to be on the disk: after a power cut the rest may be anything.
    ///
    /// # Errors
    /// When it cannot be cut.
    pub async fn cut(&self, name: &str, length: u64) -> io::Result<()> {
        let path = self.path(name);
        blocking(move || {
            let file = OpenOptions::new().write(true).open(path)?;
            if file.metadata()?.len() > length {
                file.set_len(length)?;
                file.sync_all()?;
            }
            Ok(())
        })
        .await
    }

    /// The first bytes of a file, at most this many.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn head(&self, name: &str, most: usize) -> io::Result<Vec<u8>> {
        let path = self.path(name);
        blocking(move || {
            let mut head = Vec::with_capacity(most);
            File::open(path)?.take(most as u64).read_to_end(&mut head)?;
            Ok(head)
        })
        .await
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        blocking(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    /// Names of all files.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn names(&self) -> io::Result<Vec<String>> {
        let folder = self.folder.clone();
        blocking(move || std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect())
            .await
    }

    /// Bytes that may still be written to this disk.
    ///
    /// # Errors
    /// When the system does not tell.
    pub async fn room(&self) -> io::Result<u64> {
        let folder = self.folder.clone();
        blocking(move || {
            let about = rustix::fs::statvfs(folder)?;
            Ok(about.f_bavail.saturating_mul(about.f_frsize))
        })
        .await
    }
}

impl Part {
    /// Its length in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Adds a piece. Nothing else touches the file until that is done, also when nobody waits for it any more.
    ///
    /// # Errors
    /// When it cannot be written; what was written of it stays.
    pub async fn write(mut self, piece: Bytes) -> io::Result<Self> {
        blocking(move || {
            self.file.write_all(&piece)?;
            self.length += piece.len() as u64;
            Ok(self)
        })
        .await
    }

    /// Has all of it on the disk.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn sync(self) -> io::Result<Self> {
        blocking(move || {
            self.file.sync_data()?;
            Ok(self)
        })
        .await
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// Gives a file a second name on the same disk, or copies it where the disk has no such thing.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => std::fs::copy(from, to).map(drop),
        other => other,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(died) => std::panic::resume_unwind(died.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> (tempfile::TempDir, Parts) {
        let folder = tempfile::tempdir().expect("a folder");
        let parts = Parts::open(folder.path().join("uploads")).expect("parts");
        (folder, parts)
    }

    #[tokio::test]
    async fn a_file_grows_piece_by_piece_and_has_one_writer() {
        let (_folder, parts) = parts();
        parts.begin("a").await.expect("begun");
        assert!(parts.begin("a").await.is_err(), "twice");
        let hold = parts.hold("a").expect("free");
        assert!(parts.hold("a").is_none() && parts.hold("b").is_some());
        let part = parts.extend(hold).await.expect("opened");
        let part = part.write(Bytes::from_static(b"one ")).await.expect("written");
        let part = part.write(Bytes::from_static(b"two")).await.expect("written").sync().await.expect("synced");
        assert_eq!(part.length(), 7);
        assert!(parts.hold("a").is_none());
        drop(part);
        assert!(parts.hold("a").is_some(), "free again");
        assert_eq!(parts.synced_length("a").await.expect("asked"), Some(7));
        parts.cut("a", 4).await.expect("cut");
        parts.cut("a", 9).await.expect("nothing to cut");
        assert_eq!(parts.head("a", 3).await.expect("read"), b"one");
        assert_eq!(parts.synced_length("a").await.expect("asked"), Some(4));
        assert_eq!(parts.names().await.expect("listed"), ["a"]);
        parts.remove("a").await.expect("removed");
        parts.remove("a").await.expect("gone already");
        assert_eq!(parts.synced_length("a").await.expect("asked"), None);
        assert!(parts.room().await.expect("told") > 0);
    }

    #[tokio::test]
    async fn a_full_disk_is_said_to_be_full() {
        let (_folder, parts) = parts();
        std::os::unix::fs::symlink("/dev/full", parts.path("a")).expect("a file on a full disk");
        let part = parts.extend(parts.hold("a").expect("free")).await.expect("opened");
        let full = part.write(Bytes::from_static(b"one")).await.expect_err("full");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert!(parts.hold("a").is_some(), "who failed holds nothing");
    }
}
