//! What stands between the network and the server: certificates, TLS, and the way of encrypted connections to the broker.

pub mod authority;
pub mod certificates;
pub mod chain;
pub mod door;
mod file;
pub mod given;
pub mod tunnel;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use crate::config::Config;
use tunnel::{Origins, Tunnel};

/// How boards and browsers come in.
#[derive(Debug, Default)]
pub struct Edge {
    /// The certificate authorities that boards pin, as PEM; none: they trust those of their system, or speak plain text.
    pub pinned: Option<String>,
    /// Whether the certificate is of the server's own authority, which browsers do not know.
    pub is_own: bool,
    /// Whether a port beyond this machine takes plain text.
    pub is_open: bool,
    /// Whence connections came that are passed on to the broker.
    pub origins: Arc<Origins>,
    /// The way to the embedded broker; none until it stands.
    pub tunnel: OnceLock<Tunnel>,
}

/// The names and addresses under which boards are told to connect over TLS: a certificate must cover them.
#[must_use]
pub fn names(config: &Config) -> Vec<String> {
    let url = config.tls.http.then(|| config.url(config.listen_http));
    let broker = config.tls.mqtt.then(|| config.broker(config.listen_mqtt));
    let mut names: Vec<String> = [url, broker].iter().flatten().map(|address| host_of(address).to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    names
}

/// The same, and the addresses that are listened on: what a certificate of the server's own covers.
#[must_use]
pub fn own_names(config: &Config) -> Vec<String> {
    let ports = [(config.tls.http, config.listen_http.ip()), (config.tls.mqtt, config.listen_mqtt.ip())];
    let listens = ports.into_iter().filter(|(encrypted, ip)| *encrypted && !ip.is_unspecified()).map(|(_, ip)| ip.to_string());
    names(config).into_iter().chain(listens).collect()
}

/// The host of `https://host:port/path`, `host:port` or `[::1]:port`, without brackets.
#[must_use]
pub fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    if let Some((host, _)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return host;
    }
    match authority.rsplit_once(':') {
        Some((host, _)) if authority.parse::<IpAddr>().is_err() => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_stands_without_scheme_port_and_brackets() {
        for (address, host) in [
            ("https://bangtin.example:8443/", "bangtin.example"),
            ("https://bangtin.example", "bangtin.example"),
            ("mqtts://10.0.0.7:8883", "10.0.0.7"),
            ("[::1]:8883", "::1"),
            ("wss://[2001:db8::1]:443/mqtt", "2001:db8::1"),
            ("10.0.0.7:1883", "10.0.0.7"),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }
}
