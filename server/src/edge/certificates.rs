//! The certificate that the server shows now: read at the start, looked after while the server runs.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use super::authority::{self, AuthorityError};
use super::given::{self, Given, GivenFiles};
use super::{Edge, chain, names, own_names};
use crate::config::Config;
use crate::ports::Clock;
use crate::telemetry::chain as told;

/// How often files and dates are looked at: a few small files.
const LOOK: Duration = Duration::from_secs(5);
/// How long before its end a given certificate is warned of.
const WARN: TimeDelta = TimeDelta::days(14);

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The server's own authority fails.
    #[error("the server's own certificate authority cannot be used")]
    Authority(#[source] AuthorityError),
    /// The given files are wrong.
    #[error("the certificate given in the settings cannot be used:\n  {}", .0.join("\n  "))]
    Given(Vec<String>),
    /// The settings of TLS do not fit together.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
enum Origin {
    Own(PathBuf),
    Given(GivenFiles),
}

/// The certificate that is shown to whoever connects.
#[derive(Debug)]
pub struct Certificates {
    origin: Origin,
    names: Vec<String>,
    /// The authorities of a given certificate that boards were told to pin when the server started, as PEM.
    pinned: Option<String>,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    certified: Arc<CertifiedKey>,
    until: DateTime<Utc>,
    source: Vec<Vec<u8>>,
}

impl Certificates {
    /// Reads or makes the certificate that the settings want, and says what boards pin; none where nothing is encrypted.
    ///
    /// # Errors
    /// When it cannot be read or made, or boards would refuse it.
    pub fn open(config: &Config, now: DateTime<Utc>) -> Result<(Option<Arc<Self>>, Edge), CertificateError> {
        let edge = Edge { is_open: config.is_open(), ..Edge::default() };
        if !config.tls.http && !config.tls.mqtt {
            return Ok((None, edge));
        }
        let names = if config.tls.given.is_some() { names(config) } else { own_names(config) };
        let (origin, shown, edge) = match &config.tls.given {
            None => {
                let own = authority::ensure(&config.keys, &names, now).map_err(CertificateError::Authority)?;
                let edge = Edge { pinned: Some(own.ca_pem.clone()), is_own: true, ..edge };
                (Origin::Own(config.keys.clone()), Shown::own(own), edge)
            }
            Some(files) => {
                let mut given = given::read(files, &names, now).map_err(CertificateError::Given)?;
                let edge = Edge { pinned: given.pinned.take(), ..edge };
                (Origin::Given(files.clone()), Shown::given(given), edge)
            }
        };
        let pinned = if config.tls.given.is_some() { edge.pinned.clone() } else { None };
        Ok((Some(Arc::new(Self { origin, names, pinned, shown: RwLock::new(shown) })), edge))
    }

    /// What TLS is spoken with; `protocols` are offered to clients that ask for some.
    ///
    /// # Errors
    /// When the provider supports no version of TLS.
    pub fn server_config(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, CertificateError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = ServerConfig::builder_with_provider(chain::provider())
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Tls)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Looks at files and dates until told to stop: what is due is renewed, what changed is read; connections that stand stay.
    pub async fn look_after(self: Arc<Self>, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let mut last_fault = String::new();
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let (this, now) = (Arc::clone(&self), clock.now());
            let looked = tokio::task::spawn_blocking(move || this.look(now)).await;
            let fault = match looked {
                Ok(Ok(())) => String::new(),
                Ok(Err(error)) => told(&error),
                Err(lost) => lost.to_string(),
            };
            if !fault.is_empty() && fault != last_fault {
                tracing::error!("the certificate stays as it is: {fault}");
            }
            last_fault = fault;
        }
    }

    /// One look.
    ///
    /// # Errors
    /// When what should be shown cannot be read or made; what was shown before stays.
    pub fn look(&self, now: DateTime<Utc>) -> Result<(), CertificateError> {
        let fresh = match &self.origin {
            Origin::Own(folder) => Shown::own(authority::ensure(folder, &self.names, now).map_err(CertificateError::Authority)?),
            Origin::Given(files) => {
                let source = given::source(files).map_err(CertificateError::Given)?;
                let (same, until) = {
                    let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
                    (shown.source == source, shown.until)
                };
                if same {
                    return if until - now < WARN { Err(ends(files, until)) } else { Ok(()) };
                }
                let given = given::read(files, &self.names, now).map_err(CertificateError::Given)?;
                self.leads_to_what_boards_pin(files, &given, now)?;
                Shown::given(given)
            }
        };
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        if shown.certified.cert != fresh.certified.cert {
            tracing::info!("the server shows a new certificate, good until {}", fresh.until);
        }
        *shown = fresh;
        Ok(())
    }

    /// Holds a certificate that is to take over against the authorities of the start: boards know no others.
    fn leads_to_what_boards_pin(&self, files: &GivenFiles, given: &Given, now: DateTime<Utc>) -> Result<(), CertificateError> {
        let Some(pinned) = &self.pinned else { return Ok(()) };
        let roots = chain::certificates(pinned.as_bytes()).map_err(|fault| CertificateError::Given(vec![fault]))?;
        if chain::faults(&given.certified.cert, Some(&roots), &self.names, now).is_empty() {
            return Ok(());
        }
        let path = files.certificate.display();
        let fault = "boards pin another certificate authority and would refuse this one; a restart takes it all the same";
        Err(CertificateError::Given(vec![format!("{path}: {fault}, and every board then needs a new identity")]))
    }
}

fn ends(files: &GivenFiles, until: DateTime<Utc>) -> CertificateError {
    let path = files.certificate.display();
    CertificateError::Given(vec![format!("{path}: the certificate ends on {until}; put a new one there, no restart is needed")])
}

impl Shown {
    fn own(own: authority::Own) -> Self {
        Self { certified: Arc::new(own.certified), until: own.until, source: Vec::new() }
    }
    fn given(given: given::Given) -> Self {
        Self { certified: Arc::new(given.certified), until: given.until, source: given.source }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner).certified))
    }
}
