//! Content by digest on disk: `content/ab/ab…`, with `.part` beside it while it is fetched. A name without `.part` means that
//! its bytes were hashed; they are hashed again whenever they are opened to be shown.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use playlists::id::Digest;
use sha2::{Digest as _, Sha256};

use crate::files;

/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// What is held: length in bytes by digest.
pub type Index = BTreeMap<Digest, u64>;

/// The folder of content.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// What is wrong with the cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file or folder cannot be used.
    #[error("the content at {path} cannot be used")]
    Disk {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes are not those of the name.
    #[error("the content {wanted} holds other bytes")]
    Rot {
        /// The digest it should have.
        wanted: Digest,
    },
}

impl Cache {
    /// Opens the folder and lists what it holds; what the disk does not give is left out and logged.
    #[must_use]
    pub fn open(folder: PathBuf) -> (Self, Index) {
        let mut index = Index::new();
        if let Err(source) = fs::create_dir_all(&folder).and_then(|()| list(&folder, &mut index)) {
            let error = CacheError::Disk { path: folder.clone(), source };
            tracing::error!(error = &error as &dyn std::error::Error, "the folder of content cannot be used");
        }
        (Self { folder }, index)
    }

    /// Where the bytes of this digest lie.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.folder.join(shelf).join(name)
    }

    /// Where they lie while they are fetched.
    #[must_use]
    pub fn part(&self, digest: &Digest) -> PathBuf {
        self.path(digest).with_extension("part")
    }

    /// Gives a fetched, hashed and flushed file its name.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn admit(&self, digest: &Digest) -> Result<(), CacheError> {
        let path = self.path(digest);
        fs::rename(self.part(digest), &path)
            .and_then(|()| files::sync_parent(&path))
            .map_err(|source| CacheError::Disk { path, source })
    }

    /// Removes what is held and what was begun of this digest.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, digest: &Digest) -> Result<(), CacheError> {
        for path in [self.path(digest), self.part(digest)] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(CacheError::Disk { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Bytes free on the disk that holds the folder.
    ///
    /// # Errors
    /// When the disk cannot be asked.
    pub fn free(&self) -> Result<u64, CacheError> {
        let about =
            rustix::fs::statvfs(&self.folder).map_err(|e| CacheError::Disk { path: self.folder.clone(), source: e.into() })?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}

fn list(folder: &Path, index: &mut Index) -> io::Result<()> {
    for shelf in fs::read_dir(folder)? {
        let shelf = shelf?.path();
        if !shelf.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&shelf)? {
            let entry = entry?;
            let digest = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let (Some(digest), Ok(about)) = (digest, entry.metadata()) {
                index.insert(digest, about.len());
            }
        }
    }
    Ok(())
}

/// The bytes of a file, if they have this digest. Blocks on the disk.
///
/// # Errors
/// When it cannot be read, or holds other bytes.
pub fn read_verified(path: &Path, wanted: &Digest, size: u64) -> Result<Vec<u8>, CacheError> {
    let disk = |source| CacheError::Disk { path: path.to_owned(), source };
    let file = File::open(path).map_err(disk)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(64 << 20));
    file.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(disk)?;
    if Digest::of(&bytes) == *wanted { Ok(bytes) } else { Err(CacheError::Rot { wanted: *wanted }) }
}

/// Reads a file to its end, a piece at a time, whether it has this digest and length. Blocks on the disk.
///
/// # Errors
/// When it cannot be read, or holds other bytes.
pub fn verify(path: &Path, wanted: &Digest, size: u64) -> Result<(), CacheError> {
    let disk = |source| CacheError::Disk { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(disk)?.take(size.saturating_add(1));
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let length = file.read(&mut piece).map_err(disk)?;
        if length == 0 {
            break;
        }
        hash.update(piece.get(..length).unwrap_or_default());
    }
    let found = Digest::from_bytes(hash.finalize().into());
    if found == *wanted { Ok(()) } else { Err(CacheError::Rot { wanted: *wanted }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_listed_and_rot_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cache, index) = Cache::open(folder.path().join("content"));
        assert!(index.is_empty());
        let (whole, begun) = (Digest::of(b"whole"), Digest::of(b"begun"));
        for digest in [&whole, &begun] {
            fs::create_dir_all(cache.part(digest).parent().expect("a shelf")).expect("made");
        }
        fs::write(cache.part(&whole), b"whole").expect("written");
        fs::write(cache.part(&begun), b"beg").expect("written");
        cache.admit(&whole).expect("renamed");
        let (_, index) = Cache::open(folder.path().join("content"));
        assert_eq!(index, Index::from([(whole, 5)]));
        assert_eq!(read_verified(&cache.path(&whole), &whole, 5).expect("whole"), b"whole");
        verify(&cache.path(&whole), &whole, 5).expect("whole");
        for rotten in [&b"whale"[..], b"whol", b"wholes"] {
            fs::write(cache.path(&whole), rotten).expect("written");
            assert!(matches!(read_verified(&cache.path(&whole), &whole, 5), Err(CacheError::Rot { .. })));
            assert!(matches!(verify(&cache.path(&whole), &whole, 5), Err(CacheError::Rot { .. })));
        }
        cache.remove(&whole).expect("removed");
        cache.remove(&whole).expect("removing twice is removing once");
    }
}
