//! The server's own certificate authority, made at the first start, and the certificate it gives the server.
//!
//! Boards pin the authority, so its certificate lasts as long as boards do; the server's is made anew long before it ends, and
//! at once when the names it must cover change.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::{chain, file};
use crate::keys::{self, KeysError};

/// The authority's private key.
const CA_KEY: &str = "tls-ca.key";
/// The authority's certificate, which boards pin and browsers may be given.
pub const CA_CERTIFICATE: &str = "tls-ca.pem";
/// The server's certificate with its key.
const SERVER: &str = "tls-server.pem";

/// How long the authority lasts: longer than boards do.
const CA_DAYS: i64 = 365 * 25;
/// How long the server's certificate lasts: browsers take none that lasts longer than 398 days.
const SERVER_DAYS: i64 = 397;
/// How long before its end it is made anew.
const RENEW: TimeDelta = TimeDelta::days(130);
/// Certificates hold from a day before they are made, for clocks that are slow.
const EARLIER: TimeDelta = TimeDelta::days(1);
/// Names by which this machine reaches itself; always covered.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why the server has no certificate of its own.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written; the keys folder must belong to the server")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The authority's key may be read by others, or cannot be read or written.
    #[error("the certificate authority's key cannot be used")]
    Key(#[source] KeysError),
    /// What a file holds is none of ours.
    #[error("{path} cannot be used: {fault}; put the right file back, or give every board a new identity after removing it")]
    Form {
        /// Which file.
        path: PathBuf,
        /// Why.
        fault: String,
    },
    /// A certificate cannot be made.
    #[error("no certificate can be made for {names}")]
    Issue {
        /// What it was to cover.
        names: String,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
}

/// The authority and the server's certificate.
#[derive(Debug)]
pub struct Own {
    /// What boards pin, as PEM.
    pub ca_pem: String,
    /// What the server shows.
    pub certified: CertifiedKey,
    /// Until when that holds.
    pub until: DateTime<Utc>,
}

/// Why a server's certificate must be made anew; none while it is good.
#[must_use]
pub fn due(facts: &chain::Facts, wanted: &BTreeSet<String>, now: DateTime<Utc>) -> Option<&'static str> {
    if facts.from > now {
        return Some("it holds only from a later time on");
    }
    if facts.until - now < RENEW {
        return Some("it would end");
    }
    (facts.names != *wanted).then_some("the names it must cover changed")
}

/// Reads authority and certificate from the keys folder, and makes what is missing or due.
///
/// # Errors
/// When a file cannot be read or written, or holds something else.
pub fn ensure(folder: &Path, names: &[String], now: DateTime<Utc>) -> Result<Own, AuthorityError> {
    let key = ca_key(&folder.join(CA_KEY))?;
    let (ca_pem, ca) = ca_certificate(&folder.join(CA_CERTIFICATE), &key, now)?;
    let wanted: BTreeSet<String> = names.iter().map(String::as_str).chain(HERE).map(str::to_owned).collect();
    let path = folder.join(SERVER);
    match read_server(&path, &ca)? {
        Ok((facts, certified)) => match due(&facts, &wanted, now) {
            None => return Ok(Own { ca_pem, certified, until: facts.until }),
            Some(why) => tracing::info!("the server's certificate is made anew: {why}"),
        },
        Err(why) => tracing::info!("a certificate is made for the server: {why}"),
    }
    let pem = issue(key, &wanted, now)?;
    file::replace(&path, pem.as_bytes(), 0o600).map_err(|source| AuthorityError::File { path: path.clone(), source })?;
    match read_server(&path, &ca)? {
        Ok((facts, certified)) => Ok(Own { ca_pem, certified, until: facts.until }),
        Err(fault) => Err(AuthorityError::Form { path, fault }),
    }
}

fn ca_key(path: &Path) -> Result<KeyPair, AuthorityError> {
    if !path.exists() {
        let key = KeyPair::generate().map_err(|source| AuthorityError::Issue { names: CA_KEY.to_owned(), source })?;
        match keys::write_private(path, key.serialize_pem().as_bytes()) {
            // Another command made it at the same moment: that one counts.
            Ok(()) | Err(KeysError::Exists { .. }) => {}
            Err(error) => return Err(AuthorityError::Key(error)),
        }
    }
    let pem = keys::read_private(path).map_err(AuthorityError::Key)?;
    KeyPair::from_pem(&pem).map_err(|error| AuthorityError::Form { path: path.to_owned(), fault: error.to_string() })
}

fn ca_certificate(path: &Path, key: &KeyPair, now: DateTime<Utc>) -> Result<(String, CertificateDer<'static>), AuthorityError> {
    let failed = |source| AuthorityError::File { path: path.to_owned(), source };
    let form = |fault| AuthorityError::Form { path: path.to_owned(), fault };
    if !path.exists() {
        let made = dated(ca_params(key), now, CA_DAYS)
            .self_signed(key)
            .map_err(|source| AuthorityError::Issue { names: CA_CERTIFICATE.to_owned(), source })?;
        file::replace(path, made.pem().as_bytes(), 0o644).map_err(failed)?;
        tracing::info!("a certificate authority was made: boards pin {}", path.display());
    }
    let pem = fs::read_to_string(path).map_err(failed)?;
    let certificate = chain::certificates(pem.as_bytes()).map_err(form)?.swap_remove(0);
    let (_, read) = x509_parser::parse_x509_certificate(&certificate).map_err(|e| form(e.to_string()))?;
    if read.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
        return Err(form(format!("{CA_KEY} beside it is the key of another authority")));
    }
    Ok((pem, certificate))
}

/// The authority's parameters follow from its key, so that nothing has to be read back from its certificate.
fn ca_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let digest = playlists::id::Digest::of(key.public_key_raw()).to_string();
    let mark = digest.get(..8).unwrap_or_default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Bangtin CA {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The server's certificate, or why there is none that could be used.
type Read = Result<(chain::Facts, CertifiedKey), String>;

fn read_server(path: &Path, ca: &CertificateDer<'static>) -> Result<Read, AuthorityError> {
    let pem = match fs::read(path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err("there is none yet".to_owned())),
        Err(source) => return Err(AuthorityError::File { path: path.to_owned(), source }),
    };
    Ok(parse_server(&pem, ca))
}

fn parse_server(pem: &[u8], ca: &CertificateDer<'static>) -> Read {
    let chain = chain::certificates(pem)?;
    let leaf = chain.first().ok_or("there is no certificate")?;
    let facts = chain::facts(leaf)?;
    let (_, read) = x509_parser::parse_x509_certificate(leaf).map_err(|e| e.to_string())?;
    let (_, issuer) = x509_parser::parse_x509_certificate(ca).map_err(|e| e.to_string())?;
    if read.issuer() != issuer.subject() {
        return Err("it is of another authority".to_owned());
    }
    let certified = chain::certified(chain, chain::private_key(pem)?)?;
    Ok((facts, certified))
}

fn issue(ca_key: KeyPair, names: &BTreeSet<String>, now: DateTime<Utc>) -> Result<String, AuthorityError> {
    let failed = |source| AuthorityError::Issue { names: names.iter().cloned().collect::<Vec<_>>().join(", "), source };
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>()).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Bangtin");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::new(ca_params(&ca_key), ca_key);
    let certificate = dated(params, now, SERVER_DAYS).signed_by(&key, &issuer).map_err(failed)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

/// From the day before `now` to the day that many days after it: certificates are dated by days.
fn dated(mut params: CertificateParams, now: DateTime<Utc>, days: i64) -> CertificateParams {
    let clamp = |number: u32| u8::try_from(number).unwrap_or(1);
    let day = |time: DateTime<Utc>| date_time_ymd(time.year(), clamp(time.month()), clamp(time.day()));
    params.not_before = day(now - EARLIER);
    params.not_after = day(now + TimeDelta::days(days));
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).expect("in range") + TimeDelta::days(days)
    }
    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }
    fn leaf(own: &Own) -> Vec<u8> {
        own.certified.cert.first().expect("a certificate").to_vec()
    }
    fn made(folder: &Path, names_wanted: &[&str], days: i64) -> Own {
        ensure(folder, &names(names_wanted), at(days)).expect("it is made")
    }

    #[test]
    fn the_authority_is_made_once_and_the_certificate_only_when_due() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = made(folder.path(), &["bangtin.example", "10.0.0.7"], 0);
        let same = made(folder.path(), &["10.0.0.7", "bangtin.example"], 200);
        assert_eq!((leaf(&first), &first.ca_pem), (leaf(&same), &same.ca_pem), "nothing was due");
        let renewed = made(folder.path(), &["bangtin.example", "10.0.0.7"], 300);
        assert_ne!(leaf(&same), leaf(&renewed), "130 days before its end it is made anew");
        let renamed = made(folder.path(), &["neu.example"], 301);
        assert_ne!(leaf(&renewed), leaf(&renamed), "new names, new certificate");
        assert_eq!(first.ca_pem, renamed.ca_pem, "boards pin the authority: it stays");
        assert!(renamed.until > at(301 + 390));
    }

    #[test]
    fn boards_that_pin_the_authority_take_its_certificate_under_its_names_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = made(folder.path(), &["bangtin.example"], 0);
        let roots = chain::certificates(own.ca_pem.as_bytes()).expect("PEM");
        let faults = |name: &str, days| chain::faults(&own.certified.cert, Some(&roots), &names(&[name]), at(days));
        for good in ["bangtin.example", "localhost", "127.0.0.1", "::1"] {
            assert_eq!(faults(good, 1), Vec::<String>::new(), "{good}");
        }
        assert!(faults("other.example", 1).concat().contains("does not cover other.example"));
        assert!(faults("bangtin.example", 500).concat().contains("ended on"));
        let stranger = made(tempfile::tempdir().expect("a folder").path(), &["bangtin.example"], 0);
        let others = chain::certificates(stranger.ca_pem.as_bytes()).expect("PEM");
        let fault = chain::faults(&own.certified.cert, Some(&others), &names(&["bangtin.example"]), at(1)).concat();
        assert!(fault.contains("does not lead to the certificate authority"), "{fault}");
    }

    #[test]
    fn the_keys_are_for_the_server_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        made(folder.path(), &[], 0);
        for (file, expected) in [(CA_KEY, 0o600), (SERVER, 0o600), (CA_CERTIFICATE, 0o644)] {
            let mode = fs::metadata(folder.path().join(file)).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, expected, "{file}");
        }
    }

    #[test]
    fn a_certificate_of_a_foreign_authority_is_told_and_left_alone() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        made(folder.path(), &[], 0);
        let foreign = made(other.path(), &[], 0).ca_pem;
        fs::write(folder.path().join(CA_CERTIFICATE), &foreign).expect("it is written");
        let error = ensure(folder.path(), &[], at(0)).expect_err("key and certificate differ");
        assert!(matches!(error, AuthorityError::Form { .. }), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(CA_CERTIFICATE)).expect("it is there"), foreign);
    }
}
