//! Settings: flags over environment over file over defaults, read from plain maps, so that every fault is told at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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
    Setting { key: "public_url", default: "http://{listen_http}", help: "Where boards reach this server over HTTP." },
    Setting { key: "public_mqtt", default: "{listen_mqtt}", help: "Where boards reach the broker, host:port." },
    Setting { key: "database", default: "sqlite:{data}/bangtin.db", help: "sqlite:PATH or postgres://USER@HOST/DATABASE." },
    Setting { key: "keys", default: "{data}/keys", help: "Folder of the signing keys." },
    Setting {
        key: "ffmpeg",
        default: "ffmpeg",
        help: "Programme that works on clips, a name or a path; ffprobe lies beside it.",
    },
    Setting {
        key: "allow_plain",
        default: "false",
        help: "true: listen without TLS beyond this machine (only behind a TLS proxy).",
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
        let public_mqtt = self.optional("public_mqtt", "must be HOST:PORT", is_host_and_port);
        let database = self.database(&data);
        let keys = self.given("keys").map_or_else(|| data.join("keys"), |(_, text)| PathBuf::from(text));
        let ffmpeg = self.parse("ffmpeg", "must name a programme", |text| (!text.is_empty()).then(|| PathBuf::from(text)));
        let allow_plain = self.parse("allow_plain", "must be true or false", |text| text.parse::<bool>().ok());
        let log = self.given("log").map_or_else(|| DEFAULT_LOG.to_owned(), |(_, text)| text);
        let log_format = self.parse("log_format", "must be text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        for (key, address) in [("listen_http", listen_http), ("listen_mqtt", listen_mqtt)] {
            self.check_loopback(key, address, allow_plain);
        }
        let (listen_http, listen_mqtt, ffmpeg, log_format) = (listen_http?, listen_mqtt?, ffmpeg?, log_format?);
        let database = database?;
        Some(Config { data, listen_http, listen_mqtt, public_url, public_mqtt, database, keys, ffmpeg, log, log_format })
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

    fn check_loopback(&mut self, key: &'static str, address: Option<SocketAddr>, allow_plain: Option<bool>) {
        let beyond = address.is_some_and(|address| !address.ip().is_loopback());
        if beyond && allow_plain == Some(false) {
            let place = self.given(key).map_or_else(|| key.to_owned(), |(place, _)| place);
            self.fault(place, "is beyond this machine without TLS; set allow_plain = true if a TLS proxy stands before it");
        }
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.trim_end_matches('/');
        !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
    })
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
        let faults = Config::read(&values(&[("listen_http", "here")]), &values(&[("listen_mqtt", "0.0.0.0:1883")]), Some(file))
            .expect_err("four faults and one more");
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

    #[test]
    fn plain_text_beyond_this_machine_must_be_allowed() {
        let flags = values(&[("listen_http", "0.0.0.0:80"), ("allow_plain", "true")]);
        assert!(Config::read(&flags, &Values::new(), None).is_ok());
        assert!(Config::read(&values(&[("listen_http", "0.0.0.0:80")]), &Values::new(), None).is_err());
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
