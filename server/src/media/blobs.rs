//! Bytes by digest in a folder: written once under a temporary name, synced, renamed; never changed.

use std::path::{Path, PathBuf};

use playlists::id::Digest;

/// A folder of blobs, `ab/cdef…` by the digest's hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Blobs in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the blob of this digest lies, whether or not it is there.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let (head, tail) = name.split_at(2);
        self.folder.join(head).join(tail)
    }
}
