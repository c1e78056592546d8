//! Content by digest on disk: `content/ab/ab…`, with `.part` beside it while it is fetched. A name without `.part` means that
//! its bytes were hashed; they are hashed again whenever they are opened to be shown.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use playlists::id::Digest;
use sha2::{Digest as _, Sha256};

use crate::files;

/// Bytes read at once, and hashed together in a file that is read while it plays.
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

/// A file whose bytes were hashed as a whole when it was opened, and are hashed again, chunk by chunk, as they are read: none that
/// differs gets out, although the file is not held in memory.
#[derive(Debug, Clone)]
pub struct Verified {
    file: Arc<File>,
    path: Arc<Path>,
    wanted: Digest,
    size: u64,
    chunks: Arc<[Digest]>,
    /// The chunk read last, and its number.
    held: Vec<u8>,
    number: Option<usize>,
    /// Where a reader in sequence stands.
    at: u64,
}

impl Verified {
    /// Opens a file and hashes it. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be read, or holds other bytes.
    pub fn open(path: &Path, wanted: &Digest, size: u64) -> Result<Self, CacheError> {
        let disk = |source| CacheError::Disk { path: path.to_owned(), source };
        let rot = || CacheError::Rot { wanted: *wanted };
        let file = File::open(path).map_err(disk)?;
        if file.metadata().map_err(disk)?.len() != size {
            return Err(rot());
        }
        let (mut whole, mut chunks, mut held, mut at) = (Sha256::new(), Vec::new(), vec![0; PIECE], 0);
        while at < size {
            let length = usize::try_from(size - at).unwrap_or(PIECE).min(PIECE);
            let chunk = held.get_mut(..length).unwrap_or_default();
            file.read_exact_at(chunk, at).map_err(disk)?;
            whole.update(&*chunk);
            chunks.push(Digest::of(chunk));
            at += length as u64;
        }
        if Digest::from_bytes(whole.finalize().into()) != *wanted {
            return Err(rot());
        }
        held.clear();
        let (file, path, wanted, chunks) = (Arc::new(file), path.into(), *wanted, chunks.into());
        Ok(Self { file, path, wanted, size, chunks, held, number: None, at: 0 })
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The bytes of a chunk, read and hashed unless they were the last.
    fn chunk(&mut self, number: usize) -> io::Result<&[u8]> {
        if self.number != Some(number) {
            self.number = None;
            let wanted = self.chunks.get(number).ok_or(io::ErrorKind::UnexpectedEof)?;
            let start = number as u64 * PIECE as u64;
            let length = usize::try_from(self.size - start).unwrap_or(PIECE).min(PIECE);
            self.held.resize(length, 0);
            self.file
                .read_exact_at(&mut self.held, start)
                .map_err(|source| io::Error::new(source.kind(), CacheError::Disk { path: self.path.to_path_buf(), source }))?;
            if Digest::of(&self.held) != *wanted {
                return Err(io::Error::new(io::ErrorKind::InvalidData, CacheError::Rot { wanted: self.wanted }));
            }
            self.number = Some(number);
        }
        Ok(&self.held)
    }
}

impl bangtin_clip::Bytes for Verified {
    fn read_at(&mut self, mut offset: u64, mut into: &mut [u8]) -> io::Result<()> {
        while !into.is_empty() {
            let number = usize::try_from(offset / PIECE as u64).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            let skip = usize::try_from(offset % PIECE as u64).unwrap_or(0);
            let from = self.chunk(number)?.get(skip..).filter(|rest| !rest.is_empty()).ok_or(io::ErrorKind::UnexpectedEof)?;
            let length = from.len().min(into.len());
            let (now, rest) = into.split_at_mut(length);
            now.copy_from_slice(from.get(..length).unwrap_or_default());
            (into, offset) = (rest, offset + length as u64);
        }
        Ok(())
    }
}

impl Read for Verified {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = left.min(into.len());
        if let Some(into) = into.get_mut(..length) {
            bangtin_clip::Bytes::read_at(self, self.at, into)?;
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Verified {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
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

    #[test]
    fn a_file_that_changes_while_it_is_read_gives_no_byte_of_the_change() {
        use bangtin_clip::Bytes as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clip");
        let bytes: Vec<u8> = (0..PIECE * 2 + 100).map(|at| u8::try_from(at * 7 % 251).expect("below 251")).collect();
        let (wanted, size) = (Digest::of(&bytes), bytes.len() as u64);
        fs::write(&path, &bytes).expect("written");
        assert!(matches!(Verified::open(&path, &Digest::of(b"x"), size), Err(CacheError::Rot { .. })));
        assert!(matches!(Verified::open(&path, &wanted, size - 1), Err(CacheError::Rot { .. })));
        let mut file = Verified::open(&path, &wanted, size).expect("whole");
        let mut read = Vec::new();
        file.clone().read_to_end(&mut read).expect("read");
        assert!(read == bytes);
        let mut part = vec![0; PIECE + 10];
        file.read_at(PIECE as u64 - 5, &mut part).expect("read");
        assert!(part == bytes[PIECE - 5..PIECE * 2 + 5]);
        assert!(file.read_at(size - 1, &mut [0; 2]).is_err());
        let mut changed = bytes.clone();
        changed[PIECE + 1] ^= 1;
        fs::write(&path, &changed).expect("written");
        file.read_at(0, &mut [0; 16]).expect("the first chunk is as it was");
        let error = file.read_at(PIECE as u64 * 2 - 8, &mut [0; 16]).expect_err("the second is not");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        fs::write(&path, &bytes[..PIECE]).expect("cut");
        assert!(file.read_at(PIECE as u64 * 2, &mut [0; 16]).is_err());
    }
}
