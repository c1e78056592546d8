//! By which way the broker is reached, and when another one is tried.

use std::fmt;

/// Tries that must fail by one way before the other gets its turn.
const PATIENT: u32 = 2;

/// A way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// MQTT over TCP, in plain text.
    Tcp {
        /// The broker's host, an IPv6 address without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// MQTT over TLS.
    Tls {
        /// The broker's host, an IPv6 address without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// MQTT over WebSocket, encrypted where the URL begins with `wss`.
    WebSocket(String),
}

impl Way {
    /// Reads `host:port`, or a URL with `mqtt`, `mqtts`, `ws` or `wss`.
    #[must_use]
    pub fn read(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://").unwrap_or(("mqtt", address));
        if matches!(scheme, "ws" | "wss") {
            return (!rest.is_empty()).then(|| Self::WebSocket(address.to_owned()));
        }
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
        let (host, port) = (host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?);
        match scheme {
            "mqtt" if !host.is_empty() => Some(Self::Tcp { host, port }),
            "mqtts" if !host.is_empty() => Some(Self::Tls { host, port }),
            _ => None,
        }
    }

    /// Whether what is said this way is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Tcp { .. } => false,
            Self::Tls { .. } => true,
            Self::WebSocket(url) => url.starts_with("wss://"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |f: &mut fmt::Formatter<'_>, scheme: &str, host: &str, port: u16| {
            if host.contains(':') { write!(f, "{scheme}://[{host}]:{port}") } else { write!(f, "{scheme}://{host}:{port}") }
        };
        match self {
            Self::Tcp { host, port } => address(f, "mqtt", host, *port),
            Self::Tls { host, port } => address(f, "mqtts", host, *port),
            Self::WebSocket(url) => f.write_str(url),
        }
    }
}

/// The ways to one broker, and how they went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    given: Way,
    ways: Vec<Way>,
    /// The one that is taken while nothing fails.
    usual: usize,
    failed: u32,
}

impl Ways {
    /// The way given, and the WebSocket on the port of `server`, unless that would encrypt less.
    #[must_use]
    pub fn new(given: Way, server: &str) -> Self {
        let over_http = server.strip_prefix("http").map(|rest| Way::WebSocket(format!("ws{rest}/mqtt")));
        let is_other = |way: &Way| !matches!(given, Way::WebSocket(_)) && (way.is_encrypted() || !given.is_encrypted());
        let other = over_http.filter(is_other);
        Self { given: given.clone(), ways: [given].into_iter().chain(other).collect(), usual: 0, failed: 0 }
    }

    /// The one to be taken now: the usual one, and after two failures in a row each in turn.
    #[must_use]
    pub fn next(&self) -> &Way {
        let turn = usize::try_from(self.failed.saturating_sub(PATIENT - 1)).unwrap_or_default();
        let way = if self.failed < PATIENT { self.usual } else { (self.usual + turn) % self.ways.len() };
        self.ways.get(way).unwrap_or(&self.given)
    }

    /// The broker answered by this way: it is the usual one from now on.
    pub fn worked(&mut self, way: &Way) {
        self.failed = 0;
        self.usual = self.ways.iter().position(|known| known == way).unwrap_or_default();
    }

    /// The broker did not answer by the way that was taken.
    pub fn failed(&mut self) {
        self.failed = self.failed.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(address: &str) -> Way {
        Way::read(address).expect("an address")
    }

    #[test]
    fn addresses_are_read_and_written() {
        for (address, written) in [
            ("10.0.0.7:1883", "mqtt://10.0.0.7:1883"),
            ("mqtts://bangtin.example:8883", "mqtts://bangtin.example:8883"),
            ("[::1]:1883", "mqtt://[::1]:1883"),
            ("wss://bangtin.example/mqtt", "wss://bangtin.example/mqtt"),
        ] {
            assert_eq!(way(address).to_string(), written);
        }
        for bad in ["bangtin.example", "http://bangtin.example:1883", "mqtts://:8883", "host:70000", "wss://", ""] {
            assert_eq!(Way::read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_blocked_port_gives_way_to_the_websocket_which_stays_while_it_works() {
        let direct = way("mqtts://a.example:8883");
        let mut ways = Ways::new(direct.clone(), "https://a.example");
        let mut tried = Vec::new();
        for _ in 0..6 {
            tried.push(ways.next().to_string());
            ways.failed();
        }
        let (d, w) = ("mqtts://a.example:8883", "wss://a.example/mqtt");
        assert_eq!(tried, [d, d, w, d, w, d]);
        let web = way("wss://a.example/mqtt");
        ways.worked(&web);
        assert_eq!(*ways.next(), web);
        ways.failed();
        assert_eq!(*ways.next(), web, "one failure changes nothing");
        ways.failed();
        assert_eq!(*ways.next(), direct);
    }

    #[test]
    fn the_second_way_never_encrypts_less_than_the_first() {
        let mut ways = Ways::new(way("mqtts://a.example:8883"), "http://a.example");
        for _ in 0..6 {
            assert!(ways.next().is_encrypted());
            ways.failed();
        }
    }
}
