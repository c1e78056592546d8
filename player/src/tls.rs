//! Whom a board believes to be its server: the authorities its identity pins and no others, by the time the board believes.
//!
//! A board may boot in 1970 and know only what time it is *at least*. By such a clock a certificate may have ended for certain,
//! but that it does not hold *yet* says nothing: the server may have been given a new one while the board was off. So the
//! beginning of a certificate counts only where the board is sure of its time; the end, the name and the authority always do.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use playlists::wire::reports::ClockQuality;
pub use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::clock::{Reading, Timekeeper};
use crate::ports::Clock;

/// Most certificates of a chain whose beginning may be passed over.
const LONGEST_CHAIN: usize = 8;

/// Why nothing can be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The identity pins nothing, and the system knows no authorities.
    #[error("this system knows no certificate authorities; install ca-certificates, or give the board an identity that pins one")]
    NoAuthorities,
    /// What the identity pins cannot be used.
    #[error("the certificate authorities in the identity cannot be used: {0}")]
    Pinned(String),
    /// The library refuses.
    #[error("TLS cannot be set up")]
    Setup(#[source] Error),
}

/// What the board believes the time to be, for whoever encrypts.
pub struct BoardTime {
    clock: Arc<dyn Clock>,
    issued: Option<DateTime<Utc>>,
    keeper: Mutex<Timekeeper>,
}

impl fmt::Debug for BoardTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoardTime").field(&self.believed()).finish()
    }
}

impl BoardTime {
    /// By this clock and what was learnt of time; never before the identity was given out.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, issued: Option<DateTime<Utc>>, keeper: Timekeeper) -> Self {
        Self { clock, issued, keeper: Mutex::new(keeper) }
    }

    /// Takes over what was learnt of time.
    pub fn learn(&self, keeper: Timekeeper) {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = keeper;
    }

    /// The time, and whether it is sure: signed, or kept by NTP.
    fn believed(&self) -> (DateTime<Utc>, bool) {
        let keeper = *self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let belief = keeper.believe(Reading::of(self.clock.as_ref()));
        match self.issued {
            Some(issued) if issued > belief.now => (issued, false),
            _ => (belief.now, matches!(belief.quality, ClockQuality::Signed | ClockQuality::Ntp)),
        }
    }
}

impl TimeProvider for BoardTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.believed().0.timestamp()).unwrap_or_default();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// What the board encrypts with, for HTTP and MQTT alike; `pinned` are authorities as PEM, none: those of the system.
///
/// # Errors
/// When there are no authorities, or they cannot be used.
pub fn client(pinned: Option<&str>, time: Arc<BoardTime>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(pinned.map_or_else(|| Ok(system()), authorities)?);
    if roots.is_empty() {
        return Err(TlsError::NoAuthorities);
    }
    let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
    let inner = inner.map_err(|error| TlsError::Pinned(error.to_string()))?;
    let verifier = Arc::new(Verifier { inner, time: Arc::clone(&time) });
    let config = ClientConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The authorities of a PEM text.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn authorities(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| TlsError::Pinned(error.to_string()))?;
        roots.add(certificate).map_err(|error| TlsError::Pinned(error.to_string()))?;
    }
    if roots.is_empty() { Err(TlsError::Pinned("there is none".to_owned())) } else { Ok(roots) }
}

fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Judges as the library does, at the time that the board believes.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    time: Arc<BoardTime>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (mut now, is_sure) = (now, self.time.believed().1);
        for _ in 0..LONGEST_CHAIN {
            match self.inner.verify_server_cert(leaf, rest, name, ocsp, now) {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }))
                    if !is_sure && not_before > now =>
                {
                    now = not_before;
                }
                judged => return judged,
            }
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYet))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

    use super::*;

    /// A machine that says it is this time.
    struct Stuck(DateTime<Utc>, bool);

    impl Clock for Stuck {
        fn system(&self) -> DateTime<Utc> {
            self.0
        }
        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
        fn is_synchronised(&self) -> bool {
            self.1
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}T00:00:00Z").parse().expect("a time")
    }

    fn authority() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
    }

    /// A certificate for `a.example` of 2026 alone.
    fn leaf(issuer: &CertifiedIssuer<'static, KeyPair>) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
        let key = KeyPair::generate().expect("a key");
        params.signed_by(&key, issuer).expect("a certificate").der().clone()
    }

    /// Whether a board whose clock says `clock` (kept by NTP or not) and whose identity is of `issued` takes it.
    fn takes(clock: (&str, bool), issued: Option<&str>, name: &str) -> Result<(), Error> {
        let ca = authority();
        judge(&ca.pem(), &leaf(&ca), clock, issued, name)
    }

    fn judge(
        pinned: &str,
        leaf: &CertificateDer<'_>,
        clock: (&str, bool),
        issued: Option<&str>,
        name: &str,
    ) -> Result<(), Error> {
        let keeper = Timekeeper::new(None, Duration::ZERO);
        let time = Arc::new(BoardTime::new(Arc::new(Stuck(at(clock.0), clock.1)), issued.map(at), keeper));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = Arc::new(authorities(pinned).expect("PEM"));
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider).build().expect("roots");
        let now = time.current_time().expect("a time");
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        Verifier { inner, time }.verify_server_cert(leaf, &[], &name, &[], now).map(drop)
    }

    #[test]
    fn a_board_that_boots_in_1970_takes_its_servers_certificate() {
        assert_eq!(takes(("1970-01-01", false), Some("2026-06-01"), "a.example"), Ok(()));
        assert_eq!(
            takes(("1970-01-01", false), Some("2025-06-01"), "a.example"),
            Ok(()),
            "the certificate is newer than the identity"
        );
        assert_eq!(takes(("1970-01-01", false), None, "a.example"), Ok(()), "it knows nothing of time");
    }

    #[test]
    fn a_certificate_that_has_ended_is_refused_however_the_time_is_known() {
        for (clock, issued) in
            [(("2028-01-01", true), None), (("2028-01-01", false), None), (("1970-01-01", false), Some("2028-01-01"))]
        {
            let judged = takes(clock, issued, "a.example");
            assert!(matches!(judged, Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))), "{judged:?}");
        }
    }

    #[test]
    fn a_certificate_of_the_future_is_refused_by_a_clock_that_is_sure() {
        let judged = takes(("2025-06-01", true), None, "a.example");
        assert!(matches!(judged, Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { .. }))), "{judged:?}");
    }

    #[test]
    fn another_name_and_another_authority_are_refused_even_in_1970() {
        let judged = takes(("1970-01-01", false), Some("2026-06-01"), "b.example");
        assert!(matches!(judged, Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))), "{judged:?}");
        let judged = judge(&authority().pem(), &leaf(&authority()), ("1970-01-01", false), None, "a.example");
        assert!(matches!(judged, Err(Error::InvalidCertificate(_))), "{judged:?}");
    }

    #[test]
    fn time_that_was_signed_counts_from_then_on() {
        let mut keeper = Timekeeper::new(None, Duration::ZERO);
        let time = BoardTime::new(Arc::new(Stuck(at("1970-01-01"), false)), Some(at("2026-01-01")), keeper);
        assert_eq!(time.believed(), (at("2026-01-01"), false));
        keeper.hear(at("2026-01-01") + TimeDelta::days(30), Duration::ZERO);
        time.learn(keeper);
        assert_eq!(time.believed(), (at("2026-01-31"), true));
    }
}
