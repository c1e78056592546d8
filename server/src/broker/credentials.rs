//! How the server and its probe log in at the broker: made at random for the embedded one, read from a file for an external one.

use std::fmt;
use std::path::{Path, PathBuf};

/// User name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.user)
    }
}

/// The server's login, and that of a probe with exactly a board's rights, for the self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// May publish to boards and hear their reports.
    pub server: Login,
    /// May what a board of its user name may; the name is a board id that no board has.
    pub probe: Login,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("the broker's login file {path} cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not of the form needed.
    #[error("the broker's login file {path} needs the two lines `server USER PASSWORD` and `probe USER PASSWORD`")]
    Form {
        /// Which file.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("the broker's login file {path} may be read by others; run chmod 600 on it")]
    Permissions {
        /// Which file.
        path: PathBuf,
    },
}

impl Credentials {
    /// Reads `server USER PASSWORD` and `probe USER PASSWORD`, one a line, from a file that only its owner may read. It blocks:
    /// for the start of the process.
    ///
    /// # Errors
    /// When the file cannot be read, may be read by others, or has another form.
    pub fn read(path: &Path) -> Result<Self, CredentialsError> {
        use std::os::unix::fs::MetadataExt;
        let failed = |source| CredentialsError::Read { path: path.to_owned(), source };
        let mode = std::fs::metadata(path).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(CredentialsError::Permissions { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::parse(&text).ok_or_else(|| CredentialsError::Form { path: path.to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let login = |role: &str| {
            text.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                let (name, user, password) = (words.next()?, words.next()?, words.next()?);
                (name == role && words.next().is_none()).then(|| Login { user: user.to_owned(), password: password.to_owned() })
            })
        };
        Some(Self { server: login("server")?, probe: login("probe")? })
    }

    /// New ones that only this process knows.
    pub(super) fn random(server: &str) -> Result<Self, getrandom::Error> {
        let name = secret()?;
        let probe = format!("probe-{}", name.get(..16).unwrap_or(&name));
        Ok(Self {
            server: Login { user: server.to_owned(), password: secret()? },
            probe: Login { user: probe, password: secret()? },
        })
    }
}

/// Thirty-two random bytes as hexadecimal digits.
pub(super) fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_file_names_the_server_and_the_probe() {
        let good = Credentials::parse("server s 1\n\nprobe probe-1 2\n").expect("both lines are there");
        assert_eq!((good.server.user.as_str(), good.probe.password.as_str()), ("s", "2"));
        for bad in ["", "server s 1", "server s 1\nprobe p", "server s 1 2\nprobe p 2"] {
            assert_eq!(Credentials::parse(bad), None, "{bad}");
        }
        assert!(!format!("{good:?}").contains('1') || !format!("{:?}", good.server).contains('1'));
    }
}
