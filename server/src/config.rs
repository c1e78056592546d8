//! Settings: flags over environment over file over defaults, read from plain maps, so that every fault is told at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::edge::given::GivenFiles;
use crate::edge::host_of;
use crate::store::DatabaseUrl;

/// One setting: its key in the file; `listen_http` is also the flag `--listen-http` and the variable `BANGTIN_LISTEN_HTTP`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Key in the file.
    pub key: &'static str,
    /// What it is when nobody says otherwise.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// Which log lines are written unless it is said otherwise.
pub const DEFAULT_LOG: &str = "info,mqtt5=error";
/// The same for the demo: what it prints first must not scroll away.
pub const DEMO_LOG: &str = "warn,mqtt5=error";

/// All settings, in the order of the reference in this crate's README.
pub const SETTINGS: &[Setting] = &[
    Setting { key: "data", default: "data", help: "Folder for the database, pictures and keys." },
    Setting { key: "listen_http", default: "127.0.0.1:8080", help: "Address and port for browsers and boards." },
    Setting { key: "listen_mqtt", default: "127.0.0.1:1883", help: "Address and port of the embedded MQTT broker." },
    Setting {
        key: "public_url",
        default: "http://{listen_http}",
        help: "Where boards and browsers reach this server; https:// where that port speaks TLS.",
    },
    Setting {
        key: "public_mqtt",
        default: "{listen_mqtt}",
        help: "Where boards reach the broker: host:port, or a URL with mqtts:// or wss://.",
    },
    Setting { key: "database", default: "sqlite:{data}/bangtin.db", help: "sqlite:PATH or postgres://USER@HOST/DATABASE." },
    Setting { key: "keys", default: "{data}/keys", help: "Folder of the signing keys." },
    Setting { key: "tls", default: "auto", help: "auto: ports beyond this machine speak TLS; on: all ports do." },
    Setting {
        key: "tls_certificate",
        default: "none",
        help: "PEM file with the server's certificate and intermediates; without it the server makes its own.",
    },
    Setting { key: "tls_key", default: "none", help: "PEM file with the certificate's private key." },
    Setting {
        key: "tls_ca",
        default: "none",
        help: "PEM file with the authorities that boards pin for a given certificate; else the chain's root, else their system's.",
    },
    Setting {
        key: "ffmpeg",
        default: "ffmpeg",
        help: "Programme that works on clips, a name or a path; ffprobe lies beside it.",
    },
    Setting {
        key: "allow_plain",
        default: "false",
        help: "true: ports beyond this machine speak plain text; anyone on the way can read it.",
    },
    Setting {
        key: "log",
        default: DEFAULT_LOG,
        help: "Which log lines: error, warn, info, debug, or a filter such as info,bangtin=debug.",
    },
    Setting { key: "log_format", default: "text", help: "text or json." },
];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What is encrypted, and with whose certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The port for browsers and boards speaks TLS.
    pub http: bool,
    /// The broker's port does.
    pub mqtt: bool,
    /// The operator's certificate; none: the server's own.
    pub given: Option<GivenFiles>,
}

/// The settings of a server, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder for everything it keeps.
    pub data: PathBuf,
    /// Address and port for browsers and boards.
    pub listen_http: SocketAddr,
    /// Address and port of the embedded broker.
    pub listen_mqtt: SocketAddr,
    /// Where boards reach this server; none: where it listens.
    pub public_url: Option<String>,
    /// Where boards reach the broker; none: where it listens.
    pub public_mqtt: Option<String>,
    /// Its database.
    pub database: DatabaseUrl,
    /// Folder of its keys.
    pub keys: PathBuf,
    /// The ffmpeg that works on clips.
    pub ffmpeg: PathBuf,
    /// What is encrypted.
    pub tls: Tls,
    /// Filter of log lines.
    pub log: String,
    /// Their form.
    pub log_format: LogFormat,
}

/// Values by key, as flags or the environment give them.
pub type Values = BTreeMap<&'static str, String>;

/// What is wrong with one setting, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Such as `flag --listen-http` or `bangtin.toml, key listen_http`.
    pub place: String,
    /// What is wrong and what would be right.
    pub fault: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl Setting {
    /// The variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("BANGTIN_{}", self.key.to_ascii_uppercase())
    }
    /// The flag that sets it.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }
}

impl Config {
    /// The settings from flags, environment and the text of a file.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn read(flags: &Values, environment: &Values, file: Option<(&Path, &str)>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let file = file.map(|(path, text)| (path, read_file(path, text, &mut faults)));
        let mut found = Found { flags, environment, file, faults };
        let config = found.config();
        if found.faults.is_empty() { config.ok_or_else(Vec::new) } else { Err(found.faults) }
    }
}

/// The file's keys as text; what it holds that is no setting is a fault.
fn read_file(path: &Path, text: &str, faults: &mut Vec<Fault>) -> BTreeMap<String, String> {
    let mut fault = |key: Option<&str>, fault: String| {
        let place = key.map_or_else(|| path.display().to_string(), |key| format!("{}, key {key}", path.display()));
        faults.push(Fault { place, fault });
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(e) => {
            fault(None, format!("cannot be read: {}", e.to_string().trim_end().replace('\n', " ")));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if !SETTINGS.iter().any(|setting| setting.key == key) {
            let known = SETTINGS.iter().map(|setting| setting.key).collect::<Vec<_>>().join(", ");
            fault(Some(&key), format!("is not a setting; there are {known}"));
            continue;
        }
        match value {
            toml::Value::String(text) => drop(values.insert(key, text)),
            toml::Value::Boolean(yes) => drop(values.insert(key, yes.to_string())),
            toml::Value::Integer(number) => drop(values.insert(key, number.to_string())),
            _ => fault(Some(&key), "must be a text, a number, true or false".to_owned()),
        }
    }
    values
}

struct Found<'a> {
    flags: &'a Values,
    environment: &'a Values,
    file: Option<(&'a Path, BTreeMap<String, String>)>,
    faults: Vec<Fault>,
}

impl Found<'_> {
    fn config(&mut self) -> Option<Config> {
        let data = self.path("data")?;
        let listen_http = self.parse("listen_http", "must be ADDRESS:PORT such as 127.0.0.1:8080", |t| t.parse().ok());
        let listen_mqtt = self.parse("listen_mqtt", "must be ADDRESS:PORT such as 127.0.0.1:1883", |t| t.parse().ok());
        let public_url = self.optional("public_url", "must begin with http:// or https:// and have no path", is_origin);
        let public_mqtt = self.optional(
            "public_mqtt",
            "must be HOST:PORT, or that after mqtt:// or mqtts://, or wss://HOST:PORT/mqtt",
            is_broker,
        );
        let database = self.database(&data);
        let keys = self.given("keys").map_or_else(|| data.join("keys"), |(_, text)| PathBuf::from(text));
        let ffmpeg = self.parse("ffmpeg", "must name a programme", |text| (!text.is_empty()).then(|| PathBuf::from(text)));
        let allow_plain = self.parse("allow_plain", "must be true or false", |text| text.parse::<bool>().ok());
        let tls = self.tls(listen_http, listen_mqtt, allow_plain);
        let log = self.given("log").map_or_else(|| DEFAULT_LOG.to_owned(), |(_, text)| text);
        let log_format = self.parse("log_format", "must be text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        let (listen_http, listen_mqtt, ffmpeg, log_format) = (listen_http?, listen_mqtt?, ffmpeg?, log_format?);
        let (database, tls) = (database?, tls?);
        self.check_public(&tls, (listen_http, listen_mqtt), public_url.as_deref(), public_mqtt.as_deref());
        Some(Config { data, listen_http, listen_mqtt, public_url, public_mqtt, database, keys, ffmpeg, tls, log, log_format })
    }

    /// Where a setting was said, and what.
    fn given(&self, key: &'static str) -> Option<(String, String)> {
        let setting = SETTINGS.iter().find(|setting| setting.key == key)?;
        let flag = self.flags.get(key).map(|text| (format!("flag {}", setting.flag()), text));
        let variable = || self.environment.get(key).map(|text| (format!("environment {}", setting.variable()), text));
        let file = || {
            let (path, values) = self.file.as_ref()?;
            values.get(key).map(|text| (format!("{}, key {key}", path.display()), text))
        };
        flag.or_else(variable).or_else(file).map(|(place, text)| (place, text.trim().to_owned()))
    }

    fn fault(&mut self, place: String, fault: &str) {
        self.faults.push(Fault { place, fault: fault.to_owned() });
    }

    fn parse<T>(&mut self, key: &'static str, fault: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let Some((place, text)) = self.given(key) else {
            let default = SETTINGS.iter().find(|setting| setting.key == key)?.default;
            return parse(default);
        };
        let parsed = parse(&text);
        if parsed.is_none() {
            self.fault(place, &format!("{text:?} {fault}"));
        }
        parsed
    }

    fn optional(&mut self, key: &'static str, fault: &str, fits: fn(&str) -> bool) -> Option<String> {
        let (place, text) = self.given(key)?;
        if !fits(&text) {
            self.fault(place, &format!("{text:?} {fault}"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.parse(key, "must name a folder", |text| (!text.is_empty()).then(|| PathBuf::from(text)))
    }

    fn database(&mut self, data: &Path) -> Option<DatabaseUrl> {
        let Some((place, text)) = self.given("database") else {
            return Some(DatabaseUrl::Sqlite(data.join("bangtin.db")));
        };
        // The text may hold a password: it is not repeated.
        text.parse().map_err(|fault: String| self.fault(place, &fault)).ok()
    }

    /// Ports beyond this machine are encrypted unless plain text is allowed; a given certificate is used everywhere.
    fn tls(&mut self, http: Option<SocketAddr>, mqtt: Option<SocketAddr>, allow_plain: Option<bool>) -> Option<Tls> {
        let on = self.parse("tls", "must be auto or on; allow_plain is what takes encryption away", |text| match text {
            "auto" => Some(false),
            "on" => Some(true),
            _ => None,
        });
        let file = |found: &Self, key| found.given(key).map(|(_, text)| text).filter(|text| !text.is_empty()).map(PathBuf::from);
        let (certificate, key, ca) = (file(self, "tls_certificate"), file(self, "tls_key"), file(self, "tls_ca"));
        let given = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(GivenFiles { certificate, key, ca }),
            (None, None) => {
                if let (Some(_), Some((place, _))) = (ca, self.given("tls_ca")) {
                    self.fault(place, "names whom boards pin for a given certificate; name tls_certificate and tls_key as well");
                }
                None
            }
            (certificate, _) => {
                let (said, missing) =
                    if certificate.is_some() { ("tls_certificate", "tls_key") } else { ("tls_key", "tls_certificate") };
                let place = self.given(said).map_or_else(|| said.to_owned(), |(place, _)| place);
                self.fault(place, &format!("is given without {missing}; both are needed, or neither"));
                None
            }
        };
        let (http, mqtt, on, plain) = (http?, mqtt?, on?, allow_plain?);
        let everywhere = on || given.is_some();
        if everywhere
            && plain
            && let Some((place, _)) = self.given("allow_plain")
        {
            self.fault(place, "contradicts tls and tls_certificate, which ask for encryption; leave one of them out");
        }
        let encrypted = |address: SocketAddr| everywhere || (!address.ip().is_loopback() && !plain);
        Some(Tls { http: encrypted(http), mqtt: encrypted(mqtt), given })
    }

    /// Where boards are told to go must be what is listened on.
    fn check_public(&mut self, tls: &Tls, (http, listen_mqtt): (SocketAddr, SocketAddr), url: Option<&str>, mqtt: Option<&str>) {
        let place = |found: &Self, key| found.given(key).map_or_else(|| String::from(key), |(place, _)| place);
        if tls.http && url.is_some_and(|url| url.starts_with("http://")) {
            let fault = "begins with http://, and listen_http speaks TLS; write https://, or see allow_plain";
            self.fault(place(self, "public_url"), fault);
        }
        if tls.http && url.is_none() && http.ip().is_unspecified() {
            let fault = "listens on every address, so nobody knows which one boards and browsers use; set public_url";
            self.fault(place(self, "listen_http"), fault);
        }
        if tls.mqtt && mqtt.is_none() && url.is_none() && listen_mqtt.ip().is_unspecified() {
            let fault = "listens on every address, so nobody knows which one boards use; set public_mqtt";
            self.fault(place(self, "listen_mqtt"), fault);
        }
        if tls.mqtt && mqtt.is_some_and(|mqtt| mqtt.starts_with("mqtt://")) {
            let fault = "begins with mqtt://, and listen_mqtt speaks TLS; write mqtts://, or see allow_plain";
            self.fault(place(self, "public_mqtt"), fault);
        }
    }
}

impl Config {
    /// Whether a port beyond this machine takes plain text.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let ports = [(self.listen_http, self.tls.http), (self.listen_mqtt, self.tls.mqtt)];
        ports.iter().any(|(address, encrypted)| !encrypted && !address.ip().is_loopback())
    }

    /// Where boards are told to find this server, which listens here.
    #[must_use]
    pub fn url(&self, listens: SocketAddr) -> String {
        let scheme = if self.tls.http { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{listens}"))
    }

    /// Where boards are told to find the broker, which listens here: `host:port` where nothing is encrypted, else a URL. A broker
    /// that listens on every address is found under the server's name.
    #[must_use]
    pub fn broker(&self, listens: SocketAddr) -> String {
        let address = self.public_mqtt.clone().unwrap_or_else(|| match &self.public_url {
            Some(url) if listens.ip().is_unspecified() => match host_of(url) {
                host if host.contains(':') => format!("[{host}]:{}", listens.port()),
                host => format!("{host}:{}", listens.port()),
            },
            _ => listens.to_string(),
        });
        if self.tls.mqtt && !address.contains("://") { format!("mqtts://{address}") } else { address }
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.trim_end_matches('/');
        !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
    })
}

fn is_broker(text: &str) -> bool {
    match text.split_once("://") {
        None | Some(("mqtt" | "mqtts", _)) => is_host_and_port(text.split_once("://").map_or(text, |(_, rest)| rest)),
        Some(("ws" | "wss", rest)) => rest.split_once('/').is_some_and(|(authority, _)| is_host_and_port(authority)),
        Some(_) => false,
    }
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains(['/', '@', ' ']) && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&'static str, &str)]) -> Values {
        pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
    }

    #[test]
    fn nothing_said_gives_a_server_on_this_machine_only() {
        let config = Config::read(&Values::new(), &Values::new(), None).expect("the defaults are right");
        assert!(config.listen_http.ip().is_loopback() && config.listen_mqtt.ip().is_loopback());
        assert_eq!(config.database, DatabaseUrl::Sqlite("data/bangtin.db".into()));
        assert_eq!(config.keys, Path::new("data/keys"));
    }

    #[test]
    fn a_flag_beats_the_environment_and_that_beats_the_file() {
        let file = (Path::new("bangtin.toml"), "data = \"f\"\nlog = \"warn\"\nlog_format = \"json\"");
        let config =
            Config::read(&values(&[("data", "a")]), &values(&[("data", "b"), ("log", "debug")]), Some(file)).expect("right");
        assert_eq!((config.data.as_path(), config.log.as_str(), config.log_format), (Path::new("a"), "debug", LogFormat::Json));
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let file = (Path::new("bangtin.toml"), "listen_htpp = \"x\"\nlog_format = \"xml\"\ndatabase = \"mysql:secret\"");
        let faults = Config::read(&values(&[("listen_http", "here")]), &values(&[("listen_mqtt", "there")]), Some(file))
            .expect_err("five faults");
        let text = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for place in [
            "flag --listen-http",
            "environment BANGTIN_LISTEN_MQTT",
            "bangtin.toml, key listen_htpp",
            "bangtin.toml, key log_format",
            "bangtin.toml, key database",
        ] {
            assert!(text.contains(place), "{place} is missing in\n{text}");
        }
        assert!(!text.contains("secret"), "a database URL may hold a password");
    }

    fn read(pairs: &[(&'static str, &str)]) -> Result<Config, String> {
        let told = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Config::read(&values(pairs), &Values::new(), None).map_err(told)
    }

    #[test]
    fn ports_beyond_this_machine_are_encrypted_unless_plain_text_is_allowed() {
        let config = read(&[("listen_http", "10.0.0.7:443"), ("listen_mqtt", "127.0.0.1:1883")]).expect("right");
        assert!(config.tls.http && !config.tls.mqtt && !config.is_open());
        assert_eq!(
            (config.url(config.listen_http).as_str(), config.broker(config.listen_mqtt).as_str()),
            ("https://10.0.0.7:443", "127.0.0.1:1883")
        );
        let config = read(&[("listen_http", "0.0.0.0:80"), ("allow_plain", "true")]).expect("right");
        assert!(!config.tls.http && config.is_open());
        let config = read(&[("tls", "on")]).expect("right");
        assert!(config.tls.http && config.tls.mqtt && !config.is_open());
        assert_eq!(config.broker(config.listen_mqtt), "mqtts://127.0.0.1:1883");
        let config = read(&[("listen_http", "0.0.0.0:443"), ("listen_mqtt", "[::]:8883"), ("public_url", "https://a.example")]);
        assert_eq!(config.expect("right").broker("[::]:8883".parse().expect("an address")), "mqtts://a.example:8883");
    }

    #[test]
    fn settings_of_tls_that_contradict_one_another_are_faults() {
        for (pairs, word) in [
            (&[("listen_http", "0.0.0.0:443")][..], "set public_url"),
            (&[("listen_mqtt", "0.0.0.0:8883")], "set public_mqtt"),
            (&[("tls", "on"), ("public_url", "http://a.example")], "write https://"),
            (&[("tls", "on"), ("public_mqtt", "mqtt://a.example:1883")], "write mqtts://"),
            (&[("tls", "on"), ("allow_plain", "true")], "contradicts"),
            (&[("tls", "off")], "must be auto or on"),
            (&[("tls_certificate", "a.pem")], "without tls_key"),
            (&[("tls_key", "a.key")], "without tls_certificate"),
            (&[("tls_ca", "ca.pem")], "tls_certificate and tls_key as well"),
            (&[("public_mqtt", "http://a.example:1883")], "mqtts://"),
        ] {
            let told = read(pairs).expect_err(word);
            assert!(told.contains(word), "{word} is missing in\n{told}");
        }
    }

    #[test]
    fn a_public_address_is_an_origin() {
        for good in ["https://bangtin.example", "http://10.0.0.1:8080/"] {
            assert!(Config::read(&values(&[("public_url", good)]), &Values::new(), None).is_ok(), "{good}");
        }
        for bad in ["bangtin.example", "https://", "https://user@host", "https://host/path"] {
            assert!(Config::read(&values(&[("public_url", bad)]), &Values::new(), None).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_readme_lists_every_setting() {
        let readme = include_str!("../README.md");
        for setting in SETTINGS {
            let Setting { key, default, help } = setting;
            let row = format!("| `{key}` | `{}` | `{}` | `{default}` | {help} |", setting.variable(), setting.flag());
            assert!(readme.contains(&row), "put this into server/README.md: {row}");
        }
    }
}
