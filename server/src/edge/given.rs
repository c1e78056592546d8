//! A certificate that the operator gives: read from its files and checked as a board would check it.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustls::sign::CertifiedKey;

use super::chain;

/// The files of a certificate that the operator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFiles {
    /// The server's certificate and those between it and its authority, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// The certificate authorities that boards pin; none: the chain's own root, else the roots of the boards' systems.
    pub ca: Option<PathBuf>,
}

/// A given certificate, checked.
#[derive(Debug)]
pub struct Given {
    /// What boards pin, as PEM; none: the roots of their systems.
    pub pinned: Option<String>,
    /// What the server shows.
    pub certified: CertifiedKey,
    /// Until when that holds.
    pub until: DateTime<Utc>,
    /// The bytes it was read from, to see whether they change.
    pub source: Vec<Vec<u8>>,
}

/// The bytes of the files as they are now.
///
/// # Errors
/// Every file that cannot be read.
pub fn source(files: &GivenFiles) -> Result<Vec<Vec<u8>>, Vec<String>> {
    let paths = [Some(&files.certificate), Some(&files.key), files.ca.as_ref()];
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for path in paths.into_iter().flatten() {
        match fs::read(path) {
            Ok(bytes) => read.push(bytes),
            Err(error) => faults.push(format!("{} cannot be read: {error}", path.display())),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

/// Reads and checks the files.
///
/// # Errors
/// Everything that is wrong with them, each with its file.
pub fn read(files: &GivenFiles, names: &[String], now: DateTime<Utc>) -> Result<Given, Vec<String>> {
    let source = source(files)?;
    let [certificate, key, ..] = source.as_slice() else { return Err(vec!["certificate and key are missing".to_owned()]) };
    let mut faults = Vec::new();
    let mut told = |path: &Path, fault: String| faults.push(format!("{}: {fault}", path.display()));
    let chain = chain::certificates(certificate).map_err(|fault| told(&files.certificate, fault)).ok();
    let key = chain::private_key(key).map_err(|fault| told(&files.key, fault)).ok();
    let ca = files.ca.as_deref().zip(source.get(2));
    let roots = ca.and_then(|(path, pem)| chain::certificates(pem).map_err(|fault| told(path, fault)).ok());
    let (Some(chain), Some(key)) = (chain, key) else { return Err(faults) };
    let own_root = chain.last().filter(|last| chain::facts(last).is_ok_and(|facts| facts.is_root)).cloned();
    let pinned = match (ca, &own_root) {
        (Some((_, pem)), _) => Some(String::from_utf8_lossy(pem).into_owned()),
        (None, Some(root)) => Some(pem_of(root)),
        (None, None) => None,
    };
    let roots = if ca.is_some() { roots } else { own_root.map(|root| vec![root]) };
    for fault in chain::faults(&chain, roots.as_deref(), names, now) {
        told(&files.certificate, fault);
    }
    let until = chain.first().and_then(|leaf| chain::facts(leaf).ok()).map_or(now, |facts| facts.until);
    let certified = chain::certified(chain, key).map_err(|fault| told(&files.key, fault)).ok();
    match certified {
        Some(certified) if faults.is_empty() => Ok(Given { pinned, certified, until, source }),
        _ => Err(faults),
    }
}

fn pem_of(certificate: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}
