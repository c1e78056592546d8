//! The server's signing keys and the root they hang from, read from files that only the server's user may read.

use std::path::{Path, PathBuf};

use playlists::id::Digest;
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{Root, RootError};

/// The keys a server works with. The root's own key is not among them, unless the server was told to make a root.
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
    #[error("the key file {path} cannot be read; `bangtin keys init` makes a set")]
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
    #[error("the key file {path} may be read by others; run chmod 600 on it")]
    Permissions {
        /// Which file.
        path: PathBuf,
    },
    /// Not a key.
    #[error("the key file {path} holds no key")]
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
