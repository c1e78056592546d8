//! Content that the boards of a fleet have in common: fetched once, on the disk once, linked into each board's own folder. Each
//! board still hashes every byte in its own folder before it holds the item, and again before it shows it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use playlists::id::Digest;

use crate::api::Api;
use crate::cache::{Cache, CacheError, verify};
use crate::download::{DownloadError, download};
use crate::files;

/// The folder that the boards of a fleet link from.
pub(crate) struct Shelf {
    folder: PathBuf,
    turns: Mutex<BTreeMap<Digest, Weak<tokio::sync::Mutex<()>>>>,
}

impl Shelf {
    /// Opens the folder, and removes what no board has a link to any more. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.metadata()?.nlink() < 2 {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder, turns: Mutex::default() })
    }

    /// One board at a time fetches an item; the others then find it here.
    fn turn(&self, item: Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = turns.get(&item).and_then(Weak::upgrade).unwrap_or_default();
        turns.insert(item, Arc::downgrade(&turn));
        turn
    }

    fn path(&self, item: &Digest) -> PathBuf {
        self.folder.join(item.to_string())
    }

    /// Links an item into a board's folder and hashes it there; false when it is not here, or rotten (then it is removed).
    fn lend(&self, cache: &Cache, item: &Digest, size: u64) -> Result<bool, CacheError> {
        let (own, part) = (self.path(item), cache.part(item));
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::Disk { path, source }
        };
        if !own.exists() {
            return Ok(false);
        }
        if let Some(shelf) = part.parent() {
            fs::create_dir_all(shelf).map_err(disk(shelf))?;
        }
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(&part)(error)),
            _ => {}
        }
        fs::hard_link(&own, &part).map_err(disk(&part))?;
        if verify(&part, item, size).is_err() {
            fs::remove_file(&part).map_err(disk(&part))?;
            fs::remove_file(&own).map_err(disk(&own))?;
            return Ok(false);
        }
        cache.admit(item)?;
        Ok(true)
    }

    /// Takes an item that a board has fetched; without it the next board fetches it as well.
    fn keep(&self, cache: &Cache, item: &Digest) {
        let kept = fs::hard_link(cache.path(item), self.path(item)).and_then(|()| files::sync_parent(&self.path(item)));
        if let Err(error) = kept {
            tracing::warn!(error = &error as &dyn std::error::Error, item = %item, "an item is not shared with the other boards");
        }
    }
}

/// Gets an item into a board's folder: from the shelf where there is one and it holds the item, else from the server.
///
/// # Errors
/// As [`download`].
pub(crate) async fn get(
    shelf: Option<Arc<Shelf>>,
    api: &Api,
    cache: &Cache,
    item: Digest,
    size: u64,
) -> Result<(), DownloadError> {
    let Some(shelf) = shelf else { return Box::pin(download(api, cache, item, size)).await };
    let turn = shelf.turn(item);
    let _turn = turn.lock().await;
    let (lender, own) = (Arc::clone(&shelf), cache.clone());
    match tokio::task::spawn_blocking(move || lender.lend(&own, &item, size)).await {
        Ok(Ok(true)) => return Ok(()),
        Ok(Ok(false)) => {}
        Ok(Err(error)) => return Err(DownloadError::Place(item, error)),
        Err(error) => {
            let path = cache.part(&item);
            return Err(DownloadError::Disk { path, source: io::Error::other(error) });
        }
    }
    Box::pin(download(api, cache, item, size)).await?;
    let own = cache.clone();
    if let Err(error) = tokio::task::spawn_blocking(move || shelf.keep(&own, &item)).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "an item is not shared with the other boards");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(folder: &Path, name: &str) -> Cache {
        Cache::open(folder.join(name)).0
    }

    fn hold(cache: &Cache, bytes: &[u8]) -> Digest {
        let item = Digest::of(bytes);
        fs::create_dir_all(cache.part(&item).parent().expect("a shelf")).expect("made");
        fs::write(cache.part(&item), bytes).expect("written");
        cache.admit(&item).expect("renamed");
        item
    }

    #[test]
    fn an_item_lies_on_the_disk_once_and_goes_with_its_last_board() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (board(folder.path(), "one"), board(folder.path(), "other"));
        let shelf = Shelf::open(folder.path().join("shared")).expect("opened");
        let item = hold(&one, b"bytes");
        assert!(!shelf.lend(&other, &item, 5).expect("no fault"), "not here yet");
        shelf.keep(&one, &item);
        assert!(shelf.lend(&other, &item, 5).expect("no fault"));
        assert_eq!(fs::metadata(other.path(&item)).expect("there").nlink(), 3);
        one.remove(&item).expect("evicted");
        Shelf::open(folder.path().join("shared")).expect("opened");
        assert!(shelf.path(&item).exists(), "the other board holds it still");
        other.remove(&item).expect("evicted");
        Shelf::open(folder.path().join("shared")).expect("opened");
        assert!(!shelf.path(&item).exists(), "nobody holds it");
    }

    #[test]
    fn what_is_rotten_is_lent_to_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (board(folder.path(), "one"), board(folder.path(), "other"));
        let shelf = Shelf::open(folder.path().join("shared")).expect("opened");
        let item = hold(&one, b"bytes");
        shelf.keep(&one, &item);
        fs::write(shelf.path(&item), b"bites").expect("written");
        assert!(!shelf.lend(&other, &item, 5).expect("no fault"));
        assert!(!other.path(&item).exists() && !other.part(&item).exists() && !shelf.path(&item).exists());
    }
}
