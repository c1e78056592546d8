//! Who this board is: its identity file, its key and the root it was made with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use playlists::geometry::Geometry;
use playlists::id::BoardId;
use playlists::trust::key::SecretKey;
use playlists::trust::roles::{Root, RootError};
use playlists::wire::messages::Identity as IdentityFile;

use crate::files;
use crate::link::Way;
use crate::tls::{self, TlsError};

/// A board's identity, checked.
#[derive(Debug)]
pub struct Identity {
    /// The board.
    pub board: BoardId,
    /// Its private key.
    pub key: SecretKey,
    /// Its pixels.
    pub geometry: Geometry,
    /// Where the server answers HTTP, without a slash at the end.
    pub server: String,
    /// How the broker is reached.
    pub broker: Way,
    /// The certificate authorities that are trusted for TLS, as PEM; none: those of the system.
    pub tls_ca: Option<String>,
    /// When the identity was given out.
    pub issued: Option<DateTime<Utc>>,
    /// The pinned root.
    pub root: Root,
}

/// Why an identity file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("the identity file {path} cannot be read; `bangtin board add` makes one")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read the private key.
    #[error("the identity file {path} may be read by others; run chmod 600 on it")]
    Permissions {
        /// Which file.
        path: PathBuf,
    },
    /// Not an identity.
    #[error("the identity file holds no identity: {0}")]
    Form(String),
    /// The key is none.
    #[error("the identity's secret key cannot be read")]
    Key(#[source] playlists::id::IdError),
    /// The root does not hold.
    #[error("the identity's root is refused")]
    Root(#[source] RootError),
    /// An address is none.
    #[error(
        "{0:?} is no address: the server's begins with http:// or https://, the broker's is HOST:PORT, or a URL with mqtts:// or wss://"
    )]
    Address(String),
    /// The certificate authorities are none.
    #[error("the identity cannot be used; `bangtin board add` makes one")]
    Authorities(#[source] TlsError),
}

/// Addresses that take the place of those in the file.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// The server's.
    pub server: Option<String>,
    /// The broker's.
    pub mqtt: Option<String>,
}

impl Identity {
    /// Reads and checks an identity file.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or what it holds does not fit together.
    pub fn read(path: &Path, addresses: &Addresses) -> Result<Self, IdentityError> {
        let read = |source| IdentityError::Read { path: path.to_owned(), source };
        let bytes = fs::read(path).map_err(read)?;
        if files::is_open_to_others(path).map_err(read)? {
            return Err(IdentityError::Permissions { path: path.to_owned() });
        }
        let file: IdentityFile = serde_json::from_slice(&bytes).map_err(|e| IdentityError::Form(e.to_string()))?;
        Self::check(&file, addresses)
    }

    /// Checks an identity.
    ///
    /// # Errors
    /// When what it holds does not fit together.
    pub fn check(file: &IdentityFile, addresses: &Addresses) -> Result<Self, IdentityError> {
        if file.v != 1 {
            return Err(IdentityError::Form(format!("its form {} is not 1", file.v)));
        }
        let server = addresses.server.clone().unwrap_or_else(|| file.server.clone());
        if !server.starts_with("http://") && !server.starts_with("https://") {
            return Err(IdentityError::Address(server));
        }
        let mqtt = addresses.mqtt.clone().unwrap_or_else(|| file.mqtt.clone());
        let broker = Way::read(&mqtt).ok_or(IdentityError::Address(mqtt))?;
        if let Some(pem) = &file.tls_ca {
            tls::authorities(pem).map_err(IdentityError::Authorities)?;
        }
        Ok(Self {
            board: file.board.clone(),
            key: SecretKey::from_hex(&file.secret_key).map_err(IdentityError::Key)?,
            geometry: file.geometry,
            server: server.trim_end_matches('/').to_owned(),
            broker,
            tls_ca: file.tls_ca.clone(),
            issued: file.issued,
            root: Root::pinned(&file.root.to_json(), &file.root_sha256).map_err(IdentityError::Root)?,
        })
    }
}
