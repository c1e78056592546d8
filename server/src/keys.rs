//! The server's signing keys and the root they hang from, in files that only the server's user may read.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use playlists::id::{Digest, KeyEpoch, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{ApproveThresholds, Role, RoleKeys, Root, RootError};

/// The root's envelope within the key folder.
const ROOT_FILE: &str = "root.json";
/// The roles whose keys the server holds, with the names of their files.
const SERVER_ROLES: [(Role, &str); 4] =
    [(Role::Publish, "publish"), (Role::Recall, "recall"), (Role::Notice, "notice"), (Role::Time, "time")];
/// The secret with which nonces are authenticated.
const NONCE_FILE: &str = "nonce";
/// The root's own key.
const ROOT_KEY_FILE: &str = "root";

/// The keys a server works with. The root's own key is not among them.
#[derive(Debug)]
pub struct Keys {
    /// The root in force.
    pub root: Root,
    /// Its envelope, byte for byte.
    pub root_envelope: Vec<u8>,
    /// Composes manifests, gives commands.
    pub publish: SecretKey,
    /// Signs time, freshness and acknowledgements.
    pub time: SecretKey,
    /// Authenticates nonces; never leaves the server.
    pub nonce_secret: [u8; 32],
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read.
    #[error("the key file {path} cannot be read; `bangtin keys init` makes a set of keys")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("the key file {path} cannot be written")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others may read a secret.
    #[error("the key file {path} may be read by others than its owner; run chmod 600 on it")]
    Permissions {
        /// Which file.
        path: PathBuf,
    },
    /// Not a key.
    #[error("the key file {path} does not hold 64 lower-case hexadecimal digits")]
    Form {
        /// Which file.
        path: PathBuf,
    },
    /// The root does not hold.
    #[error("the root in {path} is refused")]
    Root {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: RootError,
    },
    /// The root names other keys than those in the files.
    #[error("the root in {path} does not name this server's {role} key")]
    Stranger {
        /// Which file.
        path: PathBuf,
        /// Which role.
        role: &'static str,
    },
    /// There is a set already.
    #[error("{path} exists already; nothing was changed")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
}

impl Keys {
    /// Makes a set of keys: the server's into `folder`, the root's own into `root_folder` (on another machine's medium, except
    /// for trials), and the root that names them. Nothing that exists is overwritten.
    ///
    /// # Errors
    /// When one of the files exists, a folder cannot be written, or the system gives no random bytes.
    pub fn init(folder: &Path, root_folder: &Path) -> Result<(), KeysError> {
        let root_key_path = Self::file(root_folder, ROOT_KEY_FILE);
        let root_path = folder.join(ROOT_FILE);
        let names = SERVER_ROLES.iter().map(|(_, name)| *name).chain([NONCE_FILE]);
        let wanted = names.map(|name| Self::file(folder, name)).chain([root_key_path.clone(), root_path.clone()]);
        if let Some(path) = wanted.into_iter().find(|path| path.exists()) {
            return Err(KeysError::Exists { path });
        }
        for folder in [folder, root_folder] {
            make_private_folder(folder)?;
        }
        let root_key = SecretKey::from_seed(&random_seed()?);
        let mut roles = BTreeMap::from([(Role::Root, RoleKeys { keys: vec![root_key.public()], threshold: 1 })]);
        for (role, name) in SERVER_ROLES {
            let key = SecretKey::from_seed(&random_seed()?);
            write_private(&Self::file(folder, name), key.to_hex().as_bytes())?;
            roles.insert(role, RoleKeys { keys: vec![key.public()], threshold: 1 });
        }
        write_private(&Self::file(folder, NONCE_FILE), data_encoding::HEXLOWER.encode(&random_seed()?).as_bytes())?;
        write_private(&root_key_path, root_key.to_hex().as_bytes())?;
        let root = Root { v: 1, version: Version(1), key_epoch: KeyEpoch(1), roles, approve: ApproveThresholds::default() };
        let payload = serde_json::to_vec(&root).expect("a root is plain data");
        // Written last: a set without its root is no set, and is noticed as such.
        write_private(&root_path, &Envelope::sign(DocumentType::Root, &payload, &[&root_key]).to_json())
    }

    /// Whether this folder holds a set of keys.
    #[must_use]
    pub fn are_in(folder: &Path) -> bool {
        folder.join(ROOT_FILE).exists()
    }

    /// Reads the set in this folder.
    ///
    /// # Errors
    /// When a file is missing, is no key, may be read by others, or the root does not name these keys.
    pub fn load(folder: &Path) -> Result<Self, KeysError> {
        let root_path = folder.join(ROOT_FILE);
        let root_envelope = fs::read(&root_path).map_err(|source| KeysError::Read { path: root_path.clone(), source })?;
        let root =
            Root::signed_by_itself(&root_envelope).map_err(|source| KeysError::Root { path: root_path.clone(), source })?;
        let key = |role: Role, name: &'static str| {
            let path = Self::file(folder, name);
            let key = SecretKey::from_hex(&read_private(&path)?).map_err(|_| KeysError::Form { path })?;
            if root.keys(role).0.contains(&key.public()) {
                return Ok(key);
            }
            Err(KeysError::Stranger { path: root_path.clone(), role: name })
        };
        let (publish, time) = (key(Role::Publish, "publish")?, key(Role::Time, "time")?);
        for (role, name) in SERVER_ROLES {
            key(role, name)?;
        }
        let nonce_path = Self::file(folder, NONCE_FILE);
        let nonce = data_encoding::HEXLOWER.decode(read_private(&nonce_path)?.trim().as_bytes()).ok();
        let nonce_secret =
            nonce.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or(KeysError::Form { path: nonce_path })?;
        Ok(Self { root, root_envelope, publish, time, nonce_secret })
    }

    /// SHA-256 of the root's envelope: what identity files pin.
    #[must_use]
    pub fn root_sha256(&self) -> Digest {
        Digest::of(&self.root_envelope)
    }

    /// Where the key of a role lies within a key folder.
    #[must_use]
    pub fn file(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.key"))
    }
}

/// Thirty-two random bytes for a key.
///
/// # Errors
/// When the system gives none.
pub fn random_seed() -> Result<[u8; 32], KeysError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeysError::Random)?;
    Ok(seed)
}

/// Writes a file that only its owner may read, and that must not exist yet.
///
/// # Errors
/// When it exists or cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let failed = |source| KeysError::Write { path: path.to_owned(), source };
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(KeysError::Exists { path: path.to_owned() }),
        opened => opened.map_err(failed)?,
    };
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

fn make_private_folder(folder: &Path) -> Result<(), KeysError> {
    let failed = |source| KeysError::Write { path: folder.to_owned(), source };
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(failed)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)
}

/// Reads a file that only its owner may read.
///
/// # Errors
/// When others may read it, or it cannot be read.
pub fn read_private(path: &Path) -> Result<String, KeysError> {
    let failed = |source| KeysError::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
        return Err(KeysError::Permissions { path: path.to_owned() });
    }
    fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Keys::init(folder.path(), &folder.path().join("offline")).expect("keys are made");
        folder
    }

    #[test]
    fn a_set_of_keys_is_made_once_and_read_back() {
        let folder = made();
        let keys = Keys::load(folder.path()).expect("keys are read");
        assert_eq!(keys.root.version, Version(1));
        assert!(matches!(Keys::init(folder.path(), folder.path()), Err(KeysError::Exists { .. })));
    }

    #[test]
    fn the_roots_own_key_does_not_lie_with_the_servers() {
        let folder = made();
        assert!(!Keys::file(folder.path(), "root").exists());
        assert!(Keys::file(&folder.path().join("offline"), "root").exists());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = made();
        let path = Keys::file(folder.path(), "publish");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions change");
        assert!(matches!(Keys::load(folder.path()), Err(KeysError::Permissions { .. })));
    }

    #[test]
    fn a_missing_a_broken_and_a_strange_key_are_each_told_apart() {
        let folder = made();
        let path = Keys::file(folder.path(), "time");
        fs::remove_file(&path).expect("the key is removed");
        assert!(matches!(Keys::load(folder.path()), Err(KeysError::Read { .. })));
        write_private(&path, b"not a key").expect("a file is written");
        assert!(matches!(Keys::load(folder.path()), Err(KeysError::Form { .. })));
        fs::remove_file(&path).expect("the key is removed");
        write_private(&path, SecretKey::from_seed(&[7; 32]).to_hex().as_bytes()).expect("a file is written");
        assert!(matches!(Keys::load(folder.path()), Err(KeysError::Stranger { role: "time", .. })));
    }
}
