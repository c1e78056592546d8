//! A certificate with its key and chain: read from PEM, and everything that may be wrong with it, told at once.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates of a PEM text, in its order.
///
/// # Errors
/// When there is none, or one cannot be read; without naming the file.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no certificate in PEM form (BEGIN CERTIFICATE)".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("holds no readable PEM: {error}")),
    }
}

/// The private key of a PEM text.
///
/// # Errors
/// When there is none that can be used; without naming the file.
pub fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| "holds no private key in PEM form (BEGIN PRIVATE KEY)".to_owned())
}

/// A chain and its key, ready to be served.
///
/// # Errors
/// When the key is of another certificate, or of a kind that cannot be used.
pub fn certified(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, String> {
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => "the private key belongs to another certificate".to_owned(),
        other => format!("certificate and key cannot be used: {other}"),
    })
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// From when it holds.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The DNS names and addresses it covers.
    pub names: BTreeSet<String>,
    /// Who issued it.
    pub issuer: String,
    /// Whether it names itself as its issuer.
    pub is_root: bool,
}

/// Reads what a certificate says of itself.
///
/// # Errors
/// When it cannot be read.
pub fn facts(certificate: &CertificateDer<'_>) -> Result<Facts, String> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|e| format!("the certificate cannot be read: {e}"))?;
    let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or("the certificate's dates cannot be read".to_owned());
    let alternative = read.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names).filter_map(name).collect();
    Ok(Facts {
        from: time(read.validity().not_before.timestamp())?,
        until: time(read.validity().not_after.timestamp())?,
        names,
        issuer: read.issuer().to_string(),
        is_root: read.issuer() == read.subject(),
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from).ok();
            v4.or_else(|| <[u8; 16]>::try_from(*bytes).map(IpAddr::from).ok()).map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Everything that keeps a board from connecting to a server with this chain under these names at this time; `roots` are the
/// authorities it pins, none where it trusts those of its system, which are not known here.
#[must_use]
pub fn faults(
    chain: &[CertificateDer<'static>],
    roots: Option<&[CertificateDer<'static>]>,
    names: &[String],
    now: DateTime<Utc>,
) -> Vec<String> {
    let Some((leaf, rest)) = chain.split_first() else { return vec!["there is no certificate".to_owned()] };
    let mut faults = date_faults(chain, now);
    let parsed = match ParsedCertificate::try_from(leaf) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("the certificate cannot be used: {error}")],
    };
    for name in names {
        let covered = ServerName::try_from(name.clone()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
        if !covered {
            faults.push(format!("the certificate does not cover {name}, where boards are told to connect"));
        }
    }
    if let (Some(roots), true, Some(name)) = (roots, faults.is_empty(), names.first()) {
        faults.extend(chain_fault(leaf, rest, roots, name, now));
    }
    faults
}

fn date_faults(chain: &[CertificateDer<'static>], now: DateTime<Utc>) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, certificate) in (1..).zip(chain) {
        match facts(certificate) {
            Err(error) => faults.push(error),
            Ok(facts) if facts.until < now => faults.push(format!("certificate {place} of the chain ended on {}", facts.until)),
            Ok(facts) if facts.from > now => {
                faults.push(format!("certificate {place} of the chain holds only from {}", facts.from))
            }
            Ok(_) => {}
        }
    }
    faults
}

fn chain_fault(
    leaf: &CertificateDer<'_>,
    rest: &[CertificateDer<'_>],
    roots: &[CertificateDer<'static>],
    name: &str,
    now: DateTime<Utc>,
) -> Option<String> {
    let mut store = RootCertStore::empty();
    for root in roots {
        if let Err(error) = store.add(root.clone()) {
            return Some(format!("a certificate authority to pin cannot be used: {error}"));
        }
    }
    let verifier = match WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build() {
        Ok(verifier) => verifier,
        Err(error) => return Some(format!("the certificate authorities to pin cannot be used: {error}")),
    };
    let name = ServerName::try_from(name.to_owned()).ok()?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    match verifier.verify_server_cert(leaf, rest, &name, &[], now) {
        Ok(_) => None,
        Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Some(
            "the certificate does not lead to the certificate authority that boards are to pin; is an intermediate missing?"
                .to_owned(),
        ),
        Err(error) => Some(format!("boards would refuse the certificate: {error}")),
    }
}
